"""The inventory as List objects of Configuration Server, and the writes that change it. Pure.

    gwe-reconciler.inventory.<owner>         the first list
    gwe-reconciler.inventory.<owner>.1       the second list, if the first is full

    annex   inventory   format, set, application; more: there is another list; run: the run that
                        deletes what is in it, while it does
            objects     Script.1234 = ["Chat.Overflow"]
            options     1021.5f0c… = ["endpoints:101","webme"], with a digest of an initial value

Each entry is one short option. A list holds ``LIST_ENTRIES`` of them.
"""

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.errors import InventoryError
from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.kinds.predefined import OWN_OBJECTS
from reconciler.kinds.types.table import ALL_TYPES, OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.differences import difference
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.site.inventory import (
    Entry,
    EntryKey,
    Inventory,
    InventoryChange,
    InventoryOwner,
    OwnedObject,
    OwnedOption,
    value_digest,
)

INVENTORY_NAME = f"{OWN_OBJECTS}inventory"
"""What the names of all lists of inventories begin with."""

LIST_ENTRIES = 1000
"""How many entries a list holds."""

FORMAT = "1"
_LIST = OBJECT_TYPES["Transaction"]
_ANNEX = "userProperties"
_HEADER, _OBJECTS, _OPTIONS = "inventory", "objects", "options"
_MORE, _RUN = "more", "run"

Options = Mapping[str, Mapping[str, Any]]


def list_name(owner: InventoryOwner, number: int) -> str:
    """The name of a list of an owner's inventory. ``number``: counts from 0."""
    name = f"{INVENTORY_NAME}.{owner.digest}"
    return f"{name}.{number}" if number else name


def list_number(one: ConfObject) -> int:
    """The number of a list among those of its inventory; counts from 0."""
    number = str(one.attributes["name"]).removeprefix(f"{INVENTORY_NAME}.").partition(".")[2]
    return int(number) if number.isdecimal() else 0


def is_inventory(one: ConfObject) -> bool:
    """Whether an object is a list of an inventory."""
    return one.type == "Transaction" and str(one.attributes.get("name", "")).startswith(
        f"{INVENTORY_NAME}."
    )


def without_entries(one: ConfObject) -> ConfObject:
    """A list without its entries."""
    annex = {name: held for name, held in _annex(one).items() if name not in (_OBJECTS, _OPTIONS)}
    return replace(one, attributes={**one.attributes, _ANNEX: annex})


def owner_of(one: ConfObject) -> InventoryOwner:
    """Whose inventory a list belongs to."""
    header = _annex(one).get(_HEADER, {})
    return InventoryOwner(str(header.get("set", "")), str(header.get("application", "")))


def has_more(one: ConfObject) -> bool:
    """Whether a list says that there is another list."""
    return bool(_annex(one).get(_HEADER, {}).get(_MORE))


class StoredInventory(Struct, frozen=True, dict=True):
    """The inventory of an owner as it is stored. ``lists``: in the order of their tenants and
    numbers. InventoryError if any of them is damaged."""

    owner: InventoryOwner
    lists: tuple[ConfObject, ...] = ()

    def __post_init__(self) -> None:
        assert self.inventory is not None  # noqa: S101 - it is read now, and may be damaged

    @cached_property
    def inventory(self) -> Inventory:
        return Inventory.of(entry for one in self.lists for entry in entries_of(one))


def entries_of(one: ConfObject) -> list[Entry]:
    """The entries that a list holds. InventoryError if it is damaged."""
    annex = _annex(one)
    found = annex.get(_HEADER, {}).get("format")
    if found != FORMAT:
        raise _damaged(one, f"its format is {found}, and this version reads {FORMAT}")
    entries: list[Entry] = []
    for section, decode in ((_OBJECTS, _object), (_OPTIONS, _option)):
        for name, value in annex.get(section, {}).items():
            try:
                entry = decode(name, json.loads(value))
            except (ValueError, TypeError, RecursionError):
                raise _damaged(one, f"the option {section}/{name} is not an entry") from None
            if (_place(entry), _value(entry)) != ((section, name), value):
                raise _damaged(one, f"the option {section}/{name} is not an entry as gwe writes it")
            entries.append(entry)
    return entries


def _object(name: str, data: Any) -> OwnedObject:
    object_type, _, dbid = name.partition(".")
    (called,) = data
    if object_type not in ALL_TYPES:
        raise ValueError
    return OwnedObject(object_type, int(dbid), _text(called))


