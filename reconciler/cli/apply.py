"""``gwe apply``: shows the plan, asks, and carries it out."""

from contextlib import suppress
from typing import Any

import click

from reconciler.apply.executor import execute
from reconciler.apply.report import Outcome, RunReport
from reconciler.cli import common
from reconciler.cli.interrupt import gentle_interrupt
from reconciler.cli.plan import show_plan
from reconciler.errors import UsageError
from reconciler.exits import ExitCode
from reconciler.pipeline import Planned
from reconciler.server.port import Server


@click.command("apply")
@common.with_options(
    *common.FILE_OPTIONS,
    *common.SITE_OPTIONS,
    *common.OVERWRITE_OPTIONS,
    *common.SELECT_OPTIONS,
    click.option("--auto-approve", is_flag=True, help="Do not ask. Needed without a terminal."),
    *common.OUTPUT_OPTIONS,
)
def command(**options: Any) -> int:
    """Show the plan, ask, and carry it out.

    Exits 0 when everything was applied, 1 when nothing was written, 3 when the plan was
    refused, 5 when a part was written.
    """
    if not options["auto_approve"] and not common.is_interactive():
        raise UsageError(
            "there is no terminal to ask on", "Look at gwe plan, then use --auto-approve."
        )
    session = common.open_session(options)
    loaded = session.load()
    with session.server() as server:
        planned = session.plan(loaded, server)
        show_plan(planned.plan, options)
        if planned.plan.blocked:
            return ExitCode.REFUSED
        if planned.plan.empty:
            return ExitCode.DONE
        if not options["auto_approve"] and not click.confirm("Apply this plan?"):
            click.echo("Declined; nothing was written.", err=True)
            return ExitCode.FAILED
        return carry_out(planned, server, options).exit_code


def carry_out(planned: Planned, server: Server, options: dict[str, Any]) -> RunReport:
    """Executes a plan and prints its progress and its end."""
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.messages import print_outcome, print_report  # noqa: PLC0415

    console = make_console(no_color=options["no_color"])

    def listen(outcome: Outcome, number: int, total: int) -> None:
        tells = outcome.message and outcome.status != "not-started"
        if not options["quiet"] or tells:
            # The run goes on, and its exit code tells, though nobody reads any more.
            with suppress(OSError):
                print_outcome(console, outcome, number, total)

    with gentle_interrupt() as stopping:
        report = execute(planned.plan, planned.live, server, listen, stopping)
    with suppress(OSError):
        print_report(console, report)
    return report
