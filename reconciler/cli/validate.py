"""``gwe validate``: checks manifests without a server."""

import os

import click

from reconciler.cli.common import ManifestFlags, ProfileFlags
from reconciler.cli.connection import takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.session import find_settings, load
from reconciler.errors import ExitCode
from reconciler.manifest.bind import bind
from reconciler.render.console import say


@click.command("validate", cls=SectionedCommand)
@takes_site
@with_flags
@click.option("-q", "--quiet", is_flag=True, help="Print nothing when there is no problem.")
@click.option("-v", "--verbose", is_flag=True, help="Also name the files that are passed over.")
def command(manifests: ManifestFlags, settings: ProfileFlags, quiet: bool, verbose: bool) -> int:
    """Check manifests without a server: syntax, schema, variables and policies.

    Reports every problem with its file, line and column, and exits 1 if there is one.
    """
    single = any(not path.is_dir() for path in manifests.file)
    loaded = load(manifests, find_settings(settings.profile), single=single, verbose=verbose)
    bind(loaded.manifests, loaded.variables, os.environ)
    if not quiet:
        count = len(loaded.manifests)
        say(f"{count} manifest{'' if count == 1 else 's'}, no problem found.")
    return ExitCode.DONE