def _option(name: str, data: Any) -> OwnedOption:
    section, option, *digest = map(_text, data)
    (value,) = digest or ("",)
    return OwnedOption(int(name.partition(".")[0]), section, option, value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _place(entry: Entry) -> tuple[str, str]:
    """The section and the name of the option that holds an entry."""
    if isinstance(entry, OwnedObject):
        return _OBJECTS, f"{entry.type}.{entry.dbid}"
    return _OPTIONS, f"{entry.application}.{value_digest(entry.key, '')}"


def _value(entry: Entry) -> str:
    """The value of the option that holds an entry."""
    parts = (
        [entry.name]
        if isinstance(entry, OwnedObject)
        else [entry.section, entry.option, *filter(None, (entry.digest,))]
    )
    return _ENCODER.encode(parts)


_ENCODER = json.JSONEncoder(ensure_ascii=False)


def _annex(one: ConfObject) -> Options:
    return one.attributes.get(_ANNEX) or {}


def _damaged(one: ConfObject, problem: str) -> InventoryError:
    tenant = "Environment" if one.tenant == ENVIRONMENT else f"the tenant with DBID {one.tenant}"
    name = one.attributes.get("name")
    return InventoryError(
        f"the inventory is damaged: in the List object {name} of {tenant}, {problem}",
        "Restore that object from a backup; or delete it, and record what is yours again with"
        " gwe adopt --from-runs and gwe adopt --declared.",
    )


class CreateList(Struct, frozen=True):
    """A list that is to be created."""

    name: str
    annex: Options

    def attributes(self, tenant: int) -> dict[str, Any]:
        """The attributes of the list, in a tenant."""
        return {
            "tenantDBID": tenant,
            "name": self.name,
            "alias": self.name,
            "type": TRANSACTION_TYPE["List"],
            "description": "What gwe-reconciler has created and may delete",
            _ANNEX: self.annex,
        }


class UpdateList(Struct, frozen=True):
    """A list in which entries change."""

    before: ConfObject
    delta: Delta


class DeleteList(Struct, frozen=True):
    """A list that is to be deleted, since the inventory is empty."""

    before: ConfObject


ListWrite = CreateList | UpdateList | DeleteList


def writes_for(stored: StoredInventory, change: InventoryChange) -> list[ListWrite]:
    """The writes that change an inventory, in their order: a list that announces a further list is
    written before that list."""
    entries = {**stored.inventory.entries}
    for key in change.removed:
        entries.pop(key, None)
    entries.update((entry.key, entry) for entry in change.added)
    if not entries:
        return [DeleteList(one) for one in reversed(stored.lists)]
    contents = _distributed(stored, entries)
    writes: list[ListWrite] = []
    for number, (one, content) in enumerate(contents):
        more = number + 1 < len(contents) and contents[number + 1][0] is None
        old = _annex(one) if one else {}
        annex = _contents(stored.owner, content, old, more or (one is not None and has_more(one)))
        if one is None:
            writes.append(CreateList(list_name(stored.owner, _next_number(stored, number)), annex))
        elif delta := difference(_LIST, {_ANNEX: old}, {_ANNEX: annex}):
            writes.append(UpdateList(one, delta))
    return writes


def claim_of(stored: StoredInventory, run: str) -> list[tuple[ConfObject, Delta]]:
    """The lists, each with the delta that writes the name of a run into it; the next change of the
    inventory removes that name."""
    found = []
    for one in stored.lists:
        annex = _annex(one)
        claimed = {**annex, _HEADER: {**annex.get(_HEADER, {}), _RUN: run}}
        found.append((one, difference(_LIST, {_ANNEX: annex}, {_ANNEX: claimed})))
    return found


def _next_number(stored: StoredInventory, place: int) -> int:
    """The number of a new list, which follows that of the last list there."""
    if not stored.lists:
        return place
    return list_number(stored.lists[-1]) + 1 + place - len(stored.lists)


def _distributed(
    stored: StoredInventory, entries: Mapping[EntryKey, Entry]
) -> list[tuple[ConfObject | None, list[Entry]]]:
    """Each list with the entries that it is to hold; None: it is to be created. An existing entry
    stays in its list, and a new entry is put where there is room."""
    left = dict(entries)
    contents: list[tuple[ConfObject | None, list[Entry]]] = [
        (one, [left.pop(old.key) for old in entries_of(one) if old.key in left])
        for one in stored.lists
    ]
    for entry in left.values():
        free = next((held for _, held in contents if len(held) < LIST_ENTRIES), None)
        if free is None:
            free = []
            contents.append((None, free))
        free.append(entry)
    return contents


def _contents(owner: InventoryOwner, entries: Iterable[Entry], old: Options, more: bool) -> Options:
    """The annex of a list. Empty sections and options are left out, as the server does, and what
    others have added in ``old`` is kept."""
    header = {"format": FORMAT, "set": owner.manifest_set, "application": owner.app}
    annex: dict[str, dict[str, Any]] = {
        **{section: dict(options) for section, options in old.items()},
        _HEADER: {**old.get(_HEADER, {}), **{name: text for name, text in header.items() if text}},
        _OBJECTS: {},
        _OPTIONS: {},
    }
    annex[_HEADER].pop(_RUN, None)
    if more:
        annex[_HEADER][_MORE] = "yes"
    for entry in entries:
        section, name = _place(entry)
        annex[section][name] = _value(entry)
    return {section: options for section, options in annex.items() if options}
