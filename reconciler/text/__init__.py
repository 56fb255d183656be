"""Texts as people see and write them: what is visible, what differs, patterns, YAML. Pure."""
