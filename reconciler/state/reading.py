"""Reads runs from the tables of a store, and checks what it reads.

Each function gets ``rows``, which answers queries within one transaction.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.errors import DamagedRunError, JournalFormatError, UsageError
from reconciler.server.identity import same_server
from reconciler.state.chain import RunRow, StoredRecord, digest_of, examine
from reconciler.state.codec import decode_record, unknown_form
from reconciler.state.facts import Rows, has_fact
from reconciler.state.migrations import RUN_COLUMNS
from reconciler.state.records import (
    AbandonedRun,
    ActionOutcome,
    CallBegin,
    CallEnd,
    Record,
    RunHead,
    RunSummary,
)
from reconciler.state.store import (
    DamagedRun,
    IntactRecords,
    LaunchBackup,
    RunEntry,
    RunStep,
    StoredRun,
)

_RUN = f"SELECT {RUN_COLUMNS} FROM gwe_run "  # noqa: S608 - names of ours


def damaged_run(run: str, problems: Sequence[str]) -> DamagedRunError:
    """The error for a run that cannot be read."""
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return DamagedRunError(
        f"the run {run} cannot be read: {problems[0]}{more}",
        f"gwe runs show {run} shows what is left of it. Restore the state from a backup, or"
        f" abandon the run with gwe lock release --abandon {run}.",
    )


def number_of(rows: Rows, run: str) -> int:
    """The number of the run of that name. UsageError if there is none."""
    found = rows("SELECT number FROM gwe_run WHERE name = ?", run)
    numbers = [number for (number,) in found if isinstance(number, int)]
    if not numbers:  # its row may be damaged
        numbers = [entry.number for entry in list_runs(rows) if entry.name == run]
    if not numbers:
        raise UsageError(f"there is no run {run}", "gwe runs lists them.")
    return numbers[0]


def row_of(rows: Rows, run: str) -> RunRow:
    """The row of a run. DamagedRunError if it is damaged or missing."""
    return _row(rows, run, number_of(rows, run))


def _row(rows: Rows, run: str, number: int) -> RunRow:
    values = rows(_RUN + "WHERE number = ?", number)
    row = RunRow.stored(values[0]) if values else None
    if row is None:
        raise damaged_run(run, ["its row is " + ("damaged" if values else "missing")])
    return row


def summary_of(row: RunRow) -> RunSummary:
    """The summary of the run that a row is about."""
    found = decode_record(row.summary)
    if not isinstance(found, RunSummary):
        raise unknown_form()
    return found


def _plan(rows: Rows, number: int) -> bytes | None:
    found = rows("SELECT text FROM gwe_plan WHERE run = ?", number)
    if not found:
        return None
    (text,) = found[0]
    return text if isinstance(text, bytes) else b""


def _records(rows: Rows, number: int) -> Mapping[int, StoredRecord]:
    found = rows("SELECT number, data, digest FROM gwe_record WHERE run = ?", number)
    return {record.number: record for record in map(_record, found)}


def _record(values: Sequence[Any]) -> StoredRecord:
    """A record; without content, or numbered 0, if its row holds values of other types."""
    number, data, digest = values
    number = number if isinstance(number, int) else 0
    if isinstance(data, bytes) and isinstance(digest, bytes):
        return StoredRecord(number, data, digest)
    return StoredRecord(number, b"", b"")


def read_run(rows: Rows, run: str) -> StoredRun:
    """A run with all its records. DamagedRunError if anything of it is damaged."""
    row = row_of(rows, run)
    plan = _plan(rows, row.number)
    whole, problems = examine(row, plan, _records(rows, row.number))
    if problems:
        raise damaged_run(run, problems)
    summary = summary_of(row)
    begun: dict[int, CallBegin] = {}
    ended: dict[int, CallEnd] = {}
    outcomes: dict[str, ActionOutcome] = {}
    for record in (decode_record(one.data) for one in whole):
        match record:
            case CallBegin():
                begun[record.step] = record
            case CallEnd():
                ended[record.step] = record
            case ActionOutcome():
                outcomes[record.address] = record
    return StoredRun(
        number=row.number,
        head=summary.head,
        begun=summary.begun,
        answered=summary.answered,
        done=summary.done,
        ending=summary.ending,
        steps=tuple(RunStep.of(begin, ended.get(step)) for step, begin in sorted(begun.items())),
        outcomes=outcomes,
        plan_text=(plan or b"").decode("utf-8", "surrogatepass"),
        backups=tuple(_backups(rows, row.number)),
    )


def _backups(rows: Rows, number: int) -> Iterator[LaunchBackup]:
    found = rows("SELECT path, digest FROM gwe_backup WHERE run = ? ORDER BY path, digest", number)
    for path, digest in found:
        if isinstance(path, bytes) and isinstance(digest, bytes):
            yield LaunchBackup(path.decode("utf-8", "replace"), digest.hex())


def read_intact(rows: Rows, run: str) -> IntactRecords:
    """What can be read of a run, and what is wrong with the rest."""
    number = number_of(rows, run)
    try:
        row, lost = _row(rows, run, number), []
    except DamagedRunError as error:
        row, lost = None, [error.message]
    stored = _records(rows, number)
    whole, problems = examine(row, _plan(rows, number), stored)
    records: list[Record] = []
    for one in whole:
        record = _decoded(one.data)
        if isinstance(record, Record):
            records.append(record)
        else:
            problems.append(f"record {one.number} cannot be read")
    return IntactRecords(tuple(records), (*lost, *problems))


def _decoded(data: Any) -> object:
    """The record in these bytes; None if they are no record."""
    try:
        return decode_record(data) if isinstance(data, bytes) else None
    except JournalFormatError:
        return None


def list_runs(rows: Rows, identity: str = "") -> tuple[RunEntry, ...]:
    """Every run, oldest first; if a server is named, only runs that were, or may have been, on
    it."""
    lasts: dict[Any, Any] = dict(
        rows(
            "SELECT gwe_run.number, gwe_record.digest FROM gwe_run JOIN gwe_record"
            " ON gwe_record.run = gwe_run.number AND gwe_record.number = gwe_run.last_number"
        )
    )
    entries = [_entry(rows, values, lasts) for values in rows(_RUN)]
    lost = rows("SELECT run FROM gwe_plan WHERE run NOT IN (SELECT number FROM gwe_run)")
    entries += [_damaged(rows, number, [], "its row is missing") for (number,) in lost]
    return tuple(
        entry
        for entry in sorted(entries, key=lambda entry: entry.number)
        if not identity or entry.head is None or same_server(entry.head.identity, identity)
    )


def _entry(rows: Rows, values: Sequence[Any], lasts: Mapping[int, bytes]) -> RunEntry:
    row = RunRow.stored(values)
    if row is None:
        number, name = values[:2]
        told = _decoded(values[RUN_COLUMNS.split(", ").index("summary")])
        names = [name, told.name] if isinstance(told, RunSummary) else [name]
        return _damaged(rows, number, names, "its row is damaged")
    summary = summary_of(row)
    if lasts.get(row.number) == row.last_digest:
        if not summary.finished and has_fact(rows, AbandonedRun(row.name, row.number)):
            return DamagedRun(
                row.number, row.name, "it was damaged when it was abandoned", summary.head, True
            )
        return summary
    last = f"record {row.last_number} of {row.last_number}"
    problem = f"{last} is " + ("damaged" if row.number in lasts else "missing")
    return _damaged(rows, row.number, [row.name], problem, summary.head)


def _damaged(
    rows: Rows, number: Any, names: list[Any], problem: str, head: RunHead | None = None
) -> DamagedRun:
    """A damaged run. ``names``: the names found for it so far; the name in its first record
    is added, and the most frequent name is taken."""
    number = number if isinstance(number, int) else 0
    first = rows("SELECT data FROM gwe_record WHERE run = ? AND number = 1", number)
    told = _decoded(first[0][0]) if first else None
    names += [told.run] if isinstance(told, RunHead) else []
    name = str(max(names, key=names.count, default=f"number {number}"))
    abandoned = has_fact(rows, AbandonedRun(name, number))
    return DamagedRun(number, name, problem, head, abandoned)


def backup(rows: Rows, digest: str) -> bytes:
    """The content of a launch file. ``digest``: as ``RunJournal.save_backup`` gave it."""
    try:
        key = bytes.fromhex(digest)
    except ValueError:
        key = b""
    found = rows("SELECT path, content FROM gwe_backup WHERE digest = ?", key)
    if not found:
        raise UsageError(
            f"no saved launch file has the digest {digest}",
            "gwe runs show RUN --format json lists the digests.",
        )
    for path, content in found:
        whole = isinstance(path, bytes) and isinstance(content, bytes)
        if whole and digest_of(path, content) == key:
            return bytes(content)
    raise DamagedRunError(
        f"the saved launch file with the digest {digest} is damaged",
        "Restore the state from a backup.",
    )


_LISTED = 5
"""How many runs are named if a text means several."""


def find(entries: Sequence[RunEntry], text: str, *, wrote: bool) -> str:
    """The name of the run that ``text`` means: see ``StateStore.find_run``."""
    if text == "last":
        candidates = [entry.name for entry in entries if entry.wrote or not wrote]
        if candidates:
            return candidates[-1]
        if entries:
            raise UsageError("no run has written anything yet", "gwe runs lists them.")
        raise UsageError("there is no run yet", "A run is made by gwe apply.")
    if not text:
        raise UsageError(
            "the name of the run is empty",
            "An apply with nothing to do makes no run. gwe runs lists the runs.",
        )
    names = [entry.name for entry in entries]
    if text in names:
        return text
    found = [name for name in names if name.startswith(text)]
    if not found:
        raise UsageError(f"there is no run {text}", "gwe runs lists them.")
    if len(found) > 1:
        more = f", and {len(found) - _LISTED} earlier runs" if len(found) > _LISTED else ""
        raise UsageError(
            f"{len(found)} runs begin with {text}: {', '.join(reversed(found[-_LISTED:]))}{more}",
            "Give more of the name, or last for the last run. gwe runs lists them all.",
        )
    return found[0]
