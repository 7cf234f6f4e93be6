"""Generators of no one platform: hosts of one's own."""
