"""Each object that a run wrote, before and after, from its journal. Pure."""

from dataclasses import dataclass, field

from reconciler.plan.actions import Write
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.state.store import RunStep, StoredRun


@dataclass
class Written:
    """One object that a run wrote. ``steps``: the calls for the object itself that were
    answered."""

    action: Write
    steps: list[RunStep] = field(default_factory=list)

    @property
    def before(self) -> ConfObject | None:
        """The object before the run; None: there was none."""
        first = self.steps[0]
        return first.before if first.call in ("update", "delete") else None

    @property
    def after(self) -> ConfObject | None:
        """The object as the run left it; None: it was deleted."""
        after = None
        for step in self.steps:
            if step.call in ("create", "update"):
                after = step.after
            elif step.call == "delete":
                after = None
        return after

    @property
    def deleted(self) -> RunStep | None:
        return next((step for step in self.steps if step.call == "delete"), None)


def names_at_run(live: Snapshot, run: StoredRun) -> Snapshot:
    """The names of live objects, and of objects that the run deleted by their old DBIDs. Where
    an object has come in the place of a deleted one, its name leads to the live one."""
    gone = [step.before for step in run.steps if step.call == "delete" and step.before]
    names = Snapshot(one for one in gone if live.get(one.type, one.dbid) is None)
    for one in live:
        names.put(one)
    return names


def written_by(run: StoredRun, plan: Plan) -> dict[str, Written]:
    """Address -> what the run wrote, in the order of the plan whichever call came first, but for
    the inventory, which is no action. ``plan``: the plan that the run applied."""
    found = {action.address: Written(action) for action in plan.writes}
    for step in run.steps:
        if step.answered and step.address in found and step.call != "update_referrer":
            found[step.address].steps.append(step)
    return {address: entry for address, entry in found.items() if entry.steps}
