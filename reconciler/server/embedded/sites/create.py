"""Creates an embedded server from a site file: with all of its objects, or not at all."""

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError
from reconciler.files.errors import writing_advice
from reconciler.files.written import note_written
from reconciler.kinds.enums import CLIENT_APPLICATION_TYPES
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.embedded import logon_accounts, relations
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.engine import complete
from reconciler.server.embedded.folders import owner_of
from reconciler.server.embedded.logon_accounts import LogonAccount
from reconciler.server.embedded.passwords import StoredPassword
from reconciler.server.embedded.schema import create_file
from reconciler.server.embedded.sites.file import SAMPLE_SITE, SiteFile, SiteObject, read_site
from reconciler.server.embedded.sites.folders import FOLDER, SiteFolders, folder_entry
from reconciler.server.embedded.sites.names import SiteNames
from reconciler.server.embedded.sites.words import LOG_ON_AS, Access, Words
from reconciler.server.errors import ConfigurationServerError, ServerUnavailableError
from reconciler.server.snapshot import ENVIRONMENT

_NOWHERE = Position("")


def create_server(path: Path, site: Path = SAMPLE_SITE, *, durable: bool = False) -> int:
    """Creates the server file ``path`` with the objects of ``site``. Returns how many there
    are, without folders. ``durable``: see ``create_file``.

    ServerUnavailableError if the file exists or cannot be created; ManifestError with
    every mistake of the site file. Then no file is left.
    """
    read = read_site(site)
    with explained(path):
        if path.exists():
            raise exists_already(path)
        _remove_leftovers(path)
        draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        lock = Path(f"{draft}.lock")  # the system releases it if this process is killed
        try:
            lock.touch(exist_ok=False)  # FileLock would create a missing folder
            with FileLock(lock):
                create_file(draft, durable=durable)
                _fill(draft, read)
                publish(draft, path)
        finally:
            remove_draft(draft)
    return sum(entry.type is not FOLDER for entry in read.objects)


