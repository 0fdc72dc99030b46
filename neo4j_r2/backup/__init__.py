"""A graph exported and stored."""
