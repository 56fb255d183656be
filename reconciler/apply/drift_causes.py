"""Why live objects differ from the manifests, as far as recorded runs show. Pure.

Two things look alike in a plan: manifests that were never applied in this form, and a server
that somebody has changed since. The last run that wrote a field tells them apart: if it wrote
what the manifests say, the server was changed; if it wrote something else, the manifests were.
Who changed the server, and when, comes from its own history.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.last_writes import PRESENCE, WriteSearch
from reconciler.apply.written import Written, written_by
from reconciler.diagnostics import counted
from reconciler.kinds.fields import FieldPath, SecretText, Value
from reconciler.plan.actions import Create, Delete, InSync, Keep, Replace, Update, Write
from reconciler.plan.model import Plan
from reconciler.server.history import author_text, change_text
from reconciler.server.port import PastChange
from reconciler.state.store import StoredRun

Origin = Literal["server", "manifests", "none"]
"""What changed since the last run that wrote a field; ``none``: no run has written it."""

LastChange = Callable[[str, int], PastChange | None]
"""Object type and DBID -> the last change in the server's history, None where it has none."""


class Cause(Struct, frozen=True):
    """Why some fields of one object differ. ``run``: the last run that wrote them; empty for
    ``none``. ``removed``: that run deleted the object."""

    origin: Origin
    run: str = ""
    removed: bool = False


def with_causes(
    plan: Plan, runs: Iterable[tuple[StoredRun, Plan]], last_change: LastChange
) -> Plan:
    """The plan, in which the reason of each action that writes says what changed since the last
    run.

    ``runs``: those that may have written the same objects, each with the plan that it applied,
    latest first. Only as many are read as are needed. Without runs, no reason is added, since the
    manifests may have been applied from elsewhere. ``last_change`` is asked only about objects that
    were changed on the server.
    """
    searches = {action.address: _Search(action) for action in plan.writes}
    read = 0
    for run, applied in runs:
        read += 1
        written = written_by(run, applied)
        in_sync = _in_sync(applied) if applied.manifests == plan.manifests else {}
        for address, search in searches.items():
            search.look_at(run, written, in_sync.get(address))
        if not any(search.wanted for search in searches.values()):
            break
    if not read or not searches:
        return plan
    actions = tuple(
        replace(action, reason=searches[action.address].reason(read, last_change))
        if isinstance(action, Write)
        else action
        for action in plan.actions
    )
    notice = _counts(searches.values())
    return replace(plan, actions=actions, notices=(*plan.notices, notice))


class _Search:
    """Looks for the cause of each field that an action would write. ``wanted``: the fields without
    a cause so far, each with its desired value."""

    def __init__(self, action: Write) -> None:
        self.action = action
        self.wanted = dict(_desired(action))
        self._writes = WriteSearch(action)
        self._found: dict[FieldPath, Cause] = {}
        self._dbid = action.dbid

    def look_at(self, run: StoredRun, written: Mapping[str, Written], in_sync: int | None) -> None:
        """Looks for causes in one run. ``written``: what it wrote, by address; ``in_sync``: the
        DBID of the object if it was as these manifests want it when the run was planned."""
        self._writes.look_at(run, written)
        for path in list(self.wanted):
            cause = self._cause(path, run, in_sync)
            if cause:
                del self.wanted[path]
                self._found[path] = cause
                self._dbid = self._dbid or in_sync or self._dbid_written()

    def _cause(self, path: FieldPath, run: StoredRun, in_sync: int | None) -> Cause | None:
        """Why a field differs, as far as this run and the later runs show."""
        write = self._writes.found.get(path)
        if write is not None:
            origin: Origin = "server" if _same(self.wanted[path], write.value) else "manifests"
            return Cause(origin, write.run.name, removed=not write.there)
        if self._writes.gone is not None:
            return Cause("manifests", self._writes.gone.name, removed=True)
        return Cause("server", run.name) if in_sync is not None else None

    def _dbid_written(self) -> int:
        written = self._writes.found.get(PRESENCE)
        return written.dbid if written else 0

    def causes(self) -> Counter[Cause]:
        """Each cause, with the number of fields that it explains."""
        return Counter([*self._found.values(), *(Cause("none") for _ in self.wanted)])

    def reason(self, read: int, last_change: LastChange) -> str:
        """The causes as a sentence without its full stop. ``read``: how many runs were read."""
        found = self.causes()
        parts = [
            self._text(cause, read)
            if len(found) == 1
            else f"{number} field{'' if number == 1 else 's'} {self._text(cause, read)}"
            for cause, number in found.items()
        ]
        if any(cause.origin == "server" for cause in found):
            change = last_change(self.action.object_type, self._dbid)
            if change and parts[0].startswith(f"{change.action} on the server"):
                parts[0] = ", ".join(filter(None, (parts[0], author_text(change))))
            elif change:
                parts.append(change_text(change))
        return "; ".join(filter(None, parts))

    def _text(self, cause: Cause, read: int) -> str:
        match cause.origin, self.action:
            case "none", _:
                runs = "the run" if read == 1 else f"any of the {read} runs"
                return f"not applied yet by {runs} on record"
            case "server", Create():
                return f"deleted on the server since run {cause.run}"
            case "server", Delete():
                return f"created on the server since run {cause.run}"
            case "server", _:
                return f"changed on the server since run {cause.run}"
        if cause.removed:
            return f"deleted by run {cause.run}"
        return f"not applied since run {cause.run} wrote something else"


def _desired(action: Write) -> Mapping[FieldPath, Value | None]:
    match action:
        case Create() | Delete():
            return {PRESENCE: isinstance(action, Create)}
        case Update() | Replace():
            return {change.path: change.after for change in action.changes}


def _same(one: Value | None, other: Value | None) -> bool:
    """Whether both values are equal; a secret is compared by its digest."""
    if isinstance(one, SecretText) and isinstance(other, SecretText):
        return bool(one.digest) and one.digest == other.digest
    return one == other


def _in_sync(applied: Plan) -> Mapping[str, int]:
    """Address -> DBID of each object that a plan left alone, since no enforced field differed."""
    return {one.address: one.dbid for one in applied.actions if isinstance(one, InSync | Keep)}


def _counts(searches: Iterable[_Search]) -> str:
    """How many objects were changed on the server, and how many manifests are to be applied."""
    changed = [any(cause.origin == "server" for cause in one.causes()) for one in searches]
    server, manifests = changed.count(True), changed.count(False)
    sentences = []
    if server:
        was, they = ("was", "it was") if server == 1 else ("were", "they were")
        objects = counted(server, "object")
        sentences.append(f"{objects} {was} changed on the server since {they} last applied.")
    if manifests:
        was = "was" if manifests == 1 else "were"
        sentences.append(f"{counted(manifests, 'manifest')} {was} not applied in this form.")
    return " ".join(sentences)
