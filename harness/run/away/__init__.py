"""A campaign on another machine: handed over, followed, and fetched."""
