"""Fields: objects taken apart into paths and values, put together again, and pointers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds.fields import (
    FieldValueError,
    SecretText,
    UnknownReferenceError,
    canonical,
    from_pointer,
    pointer,
    shown,
)
from reconciler.kinds.flatten import build, flatten
from reconciler.kinds.model import Attribute
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot

AGENT_GROUP = OBJECT_TYPES["AgentGroup"]
APPLICATION = OBJECT_TYPES["Application"]
SCRIPT = OBJECT_TYPES["Script"]
ENUMERATOR_VALUE = OBJECT_TYPES["EnumeratorValue"]
PERSON = OBJECT_TYPES["Person"]

NAMES = Snapshot(
    [
        ConfObject("Tenant", 1, {"name": "Environment"}),
        ConfObject("Tenant", 101, {"name": "Resources"}),
        ConfObject("Person", 100, {"tenantDBID": 1, "employeeID": "default"}),
        *(
            ConfObject("Person", 100 + n, {"tenantDBID": 101, "employeeID": f"E{n}"})
            for n in range(1, 5)
        ),
        ConfObject("Script", 101, {"tenantDBID": 101, "name": "Rule", "type": 22}),
        ConfObject("Enumerator", 101, {"tenantDBID": 101, "name": "CaseData"}),
        ConfObject("Host", 101, {"name": "host.example.com"}),
        ConfObject("Application", 101, {"name": "Ixn"}),
        ConfObject("Application", 102, {"name": "Stat"}),
    ]
)

texts = st.text(max_size=6)
words = st.text(min_size=1, max_size=4)
key_value_lists = st.dictionaries(
    words,
    st.dictionaries(words, texts | st.integers() | st.binary(max_size=4), min_size=1, max_size=3),
    max_size=3,
)


def maybe(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


agent_groups = maybe(
    {"tenantDBID": st.just(101), "name": words},
    {
        "agentDBIDs": st.lists(st.integers(100, 104), unique=True, min_size=1),
        "managerDBIDs": st.lists(st.integers(100, 104), unique=True, min_size=1),
        "capacityRuleDBID": st.just(101),
        "state": st.sampled_from([1, 2]),
        "userProperties": key_value_lists.filter(bool),
    },
)
scripts = maybe(
    {"tenantDBID": st.just(101), "name": words, "type": st.integers(1, 34)},
    {
        "index": st.integers(),
        "state": st.sampled_from([1, 2]),
        "userProperties": key_value_lists.filter(bool),
    },
)
enumerator_values = maybe(
    {"tenantDBID": st.just(101), "enumeratorDBID": st.just(101), "name": words},
    {"displayName": words, "isDefault": st.booleans(), "description": words},
)
applications = maybe(
    {"name": words, "type": st.integers(1, 300)},
    {
        "version": words,
        "tenantDBIDs": st.lists(st.sampled_from([1, 101]), unique=True, min_size=1),
        "autoRestart": st.booleans(),
        "startupTimeout": st.integers(),
        "redundancyType": st.integers(1, 3),
        "options": key_value_lists.filter(bool),
        "userProperties": key_value_lists.filter(bool),
    },
)


@given(
    st.one_of(
        agent_groups.map(lambda one: ("AgentGroup", one)),
        scripts.map(lambda one: ("Script", one)),
        enumerator_values.map(lambda one: ("EnumeratorValue", one)),
        applications.map(lambda one: ("Application", one)),
    )
)
def test_an_object_taken_apart_is_put_together_the_same(case: tuple[str, dict[str, Any]]) -> None:
    name, attributes = case
    kind = OBJECT_TYPES[name]
    tenant = attributes.get("tenantDBID", 0)
    fields = flatten(kind, attributes, NAMES)
    rebuilt = build(kind, fields, NAMES, tenant)
    assert rebuilt == attributes
    assert {n: type(v) for n, v in rebuilt.items()} == {n: type(v) for n, v in attributes.items()}
    assert flatten(kind, rebuilt, NAMES) == fields


@given(st.lists(st.text(max_size=4) | st.sampled_from(["~", "/", "~0", "~1", "~01", ""])))
def test_a_path_survives_as_a_pointer(parts: list[str]) -> None:
    path = tuple(parts)
    assert from_pointer(pointer(path)) == path


@given(st.lists(st.lists(st.sampled_from(["a", "/", "~", "~1", ""]), max_size=3), max_size=4))
def test_two_paths_never_have_one_pointer(paths: list[list[str]]) -> None:
    different = {tuple(path) for path in paths}
    assert len({pointer(path) for path in different}) == len(different)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), ""),
        (("",), "/"),
        (("annex", "Orchestration", "application"), "/annex/Orchestration/application"),
        (("options", "a/b", "m~n"), "/options/a~1b/m~0n"),
        (("~1", "/~"), "/~01/~1~0"),
        (("endpoints:101", "ключ"), "/endpoints:101/ключ"),
    ],
)
def test_pointers_are_written_as_rfc_6901_says(path: tuple[str, ...], text: str) -> None:
    assert pointer(path) == text
    assert from_pointer(text) == path


def test_references_become_names_and_enumerations_mnemonics() -> None:
    attributes = {
        "tenantDBID": 101,
        "name": "Chat",
        "agentDBIDs": [102, 100, 999],
        "managerDBIDs": [],
        "capacityRuleDBID": 101,
        "state": 1,
        "userProperties": {"virtual": {"script": "Skill > 1", "size": 3}, "empty": {}},
    }
    assert flatten(AGENT_GROUP, attributes, NAMES) == {
        ("tenant",): "Resources",
        ("name",): "Chat",
        ("agents", "E2"): "E2",
        ("agents", "Environment:default"): "Environment:default",
        ("agents", "#999"): "#999",
        ("capacityRule",): "Rule",
        ("state",): "Enabled",
        ("annex", "virtual", "script"): "Skill > 1",
        ("annex", "virtual", "size"): 3,
    }


def test_structures_become_paths_below_their_key() -> None:
    attributes = {
        "name": "GWE",
        "type": 185,
        "serverInfo": {"hostDBID": 101, "port": "9081", "backupServerDBID": 0, "timeout": 10},
        "portInfos": [{"id": "default", "port": "9081"}, {"id": "a/b", "port": "1"}],
        "appServerDBIDs": [{"appServerDBID": 101, "id": "default", "mode": 4, "timoutLocal": 0}],
        "isServer": True,
    }
    assert flatten(APPLICATION, attributes, NAMES) == {
        ("name",): "GWE",
        ("type",): "WebEngagementBackendServer",
        ("server", "host"): "host.example.com",
        ("server", "port"): "9081",
        ("server", "timeout"): 10,
        ("ports", "default", "id"): "default",
        ("ports", "default", "port"): "9081",
        ("ports", "a/b", "id"): "a/b",
        ("ports", "a/b", "port"): "1",
        ("connections", "Ixn", "server"): "Ixn",
        ("connections", "Ixn", "id"): "default",
        ("connections", "Ixn", "mode"): "Both",
        ("connections", "Ixn", "timeoutLocal"): 0,
        ("isServer",): True,
    }


def test_an_empty_text_is_no_field_and_an_empty_option_is_one() -> None:
    attributes = {"name": "Queue", "userProperties": {"s": {"k": ""}}}
    assert flatten(SCRIPT, attributes, NAMES)[("annex", "s", "k")] == ""
    assert flatten(ENUMERATOR_VALUE, {"name": "a", "description": ""}, NAMES) == {("name",): "a"}


def test_a_secret_is_no_field() -> None:
    person = {"tenantDBID": 101, "employeeID": "E1", "userName": "anna", "password": "correct"}
    assert flatten(PERSON, person, NAMES) == {
        ("tenant",): "Resources",
        ("employeeID",): "E1",
        ("userName",): "anna",
    }


def test_what_cannot_be_put_together_is_named() -> None:
    with pytest.raises(FieldValueError, match="Script has no field colour"):
        build(SCRIPT, {("colour",): "red"}, NAMES, 101)
    with pytest.raises(FieldValueError, match="type cannot be 'Voice'"):
        build(SCRIPT, {("type",): "Voice"}, NAMES, 101)
    with pytest.raises(UnknownReferenceError, match="no Person is named default") as caught:
        build(AGENT_GROUP, {("agents", "default"): "default"}, NAMES, 101)
    assert (caught.value.object_type, caught.value.name) == ("Person", "default")


def attribute(object_type: str, name: str) -> Attribute:
    found = OBJECT_TYPES[object_type].attribute(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("object_type", "name", "value", "expected"),
    [
        ("Script", "index", "007", 7),
        ("Script", "index", "-5", -5),
        ("Script", "index", 5, 5),
        ("EnumeratorValue", "isDefault", "true", True),
        ("EnumeratorValue", "isDefault", "false", False),
        ("EnumeratorValue", "isDefault", False, False),
        ("Script", "type", "InteractionQueue", "InteractionQueue"),
        ("Script", "type", "23", "InteractionQueue"),
        ("Application", "type", 199, "199"),
        ("Script", "name", "0123", "0123"),
    ],
)
def test_values_are_compared_in_one_form(
    object_type: str, name: str, value: Any, expected: Any
) -> None:
    found = canonical(attribute(object_type, name), value)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    ("object_type", "name", "wrong"),
    [
        ("Script", "index", "ten"),
        ("Script", "index", ""),
        ("Script", "index", "-"),
        ("Script", "index", "--5"),
        ("Script", "index", "5-"),
        ("Script", "index", "1.0"),
        ("Script", "index", "²"),
        ("Script", "index", True),
        ("Script", "index", b"5"),
        ("Script", "index", "9" * 5000),
        ("EnumeratorValue", "isDefault", "yes"),
        ("EnumeratorValue", "isDefault", "True"),
        ("EnumeratorValue", "isDefault", 1),
        ("Script", "type", "interactionqueue"),
        ("Script", "type", ""),
        ("Script", "type", "-1"),
        ("Script", "type", "9" * 5000),
        ("Application", "type", "Voice"),
    ],
)
def test_a_value_that_spells_nothing_is_refused(object_type: str, name: str, wrong: Any) -> None:
    with pytest.raises(FieldValueError, match=name):
        canonical(attribute(object_type, name), wrong)


def test_values_are_shown_so_that_nothing_looks_like_something_else() -> None:
    pairs = [
        (None, "(absent)"),
        ("", '""'),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (b"\x00\x01", "(2 bytes)"),
        ("text", "text"),
    ]
    assert [shown(value, secret=False) for value, _ in pairs] == [text for _, text in pairs]


def test_of_a_secret_nothing_is_shown_but_whether_it_is_there() -> None:
    values = (None, "", True, 12345, b"\x00\x01", "correct-horse")
    said = [shown(value, secret=True) for value in values]
    assert said == ["(absent)", "(secret)", "(secret)", "(secret)", "(2 bytes)", "(secret)"]
    assert shown(SecretText("correct-horse"), secret=False) == "(secret)"
