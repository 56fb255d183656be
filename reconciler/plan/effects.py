"""What an action sends to a server. Used alike by the simulation and by a run. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.kinds.fields import FieldPath, NameResolver, Value, build
from reconciler.kinds.model import Attributes
from reconciler.kinds.types import ALL_TYPES
from reconciler.plan.model import Action
from reconciler.server.delta import Delta, apply_delta, delta_for
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot


def create_attributes(action: Action, names: NameResolver) -> dict[str, Any]:
    """The complete attributes of the object that a create or replace makes.

    Raises UnknownReferenceError for a reference that leads nowhere yet.
    """
    return build(ALL_TYPES[action.object_type], action.fields, names, action.tenant)


def update_delta(action: Action, live: Attributes, names: NameResolver) -> Delta:
    """The delta of an update, computed from the object as it is now."""
    changes: dict[FieldPath, Value | None] = {c.path: c.after for c in action.changes}
    return delta_for(ALL_TYPES[action.object_type], live, changes, names, action.tenant)


@dataclass(frozen=True)
class Simulation:
    """The live objects as they would be after a plan, and which action leads to which."""

    live: Snapshot
    results: Mapping[str, ConfObject]
    """Address -> the object, for every action whose object there would be."""


def simulate(actions: Sequence[Action], live: Snapshot) -> Simulation:
    """Carries the actions out on a copy of the live objects. New ones get DBIDs below 0."""
    result = live.copy()
    results: dict[str, ConfObject] = {}
    following = -1
    for action in actions:
        one = result.get(action.object_type, action.dbid)
        match action.action:
            case "create" | "replace":
                result.drop(action.object_type, action.dbid)
                attributes = create_attributes(action, result)
                one = ConfObject(action.object_type, following, attributes, action.folder)
                following -= 1
            case "update" if one is not None:
                delta = update_delta(action, one.attributes, result)
                kind = ALL_TYPES[action.object_type]
                attributes = apply_delta(kind, one.attributes, delta)
                one = ConfObject(one.type, one.dbid, attributes, one.folder, one.path)
            case "delete":
                result.drop(action.object_type, action.dbid)
                one = None
        if one is not None:
            result.put(one)
            results[action.address] = one
    return Simulation(result, results)
