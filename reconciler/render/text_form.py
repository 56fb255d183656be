"""Output as text, for people at a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from reconciler.plan.model import Plan
from reconciler.render.console import make_console, say
from reconciler.render.forms import OutputStyle
from reconciler.render.plan_summary import initial_summary, summary
from reconciler.state.records import ActionOutcome, RunHead
from reconciler.state.store import DamagedRun, IntactRecords, RunEntry, StoredRun

_COLUMNS = ("RUN", "STATUS", "DONE", "APPLICATION")
_DETAILS = {
    "plan": "plan_id",
    **{name: name for name in ("undoes", "server", "app", "tenant", "user", "host")},
    **{name: name for name in ("started", "tool")},
}
"""What is shown of a run's first record -> its field there."""


class TextForm:
    """Plans by kind, with what would change; runs as a table. The run that a run undoes has a
    line of its own: two names of runs in a line do not fit into 80 columns."""

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

    def runs(self, runs: Sequence[RunEntry]) -> None:
        if not runs:
            say("No runs yet.")
            return
        rows = [run_row(run) for run in runs]
        undone = ["", *(row[-1] for row in rows)]
        lines = _aligned([_COLUMNS, *(row[:-1] for row in rows)])
        for line, undoes in zip(lines, undone, strict=True):
            say(line)
            if undoes:
                say(f"  undoes {undoes}")

    def run(self, run: StoredRun, place: str) -> None:
        say(f"Run {run.name}: {run.status}")
        _print_details(run.head, place, run.ending.ended if run.ending else "")
        _print_outcomes(run.outcomes.values())
        for step in run.steps:
            if step.unknown and not run.finished:
                say(f"{'unknown':>13}  {step.address}: {step.call} without an answer")
        for backup in run.backups:
            say(f"{'saved':>13}  {backup.path}, {backup.digest[:16]}")

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


def run_row(run: RunEntry) -> tuple[str, ...]:
    """What a list says of a run: name, status, what is done, application, the run it undoes."""
    app, undoes = (run.head.app, run.head.undoes) if run.head else ("", "")
    if isinstance(run, DamagedRun):
        return run.name, run.status, "?", app, undoes
    total = run.ending.of if run.ending and run.ending.of else run.head.actions
    return run.name, run.status, f"{run.done}/{total}", app, undoes


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with columns as wide as their widest text. A column that has nothing below its
    header is left out."""
    columns = [texts for texts in zip(*rows, strict=True) if any(texts[1:])]
    widths = [max(map(len, texts)) for texts in columns]
    for row in zip(*columns, strict=True):
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
