"""Natural names of a site's objects, and the DBIDs that they stand for. Pure.

``tenant:name`` is another tenant's object; a name with a colon in it is first looked for
as it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.kinds.types import OBJECT_TYPES


@dataclass(frozen=True)
class Named:
    """What a name needs: the type, the tenant's name, the object's own name, the DBID."""

    type: str
    tenant: str
    name: str
    dbid: int


class SiteNames:
    """Natural names -> DBIDs, and back. Implements ``kinds.fields.NameResolver``."""

    def __init__(self, objects: Iterable[Named]) -> None:
        every = list(objects)
        self._tenants = {one.name: one.dbid for one in every if one.type == "Tenant"}
        self._by_dbid = {(one.type, one.dbid): one for one in every}
        self._dbids: dict[tuple[str, int, str], int] = {}
        for one in every:
            scope = self.tenant(one.tenant) if _tenanted(one.type) else 0
            self._dbids[one.type, scope, one.name] = one.dbid

    def tenant(self, name: str) -> int:
        """The DBID of a tenant; 0 for a name that no tenant has."""
        return self._tenants.get(name, 0)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The name that ``dbid`` reads as this object; ``#DBID`` where none does."""
        one = self._by_dbid.get((object_type, dbid))
        for name in (one.name, f"{one.tenant}:{one.name}") if one else ():
            if self.dbid(object_type, name, tenant) == dbid:
                return name
        return f"#{dbid}"

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:
        tenanted = _tenanted(object_type)
        found = self._dbids.get((object_type, tenant if tenanted else 0, name))
        # A tenant's own name may hold a colon as well.
        end = name.find(":") if tenanted and found is None else -1
        while found is None and end >= 0:
            owner = self._tenants.get(name[:end])
            if owner is not None:
                found = self._dbids.get((object_type, owner, name[end + 1 :]))
            end = name.find(":", end + 1)
        return found


def _tenanted(object_type: str) -> bool:
    return OBJECT_TYPES[object_type].key[0] == "tenantDBID"
