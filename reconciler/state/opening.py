"""Opens the store that the user has named: a folder, or the URL of a PostgreSQL database."""

import time
from pathlib import Path

from reconciler.errors import StateError, UsageError
from reconciler.state.sql import SqlStore
from reconciler.state.store import StateStore

POSTGRES = ("postgresql://", "postgres://")


def default_state_folder() -> Path:
    """The platform's own place for the state of programs."""
    from platformdirs import user_state_path  # noqa: PLC0415 - only where none is given

    return user_state_path("gwe-reconciler")


def public_name(where: str) -> str:
    """The store's name as the user gave it, without a password."""
    if not where.startswith(POSTGRES):
        return where
    from reconciler.state.postgres_url import PostgresUrl  # noqa: PLC0415 - needs psycopg

    url = PostgresUrl.parse(where)
    return url.public if url.has_secrets else where


def check_place(where: str, named_by: str = "the state") -> None:
    """UsageError for a URL of no known kind. ``named_by``: where it was named, for the message,
    which does not repeat the URL: it may have a password."""
    is_url = "://" in where or where.startswith(("postgresql:", "postgres:"))
    if is_url and not where.startswith(POSTGRES):
        raise UsageError(
            f"{named_by} is a URL that is not known",
            "The state is a folder, or postgresql://HOST/DATABASE.",
        )


def open_store(where: str) -> StateStore:
    """The store at ``where``. Nothing is created or connected to before the store is used.

    UsageError for a URL that cannot be read or is of another kind, RefusedError for one that
    asks for less than a verified connection to another host, StateError if psycopg is not
    installed.
    """
    check_place(where)
    if not where.startswith(POSTGRES):
        from reconciler.state.sqlite import SqliteEngine  # noqa: PLC0415 - only what is used

        return SqlStore(SqliteEngine(Path(where)), time.time)
    try:
        from reconciler.state.postgres import PostgresEngine  # noqa: PLC0415
    except ImportError as error:
        raise StateError(
            "a state in PostgreSQL needs psycopg, which cannot be loaded",
            "pip install 'gwe-reconciler[postgres]' installs it.",
        ) from error
    return SqlStore(PostgresEngine(where), time.time)
