"""One script for each library, with a lock file beside it; it runs in an environment of its own.

A script has the functions `write`, `search` and `go_on`; see `frameworks.act`.
"""
