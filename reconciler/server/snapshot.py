"""Objects that were read from a server, indexed by DBID and by name.

The planner sees live objects only through a snapshot. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter, itemgetter
from typing import Any

from reconciler.kinds import enums
from reconciler.kinds.fields import as_integer
from reconciler.kinds.model import Attribute, ValueType, on_server
from reconciler.kinds.names import alike_key
from reconciler.kinds.natural_keys import TENANT, has_tenant, joined, key_parts, key_values, split
from reconciler.kinds.referring import targets_of
from reconciler.kinds.types.folders import FOLDER, reference_to
from reconciler.kinds.types.table import ALL_TYPES, FOLDER_TYPES, referred_folder
from reconciler.server.port import ConfObject, ObjectKey

ENVIRONMENT = 1
"""The DBID of tenant Environment (reference: well-known DBIDs)."""

_Key = tuple[object, ...]
"""An object type, and the values of a natural key."""


class Snapshot:
    """Objects by type. Implements ``kinds.fields.NameResolver``.

    ``put`` and ``drop`` are for copies, which a simulation or a run keeps up to date with
    its writes. The snapshot that was read stays as it is.
    """

    def __init__(self, objects: Iterable[ConfObject] = ()) -> None:
        self._by_type: dict[str, dict[int, ConfObject]] = {}
        self._by_key: dict[_Key, ConfObject] = {}
        self._alike: dict[_Key, dict[object, ConfObject]] | None = None
        self._referring: dict[ObjectKey, set[ObjectKey]] | None = None
        for item in sorted(objects, key=attrgetter("type", "dbid")):
            self.put(item)

    def copy(self) -> "Snapshot":
        """A copy to change."""
        made = Snapshot()
        for object_type, of_type in sorted(self._by_type.items()):
            made._by_type[object_type] = dict(sorted(of_type.items()))
        made._by_key = dict(self._by_key)
        return made

    def __iter__(self) -> Iterator[ConfObject]:
        """Every object, type by type."""
        for of_type in self._by_type.values():
            yield from of_type.values()

    def put(self, item: ConfObject) -> None:
        """Adds an object, or replaces the object with its DBID."""
        of_type = self._by_type.setdefault(item.type, {})
        if item.dbid in of_type:
            self.drop(item.type, item.dbid)
        of_type[item.dbid] = item
        self._by_key[_key(item)] = item
        self._alike = None
        if self._referring is not None:
            _add_targets(item, self._referring)

    def drop(self, object_type: str, dbid: int) -> None:
        """Removes an object, if it exists."""
        item = self._by_type.get(object_type, {}).pop(dbid, None)
        if item is None:
            return
        key = _key(item)
        # Another object may have taken the name.
        if self._by_key.get(key) is item:
            del self._by_key[key]
        self._alike = None

    def of_type(self, object_type: str, tenant: int | None = None) -> list[ConfObject]:
        """The objects of a type; if ``tenant`` is given, of that tenant."""
        found = self._by_type.get(object_type, {}).values()
        return [item for item in found if tenant is None or item.tenant == tenant]

    def get(self, object_type: str, dbid: int) -> ConfObject | None:
        """The object with that DBID, if it was read; of type Folder, a folder of any type."""
        found = self._by_type.get(object_type, {}).get(dbid)
        if found is None and object_type == FOLDER:
            folders = (self._by_type.get(name, {}).get(dbid) for name in FOLDER_TYPES)
            return next(filter(None, folders), None)
        return found

    def may_refer_to(self, object_type: str, dbid: int) -> list[ConfObject]:
        """The objects that may refer to an object, in the order of their DBIDs: all that do, and
        some that did before they were changed."""
        if self._referring is None:
            self._referring = {}
            for item in self:
                _add_targets(item, self._referring)
        places = {
            place
            for target in (on_server(object_type), "")  # "": it may refer to any type
            for place in self._referring.get((target, dbid), ())
        }
        found = (self.get(*place) for place in sorted(places, key=itemgetter(1, 0)))
        return [item for item in found if item is not None]

    def find(self, object_type: str, scope: int, name: str) -> ConfObject | None:
        """The object with that natural key, of a type whose key is a name, or a name and
        what it is unique in. ``scope``: the DBID of that tenant or object, else 0."""
        outer = (scope,) if len(ALL_TYPES[object_type].key) == 2 else ()
        return self.with_key(object_type, (*outer, name))

    def with_key(self, object_type: str, key: Sequence[object]) -> ConfObject | None:
        """The object with the values of a natural key; see ``natural_keys.key_values``."""
        found = self._by_key.get((object_type, *key))
        if found is None and not all(key):  # an empty or absent part counts as 0
            return self._by_key.get((object_type, *(part or 0 for part in key)))
        return found

    def twin(self, object_type: str, key: Sequence[object]) -> ConfObject | None:
        """An object whose name differs from the last part of ``key`` but looks the same
        (``names.alike_key``); None: there is none."""
        if self._alike is None:
            self._alike = self._all_alike()
        *outer, name = key
        alike = self._alike.get((object_type, *outer, _folded(name)))
        if alike is None:
            return None
        return next((one for other, one in alike.items() if other != name), None)

    def key_texts(self, item: ConfObject) -> tuple[str, ...]:
        """The parts of an object's natural key as texts, without the tenant."""
        return tuple(
            self._text(part, item.attributes.get(part.name), item.tenant)
            for part in key_parts(ALL_TYPES[item.type])
        )

    def key_of(
        self, object_type: str, texts: Sequence[str], tenant: int
    ) -> tuple[object, ...] | None:
        """The values of a natural key whose parts are ``texts``; None if a part names no object, or
        is no value of its attribute."""
        begins_with_tenant, is_text, _ = _form_of_key(object_type)
        outer = (tenant,) if begins_with_tenant else ()
        if is_text:
            return (*outer, *texts)
        parts = zip(key_parts(ALL_TYPES[object_type]), texts, strict=True)
        values = [self._value(part, text, tenant) for part, text in parts]
        return None if None in values else (*outer, *values)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The natural name of an object (see ``kinds.fields.NameResolver``)."""
        item = self.get(object_type, dbid)
        if item is None:
            return f"#{dbid}"
        name = joined(self.key_texts(item))
        owner = item.tenant if item.tenant != tenant else 0
        prefix = self.name("Tenant", owner, 0) if owner else ""
        if object_type == FOLDER:
            return reference_to(item.type, name, prefix)
        return f"{prefix}:{name}" if prefix else name

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:
        """The DBID behind a natural name (see ``kinds.fields.NameResolver``)."""
        folder = referred_folder(name) if object_type == FOLDER else None
        called, text = folder or (object_type, name)
        found = self._called(called, text, tenant)
        if found is None and name.startswith("#") and name[1:].isdecimal():
            return int(name[1:])  # ``name`` returns this for an object that was not read
        return found.dbid if found else None

    def _called(self, object_type: str, name: str, tenant: int) -> ConfObject | None:
        """The object with a natural name, which may begin with its tenant."""
        found = self._named(object_type, name, tenant)
        if found is None and ":" in name and has_tenant(ALL_TYPES[object_type]):
            prefix, _, rest = name.partition(":")
            owner = self.find("Tenant", 0, prefix)
            found = self._named(object_type, rest, owner.dbid) if owner else None
        return found

    def _named(self, object_type: str, name: str, tenant: int) -> ConfObject | None:
        begins_with_tenant, is_text, count = _form_of_key(object_type)
        if is_text and count == 1:  # nearly every type
            return self.with_key(object_type, (tenant, name) if begins_with_tenant else (name,))
        texts = split(name, count)
        key = self.key_of(object_type, texts, tenant) if texts else None
        return self.with_key(object_type, key) if key else None

    def _text(self, part: Attribute, value: Any, tenant: int) -> str:
        match part.type:
            case ValueType.REFERENCE:
                return self.name(part.refers_to, value or 0, tenant)
            case ValueType.ENUM:
                return enums.mnemonic(part.enumeration, value or 0)
        return "" if value is None else str(value)

    def _value(self, part: Attribute, text: str, tenant: int) -> object:
        match part.type:
            case ValueType.REFERENCE:
                return self.dbid(part.refers_to, text, tenant)
            case ValueType.ENUM:
                return enums.number_of(part.enumeration, text)
            case ValueType.INTEGER:
                return as_integer(text)
        return text

    def _all_alike(self) -> dict[_Key, dict[object, ConfObject]]:
        """Names and their objects, in the order of DBIDs, by the key whose last part is reduced to
        what looks alike."""
        found: dict[_Key, dict[object, ConfObject]] = {}
        for (*outer, name), one in sorted(self._by_key.items(), key=lambda item: item[1].dbid):
            found.setdefault((*outer, _folded(name)), {})[name] = one
        return found


@cache
def _form_of_key(object_type: str) -> tuple[bool, bool, int]:
    """Whether the natural key of a type begins with the tenant, whether all other parts of it are
    texts, and how many these are."""
    kind = ALL_TYPES[object_type]
    is_text = all(part.type is ValueType.TEXT for part in key_parts(kind))
    return kind.key[0] == TENANT, is_text, len(key_parts(kind))


def _key(item: ConfObject) -> _Key:
    return item.type, *key_values(ALL_TYPES[item.type], item.attributes)


def _add_targets(item: ConfObject, referring: dict[ObjectKey, set[ObjectKey]]) -> None:
    """Indexes an object as referring to each of its targets."""
    for target in targets_of(ALL_TYPES[item.type], item.attributes):
        referring.setdefault(target, set()).add((item.type, item.dbid))


def _folded(name: object) -> object:
    return alike_key(name) if isinstance(name, str) else name
