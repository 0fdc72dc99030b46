"""Entities as Cypher statements, and back.

`rows` encodes entities, `blocks` gathers rows by ranges of ids, `row_tables` by statements, and
`statements` writes them, with `separators` and `missing_cells`. `frame` writes what stands around
them in an archive. `table_grammar` reads our own statements; `split_statements`, `scanner` and
`literals` read Cypher that others wrote.
"""
