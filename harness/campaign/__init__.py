"""Executes a plan: cold, launch the Locust child, watch, repeat, stop at the limits, collect."""
