"""Natural names of a site's objects, and their DBIDs. Pure.

``tenant:name`` names another tenant's object. A name that contains a colon is first looked
up as a whole.
"""

from collections.abc import Iterable

from msgspec import Struct

from reconciler.kinds.types.table import OBJECT_TYPES


class Named(Struct, frozen=True):
    """An object's type, its tenant's name, its own name and its DBID."""

    type: str
    tenant: str
    name: str
    dbid: int


class SiteNames:
    """Natural names -> DBIDs, and back. Implements ``kinds.fields.NameResolver``."""

    def __init__(self, objects: Iterable[Named]) -> None:
        every = list(objects)
        self._tenants = {item.name: item.dbid for item in every if item.type == "Tenant"}
        self._by_dbid = {(item.type, item.dbid): item for item in every}
        self._dbids: dict[tuple[str, int, str], int] = {}
        for item in every:
            scope = self.tenant(item.tenant) if _tenanted(item.type) else 0
            self._dbids[item.type, scope, item.name] = item.dbid

    def tenant(self, name: str) -> int:
        """The DBID of a tenant; 0 if no tenant has that name."""
        return self._tenants.get(name, 0)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The name that ``self.dbid`` resolves to this object; ``#DBID`` if no name does."""
        item = self._by_dbid.get((object_type, dbid))
        for name in (item.name, f"{item.tenant}:{item.name}") if item else ():
            if self.dbid(object_type, name, tenant) == dbid:
                return name
        return f"#{dbid}"

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:
        tenanted = _tenanted(object_type)
        found = self._dbids.get((object_type, tenant if tenanted else 0, name))
        # A tenant's name may contain a colon too.
        end = name.find(":") if tenanted and found is None else -1
        while found is None and end >= 0:
            owner = self._tenants.get(name[:end])
            if owner is not None:
                found = self._dbids.get((object_type, owner, name[end + 1 :]))
            end = name.find(":", end + 1)
        return found


def _tenanted(object_type: str) -> bool:
    return OBJECT_TYPES[object_type].key[0] == "tenantDBID"
