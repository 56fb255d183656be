"""What an apply of many new objects costs; a Markdown table for docs/measurements.md.

Counts do not depend on the machine: requests, reads of the lock, commits of the state (each waits
for the disk once), bytes of the journal. How many records share a commit depends on how fast the
disk and the server are. The server is an embedded one in this process, which writes the calls of a
group in one transaction; where a row says so, each answer takes so much longer and several are on
their way at once, as over a network.

    bench/apply.py [COUNT] [IN_FLIGHT,IN_FLIGHT] [MILLISECONDS,MILLISECONDS]
"""

import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from reconciler.engine.reconciler import Reconciler  # noqa: E402 - from this folder
from reconciler.engine.run_place import RunPlace  # noqa: E402
from reconciler.server.embedded.adapter import EmbeddedServer  # noqa: E402
from reconciler.server.embedded.sites.create import create_server  # noqa: E402
from reconciler.server.embedded.sites.file import SAMPLE_SITE  # noqa: E402
from reconciler.server.port import Server  # noqa: E402
from reconciler.site.discovery import SiteOptions  # noqa: E402
from reconciler.state.opening import open_store  # noqa: E402
from reconciler.state.session import SqlSession  # noqa: E402
from reconciler.testing.faults import Delay  # noqa: E402
from reconciler.testing.faulty import FaultyServer  # noqa: E402

APP = "Web_Engagement_Server"
MANIFEST = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {{name: Q{:06}}}
spec: {{annex: {{Orchestration: {{priority: "5"}}}}}}
"""


def measured(folder: Path, count: int, in_flight: int, delay: float) -> tuple[str, ...]:
    """One row: an apply of ``count`` creates. ``delay`` in seconds."""
    path = folder / f"{count}-{in_flight}-{delay}.db"
    create_server(path, SAMPLE_SITE)
    manifests = folder / f"{count}"
    write_manifests(manifests, count)
    embedded = EmbeddedServer(path)
    server = Counting(FaultyServer(embedded, [Delay(seconds=delay)]) if delay else embedded)
    state = open_store(str(folder / f"{path.stem}.state"))
    place = RunPlace(state, in_flight=in_flight)
    with Reconciler(cast("Server", server), SiteOptions(APP), place) as session:
        plan = session.plan([manifests])
        server.calls.clear()
        commits = count_commits()
        begun, used = time.perf_counter(), time.process_time()
        report = session.apply(plan)
        seconds, processor = time.perf_counter() - begun, time.process_time() - used
    if report.exit_code:
        raise SystemExit(f"the apply of the bench ended with {report.exit_code}")
    locks = server.calls.count(("read", "Transaction"))
    return (
        f"{count:,} creates, {in_flight} in flight, {delay * 1e3:.0f} ms",
        f"{seconds:.1f} s",
        f"{processor:.1f} s",
        f"{len(server.calls):,}",
        f"{locks:,}",
        f"{len(commits):,}",
        f"{_journal_bytes(folder / f'{path.stem}.state') / count:,.0f}",
    )


def _journal_bytes(state: Path) -> int:
    """The bytes of all records in a state folder."""
    with closing(sqlite3.connect(state / "state.db")) as connection:
        return int(connection.execute("SELECT sum(length(data)) FROM gwe_record").fetchone()[0])


def write_manifests(folder: Path, count: int, first: int = 0) -> None:
    """In files of 1,000 each. ``first``: the number of the first queue."""
    folder.mkdir(exist_ok=True)
    written = [MANIFEST.format(number) for number in range(first, first + count)]
    for start in range(0, count, 1_000):
        text = "---\n".join(written[start : start + 1_000])
        (folder / f"{start:06}.yaml").write_text(text, encoding="utf-8")


class Counting:
    """Passes every call on to a server. ``calls``: their names, each with its first argument."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.calls: list[tuple[str, object]] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._server, name)
        if not callable(found) or name in ("together", "close"):
            return found

        def counted(*arguments: Any, **named: Any) -> Any:
            self.calls.append((name, arguments[0] if arguments else None))
            return found(*arguments, **named)

        return counted


def count_commits() -> list[str]:
    """Grows by one for each commit of the state from now on."""
    found: list[str] = []
    change = SqlSession.change

    def counted(session: SqlSession, statement: str, *parameters: object) -> int:
        if statement == "COMMIT":
            found.append(statement)
        return change(session, statement, *parameters)

    SqlSession.change = counted  # type: ignore[method-assign]
    return found


def main() -> None:
    out = sys.stdout
    given = dict(enumerate(sys.argv[1:]))
    count = int(given.get(0, "1000"))
    numbers = [int(one) for one in given.get(1, "1,8,32").split(",")]
    delays = [int(one) / 1e3 for one in given.get(2, "0,20").split(",")]
    columns = (
        "elapsed | processor | requests | reads of the lock | commits | journal bytes a create"
    )
    out.write(f"| apply | {columns} |\n")
    out.write("| --- | --- | --- | --- | --- | --- | --- |\n")
    with tempfile.TemporaryDirectory(prefix="gwe-bench-") as folder:
        for delay in delays:
            for in_flight in numbers:
                out.write(f"| {' | '.join(measured(Path(folder), count, in_flight, delay))} |\n")
                out.flush()


if __name__ == "__main__":
    main()
