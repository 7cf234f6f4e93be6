"""A hostile target: one table of answers, each by its name, over raw sockets."""
