"""``gwe undo``: shows the plan that reverts a run, asks, and applies it."""

from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, HostFlags, OutputFlags, RunFlags
from reconciler.cli.completing import complete_run
from reconciler.cli.connection import ConnectionFlags, takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.reporting import check_one_output, reported
from reconciler.cli.run_selection import named_site
from reconciler.cli.session import RecordedServer, open_session
from reconciler.cli.settings import named_state, state_store
from reconciler.cli.status import reading_shown
from reconciler.cli.terminal import check_can_ask
from reconciler.render.reports import ApplyResult


@click.command("undo", cls=SectionedCommand)
@takes_site
@click.argument("run", metavar="RUN", shell_complete=complete_run)
@click.option("--out", type=ANY_PATH, metavar="FILE", help="Save the plan; write nothing.")
@click.option(
    "--force",
    is_flag=True,
    help="Also delete objects that have changed since, and exceed the limits of gwe.toml.",
)
@with_flags
def command(
    run: str,
    out: Path | None,
    force: bool,
    host: HostFlags,
    flags: RunFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    form: JsonFlags,
) -> int:
    """Revert a run: what it created is deleted, what it changed or replaced is restored from
    the journal. Later changes by others are kept. RUN is the name of a run, its beginning, or
    last; gwe runs lists them.

    An undo is itself a run: it is shown, confirmed and journaled, and undoing it redoes the first.
    """

    def work() -> ApplyResult:
        session = open_session(connection)
        # Imported late, while a thread starts Java.
        from reconciler.cli.execution import ApplyConditions, show_and_apply, show_and_save_only  # noqa: PLC0415

        store = state_store(flags, session.settings)
        site = named_site(connection, session.settings, last=True)
        found = store.read_run(site.find(store, run, wrote=True))
        if out is None:
            check_can_ask(auto_approve=flags.auto_approve)
        recorded = RecordedServer(found.head.server, f"the run {found.name}")
        with session.connect(state=flags, recorded=recorded) as engine:
            engine.check_writable()
            with reading_shown():
                plan = engine.undo(found.name, force=force, same_host=host.same_host)
            if out is None:
                keeps_state = bool(named_state(flags, session.settings))
                return show_and_apply(plan, engine, output, ApplyConditions(flags, keeps_state))
        return show_and_save_only(plan, output, out)

    check_one_output(form, out)
    return reported(form, "apply", ApplyResult, work)
