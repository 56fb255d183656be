"""``gwe completion``: the script with which a shell completes commands, options and values."""

import click
from click.shell_completion import BashComplete, add_completion_class, get_completion_class

from reconciler.cli.help import SectionedCommand
from reconciler.cli.main import COMPLETING
from reconciler.errors import ExitCode
from reconciler.render.console import print_data

SHELLS = ("bash", "zsh", "fish", "powershell")


@add_completion_class
class EscapingBash(BashComplete):
    """Bash puts a completed word on the command line as it is, so that blanks in the names of
    objects would make two words of it. The other shells quote it themselves."""

    def format_completion(self, item: click.shell_completion.CompletionItem[str]) -> str:
        escaped = item.value.replace("\\", "\\\\").replace(" ", "\\ ")
        return f"{item.type},{escaped}"


@click.command("completion", cls=SectionedCommand)
@click.argument("shell", type=click.Choice(SHELLS), metavar=f"[{'|'.join(SHELLS)}]")
@click.pass_context
def command(context: click.Context, shell: str) -> int:
    """Print the script that lets a shell complete commands, options, addresses of objects,
    names of runs and profiles. Needs no server.

    Addresses are those of the manifests that -f, GWE_FILE or gwe.toml name.
    """
    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click has all of SHELLS
    print_data(found(context.find_root().command, {}, "gwe", COMPLETING).source() + "\n")
    return ExitCode.DONE
