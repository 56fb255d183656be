"""The table of a list of runs, for every form of output but JSON. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.server.identity import canonical
from reconciler.state.store import DamagedRun, RunEntry

COLUMNS = ("Run", "Status", "Done", "Application", "Server", "Undoes")
_SERVER = COLUMNS.index("Server")


class RunTable(Struct, frozen=True):
    """Runs, oldest first. ``server`` is among the ``columns`` only if the runs, or the runs from
    which they were selected, were on more than one server: a team's state holds the runs of many
    sites."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def run_table(runs: Sequence[RunEntry], among: Sequence[RunEntry] = ()) -> RunTable:
    """The runs as a table. ``among``: see ``OutputForm.runs``."""
    servers = {canonical(run.head.identity) for run in (*runs, *among) if run.head}
    columns = [number for number in range(len(COLUMNS)) if number != _SERVER or len(servers) > 1]
    rows = [[row[number] for number in columns] for row in map(_row, runs)]
    return RunTable([COLUMNS[number] for number in columns], rows)


def _row(run: RunEntry) -> tuple[str, ...]:
    """A run, in the order of ``COLUMNS``."""
    head = run.head
    app, server, undoes = (head.app, head.server, head.undoes) if head else ("", "", "")
    if isinstance(run, DamagedRun):
        return run.name, run.status, "?", app, server, undoes
    total = run.ending.of if run.ending and run.ending.of else run.head.actions
    return run.name, run.status, f"{run.done}/{total}", app, server, undoes
