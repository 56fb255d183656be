"""``gwe explain``: why a field is planned, kept or left alone."""

import click

from reconciler.cli.common import ColorFlags, ManifestFlags, SiteFlags, StateFlags
from reconciler.cli.completing import complete_address
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode
from reconciler.render.console import make_console, print_data


@click.command("explain", cls=SectionedCommand)
@click.argument("address", metavar="ADDRESS[/FIELD]", shell_complete=complete_address)
@with_flags
def command(
    address: str,
    manifests: ManifestFlags,
    site: SiteFlags,
    form: JsonFlags,
    color: ColorFlags,
    connection: ConnectionFlags,
    state: StateFlags,
) -> int:
    """Say why a field is planned, kept or left alone. Writes nothing.

    Makes the plan, and shows of one object, or of one field or section, where it is declared,
    under which policy, with which variables, the live value, and the last run that wrote it;
    and who changed the object last, where the server's history says it.
    """
    session = open_session(connection)
    loaded = load(manifests, session.settings)
    with session.connect(site, state) as engine:
        # Imported late, while a thread starts Java.
        from reconciler.apply.last_writes import PRESENCE, last_writes  # noqa: PLC0415
        from reconciler.cli.status import reading_shown  # noqa: PLC0415
        from reconciler.plan.explanation import Explainer  # noqa: PLC0415
        from reconciler.server.history import last_change  # noqa: PLC0415

        with reading_shown() as progress:
            planned = engine.planned(loaded, progress=progress)
        explainer = Explainer(planned.plan, planned.live, planned.desired, planned.loaded)
        action, field = explainer.find(address)
        writes = last_writes(engine.past_runs(planned.plan), action)
        gone = writes[PRESENCE].dbid if PRESENCE in writes else 0
        changed = last_change(engine.reader, action.object_type, action.dbid or gone)
        found = explainer.explain(action, field, writes, changed)
    from reconciler.render.explanation import EXPLAIN, print_explanation  # noqa: PLC0415

    if form.format == "json":
        print_data(EXPLAIN.text(found))
    else:
        print_explanation(make_console(no_color=color.no_color), found)
    return ExitCode.DONE
