"""What of a pilot is done, what is missing, and which command is next."""
