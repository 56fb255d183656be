"""Checks documents against the schema of their kind, and reports mistakes with our own messages.

Every mistake in a document is reported, with its position.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import Diagnostic, did_you_mean
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifest_kind import ABSENT, API_VERSION, OBJECT, ManifestKind
from reconciler.kinds.manifests import (
    KIND_OF_TYPE,
    MANIFEST_KINDS,
    OBJECT_KINDS,
    TYPED_KINDS,
)
from reconciler.kinds.policies import FORMER_POLICIES
from reconciler.kinds.types.folders import FOLDER
from reconciler.manifest.documents import Document, Manifest
from reconciler.schema_check import FitsSchema, schema_check
from reconciler.yaml.documents import RefusedText, YamlDocument

if TYPE_CHECKING:
    from jsonschema import Draft7Validator, ValidationError


_NEVER_DELETED = {
    "options": "The applications belong to others. An option that must be absent is declared null.",
    "file": "Launch files are never deleted. A value that must be absent is declared null.",
}

_TYPED = {OBJECT: "object", FOLDER: "objects in the folder"}

_NEVER_RENAMED = (
    "Such objects are not renamed by gwe. Where the server can rename them, do so by hand; then"
    " change the name in the manifest."
)


def validate(documents: Sequence[Document], problems: list[Diagnostic]) -> list[Manifest]:
    """The documents that are valid manifests; mistakes in the others are reported."""
    validators = _validators()
    manifests: list[Manifest] = []
    for document in documents:
        if isinstance(document, Manifest):
            manifests.append(document)
            continue
        kind = _kind(document, problems)
        found = validators.problems(kind, document) if kind else ()
        problems.extend(found)
        if kind and not found:
            manifests.append(Manifest(kind, document))
    return manifests


def _kind(document: YamlDocument, problems: list[Diagnostic]) -> ManifestKind | None:
    data = document.data
    if not isinstance(data, Mapping):
        problems.append(
            Diagnostic(
                "a manifest must be a mapping",
                document.position,
                f"It begins with `apiVersion: {API_VERSION}` and `kind: …`.",
            )
        )
        return None
    version = data.get("apiVersion")
    if version != API_VERSION:
        summary = f"apiVersion must be {API_VERSION}, not {_shown(version)}"
        if "apiVersion" not in data:
            summary = f"apiVersion is missing; it must be {API_VERSION}"
        hint = f"Begin with `apiVersion: {API_VERSION}`."
        problems.append(Diagnostic(summary, document.at(("apiVersion",)), hint))
        return None
    name = data.get("kind")
    if isinstance(name, str) and name in TYPED_KINDS:
        return _typed_kind(document, name, problems)
    if not isinstance(name, str) or name not in MANIFEST_KINDS:
        known = (*MANIFEST_KINDS, *TYPED_KINDS)
        summary = "kind is missing"
        if name is not None:
            summary = f"unknown kind {name}{did_you_mean(str(name), known)}"
        hint = _kind_of_type(name) or f"Known: {', '.join(known)}."
        problems.append(Diagnostic(summary, document.at(("kind",)), hint))
        return None
    return MANIFEST_KINDS[name]


def _kind_of_type(name: Any) -> str:
    """What to write instead, if a kind is really the name of an object type; else empty."""
    if isinstance(name, str) and name in OBJECT_KINDS:
        return f"It is an object type: write kind: {OBJECT}, with type: {name} in metadata."
    if isinstance(name, str) and name in KIND_OF_TYPE:
        return f"It is an object type: write kind: {KIND_OF_TYPE[name]}."
    return ""


def _typed_kind(
    document: YamlDocument, heading: str, problems: list[Diagnostic]
) -> ManifestKind | None:
    """The kind of a manifest that names an object type in ``metadata.type``. ``heading``: the value
    of ``kind``."""
    kinds = TYPED_KINDS[heading]
    metadata = document.data.get("metadata")
    name = metadata.get("type") if isinstance(metadata, Mapping) else None
    if isinstance(name, str) and name in kinds:
        return kinds[name]
    place, hint = document.at(("metadata", "type")), f"Known: {', '.join(kinds)}."
    own = (TYPED_KINDS.get(str(name)) and name) or KIND_OF_TYPE.get(str(name))
    if heading == OBJECT and own:
        summary = f"objects of type {name} have a kind of their own"
        problems.append(Diagnostic(summary, place, f"Write kind: {own}."))
        return None
    summary = f"metadata.type is missing: the type of the {_TYPED[heading]}"
    if name is not None:
        what = "described" if heading == OBJECT else "in a folder"
        summary = f"no object type {name} can be {what}{did_you_mean(str(name), kinds)}"
        kind = MANIFEST_KINDS.get(str(name))
        if kind and kind.type in kinds:
            hint = f"Write type: {kind.type}, the type of such objects."
    problems.append(Diagnostic(summary, place, hint))
    return None


def _unique_items(
    _validator: Any, unique: bool, instance: Any, _schema: Any
) -> Iterator["ValidationError"]:
    """Like jsonschema's own check, which takes quadratic time for lists of mixed types."""
    from jsonschema import ValidationError  # noqa: PLC0415 - 70 ms to import

    if unique and isinstance(instance, list):
        scalars = [(type(item), item) for item in instance if not isinstance(item, list | dict)]
        if len(set(scalars)) < len(scalars):
            yield ValidationError("an item is there twice")


