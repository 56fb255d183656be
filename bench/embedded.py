"""How fast the embedded server is, and how much memory a reader needs.

Every figure is the median of three runs, each a separate process on a fresh file or on a copy of a
filled file. Such a process runs ``python -m bench.embedded WORK FILE ARGUMENT ...``.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.measuring import RUNS, mebibytes, met, table
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server

SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}]
"""
CALLS = 2000
QUEUE, VIEW = 23, 24
Figures = dict[str, float]


def script(number: int) -> dict[str, Any]:
    """A script like those of Web Engagement; every tenth is a queue view."""
    annex = {"Orchestration": {"application": f"script:Routing_{number}"}, "View": {"Queue": "Q"}}
    return {
        "tenantDBID": 101,
        "name": f"Webengagement_{number}",
        "type": QUEUE if number % 10 else VIEW,
        "userProperties": annex,
    }


# What the processes do. Each prints its figures as JSON.


def fill(path: Path, count: str) -> Figures:
    """A new file with ``count`` scripts, written in one transaction; its size when closed."""
    site = path.with_suffix(".yaml")
    site.write_text(SITE, encoding="utf-8")
    create_server(path, site)
    server, kind = EmbeddedServer(path), OBJECT_TYPES["Script"]
    begun = time.perf_counter()
    with server.store.writing():
        folder = server.engine.folders().default(kind, ("Tenant", 101))
        for number in range(int(count)):
            server.insert(kind, validation.complete(kind, script(number)), folder)
    taken = time.perf_counter() - begun
    server.close()
    return {"seconds": taken, "MiB": path.stat().st_size / 2**20}


def idle(path: Path) -> Figures:
    """Opens the file and reads nothing."""
    EmbeddedServer(path).close()
    return {"peak": peak()}


def read(path: Path, filters: str, expected: str) -> Figures:
    """One read."""
    server = EmbeddedServer(path)
    begun = time.perf_counter()
    found = server.read("Script", json.loads(filters))
    taken = time.perf_counter() - begun
    if len(found) != int(expected):
        raise SystemExit(f"read {len(found)} objects, not {expected}")
    return {"seconds": taken, "peak": peak()}


def create(path: Path, synchronous: str, first: str, start_at: str = "0") -> Figures:
    """Creates of one call each. ``start_at``: the moment to begin at, with others."""
    server = opened(path, synchronous)
    time.sleep(max(0.0, float(start_at) - time.time()))
    begun, cpu = time.time(), time.process_time()
    for number in range(int(first), int(first) + CALLS):
        server.create("Script", script(number))
    return {"begun": begun, "ended": time.time(), "cpu": time.process_time() - cpu}


def update(path: Path, synchronous: str) -> Figures:
    """Updates of one call each, of one option of one object after the other."""
    server = opened(path, synchronous)
    dbids = [one.dbid for one in server.read("Script")]
    begun, cpu = time.time(), time.process_time()
    for number in range(CALLS):
        change = KeyValueDelta(changed={"View": {"Queue": f"Q{number}"}})
        delta = Delta(key_values={"userProperties": change})
        server.update("Script", dbids[number % len(dbids)], delta)
    return {"begun": begun, "ended": time.time(), "cpu": time.process_time() - cpu}


def opened(path: Path, synchronous: str) -> EmbeddedServer:
    server = EmbeddedServer(path, timeout=60)
    server.store.connection.execute(f"PRAGMA synchronous = {synchronous}")
    return server


def peak() -> float:
    """The peak memory of this process in MiB. It cannot be lower than its parent's was at
    the start, so the parent holds no objects."""
    return mebibytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


WORK: Mapping[str, Callable[..., Figures]] = {
    work.__name__: work for work in (fill, idle, read, create, update)
}


# What the parent does.


def start(work: str, path: Path, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "bench.embedded", work, str(path), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own


def finish(process: "subprocess.Popen[str]") -> Figures:
    out, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"a process of the bench failed: {process.args!r}")
    figures: Figures = json.loads(out)
    return figures


def run(work: str, path: Path, *arguments: object) -> Figures:
    return finish(start(work, path, *arguments))


def median(runs: Iterable[Figures]) -> Figures:
    """The median of every figure."""
    rows = list(runs)
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


