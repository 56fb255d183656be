"""``gwe recover``: finishes or reverts what an interrupted run left half done."""

import sys

import click

from reconciler.apply.report import Recovered
from reconciler.cli.common import HostFlags, LockFlags, StateFlags
from reconciler.cli.connection import ConnectionFlags, takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.reporting import reported
from reconciler.cli.session import open_session
from reconciler.engine.progress import Progress
from reconciler.errors import ExitCode
from reconciler.render.console import say
from reconciler.render.reports import RecoverResult
from reconciler.render.status import StatusLine
from reconciler.state.records import RunSummary


class _Shown(Progress):
    """Prints the progress of a recovery."""

    def __init__(self, line: StatusLine) -> None:
        self._line = line

    def recovering(self, run: RunSummary) -> None:
        self._say(f"Run {run.name}, started {run.head.started}:")

    def recovered(self, finding: Recovered) -> None:
        self._say(f"  {finding.address}: {finding.message}")

    def settled(self, run: RunSummary) -> None:  # noqa: ARG002 - named above already
        self._say("  Recovered. The next plan shows what is left to do.")

    def _say(self, text: str) -> None:
        with self._line.away():
            say(text)

    def warning(self, message: str) -> None:
        from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
        from reconciler.render.messages import print_warning  # noqa: PLC0415

        with self._line.away():
            print_warning(make_console(stderr=True), message)


@click.command("recover", cls=SectionedCommand)
@takes_site
@click.option(
    "--reverse", is_flag=True, help="Where a replace is half done, bring back the old object."
)
@with_flags
def command(
    reverse: bool,
    host: HostFlags,
    connection: ConnectionFlags,
    state: StateFlags,
    lock: LockFlags,
    form: JsonFlags,
) -> int:
    """Recover the runs that did not finish on this server: find out whether each unanswered
    call was carried out, create the new object where a replace only deleted the old object,
    release the lock.

    Actions that the run had not started are left to the next plan.
    """

    def work() -> RecoverResult:
        session = open_session(connection)
        with session.connect(state=state) as engine, StatusLine("Recovering", sys.stderr) as line:
            done = engine.recover(
                reverse=reverse,
                same_host=host.same_host,
                lock=not lock.no_lock,
                lock_wait=lock.lock_timeout,
                progress=_Shown(line),
            )
        if done.released:
            say(f"Released the lock that run {done.released} had left behind.")
        if not done.runs and not done.released:
            say("Nothing to recover: no run on this server is unfinished here.")
        return RecoverResult(ExitCode.DONE, done.runs, done.findings, done.released)

    return reported(form, "recover", RecoverResult, work)