class _Validators:
    """A check and a validator for each kind, made when they are first needed. The check finds
    the documents without a mistake; the validator explains mistakes."""

    def __init__(self) -> None:
        self._checks: dict[str, FitsSchema] = {}
        self._validators: dict[str, Draft7Validator] = {}

    def problems(self, kind: ManifestKind, document: YamlDocument) -> list[Diagnostic]:
        from reconciler.kinds.schema.manifests import kind_schema  # noqa: PLC0415 - not for known manifests

        if kind.name not in self._checks:
            self._checks[kind.name] = schema_check(kind_schema(kind))
        if self._checks[kind.name](document.data):
            return []
        from reconciler.manifest.former_policy import former_policy  # noqa: PLC0415 - for mistakes

        errors = self._validator(kind).iter_errors(document.data)
        found = [problem for error in errors for problem in _explain(error, kind, document)]
        found += former_policy(kind, document)
        return sorted(found, key=lambda each: (each.position or document.position, each.summary))

    def _validator(self, kind: ManifestKind) -> "Draft7Validator":
        if kind.name not in self._validators:
            from jsonschema import Draft7Validator, validators  # noqa: PLC0415 - see above

            from reconciler.kinds.schema.manifests import kind_schema  # noqa: PLC0415

            checks = {"uniqueItems": _unique_items}
            extended: Any = validators.extend(Draft7Validator, checks)  # type: ignore[no-untyped-call]
            self._validators[kind.name] = extended(kind_schema(kind))
        return self._validators[kind.name]


@cache
def _validators() -> _Validators:
    """The validators of this process, made once: making them takes longer than checking most
    manifests."""
    return _Validators()


def _explain(
    error: "ValidationError", kind: ManifestKind, document: YamlDocument
) -> Iterator[Diagnostic]:
    if isinstance(error.instance, RefusedText):
        return
    path = tuple(str(part) for part in error.absolute_path)
    place = document.at(path)
    name = _called(path)
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            yield from _unknown_fields(error, kind, document, path)
        case "required":
            instance: Any = error.instance
            missing = [word for word in schema["required"] if word not in instance]
            # jsonschema reports each missing field; one message names them all.
            if f"'{missing[0]}'" in error.message:
                names = " and ".join(missing)
                verb = "is" if len(missing) == 1 else "are"
                yield Diagnostic(f"{names} {verb} missing from {name}", place)
        case "minProperties" | "minItems" | "minLength":
            yield Diagnostic(f"{name} is empty", place, _expected(schema))
        case "maxProperties":
            yield Diagnostic(f"{name} has too many fields", place, _expected(schema))
        case "maxItems":
            yield Diagnostic(f"{name} has more than {error.validator_value} items", place)
        case "uniqueItems":
            yield Diagnostic(f"{name} has the same item twice", place)
        case "not":
            yield Diagnostic(
                f"{name} cannot be combined with ensure: {ABSENT}",
                place,
                "An object that must not be there has no fields and no former names: remove"
                f" {name}, or ensure.",
            )
        case "maxLength":
            yield Diagnostic(f"{name} is longer than {error.validator_value} characters", place)
        case "anyOf" if not path:
            yield Diagnostic(f"the manifest needs {schema['$comment']}", place)
        case "pattern" if error.schema_path and "propertyNames" in error.schema_path:
            place = document.at((*path, str(error.instance)))
            yield Diagnostic(f"{error.instance!r} is not a valid name in {name}", place)
        case _ if isinstance(schema, Mapping) and schema.get("writeOnly"):
            yield Diagnostic(f"{name} has a wrong value", place, _expected(schema))
        case _:
            closest = did_you_mean(str(error.instance), _members(schema))
            summary = f"{name} cannot be {_shown(error.instance)}{closest}"
            yield Diagnostic(summary, place, _expected(schema, _as_list(error)))


def _called(path: FieldPath) -> str:
    """What a message calls the value at a path."""
    if not path:
        return "the manifest"
    if path[-1].isdecimal() and len(path) > 1:
        return f"item {int(path[-1]) + 1} of {path[-2]}"
    return path[-1]


def _expected(schema: Any, example: str = "") -> str:
    expected = schema.get("$comment", "") if isinstance(schema, Mapping) else ""
    such_as = f", such as {example}" if example else ""
    return f"Expected: {expected}{such_as}." if expected else ""


def _as_list(error: "ValidationError") -> str:
    """The advice to write a text as a list, if the schema wants a list of texts; else empty."""
    wanted = (error.validator, error.validator_value) == ("type", "array")
    if not wanted or not isinstance(error.instance, str):
        return ""
    return f"[{json.dumps(error.instance, ensure_ascii=False)}]"


def _members(schema: Any) -> Sequence[str]:
    """The values of an enumeration; none for any other schema."""
    ways = schema.get("anyOf", ()) if isinstance(schema, Mapping) else ()
    return next((way["enum"] for way in ways if "enum" in way), ())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    return repr(value) if isinstance(value, str) else str(value).lower()


def _unknown_fields(
    error: "ValidationError", kind: ManifestKind, document: YamlDocument, path: FieldPath
) -> Iterator[Diagnostic]:
    schema: Any = error.schema
    instance: Any = error.instance
    known = list(schema.get("properties", {}))
    where = f" in {_called(path)}" if path else ""
    for name in instance:
        if name not in known and not (path == ("policy",) and name in FORMER_POLICIES):
            hint = f"Known here: {', '.join(known)}." if known else ""
            summary = f"unknown field {name}{where}{did_you_mean(name, known)}"
            if path == ("initial",) and name in kind.spec_only:
                summary, hint = f"{name} can be in spec only", "Move it to spec."
            if not path and name == "ensure" and kind.binding in _NEVER_DELETED:
                summary, hint = f"{kind.name} has no ensure", _NEVER_DELETED[kind.binding]
            if path == ("metadata",) and name == "formerly" and kind.binding == "object":
                summary, hint = f"{kind.name} has no formerly", _NEVER_RENAMED
            yield Diagnostic(summary, document.at((*path, name)), hint)
