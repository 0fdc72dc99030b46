"""One property value as one cell of text, and back.

`encode` writes a value's cell, `decode` reads it, and `kinds` has the Cypher that reads it on the
server. `points`, `floats` and `temporal` have the texts of those values.
"""
