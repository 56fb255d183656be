"""What a live object loses when it is replaced, deleted or reset. Pure.

Derived from the action and the live objects alone, so that a run can compute it again and
compare it with what the plan has shown.
"""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath, Value, shown
from reconciler.kinds.flatten import flatten
from reconciler.kinds.manifests import MANIFEST_KINDS, kind_named
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.natural_keys import TENANT, identity_of
from reconciler.kinds.referring import references_to_object
from reconciler.kinds.types.table import ALL_TYPES, references_to
from reconciler.plan.actions import Action, Delete, Replace, Update, changes_of
from reconciler.plan.folders import is_default_folder
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.server.validation import on_delete

_QUEUE = MANIFEST_KINDS["InteractionQueue"]


def with_losses(action: Action, live: Snapshot) -> Action:
    """The action with what its object loses."""
    if not isinstance(action, Update | Replace | Delete):
        return action
    one = live.get(action.object_type, action.dbid)
    if one is None:
        return action
    lost = losses(action, one, live)
    if isinstance(action, Replace):
        return replace(action, loses=lost, restores=restored_references(one, live))
    return replace(action, loses=lost)


def losses(
    action: Update | Replace | Delete, one: ConfObject, live: Snapshot, *, undo: bool = False
) -> tuple[str, ...]:
    """What ``one`` loses by the action, in sentences. An update loses the values of the site that
    it resets. ``undo``: the action reverts a run, so the fields of an object that it deletes are no
    loss: the run has written them."""
    if isinstance(action, Update):
        return tuple(_lost_fields(action, one, live))
    lost = [f"its DBID {one.dbid}"]
    if not (isinstance(action, Delete) and undo):
        lost += _lost_fields(action, one, live)
    lost += (
        f"its {attribute.word}: nobody can read it, and no undo restores it"
        for attribute in ALL_TYPES[one.type].attributes
        if attribute.secret
    )
    lost += (f"its {name}: gwe does not know it, and no undo restores it" for name in one.unknown)
    lost += (f"{other}, which is deleted with it" for other in cascaded(one, live))
    if isinstance(action, Delete):
        lost += restored_references(one, live)
    if one.type == _QUEUE.type and one.attributes["type"] == _QUEUE.script_type:
        lost.append("interactions that wait in it: they cannot be seen from here")
    return tuple(lost)


def _lost_fields(
    action: Update | Replace | Delete, one: ConfObject, live: Snapshot
) -> Iterator[str]:
    object_type = ALL_TYPES[one.type]
    held = flatten(object_type, one.attributes, live)
    new: Mapping[FieldPath, Value | None] = {c.path: c.after for c in changes_of(action)}
    lost = {change.path for change in changes_of(action) if change.reset}
    if isinstance(action, Replace):
        lost |= held.keys() - {*action.carried, *new}
        new = action.fields
    elif isinstance(action, Delete):
        usual = _usual_fields(action)
        lost = {path for path, value in held.items() if value and usual.get(path[0]) != value}
    identity = identity_of(object_type)
    lists: dict[str, list[str]] = {}
    for path, value in held.items():
        if path not in lost or path in identity or new.get(path) == value:
            continue
        attribute = object_type.by_word(path[0])
        if attribute is not None and attribute.type is ValueType.REFERENCES:
            lists.setdefault(path[0], []).append(str(value))
            continue
        secret = action.hides(path)
        said = shown(value, secret=secret)
        if path in new:
            said += f" becomes {shown(new[path], secret=secret)}"
        yield f"{'/'.join(path)}: {said}"
    for word, names in lists.items():
        yield f"{word}: {', '.join(names)}"


def _usual_fields(action: Delete) -> Mapping[str, Value]:
    """The fields that every new object of the kind has."""
    kind = kind_named(action.kind)
    return {**kind.defaults, **kind.fixed} if kind else {}


def cascaded(one: ConfObject, live: Snapshot) -> Iterator[str]:
    """The objects that the server deletes together with ``one``, by type and name."""
    for other, attribute in referrers(one, live):
        if _is_cascaded(other, attribute, one):
            yield f"{other.type} {live.name(other.type, other.dbid, one.tenant)}"


def restored_references(one: ConfObject, live: Snapshot) -> tuple[str, ...]:
    """The references to ``one`` from objects that are not deleted with it, in sentences. A replace
    writes them again, to the new object."""
    return tuple(
        f"the reference of {other.type} {live.name(other.type, other.dbid, one.tenant)} to it"
        f" ({attribute.word})"
        for other, attribute in referrers(one, live)
        if not _is_cascaded(other, attribute, one)
    )


def _is_cascaded(other: ConfObject, attribute: Attribute, one: ConfObject) -> bool:
    """Whether ``other`` is deleted with ``one``, to which it refers."""
    return on_delete(ALL_TYPES[other.type], attribute.name, one.type) == "cascade"


def referrers(one: ConfObject, live: Snapshot) -> Iterator[tuple[ConfObject, Attribute]]:
    """The objects that refer to ``one`` by DBID, and by which attribute. The reference of a default
    folder to its owner is left out: the server creates and deletes both together."""
    by_type: dict[str, list[ConfObject]] = {}
    for other in live.may_refer_to(one.type, one.dbid):
        by_type.setdefault(other.type, []).append(other)
    for name in dict.fromkeys(referring.name for referring, _, _ in references_to(one.type)):
        for other in by_type.get(name, ()):
            if (other.type, other.dbid) == (one.type, one.dbid):
                continue
            kind = ALL_TYPES[name]
            own = (TENANT, kind.owner) if is_default_folder(other) else ()
            found = references_to_object(kind, other.attributes, one.type, one.dbid)
            yield from ((other, attribute) for attribute in found if attribute.name not in own)
