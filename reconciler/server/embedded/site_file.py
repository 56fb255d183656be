"""Site files: the objects of a Configuration Server as YAML, and how they are loaded.

A site file lists objects by type, in the words of the table of types; references are
natural names (``tenant:name`` for another tenant's object). ``docs/embedded-server.md``
describes the format.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError
from reconciler.kinds.enums import CLIENT_APPLICATION_TYPES
from reconciler.kinds.fields import FieldValueError, to_attribute
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.strict_yaml import YamlDocument, as_text, load_file

HEADER = ("apiVersion", "kind", "tenant", "extends")
DATA = Path(__file__).parent
SAMPLE_SITE = DATA / "sample.yaml"
PREDEFINED = DATA / "predefined.yaml"

# What an application of a site file has where it says nothing: a server needs these.
_APPLICATION_DEFAULTS = {"version": "8.5.0"}
_SERVER_DEFAULTS = {"workDirectory": ".", "commandLine": "."}


@dataclass(frozen=True)
class SiteObject:
    """One object of a site file, not yet in a server."""

    type: ObjectType
    words: Mapping[str, Any]
    position: Position
    tenant: str = ""
    folder: str = ""
    dbid: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """What no two objects of one file may share: the type and the natural key."""
        parent = as_text(self.words.get("attribute", ""))
        return self.type.name, self.tenant, parent, self.name

    @property
    def name(self) -> str:
        attribute = self.type.attribute(self.type.name_attribute)
        return as_text(self.words.get(attribute.word, "")) if attribute else ""


class SiteNames:
    """Natural names of a site's objects -> DBIDs. Implements ``kinds.fields.Names``."""

    def __init__(self, objects: list[SiteObject]) -> None:
        self._tenants = {one.name: one.dbid for one in objects if one.type.name == "Tenant"}
        self._dbids: dict[tuple[str, int, str], int] = {}
        for one in objects:
            scope = self.tenant(one.tenant) if one.type.key[0] == "tenantDBID" else 0
            self._dbids[one.type.name, scope, one.name] = one.dbid

    def tenant(self, name: str) -> int:
        """The DBID of a tenant; 0 for a name that no tenant has."""
        return self._tenants.get(name, 0)

    def name(self, object_type: str, dbid: int, tenant: int) -> str:  # noqa: ARG002 - the protocol
        return f"#{dbid}"

    def dbid(self, object_type: str, name: str, tenant: int) -> int | None:
        tenanted = OBJECT_TYPES[object_type].key[0] == "tenantDBID"
        found = self._dbids.get((object_type, tenant if tenanted else 0, name))
        if found is None and tenanted and ":" in name:
            prefix, _, rest = name.partition(":")
            found = self._dbids.get((object_type, self.tenant(prefix), rest))
        return found


def load_site(path: Path) -> list[SiteObject]:
    """The objects of a site file after the predefined ones, with DBIDs. ManifestError
    lists everything that is wrong with the file."""
    problems: list[Diagnostic] = []
    objects = _read(path, problems, ())
    if not objects and not problems:
        problems.append(Diagnostic("the site file holds no object", Position(str(path))))
    if problems:
        raise ManifestError(problems)
    return _with_dbids([*_read(PREDEFINED, problems, ()), *objects])


def _read(path: Path, problems: list[Diagnostic], inside: tuple[Path, ...]) -> list[SiteObject]:
    """The objects of a file over those of the file that it extends: an object of the
    same type and natural key takes the other's place."""
    merged: dict[tuple[str, ...], SiteObject] = {}
    if path in inside:
        problems.append(Diagnostic("the site file extends itself", Position(str(path))))
        return []
    for document in load_file(path, str(path), problems):
        base = document.data.get("extends") if isinstance(document.data, Mapping) else None
        if isinstance(base, str):
            for one in _read((path.parent / base).resolve(), problems, (*inside, path)):
                merged[one.key] = one
        for one in _objects(document, problems):
            if one.key in merged and merged[one.key].position.file == one.position.file:
                there = merged[one.key].position
                problems.append(
                    Diagnostic(
                        f"{one.type.name} {one.name} is described twice, first at {there}",
                        one.position,
                    )
                )
            merged[one.key] = one
    return list(merged.values())


def _objects(document: YamlDocument, problems: list[Diagnostic]) -> Iterator[SiteObject]:
    data = document.data
    if not isinstance(data, Mapping) or data.get("kind") != "Site":
        problems.append(
            Diagnostic("not a site file", document.position, "A site file says `kind: Site`.")
        )
        return
    default_tenant = _default_tenant(data)
    for word, entries in data.items():
        if word in HEADER:
            continue
        kind = OBJECT_TYPES.get(word)
        if kind is None:
            known = ", ".join(OBJECT_TYPES)
            problems.append(
                Diagnostic(f"{word} is no object type", document.at((word,)), f"Known: {known}.")
            )
            continue
        if not isinstance(entries, list):
            problems.append(Diagnostic(f"{word} is a list of objects", document.at((word,))))
            continue
        for index, entry in enumerate(entries):
            place = document.at((word, str(index)))
            if isinstance(entry, Mapping):
                yield _site_object(kind, entry, place, default_tenant)
            else:
                problems.append(Diagnostic("an object is a mapping of words", place))


def _default_tenant(data: Mapping[str, Any]) -> str:
    if "tenant" in data:
        return as_text(data["tenant"])
    tenants = data.get("Tenant")
    if isinstance(tenants, list) and len(tenants) == 1 and isinstance(tenants[0], Mapping):
        return as_text(tenants[0].get("name", ""))
    return "Environment"


