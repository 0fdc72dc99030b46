"""Who learns how the backups go, and what they learn."""
