"""Values: what an attribute can hold, and that it is kept unchanged."""

from typing import Any

import pytest

from reconciler.server.delta import Delta
from reconciler.server.errors import (
    ConfigurationServerError,
    UnspecifiedModificationError,
    ValueOutOfRangeError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.fixtures import Connect
from reconciler.testing.contract.server_under_test import Gap, ServerUnderTest
from reconciler.testing.contract.site import (
    LEAST,
    annex,
    application,
    get,
    names,
    script,
)


@pytest.mark.parametrize(
    ("object_type", "attribute", "wrong"),
    [
        ("Enumerator", "displayName", 5),
        ("Enumerator", "description", ["text"]),
        ("Enumerator", "displayName", "x" * 256),
        ("Enumerator", "type", 10),
        ("Enumerator", "type", "Custom"),
        ("Enumerator", "state", 3),
        ("Enumerator", "state", True),
        ("Person", "firstName", "x" * 65),
        ("Person", "isAgent", 1),
        ("Person", "isAgent", "true"),
        ("Script", "type", 35),
        ("Script", "index", "7"),
        ("Script", "index", True),
        ("Script", "tenantDBID", "101"),
        ("AgentGroup", "agentDBIDs", 101),
        ("AgentGroup", "agentDBIDs", ["1001"]),
        ("AgentGroup", "agentDBIDs", [101, 101]),
        ("Application", "type", 0),
        ("Application", "serverInfo", 101),
        ("Application", "serverInfo", {"host": 101}),
        ("Application", "portInfos", {"id": "default", "port": "1"}),
        ("Application", "portInfos", [{"id": "default"}]),
        ("Application", "portInfos", [{"id": "default", "port": 1}]),
        ("Application", "portInfos", [{"id": "a", "port": "1"}, {"id": "a", "port": "2"}]),
        ("Application", "appServerDBIDs", [{"connProtocol": "addp"}]),
        ("Application", "appServerDBIDs", [{"appServerDBID": 101}, {"appServerDBID": 101}]),
    ],
)
def test_a_value_that_its_attribute_cannot_hold_is_refused(
    server: Server, object_type: str, attribute: str, wrong: Any
) -> None:
    with pytest.raises(ValueOutOfRangeError) as caught:
        server.create(object_type, {**LEAST[object_type], attribute: wrong})
    assert (caught.value.number, caught.value.prop) == (17, attribute)


@pytest.mark.parametrize(
    "wrong",
    [
        "text",
        ["section"],
        {"section": "no options"},
        {"section": {"key": {"third": "level"}}},
        {"section": {"key": ["list"]}},
        {"section": {"key": None}},
        {"section": {"key": 1.5}},
        {"section": {"key": True}},
        {"section": {"": "value"}},
        {"": {"": "value"}},
        {"": "no pairs"},
    ],
)
def test_a_key_value_list_has_two_levels_and_three_types_of_values(
    server: Server, wrong: Any
) -> None:
    with pytest.raises(ValueOutOfRangeError) as caught:
        server.create("Script", script("New", userProperties=wrong))
    assert caught.value.prop == "userProperties"
    assert names(server.read("Script", {"tenant_dbid": 101})) == ["Queue", "Rule"]


def test_an_update_may_not_add_what_a_create_may_not(server: Server) -> None:
    before = get(server, "Script", 101)
    for wrong in ({"third": "level"}, None, 1.5, True):
        with pytest.raises(ValueOutOfRangeError):
            server.update("Script", 101, annex("Orchestration", {"more": wrong}))
    assert get(server, "Script", 101) == before


LIST: dict[str, dict[str, Any]] = {
    "texts": {
        "plain": "text",
        "empty": "",
        "digits": "0123",
        "lines": "a\nb\r\n\tc",
        "nul": "a\0b",
    },
    "integers": {"zero": 0, "negative": -7, "large": 2147483647},
    "binary": {"none": b"", "all": bytes(range(256))},
    "a/b~c [d]": {"ключ=€😀": "значение", " ": " "},
}


def test_texts_integers_and_binary_values_survive(connect: Connect) -> None:
    dbid = connect().create("Script", script("New", userProperties=LIST)).dbid
    found = get(connect(), "Script", dbid).attributes["userProperties"]
    assert found == LIST
    for section, options in LIST.items():
        for key, one in options.items():
            assert type(found[section][key]) is type(one)


@pytest.mark.parametrize("text", ["00ff", "no hex", ""])
def test_an_option_called_binary_survives_like_any_other(connect: Connect, text: str) -> None:
    given = {"section": {"$binary": text}, "$binary": {"section": text}}
    dbid = connect().create("Script", script("New", userProperties=given)).dbid
    assert get(connect(), "Script", dbid).attributes["userProperties"] == given


def test_pairs_outside_any_section_are_kept_changed_and_deleted(connect: Connect) -> None:
    pairs = {"text": "a", "integer": 7, "binary": b"\0\1"}
    given = {"": pairs, "section": {"text": "b"}}
    server = connect()
    dbid = server.create("Script", script("New", userProperties=given)).dbid
    assert get(connect(), "Script", dbid).attributes["userProperties"] == given
    server.update("Script", dbid, annex("", {"text": "c"}, "changed"))
    server.update("Script", dbid, annex("", {"more": "d"}))
    server.update("Script", dbid, annex("", ("integer",), "deleted"))
    assert get(connect(), "Script", dbid).attributes["userProperties"] == {
        "": {"text": "c", "binary": b"\0\1", "more": "d"},
        "section": {"text": "b"},
    }


def test_sections_without_options_are_dropped(server: Server) -> None:
    created = server.create("Script", script("New", userProperties={"a": {}, "b": {"k": "v"}}))
    assert created.attributes["userProperties"] == {"b": {"k": "v"}}
    updated = server.update("Script", created.dbid, annex("b", ("k",), "deleted"))
    assert updated.attributes.get("userProperties", {}) == {}


@pytest.mark.parametrize("wrong", ["\ud800", "a\udfffb"])
def test_a_text_that_is_no_unicode_is_refused(server: Server, wrong: str) -> None:
    before = server.read("Script")
    for given in (script(wrong), script("New", userProperties={"s": {"k": wrong}})):
        with pytest.raises(ValueOutOfRangeError):
            server.create("Script", given)
    with pytest.raises(ValueOutOfRangeError):
        server.update("Script", 102, annex("s", {"k": wrong}))
    assert server.read("Script") == before


@pytest.mark.parametrize(
    ("object_type", "dbid", "attribute"),
    [
        ("Script", 101, "index"),
        ("Enumerator", 101, "description"),
        ("Person", 101, "password"),
        ("AgentGroup", 101, "capacityRuleDBID"),
        ("Application", 102, "serverInfo"),
    ],
)
def test_there_is_no_setting_to_nothing(
    server: Server, object_type: str, dbid: int, attribute: str
) -> None:
    before = get(server, object_type, dbid)
    with pytest.raises(ConfigurationServerError):
        server.update(object_type, dbid, Delta(values={attribute: None}))
    assert get(server, object_type, dbid) == before


def test_an_attribute_is_emptied_with_the_empty_value_of_its_type(server: Server) -> None:
    server.update("Enumerator", 101, Delta(values={"description": "text"}))
    emptied = server.update("Enumerator", 101, Delta(values={"description": ""}))
    assert not emptied.attributes.get("description")


def test_a_reference_is_emptied_with_zero(
    server: Server, server_under_test: ServerUnderTest
) -> None:
    if Gap.ZERO in server_under_test.gaps:
        with pytest.raises(UnspecifiedModificationError):
            server.update("AgentGroup", 101, Delta(values={"capacityRuleDBID": 0}))
        return
    emptied = server.update("AgentGroup", 101, Delta(values={"capacityRuleDBID": 0}))
    assert not emptied.attributes.get("capacityRuleDBID")
    server.delete("Script", 102)


def test_an_integer_of_more_than_32_bits_survives_or_is_refused(
    server: Server, server_under_test: ServerUnderTest
) -> None:
    large = script("New", userProperties={"s": {"large": 4294967296}})
    if Gap.LONG_INTEGERS in server_under_test.gaps:
        with pytest.raises(ValueOutOfRangeError, match="32 bits"):
            server.create("Script", large)
        return
    created = server.create("Script", large)
    assert created.attributes["userProperties"] == {"s": {"large": 4294967296}}


def test_two_ports_are_not_both_the_default_one(server: Server) -> None:
    ports = [{"port": "7000"}, {"id": "default", "port": "7001"}]
    with pytest.raises(ValueOutOfRangeError) as caught:
        server.create("Application", application("New", portInfos=ports))
    assert caught.value.prop == "portInfos"
    created = server.create("Application", application("New", portInfos=[{"port": "7000"}]))
    assert created.attributes["portInfos"] == [{"id": "default", "port": "7000"}]
