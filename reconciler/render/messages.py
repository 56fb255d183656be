"""Problems, warnings and the progress of a run, for people."""

from collections.abc import Sequence

from reconciler.apply.report import Outcome, RunReport, Status
from reconciler.diagnostics import MAX_SHOWN, Diagnostic, counted
from reconciler.render.console import (
    STYLES,
    SYMBOLS,
    Console,
    emit,
    message_width,
    say_command,
    styled,
)
from reconciler.render.wrapping import wrapped
from reconciler.text.visible import escaped


def print_diagnostics(
    console: Console, diagnostics: Sequence[Diagnostic], conclusion: str = ""
) -> None:
    """Prints every problem: its place, what is wrong, and below it what to do. Ends with the number
    of problems and the ``conclusion``."""
    for problem in diagnostics[:MAX_SHOWN]:
        _print_problem(console, problem)
    more = len(diagnostics) - MAX_SHOWN
    if more > 0:
        emit(console, styled(f"and {more:,} more", style="bold"))
    if len(diagnostics) > 1:
        emit(console, styled(f"{len(diagnostics):,} problems.", style="bold"))
    for line in wrapped(conclusion, message_width(console), 0, 0) if conclusion else ():
        emit(console, styled(line))


def _print_problem(console: Console, problem: Diagnostic) -> None:
    width = message_width(console)
    place = escaped(f"{problem.position}: ") if problem.position else ""
    first, *rest = wrapped(f"error: {place}{problem.summary}", width, 0, 2)
    label, start = len("error:"), len("error: ")
    end = start + len(place)
    parts = ((first[:label], "bold red"), first[label:start], (first[start:end], "bold"))
    emit(console, styled(*parts, first[end:]))
    for text in (*rest, *(wrapped(problem.hint, width, 2, 2) if problem.hint else ())):
        emit(console, styled(text))
    for text in problem.example.splitlines():
        emit(console, styled(f"    {text}"))


def print_outcome(console: Console, outcome: Outcome, number: int, total: int) -> None:
    """Prints a line of progress. ``print_report`` prints at the end why actions failed, so that it
    does not scroll away."""
    action = outcome.action
    done = outcome.status == "done"
    head = f"[{number:>{len(str(total))}}/{total}] "
    what = f"{SYMBOLS[action.action]} {action.address}"
    style = STYLES[action.action] if done else "bold red"
    status = "stale" if outcome.stale else outcome.status
    emit(console, styled(head, (what, style), "" if done else f"  {status}"))
    if outcome.status in _CAUSES:
        return
    for detail in filter(None, (outcome.message, outcome.hint)):
        for text in wrapped(detail, message_width(console), 4, 4):
            emit(console, styled(text))


_CAUSES: tuple[Status, ...] = ("failed", "unknown")
NOT_TRIED: tuple[Status, ...] = ("skipped", "not-started")
_LISTED_CAUSES = 10
_NO_UNDO = (
    "The backups of this run are lost with this machine, and then nobody can undo it. Next time"
    " name a state that outlives the job (--state or GWE_STATE)."
)

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
        emit(console, styled(line, style="yellow"))


def print_report(
    console: Console,
    report: RunReport,
    *,
    undo: str = "",
    lasting: bool = True,
    verbose: bool = False,
) -> None:
    """Prints how a run ended: a line of counts, what can be done next, and last what went wrong.
    ``undo``: the command that reverts it, if that needs options; ``lasting``: the run's state
    outlives this machine."""
    counts = [f"{len(report.of(status))} {word}" for status, word in _WORDS if report.of(status)]
    failed = len(report.of("done")) != len(report.outcomes)
    style = "bold red" if failed else "bold green"
    emit(console, styled(f"Apply: {', '.join(counts)}.", style=style))
    lists = f"gwe runs show {report.run} lists" if lasting else "gwe apply --verbose lists"
    if report.of(*NOT_TRIED) and not verbose:
        emit(console, styled(f"{lists} every action."))
    if report.journal_problem:
        print_warning(console, report.journal_problem)
    if report.needs_recovery:
        state = f" The run's state is {report.state}." if report.state else ""
        here = "" if lasting else ", on this machine only and as long as it lasts"
        message = f"Something may be half done: gwe recover finishes it{here}.{state}"
        for line in wrapped(message, message_width(console), 0, 0):
            emit(console, styled(line))
    elif failed:
        emit(console, styled("The next plan shows what is left to do."))
    if any(outcome.wrote for outcome in report.outcomes) and not report.needs_recovery:
        if not lasting:
            for line in wrapped(_NO_UNDO, message_width(console), 0, 0):
                emit(console, styled(line))
        elif undo:
            emit(console, styled("This command reverts it:"))
            say_command(f"  {undo}")
        else:
            emit(console, styled(f"gwe undo {report.run} reverts it."))
    _print_causes(console, report, f"{lists} them.", verbose=verbose)


def _print_causes(console: Console, report: RunReport, others_are: str, *, verbose: bool) -> None:
    """Prints why actions failed. Unless ``verbose``, each reason is printed once, and of many
    reasons only the first; ``others_are``: where the others are listed."""
    causes: dict[object, list[Outcome]] = {}
    for number, one in enumerate(report.of(*_CAUSES)):
        reason = number if verbose else (one.status, one.message, one.hint)
        causes.setdefault(reason, []).append(one)
    listed = len(causes) if verbose else _LISTED_CAUSES
    for first, *others in list(causes.values())[:listed]:
        summary = f"{first.action.address}: {first.message}"
        _print_problem(console, Diagnostic(summary, hint=first.hint))
        if others:
            ended = "failed" if first.status == "failed" else "ended with an unknown outcome"
            more = f"{counted(len(others), 'more action')} {ended} for the same reason"
            for text in wrapped(f"{more}: {others_are}", message_width(console), 2, 2):
                emit(console, styled(text))
    if left := sum(map(len, list(causes.values())[listed:])):
        more = f"{counted(left, 'more action')} failed"
        emit(console, styled(f"{more}: {others_are}"))
