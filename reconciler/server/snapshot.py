"""Objects that were read from a server, indexed by DBID and by name.

The planner sees live objects only through a snapshot. Pure.
"""

from collections.abc import Iterable, Iterator

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
        for item in sorted(objects, key=lambda item: (item.type, item.dbid)):
            self.put(item)

    def copy(self) -> "Snapshot":
        """A copy to change."""
        return Snapshot(self)

    def __iter__(self) -> Iterator[ConfObject]:
        """Every object, type by type."""
        for of_type in self._by_type.values():
            yield from of_type.values()

    def put(self, one: ConfObject) -> None:
        """Adds an object, or replaces the object with its DBID."""
        self.drop(one.type, one.dbid)
        self._by_type.setdefault(one.type, {})[one.dbid] = one
        name = _name(one)
        self._by_name.setdefault(_key(one.type, _scope(one), name), {})[name] = one.dbid

    def drop(self, object_type: str, dbid: int) -> None:
        """Removes an object, if it is there."""
        one = self._by_type.get(object_type, {}).pop(dbid, None)
        names = self._by_name.get(_key(object_type, _scope(one), _name(one)), {}) if one else {}
        if (
            one is not None and names.get(_name(one)) == dbid
        ):  # another object may have taken the name
            del names[_name(one)]

    def of_type(self, object_type: str, tenant: int | None = None) -> list[ConfObject]:
        """The objects of a type; of one tenant where it is given."""
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

    def case_twin(self, object_type: str, scope: int, name: str) -> ConfObject | None:
        """An object whose name differs from ``name`` only in upper and lower case."""
        alike = self._by_name.get(_key(object_type, scope, name), {})
        dbid = next((dbid for other, dbid in alike.items() if other != name), None)
        return None if dbid is None else self.get(object_type, dbid)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The natural name of an object (see ``kinds.fields.NameResolver``)."""
        one = self.get(object_type, dbid)
        if one is None:
            return f"#{dbid}"
        if one.tenant and tenant and one.tenant != tenant:
            return f"{self.name('Tenant', one.tenant, 0)}:{_name(one)}"
        return _name(one)

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


def _name(one: ConfObject) -> str:
    return str(one.attributes.get(ALL_TYPES[one.type].name_attribute, ""))


def _scope(one: ConfObject) -> int:
    """The DBID of the tenant or attribute in which a name is unique; 0: the whole server."""
    scope, *rest = ALL_TYPES[one.type].key
    return int(one.attributes.get(scope) or 0) if len(rest) == 1 else 0


def _key(object_type: str, scope: int, name: str) -> tuple[str, int, str]:
    return object_type, scope, name.casefold()
