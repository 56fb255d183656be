"""Which run wrote a field last, as far as the runs on record tell. Pure."""

from collections.abc import Iterable

from reconciler.apply.drift_causes import written_values
from reconciler.apply.written import written_by, written_to
from reconciler.kinds.fields import FieldPath
from reconciler.plan.actions import Action
from reconciler.plan.explanation import LastWrite
from reconciler.plan.model import Plan
from reconciler.state.store import StoredRun


def last_writes(
    runs: Iterable[tuple[StoredRun, Plan]], action: Action
) -> dict[FieldPath, LastWrite]:
    """Field of the object of an action -> the last run that wrote it. ``runs``: each with the plan
    that it applied, latest first."""
    found: dict[FieldPath, LastWrite] = {}
    for run, applied in runs:
        written = written_to(action, written_by(run, applied))
        if written is None:
            continue
        there = written.after is not None
        head = run.head
        for path in written_values(written.action, there=there):
            write = LastWrite(run.name, head.started if head else "", head.user if head else "")
            found.setdefault(path, write)
        if not there:
            break  # what runs before it wrote is gone with the object
    return found
