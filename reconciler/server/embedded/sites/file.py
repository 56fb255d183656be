"""Reads site files: the objects of a Configuration Server as YAML.

A site file lists objects by type, in the words of the table of types, which ``words``
translates. ``docs/embedded-server.md`` describes the format.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic, Position, did_you_mean
from reconciler.files.reading import canonical_path, shown_path
from reconciler.kinds import fields
from reconciler.kinds.model import ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.embedded.sites.defaults import application_defaults
from reconciler.server.embedded.sites.names import Named
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.yaml.documents import YamlDocument, as_text
from reconciler.yaml.strict import load_file

API_VERSION = "reconciler/v1"
HEADER = ("apiVersion", "kind", "tenant", "extends", "predefined")
DATA = Path(__file__).parent
SAMPLE_SITE = DATA / "sample.yaml"
PREDEFINED = DATA / "predefined.yaml"
MAX_DBID = 2**31 - 1

OWNER_WORDS = sorted(
    item.word
    for kind in OBJECT_TYPES.values()
    for item in kind.attributes
    if item.name == kind.owner and kind.owner_type != "Tenant"
)
"""The words for owners of folders other than tenants: attribute, campaign."""


LISTED_TYPES = {name: kind for name, kind in OBJECT_TYPES.items() if not kind.written_by_server}
"""The types that a site file may list: all but what only a server writes."""


class SiteObject(Struct, frozen=True):
    """One object of a site file. ``tenant``: the name of its tenant; ``dbid``: 0 if none is given.
    ``folder``: the names of folders below its default folder, or below the configuration unit whose
    path is ``unit``."""

    type: ObjectType
    words: Mapping[str, Any]
    document: YamlDocument
    path: fields.FieldPath
    tenant: str = ""
    folder: tuple[str, ...] = ()
    unit: tuple[str, ...] = ()
    dbid: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """Type and natural key, which no two objects of a file may share."""
        if self.type.name == "Folder":
            owners = [f"{word}={self.words[word]}" for word in OWNER_WORDS if word in self.words]
            kind = as_text(self.words.get("type", ""))
            return "Folder", self.tenant, kind, *owners, *self.unit, "", *self.folder, self.name
        parts = [self.type.attribute(name) for name in self.type.key if name != "tenantDBID"]
        words = [as_text(self.words.get(part.word, "")) for part in parts if part]
        return self.type.name, self.tenant, *words

    @property
    def name(self) -> str:
        attribute = self.type.attribute(self.type.name_attribute)
        return as_text(self.words.get(attribute.word, "")) if attribute else ""

    @property
    def label(self) -> str:
        """The object's name in messages."""
        return f"{self.type.name} {self.name}".rstrip()

    @property
    def named(self) -> Named:
        return Named(self.type.name, self.tenant, self.name, self.dbid)

    def at(self, *inner: str) -> Position:
        """The position of a word of the object; without that word, of the object."""
        return self.document.at((*self.path, *inner))


class SiteFile(Struct, frozen=True):
    """The objects of a site file, predefined objects first, and the mistakes found so far.

    ``whole``: every file could be read, so a name that no object has is a mistake.
    """

    objects: list[SiteObject]
    problems: list[Diagnostic]
    whole: bool = True


def read_site(path: Path) -> SiteFile:
    """The objects of a site file, all with DBIDs, and the mistakes found so far."""
    reading = _Reading()
    objects = reading.file(path, ())
    if not objects and not reading.problems:
        what = "the site file holds no object"
        hint = "List objects under the name of their type: `Host: [{name: HOST}]`."
        reading.problems.append(Diagnostic(what, Position(str(path)), hint))
    if reading.predefined:
        objects = _over_predefined(objects, reading.problems)
    return SiteFile(_with_dbids(objects), reading.problems, reading.whole)


def _over_predefined(objects: list[SiteObject], problems: list[Diagnostic]) -> list[SiteObject]:
    """The predefined objects, then the file's own. An object with the type and DBID, or else the
    type and natural key, of a predefined object replaces that object, and keeps its DBID unless it
    names another."""
    merged = _predefined().copy()
    by_dbid = {(item.type.name, item.dbid): key for key, item in merged.items()}
    for item in objects:
        key = item.key
        if item.dbid and key not in merged:
            merged.pop(by_dbid.get((item.type.name, item.dbid), ()), None)
        there = merged.get(key)
        if there and item.type.name == "Tenant" and item.dbid not in (0, ENVIRONMENT):
            what = f"Tenant {item.name} must have DBID {ENVIRONMENT}"
            problems.append(Diagnostic(what, item.at("dbid")))
        merged[key] = replace(item, dbid=item.dbid or there.dbid) if there else item
    return list(merged.values())


@cache
def _predefined() -> dict[tuple[str, ...], SiteObject]:
    """The objects that every server has, by their keys. Copy them before changing them."""
    return {item.key: item for item in _Reading().file(PREDEFINED, ())}