def _site_object(
    kind: ObjectType, entry: Mapping[str, Any], place: Position, default_tenant: str
) -> SiteObject:
    words = dict(entry)
    dbid, folder = words.pop("dbid", 0), as_text(words.pop("folder", ""))
    tenant = ""
    if kind.attribute("tenantDBID"):
        tenant = as_text(words.setdefault("tenant", default_tenant))
    if kind.name == "Application":
        words = _application_words(kind, words, default_tenant)
    return SiteObject(kind, words, place, tenant, folder, dbid if isinstance(dbid, int) else -1)


def _application_words(
    kind: ObjectType, words: dict[str, Any], default_tenant: str
) -> dict[str, Any]:
    attribute = kind.attribute("type")
    number = attribute.enumeration.get(as_text(words.get("type", ""))) if attribute else None
    if number in CLIENT_APPLICATION_TYPES:
        return {**_APPLICATION_DEFAULTS, **words}
    server = {"tenants": [default_tenant], **_SERVER_DEFAULTS}
    return {**_APPLICATION_DEFAULTS, **server, **words}


def _with_dbids(objects: list[SiteObject]) -> list[SiteObject]:
    """Gives every object without a DBID the next free one of its type, from 101 on."""
    taken: dict[str, set[int]] = {}
    for one in objects:
        if one.dbid:
            taken.setdefault(one.type.name, set()).add(one.dbid)
    following: dict[str, int] = {}
    result: list[SiteObject] = []
    for one in objects:
        if not one.dbid:
            used = taken.setdefault(one.type.name, set())
            dbid = following.get(one.type.name, 101)
            while dbid in used:
                dbid += 1
            following[one.type.name] = dbid + 1
            one = replace(one, dbid=dbid)  # noqa: PLW2901 - the same object, numbered
        result.append(one)
    return result


def to_attributes(one: SiteObject, names: SiteNames) -> dict[str, Any]:
    """The server's attributes of a site object. FieldValueError or
    UnknownReferenceError where a word or a value fits nothing."""
    tenant = names.tenant(one.tenant) if one.tenant else ENVIRONMENT
    if one.dbid < 0:
        raise FieldValueError("dbid is a whole number")
    result: dict[str, Any] = {}
    for word, value in one.words.items():
        attribute = one.type.by_word(word)
        if attribute is None:
            known = ", ".join(a.word for a in one.type.attributes if not a.read_only)
            raise FieldValueError(f"{one.type.name} has no {word}; it has {known}")
        result[attribute.name] = _value(attribute, value, names, tenant)
    return result


def _value(attribute: Attribute, value: Any, names: SiteNames, tenant: int) -> Any:
    match attribute.type:
        case ValueType.KEY_VALUES:
            return _key_values(attribute, value)
        case ValueType.REFERENCES:
            return [_value_of_reference(attribute, one, names, tenant) for one in _list(value)]
        case ValueType.STRUCTURE:
            return _structure(attribute, value, names, tenant)
        case ValueType.STRUCTURES:
            return [_structure(attribute, one, names, tenant) for one in _list(value)]
        case ValueType.REFERENCE:
            return _value_of_reference(attribute, value, names, tenant)
        case ValueType.TEXT:
            if isinstance(value, Mapping | list) or value is None:
                raise FieldValueError(f"{attribute.word} is a text")
            return as_text(value)
    return to_attribute(attribute, value, names, tenant)


def _value_of_reference(attribute: Attribute, value: Any, names: SiteNames, tenant: int) -> Any:
    return to_attribute(attribute, as_text(value), names, tenant)


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FieldValueError(f"a list is needed, not {value!r}")
    return value


def _structure(attribute: Attribute, value: Any, names: SiteNames, tenant: int) -> dict[str, Any]:
    if attribute.key and not isinstance(value, Mapping):
        value = {attribute.field(attribute.key).word: value}
    if not isinstance(value, Mapping):
        raise FieldValueError(f"{attribute.word} is a mapping")
    by_word = {field.word: field for field in attribute.fields}
    result: dict[str, Any] = {}
    for word, one in value.items():
        if word not in by_word:
            raise FieldValueError(f"{attribute.word} has no {word}; it has {', '.join(by_word)}")
        result[by_word[word].name] = _value(by_word[word], one, names, tenant)
    return result


def _key_values(attribute: Attribute, value: Any) -> dict[str, dict[str, str | int | bytes]]:
    if not isinstance(value, Mapping):
        raise FieldValueError(f"{attribute.word} has sections")
    result: dict[str, dict[str, str | int | bytes]] = {}
    for section, options in value.items():
        if not isinstance(options, Mapping):
            raise FieldValueError(f"[{section}] has options")
        result[section] = {key: _option(section, key, one) for key, one in options.items()}
    return result


def _option(section: str, key: str, value: Any) -> str | int | bytes:
    """A text, an integer (written without quotes), or ``{binary: HEX}``."""
    if isinstance(value, Mapping) and set(value) == {"binary"}:
        try:
            return bytes.fromhex(as_text(value["binary"]))
        except ValueError as error:
            raise FieldValueError(f"{section}/{key}: binary is written in hex") from error
    if isinstance(value, bool):
        return as_text(value)
    if isinstance(value, str | int):
        return value
    raise FieldValueError(f"{section}/{key} is a text, an integer or {{binary: HEX}}")
