"""Evidence on disk: append-only, each file with its schema version, readable after any crash."""
