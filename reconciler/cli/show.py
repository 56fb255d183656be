"""``gwe show``: a plan file in any form of output."""

from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, OutputFlags
from reconciler.cli.connection import takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import PageFlags, PlanFormatFlags, check_out
from reconciler.cli.help import SectionedCommand
from reconciler.engine.run_context import plan_key
from reconciler.errors import ExitCode
from reconciler.files.reading import STANDARD_STREAM
from reconciler.plan.file.codec import seal_of
from reconciler.render.console import print_data, say
from reconciler.state.plan_file import read_plan_file
from reconciler.text.visible import json_escaped


@click.command("show", cls=SectionedCommand)
@takes_site
@click.argument("plan_file", type=ANY_PATH, metavar="PLAN")
@with_flags
def command(plan_file: Path, form: PlanFormatFlags, page: PageFlags, output: OutputFlags) -> int:
    """Show a plan file made by gwe plan --out. Needs no server."""
    check_out(form, page.out)
    found = read_plan_file(plan_file, key=plan_key())
    if form.format == "json":
        # Print the file itself, since a copy must stay the same plan.
        print_data(json_escaped(found.text))
    else:
        name = "" if plan_file == STANDARD_STREAM else str(plan_file)
        form.opened(output.style(), name, page.out).plan(found.plan)
        if form.format == "text" and not output.quiet:
            say(f"Plan id: {seal_of(found.text).id}")
    return ExitCode.DONE
