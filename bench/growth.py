"""How a plan grows with the number of manifests: single runs.

The exponent compares a row with the row above it: 1 is linear growth.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.measuring import APP, measured, run, table
from bench.sites import fill, objects, write_manifests

COUNTS = (1_000, 10_000, 100_000)


def rows(folder: Path) -> Iterable[Sequence[str]]:
    for kind in ("all new", "nothing to do"):
        before: tuple[int, float] | None = None
        for count in COUNTS:
            place = folder / f"{kind}{count}"
            place.mkdir()
            write_manifests(place / "m", objects(count))
            server = place / "server.db"
            run("embedded", "init", server)
            if kind == "nothing to do":
                fill(server, objects(count))
            arguments = ("plan", "-f", place / "m", "--app", APP, "--state-dir", place / "state")
            seconds, peak = measured(*arguments, "--server", f"embedded:{server}")
            now = count, seconds
            exponent = growth(before, now) if before else ""
            before = now
            yield f"{count:,} manifests, {kind}", f"{seconds:.2f} s", f"{peak:.0f} MiB", exponent


def growth(before: tuple[int, float], now: tuple[int, float]) -> str:
    """The exponent between two measurements of a count and its seconds."""
    return f"{math.log(now[1] / before[1], now[0] / before[0]):.2f}"


def lines(folder: Path) -> Iterator[str]:
    yield from table(("plan", "processor time", "peak", "exponent"), rows(folder))
