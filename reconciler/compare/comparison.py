"""What differs between two sides. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from reconciler.compare.mapping import EnvironmentMapping, SideMapping, SideName
from reconciler.compare.model import ComparedSide, Comparison, Found, ObjectDifference, Uncompared
from reconciler.compare.nested import differing_paths
from reconciler.compare.pairing import (
    ComparedField,
    ComparedObject,
    HiddenField,
    by_application,
    compared_objects,
    place_of,
)
from reconciler.export.spec import default_of
from reconciler.kinds.fields import FieldPath, SecretText, Value
from reconciler.kinds.flatten import leaf
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.manifests import kind_named, kind_order
from reconciler.kinds.model import ValueType
from reconciler.plan.changes import Change

_LISTS = (ValueType.REFERENCES, ValueType.STRUCTURES)
_SAME_TEXT = "both sides have this text, where the mapping expects each to have its own"


def compare(a: ComparedSide, b: ComparedSide, mapping: EnvironmentMapping) -> Comparison:
    """What differs between two sides, without what the mapping allows to differ."""
    return _Comparing(a, b, mapping).result()


class _Comparing:
    """One comparison. It collects what is equal, ignored or cannot be compared."""

    def __init__(self, a: ComparedSide, b: ComparedSide, mapping: EnvironmentMapping) -> None:
        self._a, self._b, self._mapping = a, b, mapping
        self._of_a, self._of_b = SideMapping(mapping, "a"), SideMapping(mapping, "b")
        self._equal = self._ignored = 0
        self._uncompared: set[Uncompared] = set()

    def result(self) -> Comparison:
        a, b = compared_objects(self._a, self._of_a), compared_objects(self._b, self._of_b)
        by_application(a, b, {**self._b.roles, **self._a.roles})
        differences = [self._difference(a.get(key), b.get(key)) for key in {**a, **b}]
        found = [one for one in differences if one is not None]
        found.sort(key=lambda one: (kind_order(one.kind), one.kind, one.address))
        return Comparison(
            self._a.mark,
            self._b.mark,
            tuple(found),
            self._equal,
            self._ignored,
            tuple(sorted(self._uncompared)),
            (*self._releases(), *self._unused_texts(), *self._unused_patterns()),
        )

    def _difference(
        self, a: ComparedObject | None, b: ComparedObject | None
    ) -> ObjectDifference | None:
        one = a or b
        assert one is not None  # noqa: S101 - the key is that of one of them
        address, kind = one.one.address, one.one.kind
        found: Found = "differs" if a and b else "only-in-a" if a else "only-in-b"
        if self._note_uncompared(a, b):
            return None
        changes = dict(self._changes(a, b))
        ignored = self._ignored_paths(a, b)
        if found != "differs" and () in ignored:
            self._ignored += 1
            return None
        if found == "differs":
            kept = {} if () in ignored else {p: changes[p] for p in changes if p not in ignored}
            self._ignored += len(changes) - len(kept)
            changes = kept
        if found == "differs" and not changes:
            self._equal += 1
            return None
        other = b.one.address if a and b and b.one.address != address else ""
        remark = self._remark(a, b)
        return ObjectDifference(address, kind, found, tuple(changes.values()), other, remark)

    def _note_uncompared(self, a: ComparedObject | None, b: ComparedObject | None) -> bool:
        """Records which fields of two objects cannot be compared. True if none can, since only one
        side has the object, and the other side is manifests, which could not declare it."""
        for side, one, other in ((self._a, a, b), (self._b, b, a)):
            if one is None:
                continue
            unsaid = [field for field in one.unsaid if _is_missing(field, other)]
            for field in (*one.hidden, *unsaid) if other else unsaid:
                reason = field.reason.partition(";")[0]  # the rest is advice for an apply
                name = side.mark.name
                self._uncompared.add(Uncompared(name, reason, one.one.address, field.path))
            if not other and unsaid:
                return True
        return False

    def _ignored_paths(self, a: ComparedObject | None, b: ComparedObject | None) -> set[FieldPath]:
        """The fields that the mapping ignores, by their paths with the mapping applied; an empty
        path: the object."""
        found: set[FieldPath] = set()
        for one, mapping in ((a, self._of_a), (b, self._of_b)):
            if one is None or not self._mapping.ignore:
                continue
            address = one.one.address
            places = {path: place_of(address, field.path) for path, field in one.fields.items()}
            places[()] = address
            found |= {path for path, place in places.items() if mapping.ignores(place)}
        return found

    def _changes(
        self, a: ComparedObject | None, b: ComparedObject | None
    ) -> Iterator[tuple[FieldPath, Change]]:
        """The fields that differ by their paths with the mapping applied, in the order of the
        kind's words."""
        kind = kind_named((a or b).one.kind)  # type: ignore[union-attr]
        assert kind is not None  # noqa: S101 - sides are made of manifests
        ours, theirs = _visible(a, b, kind), _visible(b, a, kind)
        paths = differing_paths(
            {path: one.compared for path, one in ours.items()},
            {path: one.compared for path, one in theirs.items()},
        )
        for path in _in_order(kind, paths):
            if _is_implied_by_others(kind, path, paths):
                continue
            change = _change(kind, path, ours, theirs, both=bool(a and b))
            if change is not None:
                yield path, change

    def _remark(self, a: ComparedObject | None, b: ComparedObject | None) -> str:
        for side, one in ((self._a, a), (self._b, b)):
            if one and one.shared:
                return f"in {side.mark.name} the same for every {one.one.role}"
        return ""

    def _releases(self) -> Iterator[str]:
        one, other = self._a.mark, self._b.mark
        if one.version and other.version and one.version != other.version:
            yield (
                f"{one.name} is Configuration Server {one.version} and {other.name} is"
                f" {other.version}: what only one of the releases knows differs for that reason."
            )

    def _unused_texts(self) -> Iterator[str]:
        sides: tuple[tuple[SideName, ComparedSide, SideMapping], ...] = (
            ("a", self._a, self._of_a),
            ("b", self._b, self._of_b),
        )
        for number, entry in enumerate(self._mapping.same):
            for letter, side, mapping in sides:
                if number not in mapping.used:
                    yield (
                        f"{entry.position}: {entry.of(letter)!r}, the text for side"
                        f" {letter.upper()} of this entry, does not occur in {side.mark.name}:"
                        " the entry has no effect. Correct or remove it."
                    )

    def _unused_patterns(self) -> Iterator[str]:
        used = self._of_a.ignoring | self._of_b.ignoring
        for pattern in self._mapping.ignore:
            if pattern not in used:
                yield f"{self._mapping.name}: {pattern} is to be ignored, and matches nothing."


