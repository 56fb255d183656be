"""``gwe drift``: what differs from the manifests."""

from typing import Any

import click

from reconciler.cli import common
from reconciler.cli.plan import show_plan
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode


@click.command("drift")
@common.with_options(
    *common.FILE_OPTIONS,
    *common.SITE_OPTIONS,
    *common.SELECT_OPTIONS,
    common.FORMAT_OPTION,
    *common.OUTPUT_OPTIONS,
)
def command(**options: Any) -> int:
    """Show what an apply would write, and exit 2 if there is anything. Writes nothing.

    Fields under a keep policy that differ are listed as kept; they are no drift.
    """
    session = open_session(options)
    loaded = session.load()
    with session.reader() as server:
        plan = session.plan(loaded, server).plan
    show_plan(plan, options)
    if not plan.applyable:
        return ExitCode.REFUSED
    return ExitCode.DONE if plan.empty else ExitCode.CHANGES
