"""The attributes that many object types share, and references in their plain form."""

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, OnDelete, ValueType


def name(*, immutable: bool = False) -> Attribute:
    return Attribute("name", mandatory=True, immutable=immutable)


def tenant() -> Attribute:
    return Attribute(
        "tenantDBID",
        ValueType.REFERENCE,
        word="tenant",
        mandatory=True,
        immutable=True,
        refers_to="Tenant",
        on_delete="cascade",
    )


def state() -> Attribute:
    return Attribute("state", ValueType.ENUM, default=1, enumeration=enums.STATE)


def annex() -> Attribute:
    return Attribute("userProperties", ValueType.KEY_VALUES, word="annex")


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
