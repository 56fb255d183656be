"""The plan file: its definition, and whether it shows what it would write. Pure."""
