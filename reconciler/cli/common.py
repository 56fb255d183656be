"""The options that commands share, and how they become a request and a server."""

import getpass
import os
import secrets
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.apply.lock import LEASE, Clock
from reconciler.apply.state import StateFolder, default_state_folder
from reconciler.cli.connection import PSDK_OPTIONS, connect_options
from reconciler.errors import ReconcilerError, UsageError
from reconciler.launch.files import Installation, host_name
from reconciler.manifest.variables import parse_setting
from reconciler.pipeline import Loaded, Planned, load_manifests, prepare
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.resources import bundled_manifests
from reconciler.run import Circumstances, RunOptions, last_run
from reconciler.server.connect import Credentials, connect
from reconciler.server.port import Reader, Server, read_only
from reconciler.server.proxy import check_is_master
from reconciler.server.psdk.address import Options
from reconciler.settings import Settings, read_settings
from reconciler.site.discovery import SiteOptions

Command = TypeVar("Command", bound=Callable[..., Any])

# Whether a path can be read is said by whoever reads it, with everything else.
ANY_PATH: click.Path = click.Path(path_type=Path, readable=False)

SECONDS = click.FloatRange(min=0, max=86_400, min_open=True)

PROFILE_OPTION = click.option(
    "--profile", envvar="GWE_PROFILE", default="", help="Profile of gwe.toml."
)

FILE_OPTIONS = (
    click.option(
        "-f",
        "--file",
        "file",
        multiple=True,
        type=ANY_PATH,
        metavar="PATH",
        help="Manifest file or folder; repeatable. Without it: the ones that come with gwe.",
    ),
    click.option("--var", multiple=True, metavar="NAME=VALUE", help="Set a variable; repeatable."),
    click.option(
        "--vars",
        "vars_",
        multiple=True,
        type=ANY_PATH,
        metavar="FILE",
        help="YAML file with variables; repeatable.",
    ),
    PROFILE_OPTION,
)

_SERVER_OPTIONS = (
    click.option(
        "--server",
        envvar="GWE_SERVER",
        default="",
        metavar="URL",
        help="embedded:PATH or confserv://HOST[:PORT] (or GWE_SERVER).",
    ),
)

_ACCOUNT_OPTIONS = (
    click.option("--user", envvar="GWE_USER", default="", help="User name (or GWE_USER)."),
    click.option(
        "--password-file",
        envvar="GWE_PASSWORD_FILE",
        type=ANY_PATH,
        metavar="FILE",
        help="File with the password (or GWE_PASSWORD_FILE; or GWE_PASSWORD).",
    ),
    click.option(
        "--timeout",
        type=SECONDS,
        default=30.0,
        show_default=True,
        help="Seconds that one call to the server may take.",
    ),
    *PSDK_OPTIONS,
)

INSTALL_OPTION = click.option(
    "--install-dir",
    envvar="GWE_INSTALL_DIR",
    type=ANY_PATH,
    metavar="DIR",
    help="Installation folder: launch files, and the SDK's jars (or GWE_INSTALL_DIR).",
)

SITE_OPTIONS = (
    *_SERVER_OPTIONS,
    click.option(
        "--app", default="", metavar="NAME", help="The Web Engagement Server application."
    ),
    click.option("--tenant", default="", metavar="NAME", help="Where it serves several."),
    click.option("--cluster", default="", metavar="NAME", help="Where it connects to several."),
    *_ACCOUNT_OPTIONS,
    INSTALL_OPTION,
)

CONNECT_OPTIONS = (*_SERVER_OPTIONS, *_ACCOUNT_OPTIONS, INSTALL_OPTION, PROFILE_OPTION)
"""For commands that need a server and no site."""

SELECT_OPTIONS = (
    click.option("--target", multiple=True, metavar="ADDRESS", help="Only these; globs select."),
    click.option(
        "--exclude", multiple=True, metavar="ADDRESS", help="Not these, and what needs them."
    ),
)

