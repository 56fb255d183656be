"""The page of commands: every command with its examples and options."""

from collections import Counter
from collections.abc import Iterator, Sequence

from scripts.reference.command_line import CommandHelp, OptionHelp, all_commands
from scripts.reference.markdown import code, prose, table

_SHARED_BY = 4
"""An option that at least so many commands have, with the same words, is described once."""

_OWN = "Options"
"""The section in which a command has its own options."""

_INTRODUCTION = """\
# Commands

Every command with its examples and options, as `gwe help COMMAND` prints them. What a command
line does not say comes from [environment variables](environment.md), then from
[`gwe.toml`](settings.md). [Exit codes](errors.md) says what a command ends with.

Options that several commands have are described in [Shared options](#shared-options); each command
names those that it takes.
"""


def page() -> str:
    """Markdown."""
    commands = all_commands()
    shared = _shared(commands)
    parts = [_INTRODUCTION, _contents(commands)]
    parts += ["\n".join(_command(one, shared)) for one in commands[1:]]
    return "\n".join([*parts, _shared_options(commands, shared)])


def _shared(commands: Sequence[CommandHelp]) -> set[OptionHelp]:
    counted = Counter(option for one in commands for _, found in one.options for option in found)
    return {option for option, number in counted.items() if number >= _SHARED_BY}


def _contents(commands: Sequence[CommandHelp]) -> str:
    rows = [(f"[`{one.path}`](#{_anchor(one.path)})", prose(one.summary)) for one in commands[1:]]
    return table(("command", "what it does"), rows)


def _command(one: CommandHelp, shared: set[OptionHelp]) -> Iterator[str]:
    yield f"## {one.path}\n"
    yield f"```text\n{one.usage}\n```\n"
    yield from (f"{prose(part)}\n" for part in one.text)
    if one.examples:
        lines = "\n".join(one.examples)
        yield f"Examples:\n\n```text\n{lines}\n```\n"
    if one.commands:
        links = ", ".join(f"[`{path}`](#{_anchor(path)})" for path in one.commands)
        yield f"Its commands: {links}.\n"
    own = [option for _, found in one.options for option in found if option not in shared]
    if own:
        yield _options(own)
    common = [option for _, found in one.options for option in found if option in shared]
    if common:
        names = ", ".join(code(option.name) for option in common)
        yield f"Shared options: {names}.\n"
    if one.hidden:
        yield "The options of site and connection of `gwe plan` are accepted too, and ignored.\n"


def _options(options: Sequence[OptionHelp]) -> str:
    return table(("option", "meaning"), [(code(one.names), prose(one.text)) for one in options])


def _shared_options(commands: Sequence[CommandHelp], shared: set[OptionHelp]) -> str:
    by_section: dict[str, list[OptionHelp]] = {}
    for one in commands:
        for title, found in one.options:
            known = by_section.setdefault(title, [])
            known += [option for option in found if option in shared and option not in known]
    elsewhere = {one for title, found in by_section.items() if title != _OWN for one in found}
    by_section[_OWN] = [one for one in by_section.get(_OWN, []) if one not in elsewhere]
    texts = [f"### {title}\n\n{_options(found)}" for title, found in by_section.items() if found]
    return "\n".join(["## Shared options\n", *texts])


def _anchor(path: str) -> str:
    """The anchor of a command's heading."""
    return path.replace(" ", "-")
