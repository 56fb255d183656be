"""What an action sends to a server: the same for the simulation and for a run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.kinds.fields import FieldPath, NameResolver, Value
from reconciler.kinds.flatten import build
from reconciler.kinds.model import Attributes
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.actions import Action, Create, Delete, Replace, Update
from reconciler.server.delta import Delta, apply_delta, delta_for
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


def create_attributes(action: Create | Replace, names: NameResolver) -> dict[str, Any]:
    """The complete attributes of the object that a create or replace makes.

    Raises UnknownReferenceError for a reference to an object that does not exist yet.
    """
    return build(ALL_TYPES[action.object_type], action.fields, names, action.tenant)


def update_delta(action: Update, live: Attributes, names: NameResolver) -> Delta:
    """The delta of an update, computed from the object as it is now."""
    changes: dict[FieldPath, Value | None] = {c.path: c.after for c in action.changes}
    return delta_for(ALL_TYPES[action.object_type], live, changes, names, action.tenant)


@dataclass(frozen=True)
class Simulation:
    """The live objects as they would be after a plan. ``results``: address -> the object of
    each action, unless it would be deleted."""

    live: Snapshot
    results: Mapping[str, ConfObject]


def simulate(actions: Sequence[Action], live: Snapshot) -> Simulation:
    """Applies the actions to a copy of the live objects. New objects get DBIDs below 0."""
    result = live.copy()
    results: dict[str, ConfObject] = {}
    next_dbid = -1
    for action in actions:
        one = result.get(action.object_type, action.dbid)
        match action:
            case Create() | Replace():
                result.drop(action.object_type, action.dbid)
                attributes = create_attributes(action, result)
                one = ConfObject(action.object_type, next_dbid, attributes, action.folder)
                next_dbid -= 1
            case Update() if one is not None:
                delta = update_delta(action, one.attributes, result)
                kind = ALL_TYPES[action.object_type]
                attributes = apply_delta(kind, one.attributes, delta)
                one = ConfObject(one.type, one.dbid, attributes, one.folder, one.path)
            case Delete():
                result.drop(action.object_type, action.dbid)
                one = None
        if one is not None:
            result.put(one)
            results[action.address] = one
    return Simulation(result, results)
