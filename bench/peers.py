"""What gwe costs beside the best tools of other fields, with as many objects; one table.

``make bench`` runs it. Peers are measured where they are installed: octoDNS, from YAML to YAML, if
its commands are on the PATH or in the folder that OCTODNS names; OpenTofu, with its built-in
resource, if TOFU names its binary. Every figure is the median of three runs of a whole process,
its processor time (user and system) and its peak. The tools take turns, so that they meet the same
moods of the machine; the ratio is ours to theirs.

    bench/peers.py [COUNT ...]
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from plan import APP, MEASURE, run, write_manifests

RUNS = 3
COUNTS = (36, 10_000)
LONGEST = 240.0
"""Seconds after which an operation is ended."""

APPLY = "apply, all new"
AIMS = {
    (36, "plan, all new"): 0.25,
    (36, "plan, nothing to do"): 0.2,
    (10_000, "validate"): 1.0,
    (10_000, "plan, all new"): 2.5,
    (10_000, "plan, nothing to do"): 1.5,
    (10_000, APPLY): 8.0,
}
OPERATIONS = ("validate", "plan, all new", APPLY, "plan, nothing to do")
"""In the order in which they can be measured: the last needs what the third has made."""

Figures = tuple[float, float]
"""Processor seconds and MiB."""


@dataclass(frozen=True)
class Tool:
    """A tool with its declarations in a folder. ``commands``: for each operation;
    ``empty``: makes the target as it was before the first apply."""

    name: str
    folder: Path
    commands: Mapping[str, Sequence[str]]
    empty: Callable[[], None]


def ours(folder: Path, count: int) -> Tool:
    """Queues, views and routing scripts on an embedded server; the bundled manifests, which are
    as many, instead of 36."""
    server, state, bare = folder / "server.db", folder / "state", folder / "bare.db"
    run("embedded", "init", bare)
    declared = "bundled"
    if count != COUNTS[0]:
        declared = "m"
        write_manifests(folder / declared, count, 1_000)

    def empty() -> None:
        shutil.copy(bare, server)
        for left in folder.glob(f"{server.name}-*"):
            left.unlink()
        shutil.rmtree(state, ignore_errors=True)

    gwe = (sys.executable, "-m", "reconciler")
    where = ("-f", declared, "--app", APP, "--server", f"embedded:{server}", "--state-dir", "state")
    plan = (*gwe, "plan", *where)
    apply = (*gwe, "apply", *where, "--auto-approve")
    validate = (*gwe, "validate", "-f", declared)
    return Tool("gwe", folder, _commands(validate, plan, apply), empty)


def octodns(folder: Path, count: int) -> Tool | None:
    """Records of one zone, from a YAML file to a YAML file."""
    named = os.environ.get("OCTODNS", "")
    sync = shutil.which("octodns-sync", path=named or None)
    validate = shutil.which("octodns-validate", path=named or None)
    if not sync or not validate:
        return None
    provider = "{class: octodns.provider.yaml.YamlProvider, enforce_order: false, directory: "
    (folder / "config.yaml").write_text(
        f"providers:\n  config: {provider}config}}\n  target: {provider}target}}\n"
        "zones: {bench.test.: {sources: [config], targets: [target]}}\n",
        encoding="utf-8",
    )
    (folder / "config").mkdir()
    records = (
        f"q{n}: {{type: A, value: 10.{n >> 16}.{n >> 8 & 255}.{n & 255}}}\n" for n in range(count)
    )
    (folder / "config" / "bench.test.yaml").write_text("".join(records), encoding="utf-8")

    def empty() -> None:
        shutil.rmtree(folder / "target", ignore_errors=True)
        (folder / "target").mkdir()

    file = ("--config-file", "config.yaml")
    commands = _commands((validate, *file), (sync, *file), (sync, *file, "--doit", "--force"))
    return Tool("octoDNS", folder, commands, empty)


def tofu(folder: Path, count: int) -> Tool | None:
    """Instances of ``terraform_data``, which needs no provider."""
    binary = os.environ.get("TOFU", "")
    if not binary:
        return None
    resources = {f"q{n}": {"input": {"name": f"Q{n}", "priority": "5"}} for n in range(count)}
    text = json.dumps({"resource": {"terraform_data": resources}})
    (folder / "main.tf.json").write_text(text, encoding="utf-8")
    subprocess.run([binary, "init"], cwd=folder, check=True, capture_output=True)  # noqa: S603

    def empty() -> None:
        for left in folder.glob("terraform.tfstate*"):
            left.unlink()

    apply = (binary, "apply", "-auto-approve", "-no-color")
    commands = _commands((binary, "validate"), (binary, "plan", "-no-color"), apply)
    return Tool("OpenTofu", folder, commands, empty)


def _commands(
    validate: Sequence[str], plan: Sequence[str], apply: Sequence[str]
) -> Mapping[str, Sequence[str]]:
    return dict(zip(OPERATIONS, (validate, plan, apply, plan), strict=True))


def measured(tool: Tool, operation: str) -> Figures | None:
    """One run of an operation; None where it took too long."""
    if operation == APPLY:
        tool.empty()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    process = subprocess.Popen(  # noqa: S603 - our own, and the peers that somebody has named
        [sys.executable, "-S", "-c", MEASURE, *tool.commands[operation]],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        cwd=tool.folder,
        env=environment,
        start_new_session=True,
    )
    try:
        out, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    status, seconds, peak = out.split()
    if int(status):
        raise SystemExit(f"{tool.name} failed: {tool.commands[operation]!r}")
    return float(seconds), float(peak) / (2**20 if sys.platform == "darwin" else 2**10)


def in_turns(tools: Sequence[Tool], operation: str) -> list[Figures | None]:
    """The medians of each tool. A tool that took too long once is not run again."""
    runs: list[list[Figures]] = [[] for _ in tools]
    slow: set[str] = set()
    for _ in range(RUNS):
        for tool, found in zip(tools, runs, strict=True):
            figures = None if tool.name in slow else measured(tool, operation)
            if figures is None:
                slow.add(tool.name)
            else:
                found.append(figures)
    return [
        None if tool.name in slow else _median(found)
        for tool, found in zip(tools, runs, strict=True)
    ]


def _median(runs: Iterable[Figures]) -> Figures:
    seconds, peaks = zip(*runs, strict=True)
    return statistics.median(seconds), statistics.median(peaks)


def rows(folder: Path, count: int) -> Iterable[Sequence[str]]:
    makers: Sequence[Callable[[Path, int], Tool | None]] = (ours, tofu, octodns)
    tools: list[Tool | None] = []
    for make in makers:
        place = folder / f"{make.__name__}{count}"
        place.mkdir()
        tools.append(make(place, count))
    present = [tool for tool in tools if tool]
    for tool in present:
        tool.empty()
    for operation in OPERATIONS:
        found = dict(zip((t.name for t in present), in_turns(present, operation), strict=True))
        own = found["gwe"]
        cells = [_cell(found, tool, own) for tool in tools]
        if operation == APPLY:  # with nothing applied, there is something to do
            present = [tool for tool in present if found[tool.name]]
        aim = AIMS.get((count, operation))
        reached = "met" if own and aim and own[0] <= aim else "missed"
        yield f"{count:,}", operation, *cells, f"{aim:.2f} s: {reached}" if aim else ""


def _cell(found: Mapping[str, Figures | None], tool: Tool | None, own: Figures | None) -> str:
    if tool is None:
        return "not installed"
    if tool.name not in found:
        return "not applied"
    figures = found[tool.name]
    if figures is None:
        return f"over {LONGEST:.0f} s"
    ratio = f"; {own[0] / figures[0]:.2f}" if own and tool.name != "gwe" else ""
    return f"{figures[0]:.2f} s, {figures[1]:.0f} MiB{ratio}"


def main() -> None:
    out = sys.stdout
    columns = ("objects", "operation", "gwe", "OpenTofu; ratio", "octoDNS; ratio", "aim, gwe")
    out.write(f"| {' | '.join(columns)} |\n| {' | '.join('---' for _ in columns)} |\n")
    with tempfile.TemporaryDirectory(prefix="gwe-bench-") as folder:
        os.environ["XDG_CACHE_HOME"] = str(Path(folder) / "cache")
        for count in map(int, sys.argv[1:] or COUNTS):
            for row in rows(Path(folder), count):
                out.write(f"| {' | '.join(row)} |\n")
                out.flush()


if __name__ == "__main__":
    main()
