"""What an apply of many new objects costs.

Counts do not depend on the machine: requests, reads of the lock, commits of the state (each waits
for the disk once), bytes of the journal. How many records share a commit depends on how fast the
disk and the server are. The server is an embedded server in this process, which writes the calls of
a group in one transaction; if a row says so, each answer is delayed and several calls are in flight
at once, as over a network.
"""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from bench.measuring import APP, table
from bench.sites import queues, write_manifests
from reconciler.engine.reconciler import Reconciler
from reconciler.engine.run_place import RunPlace
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import open_store
from reconciler.state.session import SqlSession
from reconciler.testing.faults import Delay
from reconciler.testing.faulty import FaultyServer

COUNT = 1_000
IN_FLIGHT = (1, 8, 32)
DELAYS = (0.0, 0.02)
"""The delays of each answer, in seconds."""


def measured(folder: Path, count: int, in_flight: int, delay: float) -> tuple[str, ...]:
    """One row: an apply of ``count`` creates. ``delay`` in seconds."""
    path = folder / f"{count}-{in_flight}-{delay}.db"
    create_server(path, SAMPLE_SITE)
    manifests = folder / f"{path.stem}"
    write_manifests(manifests, queues(count))
    embedded = EmbeddedServer(path)
    server = Counting(FaultyServer(embedded, [Delay(seconds=delay)]) if delay else embedded)
    state = open_store(str(folder / f"{path.stem}.state"))
    place = RunPlace(state, in_flight=in_flight)
    with Reconciler(cast("Server", server), SiteOptions(APP), place) as session:
        plan = session.plan([manifests])
        server.calls.clear()
        begun, used = time.perf_counter(), time.process_time()
        with counted_commits() as commits:
            report = session.apply(plan)
        seconds, processor = time.perf_counter() - begun, time.process_time() - used
    if report.exit_code:
        raise SystemExit(f"the apply of the bench ended with {report.exit_code}")
    locks = server.calls.count(("read", "Transaction"))
    return (
        f"{count:,} creates, {in_flight} in flight, {delay * 1e3:.0f} ms",
        f"{seconds:.1f} s",
        f"{processor:.1f} s",
        f"{len(server.calls):,}",
        f"{locks:,}",
        f"{len(commits):,}",
        f"{_journal_bytes(folder / f'{path.stem}.state') / count:,.0f}",
    )


def _journal_bytes(state: Path) -> int:
    """The bytes of all records in a state folder."""
    with closing(sqlite3.connect(state / "state.db")) as connection:
        return int(connection.execute("SELECT sum(length(data)) FROM gwe_record").fetchone()[0])


class Counting:
    """Passes every call on to a server. ``calls``: their names, each with its first argument."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.calls: list[tuple[str, object]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._server, name)
        if not callable(found) or name in ("together", "close"):
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls.append((name, arguments[0] if arguments else None))
            return found(*arguments, **named)

        return counted


@contextmanager
def counted_commits() -> Iterator[list[str]]:
    """Grows by one element for each commit of the state."""
    found: list[str] = []
    change = SqlSession.change

    def counted(session: SqlSession, statement: str, *parameters: object) -> int:
        if statement == "COMMIT":
            found.append(statement)
        return change(session, statement, *parameters)

    with patch.object(SqlSession, "change", counted):
        yield found


def lines(folder: Path) -> Iterator[str]:
    columns = ("apply", "elapsed", "processor time", "requests", "reads of the lock", "commits")
    each = ((in_flight, delay) for delay in DELAYS for in_flight in IN_FLIGHT)
    rows = (measured(folder, COUNT, in_flight, delay) for in_flight, delay in each)
    yield from table((*columns, "journal bytes a create"), rows)
