"""``gwe apply``: shows the plan, asks, and applies it."""

from pathlib import Path

import click

from reconciler.cli.common import (
    ANY_PATH,
    ManifestFlags,
    OutputFlags,
    OverwriteFlags,
    RunFlags,
    SelectionFlags,
    SiteFlags,
)
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.expected import check_is_id
from reconciler.cli.flags import FlagGroup, given_options, with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.plan import make_plan
from reconciler.cli.reporting import reported
from reconciler.cli.session import RecordedServer, open_session
from reconciler.cli.settings import named_state
from reconciler.cli.terminal import check_can_ask
from reconciler.errors import UsageError
from reconciler.plan.model import SiteMark
from reconciler.render.reports import ApplyResult


@click.command("apply", cls=SectionedCommand)
@click.argument("plan_file", required=False, type=ANY_PATH, metavar="[PLAN]")
@with_flags
@click.option(
    "--expect",
    "--plan-id",
    "expect",
    default=None,
    metavar="ID",
    help="Apply only the plan with this id, which gwe plan --out and gwe show print.",
)
@click.option(
    "--skip-stale",
    is_flag=True,
    help="Skip actions whose live objects have changed since the plan.",
)
def command(
    plan_file: Path | None,
    manifests: ManifestFlags,
    site: SiteFlags,
    overwrite: OverwriteFlags,
    selection: SelectionFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    run: RunFlags,
    form: JsonFlags,
    expect: str | None,
    skip_stale: bool,
) -> int:
    """Show the plan, ask, and apply it. PLAN: a file made by gwe plan --out. It is applied
    as it is, once, and no manifests are read.

    Exits 0 when everything was applied, 1 when nothing was written, 3 when the plan was
    refused, 4 when live objects have changed since the plan or the lock is held, 5 when only
    a part was written. gwe undo reverts a run. With --format json, standard output has the
    report and standard error everything else.
    """

    def work() -> ApplyResult:
        check_is_id(expect)
        session = open_session(connection)
        # Imported late, while a thread starts Java.
        from reconciler.cli.execution import ApplyConditions, show_and_apply  # noqa: PLC0415
        from reconciler.engine.running import load_plan  # noqa: PLC0415

        keeps_state = bool(named_state(run, session.settings))
        conditions = ApplyConditions(run, keeps_state, expect, skip_stale)
        if plan_file is not None:
            _check_not_given(manifests, overwrite, selection)
            saved = load_plan(plan_file)
            _check_is_for(saved.plan.site, site)
            check_can_ask(auto_approve=run.auto_approve)
            recorded = RecordedServer(saved.plan.server, "the plan")
            with session.connect(site, run, recorded) as engine:
                engine.check_writable(saved.plan)
                return show_and_apply(saved, engine, output, conditions)
        loaded = load(manifests, session.settings, verbose=output.verbose)
        check_can_ask(auto_approve=run.auto_approve)
        with session.connect(site, run) as engine:
            engine.check_writable()
            plan = make_plan(engine, loaded, overwrite, selection).plan
            return show_and_apply(plan, engine, output, conditions)

    return reported(form, "apply", ApplyResult, work)


def _check_is_for(mark: SiteMark, site: SiteFlags) -> None:
    """UsageError if a site was named on the command line and the plan is for another site."""
    made_for = {"--app": mark.app, "--tenant": mark.tenant, "--cluster": mark.cluster}
    for option in given_options(site):
        named = getattr(site, option.removeprefix("--"))
        if named != made_for[option]:
            raise UsageError(
                f"{option} is {named}, but the plan is for {made_for[option] or 'none'}",
                "Leave the option out, or make a plan for that site: gwe plan --out.",
            )


def _check_not_given(*groups: FlagGroup) -> None:
    """UsageError if an option was given that a plan file has decided already."""
    for option in (option for group in groups for option in given_options(group)):
        raise UsageError(
            f"{option} cannot be used with a saved plan, which is applied as it is",
            "Use it when you make the plan: gwe plan --out.",
        )
