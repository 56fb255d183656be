"""``gwe validate``: checks manifests without a server."""

import os
from typing import Any

import click

from reconciler.cli import common
from reconciler.cli.session import open_session
from reconciler.errors import ExitCode
from reconciler.manifest.bind import bind


@click.command("validate")
@common.with_options(
    *common.FILE_OPTIONS,
    click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well."),
)
def command(**options: Any) -> int:
    """Check manifests without a server: syntax, schema, variables and policies.

    Reports every problem with its file, line and column, and exits 1 if there is one.
    """
    session = open_session(options)
    loaded = session.load()
    bind(loaded.manifests, loaded.variables, os.environ)
    if not options["quiet"]:
        count = len(loaded.manifests)
        click.echo(f"{count} manifest{'' if count == 1 else 's'}, no problem found.")
    return ExitCode.DONE
