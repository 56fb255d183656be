"""Reads the managed fields of one manifest, each with who owns it and what satisfies it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.diagnostics import did_you_mean
from reconciler.environment import SET_IT, secret_value, secret_variable
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import (
    FieldPath,
    FieldValueError,
    SecretText,
    Value,
    as_integer,
    canonical,
)
from reconciler.kinds.manifest_kind import BLOCKS
from reconciler.kinds.model import ValueType
from reconciler.kinds.names import SEND_ADVICE, text_problem
from reconciler.kinds.options import value_problem
from reconciler.kinds.types.files import VALUES
from reconciler.manifest.desired import ManagedField
from reconciler.manifest.expand import Expanded
from reconciler.manifest.ownership import ownership_of
from reconciler.manifest.policy import PolicyReader
from reconciler.manifest.structures import entry_values, structure_values
from reconciler.manifest.variables import Variables
from reconciler.yaml.documents import as_text


class FieldReader:
    """Reads ``spec`` and ``initial`` of a manifest. ``manifest`` is its address, such as
    ``AgentGroup/Chat``; ``for_site``: the site is known. A *place* is a path in the manifest, which
    begins with the block."""

    def __init__(
        self,
        expanded: Expanded,
        manifest: str,
        variables: Variables,
        environment: Mapping[str, str],
        *,
        for_site: bool,
    ) -> None:
        self._kind = expanded.kind
        self._expanded = expanded
        self._manifest = manifest
        self._environment = environment
        self._for_site = for_site
        self._variables = variables
        self._places: dict[FieldPath, FieldPath] = {}
        self.policy = PolicyReader(expanded)

    def object_fields(self) -> tuple[ManagedField, ...]:
        """The fields of an object."""
        return self._all(
            field
            for block, words in self._blocks()
            for word, value in words.items()
            for field in self._attribute(word, (block, word), value)
        )

    def option_fields(self) -> tuple[ManagedField, ...]:
        """The fields of an ApplicationOptions manifest: single options and whole sections."""
        return self._all(
            field
            for block, words in self._blocks()
            for word in ("options", "sections")
            for section, options in words.get(word, {}).items()
            for field in self._section(("options", section), (block, word, section), options)
        )

    def file_fields(self, form: str) -> tuple[ManagedField, ...]:
        """The fields of a LaunchFile manifest. ``form`` is the format of its file."""
        return self._all(
            self._option((VALUES, form, key), (block, VALUES, key), value)
            for block, words in self._blocks()
            for key, value in words.get(VALUES, {}).items()
        )

    def _blocks(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for block in BLOCKS:
            yield block, self._expanded.data.get(block, {})

    def _all(self, fields: Iterable[ManagedField]) -> tuple[ManagedField, ...]:
        result = tuple(fields)
        self.policy.report_unmatched()
        return result

    def _attribute(self, word: str, place: FieldPath, value: Any) -> Iterator[ManagedField]:
        attribute = self._kind.object_type.by_word(word)
        assert attribute is not None, word  # noqa: S101 - the schema has checked
        match attribute.type:
            case ValueType.KEY_VALUES:
                for section, options in value.items():
                    yield from self._section((word, section), (*place, section), options)
            case ValueType.REFERENCES:
                yield from self._items(word, place, value)
            case ValueType.STRUCTURE:
                for found in structure_values(attribute, place, value, self._report):
                    yield self._field(found.path, found.place, found.value)
            case ValueType.STRUCTURES:
                for found in entry_values(attribute, place, value, self._report):
                    yield self._field(found.path, found.place, found.value)
            case _ if isinstance(value, Mapping):
                secret = self._secret(value["from"], place)
                yield self._field((word,), place, secret, secret=True)
            case _:
                text: Value = value if isinstance(value, bool) else as_text(value)
                try:
                    yield self._field((word,), place, canonical(attribute, text))
                except FieldValueError as error:
                    closest = did_you_mean(str(text), error.members)
                    known = f"Expected: one of {', '.join(error.members)}." if error.members else ""
                    self._report(place, f"{error}{closest}", known)

    def _section(
        self, path: FieldPath, place: FieldPath, options: Mapping[str, Any]
    ) -> Iterator[ManagedField]:
        if "secret" in options and {*options} in ({"secret", "from"}, {"secret", "absent"}):
            self._report(place, "a secret can be the value of an option, not of a section")
        for key, value in options.items():
            yield self._option((*path, key), (*place, key), value)

    def _items(self, word: str, place: FieldPath, value: list[Any]) -> Iterator[ManagedField]:
        seen: set[str] = set()
        for index, item in enumerate(value):
            name = as_text(item)
            at = (*place, str(index))
            if not (name if self._expanded.manifest.exact else name.strip()):
                self._report(at, f"item {index + 1} of {word} is empty")
            elif name in seen:
                self._report(at, f"{word} names {name} twice")
            seen.add(name)
            yield self._field((word, name), at, name)

    def _report(self, place: FieldPath, summary: str, hint: str = "") -> None:
        self._expanded.report(place, summary, hint)

    def _option(self, path: FieldPath, place: FieldPath, value: Any) -> ManagedField:
        if "" in path[1:]:
            self._report(place, "the name of a section or option is empty")
        if isinstance(value, Mapping) and "secret" in value:
            secret = self._secret(value["from"], place) if "from" in value else None
            return self._field(path, place, secret, secret=True)
        if isinstance(value, Mapping):
            return self._field(path, place, self._typed(value, place))
        text = None if value is None else as_text(value)
        # A text that still contains ${ needs a site.
        problem = value_problem(path, text) if text is not None and "${" not in text else ""
        if problem:
            self._report(place, problem)
        return self._field(path, place, text)

    def _typed(self, value: Mapping[str, Any], place: FieldPath) -> int | bytes:
        """The value of ``{integer: NUMBER}`` or ``{binary: BASE64}``."""
        if "integer" in value:
            number = as_integer(as_text(value["integer"]))
            if number is None:
                self._report((*place, "integer"), "integer must be a whole number")
            return number or 0
        from base64 import b64decode  # noqa: PLC0415 - few options are binary

        try:
            return b64decode(value["binary"], validate=True)
        except ValueError:
            self._report((*place, "binary"), "binary must be bytes in Base64")
            return b""

    def _secret(self, source: str, place: FieldPath) -> SecretText:
        """The value of a secret; if the environment lacks it, empty, and a problem. Without a site
        the value is not looked up, so that checking files needs no secret. A malformed source may
        be the secret itself: no message repeats it."""
        try:
            if not self._for_site:
                secret_variable(source, self._environment)
                return SecretText("", source)
            return SecretText(secret_value(source, self._environment), source)
        except ReconcilerError as error:
            self._report((*place, "from"), error.message, error.hint or SET_IT)
            return SecretText("", source)

    def _field(
        self, path: FieldPath, place: FieldPath, value: Value | None, *, secret: bool = False
    ) -> ManagedField:
        whole_section = place[1] == "sections"
        unit = path
        if whole_section:
            unit = path[:2]
        elif self._is_list(path[0]):  # a list is one unit
            unit = path[:1]
        self._check_block(unit, place)
        if isinstance(value, str) and path[0] != VALUES and (problem := text_problem(value)):
            self._report(place, problem, SEND_ADVICE)
        whole = self.policy.whole(place[1:]) if place[0] == "initial" else None
        return ManagedField(
            path=path,
            value=value,
            origin=self._expanded.at(place),
            manifest=self._manifest,
            ownership=ownership_of(path, place, unit, whole, self._expanded, self._variables),
            whole_section=whole_section,
            satisfied_by=self.policy.satisfied_by(place[1:]),
            secret=secret,
        )

    def _is_list(self, word: str) -> bool:
        attribute = self._kind.object_type.by_word(word)
        return attribute is not None and attribute.type in (
            ValueType.REFERENCES,
            ValueType.STRUCTURES,
        )

    def _check_block(self, unit: FieldPath, place: FieldPath) -> None:
        """Reports a unit of an object or file that is in both blocks, once. Options in applications
        are compared with those of other manifests, in ``merge``."""
        if self._kind.binding == "options":
            return
        first = self._places.setdefault(unit, place)
        if first[0] != place[0]:
            depth = 1 + len(unit)
            summary = (
                f"{'/'.join(place[1:depth])} is in both spec and initial,"
                f" first at {self._expanded.at(first[:depth])}"
            )
            hint = "Declare it in one of them: spec is enforced, initial only added."
            self._expanded.report(place[:depth], summary, hint)
            self._places[unit] = place
