"""``webengagement_provisioning``: the vendor's command line in front of ``gwe apply``.

It shows the plan and applies it without asking, with journal, lock and undo like every apply. Its
last line is the vendor's own, and is printed only after success. ``docs/from-the-vendors-tool.md``
compares the two.
"""

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from reconciler.cli.common import ManifestFlags, OutputFlags, RunFlags, SiteFlags
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.drop_in.arguments import USAGE, Arguments, ArgumentsError, parse
from reconciler.cli.flags import from_environment, with_values
from reconciler.cli.loading import load
from reconciler.cli.main import explained
from reconciler.cli.session import Session
from reconciler.cli.settings import named_state
from reconciler.diagnostics import Diagnostic
from reconciler.environment import STATE
from reconciler.errors import ExitCode, UsageError
from reconciler.kinds.enums import APPLICATION_TYPE, number_of
from reconciler.plan.model import Plan
from reconciler.render.console import say, say_lines
from reconciler.server.connect import find_adapter
from reconciler.settings.gwe_toml import read_settings
from reconciler.settings.search import FILE_NAME, check_beside_script, settings_folder

NAME = "webengagement_provisioning"
SUCCESS = "Provisioning script successfully finished his work"
SCRIPT_DIR = "GWE_SCRIPT_DIR"
CLIENT_TYPE = "GWE_CLIENT_TYPE"
TENANT = "GWE_TENANT"

_WORDS_HERE = {
    "--app": "-app",
    "--user": "-user",
    "--server": "-host",
    "--tenant": TENANT,
    "--cluster": f"cluster in {FILE_NAME}",
    "--state": STATE,
    "--state-dir": "GWE_STATE_DIR",
    "--install-dir": "GWE_INSTALL_DIR",
    "--password-file": "GWE_PASSWORD_FILE",
    "--lock-timeout": "GWE_LOCK_TIMEOUT in",
    **{one: f"gwe apply {one}" for one in ("--exclude", "--force", "--no-lock", "--skip-stale")},
}
"""Option of gwe -> what to use here instead."""
_WORDS_OF_GWE = re.compile(rf"(?<![\w-])(?:{'|'.join(_WORDS_HERE)})(?![\w-])")


def main(arguments: Sequence[str] | None = None) -> int:
    """Provisions a site. Returns the exit code."""
    return explained(
        lambda: _main(sys.argv[1:] if arguments is None else arguments), in_words_of_the_drop_in
    )


def _main(given: Sequence[str]) -> int:
    if not given:
        say_lines(USAGE)
        say("error: no parameters were given; nothing was done", err=True)
        return ExitCode.USAGE
    try:
        arguments = parse(given)
    except ArgumentsError as error:
        _print_errors(*error.diagnostics)
        say(err=True)
        say_lines(USAGE, err=True)
        return ExitCode.USAGE
    if arguments.help:
        say_lines(USAGE)
        return ExitCode.DONE
    return _provision(arguments)


def _provision(arguments: Arguments) -> int:
    if arguments.password:
        _warn(
            "A password on the command line is visible to everybody on this machine and stays"
            " in the shell's history. Safer: GWE_PASSWORD, or GWE_PASSWORD_FILE with the name"
            " of a file that holds it."
        )
    session = open_session(arguments, os.environ)
    run = with_values(from_environment(RunFlags), auto_approve=True)
    site = SiteFlags(app=arguments.app, tenant=os.environ.get(TENANT, ""))
    session.start_early()
    # Imported late, while a thread starts Java.
    from reconciler.cli.execution import ApplyConditions, show_and_apply  # noqa: PLC0415

    loaded = load(from_environment(ManifestFlags), session.settings)
    # Like the vendor's tool, it has its manifests built in: they need not be named.
    loaded = replace(loaded, inputs=replace(loaded.inputs, named=True))
    keeps_state = bool(named_state(run, session.settings))
    with session.connect(site, run) as engine:
        engine.check_writable()
        plan = engine.plan(loaded, overwrite=arguments.overwrite)
        output = OutputFlags(no_color=False, quiet=False, verbose=False)
        done = show_and_apply(plan, engine, output, ApplyConditions(run, keeps_state))
    if not plan.applyable:
        hint = f"--force and --exclude are options of gwe plan and gwe apply, not of {NAME}."
        _print_errors(Diagnostic("the plan was refused; nothing was written", hint=hint))
    if done.exit_code != ExitCode.DONE:
        return done.exit_code
    if any(action.action == "replace" for action in plan.actions):
        say(_undo_line(session, run, plan))
    say(SUCCESS)
    return ExitCode.DONE


