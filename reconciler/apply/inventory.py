"""Reads and writes the inventory: which objects and options on the server are ours.

A run writes it in one step at its end, by calls that its journal records like all others. A run
that is interrupted before is recovered, and recover writes it from the journal.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress

from reconciler.apply.calls import Calls
from reconciler.apply.ownership import Ownership, restored_by_undo
from reconciler.errors import InventoryError, ReconcilerError
from reconciler.kinds.addresses import object_address
from reconciler.kinds.model import Attributes
from reconciler.plan.actions import Create, Delete, Subject, Update, Write
from reconciler.plan.model import PRUNE, Plan, SiteMark
from reconciler.server.errors import ConfigurationServerError, NoPermissionError, ServerError
from reconciler.server.port import Reader
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.site.inventory import InventoryChange, InventoryOwner
from reconciler.site.inventory_lists import (
    CreateList,
    DeleteList,
    ListWrite,
    StoredInventory,
    UpdateList,
    claim_of,
    writes_for,
)
from reconciler.site.inventory_reads import read_inventory
from reconciler.state.store import StateStore


def claim_inventory(plan: Plan, server: Reader, calls: Calls, run: str) -> None:
    """Writes the name of a run that is about to delete what is ours into the inventory.
    InventoryError if the account may not write there: then nothing is deleted."""
    if PRUNE not in plan.consent:
        return
    stored = _stored(server, plan.site)
    try:
        for one, delta in claim_of(stored, run):
            calls.perform(calls.update(Update(_subject(one.attributes, one.dbid)), one, delta))
    except ConfigurationServerError as error:
        raise InventoryError(
            f"nothing can be deleted, since this account cannot write the inventory: {error}",
            "Nothing was written. Grant it Change on the folder Transactions, or plan without"
            " --prune.",
        ) from error


def _stored(server: Reader, site: SiteMark) -> StoredInventory:
    return read_inventory(server, InventoryOwner(site.manifest_set, site.app), site.tenant_dbid)


def record_ownership(
    plan: Plan,
    server: Reader,
    calls: Calls,
    ownership: Ownership,
    state: StateStore,
    warn: Callable[[str], None],
) -> bool:
    """Updates the inventory with the calls of a run. False if the server did not answer, so that it
    is unknown whether this was done. ``warn`` is called if it is not possible: the run's own work
    is done nevertheless."""
    if not ownership and PRUNE not in plan.consent:
        return True
    try:
        restored = restored_by_undo(state.read_run(plan.undoes)) if plan.undoes else None
        stored = _stored(server, plan.site)
        write_change(stored, ownership.changes(stored.inventory, restored), plan.site, calls)
    except ReconcilerError as error:
        warn(
            f"The inventory could not be written: {error.message}. It does not have what this run"
            " created or deleted, so that gwe plan --prune does not know of it."
        )
        return isinstance(error, ConfigurationServerError) or not isinstance(error, ServerError)
    return True


def write_change(
    stored: StoredInventory, change: InventoryChange, site: SiteMark, calls: Calls
) -> None:
    """Writes a change into an inventory. Its lists are in Environment, or in the site's tenant if
    the account may not create them in Environment."""
    tenants = [one.tenant for one in stored.lists[-1:]] or [ENVIRONMENT, site.tenant_dbid]
    for write in writes_for(stored, change):
        tenants = _write(write, tenants, calls)


def _write(write: ListWrite, tenants: Sequence[int], calls: Calls) -> list[int]:
    """Executes one write. Returns the tenants in which further lists may be."""
    match write:
        case UpdateList():
            action: Write = Update(_subject(write.before.attributes, write.before.dbid))
            calls.perform(calls.update(action, write.before, write.delta))
        case DeleteList():
            action = Delete(_subject(write.before.attributes, write.before.dbid))
            calls.perform(calls.delete(action, write.before, (), ()))
        case CreateList():
            return [_create(write, tenants, calls)]
    return list(tenants)


def _create(write: CreateList, tenants: Sequence[int], calls: Calls) -> int:
    """Creates a list in the first tenant in which the account may. Returns the DBID of that
    tenant."""
    for tenant in tenants[:-1]:
        with suppress(NoPermissionError):
            return _created(write, tenant, calls)
    return _created(write, tenants[-1], calls)


def _created(write: CreateList, tenant: int, calls: Calls) -> int:
    attributes = write.attributes(tenant)
    calls.perform(calls.create(Create(_subject(attributes)), attributes, 0))
    return tenant


def _subject(attributes: Attributes, dbid: int = 0) -> Subject:
    name = str(attributes["name"])
    return Subject(
        object_address("Transaction", "List", name),
        "Transaction",
        "Transaction",
        name,
        tenant=int(attributes["tenantDBID"]),
        dbid=dbid,
    )
