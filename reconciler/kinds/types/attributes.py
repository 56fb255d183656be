"""What many object types share: common attributes, references, and a tenant's types."""

from collections.abc import Mapping

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ObjectType, OnDelete, ValueType


def name(*, immutable: bool = False) -> Attribute:
    return Attribute("name", mandatory=True, immutable=immutable)


def tenant() -> Attribute:
    return reference("tenantDBID", "tenant", "Tenant", "cascade", mandatory=True, immutable=True)


def tenant_of(owner: str) -> Attribute:
    """The tenant of an object that belongs to another object: the server takes it from that object.
    ``owner``: the attribute that refers to it."""
    return Attribute(
        "tenantDBID",
        ValueType.REFERENCE,
        word="tenant",
        refers_to="Tenant",
        on_delete="cascade",
        mandatory=True,
        immutable=True,
        taken_from=owner,
    )


def state() -> Attribute:
    return Attribute("state", ValueType.ENUM, default=1, enumeration=enums.STATE)


def annex() -> Attribute:
    return Attribute("userProperties", ValueType.KEY_VALUES, word="annex")


def description() -> Attribute:
    return Attribute("description")


def integer(
    name: str,
    word: str = "",
    default: int | None = None,
    *,
    bounds: tuple[int, int] | None = None,
    immutable: bool = False,
) -> Attribute:
    return Attribute(
        name, ValueType.INTEGER, word=word, default=default, bounds=bounds, immutable=immutable
    )


def flag(
    name: str, word: str = "", *, default: bool | None = None, immutable: bool = False
) -> Attribute:
    return Attribute(name, ValueType.FLAG, word=word, default=default, immutable=immutable)


def choice(
    name: str, enumeration: Mapping[str, int], word: str = "", default: int | None = None
) -> Attribute:
    """An attribute with a member of an enumeration."""
    return Attribute(name, ValueType.ENUM, word=word, enumeration=enumeration, default=default)


def fixed_type(
    enumeration: Mapping[str, int],
    *,
    name: str = "type",
    word: str = "type",
    default: int | None = None,
    open_ended: bool = False,
) -> Attribute:
    """The mandatory type of an object, which never changes."""
    return Attribute(
        name,
        ValueType.ENUM,
        word=word,
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


def references(
    name: str,
    word: str,
    refers_to: str,
    on_delete: OnDelete = "clear",
    *,
    exclusive: bool = False,
) -> Attribute:
    return Attribute(
        name,
        ValueType.REFERENCES,
        word=word,
        refers_to=refers_to,
        on_delete=on_delete,
        exclusive=exclusive,
    )


def objects(name: str, word: str, targets: Mapping[str, int]) -> Attribute:
    """A list of objects of several types: each entry has a type and a DBID. ``targets``:
    type -> its number; an entry without a type has the first of these types."""
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


def address() -> Attribute:
    """A postal address; not in use, according to the vendor."""
    lines = tuple(Attribute(f"addressLine{number}") for number in range(1, 6))
    return Attribute("address", ValueType.STRUCTURE, fields=lines)


def extra_fields() -> tuple[Attribute, ...]:
    """The spare fields that resources, ports and connections have."""
    texts = (Attribute(f"charField{number}") for number in range(1, 5))
    numbers = (integer(f"longField{number}") for number in range(1, 5))
    return (*texts, *numbers)


def resources(*targets: str) -> Attribute:
    """Further objects that an object uses, each with a role."""
    numbers = {target: enums.OBJECT_TYPE[target] for target in targets}
    return Attribute(
        "resources",
        ValueType.STRUCTURES,
        key=("objectType", "objectDBID"),
        fields=(
            choice("resourceType", enums.RESOURCE_TYPE),
            Attribute("objectType", ValueType.ENUM, mandatory=True, enumeration=numbers),
            Attribute(
                "objectDBID",
                ValueType.REFERENCE,
                word="object",
                mandatory=True,
                refers_to=targets[0],
                type_from="objectType",
                targets={number: target for target, number in numbers.items()},
            ),
            description(),
            *extra_fields(),
        ),
    )


AT_LEAST_ZERO = (0, 2**31 - 1)
"""The bounds of a number that cannot be negative."""

_FILTERS: Mapping[str, str] = {"tenant_dbid": "tenantDBID", "name": "name", "state": "state"}


def tenant_type(
    type_name: str,
    number: int,
    folder: str,
    *own: Attribute,
    key: tuple[str, ...] = ("tenantDBID", "name"),
    unique: tuple[tuple[str, ...], ...] = (),
    owner: tuple[str, str] = ("tenantDBID", "Tenant"),
    filters: Mapping[str, str] | None = None,
) -> ObjectType:
    """A type whose objects belong to a tenant. ``own``: its attributes beside ``tenantDBID``,
    ``state``, the annex and a plain ``name``. ``folder``: the name of its default folder.
    ``owner``: the attribute with the owner of that folder, and the owner's type.
    ``filters``: those beside tenant, name and state.
    """
    names = {attribute.name for attribute in own}
    belongs = () if "tenantDBID" in names else (tenant(),)
    named = () if key[-1] in names else (name(),)
    attributes = (*belongs, *named, *own, state(), annex())
    known = {attribute.name for attribute in attributes}
    common = {filter_: path for filter_, path in _FILTERS.items() if path in known}
    return ObjectType(
        type_name,
        number,
        key=key,
        attributes=attributes,
        folder=folder,
        owner=owner[0],
        owner_type=owner[1],
        unique=unique,
        filters={**common, **(filters or {})},
    )


def server_type(
    type_name: str,
    number: int,
    folder: str,
    *own: Attribute,
    unique: tuple[tuple[str, ...], ...] = (),
    filters: Mapping[str, str] | None = None,
) -> ObjectType:
    """A type whose objects belong to no tenant and are known by their name alone: their
    folder is Environment's. For the rest, see ``tenant_type``."""
    names = {attribute.name for attribute in own}
    named = () if "name" in names else (name(),)
    return ObjectType(
        type_name,
        number,
        key=("name",),
        attributes=(*named, *own, state(), annex()),
        folder=folder,
        owner="",
        unique=unique,
        filters={"name": "name", "state": "state", **(filters or {})},
    )
