"""How chat APIs are read: one reader a dialect over one framing of bytes; no sockets, no clocks of its own."""
