"""Writes a copy of another Configuration Server into a server file, object by object.

Rows are copied unchanged, with their DBIDs, folders and permissions; the server's rules are not
applied. What the rules would refuse is found afterwards.

While the copy is being made its file is called ``PATH.partial``. Each type is one transaction,
so that an interrupted copy continues where it ended.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from reconciler.files.written import note_written
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.embedded import applications, relations, rules
from reconciler.server.embedded.access import entries_as_data
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.damage import checker_of
from reconciler.server.embedded.engine import FIRST_DBID
from reconciler.server.embedded.schema import create_file
from reconciler.server.embedded.sites.create import exists_already, explained, publish, remove_draft
from reconciler.server.encoding import decode, encode
from reconciler.server.errors import ConfigurationServerError, ServerUnavailableError
from reconciler.server.port import AccessEntry, ConfObject

_SOURCE = "copy_of"
_DONE = "copied:"
_FOLDER = "Folder"


class ServerCopy:
    """A server file that is being filled with the objects of another server."""

    def __init__(self, path: Path, server: EmbeddedServer) -> None:
        self._path = path
        self._server = server
        self._store = server.store

    def is_done(self, object_type: str) -> bool:
        """Whether an earlier, interrupted copy has taken the objects of this type."""
        with self._store.reading():
            return bool(self._store.setting(_DONE + object_type))

    @contextmanager
    def taking(self, object_type: str) -> Iterator[None]:
        """A transaction for the objects of a type: the copy then has all of them or none."""
        with self._store.writing():
            yield
            self._store.set_setting(_DONE + object_type, "yes")

    def write(self, one: ConfObject) -> None:
        """Writes an object, inside of ``taking`` its type."""
        kind = OBJECT_TYPES[one.type]
        attributes = {name: value for name, value in one.attributes.items() if name != "objectIDs"}
        known = self._store.row(kind.name, one.dbid) is not None
        if not known:
            self._store.next_dbid(kind.name, FIRST_DBID, one.dbid)
        self._store.put(kind.name, one.dbid, one.tenant, one.folder, encode(attributes))
        self._store.set_keys(
            kind.name, one.dbid, validation.unique_keys(kind, attributes), new=not known
        )
        references = validation.references(kind, attributes)
        self._store.set_references(kind.name, one.dbid, references, new=not known)

    def dbids(self, object_type: str) -> Iterator[int]:
        """The DBIDs of the objects of a type that the copy has, inside of ``taking`` it."""
        return self._store.dbids(object_type)

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        """Writes the permissions that are set on an object, inside of ``taking`` its type."""
        self._store.set_permissions(object_type, dbid, entries_as_data(entries))

    def dangling(self) -> list[tuple[str, int, str, str, int]]:
        """The references to objects that are not in the copy: (type, DBID, attribute, target type,
        target DBID)."""
        with self._store.reading():
            return self._store.dangling()

    def count(self) -> int:
        """How many objects the copy has, without folders."""
        with self._store.reading():
            return sum(
                sum(1 for _ in self._store.dbids(name)) for name in OBJECT_TYPES if name != _FOLDER
            )

    def findings(self) -> Iterator[str]:
        """The copied objects that this server would have refused: sentences without a full stop."""
        with self._store.reading():
            for kind in OBJECT_TYPES.values():
                checker = checker_of(kind.name)
                for row in self._store.rows(kind.name):
                    attributes = decode(row[3])
                    label = f"{kind.name} {attributes.get(kind.name_attribute, row[0])}"
                    if not checker.is_sound(row, attributes):
                        yield f"{label}: an attribute has a value that its type cannot have"
                        continue
                    try:
                        relations.check_references(self._store, kind, attributes)
                        rules.check(self._store, kind, row[0], attributes)
                        if kind.name == "Application":
                            applications.check_application(attributes)
                    except ConfigurationServerError as error:
                        yield f"{label}: {error.message}"

    def publish(self) -> None:
        """Renames the finished copy to its final name."""
        with self._store.writing():
            for name in (*(_DONE + one for one in OBJECT_TYPES), _SOURCE):
                self._store.remove_setting(name)
        draft = self._server.store.path
        self._server.close()
        with explained(self._path):
            publish(draft, self._path)
            remove_draft(draft)


def check_is_free(path: Path) -> None:
    """ServerUnavailableError if something is at ``path``, or if this cannot be found out."""
    with explained(path):
        if path.exists():
            raise exists_already(path)


@contextmanager
def open_copy(path: Path, identity: str) -> Iterator[ServerCopy]:
    """A copy to be made at ``path``, new or begun earlier. ``identity``: of the server that is
    copied. ServerUnavailableError if the path is taken, also by an unfinished copy of another
    server."""
    check_is_free(path)
    draft = path.with_name(f"{path.name}.partial")
    note_written(draft)
    with explained(path):
        new = not draft.exists()
        if new:
            create_file(draft)
    server = EmbeddedServer(draft)
    try:
        with server.store.writing():
            source = server.store.setting(_SOURCE)
            if source not in ("", identity) or (not source and not new):
                raise ServerUnavailableError(
                    f"{draft} is an unfinished copy of another server",
                    "Remove it, or name another file.",
                )
            server.store.set_setting(_SOURCE, identity)
        yield ServerCopy(path, server)
    finally:
        server.close()
