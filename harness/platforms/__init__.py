"""One folder a platform: everything that is particular to one; other rooms ask the registry and know no name."""
