"""``gwe snapshot``: a copy of a live server in a file, to rehearse on.

Reads through a ``Reader``, so nothing is ever written to the server that is copied.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from itertools import groupby, tee
from pathlib import Path

from msgspec import Struct

from reconciler.engine.permissions import read_permissions
from reconciler.engine.progress import Progress
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.embedded.copies import ServerCopy, open_copy
from reconciler.server.errors import ObjectNotFoundError, UnsupportedObjectError
from reconciler.server.port import ConfObject, Filter, Reader, read_in_parts
from reconciler.site.inventory import is_own_object


class CopyReport(Struct, frozen=True):
    """What a copy holds and lacks. ``objects``: how many it holds, without folders; ``unread``:
    of how many the permissions could not be read; ``unknown``: types that the server does not
    have; ``left_out``: values of attributes that our table does not know; ``findings``: what an
    embedded server would have refused; ``dangling``: references to objects that the account
    cannot read, or that are gone."""

    objects: int
    unread: int
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]
    dangling: tuple[str, ...]
    findings: tuple[str, ...]


def copy_server(reader: Reader, path: Path, progress: Progress) -> CopyReport:
    """Copies every object that the account can read, with its DBID, folder and permissions, into
    a new server file. Passwords cannot be read. The lock and the inventory of gwe are left out.

    A copy that ends early is continued by the next call, from the first type that it lacks.
    Objects are written as they arrive and never held all at once; only what the report lists is.
    ServerUnavailableError if the path is taken or cannot be written; errors of the server are
    passed on.
    """
    copier = _Copier(reader)
    with open_copy(path, reader.info().identity) as copy:
        for number, name in enumerate(OBJECT_TYPES):
            progress.reading(number, len(OBJECT_TYPES))
            if not copy.is_done(name):
                copier.copy_type(copy, name)
        copier.copy_again(copy)
        report = CopyReport(
            objects=copy.count(),
            unread=copier.unread,
            unknown=tuple(copier.unknown),
            left_out=tuple(sorted(copier.left_out)),
            dangling=tuple(
                f"{name} {dbid}: {attribute} refers to {target_type} {target}, which does not exist"
                for name, dbid, attribute, target_type, target in copy.dangling()
            ),
            findings=tuple(copy.findings()),
        )
        copy.publish()
    return report


class _Copier:
    """Reads objects with their permissions."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.unread = 0
        self.unknown: list[str] = []
        self.left_out: set[str] = set()

    def copy_type(self, copy: ServerCopy, name: str) -> None:
        """Copies all objects of a type."""
        parts = read_in_parts(self._reader, name, {"all_tenants": 1} if name == "Tenant" else None)
        with copy.taking(name):
            try:
                with closing(parts):
                    for part in parts:
                        self._write(copy, part)
            except UnsupportedObjectError:
                self.unknown.append(name)
            self._copy_permissions(copy, name, copy.dbids(name))

    def copy_again(self, copy: ServerCopy) -> None:
        """Reads again both ends of every reference whose target is not in the copy: either may have
        been created, deleted or changed since its type was read."""
        ends = {
            end
            for name, dbid, _, target_type, target in copy.dangling()
            for end in ((name, dbid), (target_type, target))
        }
        for name, group in groupby(sorted(ends), key=lambda end: end[0]):
            found = [one for _, dbid in group for one in self._read_one(name, dbid)]
            with copy.taking(name):
                self._copy_permissions(copy, name, self._write(copy, found))

    def _read_one(self, name: str, dbid: int) -> Sequence[ConfObject]:
        asked: Filter = {"dbid": dbid}
        with suppress(ObjectNotFoundError, UnsupportedObjectError):
            return self._reader.read(name, asked)
        return []

    def _write(self, copy: ServerCopy, part: Sequence[ConfObject]) -> list[int]:
        """Copies objects without their permissions. Returns their DBIDs."""
        kept = [one for one in part if not is_own_object(one)]
        for one in kept:
            self.left_out |= {f"{one.type} {one.dbid}: {left}" for left in one.unknown}
            copy.write(one)
        return [one.dbid for one in kept]

    def _copy_permissions(self, copy: ServerCopy, name: str, dbids: Iterable[int]) -> None:
        """Copies the permissions that are set on objects."""
        asked, written = tee(dbids)
        found = read_permissions(self._reader, ((name, dbid) for dbid in asked))
        for dbid, entries in zip(written, found, strict=True):
            if entries is None:
                self.unread += 1
            copy.set_permissions(name, dbid, entries or ())
