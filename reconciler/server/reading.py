"""Reads objects in rounds: what a round finds decides what must be read next.

Several reads are in flight at once if the server accepts that. Every answer is compared with its
filters here too: a server may ignore the case of names, or ignore a filter.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from reconciler.kinds.model import ObjectType
from reconciler.kinds.names import alike_key
from reconciler.kinds.natural_keys import has_tenant
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.server.folders import FoldersReader
from reconciler.server.port import WITHOUT_BODIES, ConfObject, Filter, Reader, in_flight, read_alike
from reconciler.server.snapshot import Snapshot


class Query(Struct, frozen=True):
    """A read of objects of a type. ``filters``: sorted pairs; see ``query``. ``alike``: only
    objects whose name looks like one of these (``names.alike_key``) are kept; None: all."""

    type: str
    filters: tuple[tuple[str, str | int | bool], ...] = ()
    alike: frozenset[str] | None = None

    @property
    def left_out(self) -> int:
        """How much of the objects is left out: 0 if they are read whole."""
        return sum(name in WITHOUT_BODIES for name, _ in self.filters)

    def keeps(self, one: ConfObject) -> bool:
        """Whether an object matches the query, compared exactly."""
        kind = ALL_TYPES[self.type]
        if self.alike is not None:
            name = one.attributes.get(kind.name_attribute)
            if alike_key(str(name)) not in self.alike:
                return False
        return all(_holds(kind, one, name, value) for name, value in self.filters)


def query(object_type: str, filters: Filter, alike: frozenset[str] | None = None) -> Query:
    """The query for a type with these filters."""
    return Query(object_type, tuple(sorted(filters.items())), alike)


def scope_of(object_type: str, tenant: int) -> dict[str, int]:
    """A filter by tenant; none for types without a tenant, or if ``tenant`` is 0."""
    kind = ALL_TYPES[object_type]
    applies = tenant and has_tenant(kind) and "tenant_dbid" in kind.filters
    return {"tenant_dbid": tenant} if applies else {}


def scope_read(object_type: str, tenant: int) -> Query:
    """The query for all objects of a type in a tenant, without bodies."""
    return query(object_type, {**scope_of(object_type, tenant), **brief(object_type)})


def brief(object_type: str) -> Filter:
    """The filters that leave out the bodies of objects of a type."""
    known = ALL_TYPES[object_type].filters
    return {name: True for name in WITHOUT_BODIES if name in known}


def by_key(kind: ObjectType, key: Sequence[object]) -> dict[str, str | int]:
    """The filters for the values of a natural key, or of its first parts; empty if the type has no
    filter for any of them."""
    names = kind.filters_by_attribute
    found: dict[str, str | int] = {}
    for part, value in zip(kind.key, key, strict=False):
        if part not in names or not isinstance(value, str | int):
            return {}
        found[names[part]] = value
    return found


def _holds(kind: ObjectType, one: ConfObject, name: str, value: str | int | bool) -> bool:
    """Whether an object has the value of a filter. Filters that do not compare a plain attribute
    are left to the server, and so are values that it does not return."""
    if name == "dbid":
        return one.dbid == value
    held: Any = one.attributes.get(kind.filters.get(name, ""))
    return held is None or held == value


Following = Callable[[Snapshot, Collection[Query]], Sequence[Query]]
"""What must be read next, from what was found and what was asked already. Pure. A search for
similar names that finds none leads to no further round."""


def _ignore_progress(done: int, total: int) -> None:
    """Ignores the progress of reads."""


class RoundReader(Struct):
    """Reads from ``server`` into ``live``, each query once. An object that was read whole is never
    replaced by its brief form. ``progress`` receives how many of how many reads have been
    answered."""

    server: Reader
    live: Snapshot
    progress: Callable[[int, int], None] = _ignore_progress
    _asked: dict[Query, None] = field(default_factory=dict)
    _left_out: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server = FoldersReader(self.server)
        self._left_out.update(((one.type, one.dbid), 0) for one in self.live)
        self.live = self.live.copy()

    def read(self, following: Following) -> bool:
        """Reads all that ``following`` asks for, round by round, until it asks for nothing more.
        Returns whether there was anything left to read."""
        before = len(self._asked)
        while queries := self._new(following(self.live, self._asked)):
            answers = _answers(self.server, queries)
            total = len(self._asked) + len(queries)
            found = False
            for done in range(len(self._asked), total):
                self.progress(done, total)
                one, answer = next(answers)
                self._keep(one, answer)
                found = found or bool(answer)
            if not found and all(one.alike is not None for one in queries):
                break
        self.live = self.live.copy()  # in the order of DBIDs, however the answers came
        return len(self._asked) > before

    def _new(self, queries: Iterable[Query]) -> list[Query]:
        return [one for one in dict.fromkeys(queries) if one not in self._asked]

    def _keep(self, one: Query, answer: Iterable[ConfObject]) -> None:
        left_out = one.left_out
        for item in answer:
            place = (item.type, item.dbid)
            if left_out <= self._left_out.get(place, left_out):
                self._left_out[place] = left_out
                self.live.put(item)
        self._asked[one] = None


def read_in_rounds(
    server: Reader,
    found: Snapshot,
    following: Following,
    progress: Callable[[int, int], None] = _ignore_progress,
) -> Snapshot:
    """``found`` and all that ``following`` asks for; see ``RoundReader``."""
    reader = RoundReader(server, found, progress)
    reader.read(following)
    return reader.live


def _answers(server: Reader, queries: Sequence[Query]) -> Iterator[tuple[Query, list[ConfObject]]]:
    """Each query with its answer, in their order."""

    def ask(one: Query) -> list[ConfObject]:
        filters = dict(one.filters)
        if one.alike is None:
            found = server.read(one.type, filters)
        else:
            found = read_alike(server, one.type, filters, one.alike)
        return [item for item in found if one.keeps(item)]

    width = min(in_flight(server), len(queries))
    if width <= 1:
        for one in queries:
            yield one, ask(one)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - embedded servers need none

    pool = ThreadPoolExecutor(width, thread_name_prefix="gwe-read")
    try:
        yield from zip(queries, pool.map(ask, queries), strict=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
