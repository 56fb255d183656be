"""What the contract asks of a server under test, beside the port itself."""

from enum import Enum
from typing import Protocol

from reconciler.server.port import Server


class Gap(Enum):
    """Something that the way to a server cannot carry. The contract then expects that it is
    missing, or leaves it out."""

    AUTHOR = "a notification does not say who made the change"
    HISTORY = "the history of an object cannot be read"
    TENANT = "a notification of an update or a delete does not say in which tenant"
    ZERO = "an update cannot set a number to 0"
    LONG_INTEGERS = "an integer option has at most 32 bits"
    UNCHANGED_ENTRIES = "a DBID cannot be among the changed entries of a list"


class ServerUnderTest(Protocol):
    """One server, and what an administrator does to it by other means than the port. Derive from
    this class.

    ``gaps``: what the protocol to the server cannot carry. ``random_runs``: how many sequences
    of random calls the contract tries; fewer for a slow server.
    """

    gaps: frozenset[Gap] = frozenset()
    random_runs: int = 80

    def connect(self, user: str = "", password: str = "") -> Server:
        """A new session. Without a user it is the server's own, which may do everything."""
        ...

    def change_mode(self, mode: str) -> None:
        """Sets the operational mode: Full, ReadOnly or Emergency."""
        ...

    def close(self) -> None:
        """Frees what the server holds; by default nothing. Its sessions have ended."""
