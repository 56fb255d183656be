"""``gwe drift``: what differs from the manifests, and the baseline of accepted differences."""

from __future__ import annotations

import click

from reconciler.cli.baseline import BaselineFlags, write_baseline
from reconciler.cli.common import (
    ManifestFlags,
    OutputFlags,
    SelectionFlags,
    SiteFlags,
    StateFlags,
)
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import DriftFormatFlags, PageFlags, check_out
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.plan import say_unfinished
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode
from reconciler.render.console import say
from reconciler.render.plan_summary import summary


@click.command("drift", cls=SectionedCommand)
@with_flags
def command(
    manifests: ManifestFlags,
    site: SiteFlags,
    selection: SelectionFlags,
    accepted: BaselineFlags,
    form: DriftFormatFlags,
    page: PageFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    state: StateFlags,
) -> int:
    """Show what an apply would write, and exit 2 if there is anything. Writes nothing.

    Initial values that differ are the site's own: they are listed and counted apart, and are
    no drift. Nor are the differences that a baseline accepts: a file that --write-baseline
    writes. Exits 3 if the plan is refused.
    """
    check_out(form, page.out)
    accepted.check_form(form.format)
    session = open_session(connection)
    loaded = load(manifests, session.settings, verbose=output.verbose)
    baseline = accepted.read()
    with session.connect(site, state) as engine:
        # Imported late, while a thread starts Java.
        from reconciler.cli.status import reading_shown  # noqa: PLC0415
        from reconciler.plan.context import PlanOptions  # noqa: PLC0415

        options = PlanOptions(
            target=selection.target, exclude=selection.exclude, all_scripts=form.draws
        )
        with reading_shown() as progress:
            planned = engine.planned(loaded, options, progress)
            plan = engine.drift_of(planned.plan, baseline, whole=options.whole)
        unfinished = engine.unfinished()
    if accepted.write_baseline:
        write_baseline(plan, accepted, accepted.write_baseline, whole=options.whole)
        if plan.applyable:
            return ExitCode.DONE
        say("What is blocked or refused cannot be accepted: gwe drift shows it.", err=True)
        return ExitCode.REFUSED
    form.opened(output.style(), page=page.out, graph=planned.graph() if form.draws else None).plan(
        plan
    )
    say_unfinished(unfinished)
    if form.format == "junit" and not output.quiet:
        # The report goes to a file, so this line is all that the job's log shows.
        say(summary(plan), err=True)
    if not plan.applyable:
        return ExitCode.REFUSED
    return ExitCode.DONE if plan.empty else ExitCode.CHANGES
