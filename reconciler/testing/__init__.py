"""For tests of programs that use Configuration Server: a server with faults."""
