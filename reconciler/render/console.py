"""The only place that prints: every line and every byte of a command's output goes through here.

A line is printed by ``say``, or made by ``styled`` and printed by ``emit``. Both escape what is
invisible in it, line feeds too: no name or value can begin a line or move the cursor, and no caller
can forget to escape it. Output for machines is printed by ``print_data``, as UTF-8 on every
platform. A test checks that no other module prints or makes styled lines.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, TYPE_CHECKING, ClassVar, Literal, TypeAlias

import click
from msgspec import Struct

from reconciler.render.lines import StyledLine
from reconciler.text.visible import escaped

if TYPE_CHECKING:
    from rich.console import Console as RichConsole
    from rich.text import Text
    from rich.tree import Tree

MIN_WIDTH = 40
UNKNOWN_WIDTH = 80

STYLES = {
    "create": "green",
    "update": "yellow",
    "replace": "bold red",
    "delete": "bold red",
    "in-sync": "dim",
    "keep": "cyan",
    "skip": "magenta",
    "blocked": "bold red",
}

SYMBOLS = {
    "create": "+",
    "update": "~",
    "replace": "-/+",
    "delete": "-",
    "in-sync": "=",
    "keep": "k",
    "skip": "s",
    "blocked": "!",
}


_TAKEN_FOR_TERMINALS = ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE")
"""Environment variables by which rich takes a stream for a terminal, or does not."""


class PlainConsole(Struct, frozen=True):
    """A console on a stream that is no terminal: lines are written as they are."""

    file: IO[str]
    width: int
    is_terminal: ClassVar[bool] = False


Console: TypeAlias = "PlainConsole | RichConsole"


def make_console(*, no_color: bool = False, stderr: bool = False) -> Console:
    """A console on standard output or error. NO_COLOR and pipes turn colour off."""
    stream = sys.stderr if stderr else sys.stdout
    if not stream.isatty() and not any(map(os.environ.get, _TAKEN_FOR_TERMINALS)):
        return PlainConsole(stream, columns_of(stream))
    return _rich_console(stream, columns_of(stream), plain=no_color or "NO_COLOR" in os.environ)


def _rich_console(stream: IO[str], width: int, *, plain: bool) -> "RichConsole":
    from rich.console import Console as RichConsole  # noqa: PLC0415 - 35 ms to import

    # Without a colour system no escape sequence at all is sent.
    system: Literal["auto"] | None = None if plain else "auto"
    return RichConsole(
        file=stream,
        width=width,
        color_system=system,
        highlight=False,
        markup=False,
        emoji=False,
    )


def columns_of(stream: IO[str]) -> int:
    """COLUMNS, else the width of the terminal. If both are absent or 0, it is unknown."""
    with suppress(ValueError):
        if (columns := int(os.environ.get("COLUMNS", ""))) > 0:
            return columns
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or UNKNOWN_WIDTH
    return UNKNOWN_WIDTH


def say(line: str = "", *, err: bool = False, to: IO[str] | None = None) -> None:
    """Prints a line without a style; needs no console. ``to``: another stream."""
    text, stream = escaped(line), to or (sys.stderr if err else sys.stdout)
    if len(text) > MIN_WIDTH and stream.isatty():
        text = "\n".join(part.plain for part in folded(styled(text), columns_of(stream)))
    click.echo(text, file=stream)


def say_command(line: str) -> None:
    """Prints a command to be copied: it is never broken into lines."""
    click.echo(escaped(line))


def prompt(question: str, terminal: IO[str]) -> None:
    """Prints a question on a terminal; the answer is typed on the same line."""
    terminal.write(escaped(question))
    terminal.flush()


def overwrite(text: str, terminal: IO[str], width: int) -> None:
    """Prints a text over the present line, which has ``width`` columns."""
    terminal.write(f"\r{escaped(text):<{width}}")
    terminal.flush()


def say_lines(text: str, *, err: bool = False) -> None:
    """Prints lines that contain no untrusted text, such as a usage."""
    for line in text.splitlines():
        say(line, err=err)


def styled(*parts: str | tuple[str, str] | StyledLine, style: str = "") -> StyledLine:
    """A line for ``emit``, made of texts, of texts with a style, and of other lines."""
    made = StyledLine(style)
    for part in parts:
        if isinstance(part, str):
            made.append(escaped(part), "")
        elif isinstance(part, tuple):
            made.append(escaped(part[0]), part[1])
        else:
            made.append_line(part)
    return made


def emit(console: Console, *lines: StyledLine) -> None:
    """Prints lines that ``styled`` has made, and flushes the stream."""
    if isinstance(console, PlainConsole):
        console.file.writelines(f"{line.plain}\n" for line in lines)
        console.file.flush()
        return
    for line in lines:
        for part in folded(line, width_of(console)) if console.is_terminal else (line,):
            console.print(as_text(part), soft_wrap=True)


def as_text(line: StyledLine) -> "Text":
    """A line as rich knows it, for a tree."""
    from rich.text import Text  # noqa: PLC0415 - see ``_rich_console``

    made = Text(style=line.style)
    for text, styles in line.parts:
        start = len(made)
        made.append(text)
        for style in styles:
            made.stylize(style, start)
    return made


def emit_tree(console: Console, tree: "Tree") -> None:
    """Prints a tree whose labels ``styled`` has made. In a pipe, each label is one line."""
    if isinstance(console, PlainConsole):
        console = _rich_console(console.file, sys.maxsize, plain=True)
    elif not console.is_terminal:
        console.width = sys.maxsize
    console.print(tree)


def print_data(text: str) -> None:
    """Prints text for machines as it is, in UTF-8 whatever the encoding of the terminal is."""
    click.echo(text.encode(), nl=False)


def folded(line: StyledLine, width: int, following: int = 0) -> Sequence[StyledLine]:
    """A line, broken into lines of at most ``width`` columns by ``between_words``. ``following``:
    the indent of the lines after the first, which shows that they continue it; 0: four columns more
    than the first line has, but at most half of the width."""
    if line.cell_len <= width:
        return [line]
    if not following:
        indent = len(line.plain) - len(line.plain.lstrip(" "))
        following = min(indent + 4, width // 2)
    from reconciler.render.wrapping import between_words  # noqa: PLC0415 - few lines are too long

    *pieces, _last = between_words(line.plain, width, width - following)
    head, *rest = line.divide(map(len, pieces))
    made = [head, *(styled(" " * following, piece) for piece in rest)]
    # A blank in the column behind the last one would be a row of its own.
    return [piece.without_end_blanks() for piece in made]


def width_of(console: Console) -> int:
    """The number of columns that a line may have."""
    return max(console.width, MIN_WIDTH)


def message_width(console: Console) -> int:
    """The number of columns of a message: in a log, each message is one line."""
    return width_of(console) if console.is_terminal else sys.maxsize
