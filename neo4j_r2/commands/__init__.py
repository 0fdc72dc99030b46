"""The command line: for each command a module with a function `run`, and what these share.

The program imports only the command that it runs. The health probe runs every half minute, and
needs neither the driver nor the S3 client.
"""
