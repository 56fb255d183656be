"""The cost of access through the Platform SDK.

PSDK_LIB names the folder with the vendor's jars. The server is `gwe embedded serve` in a
process of its own on the same machine, so both ends share its processors; a relay, another process,
adds the delay of a network where a row says so. Every figure is the median of its runs, except for
applies, which are single runs. Each rate of creates has a server of its own, so that an apply finds
no objects of an earlier row; the creates before it are of another type, and let Java compile.
"""

import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.measuring import APP, met, table
from bench.sites import queues, write_manifests
from reconciler.engine.reconciler import Reconciler
from reconciler.engine.run_place import RunPlace
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.connection import ConnectionOptions
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.engine import complete
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import open_store
from tests.psdk.relay import Relay
from tests.psdk.support import LIB, free_port, session

RUNS = 5
BULK = 10_000
CREATES = 300
DELAYS = (0.0, 0.005, 0.02)
APPLIED = {1: 250, 8: 1_000, 32: 2_000}
"""How many objects an apply with so many in flight creates."""
ROOT = Path(__file__).parent.parent
ACCOUNT: Mapping[str, str] = {"GWE_PSDK": LIB, "GWE_USER": "default", "GWE_PASSWORD": "password"}


def script(number: int) -> dict[str, object]:
    annex = {"Orchestration": {"application": f"script:{number}", "priority": "5"}}
    return {"tenantDBID": 101, "name": f"Bench_{number}", "type": 23, "userProperties": annex}


def skill(number: int) -> dict[str, object]:
    return {name: value for name, value in script(number).items() if name != "type"}


def fill(path: Path, count: int) -> None:
    """More scripts, in one transaction."""
    kind = OBJECT_TYPES["Script"]
    server = EmbeddedServer(path)
    server.create("Skill", skill(-1))
    first = server.create("Script", script(-1))
    with server.store.writing():
        for number in range(count):
            server.insert(kind, complete(kind, script(number)), first.folder)
    server.close()


@contextmanager
def serving(path: Path) -> Iterator[int]:
    """The server file at a port."""
    port = free_port()
    command = [sys.executable, "-m", "reconciler", "embedded", "serve", str(path)]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*command, "--port", str(port), "--psdk", LIB], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout  # noqa: S101 - asked for
    process.stdout.readline()
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def relaying(port: int, delay: float) -> Iterator[int]:
    """A port that relays to the server at ``port`` with a delay in seconds."""
    command = [sys.executable, "-m", "bench.wire", "relay", str(port), str(delay)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603
    assert process.stdout  # noqa: S101 - asked for
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def relay(port: int, delay: float) -> None:
    """What the process of ``relaying`` does."""
    sys.stdout.write(f"{Relay(port, delay).port}\n")
    sys.stdout.flush()
    threading.Event().wait()


def gwe(*arguments: str, cache: Path) -> float:
    """Seconds that a command takes from its start to its end. ``cache``: the folder with what the
    doctor prepares for Java."""
    begun = time.perf_counter()
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "reconciler", *arguments],
        check=True,
        capture_output=True,
        env={**os.environ, **ACCOUNT, "XDG_CACHE_HOME": str(cache)},
        cwd=ROOT,
    )
    return time.perf_counter() - begun


def median(work: Callable[[], float], runs: int = RUNS) -> float:
    return statistics.median(work() for _ in range(runs))


def timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def connect(port: int, in_flight: int = 32) -> None:
    session(port, "default", "password", ConnectionOptions(in_flight=in_flight)).close()


def read(port: int) -> float:
    """Seconds for one read of all the scripts."""
    server = session(port, "default", "password", timeout=60.0)
    seconds = timed(lambda: server.read("Script", {"tenant_dbid": 101}))
    server.close()
    return seconds


class Creates:
    """Creates a second, each object with a different name."""

    def __init__(self) -> None:
        self._next = 10**6

    def rate(self, port: int, in_flight: int) -> float:
        server = session(
            port, "default", "password", ConnectionOptions(in_flight=in_flight), timeout=60.0
        )
        server.read("Skill", {"tenant_dbid": 101, "name": "Bench_-1"})  # the folder's path
        first, self._next = self._next, self._next + CREATES
        numbers = iter(range(first, first + CREATES))
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                server.create("Skill", skill(number))

        threads = [threading.Thread(target=work) for _ in range(in_flight)]

        def run() -> None:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        seconds = timed(run)
        server.close()
        return CREATES / seconds

    def median_rate(self, port: int, in_flight: int) -> float:
        """The median of three runs, after a run that is not counted."""
        self.rate(port, in_flight)
        return median(partial(self.rate, port, in_flight), 3)


