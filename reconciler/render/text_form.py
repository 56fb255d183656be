"""Output as text, for people at a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from reconciler.plan.model import Plan
from reconciler.render.console import make_console, message_width, say
from reconciler.render.output_form import OutputStyle
from reconciler.render.plan_summary import initial_summary, summary
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import IntactRecords, RunEntry, StoredRun

if TYPE_CHECKING:
    from reconciler.render.run_table import RunTable

_DETAILS = {
    "plan": "plan_id",
    **{name: name for name in ("undoes", "server", "app", "tenant", "user", "host")},
    **{name: name for name in ("started", "tool")},
}
"""Label -> field of a run's first record."""


_MOVABLE = ("Server", "Application", "Done", "Status")
"""The columns of runs that move to a separate line if the table is too wide, in this order."""


class TextForm:
    """Plans by kind, with what would change; runs as a table. The name of the run that was undone
    is on a separate line, since two names do not fit into 80 columns. So are other columns if the
    table would be wider than the terminal."""

    def __init__(self, style: OutputStyle) -> None:
        self._style = style

    def plan(self, plan: Plan) -> None:
        from reconciler.render.plan_text import PlanText  # noqa: PLC0415 - rich is slow

        if self._style.quiet and plan.applyable:
            for line in filter(None, (summary(plan), initial_summary(plan))):
                say(line)
            return
        console = make_console(no_color=self._style.no_color)
        PlanText(console, verbose=self._style.verbose).plan(plan)

    def runs(self, runs: Sequence[RunEntry], of: str = "", among: Sequence[RunEntry] = ()) -> None:
        if not runs:
            say(f"No runs{of} yet.")
            return
        from reconciler.render.run_table import run_table  # noqa: PLC0415 - plans have no table

        table = run_table(runs, among)
        below, width = {"Undoes"}, message_width(make_console())
        for column in _MOVABLE:
            if max(map(len, _aligned(table, below))) > width:
                below.add(column)
        lines = _aligned(table, below)
        say(next(lines))
        for line, row in zip(lines, table.rows, strict=True):
            say(line)
            for column, text in zip(table.columns, row, strict=True):
                if column in below and text:
                    say(f"  {column.lower()} {text}")

    def run(self, run: StoredRun, place: str) -> None:
        say(f"Run {run.name}: {run.status}")
        _print_details(run.head, place, run.ending.ended if run.ending else "")
        _print_outcomes(run.outcomes.values())
        for step in run.steps:
            if step.unknown and not run.finished:
                say(f"{'unknown':>13}  {step.address}: {step.call} without an answer")
        for backup in run.backups:
            say(f"{'saved':>13}  {backup.path}")
        if run.backups:
            say(f"gwe runs file {run.name} PATH --out FILE writes a saved file as it was.")

    def damaged_run(self, name: str, found: IntactRecords, place: str) -> None:
        say(f"Run {name}: damaged")
        head = next((one for one in found.records if isinstance(one, RunHead)), None)
        _print_details(head, place, "")
        for problem in found.problems:
            say(f"{'damaged':>13}  {problem}")
        _print_outcomes(one for one in found.records if isinstance(one, ActionOutcome))


def run_details(head: RunHead | None, place: str, ended: str) -> Iterator[tuple[str, str]]:
    """Who, where and when, of a run's first record: (name, text)."""
    details: dict[str, str] = {name: getattr(head, field, "") for name, field in _DETAILS.items()}
    for name, detail in {**details, "ended": ended, "state": place}.items():
        if detail:
            yield name, detail


def _print_details(head: RunHead | None, place: str, ended: str) -> None:
    for name, detail in run_details(head, place, ended):
        say(f"  {name:<8} {detail}")


def _print_outcomes(outcomes: Iterable[ActionOutcome]) -> None:
    for outcome in outcomes:
        say(f"{outcome.status:>13}  {outcome.address}")
        if outcome.message and outcome.status != "not-started":
            say(f"{'':>15}{outcome.message}")


def _aligned(table: RunTable, below: Collection[str]) -> Iterator[str]:
    """The lines of the table, the header first, without the columns ``below``. Each column is as
    wide as its widest text; an empty column is left out."""
    rows = [[column.upper() for column in table.columns], *table.rows]
    columns = [
        texts
        for column, texts in zip(table.columns, zip(*rows, strict=True), strict=True)
        if column not in below and any(texts[1:])
    ]
    widths = [max(map(len, texts)) for texts in columns]
    for row in zip(*columns, strict=True):
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
