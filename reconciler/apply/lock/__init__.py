"""One writer at a time: the lock in Configuration Server."""
