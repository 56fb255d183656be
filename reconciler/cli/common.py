"""The options that commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from reconciler.cli.connection import PSDK_OPTIONS

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
        help="File with the password; else GWE_PASSWORD_FILE, GWE_PASSWORD, keyring, a question.",
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
