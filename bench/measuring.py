"""What the sections share: whole processes measured by the system, and rows of Markdown."""

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler.cli.main import main as gwe
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import ConfObject

RUNS = 3
APP = "Web_Engagement_Server"
GWE = (sys.executable, "-m", "reconciler")
MEASURE = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(process, 0)
print(status, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""Runs a command. A process starts with the peak memory of its parent, so this program must be
small."""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, each as soon as its row is measured."""
    yield f"| {' | '.join(columns)} |"
    yield f"| {' | '.join('---' for _ in columns)} |"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def met(reached: bool) -> str:
    return "met" if reached else "missed"


def run(*arguments: object) -> None:
    """A gwe command in this process, without its output."""
    with redirect_stdout(io.StringIO()):
        gwe([str(argument) for argument in arguments])


def measuring(command: Sequence[str]) -> Sequence[str]:
    """The command that measures a command; ``figures`` reads what it prints."""
    return [sys.executable, "-S", "-c", MEASURE, *command]


def surroundings() -> Mapping[str, str]:
    """The environment of a measured process, which keeps the modules that it compiles."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}


def figures(printed: str) -> tuple[float, float]:
    """Processor seconds and peak MiB. Raises SystemExit if the measured command failed."""
    status, seconds, peak = printed.split()
    if int(status):
        raise SystemExit("a measured command failed")
    return float(seconds), mebibytes(float(peak))


def measured(*arguments: object, cwd: Path | None = None) -> tuple[float, float]:
    """Processor seconds and peak MiB of a gwe command in a separate process."""
    done = subprocess.run(  # noqa: S603 - our own
        measuring([*GWE, *map(str, arguments)]),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=surroundings(),
        check=True,
        cwd=cwd,
    )
    return figures(done.stdout)


def mebibytes(peak: float) -> float:
    """The MiB of a peak as the system reports it."""
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def modules(*arguments: object) -> int:
    """How many modules a gwe command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    return sum(line.startswith("import time:") for line in done.stderr.splitlines()) - 1


def asked(*arguments: object) -> tuple[int, int]:
    """How many requests a gwe command sends, and how many objects are in the answers."""
    found: list[int] = []
    read, read_alike = EmbeddedServer.read, EmbeddedServer.read_alike

    def counted(server: EmbeddedServer, *question: Any) -> list[ConfObject]:
        answer = read(server, *question)
        found.append(len(answer))
        return answer

    def counted_names(server: EmbeddedServer, *question: Any) -> list[ConfObject]:
        found.append(0)  # it reads what it answers with
        return read_alike(server, *question)

    with (
        patch.object(EmbeddedServer, "read", counted),
        patch.object(EmbeddedServer, "read_alike", counted_names),
    ):
        run(*arguments)
    return len(found), sum(found)
