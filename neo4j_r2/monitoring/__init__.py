"""Health, metrics, notifications and pings: how people and monitors learn of the backups."""
