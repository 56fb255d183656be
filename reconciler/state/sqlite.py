"""The store in one SQLite file of the state folder, which is the default.

    STATE/state.db      the tables; mode 0600, since the backups in it are in clear
    STATE/held/RUN.lock locked by the process that holds the run
    STATE/held.lock     locked for a moment while such a lock is taken or checked

The folder is created with the first run, with mode 0700. Commits wait for the disk. The write-ahead
log needs memory that processes share, so it is used only if the file system is known to be on this
host alone.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from reconciler.errors import ReconcilerError, RunHeldError, StateError, StateFolderError
from reconciler.state.disks import disk_of, is_local
from reconciler.state.migrations import migrate
from reconciler.state.session import Dialect, SqlSession, run_held

FILE = "state.db"
_HELD = "held"
_DAMAGED = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_ERROR,  # the tables are not those that gwe created
    sqlite3.SQLITE_TOOBIG,
}
_NOT_PERMITTED = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
}

# The module decodes SQLite's message about a damaged file.
_ERRORS = (sqlite3.Error, UnicodeDecodeError)

_DIALECT = Dialect(
    types={"integer": "INTEGER", "bytes": "BLOB"},
    placeholder="?",
    begin_reading="BEGIN",
    begin_writing="BEGIN IMMEDIATE",
    has_table="SELECT 1 FROM sqlite_master WHERE name = ?",
    exclude_migrations="",  # a transaction that writes is alone
    errors=_ERRORS,
)


class SqliteEngine:
    """The state folder at ``folder``. ``timeout``: seconds to wait while another process
    writes."""

    def __init__(self, folder: Path, timeout: float = 10.0) -> None:
        self.folder = folder
        self.file = folder / FILE
        self._timeout = timeout

    @cached_property
    def place(self) -> str:
        """Where the state is, for messages and the lock: ``HOST:FOLDER``."""
        from socket import gethostname  # noqa: PLC0415 - reading asks for no place

        return f"{gethostname()}:{self.folder.absolute()}"

    @cached_property
    def _is_local(self) -> bool:
        """Whether processes can share memory at the folder. The system is asked once in a
        command."""
        return is_local(self.folder)

    def exists(self) -> bool:
        """Whether a run was ever written here."""
        try:
            self.file.stat()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unusable(self.folder, error) from error
        return True

    def connect(self) -> SqlSession:
        """An open connection. Creates the folder and the file if they are missing."""
        if not self.exists():
            self._create()
        try:
            if not self.file.stat().st_size:
                raise self._damaged("it is empty")
            session = self._session(self.file)
        except OSError as error:
            raise _unusable(self.folder, error) from error
        try:
            whole = session.has_table("gwe_state")  # the file has its tables since it got its name
        except BaseException:
            session.close()
            raise
        if not whole:
            session.close()
            raise self._damaged("its tables are missing")
        return session

    def _create(self) -> None:
        """Creates the file with its tables under another name, so that it is never seen without
        them. Removes what a process that was killed here has left."""
        busy = StateFolderError(f"another process is making {self.file}", "Try again.")
        with self._locked(self.folder / f"{FILE}.lock", self._timeout, busy):
            if self.exists():
                return
            new = self.folder / f"{FILE}.new"
            for left in self.folder.glob(f"{new.name}*"):
                left.unlink()
            os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
            with closing(self._session(new)) as session:
                migrate(session, self.place)
                if self._is_local:
                    session.rows("PRAGMA journal_mode = WAL")
            os.replace(new, self.file)
            for folder in (self.folder, self.folder.parent):
                with suppress(OSError):  # not every system can flush a folder
                    descriptor = os.open(folder, os.O_RDONLY)
                    try:
                        os.fsync(descriptor)
                    finally:
                        os.close(descriptor)

    def _session(self, file: Path) -> SqlSession:
        try:
            connection = self._open(file)
        except _ERRORS as error:
            raise self._explained(error) from error
        return SqlSession(connection, _DIALECT, self._explained)

    def _open(self, file: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(file.absolute()))}?mode=rw",
            uri=True,
            timeout=self._timeout,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.text_factory = lambda data: data.decode("utf-8", "replace")
            # EXTRA is FULL, and waits for the folder too where a rollback journal is removed.
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA fullfsync = ON")  # else macOS leaves data in the disk cache
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.execute("PRAGMA secure_delete = ON")  # the backups are in clear
            if not self._is_local:  # the folder may have been moved to a network
                connection.execute("PRAGMA journal_mode = DELETE")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def hold(self, run: str) -> Iterator[SqlSession]:
        """A connection for the process that holds the run. The system releases the run if the
        process dies. RunHeldError if another process holds it."""
        with ExitStack() as stack:
            with self._checking_holds():
                stack.enter_context(self._held(run))
            yield stack.enter_context(closing(self.connect()))

    def is_held(self, run: str) -> bool:
        """Whether a process holds the run."""
        if not self._lock_file(run).exists():
            return False
        try:
            with self._checking_holds(), self._held(run):
                return False
        except RunHeldError:
            return True

    def forget(self, run: str) -> None:
        """Removes what a deleted run has left outside the database."""
        with suppress(OSError):
            self._lock_file(run).unlink(missing_ok=True)

    def _lock_file(self, run: str) -> Path:
        return self.folder / _HELD / f"{quote(run, safe='')}.lock"

    def _held(self, run: str) -> AbstractContextManager[None]:
        return self._locked(self._lock_file(run), 0, run_held(run))

    def _checking_holds(self) -> AbstractContextManager[None]:
        """Keeps other processes from trying a run's lock meanwhile: a process that finds it locked
        then knows that the run is held, and not just checked."""
        path = self.folder / f"{_HELD}.lock"
        return self._locked(path, self._timeout, self._busy(path))

    def _busy(self, path: Path) -> StateFolderError:
        return StateFolderError(
            f"another process has held {path} for {self._timeout:g} s",
            "Wait until it has ended, or end it.",
        )

    @contextmanager
    def _locked(self, path: Path, timeout: float, taken: ReconcilerError) -> Iterator[None]:
        """Holds a lock file. Raises ``taken`` if another process holds it for longer than
        ``timeout`` seconds."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 - plans hold no run

        try:
            for folder in (self.folder, path.parent):  # mkdir gives the mode to no parent
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = FileLock(path, timeout=timeout, mode=0o600)
            lock.acquire(poll_interval=0.005)
        except Timeout:
            raise taken from None
        except OSError as error:
            raise _unusable(self.folder, error) from error
        try:
            yield
        finally:
            lock.release()

    def _explained(self, error: Exception) -> StateError:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code == sqlite3.SQLITE_FULL:
            return StateFolderError(
                f"{disk_of(self.folder)} is full, and {self.file} is on it", "Make room on it."
            )
        if code == sqlite3.SQLITE_IOERR:
            return StateFolderError(
                f"{self.file} cannot be read or written: {error}",
                f"Look at {disk_of(self.folder)}: it may be full, limited or failing.",
            )
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return self._busy(self.file)
        if code in _NOT_PERMITTED:
            return StateFolderError(
                f"{self.file} cannot be used: {error}",
                "Make it and its folder readable and writable for this user, or name another"
                " folder with --state-dir.",
            )
        if code in _DAMAGED or isinstance(error, UnicodeDecodeError):
            return self._damaged(str(error))
        return StateFolderError(f"{self.file} cannot be used: {error}")

    def _damaged(self, what: str) -> StateFolderError:
        return StateFolderError(
            f"{self.file} is damaged: {what}",
            f"Restore it from a backup, or save what can be read: move {self.file}* to"
            " another folder and run: umask 077;"
            f" (sqlite3 THERE/{FILE} .dump | grep -v ^ROLLBACK; echo 'COMMIT;') |"
            f" sqlite3 {self.file}. Every run is checked when it is read.",
        )


_FULL = {errno.ENOSPC, errno.EDQUOT}


def _unusable(folder: Path, error: OSError) -> StateFolderError:
    if error.errno in _FULL:
        there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        return StateFolderError(
            f"{disk_of(there)} is full, and the state folder {folder} is on it",
            "Make room on it.",
        )
    return StateFolderError(
        f"the state folder {folder} cannot be used: {error.strerror or error}",
        "Name another folder with --state-dir.",
    )
