"""Output as text, for people at a terminal."""

from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.plan.model import Plan
from reconciler.render.forms import OutputStyle
from reconciler.state.runs import Run

_DETAILS = ("plan", "undoes", "server", "app", "tenant", "user", "host", "started", "tool")


class TextForm:
    """Plans by kind, with what would change; runs in a line each."""

    def __init__(self, style: OutputStyle) -> None:
        self._style = style

    def plan(self, plan: Plan) -> None:
        from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
        from reconciler.render.plan_text import PlanText, summary  # noqa: PLC0415

        if self._style.quiet and plan.applyable:
            click.echo(summary(plan))
            return
        console = make_console(no_color=self._style.no_color)
        PlanText(console, verbose=self._style.verbose).plan(plan)

    def runs(self, runs: Sequence[Run]) -> None:
        if not runs:
            click.echo("No runs yet.")
        for run in runs:
            done = sum(status == "done" for status, _ in run.outcomes.values())
            total = (run.ending or {}).get("of", run.head.get("actions", 0))
            click.echo(f"{run.name}  {run.status:<15}  {done}/{total}  {run.head.get('app')}")
            if run.head.get("undoes"):
                click.echo(f"{'':>22}undoes {run.head['undoes']}")

    def run(self, run: Run, folder: Path) -> None:
        click.echo(f"Run {run.name}: {run.status}")
        details = {name: run.head.get(name) for name in _DETAILS}
        details |= {"ended": (run.ending or {}).get("ended"), "journal": folder}
        for name, detail in details.items():
            if detail:
                click.echo(f"  {name:<8} {detail}")
        for address, (status, message) in run.outcomes.items():
            click.echo(f"{status:>13}  {address}")
            if message and status != "not-started":
                click.echo(f"{'':>15}{message}")
        for step in run.steps:
            if step.unknown and not run.finished:
                click.echo(f"{'unknown':>13}  {step.address}: {step.call} without an answer")
