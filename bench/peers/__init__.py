"""What a user would do without this service; each module is a program that is measured whole."""
