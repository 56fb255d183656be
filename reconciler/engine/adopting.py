"""From addresses, manifests or earlier runs to the plan that adds objects and options to the
inventory: implements ``Reconciler.adopt`` on an open server. Writes nothing."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.ownership import owned_by_runs
from reconciler.apply.recovery.recover import plan_of_run
from reconciler.engine.owned import read_objects
from reconciler.engine.planning import read_context
from reconciler.engine.run_place import RunPlace
from reconciler.engine.site_access import SiteAccess
from reconciler.errors import DamagedRunError, PlanFileError, UsageError
from reconciler.kinds.addresses import selects
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.manifests import EVERY_KIND
from reconciler.manifest.load import Loaded
from reconciler.plan.actions import Action
from reconciler.plan.context import Context, PlanOptions
from reconciler.plan.fingerprint import with_fingerprints
from reconciler.plan.identity import address_of, kind_of
from reconciler.plan.model import Plan
from reconciler.plan.ownership.adopt import (
    adopting_actions,
    declared_entries,
    entries_of_objects,
    still_there,
)
from reconciler.plan.ownership.prune import counts_of, missing
from reconciler.plan.planner import declared_actions, mark_of
from reconciler.plan.reading.queries import ReadRequirement
from reconciler.plan.reading.reads import reads_of
from reconciler.server.history import change_text, last_change
from reconciler.server.port import Reader, ServerInfo
from reconciler.server.reading import read_in_rounds
from reconciler.server.snapshot import Snapshot
from reconciler.site.inventory import Entry, Inventory, InventoryChange, InventoryOwner
from reconciler.site.inventory_lists import StoredInventory
from reconciler.site.inventory_reads import read_inventory, read_others
from reconciler.site.model import application_name
from reconciler.state.store import StoredRun
from reconciler.text.wildcards import plain

_LISTED = 10
"""How many objects that leave the inventory are named."""

_KINDS = tuple(
    kind for kind in EVERY_KIND.values() if kind.binding == "object" and kind.type != "Application"
)


class Adoption(Struct, frozen=True):
    """What is to be adopted: the objects at ``addresses``, which may have wildcards, all that is
    ``declared``, and what earlier runs of this state have created and added (``from_runs``).
    ``forget_missing``: entries of what is not on the server are removed from the inventory.
    ``take_over``: entries of other inventories are moved from there."""

    addresses: tuple[str, ...] = ()
    declared: bool = False
    from_runs: bool = False
    forget_missing: bool = False
    take_over: bool = False


def plan_adopting(
    adoption: Adoption,
    loaded: Loaded,
    access: SiteAccess,
    options: PlanOptions,
    place: RunPlace,
) -> Plan:
    """The plan that adopts. Errors: see ``Reconciler.adopt``."""
    reader, context = read_context(loaded, access, options)
    info = reader.info()
    owner = InventoryOwner(options.settings.manifest_set, application_name(context.site.server))
    stored = read_inventory(reader, owner, context.site.tenant_dbid)
    actions = declared_actions(context) if adoption.declared or adoption.addresses else []
    entries: list[Entry] = []
    if adoption.declared:
        entries += declared_entries(context.desired, actions, context.live)
    for address in adoption.addresses:
        entries += _at(address, context, actions, reader)
    notices: list[str] = []
    if adoption.from_runs:
        entries += _of_runs(context, reader, info, place, notices)
    live = Snapshot([*context.live, *stored.lists])
    gone = _missing(stored.inventory, live, reader, context) if adoption.forget_missing else None
    new = [
        one
        for one in Inventory.of(entries).entries.values()
        if one.key not in stored.inventory.entries
    ]
    tenant = context.site.tenant_dbid
    held = _held_by(read_others(reader, owner, tenant) if new else [], new)
    notices += _of_others(held, take_over=adoption.take_over)
    if not adoption.take_over:
        left = {key for _, each in held for key in each.entries}
        new, held = [one for one in new if one.key not in left], []
    changes = [
        (stored, InventoryChange(tuple(new), tuple(gone.entries) if gone else ())),
        *((other, InventoryChange(removed=tuple(each.entries))) for other, each in held),
    ]
    live = Snapshot([*live, *(one for other, _ in held for one in other.lists)])
    mark = replace(mark_of(context.site, live), manifest_set=options.settings.manifest_set)
    adopting = [
        action
        for each, change in changes
        for action in adopting_actions(each, change, live, tenant)
    ]
    if gone is not None:
        notices += _forgotten(gone, reader)
    if gone is None or entries:
        notices += _summary(new)
    return Plan(
        server=info.url,
        identity=info.identity,
        site=mark,
        actions=with_fingerprints(adopting, live),
        notices=tuple(notices),
        manifests=loaded.digest,
        after=place.last_run(info.identity),
        inputs=replace(loaded.inputs, named=True),
    )


def _summary(new: Sequence[Entry]) -> Iterator[str]:
    """What the plan does, in a sentence."""
    if not new:
        yield "Nothing is to be adopted: it is in an inventory already, or not on this server."
        return
    yield (
        f"This adopts {counts_of(Inventory.of(new))}. gwe apply --prune deletes what is adopted"
        " once no manifest declares it. Nothing else changes."
    )


def _held_by(
    others: Iterable[StoredInventory], entries: Iterable[Entry]
) -> list[tuple[StoredInventory, Inventory]]:
    """The other inventories that have some of the entries, each with these entries."""
    keys = [one.key for one in entries]
    found = []
    for other in others:
        there = other.inventory.entries
        held = Inventory({key: there[key] for key in keys if key in there})
        if held.entries:
            found.append((other, held))
    return found


def _of_others(
    held: Iterable[tuple[StoredInventory, Inventory]], *, take_over: bool
) -> Iterator[str]:
    """What happens to entries of other inventories."""
    for other, entries in held:
        owner, counts = other.owner.display(), counts_of(entries)
        if take_over:
            yield (
                f"Taken over from the inventory of {owner}: {counts}. Take it out of the"
                " manifests of that set too: where both sets declare a field with different values,"
                " each apply undoes the other."
            )
        else:
            yield (
                f"Left out, as the inventory of {owner} has it: {counts}. gwe would delete"
                " nothing that two inventories have. --take-over moves it from that inventory"
                " into this."
            )


def _missing(inventory: Inventory, live: Snapshot, server: Reader, context: Context) -> Inventory:
    """The entries of what is not on the server, as far as the account can read."""
    unread = [one for one in inventory.objects if live.get(*one.key) is None]
    read = read_objects(unread, server, context.site.tenant_dbid)
    return missing(inventory, Snapshot([*live, *read]))


def _forgotten(gone: Inventory, server: Reader) -> Iterator[str]:
    """What is removed from the inventory, with what the server's history says about it."""
    if not gone.entries:
        yield "All that is in the inventory is on the server: nothing is to be forgotten."
        return
    for one in gone.objects[:_LISTED]:
        change = last_change(server, one.type, one.dbid)
        known = change_text(change) if change and change.action == "deleted" else ""
        about = f"{one.type} {one.name} (DBID {one.dbid}) is not on the server"
        yield f"{about}: {known}." if known else f"{about}."
    if len(gone.objects) > _LISTED:
        yield f"Nor are {len(gone.objects) - _LISTED:,} more objects."
    what = "it" if len(gone.entries) == 1 else "them"
    yield (
        f"This takes {counts_of(gone)} out of the inventory, and deletes nothing else. To an"
        " account that cannot read an object, it looks deleted: apply this with an account that"
        f" reads all objects of the site, or gwe will never prune {what}."
    )