def _is_missing(field: HiddenField, other: ComparedObject | None) -> bool:
    """Whether the other side, which is manifests, lacks a value that manifests cannot express."""
    return (
        not field.path
        if other is None
        else bool(field.path) and field.compared_path not in other.fields
    )


def _visible(
    one: ComparedObject | None, other: ComparedObject | None, kind: ManifestKind
) -> Mapping[FieldPath, ComparedField]:
    """The fields of an object that can be compared with those of the other object: without what
    either side hides, or manifests on the other side cannot express. If the other object hides a
    list entry, it may be any entry that it does not show."""
    if one is None or other is None or not (one.hidden or other.hidden or one.unsaid):
        return one.fields if one else {}
    hidden = {field.compared_path for field in (*one.hidden, *other.hidden)}
    hidden |= {field.compared_path for field in one.unsaid if _is_missing(field, other)}
    unsure = {field.compared_path[0] for field in other.hidden if _is_list(kind, field.path[0])}
    return {
        path: field
        for path, field in one.fields.items()
        if not any(path[:length] in hidden for length in range(1, len(path) + 1))
        and (path in other.fields or path[0] not in unsure)
    }


def _is_list(kind: ManifestKind, word: str) -> bool:
    attribute = kind.object_type.by_word(word)
    return attribute is not None and attribute.type in _LISTS


def _in_order(kind: ManifestKind, paths: Iterable[FieldPath]) -> list[FieldPath]:
    words = {word: number for number, word in enumerate(kind.fields)}
    return sorted(paths, key=lambda path: (words.get(path[0], -1), path))


def _is_implied_by_others(
    kind: ManifestKind, path: FieldPath, paths: Collection[FieldPath]
) -> bool:
    """Whether a path is the key of a list entry whose other fields differ too, since their paths
    contain the key."""
    attribute = kind.object_type.by_word(path[0])
    if attribute is None or attribute.type is not ValueType.STRUCTURES:
        return False
    key = {attribute.field(name).word for name in attribute.key}
    return path[2] in key and any(one[:2] == path[:2] and one[2] not in key for one in paths)


def _change(
    kind: ManifestKind,
    path: FieldPath,
    ours: Mapping[FieldPath, ComparedField],
    theirs: Mapping[FieldPath, ComparedField],
    *,
    both: bool,
) -> Change | None:
    """A field that differs; None if one side declares what the other has by default. ``both``: both
    sides have the object."""
    one, other = ours.get(path), theirs.get(path)
    before = one.value if one else _default(kind, path, ours) if both else None
    after = other.value if other else _default(kind, path, theirs) if both else None
    if (one is None or other is None) and before == after:
        return None
    shown = one or other
    assert shown is not None  # noqa: S101 - the path is that of one of them
    change = Change(shown.path, before, after, hint=_SAME_TEXT if before == after else "")
    values = (before, after)
    if not any(isinstance(value, SecretText) for value in values):
        return change
    before, after = (None if value is None else SecretText(str(value)) for value in values)
    return replace(change, before=before, after=after, secret=True, hint="")


def _default(
    kind: ManifestKind, path: FieldPath, fields: Mapping[FieldPath, ComparedField]
) -> Value | None:
    """The default of an object at a path that its manifest does not declare; None: there is none.
    ``fields``: the declared fields."""
    attribute = leaf(kind.object_type, path)
    if attribute is None or attribute.type in (*_LISTS, ValueType.KEY_VALUES):
        return None
    if len(path) == 1:
        return kind.defaults.get(path[0], default_of(attribute))
    is_there = any(other[:-1] == path[:-1] for other in fields)
    return default_of(attribute) if is_there else None