class Applies:
    """Creates a second of whole applies: lock, checks, journal, calls, inventory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next = 0

    def rate(self, port: int, in_flight: int) -> float:
        first, count = self._next, APPLIED[in_flight]
        self._next += count
        manifests = self._folder / f"applied{first}"
        write_manifests(manifests, queues(count, first))
        server = session(
            port, "default", "password", ConnectionOptions(in_flight=in_flight), timeout=60.0
        )
        place = RunPlace(open_store(str(self._folder / "state")), in_flight=in_flight)
        with Reconciler(server, SiteOptions(APP), place) as reconciler:
            plan = reconciler.plan([manifests])
            seconds = timed(lambda: reconciler.apply(plan))
        return count / seconds


def rows(folder: Path) -> Iterable[tuple[str, str, str]]:
    """The rows: what is measured, the figure, the aim or a ratio."""
    site, bulk, empty = (folder / f"{name}.db" for name in ("site", "bulk", "empty"))
    for path in (site, bulk, empty):
        create_server(path, SAMPLE_SITE)
    fill(bulk, BULK)
    fill(empty, 0)
    with serving(site) as port:
        url = f"confserv://127.0.0.1:{port}"
        plan = ["plan", "--quiet", "--app", APP, "--server"]
        none, cache = folder / "none", folder / "cache"
        gwe("doctor", "--app", APP, "--server", url, cache=cache)  # makes the archive
        bare = median(lambda: gwe(*plan, url, cache=none))
        wire = median(lambda: gwe(*plan, url, cache=cache))
        direct = median(lambda: gwe(*plan, f"embedded:{site}", cache=cache))
        aim = f"2 s: {met(wire < 2)}"
        yield "plan of the bundled manifests, whole process", f"{wire:.2f} s", aim
        ratio = f"{bare / wire:.2f} of it"
        yield "the same without the archive of classes", f"{bare:.2f} s", ratio
        yield "the same on the file itself", f"{direct:.2f} s", f"{direct / wire:.2f} of it"
        connect(port)
        seconds = median(lambda: timed(lambda: connect(port)))
        yield "connect and log in, Java running", f"{seconds * 1e3:.0f} ms", ""
    with serving(bulk) as port:
        read(port)
        wire = median(lambda: read(port), 3)
        server = EmbeddedServer(bulk)
        direct = median(lambda: timed(lambda: server.read("Script", {"tenant_dbid": 101})), 3)
        server.close()
        each = wire / BULK * 1e6
        yield (
            f"read of {BULK:,} objects in one request",
            f"{wire:.2f} s",
            f"{each:.0f} µs an object",
        )
        yield "the same on the file itself", f"{direct:.2f} s", f"{direct / wire:.2f} of it"
    yield from rates_of_creates(folder, empty, DELAYS)


def rates_of_creates(
    folder: Path, empty: Path, delays: Iterable[float]
) -> Iterable[tuple[str, str, str]]:
    """The rows of creates and applies. ``empty``: a server file without objects of their types."""
    creates, applies = Creates(), Applies(folder)
    for delay in delays:
        called: dict[int, float] = {}
        applied: dict[int, float] = {}
        for in_flight in APPLIED:
            path = folder / f"{delay}-{in_flight}.db"
            shutil.copy(empty, path)
            with serving(path) as port, relaying(port, delay) as relayed:
                called[in_flight] = creates.median_rate(relayed, in_flight)
                applied[in_flight] = applies.rate(relayed, in_flight)
        for what, rates in (("creates", called), ("an apply, creates", applied)):
            for in_flight, rate in rates.items():
                label = f"{what}, {in_flight} in flight, {delay * 1e3:.0f} ms delay"
                ratio = "" if in_flight == 1 else f"{rate / rates[1]:.1f} of 1 in flight"
                yield label, f"{rate:,.0f} a second", ratio


def lines(folder: Path) -> Iterator[str]:
    yield from table(("measured", "median", "aim or ratio"), rows(folder))


if __name__ == "__main__":
    relay(int(sys.argv[2]), float(sys.argv[3]))
