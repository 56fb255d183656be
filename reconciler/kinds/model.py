"""Object types and their attributes, as values.

The embedded server, the adapters, the planner, the schemas and the site files know the
objects of Configuration Server from these values alone.
"""

from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace

Attributes = Mapping[str, Any]
"""The attributes of an object, under Configuration Server's own names. Text: str; integer
and enumeration: int; flag: bool; key-value list: {section: {key: str | int | bytes}}, where the
section ``""`` has the pairs that are outside any section;
reference: DBID; references: [DBID]; structure: {field: value}; structures: [{field: value}].
"""
KeyValueList = Mapping[str, Mapping[str, str | int | bytes]]

OUTSIDE = ""
"""The name of the section for the pairs of a key-value list that are outside any section."""

OnDelete = Literal["veto", "clear", "cascade"]


def on_server(object_type: str) -> str:
    """The server's name for a type: ``Folder/Script`` in plans is ``Folder`` on the server."""
    return object_type.partition("/")[0]


class ValueType(Enum):
    """How an attribute's value is stored and compared."""

    TEXT = "text"
    INTEGER = "integer"
    FLAG = "flag"
    ENUM = "enumeration"
    KEY_VALUES = "key-value list"
    REFERENCE = "reference"
    REFERENCES = "list of references"
    STRUCTURE = "structure"
    STRUCTURES = "list of structures"


class Attribute(Struct, frozen=True):
    """One attribute of an object type.

    ``word``: its name in manifests and site files. ``open_ended``: the server knows members
    that the enumeration here lacks. ``refers_to``: the target type of a reference; ``on_delete``:
    what deleting the target does to the object that refers to it.

    A reference to several types has ``targets`` (number -> type), and ``type_from``: the attribute
    beside it with the number. ``refers_to`` is then the first of these types.

    ``bounds``: the least and the greatest number that it can hold.

    ``taken_from``: a reference beside it; if it is set, the server takes the value from the object
    referred to. ``exclusive``: no two objects of the type refer to the same target.

    ``fields``: of a structure; ``key``: those that together identify an entry of a list.
    """

    name: str
    type: ValueType = ValueType.TEXT
    word: str = ""
    mandatory: bool = False
    immutable: bool = False
    read_only: bool = False
    secret: bool = False
    default: Any = None
    max_length: int = 255
    bounds: tuple[int, int] | None = None
    enumeration: Mapping[str, int] = field(default_factory=dict)
    open_ended: bool = False
    refers_to: str = ""
    type_from: str = ""
    targets: Mapping[int, str] = field(default_factory=dict)
    on_delete: OnDelete = "clear"
    taken_from: str = ""
    exclusive: bool = False
    fields: tuple["Attribute", ...] = ()
    key: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.word:
            force_setattr(self, "word", self.name)

    def field(self, name: str) -> "Attribute":
        """The field ``name`` of a structure. KeyError if there is none."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(name)

    def target(self, values: Attributes) -> str:
        """The target type of the reference, given the ``values`` beside it; empty if they name no
        possible type."""
        return (
            self.targets.get(values.get(self.type_from, 0), "") if self.targets else self.refers_to
        )

    def beside(self, values: Attributes) -> "Attribute":
        """The attribute for the given ``values`` beside it, with the reference narrowed to a single
        type."""
        return replace(self, refers_to=self.target(values)) if self.targets else self

    def may_refer_to(self, object_type: str) -> bool:
        """Whether the reference can be to an object of a type."""
        return on_server(object_type) in self.target_types

    @property
    def target_types(self) -> Sequence[str]:
        """The possible target types of the reference, each once."""
        if not self.targets:
            return (self.refers_to,) if self.refers_to else ()
        return tuple(dict.fromkeys((self.refers_to, *self.targets.values())))

    def key_of(self, entry: Any) -> Any:
        """What identifies an entry of the list: the value of its key field, or a tuple if the key
        has several fields. A field that is not set counts as its default, or as empty without a
        default."""
        if not self.key:
            return entry
        parts = tuple(self.field(name).in_key(entry) for name in self.key)
        return parts if len(parts) > 1 else parts[0]

    def in_key(self, entry: Attributes) -> Any:
        """The value of this field as a part of an entry's key."""
        value = entry.get(self.name)
        if value is None:
            value = self.default
        return ("" if self.type is ValueType.TEXT else 0) if value is None else value

    def entry_of(self, key: Any) -> dict[str, Any]:
        """The entry that has nothing but its key (see ``key_of``)."""
        return dict(zip(self.key, key if len(self.key) > 1 else (key,), strict=True))


class ObjectType(Struct, frozen=True, eq=False, dict=True):
    """One object type of Configuration Server. A type is equal only to itself.

    ``key``: the attributes of the natural key; the last of them is the name that people use.
    ``unique``: further sets of attributes that no two objects share.
    ``dbid``: the attribute with the DBID, which no table entry lists.
    ``written_by_server``: clients only read its objects.
    ``keeps_name_with``: the attribute with the members of a group: while it has any, its name
    cannot be changed.
    ``folder``: the name of the default folder. ``owner``: the attribute with the folder's
    owner, of type ``owner_type``; empty: tenant Environment owns it.
    ``filters``: filter -> path of the value that it compares, with ``[]`` for any entry of a
    list; ``<Type.attribute``: the filter is the DBID of an object that refers to those that
    are found; an empty path: the filter compares no attribute.
    """

    name: str
    number: int
    key: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    folder: str = ""
    owner: str = "tenantDBID"
    owner_type: str = "Tenant"
    unique: tuple[tuple[str, ...], ...] = ()
    filters: Mapping[str, str] = field(default_factory=dict)
    dbid: str = "DBID"
    written_by_server: bool = False
    keeps_name_with: str = ""

    @cached_property
    def _by_name(self) -> Mapping[str, Attribute]:
        return {attribute.name: attribute for attribute in self.attributes}

    @cached_property
    def _by_word(self) -> Mapping[str, Attribute]:
        return {attribute.word: attribute for attribute in self.attributes}

    @cached_property
    def filters_by_attribute(self) -> Mapping[str, str]:
        """The filters that compare an attribute, by the attribute."""
        return {attribute: name for name, attribute in self.filters.items()}

    @cached_property
    def naming(self) -> frozenset[str]:
        """The words of the attributes whose fields contain names: of objects, or of entries of a
        list."""
        entries = {one.word for one in self.attributes if one.type is ValueType.STRUCTURES}
        return self.referring | entries

    @cached_property
    def referring(self) -> frozenset[str]:
        """The words of the attributes that refer to objects, themselves or by their fields."""
        return frozenset(
            one.word
            for one in self.attributes
            if any(inner.refers_to for inner in (one, *one.fields))
        )

    def attribute(self, name: str) -> Attribute | None:
        """The attribute with Configuration Server's name ``name``."""
        return self._by_name.get(name)

    def by_word(self, word: str) -> Attribute | None:
        """The attribute that manifests and site files call ``word``."""
        return self._by_word.get(word)

    @property
    def name_attribute(self) -> str:
        """The last part of the natural key: what people call the object."""
        return self.key[-1]
