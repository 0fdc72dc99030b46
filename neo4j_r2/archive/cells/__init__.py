"""One property value as one cell of text, and back."""
