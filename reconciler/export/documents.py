"""Makes the document that declares a live object. Pure."""

from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct, field

from reconciler.export.model import Document, Omission, SecretSources
from reconciler.export.spec import default_of, spec_of
from reconciler.export.values import ValueWriter, foreign_dbid
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import flatten, leaf, references_in
from reconciler.kinds.manifest_kind import EXACT, ManifestKind
from reconciler.kinds.manifests import kind_named
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.natural_keys import TENANT, has_tenant, key_parts, key_values
from reconciler.kinds.types.folders import FOLDER
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.plan.actions import Subject
from reconciler.plan.context import Context
from reconciler.plan.folders import path_of_folder
from reconciler.plan.identity import address_of, kind_of
from reconciler.plan.matching import LiveAttributes
from reconciler.server.port import ConfObject

_OF_OTHERS = "no manifest of this kind declares it"
_UNREADABLE = "it refers to an object that this account cannot read"
_UNKNOWN = "this version of gwe does not know it"
_PASSWORD = "a password cannot be read; declare it before the object is created elsewhere"  # noqa: S105


class DocumentMaker(Struct):
    """Makes the documents of one export, and records what they leave out. ``context``: the live
    objects, the site and what is secret; it has no desired objects."""

    context: Context
    writer: ValueWriter
    secrets: SecretSources = field(default_factory=SecretSources)
    omissions: list[Omission] = field(default_factory=list)
    _attributes: LiveAttributes | None = None

    def document(self, one: ConfObject) -> Document | None:
        """The document of an object; None if no manifest kind describes its type."""
        kind = kind_named(kind_of(one))
        if kind is None:
            return None
        subject = self.subject(one)
        fields = dict(self._declarable(kind, subject, one))
        key = self.context.live.key_texts(one)
        return Document(
            kind,
            subject.address,
            (subject.address.partition(kind.name)[0], *key),
            self._metadata(kind, one, key),
            spec_of(
                kind,
                fields,
                lambda path, value: self.value(subject, path, value),
                self.writer.section,
            ),
        )

    def subject(self, one: ConfObject) -> Subject:
        """The object as plans know it, with what is secret in it."""
        live, site = self.context.live, self.context.site
        kind, address = address_of(one, live, site.tenant_dbid)
        name = live.key_texts(one)[-1]
        subject = Subject(address, kind, one.type, name, tenant=one.tenant, dbid=one.dbid)
        return self.context.with_secrets(subject, ())

    def value(self, subject: Subject, path: FieldPath, value: Value) -> Any:
        """The value of a field as a manifest writes it."""
        attribute = leaf(ALL_TYPES[subject.object_type], path)
        if subject.hides(path) and value != "" and not isinstance(value, bytes):
            source = self.secrets.source(subject.address, subject.name, path, str(value))
            return {"secret": True, "from": source}
        if attribute is not None and attribute.type is ValueType.KEY_VALUES:
            return self.writer.option(path, value)
        if not isinstance(value, str) or attribute is None:
            return value
        is_text = attribute.type is ValueType.TEXT
        return self.writer.text(value) if is_text else self.writer.name(value)

    def _metadata(
        self, kind: ManifestKind, one: ConfObject, key: tuple[str, ...]
    ) -> dict[str, Any]:
        site = self.context.site
        metadata: dict[str, Any] = {"type": kind.named_type} if kind.named_type else {}
        words = [part.word for part in key_parts(kind.object_type)]
        texts = dict(zip(words, key, strict=True))
        metadata |= {word: self.writer.name(texts[part.word]) for word, part in kind.key.items()}
        if has_tenant(kind.object_type) and one.tenant != site.tenant_dbid:
            name = self.context.live.name("Tenant", one.tenant, 0)
            metadata["tenant"] = self.writer.name(name)
        folder = "" if kind.heading == FOLDER else path_of_folder(one, self.context.live)
        metadata |= {"folder": self.writer.name(folder)} if folder else {}
        return metadata | ({EXACT: True} if self._has_ambiguous_name(one) else {})

    def _has_ambiguous_name(self, one: ConfObject) -> bool:
        """Whether the name could be confused: another object has a name that looks the same, or the
        display name of another Business Attribute equals the name of this attribute or of this
        value's attribute."""
        live = self.context.live
        if live.twin(one.type, key_values(ALL_TYPES[one.type], one.attributes)) is not None:
            return True
        if self._attributes is None:
            self._attributes = LiveAttributes(live)
        owner = live.get("Enumerator", int(one.attributes.get("enumeratorDBID") or 0))
        attribute = one if one.type == "Enumerator" else owner
        return attribute is not None and self._attributes.is_ambiguous(attribute)

    def _declarable(
        self, kind: ManifestKind, subject: Subject, one: ConfObject
    ) -> Iterator[tuple[FieldPath, Value]]:
        """The fields that a manifest can declare; the others are recorded."""
        live, object_type = self.context.live, kind.object_type
        fields = flatten(object_type, one.attributes, live)
        unknown = {
            path
            for path, target, name in references_in(object_type, fields)
            if live.get(target, live.dbid(target, name, one.tenant) or 0) is None
        }
        key = {TENANT, *object_type.key}
        lost: dict[FieldPath, str] = {}
        for path, value in fields.items():
            attribute = object_type.by_word(path[0])
            assert attribute is not None, path  # noqa: S101 - flatten has found it
            if attribute.name in key or attribute.read_only or path[0] in kind.fixed:
                continue
            if path[0] not in kind.fields:
                if value != default_of(attribute):
                    lost[path[:1]] = _OF_OTHERS
            elif gone := _unreadable(attribute, path, unknown):
                lost[gone] = _UNREADABLE
            elif subject.hides(path) and (reason := undeclarable_secret(value, attribute)):
                lost[path] = reason
            else:
                yield path, value
                self._note_dbid(subject, path, value)
        lost |= {(one.word,): _PASSWORD for one in object_type.attributes if one.secret}
        lost |= {(name,): _UNKNOWN for name in one.unknown}
        self.omissions += [Omission(subject.address, at, why) for at, why in lost.items()]

    def _note_dbid(self, subject: Subject, path: FieldPath, value: Value) -> None:
        """Records an option that holds the DBID of another tenant, which no name can replace."""
        dbid = foreign_dbid(path, value, self.context.site.tenant_dbid) if len(path) == 3 else 0
        if dbid:
            reason = f"it holds the DBID {dbid} of a tenant of this server, written as it is"
            self.omissions.append(Omission(subject.address, path, reason))


def _unreadable(
    attribute: Attribute, path: FieldPath, unknown: Collection[FieldPath]
) -> FieldPath | None:
    """What cannot be declared at a path, since it refers to an object that was not read: the field,
    or the list entry whose key is that object; None: nothing."""
    if attribute.type is ValueType.STRUCTURES:
        words = {attribute.field(name).word for name in attribute.key}
        if any(at[:2] == path[:2] and at[-1] in words for at in unknown):
            return path[:2]
    return path if path in unknown else None


def undeclarable_secret(value: Value, attribute: Attribute) -> str:
    """Why no manifest can declare this secret; empty: a manifest can."""
    if isinstance(value, bytes):
        return "a secret that is binary cannot be declared"
    if isinstance(value, str) and value and not value.strip():
        return "a secret that is blank cannot be declared"
    inside = attribute.type in (ValueType.STRUCTURE, ValueType.STRUCTURES)
    return "a secret cannot be declared inside a structure" if inside and value != "" else ""
