"""The managed fields of one manifest, each with the policy that holds for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.fields import (
    FieldPath,
    FieldValueError,
    SecretText,
    Value,
    canonical,
    from_pointer,
    pointer,
)
from reconciler.kinds.manifests import ManifestKind, Overwrite
from reconciler.kinds.model import ValueType
from reconciler.kinds.types_files import VALUES
from reconciler.manifest.desired import ManagedField, Policy
from reconciler.manifest.expand import Expanded
from reconciler.manifest.variables import Variables
from reconciler.strict_yaml import as_text


class PolicyReader:
    """The policy of a manifest. Remembers which of its pointers led to a field."""

    def __init__(self, kind: ManifestKind, expanded: Expanded, problems: list[Diagnostic]) -> None:
        self._kind = kind
        self._expanded = expanded
        self._problems = problems
        self._data: Mapping[str, Any] = expanded.data.get("policy", {})
        self._keep = [
            (from_pointer(text), ("policy", "keep", str(index)))
            for index, text in enumerate(self._data.get("keep", ()))
        ]
        self._satisfied = [
            (from_pointer(text), tuple(as_text(g) for g in globs), ("policy", "satisfiedBy", text))
            for text, globs in self._data.get("satisfiedBy", {}).items()
        ]
        self._used: set[FieldPath] = set()
        self.existing_keep = self._choice("existing", "correct", ("correct", "keep")) == "keep"

    def _choice(self, word: str, default: str, allowed: tuple[str, ...]) -> str:
        value = as_text(self._data.get(word, default))
        if value not in allowed:
            where = self._expanded.at(("policy", word))
            self._problems.append(
                Diagnostic(f"policy.{word} is one of {', '.join(allowed)}, not {value}", where)
            )
            return default
        return value

    def keep_unit(self, spec_path: FieldPath) -> FieldPath | None:
        """The path that a ``keep`` pointer names and that covers ``spec_path``."""
        unit = None
        for pattern, place in self._keep:
            if _covers(pattern, spec_path):
                self._used.add(place)
                unit = unit or spec_path[: len(pattern)]
        return unit

    def satisfied_by(self, spec_path: FieldPath) -> tuple[str, ...]:
        """The globs of option names that stand for the field."""
        globs: tuple[str, ...] = ()
        for pattern, found, place in self._satisfied:
            if _covers(pattern, spec_path) and len(pattern) == len(spec_path):
                self._used.add(place)
                globs += found
        return globs

    def overwrite(self) -> Overwrite:
        """What ``--overwrite`` does to the object or its options."""
        default: Overwrite = "keep" if self.existing_keep else self._kind.overwrite
        chosen = self._choice("overwrite", default, self._kind.overwrites)
        return next(one for one in self._kind.overwrites if one == chosen)

    def for_object(self) -> Policy:
        """The parts that concern the object as a whole."""
        preserve = tuple(as_text(word) for word in self._data.get("preserve", ()))
        for index, word in enumerate(preserve):
            if word not in self._kind.fields:
                place = self._expanded.at(("policy", "preserve", str(index)))
                known = ", ".join(self._kind.fields)
                self._problems.append(
                    Diagnostic(f"{self._kind.name} has no field {word}", place, f"Known: {known}.")
                )
        return Policy(
            overwrite=self.overwrite(),
            preserve=preserve,
            when_parent_missing=self._choice("whenParentMissing", "fail", ("fail", "skip")),
            unless_sibling=tuple(as_text(g) for g in self._data.get("unlessSibling", ())),
            protect=self._choice("protect", "false", ("true", "false")) == "true",
        )

    def report_unused(self) -> None:
        """A pointer that leads to no declared field is a mistake."""
        satisfied = [(pattern, place) for pattern, _, place in self._satisfied]
        for pattern, place in (*self._keep, *satisfied):
            if place not in self._used:
                self._problems.append(
                    Diagnostic(
                        f"{pointer(pattern)} names nothing that spec declares",
                        self._expanded.at(place),
                    )
                )


def _covers(pattern: FieldPath, path: FieldPath) -> bool:
    """Whether a pointer with ``*`` names ``path`` or something around it."""
    return len(pattern) <= len(path) and all(
        part in ("*", found) for part, found in zip(pattern, path, strict=False)
    )


class FieldReader:
    """Reads the fields of ``spec``."""

    def __init__(
        self,
        kind: ManifestKind,
        expanded: Expanded,
        manifest: str,
        policy: PolicyReader,
        variables: Variables,
        environment: Mapping[str, str],
        problems: list[Diagnostic],
    ) -> None:
        self._kind = kind
        self._expanded = expanded
        self._manifest = manifest
        self._environment = environment
        self._policy = policy
        self._variables = variables
        self._problems = problems
        self._overwrite_corrects = policy.overwrite() == "correct"

    def object_fields(self) -> tuple[ManagedField, ...]:
        """The fields of an object's manifest."""
        return tuple(self._object_fields())

    def _object_fields(self) -> Iterator[ManagedField]:
        for word, value in self._expanded.data.get("spec", {}).items():
            attribute = self._kind.object_type.by_word(word)
            assert attribute is not None, word  # noqa: S101 - the schema has checked
            match attribute.type:
                case ValueType.KEY_VALUES:
                    for section, options in value.items():
                        self._check_is_no_secret(options, (word, section))
                        for key, one in options.items():
                            yield self._option((word, section, key), (word, section, key), one)
                case ValueType.REFERENCES:
                    yield from self._items(word, value)
                case _:
                    text: Value = value if isinstance(value, bool) else as_text(value)
                    try:
                        yield self._field((word,), (word,), canonical(attribute, text))
                    except FieldValueError as error:
                        self._problem(str(error), (word,))

    def _check_is_no_secret(self, options: Mapping[str, Any], spec_path: FieldPath) -> None:
        if {*options} == {"secret", "from"}:
            self._problem("a secret is the value of an option, not of a section", spec_path)

    def _items(self, word: str, value: list[Any]) -> Iterator[ManagedField]:
        seen: set[str] = set()
        for index, one in enumerate(value):
            name = as_text(one)
            if not name.strip():
                self._problem(f"item {index + 1} of {word} is empty", (word, str(index)))
            elif name in seen:
                self._problem(f"{word} names {name} twice", (word, str(index)))
            seen.add(name)
            yield self._field((word, name), (word, str(index)), name)

    def _problem(self, summary: str, spec_path: FieldPath) -> None:
        self._problems.append(Diagnostic(summary, self._expanded.at(("spec", *spec_path))))

    def option_fields(self) -> tuple[ManagedField, ...]:
        """The fields of an ApplicationOptions manifest, single options and sections."""
        spec = self._expanded.data.get("spec", {})
        found: list[ManagedField] = []
        for word in ("options", "sections"):
            for section, options in spec.get(word, {}).items():
                self._check_is_no_secret(options, (word, section))
                found += [
                    self._option(("options", section, key), (word, section, key), value)
                    for key, value in options.items()
                ]
        return tuple(found)

    def file_fields(self, form: str) -> tuple[ManagedField, ...]:
        """The fields of a LaunchFile manifest, whose file is written as ``form``."""
        values = self._expanded.data.get("spec", {}).get("values", {})
        return tuple(
            self._option((VALUES, form, key), (VALUES, key), value) for key, value in values.items()
        )

    def _option(self, path: FieldPath, spec_path: FieldPath, value: Any) -> ManagedField:
        for part in path[1:]:
            if not part:
                self._problem("a section or an option has no name", spec_path)
        if isinstance(value, Mapping):
            return self._field(path, spec_path, self._secret(str(value["from"]), spec_path))
        return self._field(path, spec_path, None if value is None else as_text(value))

    def _secret(self, source: str, spec_path: FieldPath) -> SecretText:
        """The value of a secret; empty, and a problem, where the environment lacks it."""
        name = source.removeprefix("env.")
        if not source.startswith("env.") or not name:
            self._problem(f"a secret comes from env.NAME, not {source}", (*spec_path, "from"))
        elif name not in self._environment:
            self._problem(f"the environment variable {name} is not set", (*spec_path, "from"))
        elif any("\ud800" <= one <= "\udfff" for one in self._environment[name]):
            self._problem(f"the environment variable {name} is no text", (*spec_path, "from"))
        return SecretText(self._environment.get(name, ""), source)

    def _field(self, path: FieldPath, spec_path: FieldPath, value: Value | None) -> ManagedField:
        whole_section = spec_path[0] == "sections"
        pointed = self._policy.keep_unit(spec_path)
        keep = pointed is not None or self._policy.existing_keep
        unit = path
        if whole_section:
            unit = path[:2]
        elif pointed is not None and self._kind.binding == "object":
            # In an application, which others own, each option stands for itself.
            unit = path[: len(pointed)]
        # `variables` is by path under spec; a list's items are found by their index.
        used = self._expanded.variables.get(("spec", *spec_path), frozenset())
        by_pointer = pointed is not None
        if by_pointer and any(self._variables.set_by_site(name) for name in used):
            keep = self._policy.existing_keep
        return ManagedField(
            path=path,
            value=value,
            origin=self._expanded.at(("spec", *spec_path)),
            manifest=self._manifest,
            unit=unit,
            keep=keep,
            whole_section=whole_section,
            overwrite_corrects=self._overwrite_corrects and not by_pointer,
            satisfied_by=self._policy.satisfied_by(spec_path),
        )
