"""The port of the store that keeps runs: their plans, journals and backups.

Whoever executes a plan creates a run, holds it, and appends to its journal; other processes may
read meanwhile. Each append is durable when it returns. Two engines implement the port, SQLite and
PostgreSQL, and one contract suite passes on both.

A run with a missing or damaged record is refused as a whole and listed as damaged; other
runs are not touched.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Protocol

from msgspec import Struct, field

from reconciler.kinds.model import Attributes
from reconciler.server.port import AccessEntry, ConfObject
from reconciler.state.records import (
    ActionOutcome,
    CallBegin,
    CallEnd,
    Record,
    RunHead,
    RunSummary,
    SecretPath,
)


class RunStep(Struct, frozen=True):
    """One call of a run with its outcome. ``result``: empty if none was recorded."""

    number: int
    address: str
    action: str
    call: str
    before: ConfObject | None = None
    permissions: tuple[AccessEntry, ...] = ()
    referrers: tuple[ConfObject, ...] = ()
    makes: Attributes | None = None
    secrets: tuple[str, ...] = ()
    result: str = ""
    after: ConfObject | None = None

    @classmethod
    def of(cls, begin: CallBegin, end: CallEnd | None) -> "RunStep":
        """The call that these records describe."""
        return cls(
            number=begin.step,
            address=begin.address,
            action=begin.action,
            call=begin.call,
            before=begin.before,
            permissions=begin.permissions,
            referrers=begin.referrers,
            makes=begin.makes,
            secrets=begin.secrets,
            result=end.result if end else "",
            after=end.after if end else None,
        )

    @property
    def answered(self) -> bool:
        """Whether the server has executed it."""
        return self.result == "answered"

    @property
    def unknown(self) -> bool:
        """Whether it is unknown if the server has executed it."""
        return self.result in ("", "unknown")


class LaunchBackup(Struct, frozen=True):
    """An old content of a launch file that a run has kept. ``digest`` names it."""

    path: str
    digest: str


class StoredRun(RunSummary, frozen=True, kw_only=True):
    """A whole run. ``outcomes``: by address of the action; ``plan_text``: the JSON of the
    plan that was executed."""

    steps: tuple[RunStep, ...] = ()
    outcomes: Mapping[str, ActionOutcome] = field(default_factory=dict)
    plan_text: str = ""
    backups: tuple[LaunchBackup, ...] = ()


class DamagedRun(Struct, frozen=True):
    """A run that cannot be read. ``problem``: what is damaged or missing; ``head``: None if it
    cannot be read either; ``abandoned``: somebody has abandoned the run."""

    number: int
    name: str
    problem: str
    head: RunHead | None = None
    abandoned: bool = False

    begun = wrote = True
    """Unknown: a call may have been sent and executed."""

    @property
    def finished(self) -> bool:
        """Whether it blocks no other run any more."""
        return self.abandoned

    @property
    def status(self) -> str:
        return "damaged, abandoned" if self.abandoned else "damaged"


RunEntry = RunSummary | DamagedRun
"""A line of a list of runs."""


class IntactRecords(Struct, frozen=True):
    """What can still be read of a damaged run, and what is wrong with the rest."""

    records: tuple[Record, ...]
    problems: tuple[str, ...]


class RunJournal(Protocol):
    """The journal of a run that this process holds. May be used from several threads."""

    @property
    def place(self) -> str:
        """Where the journal is stored, for messages: see ``StateStore.place``."""

    @property
    def broken(self) -> bool:
        """Whether writing a record has failed. No further record is written then."""

    def append(self, *records: Record) -> None:
        """Writes records in one transaction; they are durable when it returns.
        JournalError if they could not be written."""

    def save_backup(self, path: str, content: bytes) -> str:
        """Keeps the content of a launch file and returns the digest that names it. The same
        content of the same file is kept once. JournalError if it cannot be kept."""


class NullJournal:
    """Stores nothing. For servers whose loss does not matter, and for tests."""

    place = ""
    broken = False

    def append(self, *records: Record) -> None:
        """Does nothing."""

    def save_backup(self, path: str, content: bytes) -> str:  # noqa: ARG002 - of the port
        """Does nothing."""
        return ""


class StateStore(Protocol):
    """A store of runs. It keeps no connection open, except for a run that is held.

    Every method raises StateError if the store cannot be reached, and JournalFormatError
    if a newer version of gwe has written it.
    """

    @property
    def place(self) -> str:
        """Where the store is, for messages and for the lock: host and folder, or a URL without
        credentials."""

    def create_run(self, head: RunHead, plan: str) -> AbstractContextManager[RunJournal]:
        """Creates a run with its first record and the JSON text of its plan, and holds it.
        Runs are numbered in the order in which they are created."""

    def hold(self, run: str) -> AbstractContextManager[RunJournal]:
        """Locks a run for this process, to append to its journal. Only one process can hold a run;
        the lock ends with the process at the latest. RunHeldError if another process holds the run,
        UsageError if there is none, DamagedRunError if its row is damaged."""

    def is_held(self, run: str) -> bool:
        """Whether a process holds the run."""

    def find_run(self, text: str, *, wrote: bool = False) -> str:
        """The name of the run that ``text`` means: a name, the beginning of a single one,
        or ``last``. ``wrote``: the last run that wrote something. UsageError if there is
        none, or several."""

    def read_run(self, run: str) -> StoredRun:
        """A run with all its records, which are checked. UsageError if there is none,
        DamagedRunError if a record is damaged or missing."""

    def read_intact(self, run: str) -> IntactRecords:
        """What can be read of a run, even if it is damaged. UsageError if there is none."""

    def list_runs(self, identity: str = "") -> tuple[RunEntry, ...]:
        """Every run, oldest first, without its records; if a server is named, only the runs on it.
        A damaged run whose server cannot be read is on every list."""

    def backup(self, digest: str) -> bytes:
        """The content of a launch file that a run has saved, found by its digest. UsageError if no
        content has this digest, DamagedRunError if it is damaged."""

    def run_of_plan(self, plan_digest: str, identity: str) -> str:
        """The run that has sent a call of this plan to this server, even if it was pruned since;
        empty: none has."""

    def secret_paths(self, identity: str) -> frozenset[SecretPath]:
        """The fields that were ever written as secrets on a server."""

    def abandon(self, run: str, ended: str) -> None:
        """Records that a run is left as it is, so that it does not block other runs. A damaged
        run stays damaged. UsageError if there is none, RunHeldError if it is held."""

    def prunable(self, older_than: timedelta) -> tuple[RunEntry, ...]:
        """The runs that ``prune`` would delete, oldest first."""

    def prune(
        self, older_than: timedelta, chosen: Callable[[RunEntry], bool] = lambda _: True
    ) -> tuple[str, ...]:
        """Deletes the chosen runs that were created longer ago, and returns their names. Kept are
        unfinished runs, runs that are held, the last run, the last run that wrote to each
        server, the digests of executed plans and the paths of secrets."""


def left_unfinished(state: StateStore, identity: str) -> list[RunEntry]:
    """The runs on a server that did not finish and that no process holds. Whether a run finished is
    checked last, since it may end meanwhile."""
    idle = {
        run.name
        for run in state.list_runs(identity)
        if not run.finished and not state.is_held(run.name)
    }
    if not idle:
        return []
    return [run for run in state.list_runs(identity) if run.name in idle and not run.finished]
