"""``gwe.toml``: finding it, reading it, and its JSON Schema."""
