"""Manual pages for ``man``: one for each command, as ``git`` has them, and one for
the drop-in."""

import re
from collections.abc import Iterator, Sequence

from scripts.reference.command_line import CommandHelp, OptionHelp, all_commands, drop_in
from scripts.reference.errors import exit_codes

_WRITTEN = '.\\" Written by `make reference` from the commands themselves.\n'


def pages() -> dict[str, str]:
    """Name of the file, such as ``gwe-runs-show.1`` -> its text in the macros of man(7)."""
    commands = all_commands()
    by_path = {one.path: one for one in commands}
    written = [*commands, drop_in()]
    return {f"{_name(one.path)}.1": "".join(_page(one, by_path)) for one in written}


def _page(one: CommandHelp, known: dict[str, CommandHelp]) -> Iterator[str]:
    name = _name(one.path)
    yield f'{_WRITTEN}.TH "{name.upper()}" "1" "" "gwe\\-reconciler" "Commands of gwe"\n'
    yield f".SH NAME\n{_text(name)} \\- {_text(one.summary.rstrip('.'))}\n"
    yield f".SH SYNOPSIS\n.B {_text(one.usage)}\n.SH DESCRIPTION\n"
    yield "".join(f".PP\n{_text(part)}\n" for part in one.text)
    if one.examples:
        lines = "\n".join(map(_text, one.examples))
        yield f".SH EXAMPLES\n.nf\n{lines}\n.fi\n"
    for title, options in one.options:
        yield f".SH {_text(title).upper()}\n{''.join(map(_option, options))}"
    if one.commands:
        yield f".SH COMMANDS\n{''.join(_command(known[path]) for path in one.commands)}"
    if one.path == "gwe":
        yield f".SH EXIT STATUS\n{''.join(_exit_codes())}"
    yield f".SH SEE ALSO\n{_see_also(one, known)}\n"


def _option(option: OptionHelp) -> str:
    return f".TP\n.B {_text(option.names)}\n{_text(option.text)}\n"


def _command(one: CommandHelp) -> str:
    return f".TP\n.BR {_text(_name(one.path))} (1)\n{_text(one.summary)}\n"


def _exit_codes() -> Iterator[str]:
    for number, _, meaning in exit_codes():
        yield f".TP\n.B {number}\n{_text(meaning.replace('`', ''))}\n"


def _see_also(one: CommandHelp, known: dict[str, CommandHelp]) -> str:
    group = one.path.rpartition(" ")[0]
    named = re.findall(r"gwe [a-z-]+(?: [a-z-]+)?", " ".join([*one.text, *one.examples]))
    near = [group, *(path for path in named if path != one.path)]
    paths: Sequence[str] = [path for path in dict.fromkeys(near) if path in known]
    return ",\n".join(f".BR {_text(_name(path))} (1)" for path in paths or ["gwe help"])


def _name(path: str) -> str:
    return path.replace(" ", "-")


def _text(text: str) -> str:
    """Text in which nothing is a request or an escape of roff."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return re.sub(r"^(?=\.)", "\\&", escaped.replace('"', "\\(dq"))
