"""What the tests of the store share: a place for it in each engine, a run, raw access."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.server.port import AccessEntry, ConfObject
from reconciler.state.opening import open_store
from reconciler.state.records import (
    ActionOutcome,
    CallBegin,
    CallEnd,
    Record,
    RunFinish,
    RunHead,
)
from reconciler.state.store import StateStore
from tests.postgres import Cluster

TABLES = {
    "gwe_state": ("version", "next_run", "facts"),
    "gwe_run": (
        *("number", "name", "created", "plan_digest"),
        *("last_number", "last_digest", "summary", "seal"),
    ),
    "gwe_plan": ("run", "text"),
    "gwe_record": ("run", "number", "data", "digest"),
    "gwe_backup": ("run", "digest", "path", "content"),
    "gwe_fact": ("digest", "data"),
}

QUEUE = ConfObject(
    "Script",
    600,
    {
        "name": "Überlauf \U0001f4de \ud800",
        "userProperties": {"Queue": {"ours": "1", "binary": b"\x00\xff"}, "empty": {}},
        "tenantDBID": 101,
        "state": 1,
    },
    folder=90,
    path="Scripts/Web",
)
PLAN = '{"format": "gwe-plan/2", "name": "Ünïcode \ud800"}\n'


def head(run: str, identity: str = "site", plan: str = "digest") -> RunHead:
    """The first record of a run."""
    return RunHead(
        run=run,
        plan_id="0123456789abcdef",
        plan_digest=plan,
        server="embedded:gwe.db",
        identity=identity,
        app="GWE",
        tenant="Resources",
        user="anna",
        host="here",
        process=1,
        started="2026-01-02 03:04:05 UTC",
        actions=2,
        tool="gwe-reconciler 0.1.0",
        machine="0f1e",
    )


def call(step: int, **more: Any) -> CallBegin:
    """A call that is about to be sent."""
    return CallBegin(step, "InteractionQueue/Queue", "update", "update", "Script", QUEUE, **more)


REPLACE = CallBegin(
    2,
    "AgentGroup/Group",
    "replace",
    "delete",
    "AgentGroup",
    before=QUEUE,
    permissions=(AccessEntry("Person", 401, 3), AccessEntry("AccessGroup", 7, 127)),
    referrers=(QUEUE, QUEUE),
    makes={"name": "Group", "annex": {"s": {"k": b"\x01"}}},
    secrets=("/annex/s/password", "/annex/s/pin"),
)
RECORDS: tuple[Record, ...] = (
    call(1),
    CallEnd(1, "answered", QUEUE),
    ActionOutcome("InteractionQueue/Queue", "done"),
    REPLACE,
    CallEnd(2, "refused", error="there is no such object"),
    ActionOutcome("AgentGroup/Group", "failed", "there is no such object"),
    RunFinish("partly applied", unsettled=False, ended="later", exit=5, done=1, of=2),
)


def make_run(store: StateStore, run: str, *records: Record, **named: Any) -> None:
    """A run with these records, each committed alone."""
    with store.create_run(head(run, **named), PLAN) as journal:
        for record in records:
            journal.append(record)


@dataclass
class Backend:
    """A place for a store. ``where``: what names it; ``cluster``: None in SQLite."""

    where: str
    cluster: Cluster | None = None
    schema: str = ""
    _saved: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)

    def store(self) -> StateStore:
        return open_store(self.where)

    @property
    def file(self) -> Path:
        """The file in SQLite."""
        assert self.cluster is None
        return Path(self.where) / "state.db"

    def execute(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Executes a statement behind the store's back; nothing checks references."""
        (found,) = self.execute_all([(statement, parameters)])
        return found

    def execute_all(
        self, statements: list[tuple[str, tuple[Any, ...]]]
    ) -> list[list[tuple[Any, ...]]]:
        """Executes statements in one transaction."""
        if self.cluster is not None:
            return self.cluster.execute_all(self.schema, statements)
        with closing(sqlite3.connect(self.file)) as connection, connection:
            connection.execute("PRAGMA synchronous = OFF")
            return [connection.execute(*one).fetchall() for one in statements]

    def save(self) -> None:
        """Remembers every row."""
        rows = self.execute_all([(f"SELECT * FROM {table}", ()) for table in TABLES])  # noqa: S608
        self._saved = dict(zip(TABLES, rows, strict=True))

    def restore(self) -> None:
        """Brings back the rows that were remembered, and no others."""
        statements: list[tuple[str, tuple[Any, ...]]] = []
        for table, rows in self._saved.items():
            statements.append((f"DELETE FROM {table}", ()))  # noqa: S608 - our own names
            marks = ", ".join("?" * len(TABLES[table]))
            statements += [(f"INSERT INTO {table} VALUES ({marks})", row) for row in rows]  # noqa: S608
        self.execute_all(statements)
