"""What a plain manifest declares: an object without variables, secrets or rare features.

It depends only on the text of the manifest, so it can be cached: reading the fields of 10,000
manifests takes longer than everything else that happens to them before a plan.
"""

from msgspec import Struct

from reconciler.diagnostics import Position
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.policies import usual_policy
from reconciler.manifest.desired import DesiredObject, Enforced, Initial, ManagedField

Place = tuple[int, int]
"""Line and column, which count from 1."""


class PlainField(Struct, frozen=True, array_like=True):
    """A managed field. ``unit`` and ``hint``: see ``Initial``, for an initial field."""

    path: tuple[str, ...]
    value: str | int | bool | None
    place: Place
    unit: tuple[str, ...] | None = None
    hint: str = ""


class PlainObject(Struct, frozen=True, array_like=True):
    """An object that a plain manifest declares, as JSON can hold it. ``tenant``: empty if the
    manifest names none."""

    key: tuple[str, ...]
    tenant: str
    folder: str
    absent: bool
    place: Place
    fields: tuple[PlainField, ...]


def plain_object(one: DesiredObject) -> PlainObject | None:
    """The cacheable form of an object that was bound without a site; None if the object could not
    be restored from it: if it has a secret, or anything that ``PlainObject`` has no field for."""
    if one.formerly or one.exact or one.policy != usual_policy(one.kind):
        return None
    fields = []
    for field in one.fields:
        if field.secret or field.whole_section or field.satisfied_by:
            return None
        if isinstance(field.value, bytes):
            return None
        initial = field.ownership if isinstance(field.ownership, Initial) else None
        unit, hint = (initial.unit, initial.hint) if initial else (None, "")
        place = (field.origin.line, field.origin.column)
        fields.append(PlainField(field.path, field.value, place, unit, hint))
    place = (one.origin.line, one.origin.column)
    return PlainObject(one.key, one.tenant, one.folder, one.absent, place, tuple(fields))


def bound_object(
    plain: PlainObject, kind: ManifestKind, file: str, site_tenant: str
) -> DesiredObject:
    """The object of a plain manifest in a ``file``, bound to a site."""
    tenant = plain.tenant or site_tenant if kind.tenanted else ""
    manifest = f"{kind.name}/{plain.key[-1]}"
    return DesiredObject(
        kind=kind,
        key=plain.key,
        tenant=tenant,
        fields=tuple(_managed(field, file, manifest) for field in plain.fields),
        policy=usual_policy(kind),
        origin=Position(file, *plain.place),
        folder=plain.folder,
        other_tenant=kind.tenanted and tenant != site_tenant,
        absent=plain.absent,
    )


def _managed(field: PlainField, file: str, manifest: str) -> ManagedField:
    ownership = Enforced() if field.unit is None else Initial(field.unit, field.hint)
    return ManagedField(field.path, field.value, Position(file, *field.place), manifest, ownership)
