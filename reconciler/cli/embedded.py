"""``gwe embedded``: makes embedded Configuration Servers and shows what they hold."""

from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.exits import ExitCode
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.create import create_server
from reconciler.server.embedded.site_file import SAMPLE_SITE

_PATH = click.argument("path", type=ANY_PATH)


@click.group("embedded", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make embedded Configuration Servers and show what they hold.

    An embedded server is one file that behaves like a Configuration Server: use it as
    --server embedded:PATH.
    """


@command.command("init")
@_PATH
@click.option(
    "--site",
    type=ANY_PATH,
    default=SAMPLE_SITE,
    help="Site file with the objects; default: the sample site.",
)
def init(path: Path, site: Path) -> int:
    """Create the server file PATH."""
    count = create_server(path, site)
    click.echo(f"Created {path} with {count} objects.")
    return ExitCode.DONE


@command.command("inspect")
@_PATH
@click.option("-v", "--verbose", is_flag=True, help="Also the fields of every object.")
@click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR).")
@click.option("--timeout", type=float, default=30.0, show_default=True, help="Seconds to wait.")
def inspect(path: Path, verbose: bool, no_color: bool, timeout: float) -> int:
    """Show what the server file PATH holds, as a tree."""
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.server_tree import print_tree  # noqa: PLC0415

    server = EmbeddedServer(path, timeout=timeout)
    try:
        objects = [
            one
            for name in OBJECT_TYPES
            for one in server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
        ]
    finally:
        server.close()
    print_tree(make_console(no_color=no_color), objects, verbose=verbose)
    return ExitCode.DONE
