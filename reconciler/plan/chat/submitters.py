"""Notices about queues that a plan binds to a strategy although a Submitter serves them. Pure.

Composer assigns strategies to queues up to release 8.1.3, and from 8.1.4 to the views of queues,
through scripts of type InteractionSubmitter (Composer Help, Interaction Queue Block). How a
Submitter names its view is not public: any option of its annex with the view's name counts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.kinds.enums import SCRIPT_TYPE
from reconciler.kinds.options import is_strategy
from reconciler.manifest.desired import Initial, ManagedField
from reconciler.plan.actions import Action, changes_of
from reconciler.plan.effects import Simulation
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

SUBMITTER = SCRIPT_TYPE["InteractionSubmitter"]
"""The type of the scripts that assign strategies to views."""

Served = Mapping[tuple[int, str], list[tuple[str, str]]]
"""Tenant DBID and name of a queue -> names of its views and of the Submitters that serve them."""


def submitter_notices(actions: Sequence[Action], final: Simulation) -> Iterator[str]:
    """A notice for each queue that the plan binds and that a Submitter serves already."""
    served = _served(final.live)
    for action in actions if served else ():
        binds = any(
            change.after is not None and change.path[0] == "annex" and is_strategy(*change.path[1:])
            for change in changes_of(action)
            if len(change.path) == 3
        )
        if action.kind == "InteractionQueue" and binds:
            for view, submitter in served.get((action.tenant, action.name), ()):
                yield (
                    f"{action.address} is bound to a strategy, and the Submitter {submitter!r}"
                    f" already serves its view {view!r}: interactions may be routed twice. Keep"
                    " one of the two: leave this queue out with --exclude, or remove the"
                    " Submitter."
                )


def is_bound(queue: ConfObject, strategies: Iterable[ManagedField]) -> bool:
    """Whether a live queue has these options already, so that no plan would write them. For an
    initial option, any value of the site's own counts."""
    annex = _annex(queue)
    found = [(one, annex.get(one.path[1], {}).get(one.path[2])) for one in strategies]
    return all(
        value == one.value or (value is not None and isinstance(one.ownership, Initial))
        for one, value in found
    )


def submitters(live: Snapshot, tenant: int | None = None) -> list[ConfObject]:
    """The scripts that assign strategies to the views of queues; if given, of a tenant."""
    scripts = live.of_type("Script", tenant)
    return [script for script in scripts if script.attributes.get("type") == SUBMITTER]


def _served(live: Snapshot) -> Served:
    named: dict[tuple[int, str], list[str]] = {}
    for submitter in submitters(live):
        for value in annex_values(submitter):
            named.setdefault((submitter.tenant, value), []).append(_name(submitter))
    served: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for view in live.of_type("Script") if named else ():
        if view.attributes.get("type") == SCRIPT_TYPE["InteractionQueueView"]:
            queue = _annex(view).get("View", {}).get("Queue", "")
            for submitter_name in named.get((view.tenant, _name(view)), ()):
                place = (view.tenant, str(queue))
                served.setdefault(place, []).append((_name(view), submitter_name))
    return served


def _name(script: ConfObject) -> str:
    return str(script.attributes.get("name", ""))


def _annex(script: ConfObject) -> Mapping[str, Mapping[str, object]]:
    return script.attributes.get("userProperties") or {}


def annex_values(script: ConfObject) -> set[str]:
    """The texts in an annex, with the script's name for a reference to a script."""
    return {
        value.removeprefix("script:")
        for options in _annex(script).values()
        for value in options.values()
        if isinstance(value, str)
    }
