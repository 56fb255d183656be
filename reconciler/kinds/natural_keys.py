"""Natural keys as texts: what people call an object, whatever its type. Pure.

The parts of a key are in the order of the table, without the tenant, which is a separate prefix. If
the key has a single part, that is the name: ``Sales``. Several parts are joined by slashes:
``Calling/Sales`` is a campaign group, ``SIP/Extension/7001`` a DN. A slash inside a part is then
written ``%2F``.
"""

from collections.abc import Mapping, Sequence
from functools import cache

from reconciler.kinds.model import Attribute, Attributes, ObjectType

TENANT = "tenantDBID"
"""The attribute with an object's tenant."""


@cache
def key_parts(object_type: ObjectType) -> tuple[Attribute, ...]:
    """The attributes of the natural key, without the tenant."""
    found = (object_type.attribute(name) for name in object_type.key if name != TENANT)
    return tuple(part for part in found if part is not None)


def identity_of(object_type: ObjectType) -> frozenset[tuple[str, ...]]:
    """The paths of the fields that an address shows."""
    return frozenset({("tenant",), *((part.word,) for part in key_parts(object_type))})


@cache
def has_tenant(object_type: ObjectType) -> bool:
    """Whether objects of the type belong to a tenant."""
    return object_type.attribute(TENANT) is not None


def key_values(object_type: ObjectType, attributes: Attributes) -> tuple[object, ...]:
    """The values of the natural key, in a form that can be compared and hashed."""
    return tuple(_comparable(attributes.get(name)) for name in object_type.key)


def _comparable(value: object) -> object:
    if not isinstance(value, str) and isinstance(value, Mapping):  # nearly all are texts
        return tuple(sorted(value.items()))
    return value or 0


def joined(parts: Sequence[str]) -> str:
    """The parts of a natural key as one text."""
    return parts[0] if len(parts) == 1 else "/".join(map(_quoted, parts))


def split(text: str, count: int) -> tuple[str, ...] | None:
    """The ``count`` parts of a joined text; None if it has another number of parts."""
    if count == 1:
        return (text,)
    parts = tuple(map(unquoted, text.split("/")))
    return parts if len(parts) == count else None


def unquoted(part: str) -> str:
    """A part of a joined text, without escapes."""
    return part.replace("%2F", "/").replace("%25", "%")


def _quoted(part: str) -> str:
    return part.replace("%", "%25").replace("/", "%2F")
