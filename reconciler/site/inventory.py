"""What is ours on a server: the objects that runs created and the options that they added. Pure.

The inventory belongs to one set of manifests (``name`` in gwe.toml) and one site. What is in it may
be deleted once no manifest declares it any more; nothing else is ever deleted. ``inventory_lists``
says how it is kept on the server.
"""

import hashlib
from collections.abc import Iterable, Mapping

from msgspec import Struct, field

from reconciler.kinds.fields import Value
from reconciler.kinds.predefined import OWN_OBJECTS
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.server.port import ConfObject, ObjectKey

OptionKey = tuple[int, str, str]
"""The DBID of an application, a section and an option of it."""


class OwnedObject(Struct, frozen=True, order=True):
    """An object that a run created or that was adopted. ``name``: its name at that time."""

    type: str
    dbid: int
    name: str

    @property
    def key(self) -> ObjectKey:
        return self.type, self.dbid


class OwnedOption(Struct, frozen=True, order=True):
    """An option that a run added to an application, or that was adopted. ``digest``: that of the
    written value, if a manifest declares the option under ``initial``: it is ours only while it has
    that value. Empty: it is ours whatever its value."""

    application: int
    section: str
    option: str
    digest: str = ""

    @property
    def key(self) -> OptionKey:
        return self.application, self.section, self.option


Entry = OwnedObject | OwnedOption
EntryKey = ObjectKey | OptionKey


class InventoryOwner(Struct, frozen=True):
    """The owner of an inventory: a set of manifests, for a site. ``manifest_set``: its name in
    gwe.toml, or empty; ``app``: the application of the Web Engagement Server."""

    manifest_set: str
    app: str

    @property
    def digest(self) -> str:
        """Identifies the owner, in 16 hex digits."""
        return _digest(self.manifest_set, self.app)

    def display(self) -> str:
        """The owner, for a sentence."""
        named = f"set {self.manifest_set}" if self.manifest_set else "unnamed set"
        return f"the {named} of the site {self.app}"


class InventoryChange(Struct, frozen=True):
    """Entries to add, and keys of entries to remove."""

    added: tuple[Entry, ...] = ()
    removed: tuple[EntryKey, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)


class Inventory(Struct, frozen=True):
    """What is ours, by key."""

    entries: Mapping[EntryKey, Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Inventory":
        return cls({entry.key: entry for entry in entries})

    @property
    def objects(self) -> tuple[OwnedObject, ...]:
        return tuple(one for one in self.entries.values() if isinstance(one, OwnedObject))

    @property
    def options(self) -> tuple[OwnedOption, ...]:
        return tuple(one for one in self.entries.values() if isinstance(one, OwnedOption))

    def change_to(self, wanted: "Inventory") -> InventoryChange:
        """The change that makes this inventory the wanted inventory."""
        return InventoryChange(
            tuple(one for key, one in wanted.entries.items() if self.entries.get(key) != one),
            tuple(key for key in self.entries if key not in wanted.entries),
        )


def owned_object(one: ConfObject) -> OwnedObject:
    """The entry of a live object."""
    return OwnedObject(one.type, one.dbid, name_of(one))


def name_of(one: ConfObject) -> str:
    """The name of a live object, without the names of what it belongs to."""
    return str(one.attributes.get(ALL_TYPES[one.type].name_attribute, ""))


def is_own_object(one: ConfObject) -> bool:
    """Whether an object is gwe's own: the lock, or a list of an inventory."""
    return one.type == "Transaction" and name_of(one).startswith(OWN_OBJECTS)


def value_digest(key: OptionKey, value: Value) -> str:
    """A digest of the value of an option, in 16 hex digits."""
    kind = "integer" if isinstance(value, int) else type(value).__name__
    return _digest(*map(str, key), kind, repr(value))


def _digest(*parts: str) -> str:
    text = "\0".join(part.replace("\\", "\\\\").replace("\0", "\\0") for part in parts)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
