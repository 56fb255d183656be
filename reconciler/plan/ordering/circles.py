"""Objects that refer to each other in a circle: which reference is written or cleared in a separate
call. Pure.

    create    the first object of a circle is created without its reference to a later object; the
              action that creates the later object sets it afterwards
    delete    the first object of a circle is deleted while a later object refers to it; if the
              server would refuse that, the same action clears the reference before

Which references these are follows from the order of the actions, so that no plan file says it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath, NameResolver, Value
from reconciler.kinds.flatten import flatten, references_in
from reconciler.kinds.model import Attribute, ObjectType, ValueType, on_server
from reconciler.kinds.natural_keys import joined, key_parts
from reconciler.kinds.types.folders import FOLDER, reference_to
from reconciler.kinds.types.table import ALL_TYPES, references_to
from reconciler.plan.actions import Action, Create, Delete, Write
from reconciler.server.port import ConfObject


def can_break(action: Action, need: Action) -> bool:
    """Whether an action can come before the action that it needs: always, if either of them writes
    nothing."""
    if not (isinstance(action, Write) and isinstance(need, Write)):
        return True
    if isinstance(action, Create) and isinstance(need, Create):
        return all(
            unit_of(ALL_TYPES[action.object_type], path)
            for path, target, name in references_in(ALL_TYPES[action.object_type], action.fields)
            if (target, name) in _names_of(need)
        )
    if isinstance(action, Delete) and isinstance(need, Delete):
        return all(
            _can_be_absent(attribute)
            for referring, attribute, _ in references_to(action.object_type)
            if referring.name == need.object_type
        )
    return False


_LaterReference = tuple[FieldPath, Create, tuple[str, str]]
"""A reference to what a later action creates: its unit, the later action, and the type and name of
the object."""


class Circles:
    """The references of the creates in ``actions`` to objects that later ones create."""

    def __init__(self, actions: Iterable[Action]) -> None:
        creates = [action for action in actions if isinstance(action, Create)]
        made = frozenset(on_server(action.object_type) for action in creates)
        referring = [
            (number, action, references)
            for number, action in enumerate(creates)
            if (references := _references(action, made))
        ]
        targets = {target for _, _, references in referring for _, target, _ in references}
        self._later: dict[tuple[str, str], tuple[int, Create]] = {
            name: (number, action)
            for number, action in enumerate(creates)
            if on_server(action.object_type) in targets
            for name in _names_of(action)
        }
        self._later_references: dict[str, tuple[_LaterReference, ...]] = {}
        self._waiting: dict[str, dict[str, Create]] = {}
        for number, action, references in referring if self._later else ():
            found = tuple(self._references_to_later(number, action, references))
            self._later_references[action.address] = found
            for _, later, _ in found:
                self._waiting.setdefault(later.address, {})[action.address] = action

    def _references_to_later(
        self, number: int, action: Create, references: Iterable[tuple[FieldPath, str, str]]
    ) -> Iterator[_LaterReference]:
        """The references of an action to what it creates itself or a later action creates."""
        kind = ALL_TYPES[action.object_type]
        for path, target, name in references:
            at, later = self._later.get((target, name), (-1, action))
            unit = unit_of(kind, path) if at >= number else None
            if unit:
                yield unit, later, (target, name)

    def waiting_for(self, action: Create) -> Sequence[Create]:
        """The earlier actions whose objects may refer to the object that an action creates."""
        return tuple(self._waiting.get(action.address, {}).values())

    def pairs(self) -> Iterator[tuple[Create, str]]:
        """Each action that has to wait, and the address of the action that it waits for."""
        for later, earlier in self._waiting.items():
            yield from ((action, later) for action in earlier.values())

    def without_waiting(self, action: Create, names: NameResolver) -> Create:
        """The action without its references to objects that later actions create. All other
        references stay, even dangling ones."""
        waiting = {
            unit
            for unit, _, (target, name) in self._later_references.get(action.address, ())
            if names.dbid(target, name, action.tenant) is None
        }
        if not waiting:
            return action
        fields = {
            path: value for path, value in action.fields.items() if not _is_below(path, waiting)
        }
        changes = tuple(one for one in action.changes if not _is_below(one.path, waiting))
        return replace(action, fields=fields, changes=changes)


def waited_for(
    action: Create, there: ConfObject, made: ConfObject, names: NameResolver
) -> dict[FieldPath, Value]:
    """The fields that the create ``action`` left out because the object ``made`` did not exist yet,
    and that can be written now. ``there``: the object of the action as it is. A field is returned
    with its whole unit (``unit_of``), unless the object has a part of the unit already."""
    kind = ALL_TYPES[action.object_type]
    held = flatten(kind, there.attributes, names)
    found: dict[FieldPath, Value] = {}
    references = list(references_in(kind, action.fields))
    for path, target, name in references:
        unit = unit_of(kind, path)
        leads = (
            target == on_server(made.type) and names.dbid(target, name, action.tenant) == made.dbid
        )
        if not unit or not leads or any(_is_below(one, {unit}) for one in held):
            continue
        inside = [one for one in references if _is_below(one[0], {unit})]
        if all(names.dbid(to, text, action.tenant) is not None for _, to, text in inside):
            found |= {one: value for one, value in action.fields.items() if _is_below(one, {unit})}
    return found


def unit_of(kind: ObjectType, path: FieldPath) -> FieldPath | None:
    """The path of what must be written together with the reference at a path: the reference itself,
    or the structure or entry around it. None: it cannot be written after the object was created."""
    outer = kind.by_word(path[0])
    if outer is None or not _can_be_absent(outer) or outer.name in kind.key:
        return None
    match outer.type:
        case ValueType.STRUCTURE:
            whole = any(field.mandatory or field.type_from for field in outer.fields)
            return path[:1] if whole else path
        case ValueType.STRUCTURES:
            return path[:2]
    return path


def _can_be_absent(attribute: Attribute) -> bool:
    return not (attribute.mandatory or attribute.immutable or attribute.read_only)


def _is_below(path: FieldPath, units: Iterable[FieldPath]) -> bool:
    return any(path[: len(unit)] == unit for unit in units)


def _references(action: Create, targets: frozenset[str]) -> list[tuple[FieldPath, str, str]]:
    return list(references_in(ALL_TYPES[action.object_type], action.fields, targets))


def _names_of(action: Create) -> tuple[tuple[str, str], ...]:
    """The types and names by which other fields may refer to what an action creates: with the
    tenant and without."""
    kind = ALL_TYPES[action.object_type]
    fields: Mapping[FieldPath, Value] = action.fields
    name = joined([str(fields.get((part.word,), "")) for part in key_parts(kind)])
    tenant = fields.get(("tenant",))
    target = on_server(action.object_type)
    name = reference_to(action.object_type, name) if target == FOLDER else name
    names = (name, f"{tenant!s}:{name}") if tenant else (name,)
    return tuple((target, one) for one in names)
