"""Reads the managed fields of one manifest, each with the policy that applies to it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.environment import secret_value
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import FieldPath, FieldValueError, SecretText, Value, canonical
from reconciler.kinds.model import ValueType
from reconciler.kinds.types_files import VALUES
from reconciler.manifest.desired import ManagedField
from reconciler.manifest.expand import Expanded
from reconciler.manifest.policy import PolicyReader
from reconciler.manifest.variables import Variables
from reconciler.strict_yaml import as_text


class FieldReader:
    """Reads ``spec`` of a manifest. ``manifest`` is its address, such as ``AgentGroup/Chat``."""

    def __init__(
        self,
        expanded: Expanded,
        manifest: str,
        variables: Variables,
        environment: Mapping[str, str],
    ) -> None:
        self._kind = expanded.kind
        self._spec: Mapping[str, Any] = expanded.data.get("spec", {})
        self._expanded = expanded
        self._manifest = manifest
        self._environment = environment
        self._variables = variables
        self.policy = PolicyReader(expanded)

    def object_fields(self) -> tuple[ManagedField, ...]:
        """The fields of an object."""
        return self._all(self._object_fields())

    def option_fields(self) -> tuple[ManagedField, ...]:
        """The fields of an ApplicationOptions manifest: single options and whole sections."""
        return self._all(
            field
            for word in ("options", "sections")
            for section, options in self._spec.get(word, {}).items()
            for field in self._section(("options", section), (word, section), options)
        )

    def file_fields(self, form: str) -> tuple[ManagedField, ...]:
        """The fields of a LaunchFile manifest. ``form`` is the format of its file."""
        return self._all(
            self._option((VALUES, form, key), (VALUES, key), value)
            for key, value in self._spec.get(VALUES, {}).items()
        )

    def _all(self, fields: Iterable[ManagedField]) -> tuple[ManagedField, ...]:
        result = tuple(fields)
        self.policy.report_unmatched()
        return result

    def _object_fields(self) -> Iterator[ManagedField]:
        for word, value in self._spec.items():
            attribute = self._kind.object_type.by_word(word)
            assert attribute is not None, word  # noqa: S101 - the schema has checked
            match attribute.type:
                case ValueType.KEY_VALUES:
                    for section, options in value.items():
                        yield from self._section((word, section), (word, section), options)
                case ValueType.REFERENCES:
                    yield from self._items(word, value)
                case _:
                    text: Value = value if isinstance(value, bool) else as_text(value)
                    try:
                        yield self._field((word,), (word,), canonical(attribute, text))
                    except FieldValueError as error:
                        self._report((word,), str(error))

    def _section(
        self, path: FieldPath, spec_path: FieldPath, options: Mapping[str, Any]
    ) -> Iterator[ManagedField]:
        if {*options} in ({"secret", "from"}, {"secret", "absent"}):
            self._report(spec_path, "a secret can be the value of an option, not of a section")
        for key, value in options.items():
            yield self._option((*path, key), (*spec_path, key), value)

    def _items(self, word: str, value: list[Any]) -> Iterator[ManagedField]:
        seen: set[str] = set()
        for index, item in enumerate(value):
            name = as_text(item)
            if not name.strip():
                self._report((word, str(index)), f"item {index + 1} of {word} is empty")
            elif name in seen:
                self._report((word, str(index)), f"{word} names {name} twice")
            seen.add(name)
            yield self._field((word, name), (word, str(index)), name)

    def _report(self, spec_path: FieldPath, summary: str) -> None:
        self._expanded.report(("spec", *spec_path), summary)

    def _option(self, path: FieldPath, spec_path: FieldPath, value: Any) -> ManagedField:
        if "" in path[1:]:
            self._report(spec_path, "the name of a section or option is empty")
        if isinstance(value, Mapping):
            secret = self._secret(value["from"], spec_path) if "from" in value else None
            return self._field(path, spec_path, secret, secret=True)
        return self._field(path, spec_path, None if value is None else as_text(value))

    def _secret(self, source: str, spec_path: FieldPath) -> SecretText:
        """The value of a secret; empty, and a problem, where the environment lacks it. What
        stands in place of a source may be the secret itself: no message repeats it."""
        try:
            return SecretText(secret_value(source, self._environment), source)
        except ReconcilerError as error:
            self._expanded.report(("spec", *spec_path, "from"), error.message, error.hint)
            return SecretText("", source)

    def _field(
        self, path: FieldPath, spec_path: FieldPath, value: Value | None, *, secret: bool = False
    ) -> ManagedField:
        policy = self.policy
        whole_section = spec_path[0] == "sections"
        pointed = policy.keep_unit(spec_path)
        keep = pointed is not None or policy.existing_keep
        unit = path
        if whole_section:
            unit = path[:2]
        elif pointed is not None and self._kind.binding == "object":
            # In an application, which others own, the unit is always the single option.
            unit = path[: len(pointed)]
        used = self._expanded.variables.get(("spec", *spec_path), frozenset())
        if pointed is not None and any(self._variables.set_by_site(name) for name in used):
            keep = policy.existing_keep
        return ManagedField(
            path=path,
            value=value,
            origin=self._expanded.at(("spec", *spec_path)),
            manifest=self._manifest,
            unit=unit,
            keep=keep,
            whole_section=whole_section,
            overwrite_corrects=policy.overwrite == "correct" and pointed is None,
            satisfied_by=policy.satisfied_by(spec_path),
            secret=secret,
        )
