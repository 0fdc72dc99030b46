"""The modules that every other package may use."""
