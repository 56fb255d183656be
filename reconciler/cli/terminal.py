"""Whether somebody can be asked, how questions are asked, and whether this machine outlives the
job."""

import os
import sys
import time
from contextlib import ExitStack, suppress
from typing import IO

import click

from reconciler.errors import UsageError
from reconciler.render.console import prompt, say

_DEVICES = (
    (("CONIN$", "r"), ("CONOUT$", "w"))
    if os.name == "nt"
    else (("/dev/tty", "r"), ("/dev/tty", "w"))
)
"""The terminal of this process, for reading and for writing, wherever its streams are
redirected."""

_NO_TERMINAL = "there is no terminal to ask on"

_READING_TIME = 0.3
"""The seconds that a program such as tee gets to show the plan on the terminal, so that the
question appears below it."""


def is_interactive() -> bool:
    """Whether a person can be asked: standard input or standard error is a terminal. Standard
    output may go to a file or a pipe."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def check_can_ask(*, auto_approve: bool, hint: str = "") -> None:
    """UsageError if approval was not given and nobody can be asked for it. ``hint``: what to do
    instead, if the question is not about a plan."""
    if not auto_approve and not is_interactive():
        raise UsageError(_NO_TERMINAL, hint or "Review gwe plan, then use --auto-approve.")


def confirm(question: str) -> bool:
    """Asks a person a question, after what was printed before has appeared. Anything but y or yes
    means no. click.Abort if the terminal is closed or Ctrl-C is pressed."""
    _let_read()
    with ExitStack() as open_files:
        reader, writer = _terminal(open_files)
        while True:
            prompt(f"{question} [y/N]: ", writer)
            line = reader.readline()
            if not line:
                raise click.Abort
            answer = line.strip().lower()
            if answer in ("y", "yes"):
                return True
            if answer in ("", "n", "no"):
                return False
            say("Please answer y or n.", to=writer)


def confirm_name(question: str, name: str) -> bool:
    """Asks a person to type a name, and says whether that is what was typed. Errors: see
    ``confirm``."""
    _let_read()
    with ExitStack() as open_files:
        reader, writer = _terminal(open_files)
        prompt(f"{question}: ", writer)
        line = reader.readline()
        if not line:
            raise click.Abort
        return line.strip() == name


def _let_read() -> None:
    """Flushes standard output, and waits until it has appeared on the terminal."""
    with suppress(OSError):  # the reader of the pipe may be gone, but the person is not
        sys.stdout.flush()
    if not sys.stdout.isatty():
        time.sleep(_READING_TIME)


def _terminal(open_files: ExitStack) -> tuple[IO[str], IO[str]]:
    """The terminal to read from and to write to: the process's own, else the streams.
    UsageError if neither can be used."""
    try:
        reader, writer = (
            open_files.enter_context(open(device, mode, encoding="utf-8", errors="replace"))  # noqa: SIM115 - the stack closes it
            for device, mode in _DEVICES
        )
    except OSError as error:
        if sys.stdin.isatty():
            return sys.stdin, sys.stderr
        hint = "Review what is shown above, then use --auto-approve."
        raise UsageError(_NO_TERMINAL, hint) from error
    return reader, writer


def in_ci() -> bool:
    """Whether a CI job runs this command, on a machine that ends with it (variable CI)."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")
