"""The check in Rust and jsonschema say the same of every document, or the check says nothing."""

import sys
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from reconciler.kinds.fields import SecretText
from reconciler.kinds.manifest_kind import API_VERSION
from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.schema.manifests import definitions
from reconciler.manifest.validate import validate
from reconciler.schema_check import schema_check
from reconciler.yaml.strict import load_text

_KINDS = (
    *("AgentGroup", "BusinessAttribute", "BusinessAttributeValue", "EnhancedRouting"),
    *("InteractionQueue", "InteractionQueueView", "Skill", "Role", "ApplicationOptions"),
    *("LaunchFile", "Variables"),
)
DEFINITIONS = {name: schema for name, schema in definitions().items() if name in _KINDS}
CHECKS = {name: schema_check(schema) for name, schema in DEFINITIONS.items()}
VALIDATORS = {name: Draft7Validator(schema) for name, schema in DEFINITIONS.items()}

WORDS = sorted(
    {word for kind in MANIFEST_KINDS.values() for word in kind.fields}
    | {"apiVersion", "kind", "metadata", "name", "spec", "initial", "policy", "target", "role"}
    | {"whole", "satisfiedBy", "overwrite", "secret", "from", "absent", "description", "default"}
)
ODD = ["", "\n", "a\n", "/a\n", "env.A\n", "env.A", "${x}", "${x}\n", "\ud800", "\x00", "true"]
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.sampled_from([*ODD, *WORDS, API_VERSION, "replace", "correct", "x" * 300, "ä" * 255]),
    st.text(st.characters(), max_size=4),
    st.sampled_from([SecretText("s"), SecretText("env.A\n")]),
)
keys = st.sampled_from([*WORDS, *ODD]) | st.text(max_size=3)
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def valid(kind: str) -> dict[str, Any]:
    """A manifest of a kind without a mistake."""
    manifest: dict[str, Any] = {"apiVersion": API_VERSION, "kind": kind, "metadata": {"name": "n"}}
    declared = MANIFEST_KINDS[kind]
    match declared.binding:
        case "variables":
            manifest["spec"] = {"v": {"description": "d", "default": 1}}
        case "options":
            manifest |= {"target": {"role": "chat-server"}, "spec": {"options": {"a": {"b": "c"}}}}
        case "file":
            manifest["spec"] = {"file": "f.ini", "values": {"k": None}}
        case _:
            manifest["spec"] = {"annex": {"a": {"b": {"secret": True, "from": "env.A"}}}}
    if declared.parent:
        manifest["metadata"]["attribute"] = "A"
    if "displayName" in declared.required:
        manifest["initial"] = {"displayName": "D", "type": "Custom"}
        if "type" not in declared.fields:
            del manifest["initial"]["type"]
    return manifest


@pytest.mark.parametrize("kind", DEFINITIONS)
def test_a_manifest_without_a_mistake_passes_the_check(kind: str) -> None:
    assert CHECKS[kind](valid(kind))
    assert VALIDATORS[kind].is_valid(valid(kind))


@st.composite
def changed(draw: st.DrawFn) -> tuple[str, Any]:
    """A valid manifest of some kind with one value, at any depth, replaced or added."""
    kind = draw(st.sampled_from(sorted(DEFINITIONS)))
    manifest = valid(kind)
    place: dict[str, Any] = manifest
    for _ in range(draw(st.integers(0, 4))):
        inner = [value for value in place.values() if isinstance(value, dict)]
        if inner:
            place = draw(st.sampled_from(inner))
    key = draw(st.sampled_from(sorted(place)) | keys if place else keys)
    place[key] = draw(data)
    return kind, manifest


def with_option(value: Any) -> tuple[str, Mapping[str, Any]]:
    manifest = valid("ApplicationOptions")
    manifest["spec"]["options"]["a"]["b"] = value
    return "ApplicationOptions", manifest


@given(changed())
@example(with_option({"secret": True, "from": "env.A\n"}))
@example(with_option(SecretText("s")))
@example(with_option("\ud800"))
@example(with_option({"secret": 1, "from": "env.A"}))
@example(("Variables", {**valid("Variables"), "spec": {"v\n": {"description": "d"}}}))
def test_what_passes_the_check_has_no_mistake(case: tuple[str, Any]) -> None:
    kind, manifest = case
    if CHECKS[kind](manifest):
        assert not list(VALIDATORS[kind].iter_errors(manifest))


@given(changed())
def test_the_check_passes_all_that_yaml_holds_and_that_has_no_mistake(
    case: tuple[str, Any],
) -> None:
    """But half of a surrogate pair and a subclass of str, of which the check says nothing."""
    kind, manifest = case
    if VALIDATORS[kind].is_valid(manifest) and _is_plain(manifest):
        assert CHECKS[kind](manifest)


def _is_plain(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_plain(key) and _is_plain(one) for key, one in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return not isinstance(value, str) or (type(value) is str and value.isprintable())


MANIFEST = (
    f"apiVersion: {API_VERSION}\nkind: AgentGroup\nmetadata: {{name: G}}\nspec: {{state: Odd}}\n"
)


@pytest.mark.parametrize("installed", [True, False])
def test_a_mistake_is_told_alike_with_and_without_the_check(
    installed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed:
        monkeypatch.setitem(sys.modules, "jsonschema_rs", None)
    problems: list[Any] = []
    documents = load_text(MANIFEST + "---\n" + MANIFEST.replace("Odd", "Enabled"), "f", problems)
    assert len(validate(documents, problems)) == 1
    assert [str(problem) for problem in problems] == [
        "f:4:8: state cannot be 'Odd'\n  Expected: one of Enabled, Disabled."
    ]
