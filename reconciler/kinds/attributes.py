"""What many object types share: common attributes, references, and a tenant's types."""

from collections.abc import Mapping

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ObjectType, OnDelete, ValueType


def name(*, immutable: bool = False) -> Attribute:
    return Attribute("name", mandatory=True, immutable=immutable)


def tenant() -> Attribute:
    return reference("tenantDBID", "tenant", "Tenant", "cascade", mandatory=True, immutable=True)


def state() -> Attribute:
    return Attribute("state", ValueType.ENUM, default=1, enumeration=enums.STATE)


def annex() -> Attribute:
    return Attribute("userProperties", ValueType.KEY_VALUES, word="annex")


def fixed_type(
    enumeration: Mapping[str, int], *, default: int | None = None, open_ended: bool = False
) -> Attribute:
    """The mandatory ``type`` of an object, which never changes."""
    return Attribute(
        "type",
        ValueType.ENUM,
        mandatory=True,
        immutable=True,
        default=default,
        enumeration=enumeration,
        open_ended=open_ended,
    )


def reference(
    name: str,
    word: str,
    refers_to: str,
    on_delete: OnDelete = "clear",
    *,
    immutable: bool = False,
    mandatory: bool = False,
) -> Attribute:
    return Attribute(
        name,
        ValueType.REFERENCE,
        word=word,
        refers_to=refers_to,
        on_delete=on_delete,
        immutable=immutable,
        mandatory=mandatory,
    )


def references(name: str, word: str, refers_to: str, on_delete: OnDelete = "clear") -> Attribute:
    return Attribute(
        name,
        ValueType.REFERENCES,
        word=word,
        refers_to=refers_to,
        on_delete=on_delete,
    )


def objects(name: str, word: str, targets: Mapping[str, int]) -> Attribute:
    """A list of objects of several types: each entry has a type and a DBID. ``targets``:
    type -> its number; an entry without a type is of the first."""
    first = next(iter(targets))
    return Attribute(
        name,
        ValueType.STRUCTURES,
        word=word,
        key=("type", "DBID"),
        fields=(
            Attribute(
                "type",
                ValueType.ENUM,
                mandatory=True,
                enumeration=targets,
                default=targets[first],
            ),
            Attribute(
                "DBID",
                ValueType.REFERENCE,
                word="name",
                mandatory=True,
                refers_to=first,
                type_from="type",
                targets={number: target for target, number in targets.items()},
            ),
        ),
    )


_FILTERS: Mapping[str, str] = {"tenant_dbid": "tenantDBID", "name": "name", "state": "state"}


def tenant_type(
    type_name: str,
    number: int,
    folder: str,
    *own: Attribute,
    key: tuple[str, ...] = ("tenantDBID", "name"),
    unique: tuple[tuple[str, ...], ...] = (),
    owner: tuple[str, str] = ("tenantDBID", "Tenant"),
    filters: Mapping[str, str] = _FILTERS,
) -> ObjectType:
    """A type whose objects belong to a tenant. ``own``: its attributes beside ``tenantDBID``,
    ``state``, the annex and a plain ``name``. ``folder``: the name of its default folder.
    ``owner``: the attribute with the owner of that folder, and the owner's type.
    """
    names = {attribute.name for attribute in own}
    named = () if key[-1] in names else (name(),)
    return ObjectType(
        type_name,
        number,
        key=key,
        attributes=(tenant(), *named, *own, state(), annex()),
        folder=folder,
        owner=owner[0],
        owner_type=owner[1],
        unique=unique,
        filters=filters,
    )
