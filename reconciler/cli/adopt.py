"""``gwe adopt``: the plan that adds what is on the server to the inventory."""

from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, ManifestFlags, OutputFlags, RunFlags, SiteFlags
from reconciler.cli.completing import complete_address
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.reporting import check_one_output, reported
from reconciler.cli.session import open_session
from reconciler.cli.settings import named_state
from reconciler.cli.status import reading_shown
from reconciler.cli.terminal import check_can_ask
from reconciler.errors import UsageError
from reconciler.render.reports import ApplyResult


@click.command("adopt", cls=SectionedCommand)
@click.argument("addresses", nargs=-1, metavar="[ADDRESS]...", shell_complete=complete_address)
@click.option(
    "--declared",
    is_flag=True,
    help="Adopt all that the manifests declare and that is on the server.",
)
@click.option(
    "--from-runs",
    is_flag=True,
    help="Adopt what the runs in the state have created and added, and what is still there.",
)
@click.option(
    "--forget-missing",
    is_flag=True,
    help="Take out of the inventory what is not on the server any more.",
)
@click.option(
    "--take-over",
    is_flag=True,
    help="Move what the inventory of another set has into this; otherwise it is left out.",
)
@click.option("--out", type=ANY_PATH, metavar="FILE", help="Save the plan; write nothing.")
@with_flags
def command(
    addresses: tuple[str, ...],
    declared: bool,
    from_runs: bool,
    forget_missing: bool,
    take_over: bool,
    out: Path | None,
    manifests: ManifestFlags,
    site: SiteFlags,
    flags: RunFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    form: JsonFlags,
) -> int:
    """Put into the inventory what was on the server before gwe, or what another tool has created:
    objects and options. What is in the inventory may be deleted by gwe apply --prune once no
    manifest declares it. ADDRESS: of objects, wildcards allowed; the address of an application
    stands for the options that manifests declare in it.

    --forget-missing takes out of the inventory what somebody has deleted by hand.

    The plan is shown and confirmed; gwe undo reverts it.
    """
    if not (addresses or declared or from_runs or forget_missing):
        raise UsageError(
            "adopt what?", "Name addresses, or give --declared, --from-runs or --forget-missing."
        )

    def work() -> ApplyResult:
        session = open_session(connection)
        # Imported late, while a thread starts Java.
        from reconciler.cli.execution import ApplyConditions, show_and_apply, show_and_save_only  # noqa: PLC0415

        loaded = load(manifests, session.settings, verbose=output.verbose)
        if out is None:
            check_can_ask(auto_approve=flags.auto_approve)
        with session.connect(site, flags) as engine:
            engine.check_writable()
            with reading_shown():
                plan = engine.adopt(
                    addresses,
                    loaded,
                    declared=declared,
                    from_runs=from_runs,
                    forget_missing=forget_missing,
                    take_over=take_over,
                )
            if out is None:
                keeps_state = bool(named_state(flags, session.settings))
                return show_and_apply(plan, engine, output, ApplyConditions(flags, keeps_state))
        return show_and_save_only(plan, output, out)

    check_one_output(form, out)
    return reported(form, "apply", ApplyResult, work)
