"""Entities as Cypher statements, and back."""