class Bench:
    """The files for the measurements, in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._copies = 0
        self.filled: dict[int, Figures] = {}
        for count in (0, CALLS, 10_000, 100_000):
            self.filled[count] = run("fill", self.file(count), count)

    def file(self, count: int) -> Path:
        return self._folder / f"{count}.db"

    def copy(self, count: int) -> Path:
        """A file with ``count`` scripts that nobody has written to."""
        self._copies += 1
        return Path(shutil.copy(self.file(count), self._folder / f"copy{self._copies}.db"))

    def read(self, count: int, expected: int, **filters: object) -> Figures:
        question = json.dumps(filters)
        return median(run("read", self.file(count), question, expected) for _ in range(RUNS))

    def writes(self) -> Mapping[str, Figures]:
        """Calls a second, and milliseconds of processor time for one call. What is compared runs in
        turns, so that the load of the machine affects all alike."""
        kinds: Mapping[str, Callable[[], Figures]] = {
            "create": lambda: self._writer("create", 0, "NORMAL", 0),
            "create, FULL": lambda: self._writer("create", 0, "FULL", 0),
            "create, filled": lambda: self._writer("create", 100_000, "NORMAL", 100_000),
            "create, two": self._two_writers,
            "update": lambda: self._writer("update", CALLS, "NORMAL"),
            "update, FULL": lambda: self._writer("update", CALLS, "FULL"),
        }
        runs = [{name: work() for name, work in kinds.items()} for _ in range(RUNS)]
        return {name: median(run[name] for run in runs) for name in kinds}

    def _writer(self, work: str, count: int, *arguments: object) -> Figures:
        one = run(work, self.copy(count), *arguments)
        return {"rate": CALLS / (one["ended"] - one["begun"]), "ms": one["cpu"] / CALLS * 1e3}

    def _two_writers(self) -> Figures:
        path, moment = self.copy(0), time.time() + 1.5
        pair = [start("create", path, "NORMAL", CALLS * n, moment) for n in range(2)]
        both = [finish(one) for one in pair]
        taken = max(one["ended"] for one in both) - min(one["begun"] for one in both)
        return {"rate": 2 * CALLS / taken}


def rows(bench: Bench) -> Iterable[tuple[str, str, str]]:
    """The rows: what is measured, the figure, the aim or a ratio."""
    base = median(run("idle", bench.file(0)) for _ in range(RUNS))["peak"]
    yield "process that only opens the file", f"{base:.0f} MiB", ""
    small, large = bench.read(10_000, 10_000), bench.read(100_000, 100_000)
    yield (
        "read of one type, 10,000 objects",
        f"{small['seconds']:.2f} s, peak {small['peak']:.0f} MiB",
        f"{small['seconds'] / 10_000 * 1e6:.0f} µs an object",
    )
    yield (
        "read of one type, 100,000 objects",
        f"{large['seconds']:.2f} s, peak {large['peak']:.0f} MiB",
        f"2 s: {met(large['seconds'] < 2)}; 400 MiB: {met(large['peak'] < 400)};"
        f" {(large['peak'] - base) / 100_000 * 2**10:.1f} KiB an object",
    )
    part = bench.read(100_000, 10_000, script_type=VIEW)
    yield (
        "read by filter, 10,000 of 100,000 objects",
        f"{part['seconds']:.2f} s, peak {part['peak']:.0f} MiB",
        f"{part['seconds'] / large['seconds']:.2f} of the whole read",
    )
    one = bench.read(100_000, 1, tenant_dbid=101, name="Webengagement_77777")
    yield (
        "read by natural key, 1 of 100,000 objects",
        f"{one['seconds'] * 1e3:.0f} ms",
        f"{one['seconds'] / large['seconds']:.2f} of the whole read",
    )
    writes = bench.writes()
    create, update = writes["create"], writes["update"]
    yield (
        "creates of one call each",
        f"{create['rate']:,.0f} a second",
        f"2,000: {met(create['rate'] >= 2000)}; {create['ms']:.2f} ms of processor time each",
    )
    for name, label, of in (
        ("create, FULL", "the same, synchronous FULL", "NORMAL"),
        ("create, filled", "the same, on a file with 100,000 objects", "an empty file"),
        ("create, two", "the same, two processes on one file, together", "one process"),
    ):
        rate = writes[name]["rate"]
        yield label, f"{rate:,.0f} a second", f"{rate / create['rate']:.2f} of {of}"
    yield (
        "updates of one call each",
        f"{update['rate']:,.0f} a second",
        f"{update['ms']:.2f} ms of processor time each",
    )
    rate = writes["update, FULL"]["rate"]
    yield (
        "the same, synchronous FULL",
        f"{rate:,.0f} a second",
        f"{rate / update['rate']:.2f} of NORMAL",
    )
    filled = bench.filled[100_000]
    yield (
        "file with 100,000 objects",
        f"{filled['MiB']:.0f} MiB",
        f"{filled['MiB'] / 100_000 * 2**20:.0f} bytes an object",
    )
    yield (
        "100,000 objects in one transaction",
        f"{filled['seconds']:.1f} s",
        f"{100_000 / filled['seconds']:,.0f} a second",
    )


def lines(folder: Path) -> Iterator[str]:
    yield from table(("measured", "median of 3", "aim or ratio"), rows(Bench(folder)))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(WORK[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
