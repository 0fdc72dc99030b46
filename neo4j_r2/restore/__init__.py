"""Backups read back, replayed into a database, and drilled."""
