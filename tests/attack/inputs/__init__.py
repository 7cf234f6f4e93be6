"""Mutated inputs: a workspace that uses every table, seeded rules that spoil it, and an oracle of what is harmless."""
