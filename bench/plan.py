"""What a command costs before it reaches a server: start, load, plan and output. Two tables.

``make bench`` runs it after ``embedded.py``. Every operation is a process of its own without a
terminal, on fresh files; its figures are the system's, medians of three runs. Processor time is
user and system time together. Counts do not depend on the machine: modules imported, requests
to the server, and objects in its answers. The second table has single runs of more and more
manifests, and the exponent of the growth between them: 1 is linear.
"""

import io
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from reconciler.cli.main import main as gwe
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import ConfObject

RUNS = 3
COUNT = 10_000
GROWTH = (1_000, 10_000, 100_000)
ROUTINGS = 50
ENHANCED_ROUTING, QUEUE, VIEW = 6, 23, 24
APP = "Web_Engagement_Server"

MANIFEST = """\
apiVersion: reconciler/v1
kind: {kind}
metadata: {{name: {name}}}
spec: {{annex: {{{section}: {{{option}: "{value}"}}}}}}
"""


def objects(count: int) -> Iterator[tuple[str, int, str, str, str, str]]:
    """Kind, script type, name, and the one option, of what the manifests declare: a queue and its
    view in turn, and the routing scripts that the queues refer to."""
    for number in range(ROUTINGS):
        yield "EnhancedRouting", ENHANCED_ROUTING, f"R{number}", "Application", "url", "http://r"
    for number in range((count - ROUTINGS) // 2):
        routing = f"script:R{number % ROUTINGS}"
        yield "InteractionQueue", QUEUE, f"Q{number}", "Orchestration", "application", routing
        yield "InteractionQueueView", VIEW, f"Q{number}.View", "View", "Queue", f"Q{number}"


def write_manifests(folder: Path, count: int, per_file: int) -> None:
    folder.mkdir()
    written = [
        MANIFEST.format(kind=kind, name=name, section=section, option=option, value=value)
        for kind, _, name, section, option, value in objects(count)
    ]
    for start in range(0, count, per_file):
        text = "---\n".join(written[start : start + per_file])
        (folder / f"{start:06}.yaml").write_text(text, encoding="utf-8")


def fill(path: Path, count: int) -> None:
    """Creates on the server what the manifests declare."""
    server, kind = EmbeddedServer(path), OBJECT_TYPES["Script"]
    with server.store.writing():
        folder = server.engine.folders().default(kind, ("Tenant", 101))
        for _, script_type, name, section, option, value in objects(count):
            attributes = {
                "tenantDBID": 101,
                "name": name,
                "type": script_type,
                "userProperties": {section: {option: value}},
            }
            server.insert(kind, validation.complete(kind, attributes), folder)
    server.close()


def run(*arguments: object) -> None:
    with redirect_stdout(io.StringIO()):
        gwe([str(one) for one in arguments])


def asked(*arguments: object) -> tuple[int, int]:
    """How many requests a command sends, and how many objects are in the answers."""
    found: list[int] = []
    read, read_alike = EmbeddedServer.read, EmbeddedServer.read_alike

    def counted(server: EmbeddedServer, *question: Any) -> list[ConfObject]:
        answer = read(server, *question)
        found.append(len(answer))
        return answer

    def counted_names(server: EmbeddedServer, *question: Any) -> list[ConfObject]:
        found.append(0)  # it reads what it answers with
        return read_alike(server, *question)

    EmbeddedServer.read = counted  # type: ignore[method-assign]
    EmbeddedServer.read_alike = counted_names  # type: ignore[method-assign]
    try:
        run(*arguments)
    finally:
        EmbeddedServer.read = read  # type: ignore[method-assign]
        EmbeddedServer.read_alike = read_alike  # type: ignore[method-assign]
    return len(found), sum(found)


MEASURE = """
import os, sys
quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=quiet)
_, status, used = os.wait4(process, 0)
print(status, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""
"""Runs a command. A process begins with the peak of the one that starts it: that must be small."""


def measured(*arguments: object) -> tuple[float, float]:
    """Processor seconds and peak MiB of one ``gwe``, without what compiles its modules."""
    command = [sys.executable, "-m", "reconciler", *map(str, arguments)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-S", "-c", MEASURE, *command],
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env=environment,
        check=True,
    )
    status, seconds, peak = done.stdout.split()
    if int(status):
        raise SystemExit(f"a command of the bench failed: {command!r}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return float(seconds), float(peak) / unit


def modules(*arguments: object) -> int:
    """How many modules a command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    return sum(line.startswith("import time:") for line in done.stderr.splitlines()) - 1


def operations(folder: Path) -> Iterator[tuple[str, float, bool, Sequence[object]]]:
    """What is measured, the aim in seconds on a quiet machine, whether the manifests are known
    from an earlier command, and the arguments."""
    bare, provisioned, full = (folder / f"{name}.db" for name in ("bare", "provisioned", "full"))
    for server in (bare, provisioned, full):
        run("embedded", "init", server)
    state = ("--app", APP, "--state-dir", folder / "state")
    bundled = ("-f", "bundled", *state, "--server")
    run("apply", *bundled, f"embedded:{provisioned}", "--auto-approve", "--quiet")
    fill(full, COUNT)
    many, single = folder / "many", folder / "single"
    write_manifests(many, COUNT, 1_000)
    write_manifests(single, COUNT, 1)
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


def table(folder: Path) -> Iterable[tuple[str, ...]]:
    for name, aim, known, arguments in operations(folder):
        measured(*arguments)  # it compiles the modules
        runs = [once(folder, known, arguments) for _ in range(RUNS)]
        seconds, peak = (statistics.median(figures) for figures in zip(*runs, strict=True))
        met = "met" if seconds <= aim else "missed"
        count = str(modules(*arguments))
        requests, found = asked(*arguments) if "plan" in arguments else (0, 0)
        figures = (f"{seconds:.2f} s", f"{aim:.2f} s: {met}", f"{peak:.0f} MiB", count)
        yield name, *figures, f"{requests:,}", f"{found:,}"


def once(folder: Path, known: bool, arguments: Sequence[object]) -> tuple[float, float]:
    """One run, after which the manifests are ``known``; see ``measured``."""
    if not known:
        shutil.rmtree(folder / "cache", ignore_errors=True)
    return measured(*arguments)


def growth(folder: Path) -> Iterable[tuple[str, ...]]:
    """Rows of single runs: processor time and peak, and the exponent since the row before."""
    for kind in ("all new", "nothing to do"):
        before: tuple[int, float] | None = None
        for count in GROWTH:
            place = folder / f"{kind}{count}"
            place.mkdir()
            write_manifests(place / "m", count, 1_000)
            run("embedded", "init", place / "server.db")
            if kind == "nothing to do":
                fill(place / "server.db", count)
            arguments = ("plan", "-f", place / "m", "--app", APP, "--state-dir", place / "state")
            seconds, peak = measured(*arguments, "--server", f"embedded:{place / 'server.db'}")
            exponent = ""
            if before is not None:
                exponent = f"{math.log(seconds / before[1], count / before[0]):.2f}"
            before = count, seconds
            yield f"{count:,} manifests, {kind}", f"{seconds:.1f} s", f"{peak:.0f} MiB", exponent


def main() -> None:
    out = sys.stdout
    started = statistics.median(start_of_python() for _ in range(2 * RUNS + 1))
    out.write(f"Python itself starts in {started * 1e3:.0f} ms of processor time.\n\n")
    with tempfile.TemporaryDirectory(prefix="gwe-bench-") as name:
        folder = Path(name)
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        columns = ("command", "processor time", "aim", "peak", "modules", "requests", "objects")
        write_table(columns, table(folder))
        out.write("\n")
        write_table(("plan", "processor time", "peak", "exponent"), growth(folder))


def write_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    for row in (columns, ["---"] * len(columns)):
        sys.stdout.write(f"| {' | '.join(row)} |\n")
    for row in rows:
        sys.stdout.write(f"| {' | '.join(row)} |\n")
        sys.stdout.flush()


def start_of_python() -> float:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
