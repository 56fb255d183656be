"""Writes the journal of a run that this process holds: each append is one transaction.

The records, the run's row and the facts that outlive the run are changed together. A commit is
durable when it returns, so a record that was written is read after any crash.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from reconciler.errors import JournalError, ReconcilerError, StateError
from reconciler.state.chain import RunRow, StoredRecord, digest_of, link
from reconciler.state.codec import encode_record
from reconciler.state.facts import add_facts
from reconciler.state.reading import row_of, summary_of
from reconciler.state.records import (
    ActionOutcome,
    CallBegin,
    CallEnd,
    ExecutedPlan,
    Fact,
    Record,
    RunFinish,
    RunHead,
    RunSummary,
    SecretPath,
)
from reconciler.state.session import SqlSession

_UPDATE = (
    "UPDATE gwe_run SET last_number = ?, last_digest = ?, summary = ?, seal = ?"
    " WHERE number = ? AND last_digest = ?"
)


class SqlJournal:
    """The journal of the run ``name``, which ``session`` holds."""

    def __init__(self, session: SqlSession, name: str, place: str) -> None:
        self._session = session
        self._name = name
        self.place = place
        self._lock = threading.Lock()
        self._row: RunRow | None = None
        self._summary: RunSummary | None = None
        self.broken = False

    def append(self, *records: Record) -> None:
        def add(row: RunRow) -> RunRow:
            summary = self._summary or summary_of(row)
            row, self._summary = append(self._session, row, records, summary)
            return row

        self._write(add)

    def save_backup(self, path: str, content: bytes) -> str:
        name = path.encode("utf-8", "surrogatepass")
        digest = digest_of(name, content)

        def save(row: RunRow) -> RunRow:
            self._session.change(
                "INSERT INTO gwe_backup VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                *(row.number, digest, name, content),
            )
            _update(self._session, row, row)
            return row

        self._write(save)
        return digest.hex()

    def _write(self, change: Callable[[RunRow], RunRow]) -> None:
        """Commits a change: a function that gets the run's row and returns the new row."""
        with self._lock, self._failing_for_good():
            row, self._row = self._row, None  # unknown while a write goes on or was interrupted
            with self._session.transaction(writing=True):
                if row is None:
                    row, self._summary = row_of(self._session.rows, self._name), None
                row = change(row)
            self._row = row

    @contextmanager
    def _failing_for_good(self) -> Iterator[None]:
        if self.broken:
            raise self._unwritable("an earlier record could not be written", "")
        try:
            yield
        except ReconcilerError as error:
            self.broken = True
            raise self._unwritable(error.message, error.hint) from error

    def _unwritable(self, reason: str, hint: str) -> JournalError:
        return JournalError(
            f"the journal of run {self._name} cannot be written: {reason}",
            f"{hint} Then run gwe recover. The run's state is {self.place}.".strip(),
        )


def append(
    session: SqlSession, row: RunRow, records: Sequence[Record], summary: RunSummary | None
) -> tuple[RunRow, RunSummary | None]:
    """Appends records within a transaction. Returns the new row and summary. ``summary``: that in
    the row. StateError if the run was changed through another connection."""
    linked: list[StoredRecord] = []
    last = row.last_digest
    facts: list[Fact] = []
    for number, record in enumerate(records, row.last_number + 1):
        linked.append(link(last, number, encode_record(record)))
        last = linked[-1].digest
        facts += _facts(summary, record)
        summary = _summary(summary, row.number, record)
    done = sum(isinstance(one, ActionOutcome) and one.status == "done" for one in records)
    if summary and done:
        summary = replace(summary, done=summary.done + done)
    changed = replace(
        row,
        last_number=row.last_number + len(linked),
        last_digest=last,
        summary=encode_record(summary) if summary else b"",
    )
    _update(session, row, changed)
    session.insert(
        "INSERT INTO gwe_record VALUES (?, ?, ?, ?)",
        [(row.number, one.number, one.data, one.digest) for one in linked],
    )
    add_facts(session, facts)
    return changed, summary


def _update(session: SqlSession, old: RunRow, new: RunRow) -> None:
    *_, seal = new.values
    changed = session.change(
        _UPDATE + session.guard,
        *(new.last_number, new.last_digest, new.summary, seal, old.number, old.last_digest),
    )
    if changed != 1:
        raise StateError(
            f"the run {old.name} is no longer held by this process, or was deleted",
            "Find out who else works with this state.",
        )


def _summary(summary: RunSummary | None, number: int, record: Record) -> RunSummary:
    """The summary of a run once it has this record too, without the number of actions that are
    done."""
    match record, summary:
        case RunHead(), None:
            return RunSummary(number=number, head=record)
        case CallBegin(), RunSummary():
            return summary if summary.begun else replace(summary, begun=True)
        case ActionOutcome(), RunSummary():
            return summary
        case RunFinish(), RunSummary():
            return replace(summary, ending=record)
        case CallEnd(), RunSummary():
            answered = record.result == "answered" and not summary.answered
            return replace(summary, answered=True) if answered else summary
    raise ValueError("the first record of a run is its head, and no other is")


def _facts(summary: RunSummary | None, record: Record) -> Iterator[Fact]:
    """The facts in a record that are to outlive the run."""
    if summary is None:
        return
    head = summary.head
    if isinstance(record, CallBegin):
        if not summary.begun:
            yield ExecutedPlan(head.identity, head.plan_digest, head.run)
        dbid = record.before.dbid if record.before else 0
        for path in record.secrets:
            yield SecretPath(head.identity, record.address, path, record.object_type, dbid)
    elif isinstance(record, CallEnd) and record.after:
        made = record.after
        for path in record.secrets:
            yield SecretPath(head.identity, "", path, made.type, made.dbid)
