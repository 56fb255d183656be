"""``gwe`` in a terminal of its own: a pseudo terminal with someone who types."""

import os
import pty
import select
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.harness import state_folder
from tests.warm import WarmProcesses

InTerminal = Callable[..., tuple[int, str]]
"""``run_in_terminal``, with processes."""


def run_in_terminal(
    processes: WarmProcesses,
    *arguments: str | Path,
    cwd: Path,
    answer: str = "",
    asked: str = "[y/N]",
    elsewhere: Mapping[str, Path] | None = None,
    **extra: str,
) -> tuple[int, str]:
    """Runs gwe in a terminal of 80 columns, types ``answer`` once it shows ``asked``; the
    exit code and what the terminal shows. Ctrl-C is pressed again until it is heard, as
    people do: Python sees none that comes just before it waits for a key. ``elsewhere``:
    streams that lead to a file instead of the terminal."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    environment.pop("NO_COLOR", None)
    environment |= {"TERM": "xterm-256color", "COLUMNS": "80", **extra}
    environment["GWE_STATE_DIR"] = str(state_folder(cwd))
    ours, theirs = pty.openpty()
    files = {
        name: path.open("rb" if name == "stdin" else "ab")
        for name, path in (elsewhere or {}).items()
    }
    process = processes.start(
        arguments,
        cwd,
        environment,
        stdin=files.get("stdin", theirs),
        stdout=files.get("stdout", theirs),
        stderr=files.get("stderr", theirs),
    )
    os.close(theirs)
    for file in files.values():
        file.close()
    shown = b""
    pressed = 0
    while True:
        if not select.select([ours], [], [], 5 if pressed else 60)[0]:
            if not 0 < pressed < 30:
                break
            os.write(ours, b"\x03")
            pressed += 1
            continue
        try:
            block = os.read(ours, 65536)
        except OSError:
            break
        if not block:
            break
        shown += block
        if answer and asked.encode() in shown:
            os.write(ours, answer.encode())
            pressed = int(answer == "\x03")
            answer = ""
    os.close(ours)
    return process.wait(60), shown.decode().replace("\r\n", "\n")
