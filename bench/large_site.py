"""What a plan of the bundled manifests costs on a site with very many other scripts.

The manifests are applied, then scripts of one option each are added. Every figure is the median of
three processes. The exponent compares a row with the same plan among a tenth of the scripts: 1 is
linear growth, 0 none.
"""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.growth import growth
from bench.measuring import APP, RUNS, asked, measured, met, run, table
from bench.sites import fill, queues, write_manifests

COUNTS = (3_000, 30_000, 300_000)
PRESENT, ABSENT = "all there", "one script absent: its name is compared with all others"
AIMS = {PRESENT: (0.7, 60), ABSENT: (2.5, 250)}
"""The aims for the largest site: processor seconds and MiB."""


def rows(folder: Path) -> Iterable[Sequence[str]]:
    write_manifests(folder / "absent", queues(1, first=COUNTS[-1]))
    before: dict[str, tuple[int, float]] = {}
    for count in COUNTS:
        server = folder / f"{count}.db"
        run("embedded", "init", server)
        plan = ("--app", APP, "--server", f"embedded:{server}", "--state-dir", folder / f"{count}")
        run("apply", "-f", "bundled", *plan, "--auto-approve", "--quiet")
        fill(server, queues(count))
        for what, more in ((PRESENT, ()), (ABSENT, ("-f", folder / "absent"))):
            arguments = ("plan", "-f", "bundled", *more, *plan)
            measured(*arguments)
            runs = zip(*(measured(*arguments) for _ in range(RUNS)), strict=True)
            seconds, peak = (statistics.median(figures) for figures in runs)
            requests, found = asked(*arguments)
            now = count, seconds
            exponent = growth(before[what], now) if what in before else ""
            before[what] = now
            yield (
                f"{count:,}",
                what,
                f"{seconds:.2f} s",
                f"{peak:.0f} MiB",
                _aim(what, seconds, peak) if count == COUNTS[-1] else "",
                f"{requests:,}",
                f"{found:,}",
                exponent,
            )
        server.unlink()


def _aim(what: str, seconds: float, peak: float) -> str:
    most, memory = AIMS[what]
    return f"{most} s, {memory} MiB: {met(seconds <= most and peak <= memory)}"


def lines(folder: Path) -> Iterator[str]:
    columns = ("scripts", "plan", "processor time", "peak", "aim", "requests", "objects")
    yield from table((*columns, "exponent"), rows(folder))
