"""The simulator fitted to a pilot, and what it refuses to say."""
