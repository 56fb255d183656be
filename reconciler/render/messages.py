"""Problems, warnings and the progress of a run, for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from reconciler.apply.report import Outcome, RunReport, Status
from reconciler.diagnostics import MAX_SHOWN, Diagnostic
from reconciler.render.console import STYLES, SYMBOLS, emit, message_width, wrapped


def print_diagnostics(console: Console, diagnostics: Sequence[Diagnostic]) -> None:
    """Prints every problem: its place, what is wrong, and below it what to do."""
    width = message_width(console)
    for problem in diagnostics[:MAX_SHOWN]:
        place = f"{problem.position}: " if problem.position else ""
        first, *rest = wrapped(f"error: {place}{problem.summary}", width, 0, 2)
        line = Text(first)
        line.stylize("bold red", 0, len("error:"))
        line.stylize("bold", len("error: "), len("error: ") + len(place))
        emit(console, line)
        for text in (*rest, *(wrapped(problem.hint, width, 2, 2) if problem.hint else ())):
            emit(console, Text(text))
        for text in problem.example.splitlines():
            emit(console, Text(f"    {text}"))
    more = len(diagnostics) - MAX_SHOWN
    if more > 0:
        emit(console, Text(f"and {more:,} more", style="bold"))
    if len(diagnostics) > 1:
        emit(console, Text(f"{len(diagnostics):,} problems.", style="bold"))


def print_outcome(console: Console, outcome: Outcome, number: int, total: int) -> None:
    """Prints one line of progress and, below it, what went wrong."""
    action = outcome.action
    done = outcome.status == "done"
    head = f"[{number:>{len(str(total))}}/{total}] "
    what = f"{SYMBOLS[action.action]} {action.address}"
    style = STYLES[action.action] if done else "bold red"
    status = "stale" if outcome.stale else outcome.status
    emit(console, Text.assemble(head, (what, style), "" if done else f"  {status}"))
    if outcome.status == "not-started":
        return  # the reason was printed with the action that ended the run
    for detail in filter(None, (outcome.message, outcome.hint)):
        for text in wrapped(detail, message_width(console), 4, 4):
            emit(console, Text(text))


_WORDS: tuple[tuple[Status, str], ...] = (
    ("done", "applied"),
    ("failed", "failed"),
    ("unknown", "of unknown outcome"),
    ("skipped", "skipped"),
    ("not-started", "not started"),
)


def print_warning(console: Console, message: str) -> None:
    """Prints what people should know while a run goes on."""
    for line in wrapped(f"Warning: {message}", message_width(console), 0, len("Warning: ")):
        emit(console, Text(line, style="yellow"))


def print_report(console: Console, report: RunReport) -> None:
    """How a run ended, in one line of counts, and what can be done next."""
    counts = [f"{len(report.of(status))} {word}" for status, word in _WORDS if report.of(status)]
    failed = len(report.of("done")) != len(report.outcomes)
    style = "bold red" if failed else "bold green"
    emit(console, Text(f"Apply: {', '.join(counts)}.", style=style))
    if report.journal_problem:
        print_warning(console, report.journal_problem)
    if report.needs_recovery:
        state = f" The run's state is {report.state}." if report.state else ""
        message = f"Something may be half done: gwe recover finishes it.{state}"
        for line in wrapped(message, message_width(console), 0, 0):
            emit(console, Text(line))
    elif failed:
        emit(console, Text("The next plan shows what is left to do."))
    if any(outcome.wrote for outcome in report.outcomes) and not report.needs_recovery:
        emit(console, Text(f"gwe undo {report.run} reverts it."))
