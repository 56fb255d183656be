"""``gwe snapshot``: a copy of a live server, to rehearse on."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, SiteFlags
from reconciler.cli.connection import ConnectionFlags, takes_site
from reconciler.cli.flags import from_environment, with_flags, with_values
from reconciler.cli.help import SectionedCommand
from reconciler.cli.session import Session, open_session
from reconciler.diagnostics import counted
from reconciler.errors import ExitCode
from reconciler.render.console import say, say_command

_LISTED = 10


@click.command("snapshot", cls=SectionedCommand)
@click.argument("file", type=ANY_PATH)
@takes_site
@with_flags
@click.option("--from", "source", metavar="URL", help="The server to copy, as in --server.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="List every object that breaks a rule or is not copied whole.",
)
def command(file: Path, source: str | None, verbose: bool, connection: ConnectionFlags) -> int:
    """Copy a live server into the new file FILE, an embedded server to rehearse on.

    The copy has every object that the account can read, with its DBID, folder and permissions.
    Passwords cannot be read: the copy has none. Nothing is written to the server. A copy that
    was interrupted is continued by the same command.
    """
    from reconciler.server.embedded.copies import check_is_free  # noqa: PLC0415 - only here

    check_is_free(file)
    # ADDP is off: while objects are being written, no poll would be answered, and the server would
    # close the connection.
    flags = with_values(connection, server=source or connection.server, addp=False)
    session = open_session(flags)
    with session.connect() as engine:
        from reconciler.cli.status import reading_shown  # noqa: PLC0415 - meanwhile Java starts
        from reconciler.engine.copying import copy_server  # noqa: PLC0415

        with reading_shown() as progress:
            report = copy_server(engine.reader, file, progress)
    say(f"Copied {counted(report.objects, 'object')} into {file}, without passwords.")
    if report.unread:
        say(
            f"This account cannot read the permissions of {counted(report.unread, 'object')}, which"
            " inherit those of their folders in the copy."
        )
    if report.unknown:
        say(f"The server does not have the types {', '.join(report.unknown)}.")
    listed = None if verbose else _LISTED
    _list(
        "Values that this version of gwe does not know, and has not copied", report.left_out, listed
    )
    _list("References to what this account cannot read", report.dangling, listed)
    _list("Objects that break a rule of the embedded server", report.findings, listed)
    say("Rehearse on it with:")
    say_command(f"  gwe plan --server {shlex.quote(f'embedded:{file}')}{_options(session)}")
    return ExitCode.DONE


def _options(session: Session) -> str:
    """The options that a command on the copy needs besides the server: an application, unless the
    environment or gwe.toml names it, and an empty account, since the copy has no passwords."""
    named = from_environment(SiteFlags).app or session.settings.app
    account = " --user ''" if from_environment(ConnectionFlags).user else ""
    return account if named else f"{account} --app NAME"


def _list(what: str, findings: Sequence[str], most: int | None) -> None:
    if not findings:
        return
    say(f"{what}: {len(findings)}")
    for finding in findings[:most]:
        say(f"  {finding}")
    if most is not None and len(findings) > most:
        say(f"  and {len(findings) - most} more, which --verbose lists.")
