"""The command line: a module with a function `run` for each command, and what these share.

A command is imported when it is called for: the health probe runs every half minute and needs
neither the driver nor the S3 client.
"""
