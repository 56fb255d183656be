"""Reads inventories from a server: the inventory of a set of manifests and a site, and those of
other owners."""

from collections.abc import Iterable, Mapping

from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.server.port import ConfObject, Reader
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.site.inventory import EntryKey, InventoryOwner
from reconciler.site.inventory_lists import (
    StoredInventory,
    has_more,
    is_inventory,
    list_name,
    list_number,
    owner_of,
)

_LISTS = {"object_type": TRANSACTION_TYPE["List"]}


def read_inventory(server: Reader, owner: InventoryOwner, tenant: int) -> StoredInventory:
    """The inventory of an owner, from Environment and from the site's ``tenant``, a DBID; empty if
    there is none, or the account may not read it. One read for each list. InventoryError if it is
    damaged."""
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


def read_others(server: Reader, owner: InventoryOwner, tenant: int) -> list[StoredInventory]:
    """The inventories of all other owners, from Environment and from the site's ``tenant``.
    InventoryError if any of them is damaged."""
    found: dict[InventoryOwner, list[ConfObject]] = {}
    for scope in dict.fromkeys((ENVIRONMENT, tenant)):
        lists = filter(is_inventory, server.read("Transaction", {**_LISTS, "tenant_dbid": scope}))
        for one in sorted(lists, key=list_number):
            found.setdefault(owner_of(one), []).append(one)
    return [StoredInventory(one, tuple(lists)) for one, lists in found.items() if one != owner]


def owners_of(inventories: Iterable[StoredInventory]) -> Mapping[EntryKey, str]:
    """Each entry of inventories with its owner, for a sentence."""
    return {key: each.owner.display() for each in inventories for key in each.inventory.entries}
