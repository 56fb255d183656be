"""``webengagement_provisioning``: the vendor's command line in front of ``gwe apply``.

It shows the plan and carries it out without asking, with everything that an apply has:
journal, lock, undo. Its last line is the vendor's own, and is printed after success only.
``docs/from-the-vendors-tool.md`` compares the two.
"""

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.apply import command as apply
from reconciler.cli.credentials import find_credentials
from reconciler.cli.execution import show_and_execute
from reconciler.cli.main import explained
from reconciler.cli.provisioning_arguments import USAGE, Arguments, ArgumentsError, parse
from reconciler.cli.session import Session
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, UsageError
from reconciler.kinds.enums import APPLICATION_TYPE, number_of
from reconciler.plan.model import Plan
from reconciler.server.connect import find_adapter
from reconciler.server.connection import Credentials
from reconciler.settings import FILE_NAME, read_settings

NAME = "webengagement_provisioning"
SUCCESS = "Provisioning script successfully finished his work"
SCRIPT_DIR = "GWE_SCRIPT_DIR"
CLIENT_TYPE = "GWE_CLIENT_TYPE"
TENANT = "GWE_TENANT"

_OUR_WORDS = {
    "--app": "-app",
    "--server": "-host",
    "--tenant": TENANT,
    "--cluster": f"cluster in {FILE_NAME}",
    "--state-dir": "GWE_STATE_DIR",
    "--install-dir": "GWE_INSTALL_DIR",
    "--password-file": "GWE_PASSWORD_FILE",
    "--lock-timeout": "GWE_LOCK_TIMEOUT in",
    **{one: f"gwe apply {one}" for one in ("--exclude", "--force", "--no-lock", "--skip-stale")},
}
"""Option of gwe -> what does the same here."""
_THEIR_WORDS = re.compile(rf"(?<![\w-])(?:{'|'.join(_OUR_WORDS)})(?![\w-])")


@dataclass(frozen=True)
class DropInSession(Session):
    """A session whose password may have come from the command line."""

    password: str = field(default="", repr=False)

    def credentials(self, url: str) -> Credentials:
        """As on the session of a command; never asks: the vendor's tool runs in scripts."""
        if self.password:
            return Credentials(self.user, self.password)
        return find_credentials(self.user, self.options["password_file"], url, may_ask=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Provisions as the flags say; the exit code."""
    return explained(lambda: _main(sys.argv[1:] if arguments is None else arguments), in_our_words)


def _main(given: Sequence[str]) -> int:
    if not given:
        click.echo(USAGE)
        click.echo("error: nothing was executed: there are no parameters", err=True)
        return ExitCode.USAGE
    try:
        arguments = parse(given)
    except ArgumentsError as error:
        _print_errors(*error.diagnostics)
        click.echo(f"\n{USAGE}", err=True, nl=False)
        return ExitCode.USAGE
    if arguments.help:
        click.echo(USAGE, nl=False)
        return ExitCode.DONE
    return _provision(arguments)


def _provision(arguments: Arguments) -> int:
    if arguments.password:
        _warn(
            "A password on the command line can be read by everybody on this machine and"
            " stays in the shell's history. Safer: GWE_PASSWORD, or GWE_PASSWORD_FILE with"
            " the name of a file that holds it."
        )
    session = open_session(arguments, os.environ)
    loaded = session.load()
    with session.server() as server:
        plan = session.plan(loaded, server).plan
        code = show_and_execute(plan, server, session)
    if not plan.applyable:
        hint = f"--force and --exclude are options of gwe plan and gwe apply, not of {NAME}."
        _print_errors(Diagnostic("the plan was refused; nothing was written", hint=hint))
    if code != ExitCode.DONE:
        return code
    if any(action.action == "replace" for action in plan.actions):
        click.echo(_undo_line(session, plan))
    click.echo(SUCCESS)
    return ExitCode.DONE


def open_session(arguments: Arguments, environment: Mapping[str, str]) -> DropInSession:
    """The session of ``gwe apply`` that the flags and the environment amount to. The script
    says where it stands: the installation folder is two levels above, unless named.

    UsageError where nobody logs in and the type of the application is not known.
    """
    given = [f"--server={arguments.server}", f"--app={arguments.app}", "--auto-approve"]
    given += [f"--user={arguments.user}"] if arguments.user else []
    given += [f"--tenant={environment[TENANT]}"] if environment.get(TENANT) else []
    given += ["--overwrite"] if arguments.overwrite else []
    options = apply.make_context(NAME, given).params
    if arguments.password and not options["user"]:
        raise UsageError("-password has no place without -user", "Name the user with -user.")
    options |= _client(arguments, str(options["user"]), environment)
    settings = read_settings(_settings_folder(environment), options["profile"])
    beside = environment.get(SCRIPT_DIR, "")
    if beside and not options["install_dir"] and not settings.install_dir:
        options["install_dir"] = Path(beside).absolute().parent.parent
    return DropInSession(options, settings, arguments.password)


def _client(arguments: Arguments, user: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """As which application the session registers: options ``client`` and ``client_type``.
    With a user that is left to the adapter; only a real server asks for one."""
    adapter = find_adapter(arguments.server)
    if user or (adapter is not None and not adapter.is_real):
        return {}
    kind = environment.get(CLIENT_TYPE, "")
    if not kind:
        raise UsageError(
            f"without -user it registers as the application {arguments.app}, and needs its type",
            f"Set {CLIENT_TYPE} to it, for example WebEngagementBackendServer, or use -user.",
        )
    if number_of(APPLICATION_TYPE, kind) is None:
        raise UsageError(
            f"{CLIENT_TYPE} is {kind!r}, which is no application type",
            "Use its name, such as WebEngagementBackendServer, or its number.",
        )
    return {"client": arguments.app, "client_type": kind}


def _settings_folder(environment: Mapping[str, str]) -> Path:
    """The folder whose gwe.toml counts: the script's own, else the current one."""
    beside = environment.get(SCRIPT_DIR, "")
    return Path(beside) if beside and (Path(beside) / FILE_NAME).exists() else Path()


def _undo_line(session: Session, plan: Plan) -> str:
    """How what was replaced comes back."""
    command = ["gwe", "undo", "last"]
    if session.settings.state_dir and not session.options["state_dir"]:
        command += ["--state-dir", str(session.settings.state_dir.absolute())]
    count = sum(action.action == "replace" for action in plan.actions)
    objects = "1 object was" if count == 1 else f"{count} objects were"
    return f"{objects} replaced: {shlex.join(command)} brings back what was lost, under new DBIDs."


def in_our_words(one: Diagnostic) -> Diagnostic:
    """A problem with the names of this tool's flags instead of those of gwe."""

    def say(text: str) -> str:
        return _THEIR_WORDS.sub(lambda found: _OUR_WORDS[found.group()], text)

    return replace(one, summary=say(one.summary), hint=say(one.hint))


def _warn(message: str) -> None:
    from reconciler.render.console import make_console  # noqa: PLC0415 - only where it warns
    from reconciler.render.messages import print_warning  # noqa: PLC0415

    print_warning(make_console(stderr=True), message)


def _print_errors(*problems: Diagnostic) -> None:
    from reconciler.render.console import make_console  # noqa: PLC0415 - only for errors
    from reconciler.render.messages import print_diagnostics  # noqa: PLC0415

    print_diagnostics(make_console(stderr=True), problems)
