"""For tests of programs that use Configuration Server.

sites          an embedded server from a site file
plugin         the same as a pytest fixture
faults         faults of a connection, as values
faulty         a server with such faults contract/      what every adapter must do, as tests

Only ``plugin`` and ``contract`` need pytest (extra ``testing``). The program itself uses
nothing of this package.
"""
