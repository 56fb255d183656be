"""Runs as their journals tell them. Reads records, writes none.

A record that cannot be read is one that a dying process has torn; it was not on disk when
the process went on, so nothing followed from it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.errors import JournalFormatError, ReconcilerError, UsageError
from reconciler.kinds.model import Attributes
from reconciler.server.port import AccessEntry, ConfObject
from reconciler.state.folder import JOURNAL, PLAN, StateFolder
from reconciler.state.journal import FORMAT, access_of, attributes_of, object_of


@dataclass(frozen=True)
class Step:
    """One call of a run. ``makes``: the attributes of the object that a create makes, or
    that comes in place of a deleted one. ``result``: what became of the call; empty:
    nobody knows."""

    number: int
    address: str
    action: str
    call: str
    before: ConfObject | None = None
    permissions: tuple[AccessEntry, ...] = ()
    referrers: tuple[ConfObject, ...] = ()
    makes: Attributes | None = None
    result: str = ""
    after: ConfObject | None = None

    @property
    def answered(self) -> bool:
        """Whether the server has done it."""
        return self.result == "answered"

    @property
    def unknown(self) -> bool:
        """Whether nobody knows if the server has done it."""
        return self.result in ("", "unknown")


@dataclass(frozen=True)
class Run:
    """One run. ``head``: its first record; ``outcomes``: address -> (status, message);
    ``ending``: its last record, None where it did not come to its end."""

    name: str
    head: Mapping[str, Any]
    steps: tuple[Step, ...]
    outcomes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    ending: Mapping[str, Any] | None = None

    @property
    def begun(self) -> bool:
        """Whether a call went out to the server."""
        return bool(self.steps)

    @property
    def finished(self) -> bool:
        """Whether nothing is left for ``gwe recover``."""
        return not self.begun or (self.ending is not None and not self.ending["unsettled"])

    @property
    def status(self) -> str:
        """One word for lists."""
        if not self.finished:
            return "unfinished"
        if self.ending is None:
            return "nothing written"
        return str(self.ending["status"])


def read_run(state: StateFolder, name: str) -> Run:
    """The run of a name, of the beginning of one, or the ``last`` one. UsageError where
    there is none, or several."""
    if name == "last":
        name = max(_heads(state), default=("", {}), key=_place)[0]
    if not name:
        raise UsageError("there is no run yet", "A run is made by gwe apply.")
    found = [one for one in state.run_names() if one == name or one.startswith(name)]
    exact = [one for one in found if one == name]
    if not found:
        raise UsageError(f"there is no run {name}", "gwe runs lists them.")
    if len(found) > 1 and not exact:
        raise UsageError(f"several runs begin with {name}: {', '.join(found)}")
    chosen = (exact or found)[0]
    return parse(chosen, _lines(state.run_path(chosen) / JOURNAL))


def read_runs(state: StateFolder, identity: str = "") -> list[Run]:
    """Every run, oldest first; on one server where it is named. What another version has
    written about other servers is passed over."""
    return [
        parse(name, _lines(state.run_path(name) / JOURNAL))
        for name, head in sorted(_heads(state), key=_place)
        if not identity or head.get("identity", identity) == identity
    ]


def next_number(state: StateFolder) -> int:
    """The number of a new run: runs are in the order of their numbers, whatever the clock
    said when they began."""
    return 1 + max((number for number, _ in map(_place, _heads(state))), default=0)


def _heads(state: StateFolder) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The name and the first record of every run."""
    for name in state.run_names():
        yield name, next(_records(_lines(state.run_path(name) / JOURNAL)), {})


def _place(found: tuple[str, Mapping[str, Any]]) -> tuple[int, str]:
    """Where a run stands in their order."""
    name, head = found
    return int(head.get("number", 0)), name


def read_plan_text(state: StateFolder, run: str) -> str:
    """The JSON text of the plan that a run carried out."""
    path = state.run_path(run) / PLAN
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ReconcilerError(f"{path} cannot be read: {reason}") from error


def _lines(path: Path) -> Iterator[str]:
    try:
        # Only a line feed ends a record: a text may hold other ends of lines.
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            yield from file
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be read: {error.strerror}") from error


def parse(name: str, lines: Iterable[str]) -> Run:
    """The run that the lines of a journal tell."""
    head: Mapping[str, Any] = {}
    begun: dict[int, dict[str, Any]] = {}
    ended: dict[int, dict[str, Any]] = {}
    outcomes: dict[str, tuple[str, str]] = {}
    finish: Mapping[str, Any] | None = None
    for data in _records(lines):
        match data.get("record"):
            case "run":
                head = data
            case "begin":
                begun[data["step"]] = data
            case "end":
                ended[data["step"]] = data
            case "action":
                outcomes[data["address"]] = (data["status"], data["message"])
            case "finish":
                finish = data
    if head and head.get("format") != FORMAT:
        raise JournalFormatError(
            f"the journal of run {name} has format {head.get('format')};"
            f" this version reads {FORMAT}",
            "Use the version of gwe that made it.",
        )
    steps = tuple(_step(one, ended.get(number, {})) for number, one in sorted(begun.items()))
    return Run(name, head, steps, outcomes, finish)


def _records(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict):
            yield data


def _step(begin: Mapping[str, Any], end: Mapping[str, Any]) -> Step:
    referrers = (object_of(one) for one in begin.get("referrers", ()))
    return Step(
        number=begin["step"],
        address=begin["address"],
        action=begin["action"],
        call=begin["call"],
        before=object_of(begin.get("before")),
        permissions=access_of(begin.get("permissions", ())),
        referrers=tuple(one for one in referrers if one is not None),
        makes=attributes_of(begin.get("makes")),
        result=end.get("result", ""),
        after=object_of(end.get("after")),
    )
