"""Why live objects differ from the manifests, as far as the runs on the server tell. Pure.

Two things look alike in a plan: manifests that were never applied in this form, and a server
that somebody has changed since. The last run that wrote a field tells them apart: if it wrote
what the manifests say, the server was changed; if it wrote something else, the manifests were.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.written import Written, written_by, written_to
from reconciler.kinds.fields import FieldPath, SecretText, Value
from reconciler.plan.actions import (
    Create,
    Delete,
    InSync,
    Keep,
    Replace,
    Update,
    Write,
    changes_of,
)
from reconciler.plan.model import Plan
from reconciler.state.store import StoredRun

Origin = Literal["server", "manifests", "none"]
"""What changed since the last run that wrote a field; ``none``: no run has written it."""

_THERE: FieldPath = ()
"""The path that stands for whether the object is there at all."""

Fields = Mapping[FieldPath, Value | None]


class Cause(Struct, frozen=True):
    """Why some fields of one object differ. ``run``: the last that wrote them; empty for
    ``none``. ``removed``: that run took the object away."""

    origin: Origin
    run: str = ""
    removed: bool = False


def with_causes(plan: Plan, runs: Iterable[tuple[StoredRun, Plan]]) -> Plan:
    """The plan; the reason of each action that writes says what changed since the last run.

    ``runs``: those that may have written the same objects, each with the plan that it applied,
    latest first. No more of them are read than are needed. Without any nothing is said, since
    the manifests may have been applied from elsewhere.
    """
    searches = {action.address: _Search(action) for action in plan.writes}
    read = 0
    for run, applied in runs:
        read += 1
        written = written_by(run, applied)
        in_sync = _in_sync(applied) if applied.manifests == plan.manifests else ()
        for address, search in searches.items():
            found = written_to(search.action, written)
            search.look_at(run.name, found, in_sync=address in in_sync)
        if not any(search.wanted for search in searches.values()):
            break
    if not read or not searches:
        return plan
    actions = tuple(
        replace(action, reason=searches[action.address].reason(read))
        if isinstance(action, Write)
        else action
        for action in plan.actions
    )
    notice = _counts(searches.values())
    return replace(plan, actions=actions, notices=(*plan.notices, notice))


class _Search:
    """Looks for the last run that wrote each field that an action would write. ``wanted``: the
    fields that no run was found for yet."""

    def __init__(self, action: Write) -> None:
        self.action = action
        self.wanted = dict(_desired(action))
        self._found: dict[FieldPath, Cause] = {}

    def look_at(self, run: str, written: Written | None, *, in_sync: bool) -> None:
        """Takes from a run what it tells. ``written``: the object as the run wrote it;
        ``in_sync``: it was as these manifests want it when the run was planned."""
        there = written is not None and written.after is not None
        wrote = written_values(written.action, there=there) if written else {}
        for path in [path for path in self.wanted if path in wrote]:
            same = _same(self.wanted.pop(path), wrote[path])
            self._found[path] = Cause("server" if same else "manifests", run, not there)
        if in_sync:
            self._found |= dict.fromkeys(self.wanted, Cause("server", run))
            self.wanted.clear()

    def causes(self) -> Counter[Cause]:
        """Each cause, with the number of fields that it explains."""
        return Counter([*self._found.values(), *(Cause("none") for _ in self.wanted)])

    def reason(self, read: int) -> str:
        """The causes as a sentence without its full stop. ``read``: how many runs were read."""
        found = self.causes()
        if len(found) == 1:
            return "".join(self._text(cause, read) for cause in found)
        return "; ".join(
            f"{number} field{'' if number == 1 else 's'} {self._text(cause, read)}"
            for cause, number in found.items()
        )

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
            return f"taken away by run {cause.run}"
        return f"not applied since run {cause.run} wrote something else"


def _desired(action: Write) -> Fields:
    match action:
        case Create() | Delete():
            return {_THERE: isinstance(action, Create)}
        case Update() | Replace():
            return {change.path: change.after for change in action.changes}


def written_values(action: Write, *, there: bool) -> Fields:
    """What an action wrote. ``there``: the object was there afterwards."""
    fields = action.fields if isinstance(action, Create | Replace) else {}
    changes = {change.path: change.after for change in changes_of(action)}
    return {_THERE: there, **fields, **changes} if there else {_THERE: False}


def _same(one: Value | None, other: Value | None) -> bool:
    """Whether both are one value; a secret is known by its digest."""
    if isinstance(one, SecretText) and isinstance(other, SecretText):
        return bool(one.digest) and one.digest == other.digest
    return one == other


def _in_sync(applied: Plan) -> frozenset[str]:
    """The addresses of what a plan left as it was, since nothing enforced differed."""
    return frozenset(one.address for one in applied.actions if isinstance(one, InSync | Keep))


def _counts(searches: Iterable[_Search]) -> str:
    """How many objects were changed on the server, and how many manifests are to be applied."""
    changed = [any(cause.origin == "server" for cause in one.causes()) for one in searches]
    server, manifests = changed.count(True), changed.count(False)
    sentences = {
        "1 object was changed on the server since a run.": server == 1,
        f"{server} objects were changed on the server since a run.": server > 1,
        "1 manifest was not applied in this form.": manifests == 1,
        f"{manifests} manifests were not applied in this form.": manifests > 1,
    }
    return " ".join(sentence for sentence, applies in sentences.items() if applies)
