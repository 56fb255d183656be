"""The options that commands share, and how they become a request and a server."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.connection import CONNECT_OPTIONS, connect_options
from reconciler.errors import UsageError
from reconciler.manifest.variables import parse_setting
from reconciler.pipeline import Loaded, Planned, load_manifests, prepare
from reconciler.plan.context import PlanOptions
from reconciler.resources import bundled_manifests
from reconciler.server.connect import Credentials, connect
from reconciler.server.port import Reader, Server, read_only
from reconciler.settings import Settings, read_settings
from reconciler.site.discovery import SiteOptions

Command = TypeVar("Command", bound=Callable[..., Any])

# Whether a path can be read is said by whoever reads it, with everything else.
ANY_PATH: click.Path = click.Path(path_type=Path, readable=False)

SECONDS = click.FloatRange(min=0, max=86_400, min_open=True)

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
    click.option("--profile", envvar="GWE_PROFILE", default="", help="Profile of gwe.toml."),
)

SITE_OPTIONS = (
    click.option(
        "--server",
        envvar="GWE_SERVER",
        default="",
        metavar="URL",
        help="embedded:PATH or confserv://HOST[:PORT] (or GWE_SERVER).",
    ),
    click.option(
        "--app", default="", metavar="NAME", help="The Web Engagement Server application."
    ),
    click.option("--tenant", default="", metavar="NAME", help="Where it serves several."),
    click.option("--cluster", default="", metavar="NAME", help="Where it connects to several."),
    click.option("--user", envvar="GWE_USER", default="", help="User name (or GWE_USER)."),
    click.option(
        "--password-file",
        type=ANY_PATH,
        metavar="FILE",
        help="File with the password (or GWE_PASSWORD).",
    ),
    click.option(
        "--timeout",
        type=SECONDS,
        default=30.0,
        show_default=True,
        help="Seconds that one call to the server may take.",
    ),
    *CONNECT_OPTIONS,
)

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
        "--force", is_flag=True, help="Replace objects that another site may use as well."
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
        )
        return prepare(loaded, server, site, wanted, os.environ)

    @property
    def url(self) -> str:
        """The URL of the server."""
        url: str = self.options["server"] or self.settings.server
        if not url:
            raise UsageError(
                "which server?",
                "Name it with --server (embedded:PATH), with GWE_SERVER, or in gwe.toml.",
            )
        return url

    def credentials(self) -> Credentials:
        """Who logs in."""
        return Credentials(self.options["user"], self._password())

    @contextmanager
    def server(self) -> Iterator[Server]:
        """The server of the session, open."""
        connection = connect_options(self.options, self.settings.connection)
        server = connect(self.url, self.credentials(), self.options["timeout"], connection)
        try:
            yield server
        finally:
            server.close()

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The server without its write methods."""
        with self.server() as server:
            yield read_only(server)

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


def open_session(options: dict[str, Any]) -> Session:
    """The session of a command run in the current folder."""
    return Session(options, read_settings(Path(), options["profile"]))


def is_interactive() -> bool:
    """Whether a person can be asked."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()
