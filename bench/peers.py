"""The cost of gwe beside tools of other fields, with as many objects.

Peers are measured if they are installed: octoDNS, from YAML to YAML, if its commands are on the
PATH or in the folder that OCTODNS names; OpenTofu, with its built-in resource, if TOFU names its
binary. Every figure is the median of three runs of a whole process, its processor time (user and
system) and its peak. The tools run in turns, so that the load of the machine affects all alike; the
ratio is ours to theirs, the median over the turns.
"""

import json
import os
import shutil
import signal
import statistics
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.measuring import APP, GWE, RUNS, figures, measuring, met, run, surroundings, table
from bench.sites import objects, write_manifests

COUNTS = (36, 10_000)
LONGEST = 240.0
"""Seconds after which an operation is ended."""

VALIDATE, APPLY = "validate", "apply, all new"
AIMS = {
    (36, "plan, all new"): 0.25,
    (36, "plan, nothing to do"): 0.2,
    (10_000, VALIDATE): 1.0,
    (10_000, "plan, all new"): 2.5,
    (10_000, "plan, nothing to do"): 1.5,
    (10_000, APPLY): 8.0,
}
OPERATIONS = (VALIDATE, "plan, all new", APPLY, "plan, nothing to do")
"""The operations, in the order in which they can be measured: the last needs the result of the
third."""

Figures = tuple[float, float]
"""Processor seconds and MiB."""


@dataclass(frozen=True)
class Tool:
    """A tool with its declarations in a folder. ``commands``: for each operation;
    ``empty``: restores the target to its state before the first apply; ``cached``: its cache of
    declarations between commands."""

    name: str
    folder: Path
    commands: Mapping[str, Sequence[str]]
    empty: Callable[[], None]
    cached: Path | None = None


def ours(folder: Path, count: int) -> Tool:
    """Queues, views and routing scripts on an embedded server; the bundled manifests, which are
    as many, instead of 36."""
    server, state, bare = folder / "server.db", folder / "state", folder / "bare.db"
    run("embedded", "init", bare)
    declared = "bundled"
    if count != COUNTS[0]:
        declared = "m"
        write_manifests(folder / declared, objects(count))

    def empty() -> None:
        shutil.copy(bare, server)
        for left in folder.glob(f"{server.name}-*"):
            left.unlink()
        shutil.rmtree(state, ignore_errors=True)

    where = ("-f", declared, "--app", APP, "--server", f"embedded:{server}", "--state-dir", "state")
    plan = (*GWE, "plan", *where)
    apply = (*GWE, "apply", *where, "--auto-approve")
    validate = (*GWE, "validate", "-f", declared)
    cache = Path(os.environ["XDG_CACHE_HOME"])
    return Tool("gwe", folder, _commands(validate, plan, apply), empty, cache)


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
    """One run of an operation; None if it took too long. Validated manifests are not cached by an
    earlier command; planned manifests are."""
    if operation == APPLY:
        tool.empty()
    if operation == VALIDATE and tool.cached:
        shutil.rmtree(tool.cached, ignore_errors=True)
    process = subprocess.Popen(  # noqa: S603 - our own, and the peers that somebody has named
        measuring(tool.commands[operation]),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        cwd=tool.folder,
        env=surroundings(),
        start_new_session=True,
    )
    try:
        out, _ = process.communicate(timeout=LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return None
    return figures(out)


def in_turns(tools: Sequence[Tool], operation: str) -> Mapping[str, Sequence[Figures]]:
    """The figures of each tool, turn by turn; no figures for a tool that took too long once."""
    runs: dict[str, list[Figures]] = {tool.name: [] for tool in tools}
    slow: set[str] = set()
    for _ in range(RUNS):
        for tool in tools:
            found = None if tool.name in slow else measured(tool, operation)
            if found is None:
                slow.add(tool.name)
            else:
                runs[tool.name].append(found)
    return {name: [] if name in slow else found for name, found in runs.items()}


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
        found = in_turns(present, operation)
        if operation == APPLY:  # with nothing applied, there is something to do
            present = [tool for tool in present if found[tool.name]]
        cells = [_cell(found, tool) for tool in tools]
        aim = AIMS.get((count, operation))
        reached = f"{aim:.2f} s: {met(_median(found['gwe'])[0] <= aim)}" if aim else ""
        yield f"{count:,}", operation, *cells, reached


def _cell(found: Mapping[str, Sequence[Figures]], tool: Tool | None) -> str:
    """The medians of a tool and, of a peer, the ratio of ours to them."""
    if tool is None:
        return "not installed"
    if tool.name not in found:
        return "not applied"
    if not found[tool.name]:
        return f"over {LONGEST:.0f} s"
    seconds, peak = _median(found[tool.name])
    pairs = zip(found["gwe"], found[tool.name], strict=True)
    ratio = statistics.median(ours[0] / theirs[0] for ours, theirs in pairs)
    return f"{seconds:.2f} s, {peak:.0f} MiB" + ("" if tool.name == "gwe" else f"; {ratio:.2f}")


def _median(runs: Sequence[Figures]) -> Figures:
    seconds, peaks = zip(*runs, strict=True)
    return statistics.median(seconds), statistics.median(peaks)


def lines(folder: Path) -> Iterator[str]:
    columns = ("objects", "operation", "gwe", "OpenTofu; ratio", "octoDNS; ratio", "aim, gwe")
    yield from table(columns, (row for count in COUNTS for row in rows(folder, count)))
