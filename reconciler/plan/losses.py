"""What a live object loses when it is replaced or deleted. Pure.

Derived from the action and the live objects alone, so that a run can compute it again and
compare it with what the plan has shown.
"""

from collections.abc import Iterator

from reconciler.kinds.fields import flatten, shown
from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types import ALL_TYPES, references_to
from reconciler.plan.actions import Delete, Replace
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

_IDENTITY = frozenset({"tenant", "name", "attribute"})
_QUEUE = MANIFEST_KINDS["InteractionQueue"]


def losses(action: Replace | Delete, one: ConfObject, live: Snapshot) -> tuple[str, ...]:
    """What is lost when ``one`` is replaced or deleted by the action, in sentences."""
    lost = [f"its DBID {one.dbid}"]
    if isinstance(action, Replace):
        lost += _lost_fields(action, one, live)
    lost += _lost_references(one, live)
    if one.type == _QUEUE.type and one.attributes["type"] == _QUEUE.script_type:
        lost.append("interactions that wait in it: they cannot be seen from here")
    return tuple(lost)


def _lost_fields(action: Replace, one: ConfObject, live: Snapshot) -> Iterator[str]:
    known = {*action.carried, *(change.path for change in action.changes)}
    object_type = ALL_TYPES[one.type]
    lists: dict[str, list[str]] = {}
    for path, value in flatten(object_type, one.attributes, live).items():
        if path in known or path[0] in _IDENTITY or action.fields.get(path) == value:
            continue
        attribute = object_type.by_word(path[0])
        if attribute is not None and attribute.type is ValueType.REFERENCES:
            lists.setdefault(path[0], []).append(str(value))
            continue
        secret = action.hides(path)
        said = shown(value, secret=secret)
        if path in action.fields:
            said += f" becomes {shown(action.fields[path], secret=secret)}"
        yield f"{'/'.join(path)}: {said}"
    for word, names in lists.items():
        yield f"{word}: {', '.join(names)}"


def _lost_references(one: ConfObject, live: Snapshot) -> Iterator[str]:
    for other, attribute in referrers(one, live):
        name = live.name(other.type, other.dbid, one.tenant)
        if attribute.on_delete == "cascade":
            yield f"{other.type} {name}, which is deleted with it"
        else:
            yield f"the reference of {other.type} {name} to it ({attribute.word})"


def referrers(one: ConfObject, live: Snapshot) -> Iterator[tuple[ConfObject, Attribute]]:
    """The objects that refer to ``one`` by DBID, and by which attribute."""
    for referring, attribute, field in references_to(one.type):
        if field is not None:
            continue
        for other in live.of_type(referring.name):
            value = other.attributes.get(attribute.name)
            inside = isinstance(value, list) and one.dbid in value
            if inside or (value == one.dbid and attribute.target(other.attributes) == one.type):
                yield other, attribute
