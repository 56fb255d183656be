"""What an action sends to a server. The simulation and a run both use it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath, NameResolver, UnknownReferenceError, Value
from reconciler.kinds.flatten import build, flatten, references_in
from reconciler.kinds.model import Attributes
from reconciler.kinds.natural_keys import joined
from reconciler.kinds.referring import redirected
from reconciler.kinds.types.folders import FOLDER
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Action, Create, Delete, Replace, Update
from reconciler.plan.folders import find_folder, folder_key, folder_type
from reconciler.plan.losses import referrers
from reconciler.plan.new_tenants import numbers_of_new_tenants
from reconciler.plan.ordering.circles import Circles, waited_for
from reconciler.plan.renames import renames_in, with_new_names
from reconciler.server.delta import Delta, apply_delta
from reconciler.server.differences import delta_for
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.server.validation import without_reference


def create_attributes(action: Create | Replace, names: NameResolver) -> dict[str, Any]:
    """The complete attributes of the object that a create or replace makes.

    Raises UnknownReferenceError for a reference to an object that does not exist yet.
    """
    return build(ALL_TYPES[action.object_type], action.fields, names, action.tenant)


def folder_of(action: Create, live: Snapshot) -> int:
    """The DBID of the folder that an object is created in, which the run itself may have created; 0
    for the default folder. UnknownReferenceError if there is no such folder."""
    if action.folder or not action.folder_path:
        return action.folder
    kind, path = ALL_TYPES[action.object_type], action.folder_path
    found = find_folder(kind, action.fields, path, action.tenant, live)
    if found is None:
        raise UnknownReferenceError(FOLDER, path)
    return found


def update_delta(action: Update, live: Attributes, names: NameResolver) -> Delta:
    """The delta of an update, computed from the object as it is now."""
    changes: dict[FieldPath, Value | None] = {c.path: c.after for c in action.changes}
    return delta_for(ALL_TYPES[action.object_type], live, changes, names, action.tenant)


def updated(action: Update, live: Attributes, names: NameResolver) -> Attributes:
    """The attributes of an object after an update. An update that only renames the object
    changes nothing here: ``live`` has the new name already."""
    delta = update_delta(action, live, names)
    return apply_delta(ALL_TYPES[action.object_type], live, delta) if delta else live


def written_references(
    action: Action, live: Snapshot, targets: frozenset[str] | None = None
) -> Iterator[tuple[FieldPath, str, str]]:
    """The references that an action writes; see ``flatten.references_in``. The reference of a new
    object to its folder is always among them, whatever ``targets`` says."""
    if not isinstance(action, Create | Update | Replace):
        return
    kind = ALL_TYPES[action.object_type]
    if isinstance(action, Create) and action.folder_path:
        yield from _reference_to_folder(action, action.folder_path)
    if isinstance(action, Create | Replace):
        yield from references_in(kind, action.fields, targets)
        return
    one = live.get(action.object_type, action.dbid)
    fields = flatten(kind, one.attributes, live) if one else {}
    written = {change.path: change.after for change in action.changes if change.after is not None}
    for path, target, name in references_in(kind, {**fields, **written}, targets):
        if path in written:
            yield path, target, name


class Simulation(Struct, frozen=True):
    """The live objects as they would be after a plan. ``results``: address -> the object of
    each action, unless it would be deleted."""

    live: Snapshot
    results: Mapping[str, ConfObject]


def _reference_to_folder(action: Create, path: str) -> Iterator[tuple[FieldPath, str, str]]:
    kind = ALL_TYPES[action.object_type]
    holder = folder_type(kind, path)
    if holder is not None:
        yield ("folder",), holder.name, joined(folder_key(kind, action.fields, path))


def simulate(actions: Sequence[Action], live: Snapshot) -> Simulation:
    """Applies the actions to a copy of the live objects. New objects get DBIDs below 0."""
    circles = Circles(actions)
    result = with_new_names(live, renames_in(actions)).copy()
    results: dict[str, ConfObject] = {}
    tenants = numbers_of_new_tenants(actions)
    next_dbid = min((0, *tenants.values())) - 1
    for action in actions:
        old = one = result.get(action.object_type, action.dbid)
        match action:
            case Create() | Replace():
                result.drop(action.object_type, action.dbid)
                if isinstance(action, Create):
                    action = circles.without_waiting(action, result)  # noqa: PLW2901
                attributes = create_attributes(action, result)
                dbid = tenants.get(action.name) if action.object_type == "Tenant" else None
                one = ConfObject(action.object_type, dbid or next_dbid, attributes, action.folder)
                if old is not None:
                    _change_referrers(old, result, one.dbid)
                next_dbid -= 1
            case Update() if one is not None:
                one = replace(one, attributes=updated(action, one.attributes, result))
            case Delete() if one is not None:
                result.drop(action.object_type, action.dbid)
                _change_referrers(one, result)
                one = None
        if one is not None:
            if one is not old:
                result.put(one)
            results[action.address] = one
            if isinstance(action, Create):
                _set_waiting(circles.waiting_for(action), one, result, results)
    return Simulation(result, results)


def _set_waiting(
    earlier: Sequence[Create], made: ConfObject, live: Snapshot, results: dict[str, ConfObject]
) -> None:
    """Writes the references to a new object which the creates of earlier objects left out."""
    for action in earlier:
        there = results[action.address]
        delta = waiting_delta(action, there, made, live)
        attributes = apply_delta(ALL_TYPES[there.type], there.attributes, delta)
        results[action.address] = replace(there, attributes=attributes)
        live.put(results[action.address])


def waiting_delta(action: Create, there: ConfObject, made: ConfObject, live: Snapshot) -> Delta:
    """The delta with the references that the create of ``there`` left out and that can be written
    now that ``made`` exists."""
    changes: dict[FieldPath, Value | None] = {**waited_for(action, there, made, live)}
    kind = ALL_TYPES[action.object_type]
    return delta_for(kind, there.attributes, changes, live, action.tenant)


def _change_referrers(old: ConfObject, live: Snapshot, successor: int = 0) -> None:
    """Clears the references to a deleted object, or changes them to the DBID of the object that
    replaces it."""
    target = (old.type, old.dbid)
    for other in [other for other, _ in referrers(old, live)]:
        kind, attributes = ALL_TYPES[other.type], other.attributes
        if successor:
            attributes = redirected(kind, attributes, attributes, *target, successor)
        else:
            attributes = without_reference(kind, attributes, *target)
        live.put(replace(other, attributes=attributes))
