"""The class of manifest kinds: which object type a kind describes, and what it may declare."""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import force_setattr

from reconciler.kinds import enums
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.natural_keys import TENANT, has_tenant, key_parts
from reconciler.kinds.types.table import ALL_TYPES, references_to

API_VERSION = "reconciler/v1"

Overwrite = Literal["replace", "correct", "keep"]
Binding = Literal["object", "options", "file", "variables"]

BLOCKS = ("spec", "initial")
"""The blocks in which manifests declare fields: enforced fields, and fields that are written only
if absent."""

PRESENT, ABSENT = "present", "absent"
"""The values of ``ensure``: an object must exist (the default), or must not."""

OBJECT = "Object"
"""The kind of manifests that name an object type in ``metadata.type``."""

EXACT = "exact"
"""The key of ``metadata`` which says that the names in a manifest are meant exactly as written."""

_NAMES_THE_SITE = ("Tenant", "Application")
"""Types whose objects are named outside of manifests: on the command line, in gwe.toml and in
launch files. No manifest renames them."""


class ManifestKind(Struct, frozen=True, dict=True):
    """One kind of manifest.

    ``type``: its object type. ``fixed``: fields that the kind itself determines. ``fields``:
    the words that ``spec`` and ``initial`` may declare; ``required``: the words that ``spec`` or
    ``initial`` must declare; ``spec_only``: those that ``initial`` may not. ``by_display_name``: an
    object is also found by its display name. ``defaults`` are written by a create and not managed.
    ``overwrite``: what ``--overwrite`` does, unless the manifest's policy says otherwise.

    Omitted values come from the table of types. ``fields``: every field that is not in the key and
    that clients may set; ``required``: the mandatory fields; ``overwrite``: from what a deletion
    does, see ``_is_replaceable``.
    """

    name: str
    type: str
    description: str
    binding: Binding = "object"
    fixed: Mapping[str, str] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    spec_only: tuple[str, ...] = ()
    by_display_name: bool = False
    defaults: Mapping[str, str | bool] = field(default_factory=dict)
    overwrite: Overwrite | Literal["derived"] = "derived"

    def __post_init__(self) -> None:
        if self.binding != "object":
            return
        derived = {
            "fields": self.fields or self._words(),
            "required": self.required or self._mandatory(),
            "overwrite": self._overwrite(),
            "defaults": {**self._state(), **self.defaults},
        }
        for name, value in derived.items():
            force_setattr(self, name, value)

    def _words(self) -> tuple[str, ...]:
        key = {TENANT, *self.object_type.key}
        return tuple(
            one.word
            for one in self.object_type.attributes
            if one.name not in key and not one.read_only and one.word not in self.fixed
        )

    def _mandatory(self) -> tuple[str, ...]:
        found = (self.object_type.by_word(word) for word in self._words())
        return tuple(one.word for one in found if one and one.mandatory and one.default is None)

    def _state(self) -> Mapping[str, str]:
        return {"state": "Enabled"} if self.object_type.by_word("state") else {}

    def _overwrite(self) -> Overwrite:
        if self.overwrite != "derived":
            return self.overwrite
        return "replace" if _is_replaceable(self.object_type) else "correct"

    @property
    def heading(self) -> str:
        """The name of the kind in the field ``kind`` of manifests."""
        return self.name.partition("/")[0]

    @property
    def named_type(self) -> str:
        """The value of ``metadata.type`` in manifests of the kind; empty: they have no such
        field."""
        return self.name.partition("/")[2]

    @cached_property
    def key(self) -> Mapping[str, Attribute]:
        """The parts of the natural key, by the words that ``metadata`` has for them."""
        if self.binding != "object":
            return {"name": Attribute("name")}
        parts = key_parts(self.object_type)
        return {self._key_word(part): part for part in parts if part.word not in self.fixed}

    def _key_word(self, part: Attribute) -> str:
        """In a manifest of kind ``Object``, ``metadata.type`` is the object type: a part of the key
        named ``type`` in the table is therefore ``dnType``, ``actionCodeType``."""
        if part.word != "type" or self.heading != OBJECT:
            return part.word
        start = len(self.type) if self.type.isupper() else 1
        return f"{self.type[:start].lower()}{self.type[start:]}Type"

    @property
    def parent(self) -> str:
        """The kind that ``metadata.attribute`` refers to; only values of Business Attributes have
        it."""
        return "BusinessAttribute" if self.type == "EnumeratorValue" else ""

    @cached_property
    def tenanted(self) -> bool:
        """Whether its objects belong to a tenant."""
        return self.binding == "object" and has_tenant(self.object_type)

    @property
    def renamable(self) -> bool:
        """Whether its objects can be renamed: by an update, or by a replace."""
        if self.binding != "object" or self.type in _NAMES_THE_SITE:
            return False
        name = key_parts(self.object_type)[-1]
        can = not name.immutable or self.overwrite == "replace"
        return can and name.type is ValueType.TEXT

    @property
    def overwrites(self) -> tuple[Overwrite, ...]:
        """What ``policy.overwrite`` may be: never more than the kind's own ``overwrite``."""
        return (
            ("replace", "correct", "keep") if self.overwrite == "replace" else ("correct", "keep")
        )

    @property
    def object_type(self) -> ObjectType:
        """The server's object type behind the kind."""
        return ALL_TYPES[self.type]

    @cached_property
    def base_fields(self) -> Mapping[FieldPath, Value]:
        """The fixed values and the defaults, as fields of an object."""
        words = {**self.fixed, **self.defaults}
        return {(word,): value for word, value in words.items()}

    @cached_property
    def script_type(self) -> int | None:
        """The number of the kind's script type; None for all others."""
        if self.type != "Script" or "type" not in self.fixed:
            return None
        return enums.SCRIPT_TYPE[self.fixed["type"]]


def _is_replaceable(object_type: ObjectType) -> bool:
    """Whether an object can be deleted and created again: nothing is deleted with it, nothing
    forbids the deletion, and all its content can be read."""
    return not any(attribute.secret for attribute in object_type.attributes) and all(
        (inner or attribute).on_delete == "clear"
        for _, attribute, inner in references_to(object_type.name)
    )
