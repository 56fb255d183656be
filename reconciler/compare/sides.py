"""Turns documents of an export into the objects of a side: fields with natural names. Pure.

Documents made from live objects and documents read from files are treated alike.
"""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from msgspec import Struct, field

from reconciler.compare.model import SideObject
from reconciler.export.model import Document, Omission
from reconciler.kinds.addresses import object_address
from reconciler.kinds.fields import FieldPath, FieldValueError, SecretText, Value, canonical
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.natural_keys import joined
from reconciler.manifest.documents import Manifest
from reconciler.yaml.documents import as_text

_TOKEN = re.compile(r"\$\$\{|\$\{var\.([^{}]*)\}")
_NO_VALUE = "manifests hold no values of secrets"


class ObjectMaker(Struct):
    """Makes the objects of one side, and records what is unknown about them.

    ``variables``: variable -> the text that stands for it, for those that have one;
    ``secrets``: environment variable -> value; None: no secret is known.
    """

    variables: Mapping[str, str]
    secrets: Mapping[str, str] | None = None
    objects: dict[str, SideObject] = field(default_factory=dict)
    omissions: list[Omission] = field(default_factory=list)

    def add_document(self, one: Document) -> None:
        """Adds what a document declares; the document was made from a live object."""
        self._add(one.kind, one.address, one.metadata, one.spec, one.target)

    def add_manifest(self, one: Manifest) -> None:
        """Adds what a manifest declares, which must have the form that an export gives it."""
        metadata = one.data["metadata"]
        words = (metadata[word] for word in one.kind.key)
        tenant = self._text(metadata.get("tenant", ""))
        address = object_address(one.kind.name, *map(self._text, words), tenant=tenant)
        target, spec = one.data.get("target", {}), one.data.get("spec", {})
        self._add(one.kind, address, metadata, spec, target)

    def _add(
        self,
        kind: ManifestKind,
        address: str,
        metadata: Mapping[str, Any],
        spec: Mapping[str, Any],
        target: Mapping[str, Any],
    ) -> None:
        place, number = address, 2
        while place in self.objects:  # two objects may have the same name, on a server and in files
            place, number = f"{address} ({number})", number + 1
        fields: dict[FieldPath, Value] = {}
        if "folder" in metadata:
            fields["folder",] = self._text(metadata["folder"])
        for path, value in self._fields(kind, spec):
            if isinstance(value, _UnknownSecret):
                self.omissions.append(Omission(place, path, _NO_VALUE))
            else:
                fields[path] = value
        role, application = (self._text(target.get(word, "")) for word in ("role", "application"))
        self.objects[place] = SideObject(place, kind.name, fields, role, application)

    def _fields(
        self, kind: ManifestKind, spec: Mapping[str, Any]
    ) -> "Iterator[tuple[FieldPath, Value | _UnknownSecret]]":
        for word, value in spec.items():
            word = "options" if word == "sections" else word  # noqa: PLW2901 - the same field
            attribute = kind.object_type.by_word(word)
            assert attribute is not None, word  # noqa: S101 - the schema has checked
            match attribute.type:
                case ValueType.KEY_VALUES:
                    yield from self._options(word, value)
                case ValueType.REFERENCES:
                    yield from (((word, name), name) for name in map(self._text, value))
                case ValueType.STRUCTURE:
                    yield from self._structure((word,), attribute, value)
                case ValueType.STRUCTURES:
                    for entry in value:
                        words, label = self._entry(attribute, entry)
                        yield from self._structure((word, label), attribute, words)
                case _:
                    yield (word,), self._value(attribute, value)

    def _options(
        self, word: str, sections: Mapping[str, Mapping[str, Any]]
    ) -> "Iterator[tuple[FieldPath, Value | _UnknownSecret]]":
        for section, options in sections.items():
            for key, value in options.items():
                path = (word, self._text(section), self._text(key))
                match value:
                    case None | {"absent": True}:
                        continue
                    case {"integer": number}:
                        yield path, int(number)
                    case {"binary": text}:
                        yield path, b64decode(text)
                    case {"from": source}:
                        yield path, self._secret(source)
                    case _:
                        yield path, self._text(value)

    def _structure(
        self, path: FieldPath, attribute: Attribute, words: Mapping[str, Any]
    ) -> "Iterator[tuple[FieldPath, Value | _UnknownSecret]]":
        for inner in attribute.fields:
            if inner.word in words:
                yield (*path, inner.word), self._value(inner, words[inner.word])

    def _entry(self, attribute: Attribute, entry: Any) -> tuple[Mapping[str, Any], str]:
        """The fields of a list entry, and its label: its key."""
        key = [attribute.field(name).word for name in attribute.key]
        words = entry if isinstance(entry, Mapping) else {key[-1]: entry}
        return words, joined([self._text(words.get(word, "")) for word in key])

    def _value(self, attribute: Attribute, value: Any) -> "Value | _UnknownSecret":
        match value:
            case {"from": source}:
                return self._secret(source)
        text = self._text(value)
        with suppress(FieldValueError):  # a placeholder in a number
            return canonical(attribute, text)
        return text

    def _secret(self, source: str) -> "Value | _UnknownSecret":
        name = str(source).removeprefix("env.")
        if self.secrets is None or name not in self.secrets:
            return _UnknownSecret()
        return SecretText(self.secrets[name])

    def _text(self, value: Any) -> str:
        """A text with its variables filled in, as far as they are known."""

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            return "${" if name is None else self.variables.get(name, found[0])

        return _TOKEN.sub(fill, as_text(value))


class _UnknownSecret(Struct, frozen=True):
    """A secret whose value is not known."""


def variables_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Variable -> its default, as documents of kind Variables declare them; those without a
    default are left out."""
    return {
        name: as_text(entry["default"])
        for document in documents
        for name, entry in document["spec"].items()
        if entry.get("default") is not None
    }
