"""The SQLite file of an embedded server: opening it, transactions, errors.

A write is one transaction, so a process may be killed at any moment.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from reconciler.server.embedded.damage import find_damage
from reconciler.server.embedded.schema import ADD_TIMES, APPLICATION_ID, FORMAT
from reconciler.server.errors import (
    DamagedServerFileError,
    NotAServerFileError,
    ServerBusyError,
    ServerReadOnlyError,
    ServerUnavailableError,
    ValueOutOfRangeError,
)

# What code may raise when it reads a row whose shape is not that of what was written.
_UNEXPECTED = (ValueError, TypeError, LookupError, AttributeError, RecursionError, OverflowError)

_EFFECTIVE = os.access in os.supports_effective_ids


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise ServerUnavailableError(
                f"the embedded server {path} is a folder",
                "Name a file that `gwe embedded init` made.",
            )
        if not path.exists():
            raise ServerUnavailableError(
                f"the embedded server {path} does not exist",
                f"gwe embedded init {path} creates one.",
            )
    except OSError as error:
        raise ServerUnavailableError(f"{path} cannot be opened: {error.strerror}") from error


class Database:
    """An open server file. ``timeout``: seconds to wait while another process writes."""

    def __init__(self, path: Path, timeout: float) -> None:
        self.path = path
        self._timeout = timeout
        self._lock = threading.RLock()
        self.rollbacks = 0
        self._data_version: int | None = None
        self.transaction_rows: dict[tuple[str, int], tuple[int, int, int, str] | None] = {}
        """Rows of objects, by type and DBID, as this transaction has read or written them."""
        self._frozen = False
        self._is_shared = False
        self._ours = False
        _check_file(path)
        with self._explained():
            self.connection = self._connect()
            identity = self.connection.execute("PRAGMA application_id").fetchone()[0]
            version = self.connection.execute("PRAGMA user_version").fetchone()[0]
        if identity != APPLICATION_ID:
            self.connection.close()
            raise NotAServerFileError(
                f"{path} is not an embedded Configuration Server",
                "Name a file that `gwe embedded init` made.",
            )
        if version != FORMAT:
            self.connection.close()
            raise NotAServerFileError(
                f"{path} has format {version}; this version reads format {FORMAT}",
                "Use the version of gwe that made it.",
            )
        self._ours = True
        with self._explained():
            if self._is_durable():
                self.connection.execute("PRAGMA synchronous = FULL")
        self.has_times = self._has_times() or self._add_times()

    def _has_times(self) -> bool:
        """Whether the log of changes has the time of each change."""
        columns = self.connection.execute("PRAGMA table_info(change)").fetchall()
        return any(column[1] == "time" for column in columns)

    def _add_times(self) -> bool:
        """Adds the time of changes, from now on, to the log of an older file, if the file can be
        written. Returns whether it can."""
        if self._frozen:
            return False
        with suppress(ServerReadOnlyError), self.writing():
            if not self._has_times():  # another process may have been first
                self.connection.execute(ADD_TIMES)
            return True
        return False

    def _is_durable(self) -> bool:
        """Whether the file was made so that every commit waits for the disk."""
        found = self.connection.execute("SELECT 1 FROM meta WHERE key = 'durable'")
        return found.fetchone() is not None

    def _connect(self) -> sqlite3.Connection:
        mode = "mode=rw"
        resolved = self.path.resolve()
        needed = (self.path, resolved.parent)
        writable = all(os.access(path, os.W_OK, effective_ids=_EFFECTIVE) for path in needed)
        self._frozen = not writable and not Path(f"{self.path}-wal").exists()
        if self._frozen:
            # Without a shared-memory file beside it, the file can only be opened as a fixed
            # snapshot: each transaction opens it again.
            mode = "mode=ro&immutable=1"
        connection = sqlite3.connect(
            f"file:{quote(str(resolved))}?{mode}",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        # A commit survives the end of the process; power loss may undo the last commits.
        connection.execute("PRAGMA synchronous = NORMAL")
        # A checkpoint waits for the disk: fewer of them than by default.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        return connection

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
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
            if code:
                raise ServerUnavailableError(f"{self.path} failed: {error}") from error
            raise self.damaged(error) from error  # a text that is not UTF-8
        except (OverflowError, UnicodeEncodeError) as error:
            raise ValueOutOfRangeError(f"the server cannot hold such a value: {error}") from error
        except sqlite3.ProgrammingError as error:
            raise ServerUnavailableError(
                f"the session with {self.path} is closed", "Open a new session."
            ) from error
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # SQLite's own message quotes the damaged text, which Python cannot decode.
            if self._ours:
                raise self.damaged(error) from error
            raise NotAServerFileError(
                f"{self.path} is not an embedded Configuration Server, or it is damaged: {error}",
                "Name a file that `gwe embedded init` made.",
            ) from error

    def damaged(self, what: object) -> DamagedServerFileError:
        """The error for a file whose content cannot be what was written. ``what``: the part."""
        return DamagedServerFileError(
            f"{self.path} is damaged: {what}",
            "Restore a copy of it, or make a new server with `gwe embedded init`.",
        )

    def close(self) -> None:
        with self._lock:
            self.connection.close()

    @contextmanager
    def together(self) -> Iterator[None]:
        """One transaction for all reads and writes in the block. It is committed at the end, or
        rolled back if the block fails; a write that fails in the block is rolled back alone."""
        with self._transaction("BEGIN IMMEDIATE"):
            self._is_shared = True
            try:
                yield
            finally:
                self._is_shared = False

    def reading(self) -> AbstractContextManager[None]:
        """A transaction whose reads all see the same state."""
        return self._transaction("BEGIN")

    def writing(self) -> AbstractContextManager[None]:
        """A transaction that is committed at the end, or rolled back if the block fails."""
        return self._transaction("BEGIN IMMEDIATE")

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._lock, self._explained():
            if self._is_shared:
                with self._part():
                    yield
                return
            if self._frozen:
                self.connection.close()
                self.connection = self._connect()
            self.connection.execute(begin)
            self._data_version = None
            self.transaction_rows.clear()
            with self._rolled_back("ROLLBACK"):
                yield
                self.connection.execute("COMMIT")

    @contextmanager
    def _part(self) -> Iterator[None]:
        """A savepoint in a shared transaction."""
        if not self.connection.in_transaction:
            raise ServerUnavailableError(f"{self.path}: an earlier error has undone this write")
        self.connection.execute("SAVEPOINT part")
        with self._rolled_back("ROLLBACK TO part", "RELEASE part"):
            yield
            self.connection.execute("RELEASE part")

    @contextmanager
    def _rolled_back(self, *statements: str) -> Iterator[None]:
        """Rolls back with these statements if the block fails. If the file is damaged, the error
        says so."""
        try:
            yield
        except BaseException as error:
            self.rollbacks += 1
            self.transaction_rows.clear()
            if self.connection.in_transaction:  # SQLite itself rolls back after some errors
                for statement in statements:
                    self.connection.execute(statement)
            if isinstance(error, _UNEXPECTED) and (found := find_damage(self.connection)):
                raise self.damaged(found) from error
            raise

    def data_version(self) -> int:
        """A number that changes when another connection writes; constant in a transaction."""
        if self._data_version is None:
            found = self.connection.execute("PRAGMA data_version").fetchone()[0]
            self._data_version = int(found)
        return self._data_version
