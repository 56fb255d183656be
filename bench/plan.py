"""What a command costs before it writes: start, load, plan and output.

Every command is a separate process without a terminal, on fresh files; its figures are the
system's, medians of three runs. Processor time is user and system time together. Counts do not
depend on the machine: modules imported, requests to the server, and objects in its answers.
"""

import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.measuring import APP, RUNS, asked, measured, met, modules, run, table
from bench.sites import fill, objects, write_manifests

COUNT = 10_000


def commands(folder: Path) -> Iterator[tuple[str, float, bool, Sequence[object]]]:
    """What is measured, the aim in seconds on an idle machine, whether the manifests are cached by
    an earlier command, and the arguments."""
    bare, provisioned, full = (folder / f"{name}.db" for name in ("bare", "provisioned", "full"))
    for server in (bare, provisioned, full):
        run("embedded", "init", server)
    state = ("--app", APP, "--state-dir", folder / "state")
    bundled = ("-f", "bundled", *state, "--server")
    run("apply", *bundled, f"embedded:{provisioned}", "--auto-approve", "--quiet")
    fill(full, objects(COUNT))
    many, single = folder / "many", folder / "single"
    write_manifests(many, objects(COUNT))
    write_manifests(single, objects(COUNT), per_file=1)
    first, empty = (("plan", *bundled, f"embedded:{one}") for one in (bare, provisioned))
    yield "help", 0.06, True, ("--help",)
    yield "version", 0.06, True, ("--version",)
    yield "bundled manifests, first plan", 0.25, False, first
    yield "bundled manifests, empty plan", 0.2, True, empty
    yield "bundled manifests, plan --overwrite", 0.25, True, (*empty, "--overwrite")
    yield "10,000 manifests, validate", 1.0, False, ("validate", "-f", many)
    yield "the same again", 0.3, True, ("validate", "-f", many)
    yield "10,000 manifests, one a file, validate", 2.0, False, ("validate", "-f", single)
    yield "the same again", 1.0, True, ("validate", "-f", single)
    new = ("plan", "-f", many, *state, "--server", f"embedded:{bare}")
    yield "10,000 manifests, plan, all new", 2.5, True, new
    same = ("plan", "-f", many, *state, "--server", f"embedded:{full}")
    yield "10,000 manifests, plan, nothing to do", 1.5, True, same


def rows(folder: Path) -> Iterable[Sequence[str]]:
    for name, aim, known, arguments in commands(folder):
        measured(*arguments)  # it compiles the modules
        runs = [_run(folder, known, arguments) for _ in range(RUNS)]
        seconds, peak = (statistics.median(figures) for figures in zip(*runs, strict=True))
        requests, found = asked(*arguments) if "plan" in arguments else (0, 0)
        yield (
            name,
            f"{seconds:.2f} s",
            f"{aim:.2f} s: {met(seconds <= aim)}",
            f"{peak:.0f} MiB",
            str(modules(*arguments)),
            f"{requests:,}",
            f"{found:,}",
        )


def _run(folder: Path, known: bool, arguments: Sequence[object]) -> tuple[float, float]:
    """Before it, the manifests are ``known`` or not."""
    if not known:
        shutil.rmtree(folder / "cache", ignore_errors=True)
    return measured(*arguments)


def start_of_python() -> float:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


def lines(folder: Path) -> Iterator[str]:
    started = statistics.median(start_of_python() for _ in range(2 * RUNS + 1))
    yield f"Python itself starts in {started * 1e3:.0f} ms of processor time."
    yield ""
    columns = ("command", "processor time", "aim", "peak", "modules", "requests", "objects")
    yield from table(columns, rows(folder))