class _Reading:
    """Reads a file and the files that it extends, and collects their mistakes."""

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.whole = True
        self.predefined = True
        self._read: dict[str, list[SiteObject]] = {}

    def file(self, path: Path, inside: tuple[str, ...]) -> list[SiteObject]:
        """The objects of a file and of the file that it extends. Its own objects replace those with
        the same type and natural key. ``inside``: the files that extend this one."""
        here = canonical_path(path)
        if here in inside:
            what = "the site file extends itself: remove an `extends` that leads back to it"
            self.problems.append(Diagnostic(what, Position(str(path))))
            return []
        if here not in self._read:
            self._read[here] = self._file(path, (*inside, here))
        return self._read[here]

    def _file(self, path: Path, inside: tuple[str, ...]) -> list[SiteObject]:
        merged: dict[tuple[str, ...], SiteObject] = {}
        before = len(self.problems)
        documents = load_file(path, shown_path(path), self.problems)
        if not documents and len(self.problems) > before:
            self.whole = False
        for document in documents:
            base = self._header(document)
            if base:
                for item in self.file(path.parent / base, inside):
                    merged[item.key] = item
            for item in self._objects(document):
                key = item.key
                there = merged.get(key)
                if there and there.at().file == item.at().file:
                    what = f"{item.label} is described twice, first at {there.at()}"
                    self.problems.append(Diagnostic(what, item.at()))
                merged[key] = item
        return list(merged.values())

    def _header(self, document: YamlDocument) -> str:
        """Checks the header. Returns the name of the file that this one extends, if any."""
        data = document.data
        if not isinstance(data, Mapping) or data.get("kind") != "Site":
            return ""
        version = data.get("apiVersion", API_VERSION)
        if version != API_VERSION:
            what = f"apiVersion must be {API_VERSION}, not {version}"
            self.problems.append(Diagnostic(what, document.at(("apiVersion",))))
        if not isinstance(data.get("tenant", ""), str | int):
            self.problems.append(Diagnostic("tenant must be a name", document.at(("tenant",))))
        predefined = data.get("predefined", True)
        self.predefined = self.predefined and predefined is not False
        if not isinstance(predefined, bool):
            what = f"predefined must be true or false, not {predefined!r}"
            self.problems.append(Diagnostic(what, document.at(("predefined",))))
        base = data.get("extends", "")
        if isinstance(base, str):
            return base
        self.whole = False
        what = "extends must be the name of one site file"
        self.problems.append(Diagnostic(what, document.at(("extends",))))
        return ""

    def _objects(self, document: YamlDocument) -> Iterator[SiteObject]:
        data = document.data
        if not isinstance(data, Mapping) or data.get("kind") != "Site":
            hint = "A site file says `kind: Site`."
            self.problems.append(Diagnostic("not a site file", document.position, hint))
            return
        default_tenant = _default_tenant(data)
        for word, entries in data.items():
            if word in HEADER:
                continue
            place = document.at((word,))
            kind = LISTED_TYPES.get(word)
            if kind is None:
                known = f"Known: {', '.join(LISTED_TYPES)}."
                what = f"{word} is not an object type"
                what += did_you_mean(word, LISTED_TYPES, self.problems)
                self.problems.append(Diagnostic(what, place, known))
            elif not isinstance(entries, list):
                what = f"{word} must be a list of objects, such as [{{name: NAME}}]"
                self.problems.append(Diagnostic(what, place))
            else:
                for index, entry in enumerate(entries):
                    path = (word, str(index))
                    if isinstance(entry, Mapping):
                        yield self._object(kind, entry, document, path, default_tenant)
                    else:
                        what = "an object must be a mapping, such as {name: NAME}"
                        self.problems.append(Diagnostic(what, document.at(path)))

    def _object(
        self,
        kind: ObjectType,
        entry: Mapping[str, Any],
        document: YamlDocument,
        path: fields.FieldPath,
        default_tenant: str,
    ) -> SiteObject:
        words = dict(entry)
        dbid = words.pop("dbid", None)
        tenant = ""
        if kind.attribute("tenantDBID"):
            tenant = as_text(words.setdefault("tenant", default_tenant))
        elif kind.name == "Folder":
            tenant = as_text(words.get("tenant", default_tenant))
        elif kind.name == "Application":
            words = {**application_defaults(words.get("type", ""), default_tenant), **words}
        item = SiteObject(kind, words, document, path, tenant)
        if dbid is not None and (type(dbid) is not int or not 0 < dbid <= MAX_DBID):
            allowed = f"a whole number from 1 to {MAX_DBID}"
            what = f"{item.label}: dbid must be {allowed}, not {dbid!r}"
            self.problems.append(Diagnostic(what, item.at("dbid")))
            dbid = None
        folder, unit = (self._path(item, words, word) for word in ("folder", "unit"))
        return replace(item, dbid=dbid or 0, folder=folder, unit=unit)

    def _path(self, item: SiteObject, words: dict[str, Any], word: str) -> tuple[str, ...]:
        """Takes the path of a folder or of a configuration unit from an object's words."""
        value = words.pop(word, [])
        names = value if isinstance(value, list) else as_text(value).split("/")
        if isinstance(value, Mapping) or not all(isinstance(name, str | int) for name in names):
            what = f"{item.label}: {word} must be a path such as Chat/Queues, or a list of names"
            self.problems.append(Diagnostic(what, item.at(word)))
            names = []
        return tuple(as_text(name) for name in names if name != "")


def _default_tenant(data: Mapping[str, Any]) -> str:
    if "tenant" in data:
        return as_text(data["tenant"])
    tenants = data.get("Tenant")
    if isinstance(tenants, list) and len(tenants) == 1 and isinstance(tenants[0], Mapping):
        return as_text(tenants[0].get("name", ""))
    return "Environment"


def _with_dbids(objects: list[SiteObject]) -> list[SiteObject]:
    """Gives every object without a DBID the next free DBID of its type, from 101 on. The server
    itself numbers folders."""
    taken: dict[str, set[int]] = {}
    for item in objects:
        if item.dbid:
            taken.setdefault(item.type.name, set()).add(item.dbid)
    following: dict[str, int] = {}
    result: list[SiteObject] = []
    for item in objects:
        if not item.dbid and item.type.name != "Folder":
            used = taken.setdefault(item.type.name, set())
            dbid = following.get(item.type.name, 101)
            while dbid in used:
                dbid += 1
            following[item.type.name] = dbid + 1
            item = replace(item, dbid=dbid)  # noqa: PLW2901 - the same object, numbered
        result.append(item)
    return result
