"""Objects that were read from a server, indexed by DBID and by name.

The planner sees live objects only through a snapshot. Pure.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter, itemgetter

from reconciler.kinds.names import alike_key
from reconciler.kinds.types import ALL_TYPES
from reconciler.server.port import ConfObject

ENVIRONMENT = 1
"""The DBID of tenant Environment (reference: well-known DBIDs)."""


class Snapshot:
    """Objects by type. Implements ``kinds.fields.NameResolver``.

    ``put`` and ``drop`` are for copies, which a simulation or a run keeps up to date with
    its writes. The snapshot that was read stays as it is.
    """

    def __init__(self, objects: Iterable[ConfObject] = ()) -> None:
        self._by_type: dict[str, dict[int, ConfObject]] = {}
        self._by_name: dict[tuple[str, int, str], dict[str, int]] = {}
        for item in sorted(objects, key=attrgetter("type", "dbid")):
            self.put(item)

    def copy(self) -> "Snapshot":
        """A copy to change."""
        made = Snapshot()
        for object_type, of_type in sorted(self._by_type.items()):
            made._by_type[object_type] = dict(sorted(of_type.items()))
        for key, names in self._by_name.items():
            made._by_name[key] = dict(sorted(names.items(), key=itemgetter(1)))
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
        name = _name(item)
        self._by_name.setdefault(_key(item.type, _scope(item), name), {})[name] = item.dbid

    def drop(self, object_type: str, dbid: int) -> None:
        """Removes an object, if it is there."""
        item = self._by_type.get(object_type, {}).pop(dbid, None)
        names = self._by_name.get(_key(object_type, _scope(item), _name(item)), {}) if item else {}
        # Another object may have taken the name.
        if item is not None and names.get(_name(item)) == dbid:
            del names[_name(item)]

    def of_type(self, object_type: str, tenant: int | None = None) -> list[ConfObject]:
        """The objects of a type; if ``tenant`` is given, of that tenant."""
        found = self._by_type.get(object_type, {}).values()
        return [item for item in found if tenant is None or item.tenant == tenant]

    def get(self, object_type: str, dbid: int) -> ConfObject | None:
        """The object with that DBID, if it was read."""
        return self._by_type.get(object_type, {}).get(dbid)

    def find(self, object_type: str, scope: int, name: str) -> ConfObject | None:
        """The object with that natural key. ``scope``: tenant or attribute DBID; 0 for
        types whose names are unique in the whole server."""
        dbid = self._by_name.get(_key(object_type, scope, name), {}).get(name)
        return None if dbid is None else self.get(object_type, dbid)

    def twin(self, object_type: str, scope: int, name: str) -> ConfObject | None:
        """An object whose name is another than ``name``, but alike (``names.alike_key``)."""
        alike = self._by_name.get(_key(object_type, scope, name), {})
        dbid = next((dbid for other, dbid in alike.items() if other != name), None)
        return None if dbid is None else self.get(object_type, dbid)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The natural name of an object (see ``kinds.fields.NameResolver``)."""
        item = self.get(object_type, dbid)
        if item is None:
            return f"#{dbid}"
        if item.tenant and tenant and item.tenant != tenant:
            return f"{self.name('Tenant', item.tenant, 0)}:{_name(item)}"
        return _name(item)

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:
        """The DBID behind a natural name (see ``kinds.fields.NameResolver``)."""
        tenanted = ALL_TYPES[object_type].key[0] == "tenantDBID"
        found = self.find(object_type, tenant if tenanted else 0, name)
        if found is None and tenanted and ":" in name:
            prefix, _, rest = name.partition(":")
            owner = self.find("Tenant", 0, prefix)
            found = self.find(object_type, owner.dbid, rest) if owner else None
        if found is None and name.startswith("#") and name[1:].isdecimal():
            return int(name[1:])  # ``name`` gives this for an object that was not read
        return found.dbid if found else None


def _name(item: ConfObject) -> str:
    return str(item.attributes.get(ALL_TYPES[item.type].name_attribute, ""))


def _scope(item: ConfObject) -> int:
    """The DBID of the tenant or attribute in which a name is unique; 0: the whole server."""
    scope, *rest = ALL_TYPES[item.type].key
    return int(item.attributes.get(scope) or 0) if len(rest) == 1 else 0


def _key(object_type: str, scope: int, name: str) -> tuple[str, int, str]:
    return object_type, scope, alike_key(name)
