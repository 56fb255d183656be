"""Objects as flat fields: the types, and the conversion of single values.

A field is a path of words with one value: ``("annex", "Orchestration", "application")``,
``("displayName",)``, ``("agents", "E1001")``. Manifests and plans have fields, Configuration Server
has attributes. References are natural names in fields and DBIDs in attributes. Pure, and driven by
the table of types.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Protocol

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ValueType
from reconciler.text.visible import value_text

FieldPath = tuple[str, ...]
Value = str | int | bool | bytes
Fields = Mapping[FieldPath, Value]

HIDDEN = "(secret)"


class SecretText(str):
    """A text that is never shown. ``source``: where it comes from (``env.NAME``); empty: it
    cannot be resolved again. ``digest``: by which it is recognised when it is resolved again; see
    ``plan.secrets.secret_digest``."""

    source: str
    digest: str

    def __new__(cls, value: str, source: str = "", digest: str = "") -> "SecretText":
        made = super().__new__(cls, value)
        made.source = source
        made.digest = digest
        return made

    def __repr__(self) -> str:
        return HIDDEN


class NameResolver(Protocol):
    """Translates between DBIDs and natural names. ``tenant``: the DBID of the tenant of names
    without a ``tenant:`` prefix."""

    def name(self, object_type: str, dbid: int, tenant: int) -> str:
        """The natural name; ``#DBID`` for an unknown object."""

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:
        """The DBID of the object with that name, or None."""


class UnknownReferenceError(LookupError):
    """No object of the type has that name."""

    def __init__(self, object_type: str, name: str) -> None:
        super().__init__(f"no {object_type} is named {name}")
        self.object_type = object_type
        self.name = name


class FieldValueError(ValueError):
    """A value that its field cannot hold. ``members``: the possible values of an enumeration, which
    the message does not list."""

    def __init__(self, message: str, members: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.members = tuple(members)


@lru_cache(maxsize=4096)
def pointer(path: FieldPath) -> str:
    """The path as a JSON Pointer (RFC 6901). Cached, since thousands of objects have options of the
    same name."""
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


def from_pointer(text: str) -> FieldPath:
    """The path that a JSON Pointer names."""
    return tuple(p.replace("~1", "/").replace("~0", "~") for p in text.split("/")[1:])


def shown(value: Value | None, *, secret: bool) -> str:
    """A field's value for people to read; see ``text.visible.value_text``. ``secret``: it is
    hidden, unless it is absent or binary, as are all ``SecretText``s."""
    match value:
        case None:
            return "(absent)"
        case bytes():
            return f"({len(value)} bytes)"
        case SecretText():
            return HIDDEN
    if secret:
        return HIDDEN
    if isinstance(value, bool):
        return "true" if value else "false"
    return value_text(str(value))


def to_attribute(attribute: Attribute, value: Value, names: NameResolver, tenant: int) -> Any:
    """A field's value as the server holds it. Errors: see ``build``."""
    if attribute.type in (ValueType.REFERENCE, ValueType.REFERENCES):
        dbid = names.dbid(attribute.refers_to, str(value), tenant)
        if dbid is None:
            raise UnknownReferenceError(attribute.refers_to, str(value))
        return dbid
    return canonical(attribute, value, number=True)


def canonical(attribute: Attribute, value: Value, *, number: bool = False) -> Value:
    """A value in the canonical form, in which values of the attribute are compared.

    A text becomes the flag or integer that it spells, a member of an enumeration its mnemonic (with
    ``number``, its number). FieldValueError for a value that the attribute cannot hold.
    """
    match attribute.type:
        case ValueType.FLAG:
            if isinstance(value, bool):
                return value
            if value in ("true", "false"):
                return value == "true"
            raise FieldValueError(f"{attribute.word} must be true or false, not {value!r}")
        case ValueType.ENUM:
            found = enums.number_of(attribute.enumeration, str(value))
            known = found in attribute.enumeration.values() or attribute.open_ended
            if found is None or not known:
                what = f"{attribute.word} cannot be {value!r}"
                raise FieldValueError(what, attribute.enumeration)
            return found if number else enums.mnemonic(attribute.enumeration, found)
        case ValueType.INTEGER:
            whole = as_integer(value)
            if whole is None:
                raise FieldValueError(f"{attribute.word} must be a whole number, not {value!r}")
            return whole
        case ValueType.TEXT if isinstance(value, str):
            if attribute.mandatory and not value:
                raise FieldValueError(f"{attribute.word} is empty")
            if len(value) > attribute.max_length:
                limit = attribute.max_length
                raise FieldValueError(f"{attribute.word} is longer than {limit} characters")
    return value


def as_integer(value: Value) -> int | None:
    """The integer that a value is, or spells in decimal digits; else None."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    return None
