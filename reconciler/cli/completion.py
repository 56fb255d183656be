"""``gwe completion``: the script with which a shell completes commands, options and values."""

import click

from reconciler.cli.completing import COMPLETING
from reconciler.cli.help import SectionedCommand
from reconciler.cli.shells import SHELLS, completion_of
from reconciler.errors import ExitCode
from reconciler.render.console import print_data


@click.command("completion", cls=SectionedCommand)
@click.argument("shell", type=click.Choice(SHELLS), metavar=f"[{'|'.join(SHELLS)}]")
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print the script that lets a shell complete commands, options, addresses of objects,
    names of runs and profiles. Needs no server.

    Addresses are those of the manifests that -f, GWE_FILE or gwe.toml name.
    """
    made = completion_of(shell)(context.find_root().command, {}, "gwe", COMPLETING)
    print_data(made.source().strip() + "\n")
    return ExitCode.DONE
