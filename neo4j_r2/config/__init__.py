"""The variables as frozen records."""
