"""From what the user has named to a store: a folder, or the URL of a PostgreSQL database."""

import time
from collections.abc import Callable
from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.sql import SqlStore
from reconciler.state.store import StateStore

POSTGRES = ("postgresql://", "postgres://")


def open_store(where: str, clock: Callable[[], float] = time.time) -> StateStore:
    """The store at ``where``. Nothing is made or connected to before it is used. ``clock``:
    seconds since 1970.

    UsageError for a URL that cannot be read, RefusedError for one that asks for less than a
    verified connection to another host, StateError where psycopg is not installed.
    """
    if not where.startswith(POSTGRES):
        from reconciler.state.sqlite import SqliteEngine  # noqa: PLC0415 - only what is used

        return SqlStore(SqliteEngine(Path(where)), clock)
    try:
        from reconciler.state.postgres import PostgresEngine  # noqa: PLC0415
    except ImportError as error:
        raise StateError(
            "a state in PostgreSQL needs psycopg, which cannot be loaded",
            "pip install 'gwe-reconciler[postgres]' installs it.",
        ) from error
    return SqlStore(PostgresEngine(where), clock)
