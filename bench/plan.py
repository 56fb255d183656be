"""What a command costs before it reaches a server: start, load, plan and output. One table.

``make bench`` runs it after ``embedded.py``. Every operation is a process of its own without a
terminal, on fresh files; its figures are the system's, medians of three runs. Processor time is
user and system time together.
"""

import io
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path

from reconciler.cli.main import main as gwe
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.embedded.adapter import EmbeddedServer

RUNS = 3
COUNT = 10_000
ROUTINGS = 50
ENHANCED_ROUTING, QUEUE, VIEW = 6, 23, 24
APP = "Web_Engagement_Server"

MANIFEST = """\
apiVersion: reconciler/v1
kind: {kind}
metadata: {{name: {name}}}
spec: {{annex: {{{section}: {{{option}: "{value}"}}}}}}
"""


def objects() -> Iterator[tuple[str, int, str, str, str, str]]:
    """Kind, script type, name, and the one option, of what the manifests declare: a queue and its
    view in turn, and the routing scripts that the queues refer to."""
    for number in range(ROUTINGS):
        yield "EnhancedRouting", ENHANCED_ROUTING, f"R{number}", "Application", "url", "http://r"
    for number in range((COUNT - ROUTINGS) // 2):
        routing = f"script:R{number % ROUTINGS}"
        yield "InteractionQueue", QUEUE, f"Q{number}", "Orchestration", "application", routing
        yield "InteractionQueueView", VIEW, f"Q{number}.View", "View", "Queue", f"Q{number}"


def write_manifests(folder: Path, per_file: int) -> None:
    folder.mkdir()
    written = [
        MANIFEST.format(kind=kind, name=name, section=section, option=option, value=value)
        for kind, _, name, section, option, value in objects()
    ]
    for start in range(0, COUNT, per_file):
        text = "---\n".join(written[start : start + per_file])
        (folder / f"{start:06}.yaml").write_text(text, encoding="utf-8")


def fill(path: Path) -> None:
    """Creates on the server what the manifests declare."""
    server, kind = EmbeddedServer(path), OBJECT_TYPES["Script"]
    with server.store.writing():
        folder = server.engine.folders().default(kind, ("Tenant", 101))
        for _, script_type, name, section, option, value in objects():
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


def measured(*arguments: object) -> tuple[float, float]:
    """Processor seconds and peak MiB of one ``gwe``, without what compiles its modules."""
    command = [sys.executable, "-m", "reconciler", *map(str, arguments)]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    process = subprocess.Popen(  # noqa: S603 - our own
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"a command of the bench failed: {command!r}")
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return used.ru_utime + used.ru_stime, used.ru_maxrss / unit


def modules(*arguments: object) -> int:
    """How many modules a command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "reconciler", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    return sum(line.startswith("import time:") for line in done.stderr.splitlines()) - 1


def operations(folder: Path) -> Iterator[tuple[str, float, Sequence[object]]]:
    """What is measured, the aim in seconds on a quiet machine, and the arguments."""
    bare, provisioned, full = (folder / f"{name}.db" for name in ("bare", "provisioned", "full"))
    for server in (bare, provisioned, full):
        run("embedded", "init", server)
    state = ("--app", APP, "--state-dir", folder / "state")
    bundled = ("-f", "bundled", *state, "--server")
    run("apply", *bundled, f"embedded:{provisioned}", "--auto-approve", "--quiet")
    fill(full)
    many, single = folder / "many", folder / "single"
    write_manifests(many, 1_000)
    write_manifests(single, 1)
    yield "help", 0.06, ("--help",)
    yield "version", 0.06, ("--version",)
    yield "bundled manifests, first plan", 0.25, ("plan", *bundled, f"embedded:{bare}")
    yield "bundled manifests, empty plan", 0.2, ("plan", *bundled, f"embedded:{provisioned}")
    yield "10,000 manifests, validate", 1.0, ("validate", "-f", many)
    yield "the same, one manifest a file", 2.0, ("validate", "-f", single)
    new = ("plan", "-f", many, *state, "--server", f"embedded:{bare}")
    yield "10,000 manifests, plan, all new", 2.5, new
    same = ("plan", "-f", many, *state, "--server", f"embedded:{full}")
    yield "10,000 manifests, plan, nothing to do", 1.5, same


def table(folder: Path) -> Iterable[tuple[str, ...]]:
    for name, aim, arguments in operations(folder):
        measured(*arguments)  # it compiles the modules
        runs = [measured(*arguments) for _ in range(RUNS)]
        seconds, peak = (statistics.median(figures) for figures in zip(*runs, strict=True))
        met = "met" if seconds <= aim else "missed"
        count = str(modules(*arguments))
        yield name, f"{seconds:.2f} s", f"{aim:.2f} s: {met}", f"{peak:.0f} MiB", count


def main() -> None:
    out = sys.stdout
    started = statistics.median(start_of_python() for _ in range(2 * RUNS + 1))
    with tempfile.TemporaryDirectory(prefix="gwe-bench-") as folder:
        rows = list(table(Path(folder)))
    out.write(f"Python itself starts in {started * 1e3:.0f} ms of processor time.\n\n")
    out.write(
        "| command | processor time | aim | peak | modules |\n| --- | --- | --- | --- | --- |\n"
    )
    for row in rows:
        out.write(f"| {' | '.join(row)} |\n")


def start_of_python() -> float:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
