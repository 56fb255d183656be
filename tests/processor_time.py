"""The processor time that tests take, which says more than their duration where a machine is
busy: of a process and of all the processes that it has started, also those that still run."""

import os
import resource
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds() -> float:
    """Of this process, of those that it has waited for and, on Linux, of its others."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in found) + _running(Path("/proc/self"))


def _running(process: Path) -> float:
    """Of the processes below a process in ``/proc`` and of those that they have waited for."""
    total = 0.0
    for child in _children(process):
        with suppress(OSError):  # it has ended
            after_name = (child / "stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, after_name[11:15])) / _TICKS + _running(child)
    return total


def _children(process: Path) -> Iterator[Path]:
    with suppress(OSError):
        for task in (process / "task").iterdir():
            for pid in (task / "children").read_text().split():
                yield Path("/proc", pid)
