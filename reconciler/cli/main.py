"""``gwe``: the group of commands. Help imports nothing but this module and click."""

import importlib
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

import reconciler
from reconciler.cli.completing import COMPLETING
from reconciler.cli.help import SectionedGroup

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from reconciler.cli.completing import Values
    from reconciler.diagnostics import Diagnostic

COMMANDS: Mapping[str, tuple[str, str]] = {
    "plan": ("plan", "Show what apply would do."),
    "apply": ("apply", "Show the plan, ask, and apply it."),
    "drift": ("drift", "Show what differs from the manifests; exit 2 if anything does."),
    "compare": ("compare", "Show what differs between two sites; exit 2 if anything does."),
    "accept": ("accept", "Take the server's values into the manifests."),
    "snapshot": ("snapshot", "Copy a live server into a file, to rehearse on."),
    "validate": ("validate", "Check manifests without a server."),
    "fmt": ("fmt", "Bring manifests into their canonical form."),
    "show": ("show", "Show a plan file."),
    "explain": ("explain", "Say why a field is planned, kept or left alone."),
    "graph": ("graph", "Show how chats come to their strategies, live and planned."),
    "export": ("export", "Write manifests of what is on a server."),
    "runs": ("runs", "List runs, and how they ended."),
    "undo": ("undo", "Revert a run."),
    "recover": ("recover", "Finish what an interrupted run left half done."),
    "adopt": ("adopt", "Let gwe manage what was there before it."),
    "destroy": ("destroy", "Delete all that gwe created or adopted for a site."),
    "lock": ("lock", "Show or release the lock in Configuration Server."),
    "demo": ("demo", "Try everything on a sample site, in a new folder."),
    "init": ("init", "Create a folder with manifests, schemas and a gwe.toml."),
    "doctor": ("doctor", "Check connectivity and permissions."),
    "embedded": ("embedded", "Create and inspect embedded Configuration Servers."),
    "drop-in": ("drop_in.install", "Replace the vendor's Provisioning Tool."),
    "schema": ("schema", "Print or write the JSON Schemas of manifests, plans and reports."),
    "completion": ("completion", "Print the completion script of a shell."),
    "help": ("about", "Show the help of a command."),
    "version": ("about", "Show the version of gwe."),
}
"""Command -> (module in ``reconciler.cli``, one line of help). The module's ``command`` is the
command or, in a module with several commands, the function with its name."""

_SECTIONS = {"Every day": "plan", "Runs": "runs", "Set up": "demo"}
"""Section of the list of commands -> its first command."""


class _LazyGroup(SectionedGroup):
    """Imports the module of a command when it is used. Help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, "command", None) or module.COMMANDS[cmd_name]
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Runs a command. If it fails, its error says which files it had written."""
        from reconciler.files.written import recorded  # noqa: PLC0415 - help writes no file

        with recorded() as written:
            try:
                return super().invoke(ctx)
            except (Exception, KeyboardInterrupt) as error:
                from reconciler.cli.failures import naming_files  # noqa: PLC0415 - only for errors

                raise naming_files(error, written.shown()) from error

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Click would import every command to find out whether it is hidden. None is."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for a shell

        found = [
            CompletionItem(name, help=line)
            for name, (_, line) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:  # click does not know lazy commands
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=COMMANDS, ctx=ctx
            ) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        names, starts = list(COMMANDS), [*_SECTIONS.values(), None]
        for title, start, end in zip(_SECTIONS, starts, starts[1:], strict=False):
            last = names.index(end) if end else None
            with formatter.section(title):
                formatter.write_dl(
                    [(name, COMMANDS[name][1]) for name in names[names.index(str(start)) : last]],
                    col_max=12,
                )


@click.group(cls=_LazyGroup)
@click.version_option(reconciler.__version__, "-V", "--version", prog_name="gwe")
def gwe() -> None:
    """Declarative reconciler for Genesys Web Engagement in Configuration Server.

    YAML manifests declare what should exist; plan shows the difference, apply writes it,
    drift checks whether the server still matches.

    Exit codes: 0 done, 1 failed with nothing written, 2 changes or drift found,
    3 refused, 4 stale or locked, 5 partly applied, 64 wrong usage.
    """


def main(arguments: list[str] | None = None) -> int:
    """Runs one command, or completes a command line for a shell. Returns the exit code."""
    return explained(lambda: run_command(arguments))


def run_command(arguments: list[str] | None) -> int:
    """Runs one command. Returns its exit code. The caller explains its errors."""
    result = gwe.main(
        args=arguments,
        prog_name="gwe",
        complete_var=COMPLETING,
        standalone_mode=False,
        obj=_completed_values(),
    )
    return int(result) if isinstance(result, int) else 0


def _completed_values() -> "Values | None":
    """The completion for the shell that asks for it; None: no shell asks."""
    if COMPLETING not in os.environ:
        return None
    from reconciler.cli import shells  # noqa: F401, PLC0415 - the completion class of each shell
    from reconciler.cli.complete_values import VALUES  # noqa: PLC0415

    return VALUES


def explained(
    work: Callable[[], int], reworded: "Callable[[Diagnostic], Diagnostic] | None" = None
) -> int:
    """Runs ``work`` and prints its errors, ``reworded``. Returns the exit code."""
    try:
        return int(work())
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - what is none of ours is a defect
        from reconciler.cli.failures import explain  # noqa: PLC0415 - only for errors

        return int(explain(error, reworded))
