"""Where a platform's own figures come from: one file a source, each answering with Readings."""
