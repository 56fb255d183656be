"""The port: everything that the reconciler asks of a Configuration Server.

Adapters implement ``Server``. ``plan`` and ``drift`` get a ``Reader`` from ``read_only``,
which cannot write.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from enum import IntFlag
from functools import partial
from typing import Protocol

from msgspec import Struct

from reconciler.kinds.model import Attributes
from reconciler.server.delta import Delta

Filter = Mapping[str, str | int | bool]
"""Filter key -> value; ``ObjectType.filters`` lists the keys of a type."""

WITHOUT_BODIES: Filter = {"exclude_bytecode": True, "exclude_longstrings": True}
"""The filter for brief reads of scripts: no binary values, and empty texts in place of texts over
255 characters. For names, folders and short options; the result must not be compared or written
back."""


ObjectKey = tuple[str, int]
"""The type and the DBID of an object."""


class ConfObject(Struct, frozen=True):
    """One object as the server holds it.

    ``attributes`` are under the server's own names and must not be changed in place.
    ``folder`` is the DBID of its folder; ``path`` the folder's names from the root. ``unknown``:
    names of attributes that are not in our table, such as those of a newer server; their values are
    not read.
    """

    type: str
    dbid: int
    attributes: Attributes
    folder: int = 0
    path: str = ""
    unknown: tuple[str, ...] = ()

    @property
    def tenant(self) -> int:
        """The DBID of its tenant; 0 if the type belongs to no tenant."""
        return int(self.attributes.get("tenantDBID") or 0)


class ServerInfo(Struct, frozen=True):
    """What a server says about itself. ``identity`` never changes. ``mode``: Full, ReadOnly or
    Emergency. ``proxy_of``: the master's name if the server is a proxy; empty if it is no proxy, as
    far as the account can see."""

    url: str
    identity: str
    version: str = ""
    mode: str = "Full"
    user: str = ""
    proxy_of: str = ""


class AccessEntry(Struct, frozen=True, order=True):
    """What an account may do with an object. ``account_type``: Person or AccessGroup; ``mask``: the
    sum of ``Permission`` members; 0 forbids everything."""

    account_type: str
    account: int
    mask: int


class Permission(IntFlag):
    """What an account may do. Numbers are Configuration Server's."""

    READ = 1
    CREATE = 2
    CHANGE = 4
    EXECUTE = 8
    DELETE = 16
    READ_PERMISSIONS = 32
    CHANGE_PERMISSIONS = 64
    FULL = 127
    NO_PROPAGATION = 128


class Notification(Struct, frozen=True):
    """A change. ``action``: created, updated or deleted. ``delta``: that of an update.
    ``attributes``: those of a new object. ``user``: who made the change; empty for a session
    without a user, or if the adapter cannot tell."""

    sequence: int
    action: str
    object_type: str
    dbid: int
    tenant: int
    user: str
    delta: Delta | None = None
    attributes: Attributes | None = None


class PastChange(Struct, frozen=True):
    """A change in a server's history. ``action``: created, updated or deleted; ``user``: who made
    it, empty for a session without a user; ``time``: seconds since 1970, 0 if the history does not
    have it."""

    action: str
    user: str = ""
    time: int = 0


class Subscription(Protocol):
    """A client's subscription to changes."""

    def receive(self, timeout: float = 0.0) -> list[Notification]:
        """The changes since the last call, in order. Waits up to ``timeout`` seconds for the
        first change. HistoryLogExpiredError if changes were missed."""

    def close(self) -> None:
        """Ends the subscription."""


class Reader(Protocol):
    """The part of a Configuration Server that ``plan`` and ``drift`` use: it cannot write."""

    def info(self) -> ServerInfo:
        """The server's identity and operational mode."""

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        """All objects of the type that match every filter and that the account may read, sorted
        by DBID, with folder and path. Raises ServerError rather than return a partial answer."""

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        """The permissions set on the object itself. Empty: it inherits those of its folder
        and tenant."""

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        """The changes of an object, existing or deleted, that the server's history still has,
        oldest first. Empty: it has none, or the session cannot read them."""


class Server(Reader, Protocol):
    """A Configuration Server. Every call is atomic; errors are ServerError."""

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        """Creates an object, in its default folder unless ``folder`` (a DBID) is given."""

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        """Changes what the delta names, nothing else. Returns the updated object."""

    def delete(self, object_type: str, dbid: int) -> None:
        """Deletes an object, and what the server cascades to."""

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        """Replaces the permissions set on an object. None: the object inherits them again."""

    def subscribe(self, object_type: str = "", tenant: int = 0, dbid: int = 0) -> Subscription:
        """Subscribes to changes from now on. Empty or 0 stands for all types, tenants or
        objects."""

    def close(self) -> None:
        """Ends the session. May be called twice."""


def in_flight(server: Reader) -> int:
    """How many calls may await an answer at once: the attribute ``in_flight`` of thread-safe
    adapters; 1 for all others."""
    return int(getattr(server, "in_flight", 1))


Together = Callable[[], AbstractContextManager[None]]


def together(server: Reader) -> Together | None:
    """Makes the calls of a block share one transaction: the method ``together`` of adapters that
    answer without waiting. What the calls write is committed after the block, or rolled back if the
    block raises an error. None if each call is sent by itself."""
    found: Together | None = getattr(server, "together", None)
    return found


def read_alike(
    server: Reader, object_type: str, filters: Filter, alike: frozenset[str]
) -> list[ConfObject]:
    """The objects that match every filter and whose names look like one of these names
    (``names.alike_key``), and perhaps more. Adapters that can compare names themselves have a
    method of this name; from all others, every object that matches is read."""
    ask = getattr(server, "read_alike", None)
    found: list[ConfObject] = (
        ask(object_type, filters, alike) if ask else server.read(object_type, filters)
    )
    return found


def read_in_parts(
    server: Reader, object_type: str, filters: Filter | None = None
) -> Generator[Sequence[ConfObject], None, None]:
    """The answer of ``Reader.read``, part by part as it arrives and in any order, so that it need
    not be held in memory: the method ``read_in_parts`` of adapters that have it; a single part from
    all others. The session answers nothing else until the last part has been taken, or the iterator
    is closed."""
    in_parts = getattr(server, "read_in_parts", None)
    if in_parts is None:
        yield server.read(object_type, filters)
    else:
        yield from in_parts(object_type, filters)


class _ReadOnly(Struct, frozen=True):
    _info: Callable[[], ServerInfo]
    _read: Callable[[str, Filter | None], list[ConfObject]]
    _in_parts: Callable[[str, Filter | None], Iterator[Sequence[ConfObject]]]
    _permissions: Callable[[str, int], list[AccessEntry]]
    _history: Callable[[str, int], list[PastChange]]
    _read_alike: Callable[[str, Filter, frozenset[str]], list[ConfObject]]
    in_flight: int

    def info(self) -> ServerInfo:
        return self._info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        return self._read(object_type, filters)

    def read_in_parts(
        self, object_type: str, filters: Filter | None = None
    ) -> Iterator[Sequence[ConfObject]]:
        return self._in_parts(object_type, filters)

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        return self._permissions(object_type, dbid)

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        return self._history(object_type, dbid)

    def read_alike(
        self, object_type: str, filters: Filter, alike: frozenset[str]
    ) -> list[ConfObject]:
        return self._read_alike(object_type, filters, alike)


def read_only(server: Reader) -> Reader:
    """``server`` without its write methods."""
    return _ReadOnly(
        server.info,
        server.read,
        partial(read_in_parts, server),
        server.permissions,
        server.history,
        partial(read_alike, server),
        in_flight(server),
    )
