"""Executes a plan: cold, launch, watch, repeat, stop at the limits or when settled."""
