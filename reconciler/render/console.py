"""The terminal: width, colour, styles, and the one way by which text gets there."""

import os
import sys
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

MIN_WIDTH = 40

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

_NEVER_SENT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def make_console(*, no_color: bool = False, stderr: bool = False) -> "Console":
    """A console on standard output or error. NO_COLOR and a pipe turn colour off."""
    from rich.console import Console  # noqa: PLC0415 - 35 ms to import

    plain = no_color or "NO_COLOR" in os.environ
    stream = sys.stderr if stderr else sys.stdout
    # Without a colour system no escape sequence at all is sent.
    system: Literal["auto"] | None = None if plain else "auto"
    return Console(file=stream, color_system=system, highlight=False, markup=False, emoji=False)


def clean(text: str) -> str:
    """``text`` with a replacement for every character that could move the cursor, change
    the terminal or hide what stands beside it. As long as before."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _NEVER_SENT else c for c in text
    )


def emit(console: "Console", line: "Text") -> None:
    """Prints one line. Names and values come from servers and files: see ``clean``."""
    line.plain = clean(line.plain)
    console.print(line, soft_wrap=True)


def width_of(console: "Console") -> int:
    """The columns that a line may have."""
    return max(console.width, MIN_WIDTH)


def message_width(console: "Console") -> int:
    """The columns of a message: those of a terminal; in a log a message is one line."""
    return width_of(console) if console.is_terminal else sys.maxsize


def wrapped(text: str, width: int, first: int = 0, following: int = 0) -> Iterator[str]:
    """``text`` in lines of ``width`` columns, words kept whole. ``first`` and
    ``following``: by how much the lines are indented."""
    line, indent = " " * first, first
    for word in text.split(" "):
        if len(line) > indent and len(line) + 1 + len(word) > width:
            yield line
            line, indent = " " * following, following
        line += word if len(line) == indent else f" {word}"
    yield line


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, cut in the middle; one line."""
    flat = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if len(flat) <= max(width, 8):
        return flat
    room = max(width, 8) - 3
    return f"{flat[: room - room // 2]}...{flat[len(flat) - room // 2 :]}"
