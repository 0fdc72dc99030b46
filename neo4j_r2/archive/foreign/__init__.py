"""Files of other programs that can be restored.

`recognise_foreign` reads a file: `statement_grammar` knows its data, `schema_grammar` the rest, and
`old_schema` what Neo4j has forgotten since.
`literal_shapes` makes that fast, and `creation` and `gather` make batches of what was read.
"""
