"""Tries the service with the graphs of the libraries that its users have; needs their packages."""