def _at(address: str, context: Context, actions: Sequence[Action], server: Reader) -> list[Entry]:
    """The entries of the objects at an address, and of the options that manifests declare in an
    application there. UsageError if there are none."""
    selected = [action for action in actions if selects((address,), action.address)]
    chosen = {action.dbid for action in selected if action.object_type == "Application"}
    desired = replace(
        context.desired,
        options=tuple(one for one in context.desired.options if one.dbid in chosen),
        objects=tuple(one for one in context.desired.objects if selects((address,), one.address)),
    )
    found = declared_entries(desired, selected, context.live)
    live = _read_live(address, context, server)
    tenant = context.site.tenant_dbid
    for kind in _kinds(address):
        found += entries_of_objects(
            one
            for one in live.of_type(kind.type)
            if kind_of(one) == kind.name and selects((address,), address_of(one, live, tenant)[1])
        )
    if not found:
        raise UsageError(
            f"nothing on this server can be adopted as {address}",
            "Addresses look like InteractionQueue/NAME; gwe plan --verbose lists those of the"
            " manifests. For an application, the options that manifests declare in it are adopted.",
        )
    return found


def _kinds(address: str) -> list[ManifestKind]:
    """The kinds that an address may mean."""
    text = plain(address)
    return [kind for kind in _KINDS if text.startswith(f"{kind.name}/") or f":{kind.name}/" in text]


def _read_live(address: str, context: Context, server: Reader) -> Snapshot:
    """The live objects that an address may mean, and the objects whose names are part of theirs."""
    prefix = address.partition("/")[0].rpartition(":")[0]
    tenant = context.live.find("Tenant", 0, plain(prefix)) if prefix else None
    dbid = tenant.dbid if tenant else context.site.tenant_dbid
    needs = [
        ReadRequirement(kind.type, dbid, script_type=kind.script_type) for kind in _kinds(address)
    ]
    return read_in_rounds(server, context.live, reads_of(needs, ()))


def _of_runs(
    context: Context, server: Reader, info: ServerInfo, place: RunPlace, notices: list[str]
) -> list[Entry]:
    """What earlier runs on this server have created and added for this site and this set, and which
    of it still exists."""
    runs = [
        (run, plan)
        for run, plan in _readable(info, place, notices)
        if (plan.site.app, plan.site.manifest_set)
        == (application_name(context.site.server), context.options.settings.manifest_set)
    ]
    owned = owned_by_runs(runs)
    missing = [one for one in owned.objects if context.live.get(*one.key) is None]
    live = Snapshot([*context.live, *read_objects(missing, server, context.site.tenant_dbid)])
    return still_there(owned, live)


def _readable(
    info: ServerInfo, place: RunPlace, notices: list[str]
) -> Iterator[tuple[StoredRun, Plan]]:
    for entry in place.state.list_runs(info.identity):
        try:
            run = place.state.read_run(entry.name)
            yield run, plan_of_run(run)
        except (DamagedRunError, PlanFileError) as error:
            notices.append(f"The run {entry.name} is left out: {error.message}.")
