"""The plan that adds objects and options to the inventory which existed before gwe, or which
another tool created. Pure.

The inventory is List objects, so that this is a plan like any other: it is reviewed, applied,
journaled and reverted. Nothing else on the server changes.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.addresses import object_address
from reconciler.kinds.flatten import flatten
from reconciler.kinds.natural_keys import identity_of
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.manifest.desired import Desired, DesiredObject, Initial, ManagedField
from reconciler.plan.actions import Action, Create, Delete, Fingerprint, Subject, Update
from reconciler.plan.changes import Change
from reconciler.plan.losses import with_losses
from reconciler.plan.ordering.deletions import delete_of
from reconciler.server.delta import apply_delta
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import ENVIRONMENT, Snapshot
from reconciler.site.inventory import (
    Entry,
    Inventory,
    InventoryChange,
    OwnedOption,
    is_own_object,
    name_of,
    owned_object,
    value_digest,
)
from reconciler.site.inventory_lists import (
    CreateList,
    DeleteList,
    StoredInventory,
    UpdateList,
    writes_for,
)

_LIST = OBJECT_TYPES["Transaction"]


def declared_entries(desired: Desired, actions: Sequence[Action], live: Snapshot) -> list[Entry]:
    """The declared objects and options that are on the server. ``actions``: those for what is
    declared. An initial option counts if it has the value that its manifest declares."""
    found: list[Entry] = []
    dbids = {action.address: action.dbid for action in actions}
    for action in actions:
        one = live.get(action.object_type, action.dbid)
        declared = isinstance(desired.addresses.get(action.address), DesiredObject)
        if one is not None and declared and not isinstance(action, Delete):
            found += entries_of_objects([one])
    for each in desired.options:
        found += _options(each.dbid, each.fields, live)
    for item in desired.objects:
        if item.kind.type == "Application":
            found += _options(dbids.get(item.address, 0), item.fields, live)
    return found


def entries_of_objects(objects: Iterable[ConfObject]) -> list[Entry]:
    """The entries of live objects, without launch files and the objects of gwe itself."""
    return [
        owned_object(one) for one in objects if one.type != LAUNCH_FILE and not is_own_object(one)
    ]


def _options(dbid: int, fields: Iterable[ManagedField], live: Snapshot) -> Iterator[OwnedOption]:
    one = live.get("Application", dbid)
    options = (one.attributes.get("options") or {}) if one else {}
    for declared in fields:
        if declared.path[0] != "options" or declared.value is None or len(declared.path) != 3:
            continue
        key = (dbid, declared.path[1], declared.path[2])
        value = options.get(key[1], {}).get(key[2])
        if value is None:
            continue
        if not isinstance(declared.ownership, Initial):
            yield OwnedOption(*key)
        elif str(value) == str(declared.value) and not declared.secret:
            yield OwnedOption(*key, value_digest(key, value))


def still_there(entries: Inventory, live: Snapshot) -> list[Entry]:
    """The entries of earlier runs whose objects and options are as these runs left them: the same
    objects under the same names, and initial options with the same values."""
    found: list[Entry] = []
    for entry in entries.entries.values():
        if isinstance(entry, OwnedOption):
            one = live.get("Application", entry.application)
            options = (one.attributes.get("options") or {}) if one else {}
            value = options.get(entry.section, {}).get(entry.option)
            if value is not None and entry.digest in ("", value_digest(entry.key, value)):
                found.append(entry)
        else:
            one = live.get(*entry.key)
            if one is not None and name_of(one) == entry.name:
                found.append(entry)
    return found


def adopting_actions(
    stored: StoredInventory, change: InventoryChange, live: Snapshot, site_tenant: int
) -> list[Action]:
    """The actions that change the inventory. ``live``: objects, among them the lists of the
    inventory and the tenants."""
    tenant = stored.lists[-1].tenant if stored.lists else ENVIRONMENT
    actions: list[Action] = []
    for write in writes_for(stored, change) if change else ():
        needs = tuple(action.address for action in actions[-1:])
        match write:
            case CreateList():
                actions.append(_create(write.attributes(tenant), needs, live, site_tenant))
            case UpdateList():
                actions.append(_update(write, needs, live, site_tenant))
            case DeleteList(before=one):
                subject = _subject(one.attributes, one.dbid, live, site_tenant)
                deleted = delete_of(subject, one, live, "no entry is left in it")
                actions.append(with_losses(replace(deleted, needs=needs), live))
    return actions


def _create(
    attributes: dict[str, Any], needs: tuple[str, ...], live: Snapshot, site_tenant: int
) -> Create:
    fields = flatten(_LIST, attributes, live)
    identity = identity_of(_LIST)
    changes = (
        Change(path, None, value, unit=path)
        for path, value in fields.items()
        if path not in identity
    )
    subject = _subject(attributes, 0, live, site_tenant)
    return Create(subject, needs=needs, fields=fields, changes=tuple(changes))


def _update(write: UpdateList, needs: tuple[str, ...], live: Snapshot, site_tenant: int) -> Update:
    one = write.before
    old = flatten(_LIST, one.attributes, live)
    new = flatten(_LIST, apply_delta(_LIST, one.attributes, write.delta), live)
    changes = tuple(
        Change(path, old.get(path), new.get(path), unit=path)
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    )
    return Update(
        _subject(one.attributes, one.dbid, live, site_tenant),
        needs=needs,
        folder=one.folder,
        fingerprint=Fingerprint(units=tuple(change.path for change in changes)),
        changes=changes,
    )


def _subject(attributes: Any, dbid: int, live: Snapshot, site_tenant: int) -> Subject:
    name, tenant = str(attributes["name"]), int(attributes["tenantDBID"])
    prefix = live.name("Tenant", tenant, 0) if tenant != site_tenant else ""
    return Subject(
        object_address("Transaction", "List", name, tenant=prefix),
        "Transaction",
        "Transaction",
        name,
        tenant=tenant,
        dbid=dbid,
    )
