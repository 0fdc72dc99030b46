"""Reads backups back, replays them into a database, and drills restores."""
