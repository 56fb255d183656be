"""Offers launch files and Configuration Server through one port.

``WithFiles`` answers calls for the type LaunchFile from an installation folder, and passes
all other calls on to the server. A file is an object with the values of certain keys and its whole
content, so that a journal keeps it byte for byte.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from reconciler.kinds.model import Attributes
from reconciler.kinds.types.files import CONTENT, LAUNCH_FILE, VALUES, file_dbid
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.launch.errors import (
    LaunchError,
    LaunchFormatError,
    MissingLaunchFileError,
    UnflushedLaunchFileError,
)
from reconciler.launch.files import Installation, SaveBackup, host_name
from reconciler.launch.formats import Format, edit, read
from reconciler.server.delta import Delta, apply_delta
from reconciler.server.errors import (
    ObjectNotFoundError,
    OutcomeUnknownError,
    ServerError,
    UnsupportedObjectError,
)
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    PastChange,
    Reader,
    Server,
    ServerInfo,
    Subscription,
    in_flight,
    read_alike,
    together,
)


class LaunchFileAccessError(ServerError):
    """A launch file cannot be read or written; the server itself is not affected."""


class FileSpec(Struct, frozen=True):
    """A launch file to offer: its path, its format, and the keys whose values are needed."""

    path: str
    format: str
    keys: tuple[str, ...]


def installation_label(installation: Installation) -> str:
    """``HOST:FOLDER``: the only installation that a plan with launch files may be applied to."""
    return f"{host_name()}:{installation.root}"


class FilesReader:
    """Reads launch files as objects, and everything else from ``reader``."""

    def __init__(
        self, reader: Reader, installation: Installation, specs: Iterable[FileSpec]
    ) -> None:
        self._reader = reader
        self._installation = installation
        self._specs = {file_dbid(spec.path): spec for spec in specs}
        self.in_flight = in_flight(reader)

    def info(self) -> ServerInfo:
        return self._reader.info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        if object_type != LAUNCH_FILE:
            return self._reader.read(object_type, filters)
        wanted = filters or {}
        found = [
            self._object(dbid, spec)
            for dbid, spec in sorted(self._specs.items())
            if wanted.get("dbid", dbid) == dbid and wanted.get("name", spec.path) == spec.path
        ]
        return [file for file in found if file is not None]

    def read_alike(
        self, object_type: str, filters: Filter, alike: frozenset[str]
    ) -> list[ConfObject]:
        if object_type == LAUNCH_FILE:
            return self.read(object_type, filters)
        return read_alike(self._reader, object_type, filters, alike)

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        return [] if object_type == LAUNCH_FILE else self._reader.permissions(object_type, dbid)

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        return [] if object_type == LAUNCH_FILE else self._reader.history(object_type, dbid)

    def _object(self, dbid: int, spec: FileSpec) -> ConfObject | None:
        """The file as an object; None if it does not exist."""
        try:
            return self._holding(dbid, spec, self._installation.read(spec.path))
        except MissingLaunchFileError:
            return None
        except LaunchError as error:
            raise _access_error(spec, error) from error

    def _holding(self, dbid: int, spec: FileSpec, content: bytes) -> ConfObject:
        """The object of a file with this content. LaunchError if the content does not have the
        file's format."""
        found = read(content, Format(spec.format), spec.keys)
        values = {
            key: found.values.get(key, f"({found.opaque[key]})" if key in found.opaque else None)
            for key in spec.keys
        }
        known = {key: value for key, value in values.items() if value is not None}
        attributes = {
            "name": spec.path,
            VALUES: {spec.format: known} if known else {},
            CONTENT: content,
        }
        return ConfObject(LAUNCH_FILE, dbid, attributes, path=str(self._installation.root))


class WithFiles(FilesReader):
    """Reads and writes. ``save_backup`` keeps the old content of a file before it is replaced."""

    def __init__(
        self,
        server: Server,
        installation: Installation,
        specs: Iterable[FileSpec],
        save_backup: SaveBackup,
    ) -> None:
        super().__init__(server, installation, specs)
        self._server = server
        self.together = together(server)
        self._save_backup = save_backup

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        if object_type == LAUNCH_FILE:
            raise UnsupportedObjectError("launch files cannot be created", LAUNCH_FILE)
        return self._server.create(object_type, attributes, folder)

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        if object_type != LAUNCH_FILE:
            return self._server.update(object_type, dbid, delta)
        spec = self._specs.get(dbid)
        before = self._object(dbid, spec) if spec else None
        if spec is None or before is None:
            raise ObjectNotFoundError("there is no such launch file", LAUNCH_FILE, "name")
        try:
            new = content_after(spec.format, before.attributes, delta)
            after = self._holding(dbid, spec, new)
            self._installation.write(spec.path, new, before.attributes[CONTENT], self._save_backup)
        except UnflushedLaunchFileError as error:
            raise OutcomeUnknownError(error.message, error.hint) from error
        except LaunchError as error:
            raise _access_error(spec, error) from error
        return after

    def delete(self, object_type: str, dbid: int) -> None:
        if object_type == LAUNCH_FILE:
            raise UnsupportedObjectError("launch files cannot be deleted", LAUNCH_FILE)
        self._server.delete(object_type, dbid)

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        self._server.set_permissions(object_type, dbid, entries)

    def subscribe(self, object_type: str = "", tenant: int = 0, dbid: int = 0) -> Subscription:
        return self._server.subscribe(object_type, tenant, dbid)

    def close(self) -> None:
        self._server.close()


def _access_error(spec: FileSpec, error: LaunchError) -> LaunchFileAccessError:
    """The error as the port raises it, with the name of the file, which a format's own message
    lacks."""
    unnamed = isinstance(error, LaunchFormatError)
    message = f"{spec.path}: {error.message}" if unnamed else error.message
    return LaunchFileAccessError(message, error.hint)


def content_after(form: str, before: Attributes, delta: Delta) -> bytes:
    """The content of a launch file after an update: the content that the delta sets, else the old
    content with changed values. LaunchError if that is not possible."""
    if isinstance(delta.values.get(CONTENT), bytes):
        content: bytes = delta.values[CONTENT]
        return content
    after = apply_delta(ALL_TYPES[LAUNCH_FILE], before, delta)
    old: Mapping[str, str] = before[VALUES].get(form, {})
    new: Mapping[str, str] = after[VALUES].get(form, {})
    changed = {key: new.get(key) for key in {**old, **new} if old.get(key) != new.get(key)}
    return edit(before[CONTENT], Format(form), changed)
