"""Exports a graph and stores it as a backup."""
