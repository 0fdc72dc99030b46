"""The commands of `backup.py`, each a module with a function `run`.

A command is imported when it is called for: the health probe runs every half minute and needs
neither the driver nor the S3 client.
"""
