"""Resolves the names in a manifest: of live objects, and of objects that the same plan creates.
Pure.

A manifest may name an object in several ways: with and without its tenant, a Business Attribute
by its display name. Here each name gets the canonical form, that of live objects, so that two names
of the same object become equal.
"""

from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from reconciler.kinds.fields import FieldPath
from reconciler.kinds.flatten import label_of_key, references_in, text_of_absent
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.natural_keys import has_tenant, joined, key_parts
from reconciler.kinds.types.folders import FOLDER, reference_to
from reconciler.kinds.types.table import ALL_TYPES, referred_folder
from reconciler.manifest.desired import Desired, DesiredObject, ManagedField
from reconciler.plan.diff import LiveFields, site_owned
from reconciler.plan.new_tenants import new_tenants
from reconciler.server.snapshot import Snapshot

MISSING = "absent, or not readable by this account"


class DeclaredNames:
    """The natural names of live and of declared objects. ``site_tenant``: the DBID of the site's
    tenant."""

    def __init__(self, desired: Desired, live: Snapshot, site_tenant: int) -> None:
        self._live = live
        self._site_tenant = site_tenant
        self._tenants = new_tenants(desired.objects, live)
        self._declared = {
            (one.kind.type, self.tenant_of(one), joined(one.key)): one
            for one in desired.objects
            if not one.absent
        }

    def tenant_of(self, desired: DesiredObject) -> int:
        """The DBID of the tenant of an object, below 0 if the same plan creates the tenant; 0 if
        the object has no tenant, or the tenant neither exists nor is declared."""
        return self._tenant_named(desired.tenant) if desired.kind.tenanted else 0

    def _tenant_named(self, name: str) -> int:
        if name not in self._tenants:
            found = self._live.find("Tenant", 0, name)
            self._tenants[name] = found.dbid if found else 0
        return self._tenants[name]

    def declared(self, object_type: str, name: str, tenant: int) -> DesiredObject | None:
        """The declared object with a natural name, which may begin with the name of its tenant.
        ``tenant``: the DBID of the tenant if it does not."""
        if object_type == FOLDER:
            folder = referred_folder(name)
            return self.declared(*folder, tenant) if folder else None
        if not has_tenant(ALL_TYPES[object_type]):
            return self._declared.get((object_type, 0, name))
        found = self._declared.get((object_type, tenant or self._site_tenant, name))
        prefix, colon, rest = name.partition(":")
        if found is None and colon:
            owner = self._tenant_named(prefix)
            found = self._declared.get((object_type, owner, rest)) if owner else None
        return found

    def canonical(self, object_type: str, name: str, tenant: int) -> str:
        """The name of an object as objects of ``tenant`` refer to it (0: objects without a tenant).
        Empty if it neither exists nor is declared."""
        dbid = self._live.dbid(object_type, name, tenant or self._site_tenant)
        one = self._live.get(object_type, dbid) if dbid else None
        if one is not None:
            found = self._live.name(object_type, one.dbid, tenant)
            same = found == name or found.endswith(f":{name}") or name.endswith(f":{found}")
            return found if same else ""
        declared = self.declared(object_type, name, tenant)
        if declared is None:
            return ""
        own = joined(declared.key)
        prefix = "" if self.tenant_of(declared) in (0, tenant) else declared.tenant
        if object_type == FOLDER:
            return reference_to(declared.kind.type, own, prefix)
        return f"{prefix}:{own}" if prefix else own

    def with_key(self, desired: DesiredObject, tenant: int) -> tuple[DesiredObject, str]:
        """The object with the names in its key in canonical form, and the first name that cannot be
        resolved; empty: all can."""
        if not _refers_in_key(desired.kind.object_type):
            return desired, ""
        key = []
        for part, text in zip(key_parts(desired.kind.object_type), desired.key, strict=True):
            name = text
            if part.type is ValueType.REFERENCE:
                name = self.canonical(part.refers_to, text, tenant)
                if not name:
                    return desired, f"the {part.refers_to} {text} is {MISSING}"
            key.append(name)
        return desired if tuple(key) == desired.key else replace(desired, key=tuple(key)), ""

    def with_references(
        self, desired: DesiredObject, tenant: int, existing: LiveFields
    ) -> tuple[DesiredObject, str]:
        """The object with every reference in canonical form, and a sentence about the first fault:
        a reference to nothing, or a field that is declared twice with different values; empty:
        there is none. In an initial field that the site has filled already, a reference to nothing
        is no fault. ``existing``: the live fields of the object."""
        kind = desired.kind.object_type
        if kind.naming.isdisjoint([field.path[0] for field in desired.fields]):
            return desired, ""
        names: dict[FieldPath, str] = {}
        by_path = {field.path: field for field in desired.fields}
        for path, target, name in references_in(kind, desired.declared_fields()):
            found = self.canonical(target, name, tenant)
            if found:
                names[path] = found
            elif not site_owned(by_path[path], existing):
                return desired, f"{'/'.join(_shown(path))}: the {target} {name} is {MISSING}"
        labels = _Labels(desired, names)
        fields: dict[FieldPath, ManagedField] = {}
        for field in desired.fields:
            path, value = labels.path_of(field.path), names.get(field.path) or field.value
            same = path == field.path and value == field.value
            made = field if same else replace(field, path=path, value=value)
            there = fields.setdefault(path, made)  # 1001 and Bank:1001 are one agent
            if there.value != made.value:
                return desired, f"{'/'.join(path)} is declared twice, with different values"
        canonical = tuple(fields.values())
        return desired if canonical == desired.fields else replace(desired, fields=canonical), ""


@cache
def _refers_in_key(object_type: ObjectType) -> bool:
    """Whether the natural key of a type contains the names of other objects."""
    return any(part.type is ValueType.REFERENCE for part in key_parts(object_type))


def _shown(path: FieldPath) -> FieldPath:
    return path[:1] if len(path) == 2 else path


class _Labels(Struct, frozen=True):
    """The labels of the entries of an object's lists, with names in canonical form."""

    desired: DesiredObject
    names: dict[FieldPath, str]

    def path_of(self, path: FieldPath) -> FieldPath:
        attribute = self.desired.kind.object_type.by_word(path[0])
        if attribute is None or len(path) < 2:
            return path
        if attribute.type is ValueType.REFERENCES:
            return (path[0], self.names.get(path, path[1]))
        if attribute.type is ValueType.STRUCTURES:
            return (path[0], self._label(attribute, path[1]), *path[2:])
        return path

    def _label(self, attribute: Attribute, label: str) -> str:
        declared = self.desired.declared_fields()
        texts = {}
        for name in attribute.key:
            part = attribute.field(name)
            path = (attribute.word, label, part.word)
            value = self.names.get(path) or declared.get(path)
            texts[name] = text_of_absent(part) if value is None else str(value)
        return label_of_key(attribute, texts)
