"""Which runs may be deleted, and how."""

from collections.abc import Iterator
from typing import Any

from reconciler.state.facts import Rows
from reconciler.state.reading import list_runs
from reconciler.state.session import SqlSession
from reconciler.state.store import RunEntry


def prunable(rows: Rows, before: int) -> Iterator[RunEntry]:
    """The runs that were created before a time, in seconds since 1970, and are not needed:
    finished, and neither the last run nor the last run that wrote to its server."""
    created: dict[Any, Any] = dict(rows("SELECT number, created FROM gwe_run"))
    entries = list_runs(rows)
    # A later entry takes the place of an earlier one of the same server.
    last = {entry.head.identity: entry for entry in entries if entry.head and entry.wrote}
    kept = {entry.number for entry in (*last.values(), *entries[-1:])}
    for entry in entries:
        then = created.get(entry.number, 0)
        if entry.finished and entry.number not in kept and isinstance(then, int) and then < before:
            yield entry


def delete_run(session: SqlSession, number: int) -> None:
    """Deletes a run and what belongs to it, within a transaction."""
    for table in ("gwe_record", "gwe_backup", "gwe_plan"):
        session.change(f"DELETE FROM {table} WHERE run = ?", number)  # noqa: S608 - our names
    session.change("DELETE FROM gwe_run WHERE number = ?", number)
