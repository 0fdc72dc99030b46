"""One run, and what the service remembers of it."""
