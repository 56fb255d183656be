"""The store over a database: ``store.StateStore`` for every engine that speaks SQL.

Each method opens a session, reads or changes in one transaction, and closes it. A reader sees the
state of one moment, even while a run is going on.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import timedelta
from typing import Protocol

from reconciler.errors import DamagedRunError, StateError, UsageError
from reconciler.server.identity import same_server
from reconciler.state import reading
from reconciler.state.chain import RunRow
from reconciler.state.facts import Rows, add_facts, read_facts
from reconciler.state.journal_writer import SqlJournal, append
from reconciler.state.migrations import migrate
from reconciler.state.pruning import delete_run, prunable
from reconciler.state.records import (
    AbandonedRun,
    ExecutedPlan,
    RunFinish,
    RunHead,
    SecretPath,
)
from reconciler.state.session import SqlSession
from reconciler.state.store import IntactRecords, RunEntry, RunJournal, StoredRun


class StateEngine(Protocol):
    """A database, and how a process locks a run there: it then "holds" the run."""

    @property
    def place(self) -> str:
        """Where it is, without credentials."""

    def exists(self) -> bool:
        """Whether there may be tables; False: opening it would create it."""

    def connect(self) -> SqlSession:
        """A new session. StateError if none can be opened."""

    def hold(self, run: str) -> AbstractContextManager[SqlSession]:
        """Locks a run for this process. Returns the session with which its journal is written."""

    def is_held(self, run: str) -> bool:
        """Whether a process holds the run."""

    def forget(self, run: str) -> None:
        """Removes what a deleted run has left outside the tables."""


class SqlStore:
    """The store in the database of ``engine``. ``clock``: seconds since 1970."""

    def __init__(self, engine: StateEngine, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._clock = clock

    @property
    def place(self) -> str:
        return self._engine.place

    @contextmanager
    def create_run(self, head: RunHead, plan: str) -> Iterator[RunJournal]:
        if not head.run.isprintable() or head.run in ("", "last"):
            raise UsageError(
                f"a run cannot be called {head.run!r}",
                "Its name must be printable and not empty, and it must not be the word last.",
            )
        with self._engine.hold(head.run) as session:
            migrate(session, self.place)
            with session.transaction(writing=True):
                self._insert(session, head, plan.encode("utf-8", "surrogatepass"))
            yield SqlJournal(session, head.run, self.place)

    def _insert(self, session: SqlSession, head: RunHead, plan: bytes) -> None:
        # The row is locked until the commit: runs are committed in the order of their numbers.
        session.change("UPDATE gwe_state SET next_run = next_run + 1")
        if session.rows("SELECT 1 FROM gwe_run WHERE name = ?", head.run):
            raise StateError(f"there is a run {head.run} already in {self.place}")
        numbers = session.rows("SELECT next_run - 1 FROM gwe_state")
        numbers += session.rows("SELECT max(number) + 1 FROM gwe_run")
        number = max((number for (number,) in numbers if isinstance(number, int)), default=1)
        row = RunRow.new(number, head.run, int(self._clock()), plan)
        session.change("INSERT INTO gwe_run VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *row.values)
        session.change("INSERT INTO gwe_plan VALUES (?, ?)", number, plan)
        append(session, row, (head,), None)

    @contextmanager
    def hold(self, run: str) -> Iterator[RunJournal]:
        with self._reading() as rows:
            reading.number_of(rows, run)
        with self._engine.hold(run) as session:
            migrate(session, self.place)
            reading.row_of(session.rows, run)
            yield SqlJournal(session, run, self.place)

    def is_held(self, run: str) -> bool:
        return self._engine.is_held(run)

    def find_run(self, text: str, *, wrote: bool = False) -> str:
        return reading.find(self.list_runs(), text, wrote=wrote)

    def read_run(self, run: str) -> StoredRun:
        with self._reading() as rows:
            return reading.read_run(rows, run)

    def read_intact(self, run: str) -> IntactRecords:
        with self._reading() as rows:
            return reading.read_intact(rows, run)

    def list_runs(self, identity: str = "") -> tuple[RunEntry, ...]:
        with self._reading() as rows:
            return reading.list_runs(rows, identity)

    def backup(self, digest: str) -> bytes:
        with self._reading() as rows:
            return reading.backup(rows, digest)

    def run_of_plan(self, plan_digest: str, identity: str) -> str:
        with self._reading() as rows:
            found = read_facts(rows, ExecutedPlan)
        runs = [
            fact.run
            for fact in found
            if fact.plan_digest == plan_digest and same_server(fact.identity, identity)
        ]
        return min(runs, default="")

    def secret_paths(self, identity: str) -> frozenset[SecretPath]:
        with self._reading() as rows:
            found = read_facts(rows, SecretPath)
        return frozenset(fact for fact in found if same_server(fact.identity, identity))

    def abandon(self, run: str, ended: str) -> None:
        with self._reading() as rows:
            number = reading.number_of(rows, run)
        with self._engine.hold(run) as session:
            migrate(session, self.place)
            with session.transaction(writing=True):
                try:
                    reading.read_run(session.rows, run)
                except DamagedRunError:
                    add_facts(session, [AbandonedRun(run, number)])
                else:
                    finish = RunFinish("abandoned", unsettled=False, ended=ended)
                    row = reading.row_of(session.rows, run)
                    append(session, row, (finish,), reading.summary_of(row))

    def prunable(self, older_than: timedelta) -> tuple[RunEntry, ...]:
        with self._reading() as rows:
            found = list(prunable(rows, int(self._clock() - older_than.total_seconds())))
        return tuple(one for one in found if not self.is_held(one.name))

    def prune(
        self, older_than: timedelta, chosen: Callable[[RunEntry], bool] = lambda _: True
    ) -> tuple[str, ...]:
        pruned = [one for one in self.prunable(older_than) if chosen(one)]
        if pruned:
            with closing(self._engine.connect()) as session:
                for entry in pruned:
                    with session.transaction(writing=True):
                        delete_run(session, entry.number)
                    self._engine.forget(entry.name)
        return tuple(entry.name for entry in pruned)

    @contextmanager
    def _reading(self) -> Iterator[Rows]:
        """Answers queries from the state of one moment. If nothing was ever written, nothing is
        created, and every answer is empty."""
        if not self._engine.exists():
            yield no_rows
            return
        with closing(self._engine.connect()) as session:
            if not migrate(session, self.place, create=False):
                yield no_rows
                return
            with session.transaction(writing=False):
                yield session.rows


def no_rows(*_: object) -> list[tuple[object, ...]]:
    """The answer of a store that was never written to."""
    return []
