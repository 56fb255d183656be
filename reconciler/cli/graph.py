"""``gwe graph``: the chat path of the site, live and after the plan."""

import click

from reconciler.cli.common import ColorFlags, ManifestFlags, SiteFlags, StateFlags
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import FlagGroup, with_flags
from reconciler.cli.formats import format_flag
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode
from reconciler.render.console import make_console, print_data
from reconciler.render.graphs import GRAPH_FORMS


class GraphFlags(FlagGroup):
    """The form of the graph."""

    format: str = format_flag("text", *GRAPH_FORMS)


@click.command("graph", cls=SectionedCommand)
@with_flags
def command(
    manifests: ManifestFlags,
    site: SiteFlags,
    form: GraphFlags,
    color: ColorFlags,
    connection: ConnectionFlags,
    state: StateFlags,
) -> int:
    """Show how a chat comes to its strategy, now and after the plan. Writes nothing.

    From the Web Engagement Server by its queueKey to the endpoint of each Chat Server, on to the
    queue, its views and its routing script; and the declared statistics, filters and agent groups.
    What the plan creates is marked +, what it removes -, and what is broken after it !.
    """
    session = open_session(connection)
    loaded = load(manifests, session.settings)
    with session.connect(site, state) as engine:
        from reconciler.cli.status import reading_shown  # noqa: PLC0415 - meanwhile Java starts
        from reconciler.plan.context import PlanOptions  # noqa: PLC0415

        with reading_shown() as progress:
            planned = engine.planned(loaded, PlanOptions(all_scripts=True), progress)
    graph = planned.graph()
    if form.format == "text":
        from reconciler.render.graphs.tree import print_graph  # noqa: PLC0415

        print_graph(make_console(no_color=color.no_color), graph)
    else:
        print_data(GRAPH_FORMS[form.format](graph))
    return ExitCode.DONE
