"""Configuration Server behind one narrow port, and its adapters."""
