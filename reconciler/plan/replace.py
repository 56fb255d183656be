"""What a replace writes, and what the old object loses by it. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from reconciler.kinds.fields import HIDDEN, FieldPath, Value, is_secret, shown
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types import references_to
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.diff import (
    LiveFields,
    in_the_type_of,
    lasting_fields,
    left_alone,
    satisfying_options,
)
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

_IDENTITY = frozenset({"tenant", "name", "attribute"})


def replaced_fields(
    desired: DesiredObject, base: Mapping[FieldPath, Value], live: LiveFields
) -> dict[FieldPath, Value]:
    """The fields of the new object. Later ones win: ``base`` (identity and defaults), fields
    carried over from the live object (``preserve``, and the units of initial fields), and the
    other fields that the manifest declares."""
    result = dict(base)
    for path, value in live:
        if path[0] in desired.policy.preserve:
            result[path] = value
    declared = []
    lasting = lasting_fields(desired.fields, live)
    for field in desired.fields:
        instead = satisfying_options(field, lasting)
        if instead:
            for path in instead:
                result.update(live.under(path[:2]))
        elif initial := left_alone(field, lasting):
            result.update(live.under(initial.unit))
        else:
            declared.append(field)
    for field in declared:
        result.pop(field.path, None)
        if field.value is not None:
            result[field.path] = in_the_type_of(live.get(field.path), field.value)
    return result


def losses(
    desired: DesiredObject,
    one: ConfObject,
    live: LiveFields,
    new: Mapping[FieldPath, Value],
    snapshot: Snapshot,
    reset: Sequence[str],
    secret_words: Sequence[str] = (),
) -> tuple[str, ...]:
    """What is lost when ``one`` is replaced, in sentences. ``reset``: initial values of the
    site that the manifest's take the place of."""
    lost = [f"its DBID {one.dbid}"]
    lost += reset
    lost += _lost_fields(desired, live, new, secret_words)
    lost += _lost_references(one, snapshot)
    if desired.kind.name == "InteractionQueue":
        lost.append("interactions that wait in it: they cannot be seen from here")
    return tuple(lost)


def _lost_fields(
    desired: DesiredObject,
    live: LiveFields,
    new: Mapping[FieldPath, Value],
    secret_words: Sequence[str],
) -> Iterator[str]:
    managed = {field.path for field in desired.fields}
    lists: dict[str, list[str]] = {}
    for path, value in live:
        attribute = desired.kind.object_type.by_word(path[0])
        if path in managed or path[0] in _IDENTITY or new.get(path) == value:
            continue
        if attribute is not None and attribute.type is ValueType.REFERENCES:
            lists.setdefault(path[0], []).append(str(value))
            continue
        hidden = is_secret(path, secret_words)
        said = HIDDEN if hidden else shown(path, value)
        if path in new:
            said += " becomes " + (HIDDEN if hidden else shown(path, new[path]))
        yield f"{'/'.join(path)}: {said}"
    for word, names in lists.items():
        yield f"{word}: {', '.join(names)}"


def _lost_references(one: ConfObject, snapshot: Snapshot) -> Iterator[str]:
    for other, attribute in referrers(one, snapshot):
        name = snapshot.name(other.type, other.dbid, one.tenant)
        if attribute.on_delete == "cascade":
            yield f"{other.type} {name}, which is deleted with it"
        else:
            yield f"the reference of {other.type} {name} to it ({attribute.word})"


def referrers(one: ConfObject, snapshot: Snapshot) -> Iterator[tuple[ConfObject, Attribute]]:
    """The objects that refer to ``one`` by DBID, and by which attribute."""
    for referring, attribute, field in references_to(one.type):
        if field is not None:
            continue
        for other in snapshot.of_type(referring.name):
            value = other.attributes.get(attribute.name)
            inside = isinstance(value, list) and one.dbid in value
            if inside or (value == one.dbid and attribute.target(other.attributes) == one.type):
                yield other, attribute
