"""Checks documents against the schema of their kind, in our own words.

Every problem of a document is reported, with its place. jsonschema is imported here
and nowhere else on the way to a plan.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.manifests import API_VERSION, MANIFEST_KINDS, ManifestKind
from reconciler.kinds.schema import manifest_schema
from reconciler.manifest.documents import Manifest
from reconciler.strict_yaml import YamlDocument

if TYPE_CHECKING:
    from jsonschema import Draft7Validator, ValidationError


def validate(documents: Sequence[YamlDocument], problems: list[Diagnostic]) -> list[Manifest]:
    """The documents that are manifests; what is wrong with the others is a problem."""
    validators = _Validators()
    manifests: list[Manifest] = []
    for document in documents:
        kind = _kind(document, problems)
        if kind is None:
            continue
        found = list(validators.problems(kind, document))
        problems.extend(found)
        if not found:
            manifests.append(Manifest(kind, document))
    return manifests


def _kind(document: YamlDocument, problems: list[Diagnostic]) -> ManifestKind | None:
    data = document.data
    if not isinstance(data, Mapping):
        problems.append(
            Diagnostic(
                "a manifest is a mapping",
                document.position,
                f"It starts with `apiVersion: {API_VERSION}` and `kind: …`.",
            )
        )
        return None
    version = data.get("apiVersion")
    if version != API_VERSION:
        what = f"apiVersion must be {API_VERSION}, not {_shown(version)}"
        if "apiVersion" not in data:
            what = f"apiVersion is missing; it is {API_VERSION}"
        hint = f"Begin with `apiVersion: {API_VERSION}`."
        problems.append(Diagnostic(what, document.at(("apiVersion",)), hint))
        return None
    name = data.get("kind")
    if not isinstance(name, str) or name not in MANIFEST_KINDS:
        known = ", ".join(MANIFEST_KINDS)
        what = f"unknown kind {name}" if name is not None else "kind is missing"
        problems.append(
            Diagnostic(
                what + _suggestion(str(name), list(MANIFEST_KINDS)),
                document.at(("kind",)),
                f"The kinds are {known}.",
            )
        )
        return None
    return MANIFEST_KINDS[name]


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


class _Validators:
    """One prepared validator per kind, made when first needed."""

    def __init__(self) -> None:
        self._definitions = manifest_schema()["definitions"]
        self._prepared: dict[str, Draft7Validator] = {}

    def problems(self, kind: ManifestKind, document: YamlDocument) -> Iterator[Diagnostic]:
        if kind.name not in self._prepared:
            from jsonschema import Draft7Validator  # noqa: PLC0415 - 70 ms to import

            self._prepared[kind.name] = Draft7Validator(self._definitions[kind.name])
        errors = self._prepared[kind.name].iter_errors(document.data)
        found = [one for error in errors for one in _explain(error, document)]
        yield from sorted(found, key=lambda one: (one.position or document.position, one.summary))


def _explain(error: "ValidationError", document: YamlDocument) -> Iterator[Diagnostic]:
    path = tuple(str(part) for part in error.absolute_path)
    place = document.at(path)
    what = _called(path)
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            yield from _unknown_fields(error, document, path)
        case "required":
            instance: Any = error.instance
            missing = [n for n in schema["required"] if n not in instance]
            # jsonschema reports each missing name; the first report tells them all.
            if f"'{missing[0]}'" in error.message:
                names = " and ".join(missing)
                verb = "is" if len(missing) == 1 else "are"
                yield Diagnostic(f"{names} {verb} missing in {what}", place)
        case "minProperties" | "minItems" | "minLength":
            yield Diagnostic(f"{what} is empty", place, _needed(schema))
        case "maxProperties":
            yield Diagnostic(f"{what} names too much", place, _needed(schema))
        case "uniqueItems":
            yield Diagnostic(f"{what} names something twice", place)
        case "maxLength":
            yield Diagnostic(f"{what} is longer than {error.validator_value} characters", place)
        case "pattern" if error.schema_path and "propertyNames" in error.schema_path:
            place = document.at((*path, str(error.instance)))
            yield Diagnostic(f"{error.instance!r} cannot be a name in {what}", place)
        case _:
            yield Diagnostic(f"{what} cannot be {_shown(error.instance)}", place, _needed(schema))


def _called(path: FieldPath) -> str:
    """What a message calls the value at a path."""
    if not path:
        return "the manifest"
    if path[-1].isdecimal() and len(path) > 1:
        return f"item {int(path[-1]) + 1} of {path[-2]}"
    return path[-1]


def _needed(schema: Any) -> str:
    says = schema.get("$comment", "") if isinstance(schema, Mapping) else ""
    return f"Needed: {says}." if says else ""


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if value is None:
        return "null"
    return repr(value) if isinstance(value, str) else str(value).lower()


def _unknown_fields(
    error: "ValidationError", document: YamlDocument, path: FieldPath
) -> Iterator[Diagnostic]:
    schema: Any = error.schema
    instance: Any = error.instance
    known = list(schema.get("properties", {}))
    where = f" in {_called(path)}" if path else ""
    for name in instance:
        if name not in known:
            place: Position = document.at((*path, name))
            hint = f"Known here: {', '.join(known)}." if known else ""
            summary = f"unknown field {name}{where}{_suggestion(name, known)}"
            yield Diagnostic(summary, place, hint)
