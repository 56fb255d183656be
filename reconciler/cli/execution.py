"""What ``apply`` and ``undo`` share: show a plan, ask, apply it and show the progress."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.report import Outcome, RunReport
from reconciler.cli.common import OutputFlags, RunFlags
from reconciler.cli.expected import check_expected
from reconciler.cli.formats import PlanFormatFlags
from reconciler.cli.interrupt import gentle_interrupt
from reconciler.cli.next_command import undo_with_options
from reconciler.cli.terminal import confirm, in_ci
from reconciler.diagnostics import Diagnostic
from reconciler.engine.progress import Progress
from reconciler.engine.reconciler import Reconciler
from reconciler.errors import ExitCode, RefusedError
from reconciler.plan.model import Plan
from reconciler.render.console import make_console, say
from reconciler.render.forms import FORMS
from reconciler.render.messages import NOT_TRIED, print_outcome, print_report, print_warning
from reconciler.render.output_form import OutputStyle
from reconciler.render.reports import ApplyResult
from reconciler.render.status import StatusLine
from reconciler.state.plan_file import PlanFile


class ApplyConditions(Struct, frozen=True):
    """When and how a plan that was shown is applied. ``keeps_state``: the place where runs are
    stored was named; ``expect``: the only id that the plan may have; ``skip_stale``: actions whose
    live objects have changed are left out; ``approve``: asks a person."""

    flags: RunFlags
    keeps_state: bool
    expect: str | None = None
    skip_stale: bool = False
    approve: Callable[[], bool] = partial(confirm, "Apply this plan?")


def show_and_apply(
    found: Plan | PlanFile,
    engine: Reconciler,
    output: OutputFlags,
    conditions: ApplyConditions,
) -> ApplyResult:
    """Shows a plan, asks, and applies it."""
    flags, keeps_state = conditions.flags, conditions.keeps_state
    plan = found.plan if isinstance(found, PlanFile) else found
    # A plan file names the server that it was made from: what counts is where it is applied.
    FORMS["text"](output.style()).plan(replace(plan, server=engine.reader.info().url))
    if flags.auto_approve and found is plan:
        _check_manifests_were_named(plan)
    check_expected(plan, conditions.expect)
    if not plan.applyable:
        return ApplyResult(ExitCode.REFUSED, plan, problems=tuple(_refusals(plan)))
    if plan.empty:
        return ApplyResult(ExitCode.DONE, plan, not_begun="nothing-to-do")
    if in_ci() and not keeps_state:
        _check_needs_no_backups(plan)
    engine.check_none_unfinished()
    if not flags.auto_approve and not conditions.approve():
        say("Declined; nothing was written.", err=True)
        return ApplyResult(ExitCode.FAILED, plan, not_begun="declined")
    report: RunReport | None = None
    try:
        with gentle_interrupt() as stopping, StatusLine("Applying", sys.stderr) as line:
            lasting = keeps_state or not in_ci()
            shown = ShownProgress(output.style(), line, stopping, lasting=lasting)
            report = engine.apply(
                found,
                lock=not flags.no_lock,
                lock_wait=flags.lock_timeout,
                skip_stale=conditions.skip_stale,
                progress=shown,
            )
        shown.report(report)
    except KeyboardInterrupt:
        if report is None:
            raise  # otherwise the run has ended, and its exit code says how
    return ApplyResult(report.exit_code, plan, report)


def show_and_save_only(plan: Plan, output: OutputFlags, out: Path) -> ApplyResult:
    """Shows a plan and writes it to a file, to be applied later."""
    from reconciler.cli.plan import show_and_save  # noqa: PLC0415 - few plans are saved here

    show_and_save(plan, PlanFormatFlags(), output.style(), out)
    if not plan.applyable:
        return ApplyResult(ExitCode.REFUSED, plan, problems=tuple(_refusals(plan)))
    return ApplyResult(ExitCode.DONE, plan, not_begun="saved")


def _refusals(plan: Plan) -> Iterator[Diagnostic]:
    """Why a plan cannot be applied; the plan itself shows the same."""
    for refusal in plan.refusals:
        yield Diagnostic(refusal, hint="--force overrides this.")
    for action in plan.blocked:
        yield Diagnostic(f"{action.address}: {action.reason}", action.subject.origin)


def _check_manifests_were_named(plan: Plan) -> None:
    """RefusedError if a plan was not reviewed and its manifests were not named: the command may run
    in the wrong folder."""
    if not plan.inputs.named:
        raise RefusedError(
            [
                Diagnostic(
                    "apply --auto-approve was not told which manifests to apply; the plan above"
                    " is made from the bundled ones",
                    hint="Name them with -f, GWE_FILE, or file in gwe.toml; -f bundled stands"
                    " for the bundled manifests.",
                )
            ]
        )


def _check_needs_no_backups(plan: Plan) -> None:
    """RefusedError if a plan replaces or deletes anything."""
    deleting = [action for action in plan.actions if action.action in ("replace", "delete")]
    if deleting:
        raise RefusedError(
            [
                Diagnostic(
                    "CI is set: backups of the objects to be replaced or deleted"
                    f" ({len(deleting)}) would be lost with this machine",
                    hint="With --state, name a state that outlives the job.",
                )
            ]
        )


class ShownProgress(Progress):
    """Prints each outcome; if quiet, only problems; actions that were not tried only if verbose.
    ``lasting``: the state of the run outlives this machine. A broken pipe, for which rich raises
    SystemExit, does not stop the run."""

    def __init__(
        self,
        style: OutputStyle,
        line: StatusLine,
        stopping: Callable[[], bool] = lambda: False,
        *,
        lasting: bool = True,
    ) -> None:
        self._style = style
        self._line = line
        self._console = make_console(no_color=style.no_color)
        self._stopping = stopping
        self._lasting = lasting

    def outcome(self, outcome: Outcome, number: int, total: int) -> None:
        tried = outcome.status not in NOT_TRIED
        self._line.advance(number, total)
        if self._style.verbose or (tried and (outcome.message or not self._style.quiet)):
            with suppress(OSError, SystemExit), self._line.away():
                print_outcome(self._console, outcome, number, total)

    def warning(self, message: str) -> None:
        with suppress(OSError, SystemExit), self._line.away():
            print_warning(make_console(stderr=True), message)

    def stopping(self) -> bool:
        return self._stopping()

    def report(self, report: RunReport) -> None:
        """Prints how the run ended."""
        with suppress(OSError, SystemExit):
            undo = undo_with_options(report.run)
            print_report(
                self._console,
                report,
                undo=undo,
                lasting=self._lasting,
                verbose=self._style.verbose,
            )
