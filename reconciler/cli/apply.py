"""``gwe apply``: shows the plan, asks, and carries it out."""

from pathlib import Path
from typing import Any

import click

from reconciler.apply.check import check_server
from reconciler.cli import common
from reconciler.cli.execution import check_can_ask, show_and_execute
from reconciler.cli.run_context import environment_secret
from reconciler.cli.session import Session, open_session
from reconciler.cli.show import read_text
from reconciler.errors import UsageError
from reconciler.plan.codec import read_plan


@click.command("apply")
@click.argument("plan_file", required=False, type=common.ANY_PATH, metavar="[PLAN]")
@common.with_options(
    *common.FILE_OPTIONS,
    *common.SITE_OPTIONS,
    *common.OVERWRITE_OPTIONS,
    *common.SELECT_OPTIONS,
    click.option(
        "--skip-stale",
        is_flag=True,
        help="Go on with the rest where live objects have changed since the plan.",
    ),
    *common.RUN_OPTIONS,
    *common.OUTPUT_OPTIONS,
)
def command(plan_file: Path | None, **options: Any) -> int:
    """Show the plan, ask, and carry it out. PLAN: a file made by gwe plan --out; it is
    carried out as it stands, once, and manifests are not read.

    Exits 0 when everything was applied, 1 when nothing was written, 3 when the plan was
    refused, 4 when live objects have changed since the plan or the lock is held, 5 when a
    part was written. gwe undo takes a run back.
    """
    check_can_ask(options)
    session = open_session(options)
    if plan_file is not None:
        return _apply_file(plan_file, session)
    loaded = session.load()
    with session.server() as server:
        return show_and_execute(session.plan(loaded, server).plan, server, session)


_OF_THE_PLAN = (
    "file",
    "var",
    "vars_",
    "app",
    "tenant",
    "cluster",
    "overwrite",
    "overwrite_only",
    "force",
    "target",
    "exclude",
)


def _apply_file(path: Path, session: Session) -> int:
    given = [name for name in _OF_THE_PLAN if session.options[name]]
    if given:
        option = given[0].rstrip("_").replace("_", "-")
        raise UsageError(
            f"--{option} has no place beside a plan file, which says it all",
            "Give it to gwe plan --out instead.",
        )
    text = read_text(path)
    plan = read_plan(text, str(path), environment_secret)
    with session.server(plan.server) as server:
        info = server.info()
        check_server(plan, info.identity, info.url)
        return show_and_execute(plan, server, session, text=text)
