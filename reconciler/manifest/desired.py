"""The desired state: what the manifests of a run declare, bound to a site. Plain values."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct
from msgspec.structs import replace

from reconciler.diagnostics import Position
from reconciler.kinds.addresses import application_address, object_address, quoted
from reconciler.kinds.fields import FieldPath, Value, canonical
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.natural_keys import key_parts
from reconciler.kinds.policies import Policy
from reconciler.kinds.types.files import LAUNCH_FILE


class Enforced(Struct, frozen=True):
    """A live value that differs is overwritten. ``reset``: the field is initial and is overwritten
    only because of ``--reset-initial``; the plan lists the site's value as lost."""

    reset: bool = False


class Initial(Struct, frozen=True, eq=False):
    """The value is written only if nothing is at or below ``unit``: the field itself, or the
    section, list or annex around it. From then on it is the site's own. ``hint``: a sentence that
    says how to enforce the manifest's value."""

    unit: FieldPath
    hint: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Initial) and self.unit == other.unit

    def __hash__(self) -> int:
        return hash(self.unit)


Ownership = Enforced | Initial
"""Who decides about a field of an object that exists: the manifest, or the site."""


class ManagedField(Struct, frozen=True):
    """One path that a manifest declares.

    ``value`` None means that the option must be absent. ``origin`` is the position of the value,
    ``manifest`` the manifest's address. ``secret``: declared as a secret; neither this value nor
    the live value is ever shown.
    """

    path: FieldPath
    value: Value | None
    origin: Position
    manifest: str
    ownership: Ownership
    whole_section: bool = False
    satisfied_by: tuple[str, ...] = ()
    secret: bool = False


class FormerName(Struct, frozen=True):
    """A former name of an object, and where its manifest lists it."""

    name: str
    origin: Position


class DesiredObject(Struct, frozen=True, dict=True):
    """An object that exactly one manifest declares. (The options of an application may come from
    several manifests.)

    ``key``: the parts of its natural key. ``tenant``: the name of its tenant; empty if its type has
    none. ``absent``: the object must not exist. ``formerly``: names that it may still have on the
    server. ``exact``: its name is meant exactly as written, even beside names that look the
    same."""

    kind: ManifestKind
    key: tuple[str, ...]
    tenant: str
    fields: tuple[ManagedField, ...]
    policy: Policy
    origin: Position
    folder: str = ""
    other_tenant: bool = False
    absent: bool = False
    formerly: tuple[FormerName, ...] = ()
    exact: bool = False

    @property
    def name(self) -> str:
        """The last part of its natural key: what people call it."""
        return self.key[-1]

    @property
    def attribute(self) -> str:
        """The Business Attribute of a value, as its manifest calls it."""
        return self.key[0] if self.kind.parent else ""

    @cached_property
    def address(self) -> str:
        tenant = self.tenant if self.other_tenant else ""
        return object_address(self.kind.name, *self.key, tenant=tenant)

    def named(self, name: str) -> "DesiredObject":
        """The object under another name."""
        return replace(self, key=(*self.key[:-1], name))

    def base_fields(self) -> dict[FieldPath, Value]:
        """What a new object gets besides its declared fields: its natural key, and the fixed
        values and defaults of its kind."""
        fields: dict[FieldPath, Value] = {("tenant",): self.tenant} if self.kind.tenanted else {}
        for part, text in zip(key_parts(self.kind.object_type), self.key, strict=True):
            fields[part.word,] = canonical(part, text)
        fields.update(self.kind.base_fields)
        return fields

    def declared_fields(self) -> dict[FieldPath, Value]:
        """The declared fields that have a value."""
        return {f.path: f.value for f in self.fields if f.value is not None}


class DesiredOptions(Struct, frozen=True):
    """The options that manifests declare in one application."""

    dbid: int
    name: str
    fields: tuple[ManagedField, ...]

    @property
    def address(self) -> str:
        return application_address(self.name)


class DesiredFile(Struct, frozen=True):
    """The values that a manifest declares in one launch file. ``path`` is relative to the
    installation folder; the paths of the fields are ``("values", format, key)``."""

    name: str
    path: str
    format: str
    fields: tuple[ManagedField, ...]
    policy: Policy
    origin: Position

    @property
    def address(self) -> str:
        return f"{LAUNCH_FILE}/{quoted(self.name)}"


class Untargeted(Struct, frozen=True):
    """An ApplicationOptions manifest for a role that no application of the site has."""

    name: str
    role: str
    origin: Position
    fields: tuple[ManagedField, ...] = ()

    @property
    def address(self) -> str:
        return f"ApplicationOptions/{quoted(self.name)}"


class Desired(Struct, frozen=True, dict=True):
    """Everything that the manifests of a run declare."""

    objects: tuple[DesiredObject, ...] = ()
    options: tuple[DesiredOptions, ...] = ()
    untargeted: tuple[Untargeted, ...] = ()
    files: tuple[DesiredFile, ...] = ()

    @cached_property
    def addresses(self) -> Mapping[str, object]:
        """What is declared, by its address."""
        return {each.address: each for each in self._all()}

    def _all(self) -> Iterator[DesiredObject | DesiredOptions | Untargeted | DesiredFile]:
        yield from self.objects
        yield from self.options
        yield from self.untargeted
        yield from self.files
