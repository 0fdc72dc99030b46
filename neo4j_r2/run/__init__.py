"""One run: its lock, its progress, its end, and the state file that records it."""
