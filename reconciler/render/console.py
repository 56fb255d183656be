"""The terminal: width, colour, styles, and the only function that prints to it."""

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
    """A console on standard output or error. NO_COLOR and pipes turn colour off."""
    from rich.console import Console  # noqa: PLC0415 - 35 ms to import

    plain = no_color or "NO_COLOR" in os.environ
    stream = sys.stderr if stderr else sys.stdout
    # Without a colour system no escape sequence at all is sent.
    system: Literal["auto"] | None = None if plain else "auto"
    return Console(file=stream, color_system=system, highlight=False, markup=False, emoji=False)


def clean(text: str) -> str:
    """Replaces every character that could move the cursor, change the terminal or hide other
    text. The length stays the same."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in _NEVER_SENT else c for c in text
    )


def emit(console: "Console", line: "Text") -> None:
    """Prints one line, cleaned: names and values in it come from servers and files."""
    line.plain = clean(line.plain)
    console.print(line, soft_wrap=True)


def width_of(console: "Console") -> int:
    """The number of columns that a line may have."""
    return max(console.width, MIN_WIDTH)


def message_width(console: "Console") -> int:
    """The number of columns of a message: in a log, each message is one line."""
    return width_of(console) if console.is_terminal else sys.maxsize


def wrapped(text: str, width: int, first: int = 0, following: int = 0) -> Iterator[str]:
    """Wraps text to ``width`` columns between words. ``first`` and ``following``: the indents
    of the first line and of the others."""
    line, indent = " " * first, first
    for word in text.split(" "):
        if len(line) > indent and len(line) + 1 + len(word) > width:
            yield line
            line, indent = " " * following, following
        line += word if len(line) == indent else f" {word}"
    yield line


def shorten(text: str, width: int) -> str:
    """Shortens text to one line of at most ``width`` characters, cut in the middle."""
    flat = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if len(flat) <= max(width, 8):
        return flat
    room = max(width, 8) - 3
    return f"{flat[: room - room // 2]}...{flat[len(flat) - room // 2 :]}"
