"""``gwe``: the group of commands, and the only place that turns errors into exit codes."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import click

import reconciler
from reconciler.cli.help import SectionedGroup
from reconciler.diagnostics import Diagnostic, defect
from reconciler.errors import ExitCode, ReconcilerError
from reconciler.render.console import say, say_lines
from reconciler.visible_text import escaped

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

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
    "drop-in": ("drop_in_install", "Replace the vendor's Provisioning Tool."),
    "schema": ("schema", "Print or write the JSON Schemas of manifests, plans and reports."),
    "completion": ("completion", "Print the completion script of a shell."),
    "help": ("about", "Show the help of a command."),
    "version": ("about", "Show the version of gwe."),
}
"""Command -> (module in ``reconciler.cli``, one line of help). The module's ``command`` is
the command, or, in a module of several, the function that is called like it."""

COMPLETING = "_GWE_COMPLETE"
"""The environment variable with which a shell asks for completions."""

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

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem[str]]":
        """Click would import every command to ask it whether it is hidden. None is."""
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
        except click.exceptions.NoSuchCommand as error:  # click knows no lazy commands
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


def _explain_usage(error: click.ClickException) -> None:
    """Prints what click says about an argument, which it repeats."""
    message = error.format_message()
    if isinstance(error, click.MissingParameter):  # click lists the choices one below the other
        message = " ".join(message.split())
    message = escaped(message)
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context and "unexpected extra argument" in message and _names_manifests(context.command):
        message += "\nManifests are named with -f, such as -f queues.yaml."
    click.UsageError(message, context).show(sys.stderr)


def _names_manifests(command: click.Command) -> bool:
    return any("-f" in parameter.opts for parameter in command.params)


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; its exit code."""

    if COMPLETING in os.environ:
        importlib.import_module("reconciler.cli.completion")  # how each shell is answered

    def work() -> int:
        result = gwe.main(
            args=arguments, prog_name="gwe", complete_var=COMPLETING, standalone_mode=False
        )
        return int(result) if isinstance(result, int) else int(ExitCode.DONE)

    return explained(work)


def explained(
    work: Callable[[], int], reworded: Callable[[Diagnostic], Diagnostic] = lambda problem: problem
) -> int:
    """Runs ``work`` and prints its errors, ``reworded``; the exit code."""
    try:
        return int(work())
    except ReconcilerError as error:
        from reconciler.render.console import make_console  # noqa: PLC0415 - only for errors
        from reconciler.render.messages import print_diagnostics  # noqa: PLC0415

        print_diagnostics(
            make_console(stderr=True), [reworded(problem) for problem in error.diagnostics]
        )
        return int(error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        say_lines(error.format_message(), err=True)
        return int(ExitCode.USAGE)
    except click.ClickException as error:
        _explain_usage(error)
        return int(ExitCode.USAGE)
    except (click.Abort, KeyboardInterrupt):
        if sys.stderr.isatty():
            say(err=True)
        say("Interrupted; nothing was written.", err=True)
        return int(ExitCode.FAILED)
    except BrokenPipeError:
        return int(ExitCode.FAILED)
    except OSError as error:
        # Code that reads or writes files explains its own errors: this one is about output.
        say(f"error: the output cannot be written: {error.strerror}", err=True)
        return int(ExitCode.FAILED)
    except Exception as error:  # noqa: BLE001 - a defect; the error's text may hold a secret
        say(f"error: {defect(error)}", err=True)
        return int(ExitCode.FAILED)
