"""Explains ``policy.existing`` and ``policy.keep``, which ``initial`` and ``policy.whole`` replace.

The message shows what a manifest with these keys must say instead.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from reconciler.diagnostics import Diagnostic
from reconciler.kinds.fields import FieldPath, from_pointer, pointer
from reconciler.kinds.manifest_kind import BLOCKS, ManifestKind
from reconciler.kinds.policies import FORMER_POLICIES
from reconciler.kinds.secret_names import USUAL_NAMES
from reconciler.manifest.policy import covers
from reconciler.yaml.documents import YamlDocument

_AS_BEFORE = "(as before)"
_UNIT_DEPTH = 3  # block of key-values, section, option


def former_policy(kind: ManifestKind, document: YamlDocument) -> Iterator[Diagnostic]:
    """The problem with a manifest that has a policy of the former kind."""
    policy = document.data.get("policy")
    found = [word for word in FORMER_POLICIES if isinstance(policy, Mapping) and word in policy]
    if not found:
        return
    names = " and ".join(f"policy.{word}" for word in found)
    verb = "is" if len(found) == 1 else "are"
    summary = f"{names} {verb} no longer known: fields that the site may change belong in initial"
    place = document.at(("policy", found[0]))
    try:
        new = _Translation(kind, document.data).result()
    except (AttributeError, TypeError, ValueError):  # other mistakes, which are reported too
        new = {}
    example = yaml.safe_dump(new, sort_keys=False, allow_unicode=True, default_flow_style=None)
    if not new or ("initial" not in new and new.get("spec") == document.data.get("spec")):
        hint = f"Remove {names}: all that is in spec is corrected."
        yield Diagnostic(summary, place, hint)
        return
    above = "kind, metadata and target" if kind.binding == "options" else "kind and metadata"
    yield Diagnostic(summary, place, f"Below {above}, write this instead:", example)


class _Translation:
    """The blocks and the policy of a manifest in their present form."""

    def __init__(self, kind: ManifestKind, data: Mapping[str, Any]) -> None:
        self._kind = kind
        self._spec: Mapping[str, Any] = data.get("spec") or {}
        self._policy = dict(data["policy"])
        self._keeps_all = self._policy.pop("existing", "correct") != "correct"
        self._pointers = [from_pointer(text) for text in self._policy.pop("keep", ())]
        self._wide: set[FieldPath] = set()

    def result(self) -> dict[str, Any]:
        """``spec``, ``initial`` and ``policy``, without those that are empty."""
        blocks: dict[str, dict[str, Any]] = {block: {} for block in BLOCKS}
        split = self._split_sections()
        for path, value in self._fields():
            block = "initial" if self._is_initial(path) else "spec"
            if block == "initial" and value is None:
                continue  # such a field was never written
            target = ("options", *path[1:]) if path[:2] in split else path
            _put(blocks[block], target, _without_secret(path, value))
        whole = [pointer(path) for path in self._pointers if path in self._wide]
        if whole and self._kind.binding == "object" and not self._keeps_all:
            self._policy["whole"] = whole
        if self._kind.binding == "options":
            self._policy.pop("overwrite", None)  # it has never changed what spec does
        elif self._keeps_all:
            self._policy.setdefault("overwrite", "keep")
        found = {**blocks, "policy": self._policy}
        return {name: block for name, block in found.items() if block}

    def _fields(self) -> Iterator[tuple[FieldPath, Any]]:
        for word, value in self._spec.items():
            if word == "values":
                yield from (((word, key), text) for key, text in value.items())
            elif isinstance(value, Mapping):
                for section, options in value.items():
                    yield from (((word, section, key), text) for key, text in options.items())
            else:
                yield (word,), value

    def _is_initial(self, path: FieldPath) -> bool:
        if path[0] in self._kind.spec_only:
            return False
        covering = [one for one in self._pointers if covers(one[: len(path)], path)]
        if len(path) == _UNIT_DEPTH:
            self._wide |= {one for one in covering if len(one) < len(path)}
        return self._keeps_all or bool(covering)

    def _split_sections(self) -> set[FieldPath]:
        """The sections under ``sections`` of which only a part was kept. Since a whole section must
        be in one block, their options are declared one by one."""
        kept: dict[FieldPath, set[bool]] = {}
        for path, _ in self._fields():
            if path[0] == "sections":
                kept.setdefault(path[:2], set()).add(self._is_initial(path))
        return {section for section, found in kept.items() if len(found) > 1}


def _without_secret(path: FieldPath, value: Any) -> Any:
    """The value, unless it may be a secret: a message never shows one."""
    if isinstance(value, Mapping):
        named = str(value.get("from", "env.")).startswith("env.")
        return value if named else _AS_BEFORE
    secret = len(path) > 1 and USUAL_NAMES.marks((path[0], "", path[-1]))
    return _AS_BEFORE if secret else value


def _put(block: dict[str, Any], path: FieldPath, value: Any) -> None:
    for part in path[:-1]:
        block = block.setdefault(part, {})
    block[path[-1]] = value