OVERWRITE_OPTIONS = (
    click.option(
        "--overwrite", is_flag=True, help="Replace every existing object that manifests declare."
    ),
    click.option(
        "--overwrite-only",
        multiple=True,
        metavar="ADDRESS",
        help="Replace only these; globs select.",
    ),
    click.option(
        "--force",
        is_flag=True,
        help="Replace what another site may use as well; exceed the limits of gwe.toml.",
    ),
)

STATE_OPTIONS = (
    click.option(
        "--state-dir",
        envvar="GWE_STATE_DIR",
        type=ANY_PATH,
        metavar="DIR",
        help="Where journals are kept (or GWE_STATE_DIR). Default: the platform's place.",
    ),
)

RUN_OPTIONS = (
    click.option("--auto-approve", is_flag=True, help="Do not ask. Needed without a terminal."),
    *STATE_OPTIONS,
    click.option("--no-lock", is_flag=True, help="Take no lock in Configuration Server."),
    click.option(
        "--lock-timeout",
        envvar="GWE_LOCK_TIMEOUT",
        type=click.FloatRange(min=0, max=86_400),
        default=0.0,
        metavar="SECONDS",
        help="How long to wait for the lock (or GWE_LOCK_TIMEOUT); default: not at all.",
    ),
)

OUTPUT_OPTIONS = (
    click.option("-q", "--quiet", is_flag=True, help="Only the summary and what went wrong."),
    click.option("-v", "--verbose", is_flag=True, help="Also what is in sync, and every option."),
    click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR)."),
)

