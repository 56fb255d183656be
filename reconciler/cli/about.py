"""``gwe help`` and ``gwe version``."""

import click

import reconciler
from reconciler.cli.help import SectionedCommand
from reconciler.errors import ExitCode
from reconciler.render.console import say, say_lines


@click.command("help", cls=SectionedCommand)
@click.argument("path", nargs=-1, metavar="[COMMAND]...")
@click.pass_context
def _help(context: click.Context, path: tuple[str, ...]) -> int:
    """Show the help of a command, as COMMAND --help does."""
    parent = context.find_root()
    command = parent.command
    for name in path:
        if not isinstance(command, click.Group):
            raise click.UsageError(f"{parent.command_path} has no commands", parent)
        _, found, _ = command.resolve_command(parent, [name])
        assert found is not None  # noqa: S101 - NoSuchCommand otherwise
        command, parent = found, click.Context(found, info_name=name, parent=parent)
    say_lines(command.get_help(parent))
    return ExitCode.DONE


@click.command("version", cls=SectionedCommand)
def _version() -> int:
    """Show the version of gwe, as --version does."""
    say(f"gwe, version {reconciler.__version__}")
    return ExitCode.DONE


COMMANDS = {"help": _help, "version": _version}
