"""``gwe recover``: finishes, or takes back, what a run has left by half."""

from typing import Any

import click

from reconciler.apply.recover import (
    plan_of_run,
    recover_run,
    release_orphaned_lock,
    unfinished_runs,
)
from reconciler.apply.recover_actions import Recovered
from reconciler.cli import common
from reconciler.cli.run_context import environment_secret, run_context
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode, InterruptedRunError


@click.command("recover")
@common.with_options(
    *common.CONNECT_OPTIONS,
    click.option(
        "--reverse",
        is_flag=True,
        help="Where a replace is half done, bring the old object back.",
    ),
    *common.STATE_OPTIONS,
    click.option("--no-lock", is_flag=True, help="Take no lock in Configuration Server."),
    click.option(
        "--lock-timeout",
        type=click.FloatRange(min=0, max=86_400),
        default=0.0,
        metavar="SECONDS",
        help="How long to wait for the lock; default: not at all.",
    ),
)
def command(**options: Any) -> int:
    """Settle the runs that did not finish on this server: look what became of every call
    without an answer, create what a replace has deleted, give the lock back.

    What the run had not begun is left to the next plan.
    """
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.messages import print_warning  # noqa: PLC0415

    session = open_session(options)
    state = session.state()
    with session.server() as server:
        info = server.info()
        runs = unfinished_runs(state, info.identity)
        for run in runs:
            click.echo(f"Run {run.name}, begun {run.head.get('started')}:")

            def tell(finding: Recovered) -> None:
                click.echo(f"  {finding.address}: {finding.message}")

            plan = plan_of_run(state, run, environment_secret)
            try:
                recover_run(
                    run,
                    plan,
                    server,
                    session.run_options(plan),
                    run_context(info.user),
                    tell,
                    lambda message: print_warning(make_console(stderr=True), message),
                    reverse=options["reverse"],
                )
            except KeyboardInterrupt:
                raise InterruptedRunError(
                    f"the recovery of run {run.name} was interrupted",
                    "Run gwe recover again: it goes on where it stopped.",
                ) from None
            click.echo("  Settled. The next plan shows what is left.")
        left = release_orphaned_lock(state, server)
    if left:
        click.echo(f"Gave back the lock that run {left} had left.")
    if not runs and not left:
        click.echo("Nothing to recover: no run of this server is unfinished here.")
    return ExitCode.DONE
