"""The attributes that many object types share, and references in their plain form."""

from collections.abc import Mapping

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, OnDelete, ValueType

OF_A_TENANT: Mapping[str, str] = {
    "tenant_dbid": "tenantDBID",
    "name": "name",
    "state": "state",
}
"""The filters that most types have which belong to a tenant."""


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


def objects(name: str, word: str, targets: Mapping[str, int]) -> Attribute:
    """A list of objects of several types, each entry with its type and DBID. The first
    type is meant where none is given."""
    first = next(iter(targets))
    return Attribute(
        name,
        ValueType.STRUCTURES,
        word=word,
        key="DBID",
        fields=(
            Attribute("type", ValueType.ENUM, enumeration=targets, default=targets[first]),
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


def references(name: str, word: str, refers_to: str, on_delete: OnDelete = "clear") -> Attribute:
    return Attribute(
        name,
        ValueType.REFERENCES,
        word=word,
        refers_to=refers_to,
        on_delete=on_delete,
    )
