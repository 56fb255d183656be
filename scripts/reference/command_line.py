"""All commands as values: what ``gwe COMMAND --help`` prints, for pages in other forms; and
what the drop-in for the vendor's tool prints."""

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from reconciler.cli.drop_in.arguments import USAGE
from reconciler.cli.examples import EXAMPLES
from reconciler.cli.help import option_sections
from reconciler.cli.main import COMMANDS, gwe

_WIDE = 100_000


@dataclass(frozen=True)
class OptionHelp:
    """``key``: the parameter's own name; ``name``: such as ``--file``; ``names``: all of them
    as help writes them, with the value; ``variable``: that of the environment, if any."""

    key: str
    name: str
    names: str
    text: str
    variable: str


@dataclass(frozen=True)
class CommandHelp:
    """``path``: such as ``gwe runs show``. ``summary``: one sentence; ``text``: paragraphs.
    ``options`` by section. ``hidden``: whether it accepts and ignores options of others."""

    path: str
    summary: str
    usage: str
    text: Sequence[str]
    examples: Sequence[str]
    options: Sequence[tuple[str, Sequence[OptionHelp]]]
    commands: Sequence[str]
    hidden: bool


def all_commands() -> list[CommandHelp]:
    """Every command, a group before its commands; the first is ``gwe`` itself."""
    return list(_commands(gwe, click.Context(gwe, info_name="gwe", max_content_width=_WIDE)))


def drop_in() -> CommandHelp:
    """The help of ``webengagement_provisioning``."""
    usage, options, *text = USAGE.removeprefix("Usage: ").strip().split("\n\n")
    found = re.findall(r"^  (-.+?)  +(.+(?:\n    +.+)*)", options, re.MULTILINE)
    return CommandHelp(
        path=usage.partition(" ")[0],
        summary="Provision a site as the vendor's Provisioning Tool does, with gwe.",
        usage=" ".join(usage.split()),
        text=[" ".join(part.split()) for part in text],
        examples=(),
        options=[("Options", [OptionHelp(n, n, n, " ".join(one.split()), "") for n, one in found])],
        commands=(),
        hidden=False,
    )


def _commands(command: click.Command, context: click.Context) -> Iterator[CommandHelp]:
    inner = _inner(command, context)
    options = [one for one in command.get_params(context) if isinstance(one, click.Option)]
    sections = [
        (title, [_option(one, context) for one in found if not one.hidden])
        for title, found in option_sections(options)
    ]
    text = [" ".join(part.split()) for part in _paragraphs(command)]
    path = context.command_path.partition(" ")[2]
    yield CommandHelp(
        path=context.command_path,
        summary=COMMANDS[path][1]
        if path in COMMANDS
        else text[0].partition(". ")[0].rstrip(".") + ".",
        usage=" ".join([context.command_path, *command.collect_usage_pieces(context)]),
        text=text,
        examples=EXAMPLES.get(path, ()),
        options=[(title, found) for title, found in sections if found],
        commands=[one.command_path for one in inner],
        hidden=any(one.hidden for one in options),
    )
    for one in inner:
        yield from _commands(one.command, one)


def _inner(command: click.Command, context: click.Context) -> list[click.Context]:
    """A context for each command of a group."""
    if not isinstance(command, click.Group):
        return []
    found = ((name, command.get_command(context, name)) for name in command.list_commands(context))
    return [click.Context(one, info_name=name, parent=context) for name, one in found if one]


def _paragraphs(command: click.Command) -> list[str]:
    text = inspect.cleandoc(command.help or "").replace("\b", "")
    return [part for part in text.split("\n\n") if part.strip()]


def _option(option: click.Option, context: click.Context) -> OptionHelp:
    names, text = option.get_help_record(context) or ("", "")
    long = next((name for name in option.opts if name.startswith("--")), option.opts[0])
    variable = option.envvar if isinstance(option.envvar, str) else ""
    return OptionHelp(str(option.name), long, names, " ".join(text.split()), variable)
