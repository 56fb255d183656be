"""What a plan may change, and what it may not, checked field by field.

The property tests compare everything on a server before a run with everything after it.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import flatten
from reconciler.kinds.referring import redirected, references_to_object
from reconciler.kinds.types.table import OBJECT_TYPES, type_name
from reconciler.plan.actions import Delete, Replace, Update
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.server.validation import on_delete, without_reference

Key = tuple[str, int]
Objects = Mapping[Key, ConfObject]
Fields = dict[FieldPath, Value]


def check_only_the_plan_changed(
    plan: Plan, before: Objects, after: Objects, *, whole: bool = True
) -> None:
    """Every object is there, and differs only in what the plan says: by its changes, and
    where it is replaced by what that loses. ``whole``: all of the plan was carried out;
    else any part of it may have been."""
    there, now = Snapshot(before.values()), Snapshot(after.values())
    planned = {(one.object_type, one.dbid): one for one in plan.writes}
    ended = {
        key for one in plan.writes if isinstance(one, Replace | Delete) for key in one.referrers
    }
    for key, old in before.items():
        action = planned.get(key)
        if key in ended and key not in planned:
            _check_referrer(old, after.get(key), plan, before, after, whole=whole)
        elif isinstance(planned.get(owner_of_folder(old)), Delete):
            assert not whole or key not in after
        elif action is None:
            assert key in after, f"{old.type} {old.attributes.get('name')} is lost"
            assert after[key] == old
        elif isinstance(action, Update):
            changed = _differing(_fields(old, there), _fields(after[key], now))
            allowed = {change.path for change in action.changes}
            assert changed == allowed if whole else changed <= allowed, (changed, allowed)
            assert after[key].path == old.path
        elif whole or key not in after:
            assert isinstance(action, Replace | Delete)
            assert key not in after
            if isinstance(action, Replace):
                _check_replaced(action, old, there, _successor(old, after), now)
        else:
            assert after[key] == old


def owner_of_folder(one: ConfObject) -> Key:
    """What a folder belongs to, and is deleted with; ("", 0) for all that is no folder."""
    owner = one.attributes["ownerID"] if one.type == "Folder" else {"type": 0, "DBID": 0}
    return type_name(owner["type"]), owner["DBID"]


def _successor(old: ConfObject, after: Objects) -> ConfObject:
    """The object that has come in the place of a replaced one: that of its natural key."""
    found = [one for one in after.values() if natural_key(one) == natural_key(old)]
    assert len(found) == 1, f"{old.type} {old.attributes.get('name')} is lost"
    return found[0]


def natural_key(one: ConfObject) -> tuple[Any, ...]:
    """What an object is found by, whatever its DBID."""
    key = OBJECT_TYPES[one.type].key
    return one.type, one.tenant, *(str(one.attributes.get(part)) for part in key)


def _check_replaced(
    action: Replace, old: ConfObject, there: Snapshot, new: ConfObject, now: Snapshot
) -> None:
    """The new object says what the plan says, or all that the old one said: a run that
    could not create the new one puts the old one back. It is in the same folder."""
    assert new.path == old.path
    held, holds = _fields(old, there), _fields(new, now)
    if held == holds:
        return
    changes = {change.path for change in action.changes}
    for path in _differing(held, holds) - changes:
        if path in held:
            said = "/".join(path)
            lists = action.loses and path[0] in ("agents", "managers")
            assert any(
                one.startswith(f"{path[0]}: " if lists else f"{said}: ") for one in action.loses
            ), f"{said} of {action.address} is lost, and the plan does not say so"
        else:
            assert path in action.fields, f"{path} of {action.address} comes from nowhere"


def _check_referrer(
    old: ConfObject,
    new: ConfObject | None,
    plan: Plan,
    before: Objects,
    after: Objects,
    *,
    whole: bool,
) -> None:
    """An object that refers to a deleted object loses that reference and nothing else. Its
    reference to a replaced object leads to the new object; only a run that was disturbed may have
    lost it. An object that cannot be without it goes with it."""
    kind = OBJECT_TYPES[old.type]
    ended = [
        action
        for action in plan.writes
        if isinstance(action, Replace | Delete)
        and (old.type, old.dbid) in action.referrers
        and (action.object_type, action.dbid) not in after
    ]
    if new is None:
        assert any(
            on_delete(kind, attribute.name, action.object_type) == "cascade"
            for action in ended
            for attribute in references_to_object(
                kind, old.attributes, action.object_type, action.dbid
            )
        )
        return
    assert new.path == old.path
    kept, lost = old.attributes, old.attributes
    for action in ended:
        target = (action.object_type, action.dbid)
        lost = without_reference(kind, lost, *target)
        if isinstance(action, Replace):
            successor = _successor(before[target], after).dbid
            kept = redirected(kind, kept, kept, *target, successor)
        else:
            kept = without_reference(kind, kept, *target)
    for attribute in kind.attributes:
        allowed = [kept] if whole else [kept, lost]
        assert _plain(new.attributes.get(attribute.name)) in [
            _plain(one.get(attribute.name)) for one in allowed
        ], f"{attribute.name} of {old.type} {old.dbid}"


def _plain(value: Any) -> Any:
    """A value to compare: the order of a list does not count, and empty is unset."""
    return sorted(value, key=str) if isinstance(value, list) else value or None


def _fields(one: ConfObject, names: Snapshot) -> Fields:
    return flatten(OBJECT_TYPES[one.type], one.attributes, names)


def _differing(one: Fields, other: Fields) -> set[FieldPath]:
    return {path for path in one.keys() | other.keys() if one.get(path) != other.get(path)}
