"""Reading what people write: TOML of a bounded size, tables that refuse what they do not know, every problem at once."""
