"""Servers that know nothing of the harness: what a team's own endpoint may look like."""
