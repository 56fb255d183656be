"""Reads inventories from a server: that of a set of manifests and a site, and those of others."""

from collections.abc import Mapping

from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.server.port import ConfObject, Reader
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.site.inventory import EntryKey, InventoryOwner
from reconciler.site.inventory_lists import (
    StoredInventory,
    entries_of,
    has_more,
    is_inventory,
    list_name,
    owner_of,
)

_LISTS = {"object_type": TRANSACTION_TYPE["List"]}


def read_inventory(server: Reader, owner: InventoryOwner, tenant: int) -> StoredInventory:
    """The inventory of an owner, from Environment and from the site's ``tenant``, a DBID; empty
    where there is none, or where the account may not read it. One read for each list.
    InventoryError where it is damaged."""
    tenants = (ENVIRONMENT, tenant)
    found: list[ConfObject] = []
    number = 0
    while True:
        named = lists_named(server, list_name(owner, number))
        lists = [one for one in named if one.tenant in tenants]
        found += lists
        if not any(map(has_more, lists)):
            found.sort(key=lambda one: tenants.index(one.tenant))
            return StoredInventory(owner, tuple(found))
        number += 1


def lists_named(server: Reader, name: str) -> list[ConfObject]:
    """The List objects of that name, in every tenant."""
    return server.read("Transaction", {**_LISTS, "name": name})


def read_others(server: Reader, owner: InventoryOwner, tenant: int) -> Mapping[EntryKey, str]:
    """What other inventories have, each entry with the owner, for a sentence.
    InventoryError where one of them is damaged."""
    found: dict[EntryKey, str] = {}
    for scope in dict.fromkeys((ENVIRONMENT, tenant)):
        for one in server.read("Transaction", {**_LISTS, "tenant_dbid": scope}):
            if is_inventory(one) and owner_of(one) != owner:
                found |= {entry.key: owner_of(one).display() for entry in entries_of(one)}
    return found
