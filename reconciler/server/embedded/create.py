"""Makes an embedded server from a site file: all of it, or no file at all."""

import os
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError
from reconciler.kinds.fields import FieldValueError, UnknownReferenceError
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.embedded import rules
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.folders import FolderIndex, folder_attributes, owner_of
from reconciler.server.embedded.site_file import (
    SAMPLE_SITE,
    SiteNames,
    SiteObject,
    load_site,
    to_attributes,
)
from reconciler.server.embedded.store import create_file
from reconciler.server.errors import ConfigurationServerError, ServerUnavailableError


def create_server(path: Path, site: Path = SAMPLE_SITE) -> int:
    """Creates the file ``path`` with the objects of ``site``; how many there are.

    Raises ServerUnavailableError where the file exists or cannot be made, and
    ManifestError for a site file with mistakes; then there is no file.
    """
    objects = load_site(site)
    if _exists(path):
        raise ServerUnavailableError(
            f"{path} exists already", "Name another file, or remove that one first."
        )
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        create_file(draft)
        _fill(draft, objects)
        draft.rename(path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServerUnavailableError(f"{path} cannot be created: {reason}") from error
    finally:
        for suffix in ("", "-wal", "-shm"):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)
    return len(objects)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise ServerUnavailableError(f"{path} cannot be created: {error.strerror}") from error


def _fill(path: Path, objects: list[SiteObject]) -> None:
    server = EmbeddedServer(path)
    try:
        with server.store.writing():
            _Import(server, objects).run()
    finally:
        server.close()


class _Import:
    """Writes the objects of a site, types in the order of the table: owners first."""

    def __init__(self, server: EmbeddedServer, objects: list[SiteObject]) -> None:
        self._server = server
        self._objects = objects
        self._names = SiteNames(objects)
        self._folders: dict[tuple[int, str], int] = {}
        self._problems: list[Diagnostic] = []

    def run(self) -> None:
        for type_name in OBJECT_TYPES:
            index = FolderIndex(self._server.store)
            for one in self._objects:
                if one.type.name == type_name:
                    self._guarded(one, lambda one=one, index=index: self._insert(one, index))
        if not self._problems:
            for one in self._objects:
                key = (one.type.name, one.dbid)
                self._guarded(one, lambda key=key: self._server.check_all_references([key]))
        if self._problems:
            raise ManifestError(self._problems)

    def _guarded(self, one: SiteObject, step: object) -> None:
        about = f"{one.type.name} {one.name}"
        try:
            step()  # type: ignore[operator]
        except (FieldValueError, UnknownReferenceError) as error:
            self._problems.append(Diagnostic(f"{about}: {error}", one.position))
        except ConfigurationServerError as error:
            self._problems.append(Diagnostic(f"{about}: {error.message}", one.position))

    def _insert(self, one: SiteObject, index: FolderIndex) -> None:
        completed = rules.complete(one.type, to_attributes(one, self._names))
        folder = index.default(one.type, owner_of(one.type, completed))
        for name in filter(None, one.folder.split("/")):
            folder = self._subfolder(one, completed, folder, name)
        self._server.insert(one.type, completed, folder, one.dbid)

    def _subfolder(
        self, one: SiteObject, completed: dict[str, object], parent: int, name: str
    ) -> int:
        if (parent, name) not in self._folders:
            owner = owner_of(one.type, completed)
            attributes = folder_attributes(one.type, owner, name, parent)
            folder_type = OBJECT_TYPES["Folder"]
            self._folders[parent, name] = self._server.insert(folder_type, attributes, parent)
        return self._folders[parent, name]
