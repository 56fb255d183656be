"""What ``apply`` and ``undo`` share: asking, carrying a plan out, showing how it goes."""

from contextlib import suppress
from typing import Any

import click

from reconciler.apply.report import Outcome, RunReport
from reconciler.apply.run import execute_plan
from reconciler.cli.interrupt import gentle_interrupt
from reconciler.cli.plan import show_plan
from reconciler.cli.run_context import run_context
from reconciler.cli.session import Session
from reconciler.cli.terminal import in_ci, is_interactive
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, RefusedError, UsageError
from reconciler.plan.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.server.port import Server


def check_can_ask(options: dict[str, Any]) -> None:
    """UsageError where there is nobody to ask and approval was not given."""
    if not options["auto_approve"] and not is_interactive():
        raise UsageError(
            "there is no terminal to ask on", "Look at gwe plan, then use --auto-approve."
        )


def show_and_execute(
    plan: Plan, server: Server, session: Session, *, text: str = "", question: str = "Apply"
) -> int:
    """Shows a plan, asks, and carries it out; the exit code. ``text``: the plan file."""
    options = session.options
    show_plan(plan, options)
    if not plan.applyable:
        return ExitCode.REFUSED
    if plan.empty:
        return ExitCode.DONE
    _check_backups_last(plan, session)
    if not options["auto_approve"] and not click.confirm(f"{question} this plan?"):
        click.echo("Declined; nothing was written.", err=True)
        return ExitCode.FAILED
    return run_shown(plan, server, session, text=text).exit_code


def _check_backups_last(plan: Plan, session: Session) -> None:
    """Where a runner dies with its files, nothing is deleted: its backup would be lost."""
    takes = [one.address for one in plan.actions if one.action in ("replace", "delete")]
    if in_ci() and takes and not session.keeps_state():
        raise RefusedError(
            [
                Diagnostic(
                    f"CI is set, and the backups of {len(takes)} objects that would be replaced"
                    " or deleted would be lost with this machine",
                    hint="Name a folder that lasts with --state-dir.",
                )
            ]
        )


def run_shown(plan: Plan, server: Server, session: Session, *, text: str = "") -> RunReport:
    """Carries a plan out and prints its progress and its end."""
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.messages import (  # noqa: PLC0415
        print_outcome,
        print_report,
        print_warning,
    )

    options = session.options
    console = make_console(no_color=options["no_color"])

    def listen(outcome: Outcome, number: int, total: int) -> None:
        tells = outcome.message and outcome.status != "not-started"
        if not options["quiet"] or tells:
            # The run goes on, and its exit code tells, though nobody reads any more: rich
            # raises SystemExit where a pipe is broken.
            with suppress(OSError, SystemExit):
                print_outcome(console, outcome, number, total)

    def warn(message: str) -> None:
        with suppress(OSError, SystemExit):
            print_warning(make_console(stderr=True), message)

    who = run_context(server.info().user)
    with gentle_interrupt() as stopping:
        report = execute_plan(
            plan,
            text or plan_json(plan),
            server,
            session.run_options(plan, from_file=bool(text)),
            who,
            listen,
            warn,
            stopping,
        )
    with suppress(OSError, SystemExit):
        print_report(console, report, who.name)
    return report
