"""How the calls of a run change the inventory: what has become ours, and what no longer is. Pure.

    create            the object is ours
    replace           the new object is ours if the old object was
    delete            the object is no longer ours, nor is any option of an application
    option added      it is ours; with its digest, where a manifest declares it under ``initial``
    option removed    it is no longer ours
    object renamed    it is ours under its new name, if it was ours

An undo puts back into the inventory only what the reverted run had removed from it.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from reconciler.kinds.fields import SecretText, Value
from reconciler.kinds.types.files import LAUNCH_FILE
from reconciler.plan.actions import Create, Update, Write
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject, ObjectKey
from reconciler.site.inventory import (
    Entry,
    EntryKey,
    Inventory,
    InventoryChange,
    OptionKey,
    OwnedObject,
    OwnedOption,
    is_own_object,
    name_of,
    owned_object,
    value_digest,
)
from reconciler.site.inventory_lists import entries_of, is_inventory
from reconciler.state.store import StoredRun


class _Made(Struct, frozen=True):
    """An object was created. ``anew``: in the place of a deleted object."""

    address: str
    entry: OwnedObject
    anew: bool


class _Deleted(Struct, frozen=True):
    address: str
    key: ObjectKey


class _Added(Struct, frozen=True):
    entry: OwnedOption


class _Removed(Struct, frozen=True):
    key: OptionKey


class _Renamed(Struct, frozen=True):
    """An object was given another name; ``entry`` has it."""

    entry: OwnedObject


class Restored(Struct, frozen=True):
    """What an undo may make ours again. ``addresses``: of deleted objects that were ours;
    ``options``: removed options, with their digests."""

    addresses: frozenset[str] = frozenset()
    options: Mapping[OptionKey, OwnedOption] = field(default_factory=dict)


class Ownership(Struct):
    """Collects the calls of a run that matter for the inventory, in their order."""

    _events: list[_Made | _Deleted | _Added | _Removed | _Renamed] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self._events)

    def note(
        self, action: Write, call: str, before: ConfObject | None, after: ConfObject | None
    ) -> None:
        """Adds an answered call. ``before`` and ``after``: its object."""
        one = before or after
        if action.object_type == LAUNCH_FILE or (one is not None and is_own_object(one)):
            return
        if call == "create" and after is not None:
            anew = not isinstance(action, Create)
            self._events.append(_Made(action.address, owned_object(after), anew))
        elif call == "delete" and before is not None:
            self._events.append(_Deleted(action.address, (before.type, before.dbid)))
        elif call == "update" and isinstance(action, Update) and before is not None:
            self._events += _updated(action, before, after)

    @classmethod
    def of(cls, run: StoredRun, plan: Plan) -> "Ownership":
        """How a run changes the inventory, from its journal. ``plan``: what it applied."""
        actions = {action.address: action for action in plan.writes}
        found = cls()
        for step in run.steps:
            if step.answered and step.address in actions:
                found.note(actions[step.address], step.call, step.before, step.after)
        return found

    def changes(self, inventory: Inventory, restored: Restored | None = None) -> InventoryChange:
        """The changes of the inventory. ``restored``: what an undo may put back. The result is the
        same after a part of the changes has been written."""
        owned = dict(inventory.entries)
        taken: set[str] = set()
        for event in self._events:
            match event:
                case _Deleted():
                    if owned.pop(event.key, None) is not None:
                        taken.add(event.address)
                    for key in _options_of(event.key, owned):
                        del owned[key]
                case _Made(anew=True):
                    if event.address in taken:
                        owned[event.entry.key] = event.entry
                case _Made():
                    if restored is None or event.address in restored.addresses:
                        owned[event.entry.key] = event.entry
                case _Added(entry=added):
                    entry = added if restored is None else restored.options.get(added.key)
                    if entry is not None:
                        owned[entry.key] = entry
                case _Removed():
                    owned.pop(event.key, None)
                case _Renamed(entry=renamed):
                    if renamed.key in owned:
                        owned[renamed.key] = renamed
        return inventory.change_to(Inventory(owned))


def _options_of(key: ObjectKey, owned: Iterable[EntryKey]) -> list[EntryKey]:
    """The keys of the options of an application."""
    object_type, dbid = key
    return [one for one in owned if object_type == "Application" and one[0] == dbid]


def _updated(
    action: Update, before: ConfObject, after: ConfObject | None
) -> Iterable[_Added | _Removed | _Renamed]:
    """What an update has done to the name of an object, and to the options of an application."""
    if after is not None and name_of(after) != name_of(before):
        yield _Renamed(owned_object(after))
    if before.type != "Application":
        return
    held = before.attributes.get("options") or {}
    for change in action.changes:
        if change.path[0] != "options" or len(change.path) != 3:
            continue
        _, section, option = change.path
        key = (before.dbid, section, option)
        if change.after is None:
            yield _Removed(key)
        elif option not in held.get(section, {}):
            entry = _added(key, change, change.after)
            if entry is not None:
                yield _Added(entry)


def _added(key: OptionKey, change: Change, value: Value) -> OwnedOption | None:
    """The entry of an option that was added. None for an initial secret: its digest must not be
    where others can read it."""
    if not change.initial:
        return OwnedOption(*key)
    if change.secret or isinstance(value, SecretText):
        return None
    return OwnedOption(*key, value_digest(key, value))


def restored_by_undo(run: StoredRun) -> Restored:
    """What the undo of a run may put back into the inventory: what that run removed from it."""
    taken: dict[EntryKey, Entry] = {}
    for step in run.steps:
        if step.answered and step.before is not None and is_inventory(step.before):
            left = entries_of(step.after) if step.after is not None else []
            kept = {entry.key for entry in left}
            taken |= {one.key: one for one in entries_of(step.before) if one.key not in kept}
    return _restored(run, taken)


def _restored(run: StoredRun, taken: Mapping[EntryKey, Entry]) -> Restored:
    return Restored(
        frozenset(
            step.address
            for step in run.steps
            if step.call == "delete"
            and step.before is not None
            and (step.before.type, step.before.dbid) in taken
        ),
        {one.key: one for one in taken.values() if isinstance(one, OwnedOption)},
    )


def owned_by_runs(runs: Iterable[tuple[StoredRun, Plan]]) -> Inventory:
    """What runs, oldest first, have created and added, from their journals."""
    inventory = Inventory()
    restored: dict[str, Restored] = {}
    for run, plan in runs:
        undone = restored.get(plan.undoes, Restored()) if plan.undoes else None
        change = Ownership.of(run, plan).changes(inventory, undone)
        gone = {key: inventory.entries[key] for key in change.removed}
        kept = {key: one for key, one in inventory.entries.items() if key not in gone}
        inventory = Inventory({**kept, **{one.key: one for one in change.added}})
        restored[run.name] = _restored(run, gone)
    return inventory
