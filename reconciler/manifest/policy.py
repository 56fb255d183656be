"""Reads the policy of one manifest: for the object as a whole, and for single fields."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.fields import FieldPath, from_pointer, pointer
from reconciler.kinds.manifest_kind import Overwrite
from reconciler.kinds.policies import POLICY_FIELDS, Policy, PolicyField, usual_policy
from reconciler.manifest.expand import Expanded
from reconciler.yaml.documents import as_text


class PolicyReader:
    """The policy of a manifest. It keeps track of which of its pointers matched a field."""

    def __init__(self, expanded: Expanded) -> None:
        self._kind = expanded.kind
        self._expanded = expanded
        self._data: Mapping[str, Any] = expanded.data.get("policy", {})
        self._whole = [
            (from_pointer(text), ("policy", "whole", str(index)))
            for index, text in enumerate(self._data.get("whole", ()))
        ]
        self._satisfied = [
            (from_pointer(text), tuple(as_text(g) for g in globs), ("policy", "satisfiedBy", text))
            for text, globs in self._data.get("satisfiedBy", {}).items()
        ]
        self._matched: set[FieldPath] = set()

    def _overwrite(self) -> Overwrite:
        chosen = self._choice("overwrite", self._kind.overwrite, self._kind.overwrites)
        return next(known for known in self._kind.overwrites if known == chosen)

    def _choice(self, word: str, default: str, allowed: tuple[str, ...]) -> str:
        value = as_text(self._data.get(word, default))
        if value in allowed:
            return value
        summary = f"policy.{word} must be one of {', '.join(allowed)}, not {value}"
        self._expanded.report(("policy", word), summary)
        return default

    def whole(self, field: FieldPath) -> FieldPath | None:
        """The first pointer of ``whole`` that names a field under ``initial`` or a node around it;
        None if no pointer does."""
        first = None
        for pattern, place in self._whole:
            if covers(pattern, field):
                self._matched.add(place)
                first = first or pattern
        return first

    def satisfied_by(self, field: FieldPath) -> tuple[str, ...]:
        """Globs of option names: an option that matches one satisfies the field."""
        globs: tuple[str, ...] = ()
        for pattern, found, place in self._satisfied:
            if covers(pattern, field) and len(pattern) == len(field):
                self._matched.add(place)
                globs += found
        return globs

    def for_object(self) -> Policy:
        """The parts that concern the object as a whole."""
        if not self._data:
            return usual_policy(self._kind)
        values = {attribute: self._value(attribute, field) for attribute, field in POLICY_FIELDS}
        for index, word in enumerate(values["preserve"]):
            if word not in self._kind.fields:
                self._expanded.report(
                    ("policy", "preserve", str(index)),
                    f"{self._kind.name} has no field {word}",
                    f"Known: {', '.join(self._kind.fields)}.",
                )
        return Policy(overwrite=self._overwrite(), **values)

    def _value(self, attribute: str, field: PolicyField) -> Any:
        default = getattr(Policy(), attribute)
        match field.form:
            case "texts":
                return tuple(as_text(text) for text in self._data.get(field.name, default))
            case "flag":
                return self._choice(field.name, str(default).lower(), ("true", "false")) == "true"
            case "choice":
                return self._choice(field.name, default, field.choices)

    def report_unmatched(self) -> None:
        """Reports pointers that matched no field. Called after all fields were read."""
        for pattern, place in self._whole:
            if place not in self._matched:
                self._expanded.report(
                    place,
                    f"initial has no field that {pointer(pattern)} matches",
                    "whole makes one unit of what initial declares below a pointer.",
                )
        for pattern, _, place in self._satisfied:
            if place not in self._matched:
                summary = f"neither spec nor initial has a field that {pointer(pattern)} matches"
                self._expanded.report(place, summary)


def covers(pattern: FieldPath, path: FieldPath) -> bool:
    """Whether a pointer, in which ``*`` matches any name, matches ``path`` or a parent of it."""
    return len(pattern) <= len(path) and all(
        part in ("*", found) for part, found in zip(pattern, path, strict=False)
    )
