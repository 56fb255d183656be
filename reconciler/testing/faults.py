"""Faults that a call to a server may meet, as values. ``server/faulty.py`` lets them strike.

    when       Drop                          other faults
    "before"   the request did not go out    before the call has its effect
    "during"   the request was lost          (Drop only)
    "after"    the answer was lost           after the call had its effect

Knows the port and no adapter; nothing but tests may use it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import Server

Writing = Literal["create", "update", "delete", "set_permissions"]
CallName = Literal["info", "read", Writing, "permissions", "subscribe", "receive"]
AnyCall = Literal["", CallName]
When = Literal["before", "during", "after"]


@dataclass(frozen=True)
class Call:
    """One call that a client made. ``dbid``: 0 where it names no single object."""

    name: CallName
    object_type: str = ""
    dbid: int = 0


@dataclass(frozen=True)
class Fault:
    """Where a fault strikes: at the ``at``-th call of that name on that object type,
    counted from 1. Empty: any name, any type; 0: every such call. ``chance``: how likely
    it strikes there, 0 to 1."""

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
    """The connection breaks; every later call finds it gone."""

    moments: ClassVar[tuple[When, ...]] = ("before", "during", "after")


@dataclass(frozen=True)
class Delay(Fault):
    """The call takes ``seconds`` longer."""

    seconds: float = field(default=1.0, kw_only=True)


@dataclass(frozen=True)
class Refuse(Fault):
    """The server answers an error. After a write: one that keeps quiet about its effect,
    which no server that keeps to the port does."""

    error: type[ConfigurationServerError] = field(default=ConfigurationServerError, kw_only=True)


@dataclass(frozen=True)
class LoseAnswer(Fault):
    """The call has its effect and the answer never comes; the session lives on."""

    when: When = "after"
    moments: ClassVar[tuple[When, ...]] = ("after",)


@dataclass(frozen=True)
class Stale(Fault):
    """A read answers what it answered the last time; where the question is new, what it
    would have answered before the last write."""

    call: AnyCall = "read"
    moments: ClassVar[tuple[When, ...]] = ("before",)


@dataclass(frozen=True)
class Interfere(Fault):
    """Another client writes in between. ``write`` gets the server behind the faults."""

    write: Callable[[Server], object] = field(kw_only=True)
