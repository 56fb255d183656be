"""What a plan must know of the objects that are ours: the inventory, and the objects in it that no
manifest declares any more. Reads through a ``Reader`` and writes nothing."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial

from msgspec.structs import replace

from reconciler.errors import InventoryError
from reconciler.kinds.natural_keys import has_tenant
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Create
from reconciler.plan.context import Context
from reconciler.plan.model import Plan
from reconciler.plan.planner import plan_and_undeclared, undeclared_by
from reconciler.plan.reading.queries import ReadRequirement
from reconciler.plan.reading.reads import reads_of
from reconciler.server.folders import FoldersReader
from reconciler.server.port import ConfObject, Reader, ServerInfo
from reconciler.server.reading import read_in_rounds
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import Inventory, InventoryOwner, OwnedObject
from reconciler.site.inventory_lists import StoredInventory
from reconciler.site.inventory_reads import owners_of, read_inventory, read_others
from reconciler.site.model import application_name

_EMPTY = (
    "Nothing is in the inventory of {owner}, so that nothing is deleted for it. gwe adopt puts"
    " objects into it."
)
_FEW = 8
"""The largest number of objects of a type that are read one by one."""


def plan_with_inventory(
    context: Context, server: Reader, info: ServerInfo, manifests: str, *, whole: bool
) -> Plan:
    """The plan, made with the inventory of the set, so that it can prune or count what is no longer
    declared; with a warning if it changes what is in another inventory. ``whole``: the manifests
    are all manifests of the set; otherwise nothing is known about what they do not declare, and the
    inventory is not read. InventoryError if the plan prunes and an inventory is damaged; without
    prune, that is a warning."""
    site = context.site
    owner = InventoryOwner(context.options.settings.manifest_set, application_name(site.server))
    read_others_once = cache(partial(read_others, server, owner, site.tenant_dbid))
    if whole:
        plan = _with_own(context, server, info, manifests, owner, read_others_once)
    else:
        plan, _ = plan_and_undeclared(context, info, manifests)
    if all(isinstance(action, Create) for action in plan.writes):
        return plan
    try:
        others = read_others_once()
    except InventoryError as error:
        return replace(plan, warnings=tuple(dict.fromkeys((*plan.warnings, _damage(error)))))
    return _with_sharing_warnings(plan, others) if others else plan


def _with_sharing_warnings(plan: Plan, others: Iterable[StoredInventory]) -> Plan:
    from reconciler.plan.ownership.sharing import sharing_warnings  # noqa: PLC0415 - rarely needed

    return replace(plan, warnings=(*plan.warnings, *sharing_warnings(plan, owners_of(others))))


def _with_own(
    context: Context,
    server: Reader,
    info: ServerInfo,
    manifests: str,
    owner: InventoryOwner,
    others: Callable[[], list[StoredInventory]],
) -> Plan:
    """The plan, made with the inventory of an owner. ``others``: reads the inventories of all other
    owners."""
    prune = context.options.prune
    try:
        stored = read_inventory(server, owner, context.site.tenant_dbid)
    except InventoryError as error:
        if prune:
            raise
        plan, _ = plan_and_undeclared(context, info, manifests)
        return replace(plan, warnings=(*plan.warnings, _damage(error)))
    context = replace(context, inventory=stored.inventory)
    if prune and stored.lists:
        context = replace(context, others=owners_of(others()))
        context = _with_live(context, undeclared_by(context), server)
    plan, left = plan_and_undeclared(context, info, manifests)
    if not prune and any(context.live.get(*one.key) is None for one in left.objects):
        context = _with_live(context, left, server)
        plan, _ = plan_and_undeclared(context, info, manifests)
    if prune and not stored.inventory.entries:
        return replace(plan, notices=(*plan.notices, _EMPTY.format(owner=owner.display())))
    return plan


def _damage(error: InventoryError) -> str:
    return f"{error.message}. {error.hint}"


def _with_live(context: Context, entries: Inventory, server: Reader) -> Context:
    """The context with the live objects of the entries and, if they are to be pruned, with the
    objects that refer to them."""
    site = context.site.tenant_dbid
    missing = [one for one in entries.objects if context.live.get(*one.key) is None]
    live = Snapshot([*context.live, *read_objects(missing, server, site)])
    if context.options.prune:
        there = (live.get(*one.key) for one in entries.objects)
        needs = [
            ReadRequirement(one.type, one.tenant, dbid=one.dbid, referrers=True)
            for one in there
            if one
        ]
        live = read_in_rounds(server, live, reads_of(needs, ()))
    return replace(context, live=live)


def read_objects(
    entries: Iterable[OwnedObject], server: Reader, tenant: int
) -> Iterator[ConfObject]:
    """The live objects of entries. If a type has many entries, all its objects in the site's tenant
    are read."""
    server = FoldersReader(server)
    by_type: dict[str, set[int]] = {}
    for entry in entries:
        by_type.setdefault(entry.type, set()).add(entry.dbid)
    for object_type, dbids in by_type.items():
        if len(dbids) > _FEW and has_tenant(ALL_TYPES[object_type]):
            for one in server.read(object_type, {"tenant_dbid": tenant}):
                dbids.discard(one.dbid)
                yield one
        for dbid in sorted(dbids):
            yield from server.read(object_type, {"dbid": dbid})
