"""``gwe undo``: the plan that takes a run back, shown, asked about and carried out."""

from pathlib import Path
from typing import Any

import click

from reconciler.apply.recover import plan_of_run
from reconciler.apply.undo import plan_undo
from reconciler.cli import common
from reconciler.cli.execution import check_can_ask, show_and_execute
from reconciler.cli.plan import save_plan, show_plan
from reconciler.cli.session import open_session
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, RefusedError
from reconciler.state.runs import read_run


@click.command("undo")
@click.argument("run", metavar="RUN")
@common.with_options(
    *common.CONNECT_OPTIONS,
    click.option(
        "--out", type=common.ANY_PATH, metavar="FILE", help="Save the plan; write nothing."
    ),
    click.option("--force", is_flag=True, help="Also delete objects that have changed since."),
    *common.RUN_OPTIONS,
    *common.OUTPUT_OPTIONS,
)
def command(run: str, out: Path | None, **options: Any) -> int:
    """Take a run back: what it created is deleted, what it changed or replaced is put back
    from the journal. What somebody has changed since stays. gwe runs lists the runs.

    It is a plan like any other: shown, asked about, journaled; undoing it is the redo.
    """
    if out is None:
        check_can_ask(options)
    session = open_session(options)
    state = session.state()
    found = read_run(state, run)
    if not found.finished:
        raise RefusedError(
            [
                Diagnostic(
                    f"the run {found.name} did not finish",
                    hint="Run gwe recover first; then it can be taken back.",
                )
            ]
        )
    plan = plan_of_run(state, found)
    with session.server(str(found.head.get("server", ""))) as server:
        undo = plan_undo(
            found,
            plan,
            server,
            force=options["force"],
            limits=session.settings.limits,
            secret_words=session.settings.secret_words,
            installation=session.installation(plan.site.installation),
        )
        if out is None:
            return show_and_execute(undo, server, session, question="Carry out")
    show_plan(undo, options)
    save_plan(undo, out)
    return ExitCode.DONE if undo.applyable else ExitCode.REFUSED
