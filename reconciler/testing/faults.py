"""Faults that a call to a server can meet, as values. ``faulty`` lets them strike.

when       Drop                          other faults
"before"   the request was not sent      before the call takes effect
"during"   the request was lost          (Drop only)
"after"    the answer was lost           after the call took effect
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import Server

Writing = Literal["create", "update", "delete", "set_permissions"]
CallName = Literal["info", "read", Writing, "permissions", "history", "subscribe", "receive"]
AnyCall = Literal["", CallName]
When = Literal["before", "during", "after"]


@dataclass(frozen=True)
class Call:
    """One call by a client. ``dbid``: 0 where it names no single object."""

    name: CallName
    object_type: str = ""
    dbid: int = 0


@dataclass(frozen=True)
class Fault:
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


@dataclass(frozen=True)
class Drop(Fault):
    """The connection breaks. Every later call fails too."""

    moments: ClassVar[tuple[When, ...]] = ("before", "during", "after")


@dataclass(frozen=True)
class Delay(Fault):
    """The call takes ``seconds`` longer."""

    seconds: float = field(default=1.0, kw_only=True)


@dataclass(frozen=True)
class Refuse(Fault):
    """The server answers with an error. With ``when="after"`` a write takes effect all the
    same, which the port forbids."""

    error: type[ConfigurationServerError] = field(default=ConfigurationServerError, kw_only=True)


@dataclass(frozen=True)
class LoseAnswer(Fault):
    """The call takes effect, its answer never comes, and the session lives on."""

    when: When = "after"
    moments: ClassVar[tuple[When, ...]] = ("after",)


@dataclass(frozen=True)
class Stale(Fault):
    """A read gives the answer that the same read gave before. A read that was not made before
    gives the answer from before the last write."""

    call: AnyCall = "read"
    moments: ClassVar[tuple[When, ...]] = ("before",)


@dataclass(frozen=True)
class Interfere(Fault):
    """Another client writes just then. ``write`` gets a session without faults."""

    write: Callable[[Server], object] = field(kw_only=True)
