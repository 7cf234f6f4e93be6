"""Bytes of a streamed body to events, however they were split: one parser a framing."""
