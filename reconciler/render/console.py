"""The terminal: width, colour, and the styles of every output."""

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

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


def make_console(*, no_color: bool = False, stderr: bool = False) -> "Console":
    """A console on standard output or error. NO_COLOR and a pipe turn colour off."""
    from rich.console import Console  # noqa: PLC0415 - 35 ms to import

    stream: TextIO = sys.stderr if stderr else sys.stdout
    plain = no_color or "NO_COLOR" in os.environ
    return Console(file=stream, no_color=plain, highlight=False, markup=False, emoji=False)


def shorten(text: str, width: int) -> str:
    """``text`` in at most ``width`` characters, cut in the middle; one line."""
    flat = text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    if len(flat) <= max(width, 8):
        return flat
    room = max(width, 8) - 3
    return f"{flat[: room - room // 2]}...{flat[len(flat) - room // 2 :]}"
