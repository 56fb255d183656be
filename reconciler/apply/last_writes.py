"""Which run wrote a field last, as far as recorded runs show. Pure.

The search behind ``gwe explain``, which names that run, and ``drift_causes``, which compares what
it wrote with what the manifests say.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from reconciler.apply.written import Written, written_by, written_to
from reconciler.kinds.fields import FieldPath, Value
from reconciler.plan.actions import Action, Create, Replace, Write, changes_of
from reconciler.plan.explanation import LastWrite
from reconciler.plan.model import Plan
from reconciler.state.store import StoredRun

PRESENCE: FieldPath = ()
"""The path under which the existence of the object itself is recorded."""


class FieldWrite(Struct, frozen=True):
    """The last write of a field. ``value``: what was written, None if the field was removed;
    ``there``: the object existed after the run; ``dbid``: that of the object at the time."""

    run: StoredRun
    value: Value | None
    there: bool
    dbid: int


class WriteSearch:
    """The search for the object of one action. It is fed one run after another, latest first.

    ``found``: field -> its last write. ``gone``: the run that deleted the object, and with it what
    earlier runs wrote.
    """

    def __init__(self, action: Action) -> None:
        self.action = action
        self.found: dict[FieldPath, FieldWrite] = {}
        self.gone: StoredRun | None = None

    def look_at(self, run: StoredRun, written: Mapping[str, Written]) -> None:
        """Adds what a run wrote. ``written``: by address; see ``written_by``."""
        entry = written_to(self.action, written) if self.gone is None else None
        if entry is None:
            return
        there = entry.after is not None
        one = entry.after or entry.before
        for path, value in _written_values(entry.action, there=there).items():
            write = FieldWrite(run, value, there, one.dbid if one else 0)
            self.found.setdefault(path, write)
        if not there:
            self.gone = run


def last_writes(
    runs: Iterable[tuple[StoredRun, Plan]], action: Action
) -> dict[FieldPath, LastWrite]:
    """Field of the object of an action -> the last run that wrote it. ``runs``: each with the plan
    that it applied, latest first."""
    search = WriteSearch(action)
    for run, applied in runs:
        search.look_at(run, written_by(run, applied))
        if search.gone:
            break
    return {path: _named(write) for path, write in search.found.items()}


def _named(write: FieldWrite) -> LastWrite:
    head = write.run.head
    return LastWrite(write.run.name, head.started, head.user, write.dbid)


def _written_values(action: Write, *, there: bool) -> Mapping[FieldPath, Value | None]:
    """What an action wrote. ``there``: the object existed afterwards."""
    fields = action.fields if isinstance(action, Create | Replace) else {}
    changes = {change.path: change.after for change in changes_of(action)}
    return {PRESENCE: there, **fields, **changes} if there else {PRESENCE: False}
