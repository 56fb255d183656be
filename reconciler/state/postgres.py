"""The store in a PostgreSQL database, for teams and for CI: see ``postgres_url`` for how it
is reached.

A run is held by an advisory lock of the session that writes its journal: it ends with the
session, so also with the process and its host. Behind a pooler that exchanges sessions
between transactions such a lock protects nothing; that is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from reconciler.errors import StateError
from reconciler.state.chain import digest_of
from reconciler.state.postgres_url import PostgresUrl
from reconciler.state.session import Dialect, SqlSession, run_held

_MIGRATING = 0x477765
_SETTINGS = (
    # remote_apply waits for more than ``on`` does.
    "SELECT set_config('synchronous_commit', CASE current_setting('synchronous_commit')"
    " WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false),"
    # A host that vanishes without closing its connection must not hold its run for hours.
    " set_config('tcp_keepalives_idle', '30', false),"
    " set_config('tcp_keepalives_interval', '10', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('lock_timeout', %s, false)"
)
# A run that waits for Configuration Server or for a person is idle.
_NEVER_IDLE = "SET idle_session_timeout = 0"
_HAS_IDLE_TIMEOUT = 140_000

_DIALECT = Dialect(
    types={"integer": "BIGINT", "bytes": "BYTEA"},
    placeholder="%s",
    begin_reading="BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    begin_writing="BEGIN",
    # to_regclass would not see what another session has committed in the meantime.
    has_table="SELECT 1 FROM pg_class WHERE relname = ? AND pg_table_is_visible(oid)",
    exclude_migrations=f"SELECT pg_advisory_xact_lock({_MIGRATING})",
    errors=(psycopg.Error,),
)


class PostgresEngine:
    """The database at ``url``. ``timeout``: seconds to wait for a connection, and for a row
    that another session has locked."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self._url = PostgresUrl.parse(url)
        self._timeout = timeout

    @property
    def place(self) -> str:
        """The URL without credentials."""
        return self._url.public

    def exists(self) -> bool:
        """Whether a run may have been written here: whether the tables exist."""
        return True

    def connect(self) -> SqlSession:
        """A session whose commits are durable when they return."""
        try:
            connection = psycopg.connect(
                **self._url.parameters(self._timeout), autocommit=True, prepare_threshold=None
            )
        except psycopg.Error as error:
            raise self._unreachable(error) from error
        try:
            self._prepare(connection)
        except BaseException as error:
            connection.close()
            if isinstance(error, psycopg.Error):
                raise self._explained(error) from error
            raise
        return SqlSession(connection, _DIALECT, self._explained)

    def _prepare(self, connection: "psycopg.Connection[Any]") -> None:
        connection.execute(_SETTINGS, (f"{self._timeout:g}s",))
        if connection.info.server_version >= _HAS_IDLE_TIMEOUT:
            connection.execute(_NEVER_IDLE)

    @contextmanager
    def hold(self, run: str) -> Iterator[SqlSession]:
        """The session that holds the run. RunHeldError if another session holds it."""
        session = self.connect()
        try:
            if session.rows("SELECT pg_try_advisory_lock(?)", _key(run)) != [(True,)]:
                raise run_held(run)
            self._refuse_pooling(session, run)
            (backend,) = session.rows("SELECT pg_backend_pid()")[0]
            session.guard = f" AND pg_backend_pid() = {int(backend)}"
            yield session
        finally:
            session.close()

    def _refuse_pooling(self, session: SqlSession, run: str) -> None:
        """A pooler announces a process number that is not the server's. Behind a pooler, two
        sessions that are open at the same time share a server process only if it exchanges sessions
        between transactions."""
        (backend,) = session.rows("SELECT pg_backend_pid()")[0]
        holders = self._holders(session, run)
        pooled = holders != [(backend,)]
        if not pooled and backend != session.connection.info.backend_pid:
            other = self.connect()
            try:
                pooled = other.rows("SELECT pg_backend_pid()") == [(backend,)]
            finally:
                other.close()
        if pooled:
            with suppress(StateError):
                session.rows("SELECT pg_advisory_unlock(?)", _key(run))
            raise StateError(
                f"{self.place} is a connection pooler that exchanges sessions between"
                " transactions: a run cannot be held there",
                "Name the database itself, or a port of the pooler with session pooling.",
            )

    def is_held(self, run: str) -> bool:
        """Whether a session holds the run."""
        session = self.connect()
        try:
            return bool(self._holders(session, run))
        finally:
            session.close()

    @staticmethod
    def _holders(session: SqlSession, run: str) -> list[tuple[Any, ...]]:
        """The server's processes that hold the run; at most one."""
        key = _key(run) & (1 << 64) - 1
        return session.rows(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid::bigint = ? AND objid::bigint = ? AND objsubid = 1",
            key >> 32,
            key & (1 << 32) - 1,
        )

    def forget(self, run: str) -> None:
        """Does nothing: a deleted run leaves nothing outside the database."""

    def _unreachable(self, error: psycopg.Error) -> StateError:
        return StateError(
            f"{self.place} cannot be reached: {self._url.redacted(str(error))}",
            "Check address, account and password (PGPASSWORD or .pgpass)."
            + ("" if self._url.is_local else f" {_CERTIFICATE}"),
        )

    def _explained(self, error: Exception) -> StateError:
        said = self._url.redacted(str(error))
        state = getattr(error, "sqlstate", None)
        found = _EXPLANATIONS.get(state or "")
        if isinstance(error, psycopg.OperationalError) and (state or "08").startswith(_LOST_STATES):
            found = _LOST
        if found:
            message, hint = found
            return StateError(message.format(place=self.place, said=said), hint)
        return StateError(f"{self.place} has failed: {said}")


_CERTIFICATE = (
    "The server's certificate must be valid for the host; ?sslrootcert=FILE names the"
    " certificate of its authority, sslrootcert=system takes those of this host."
)

_EXPLANATIONS = {
    "53100": ("the disk of {place} is full: {said}", "Make room on it."),
    "55P03": (
        "another session has held {place} for too long: {said}",
        "Wait until it has ended, or end it.",
    ),
    "42501": (
        "the account may not do this in {place}: {said}",
        "It must be allowed to create tables in the schema, and to read and write them.",
    ),
    "25006": ("{place} takes no writes: {said}", "Name the primary server."),
}
"""By SQLSTATE: what has happened, and what to do."""

_LOST = ("the connection to {place} was lost: {said}", "Wait until it can be reached again.")
_LOST_STATES = ("08", "57P")


def _key(run: str) -> int:
    """The number of a run's advisory lock, as PostgreSQL takes it."""
    return int.from_bytes(digest_of("gwe-reconciler run", run)[:8], "big", signed=True)