FORMAT_OPTION = click.option(
    "--format", type=click.Choice(["text", "json"]), default="text", show_default=True
)


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """A decorator that adds options in the order in which they are listed."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


@dataclass(frozen=True)
class Session:
    """The options of one command, with ``gwe.toml`` behind them."""

    options: dict[str, Any]
    settings: Settings

    def paths(self) -> list[Path]:
        """The manifests: --file, else gwe.toml, else the bundled ones."""
        return list(self.options["file"] or self.settings.file or [bundled_manifests()])

    def load(self) -> Loaded:
        """The manifests. Called before the server is asked for anything."""
        return load_manifests(
            self.paths(),
            self.settings.variables,
            self.options["vars_"],
            [parse_setting(text) for text in self.options["var"]],
            os.environ,
        )

    def plan(self, loaded: Loaded, server: Reader) -> Planned:
        """The plan for what the command was given."""
        options = self.options
        app = options["app"] or self.settings.app
        if not app:
            raise UsageError(
                "which Web Engagement Server?", "Name its application with --app, or in gwe.toml."
            )
        site = SiteOptions(
            app,
            options["tenant"] or self.settings.tenant,
            options["cluster"] or self.settings.cluster,
        )
        wanted = PlanOptions(
            overwrite=options.get("overwrite", False),
            overwrite_only=tuple(options.get("overwrite_only", ())),
            target=tuple(options["target"]),
            exclude=tuple(options["exclude"]),
            force=options.get("force", False),
            secret_words=self.settings.secret_words,
            limits=self.settings.limits,
        )
        planned = prepare(loaded, server, site, wanted, os.environ, self.installation())
        return replace(planned, plan=replace(planned.plan, after=self._last_run(planned.plan)))

    def _last_run(self, plan: Plan) -> str:
        """The last run on the plan's server; a plan is made without the state folder too."""
        try:
            return last_run(self.state(), plan.identity)
        except ReconcilerError:
            return ""

    def installation(self, otherwise: str = "") -> Installation | None:
        """The installation folder with the launch files; None: nobody named one.
        ``otherwise``: host and folder of a plan, which is taken on that host."""
        named = self.options.get("install_dir") or self.settings.install_dir
        if named is not None:
            return Installation.at(named)
        host, _, folder = otherwise.partition(":")
        return Installation.at(Path(folder)) if folder and host == host_name() else None

    def state(self) -> StateFolder:
        """The state folder: --state-dir, else gwe.toml, else the platform's own place."""
        chosen = self.options.get("state_dir") or self.settings.state_dir
        return StateFolder(chosen or default_state_folder())

    def keeps_state(self) -> bool:
        """Whether somebody has said where the journals are to be kept."""
        return bool(self.options.get("state_dir") or self.settings.state_dir)

    def run_options(self, plan: Plan, *, from_file: bool = False) -> RunOptions:
        """How a run of a plan is to be carried out."""
        return RunOptions(
            self.state(),
            lock=not self.options["no_lock"],
            lock_wait=self.options["lock_timeout"],
            lease=max(LEASE, 4 * self.options["timeout"]),
            skip_stale=self.options.get("skip_stale", False),
            from_file=from_file,
            installation=self.installation(plan.site.installation),
        )

    def credentials(self) -> Credentials:
        """Who logs in."""
        return Credentials(self.options["user"], self._password())

    def connection(self) -> Options:
        """How to reach a real server."""
        installed = self.options.get("install_dir") or self.settings.install_dir
        given = {**self.options, "install_dir": str(installed or "")}
        return connect_options(given, self.settings.connection)

    def url(self, otherwise: str = "") -> str:
        """The URL of the server. ``otherwise``: the one that a plan file or a journal names,
        where nobody names another."""
        url: str = self.options["server"] or self.settings.server or otherwise
        if not url:
            raise UsageError(
                "which server?",
                "Name it with --server (embedded:PATH), with GWE_SERVER, or in gwe.toml.",
            )
        return url

    @contextmanager
    def server(self, otherwise: str = "") -> Iterator[Server]:
        """The server of the session, open, to write to. ``otherwise``: see ``url``.
        ServerIsProxyError where it is a proxy."""
        with self._opened(otherwise) as server:
            check_is_master(server.info())
            yield server

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The server without its write methods."""
        with self._opened("") as server:
            yield read_only(server)

    @contextmanager
    def _opened(self, otherwise: str) -> Iterator[Server]:
        url = self.url(otherwise)
        connection = self.connection()
        server = connect(url, self.credentials(), self.options["timeout"], connection)
        try:
            yield server
        finally:
            server.close()

    def _password(self) -> str:
        path = self.options["password_file"]
        if path is None:
            return os.environ.get("GWE_PASSWORD", "")
        try:
            text: str = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8"
            raise UsageError(f"--password-file {path} cannot be read: {reason}") from error
        return text.removesuffix("\n")


def environment_secret(source: str) -> str:
    """The value of a secret that comes from the environment (``env.NAME``)."""
    name = source.removeprefix("env.")
    if name not in os.environ:
        raise ReconcilerError(
            f"the plan needs the environment variable {name}, which is not set",
            "Set it as it was when the plan was made; its value is in no file.",
        )
    return os.environ[name]


def circumstances(user: str) -> Circumstances:
    """Who runs, where and when. ``user``: who the server takes us for."""
    now = datetime.now(UTC)
    # Names sort in the order of the runs: the part of the second first, then chance.
    name = f"{now:%Y%m%d-%H%M%S}-{now.microsecond:06}{secrets.token_hex(1)}"
    return Circumstances(
        name=name,
        user=user or _system_user(),
        host=socket.gethostname(),
        process=os.getpid(),
        started=_hour(0),
        clock=Clock(time.monotonic, time.sleep, _hour),
    )


def _hour(later: float) -> str:
    """The time of day in so many seconds, in UTC."""
    return f"{datetime.now(UTC) + timedelta(seconds=later):%Y-%m-%d %H:%M:%S} UTC"


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no name for the user's number
        return "somebody"


def open_session(options: dict[str, Any]) -> Session:
    """The session of a command run in the current folder."""
    return Session(options, read_settings(Path(), options["profile"]))


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
