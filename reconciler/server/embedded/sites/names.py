"""Natural names of a site's objects, and their DBIDs. Pure.

``tenant:name`` names another tenant's object. A name that contains a colon is first looked
up as a whole.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.kinds.types import OBJECT_TYPES


@dataclass(frozen=True)
class Named:
    """An object's type, its tenant's name, its own name and its DBID."""

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
        """The DBID of a tenant; 0 where there is none of that name."""
        return self._tenants.get(name, 0)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The name that ``self.dbid`` resolves to this object; ``#DBID`` where none does."""
        one = self._by_dbid.get((object_type, dbid))
        for name in (one.name, f"{one.tenant}:{one.name}") if one else ():
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
