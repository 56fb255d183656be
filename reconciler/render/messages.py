"""Errors on standard error, and the progress of a run."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from reconciler.apply.report import Outcome, RunReport
from reconciler.diagnostics import Diagnostic
from reconciler.render.console import STYLES


def print_diagnostics(console: Console, diagnostics: Sequence[Diagnostic]) -> None:
    """Every problem: its place, what it is, and under it what to do."""
    for one in diagnostics:
        place = f"{one.position}: " if one.position else ""
        line = Text.assemble(("error: ", "bold red"), (place, "bold"), one.summary)
        console.print(line, soft_wrap=True)
        if one.hint:
            console.print(Text(f"  {one.hint}"), soft_wrap=True)
    if len(diagnostics) > 1:
        console.print(Text(f"{len(diagnostics)} problems.", style="bold"))


def print_outcome(console: Console, outcome: Outcome, number: int, total: int) -> None:
    """One line of progress, and what went wrong under it."""
    digits = len(str(total))
    action = outcome.action
    style = STYLES[action.action] if outcome.status == "done" else "bold red"
    line = Text.assemble(
        f"[{number:>{digits}}/{total}] ",
        (f"{action.action} {action.address}", style),
        f"  {outcome.status}",
    )
    console.print(line, soft_wrap=True)
    for detail in filter(None, (outcome.message, outcome.hint)):
        console.print(Text(f"    {detail}"), soft_wrap=True)


def print_report(console: Console, report: RunReport) -> None:
    """What became of the run, in one line of counts."""
    words = (
        ("done", "applied"),
        ("failed", "failed"),
        ("unknown", "of unknown outcome"),
        ("skipped", "skipped"),
        ("not-started", "not started"),
    )
    counts = [f"{len(report.of(status))} {word}" for status, word in words if report.of(status)]  # type: ignore[arg-type]
    failed = len(report.of("done")) != len(report.outcomes)
    text = f"Apply: {', '.join(counts) or 'nothing to do'}."
    if failed:
        text += " The next plan shows what is left."
    console.print(Text(text, style="bold red" if failed else "bold green"), soft_wrap=True)
