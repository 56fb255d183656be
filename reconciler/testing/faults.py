"""Faults that a call to a server can meet, as values. ``faulty`` lets them strike.

when       Drop                          other faults
"before"   the request was not sent      before the call takes effect
"during"   the request was lost          (Drop only)
"after"    the answer was lost           after the call took effect
"""

from collections.abc import Callable
from typing import ClassVar, Literal

from msgspec import Struct

from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import Server

Writing = Literal["create", "update", "delete", "set_permissions"]
CallName = Literal["info", "read", Writing, "permissions", "history", "subscribe", "receive"]
AnyCall = Literal["", CallName]
When = Literal["before", "during", "after"]


class Call(Struct, frozen=True):
    """One call by a client. ``dbid``: 0 where it names no single object."""

    name: CallName
    object_type: str = ""
    dbid: int = 0


class Fault(Struct, frozen=True):
    """Which calls a fault strikes: the ``at``-th call of that name on that object type,
    counted from 1; 0: every such call. An empty name or type stands for all of them.
    ``chance``: how likely it strikes, 0 to 1. ``moments``: what ``when`` can be.

    ValueError for a ``when`` that the fault does not have."""

    call: AnyCall = ""
    at: int = 0
    when: When = "before"
    object_type: str = ""
    chance: float = 1.0
    moments: ClassVar[tuple[When, ...]] = ("before", "after")

    def __post_init__(self) -> None:
        if self.when not in self.moments:
            raise ValueError(f"{type(self).__name__} strikes {' or '.join(self.moments)}")


class Drop(Fault, frozen=True):
    """The connection breaks. Every later call fails too."""

    moments: ClassVar[tuple[When, ...]] = ("before", "during", "after")


class Delay(Fault, frozen=True, kw_only=True):
    """The call takes ``seconds`` longer."""

    seconds: float = 1.0


class Refuse(Fault, frozen=True, kw_only=True):
    """The server answers with an error. With ``when="after"`` a write takes effect all the
    same, which the port forbids."""

    error: type[ConfigurationServerError] = ConfigurationServerError


class LoseAnswer(Fault, frozen=True):
    """The call takes effect, its answer never comes, and the session lives on."""

    when: When = "after"
    moments: ClassVar[tuple[When, ...]] = ("after",)


class Stale(Fault, frozen=True):
    """A read gives the answer that the same read gave before. A read that was not made before
    gives the answer from before the last write."""

    call: AnyCall = "read"
    moments: ClassVar[tuple[When, ...]] = ("before",)


class Interfere(Fault, frozen=True, kw_only=True):
    """Another client writes at the moment of the call. ``write`` gets a session without faults."""

    write: Callable[[Server], object]
