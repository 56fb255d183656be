"""The SQLite file of an embedded server: rows, transactions, and what can go wrong.

One row an object, with its attributes as JSON; one row a reference, for deletions.
A write is one transaction, so a process may be killed at any moment. Knows nothing of
the rules of Configuration Server.
"""

import json
import os
import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reconciler.server.errors import (
    NotAServerFileError,
    ServerBusyError,
    ServerReadOnlyError,
    ServerUnavailableError,
)

APPLICATION_ID = 0x47574543
FORMAT = 1

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE object (
    type TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    tenant INTEGER NOT NULL,
    folder INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (type, dbid)
) WITHOUT ROWID;
CREATE TABLE unique_key (
    type TEXT NOT NULL,
    key TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    PRIMARY KEY (type, key)
) WITHOUT ROWID;
CREATE INDEX unique_key_owner ON unique_key (type, dbid);
CREATE TABLE reference (
    type TEXT NOT NULL,
    dbid INTEGER NOT NULL,
    attribute TEXT NOT NULL,
    target_type TEXT NOT NULL,
    target INTEGER NOT NULL,
    PRIMARY KEY (type, dbid, attribute, target_type, target)
) WITHOUT ROWID;
CREATE INDEX reference_target ON reference (target_type, target);
CREATE TABLE counter (type TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
"""

Row = tuple[int, int, int, str]
"""One object row: DBID, tenant DBID, folder DBID, body."""


def encode(attributes: dict[str, Any]) -> str:
    """Attributes as JSON. A binary value is a list of one text, its hex digits: nothing
    else in any attribute has that shape."""
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":"), default=_encode_bytes)


def _encode_bytes(value: Any) -> list[str]:
    if isinstance(value, bytes):
        return [value.hex()]
    raise TypeError(f"cannot store a {type(value).__name__}")


def decode(body: str) -> dict[str, Any]:
    """The attributes that ``encode`` wrote."""
    hook = _decode_bytes if '["' in body else None
    result: dict[str, Any] = json.loads(body, object_hook=hook)
    return result


def _decode_bytes(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: bytes.fromhex(value[0])
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)
        else value
        for key, value in values.items()
    }


def create_file(path: Path) -> None:
    """A new, empty server file. FileExistsError where something is at ``path``."""
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    os.close(descriptor)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {APPLICATION_ID};"
            f" PRAGMA user_version = {FORMAT}; COMMIT;"
        )
        connection.execute("INSERT INTO meta VALUES ('uuid', ?)", (str(uuid.uuid4()),))
    finally:
        connection.close()


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise ServerUnavailableError(f"the embedded server {path} is a folder")
        if not path.exists():
            raise ServerUnavailableError(
                f"the embedded server {path} does not exist",
                f"gwe embedded init {path} creates one.",
            )
    except OSError as error:
        raise ServerUnavailableError(f"{path} cannot be opened: {error.strerror}") from error


class Store:
    """An open server file. ``timeout``: seconds to wait while another process writes."""

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self._timeout = timeout
        self._lock = threading.RLock()
        _check_file(path)
        with self._explained():
            self._connection = self._connect()
            identity = self._connection.execute("PRAGMA application_id").fetchone()[0]
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
        if identity != APPLICATION_ID:
            self._connection.close()
            raise NotAServerFileError(
                f"{path} is not an embedded Configuration Server",
                "Name a file that `gwe embedded init` made.",
            )
        if version != FORMAT:
            self._connection.close()
            raise NotAServerFileError(
                f"{path} has format {version}; this version reads format {FORMAT}",
                "Use the version of gwe that made it.",
            )

    def _connect(self) -> sqlite3.Connection:
        mode = "mode=rw"
        if not os.access(self.path, os.W_OK) and not Path(f"{self.path}-wal").exists():
            # A file that nobody is writing can be read where no shared-memory file
            # can be made beside it.
            mode = "mode=ro&immutable=1"
        connection = sqlite3.connect(
            f"file:{quote(str(self.path.resolve()))}?{mode}",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        # A commit survives the end of the process; power loss may take the last ones.
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode & 0xFF
            if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise ServerBusyError(
                    f"another process has held {self.path} for {self._timeout:g} s",
                    "Try again when it has finished, or wait longer with --timeout.",
                ) from error
            if code == sqlite3.SQLITE_CANTOPEN:
                raise ServerUnavailableError(
                    f"{self.path} cannot be opened: {error}",
                    "Make the file and its folder readable for this user.",
                ) from error
            if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
                raise ServerReadOnlyError(
                    f"{self.path} cannot be written: {error}",
                    "Make the file and its folder writable for this user.",
                ) from error
            raise ServerUnavailableError(f"{self.path} failed: {error}") from error
        except sqlite3.DatabaseError as error:
            raise NotAServerFileError(
                f"{self.path} is not an embedded Configuration Server, or it is damaged: {error}",
                "Name a file that `gwe embedded init` made.",
            ) from error

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A transaction in which all reads see one state."""
        with self._transaction("BEGIN"):
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that is committed at the end, or not at all."""
        with self._transaction("BEGIN IMMEDIATE"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock, self._explained():
            self._connection.execute(begin)
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def identity(self) -> str:
        """The file's own UUID."""
        with self._lock, self._explained():
            row = self._connection.execute("SELECT value FROM meta WHERE key = 'uuid'").fetchone()
        return str(row[0])

    def rows(
        self, object_type: str, where: str = "", parameters: Sequence[Any] = ()
    ) -> Iterator[Row]:
        """The rows of a type, by DBID. ``where`` is SQL of ours, never of a user."""
        statement = f"SELECT dbid, tenant, folder, body FROM object WHERE type = ? {where}"  # noqa: S608
        yield from self._connection.execute(
            statement + " ORDER BY dbid", (object_type, *parameters)
        )

    def row(self, object_type: str, dbid: int) -> Row | None:
        return next(self.rows(object_type, "AND dbid = ?", (dbid,)), None)

    def next_dbid(self, object_type: str, first: int, wanted: int | None = None) -> int:
        """A DBID that the type has never had, ``wanted`` where it is given."""
        row = self._connection.execute(
            "SELECT next FROM counter WHERE type = ?", (object_type,)
        ).fetchone()
        following = row[0] if row else first
        dbid = following if wanted is None else wanted
        self._connection.execute(
            "INSERT INTO counter VALUES (?, ?) ON CONFLICT DO UPDATE SET next = excluded.next",
            (object_type, max(following, dbid + 1)),
        )
        return int(dbid)

    def put(
        self, object_type: str, dbid: int, tenant: int, folder: int, attributes: dict[str, Any]
    ) -> None:
        """Writes one object row, new or not."""
        self._connection.execute(
            "INSERT INTO object VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " tenant = excluded.tenant, folder = excluded.folder, body = excluded.body",
            (object_type, dbid, tenant, folder, encode(attributes)),
        )

    def set_keys(self, object_type: str, dbid: int, keys: Sequence[str]) -> str | None:
        """Claims the unique keys of an object. A key that another object has, or None."""
        self._connection.execute(
            "DELETE FROM unique_key WHERE type = ? AND dbid = ?", (object_type, dbid)
        )
        for key in keys:
            try:
                self._connection.execute(
                    "INSERT INTO unique_key VALUES (?, ?, ?)", (object_type, key, dbid)
                )
            except sqlite3.IntegrityError:
                return key
        return None

    def set_references(
        self, object_type: str, dbid: int, references: Sequence[tuple[str, str, int]]
    ) -> None:
        """What an object refers to: (attribute, target type, target DBID)."""
        self._connection.execute(
            "DELETE FROM reference WHERE type = ? AND dbid = ?", (object_type, dbid)
        )
        self._connection.executemany(
            "INSERT OR IGNORE INTO reference VALUES (?, ?, ?, ?, ?)",
            [(object_type, dbid, *reference) for reference in references],
        )

    def referrers(self, target_type: str, target: int) -> list[tuple[str, int, str]]:
        """What refers to an object: (type, DBID, attribute), in a stable order."""
        return self._connection.execute(
            "SELECT type, dbid, attribute FROM reference"
            " WHERE target_type = ? AND target = ? ORDER BY type, dbid, attribute",
            (target_type, target),
        ).fetchall()

    def remove(self, object_type: str, dbid: int) -> None:
        """Takes an object's rows away."""
        for table in ("object", "unique_key", "reference"):
            self._connection.execute(
                f"DELETE FROM {table} WHERE type = ? AND dbid = ?",  # noqa: S608 - our own names
                (object_type, dbid),
            )