def remove_draft(draft: Path) -> None:
    """Removes an unfinished server file, with the files that SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal", ".lock"):
        Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _remove_leftovers(path: Path) -> None:
    """Removes the drafts of this server file whose processes were killed."""
    for lock in path.parent.glob(f".{escape(path.name)}.{'[0-9a-f]' * 8}.lock"):
        with suppress(OSError, Timeout):
            with FileLock(lock, timeout=0):
                pass  # its process is dead
            remove_draft(lock.with_suffix(""))


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what keeps the file from being created into a ServerUnavailableError."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = writing_advice(error, path) if isinstance(error, OSError) else ""
        raise ServerUnavailableError(f"{path} cannot be created: {reason}", hint) from error


def exists_already(path: Path) -> ServerUnavailableError:
    """The error that something exists where the file is to be created."""
    if path.is_dir():
        hint = f"Name a file, such as {path / 'gwe.db'}."
        return ServerUnavailableError(f"{path} is a folder", hint)
    return ServerUnavailableError(
        f"{path} exists already", "Name another file, or remove that file first."
    )


def publish(draft: Path, path: Path) -> None:
    """Renames the finished file to its final name, unless another process has just taken that
    name."""
    note_written(path)
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise exists_already(path) from error
    except OSError:
        # The file system has no links: an empty file reserves the name.
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError as error:
            raise exists_already(path) from error
        try:
            draft.replace(path)
        except BaseException:
            path.unlink()
            raise


def _fill(draft: Path, site: SiteFile) -> None:
    try:
        server = EmbeddedServer(draft)
        try:
            with server.store.writing():
                _Import(server, site).run()
        finally:
            server.close()
    except ServerUnavailableError as error:
        # The user has not named the draft, so only SQLite's own message is shown.
        if isinstance(error.__cause__, sqlite3.Error):
            raise error.__cause__ from error
        raise


class _Import:
    """Writes the objects of a site, in the order of the table of types: owners first."""

    def __init__(self, server: EmbeddedServer, site: SiteFile) -> None:
        self._server = server
        self._whole = site.whole
        self._problems = list(site.problems)
        self._objects = [item for item in site.objects if item.type is not FOLDER]
        self._names = SiteNames(item.named for item in self._objects)
        self._listed = {(item.type.name, item.dbid) for item in self._objects}
        entries = [
            folder_entry(item, self._names, self._problems, whole=site.whole)
            for item in site.objects
            if item.type is FOLDER
        ]
        self._folders = SiteFolders(server, filter(None, entries))
        self._inserted: dict[tuple[str, int], tuple[SiteObject, dict[str, Any]]] = {}

    def run(self) -> None:
        """ManifestError with every mistake, in the order of the file."""
        for name in OBJECT_TYPES:
            of_type = [item for item in self._objects if item.type.name == name]
            if name == "Tenant":
                # The other tenants live in a folder of Environment.
                first = [item for item in of_type if item.dbid == ENVIRONMENT]
                of_type = [item for item in of_type if item.dbid != ENVIRONMENT]
                self._insert_all(first)
            self._insert_all(of_type)
        if self._whole:
            for item, completed in self._inserted.values():
                self._check_references(item, completed)
        if self._problems:
            raise ManifestError(sorted(self._problems, key=lambda item: item.position or _NOWHERE))
        self._server.engine.mirror_backups()

    def _insert_all(self, objects: list[SiteObject]) -> None:
        for item in objects:
            words = Words(item, self._names, self._problems, whole=self._whole)
            attributes, access = words.attributes(), words.access()
            account = words.log_on_account()
            if not words.failed:
                with self._at(item):
                    self._insert(item, attributes, access)
                    if account is not None:
                        self._log_on_as(item, attributes, account)
        for entry in self._folders.listed((item.type.name, item.dbid) for item in objects):
            with self._at(entry.item):
                dbid = self._folders.make(entry)
                self._server.store.set_permissions("Folder", dbid, entry.access)

    def _insert(self, item: SiteObject, attributes: dict[str, Any], access: Access) -> None:
        stored = {k: v for k, v in attributes.items() if isinstance(v, StoredPassword)}
        plain = {k: v for k, v in attributes.items() if k not in stored}
        completed = complete(item.type, plain) | stored
        completed = {**relations.with_taken(self._server.store, item.type, completed), **completed}
        owner = owner_of(item.type, completed)
        folder = self._folders.place(item.type, owner, item.folder, item.unit)
        self._server.insert(item.type, completed, folder, item.dbid)
        if access:
            self._server.store.set_permissions(item.type.name, item.dbid, access)
        self._inserted[item.type.name, item.dbid] = item, completed

    def _log_on_as(
        self, item: SiteObject, attributes: dict[str, Any], account: LogonAccount
    ) -> None:
        if attributes["type"] in CLIENT_APPLICATION_TYPES:
            summary = f"{item.label}: only a server application has an account"
            self._problems.append(Diagnostic(summary, item.at(LOG_ON_AS)))
        else:
            logon_accounts.choose(self._server.store, item.dbid, account)

    def _check_references(self, item: SiteObject, completed: dict[str, Any]) -> None:
        """Checks an object's references, unless a target has mistakes of its own."""
        targets = validation.references(item.type, completed)
        if all(t[1:] in self._inserted or t[1:] not in self._listed for t in targets):
            with self._at(item):
                self._server.check_all_references([(item.type.name, item.dbid)])

    @contextmanager
    def _at(self, item: SiteObject) -> Iterator[None]:
        """Reports the server's errors as mistakes of the object, at the word they are about."""
        try:
            yield
        except ConfigurationServerError as error:
            attribute = item.type.attribute(error.prop)
            word = "dbid" if error.prop == "DBID" else attribute.word if attribute else ""
            place = item.at(word) if word else item.at()
            self._problems.append(Diagnostic(f"{item.label}: {error.detail}", place))
