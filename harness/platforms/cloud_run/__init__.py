"""Google Cloud Run."""
