"""Each object that a run wrote, before and after, from its journal. Pure."""

from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.kinds.natural_keys import key_values
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Action, Delete, Write
from reconciler.plan.identity import kind_of
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.state.store import RunStep, StoredRun


class Written(Struct):
    """One object that a run wrote. ``steps``: the calls for the object itself that were answered,
    and those of other actions of a circle that changed it (see ``plan.ordering.circles``).
    ``original``: a deleted object before the server cleared references in it, if it did."""

    action: Write
    steps: list[RunStep] = field(default_factory=list)
    original: ConfObject | None = None

    @property
    def before(self) -> ConfObject | None:
        """The object before the run; None: there was none."""
        first = self.steps[0]
        return None if first.call == "create" else self.original or first.before

    @property
    def after(self) -> ConfObject | None:
        """The object as the run left it; None: it was deleted."""
        after = None
        for step in self.steps:
            if step.call in ("create", "update", "update_referrer"):
                after = step.after
            elif step.call == "delete":
                after = None
        return after

    def now(self, live: Snapshot) -> ConfObject | None:
        """The object among ``live`` objects; None: it is gone. If it was deleted and created again
        since, such as by the undo of a later run, it is found by the name that the run left."""
        one = self.after or self.before
        found = live.get(one.type, one.dbid) if one else None
        if found is None and self.before and self.after:
            key = key_values(ALL_TYPES[self.after.type], self.after.attributes)
            found = live.with_key(self.after.type, key)
            return found if found and kind_of(found) == kind_of(self.after) else None
        return found

    @property
    def deleted(self) -> RunStep | None:
        return next((step for step in self.steps if step.call == "delete"), None)


def names_at_run(live: Snapshot, run: StoredRun) -> Snapshot:
    """The names of live objects and, by their old DBIDs, of the objects that the run deleted,
    directly or by cascade. If a live object has such a name now, the name refers to the live
    object."""
    deletes = [step for step in run.steps if step.call == "delete" and step.before]
    cascaded = [one for step in deletes for one in step.referrers]
    gone = [*cascaded, *(step.before for step in deletes if step.before)]
    names = Snapshot(one for one in gone if live.get(one.type, one.dbid) is None)
    for one in live:
        names.put(one)
    return names


def written_by(run: StoredRun, plan: Plan) -> dict[str, Written]:
    """Address -> what the run wrote, in the order of the plan, whichever call came first. The
    inventory is left out, since it is no action. ``plan``: the plan that the run applied."""
    found = {action.address: Written(action) for action in plan.writes}
    of_circles = {
        (action.object_type, action.dbid): action.address
        for action in plan.writes
        if isinstance(action, Delete)
    }
    for step in filter(lambda step: step.answered and step.address in found, run.steps):
        address = step.address
        if step.call == "update_referrer":
            address = _of_circle(step, of_circles)
        elif step.call == "create" and step.action == "create" and step.after:
            of_circles[step.after.type, step.after.dbid] = address
        if address:
            found[address].steps.append(step)
        for other in step.referrers if step.action == "delete" else ():
            of_other = of_circles.get((other.type, other.dbid), "")
            if of_other and found[of_other].original is None:
                found[of_other].original = other
    return {address: entry for address, entry in found.items() if entry.steps}


def written_to(action: Action, written: Mapping[str, Written]) -> Written | None:
    """What a run wrote to the object of an action, even if the object had another name then."""
    found = written.get(action.address)
    if found is not None or not action.dbid:
        return found
    key = (action.object_type, action.dbid)
    for entry in written.values():
        if entry.after is not None and (entry.after.type, entry.after.dbid) == key:
            return entry
    return None


def _of_circle(step: RunStep, addresses: Mapping[tuple[str, int], str]) -> str:
    """The address of the action whose object was changed by another action of its circle; empty:
    none. ``addresses``: the actions of the objects that are deleted, and of those created so
    far."""
    if step.before is None or step.action not in ("create", "delete"):
        return ""
    return addresses.get((step.before.type, step.before.dbid), "")
