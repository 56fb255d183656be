"""YAML in which nothing is guessed and every value has a position."""
