"""A graph as text, and the text as bytes: all of it without a network."""
