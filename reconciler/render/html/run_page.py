"""What a page shows of runs: what needs attention first, then what became of each object. No
values. Pure."""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from reconciler.diagnostics import counted
from reconciler.render.run_table import run_table
from reconciler.render.text_form import run_details
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import IntactRecords, RunEntry, StoredRun

_WRONG = ("failed", "unknown")


class OutcomeSection(Struct, frozen=True):
    """The objects with the same outcome: ``rows`` are (address, message). ``look``: its CSS
    class."""

    status: str
    look: str
    rows: Sequence[tuple[str, str]]


class RunPage(Struct, frozen=True):
    """A page of one run, or of the list of runs, which is a ``table`` with ``columns``."""

    title: str
    summary: str
    details: Sequence[tuple[str, str]] = ()
    problems: Sequence[str] = ()
    sections: Sequence[OutcomeSection] = ()
    columns: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()


def run_page(run: StoredRun, place: str) -> RunPage:
    """The page of a run. ``place``: that of its state."""
    found = list(run.outcomes.values())
    ended = run.ending.ended if run.ending else ""
    problems = [
        f"{step.address}: {step.call} without an answer; gwe recover settles it"
        for step in run.steps
        if step.unknown and not run.finished
    ]
    sections = _sections(found)
    if run.backups:
        saved = [(str(one.path), one.digest[:16]) for one in run.backups]
        sections.append(OutcomeSection("saved launch files", "in-sync", saved))
    return RunPage(
        f"Run {run.name}",
        f"{run.status}.",
        list(run_details(run.head, place, ended)),
        problems,
        sections,
    )


def damaged_run_page(name: str, found: IntactRecords, place: str) -> RunPage:
    """What can still be read of a damaged run."""
    head = next((one for one in found.records if isinstance(one, RunHead)), None)
    return RunPage(
        f"Run {name}",
        "damaged.",
        list(run_details(head, place, "")),
        found.problems,
        _sections(one for one in found.records if isinstance(one, ActionOutcome)),
    )


def list_page(runs: Sequence[RunEntry], of: str = "", among: Sequence[RunEntry] = ()) -> RunPage:
    """The list of runs, newest last. ``of``, ``among``: see ``OutputForm.runs``."""
    said = f"{counted(len(runs), 'run')}{of}, newest last." if runs else f"No runs{of} yet."
    table = run_table(runs, among)
    return RunPage("Runs", said, columns=table.columns, table=table.rows)


def _sections(outcomes: Iterable[ActionOutcome]) -> list[OutcomeSection]:
    """What went wrong, then the other outcomes by status."""
    by_status: dict[str, list[tuple[str, str]]] = {status: [] for status in _WRONG}
    for one in outcomes:
        said = one.message if one.status != "not-started" else ""
        by_status.setdefault(one.status, []).append((one.address, said))
    return [
        OutcomeSection(status, "blocked" if status in _WRONG else "in-sync", rows)
        for status, rows in by_status.items()
        if rows
    ]
