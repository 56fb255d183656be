"""``gwe plan``: what apply would do."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import (
    ANY_PATH,
    ManifestFlags,
    OutputFlags,
    OverwriteFlags,
    SelectionFlags,
    SiteFlags,
    StateFlags,
)
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.expected import check_expected, check_is_id
from reconciler.cli.flags import FlagGroup, flag, with_flags
from reconciler.cli.formats import PlanFormatFlags, check_page
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode
from reconciler.files.reading import STANDARD_STREAM
from reconciler.render.console import print_data, say
from reconciler.render.output_form import OutputStyle

if TYPE_CHECKING:
    from reconciler.engine.planning import Planned
    from reconciler.engine.reconciler import Reconciler
    from reconciler.manifest.load import Loaded
    from reconciler.plan.chat.site_graph import SiteGraph
    from reconciler.plan.model import Plan


class PlanFlags(FlagGroup):
    """What ``gwe plan`` does besides showing the plan."""

    out: Path | None = flag(
        "--out",
        type=ANY_PATH,
        metavar="FILE",
        help="Also save the plan, for gwe show and gwe apply; - writes it to standard output."
        " With --format html: the file for the page.",
    )
    expect: str | None = flag(
        "--expect",
        metavar="ID",
        help="Exit 4 unless the plan has this id, which gwe plan --out and gwe show print.",
    )
    detailed_exitcode: bool = flag(
        "--detailed-exitcode", is_flag=True, help="Exit 2 when the plan is not empty, else 0."
    )


def make_plan(
    engine: Reconciler,
    loaded: Loaded,
    overwrite: OverwriteFlags,
    selection: SelectionFlags,
    *,
    with_graph: bool = False,
) -> Planned:
    """The plan that the options ask for. ``with_graph``: also read all that its graph shows."""
    # Imported late, while a thread starts Java.
    from reconciler.cli.status import reading_shown  # noqa: PLC0415
    from reconciler.plan.context import PlanOptions  # noqa: PLC0415

    options = PlanOptions(
        overwrite=overwrite.overwrite,
        overwrite_only=overwrite.overwrite_only,
        reset_initial=overwrite.reset_initial,
        target=selection.target,
        exclude=selection.exclude,
        force=overwrite.force,
        prune=overwrite.prune,
        all_scripts=with_graph,
    )
    with reading_shown() as progress:
        return engine.planned(loaded, options, progress)


def say_unfinished(runs: Iterable[str]) -> None:
    """Says that an apply would be refused, since ``runs`` did not finish."""
    for run in runs:
        say(
            f"Note: the run {run} did not finish on this server. Nothing can be applied before gwe"
            " recover has finished it.",
            err=True,
        )


def show_and_save(
    plan: Plan,
    form: PlanFormatFlags,
    style: OutputStyle,
    out: Path | None,
    graph: SiteGraph | None = None,
) -> None:
    """Shows a plan, with the chat path in ``graph`` if the form draws it, and writes its plan file
    if asked for. If the plan file goes to standard output, the plan is shown on standard error.
    With an HTML page, nothing else is written."""
    if form.format == "html":
        form.opened(style, page=out, graph=graph).plan(plan)
        return
    to_standard_output = out == STANDARD_STREAM
    with redirect_stdout(sys.stderr) if to_standard_output else nullcontext():
        form.opened(style, str(out) if out and not to_standard_output else "").plan(plan)
    if out is None:
        return
    from reconciler.engine.run_context import plan_key  # noqa: PLC0415 - only for --out
    from reconciler.plan.file.codec import plan_id  # noqa: PLC0415
    from reconciler.state.plan_file import plan_text, save_plan  # noqa: PLC0415

    if to_standard_output:
        print_data(plan_text(plan, plan_key()))
        return
    save_plan(plan, out, plan_key())
    if form.format == "text":
        say(f"Saved the plan as {out}.")
        say(f"Plan id: {plan_id(plan)}")


@click.command("plan", cls=SectionedCommand)
@with_flags
def command(
    manifests: ManifestFlags,
    site: SiteFlags,
    overwrite: OverwriteFlags,
    selection: SelectionFlags,
    more: PlanFlags,
    form: PlanFormatFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    state: StateFlags,
) -> int:
    """Show what apply would do. Writes nothing.

    Exits 0 when a plan was made (see --detailed-exitcode), 3 when an action is blocked
    or a prerequisite is missing.
    """
    check_page(form, more.out)
    check_is_id(more.expect)
    session = open_session(connection)
    loaded = load(manifests, session.settings, verbose=output.verbose)
    with session.connect(site, state) as engine:
        planned = make_plan(engine, loaded, overwrite, selection, with_graph=form.draws)
        unfinished = engine.unfinished()
    plan = planned.plan
    show_and_save(plan, form, output.style(), more.out, planned.graph() if form.draws else None)
    say_unfinished(unfinished)
    check_expected(plan, more.expect)
    if not plan.applyable:
        return ExitCode.REFUSED
    if more.detailed_exitcode and not plan.empty:
        return ExitCode.CHANGES
    return ExitCode.DONE
