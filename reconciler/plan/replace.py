"""What a replace makes anew, and what it takes away. Pure."""

from collections.abc import Iterator, Mapping

from reconciler.kinds.fields import Path, Value, shown
from reconciler.kinds.model import ValueType
from reconciler.kinds.types import references_to
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.diff import LiveFields, has_unit, satisfied
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

_IDENTITY = frozenset({"tenant", "name", "attribute"})


def replaced_fields(
    desired: DesiredObject, create: Mapping[Path, Value], live: LiveFields
) -> dict[Path, Value]:
    """The fields of the new object: the manifest's, and over them what is carried over:
    kept units that are there, and the words under ``preserve``."""
    result = dict(create)
    for word in desired.policy.preserve:
        for path, value in live.items():
            if path[0] == word:
                result.setdefault(path, value)
    for field in desired.fields:
        if not field.keep:
            continue
        if satisfied(field, live):
            result.pop(field.path, None)
            _carry(result, live, field.path[:2])
        elif has_unit(live, field.unit):
            result.pop(field.path, None)
            _carry(result, live, field.unit)
    return result


def _carry(result: dict[Path, Value], live: LiveFields, unit: Path) -> None:
    result.update({p: v for p, v in live.items() if p[: len(unit)] == unit})


def losses(
    desired: DesiredObject,
    one: ConfObject,
    live: LiveFields,
    new: Mapping[Path, Value],
    snapshot: Snapshot,
) -> tuple[str, ...]:
    """What the replace of ``one`` loses, in sentences."""
    return (
        f"its DBID {one.dbid}, and permissions set on it",
        *_lost_fields(desired, live, new),
        *_referrers(one, snapshot),
        *(
            ["interactions that wait in it: they cannot be seen from here"]
            if desired.kind.name == "InteractionQueue"
            else []
        ),
    )


def _lost_fields(
    desired: DesiredObject, live: LiveFields, new: Mapping[Path, Value]
) -> Iterator[str]:
    managed = {field.path for field in desired.fields}
    lists: dict[str, list[str]] = {}
    for path, value in live.items():
        attribute = desired.kind.object_type.by_word(path[0])
        if path in managed or path[0] in _IDENTITY or new.get(path) == value:
            continue
        if attribute is not None and attribute.type is ValueType.REFERENCES:
            lists.setdefault(path[0], []).append(str(value))
        elif path in new:
            yield f"{'/'.join(path)}: {shown(value)} becomes {shown(new[path])}"
        else:
            yield f"{'/'.join(path)}: {shown(value)}"
    for word, names in lists.items():
        yield f"{word}: {', '.join(names)}"


def _referrers(one: ConfObject, snapshot: Snapshot) -> Iterator[str]:
    """Objects whose references by DBID end with the old object."""
    for referring, attribute, field in references_to(one.type):
        if field is not None or attribute.on_delete == "cascade":
            continue
        for other in snapshot.of_type(referring.name):
            value = other.attributes.get(attribute.name)
            if value == one.dbid or (isinstance(value, list) and one.dbid in value):
                name = snapshot.name(other.type, other.dbid, one.tenant)
                yield f"the reference of {other.type} {name} to it ({attribute.word})"
