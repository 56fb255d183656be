"""What an entry of the table of object types is made of.

Everything that knows Configuration Server's objects reads these values: the
embedded server, the planner, the schemas, the site files. A new type is one entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Literal

# The attributes of one object, under Configuration Server's own names.
# text: str, integer and enumeration: int, flag: bool, key-value list:
# {section: {key: str | int | bytes}}, reference: DBID, references: [DBID],
# structure: {field: value}, structures: [{field: value}].
Attributes = Mapping[str, Any]
KeyValueList = Mapping[str, Mapping[str, str | int | bytes]]

OnDelete = Literal["veto", "clear", "cascade"]


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


@dataclass(frozen=True)
class Attribute:
    """One attribute of an object type.

    ``word`` is its name in manifests and site files. ``on_delete`` says what the
    deletion of the object that a reference names does to the referring one.
    ``open_ended``: the server knows members that the enumeration here lacks.
    ``type_from`` names the attribute beside a reference that says, by number, which of
    ``targets`` it leads to; ``refers_to`` is then the first of them.
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
    enumeration: Mapping[str, int] = field(default_factory=dict)
    open_ended: bool = False
    refers_to: str = ""
    type_from: str = ""
    targets: Mapping[int, str] = field(default_factory=dict)
    on_delete: OnDelete = "clear"
    fields: tuple["Attribute", ...] = ()
    key: str = ""

    def __post_init__(self) -> None:
        if not self.word:
            object.__setattr__(self, "word", self.name)

    def field(self, name: str) -> "Attribute":
        """The field ``name`` of a structure. KeyError where there is none."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(name)

    def target(self, values: Attributes) -> str:
        """The type that the reference leads to in ``values``, which hold it; empty where
        they name none that it can lead to."""
        return (
            self.targets.get(values.get(self.type_from, 0), "") if self.targets else self.refers_to
        )

    def beside(self, values: Attributes) -> "Attribute":
        """The attribute as it stands in ``values``: a reference leads to one type there."""
        return replace(self, refers_to=self.target(values)) if self.targets else self

    def may_refer_to(self, object_type: str) -> bool:
        """Whether the reference can lead to objects of a type."""
        return object_type == self.refers_to or object_type in self.targets.values()

    def key_of(self, entry: Any) -> Any:
        """What tells one entry of the list from the others: a DBID, a name, or both the
        type and the DBID of an object."""
        if not self.key:
            return entry
        kind = self.field(self.key).type_from
        return (entry.get(kind), entry[self.key]) if kind else entry[self.key]


@dataclass(frozen=True)
class ObjectType:
    """One object type of Configuration Server.

    ``key`` names the attributes of the natural key; its last one is the name that
    people use. ``unique`` lists further sets of attributes without twins.
    ``owner`` is the attribute that names the owner of the default folder; empty
    means tenant Environment. ``filters``: filter -> path of what must equal it, ``[]``
    for one of a list; empty: the filter compares no attribute.
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

    def __post_init__(self) -> None:
        by_name = {attribute.name: attribute for attribute in self.attributes}
        by_word = {attribute.word: attribute for attribute in self.attributes}
        object.__setattr__(self, "_by_name", by_name)
        object.__setattr__(self, "_by_word", by_word)

    def attribute(self, name: str) -> Attribute | None:
        """The attribute with Configuration Server's name ``name``."""
        found: Attribute | None = getattr(self, "_by_name").get(name)  # noqa: B009 - set above
        return found

    def by_word(self, word: str) -> Attribute | None:
        """The attribute that manifests and site files call ``word``."""
        found: Attribute | None = getattr(self, "_by_word").get(word)  # noqa: B009 - set above
        return found

    @property
    def name_attribute(self) -> str:
        """The last part of the natural key: what people call the object."""
        return self.key[-1]
