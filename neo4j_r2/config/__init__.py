"""The configuration: variables of the environment become frozen records."""
