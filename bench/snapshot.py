"""The cost of a snapshot of a server over the wire: a whole process with its Java.

PSDK_LIB names the folder with the vendor's jars. Nearly all objects are scripts of one option; for
each object the permissions are read, several requests in flight. Single runs.
"""

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.growth import growth
from bench.measuring import measured, run, table
from bench.sites import fill, queues
from bench.wire import ACCOUNT, serving

COUNTS = (2_000, 20_000)


def rows(folder: Path) -> Iterable[Sequence[str]]:
    os.environ.update(ACCOUNT)
    before: tuple[int, float] | None = None
    for count in COUNTS:
        server = folder / f"{count}.db"
        run("embedded", "init", server)
        fill(server, queues(count))
        with serving(server) as port:
            begun = time.perf_counter()
            url = f"confserv://127.0.0.1:{port}"
            seconds, peak = measured("snapshot", folder / f"copy{count}.db", "--from", url)
            taken = time.perf_counter() - begun
        now = count, taken
        exponent = growth(before, now) if before else ""
        before = now
        yield (
            f"{count:,} objects",
            f"{taken:.1f} s",
            f"{seconds:.1f} s",
            f"{peak:.0f} MiB",
            exponent,
        )


def lines(folder: Path) -> Iterator[str]:
    columns = ("snapshot", "elapsed", "processor time", "peak", "exponent")
    yield from table(columns, rows(folder))
