"""What the contract asks of a server under test, besides the port itself."""

from enum import Enum
from typing import Protocol

from reconciler.server.port import Server


class Gap(Enum):
    """Something that the protocol to a server cannot carry. The contract then expects that it is
    missing, or skips it."""

    AUTHOR = "a notification does not say who made the change"
    HISTORY = "the history of an object cannot be read"
    TENANT = "a notification of an update or a delete does not say in which tenant"
    ZERO = "an update cannot set a number to 0"
    LONG_INTEGERS = "an integer option has at most 32 bits"
    UNCHANGED_ENTRIES = "a DBID cannot be among the changed entries of a list"


class ServerUnderTest(Protocol):
    """A server, and what an administrator does to it by means other than the port. Derive from this
    class.

    ``gaps``: what the protocol to the server cannot carry. ``random_runs``: how many sequences
    of random calls the contract tries; fewer for a slow server.
    """

    gaps: frozenset[Gap] = frozenset()
    random_runs: int = 80

    def connect(self, user: str = "", password: str = "") -> Server:
        """A new session. Without a user, it is the server's own session, which may do
        everything."""
        ...

    def change_mode(self, mode: str) -> None:
        """Sets the operational mode: Full, ReadOnly or Emergency."""
        ...

    def close(self) -> None:
        """Frees what the server holds; by default nothing. Its sessions have ended."""