def open_session(arguments: Arguments, environment: Mapping[str, str]) -> Session:
    """The session for the flags and the environment. The script names its own folder: the
    installation folder is two levels above, unless another folder was named.

    UsageError if there is no user and the type of the application is not known.
    """
    flags = from_environment(ConnectionFlags)
    flags = with_values(flags, server=arguments.server, user=arguments.user or flags.user)
    if arguments.password and not flags.user:
        raise UsageError("-password cannot be used without -user", "Name the user with -user.")
    adapter = find_adapter(arguments.server)
    if not flags.user and (adapter is None or adapter.is_real):
        kind = _client_type(arguments, environment)
        flags = with_values(flags, client=arguments.app, client_type=kind)
    settings = read_settings(_settings_folder(environment), flags.profile)
    beside = environment.get(SCRIPT_DIR, "")
    if beside and not flags.install_dir and not settings.install_dir:
        flags = with_values(flags, install_dir=Path(beside).absolute().parent.parent)
    return Session(flags, settings, arguments.password, may_ask=False)


def _client_type(arguments: Arguments, environment: Mapping[str, str]) -> str:
    """The application type with which a session without a user registers."""
    kind = environment.get(CLIENT_TYPE, "")
    if not kind:
        raise UsageError(
            f"without -user this tool logs in as the application {arguments.app},"
            " but its type was not given",
            f"Set {CLIENT_TYPE} to it, for example WebEngagementBackendServer, or use -user.",
        )
    if number_of(APPLICATION_TYPE, kind) is None:
        raise UsageError(
            f"{CLIENT_TYPE} is {kind!r}, which is not an application type",
            "Use its name, such as WebEngagementBackendServer, or its number.",
        )
    return kind


def _settings_folder(environment: Mapping[str, str]) -> Path:
    """The folder whose gwe.toml is read: the script's own folder, else the current folder or the
    nearest above it. UsageError if users other than the script's owner may have written it."""
    beside = environment.get(SCRIPT_DIR, "")
    if beside and (Path(beside) / FILE_NAME).exists():
        check_beside_script(Path(beside))
        return Path(beside)
    return settings_folder()


def _undo_line(session: Session, run: RunFlags, plan: Plan) -> str:
    """How to bring back what was replaced."""
    command = ["gwe", "undo", "last"]
    settings = session.settings
    if not run.state and not run.state_dir:
        if settings.state_dir:
            command += ["--state-dir", str(settings.state_dir.absolute())]
        elif settings.state:
            command += ["--state", _public(settings.state)]
    count = sum(action.action == "replace" for action in plan.actions)
    objects = "1 object was" if count == 1 else f"{count} objects were"
    return f"{objects} replaced: {shlex.join(command)} restores what was lost, under new DBIDs."


def _public(state: str) -> str:
    """A named state for display: a URL without credentials."""
    from reconciler.state.opening import POSTGRES, open_store  # noqa: PLC0415 - needs psycopg

    return open_store(state).place if state.startswith(POSTGRES) else str(Path(state).absolute())


def in_words_of_the_drop_in(one: Diagnostic) -> Diagnostic:
    """A problem that names the flags of this tool instead of the options of gwe."""

    def say(text: str) -> str:
        return _WORDS_OF_GWE.sub(lambda found: _WORDS_HERE[found.group()], text)

    return replace(one, summary=say(one.summary), hint=say(one.hint))


def _warn(message: str) -> None:
    from reconciler.render.console import make_console  # noqa: PLC0415 - only where it warns
    from reconciler.render.messages import print_warning  # noqa: PLC0415

    print_warning(make_console(stderr=True), message)


def _print_errors(*problems: Diagnostic) -> None:
    from reconciler.render.console import make_console  # noqa: PLC0415 - only for errors
    from reconciler.render.messages import print_diagnostics  # noqa: PLC0415

    print_diagnostics(make_console(stderr=True), problems)
