"""Updates: a delta touches what it names, and nothing else."""

from typing import Any

import pytest

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    ListItemNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
    ValueOutOfRangeError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.site import (
    application,
    get,
    ordinary,
    value,
)


def test_an_update_touches_only_what_it_names(server: Server) -> None:
    before = get(server, "Application", 102)
    delta = Delta(
        values={"commandLineArguments": "-x"},
        key_values={
            "options": KeyValueDelta(
                added={"Filters": {"c": "C"}, "New": {"k": 7}},
                changed={"Filters": {"a": "A2"}},
                deleted={"Filters": ("b",)},
            )
        },
    )
    updated = server.update("Application", 102, delta)
    assert updated.attributes == {
        **before.attributes,
        "commandLineArguments": "-x",
        "options": {"Filters": {"a": "A2", "c": "C"}, "Other": {"only": "1"}, "New": {"k": 7}},
    }
    assert (updated.folder, updated.path) == (before.folder, before.path)
    assert get(server, "Application", 102) == updated


def test_a_structure_changes_in_the_fields_that_an_update_names(server: Server) -> None:
    """The vendor's object model sends only the fields that change."""
    info = {"hostDBID": 101, "port": "7000", "timeout": 10, "attempts": 1}
    made = server.create("Application", application("New", serverInfo=info))
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"timeout": 30}, {**info, "timeout": 30}),
        ({"attempts": 0, "port": ""}, {"hostDBID": 101, "timeout": 30, "attempts": 0}),
        ({"hostDBID": 0}, {"timeout": 30, "attempts": 0}),
    ]
    for change, expected in steps:
        updated = server.update("Application", made.dbid, Delta(values={"serverInfo": change}))
        assert updated.attributes["serverInfo"] == expected
        assert get(server, "Application", made.dbid) == updated
    again = Delta(values={"serverInfo": {"timeout": 30}})
    with pytest.raises(UnspecifiedModificationError):
        server.update("Application", made.dbid, again)


def test_an_entry_of_a_list_changes_in_the_fields_that_an_update_names(server: Server) -> None:
    port = {"id": "default", "port": "7000", "description": "chat"}
    dbid = server.create("Application", application("New", portInfos=[port])).dbid
    steps: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"connProtocol": "http"}, {**port, "connProtocol": "http"}),
        ({"description": ""}, {"id": "default", "port": "7000", "connProtocol": "http"}),
    ]
    for change, expected in steps:
        changed = ListDelta(changed=({"id": "default", **change},))
        updated = server.update("Application", dbid, Delta(lists={"portInfos": changed}))
        assert updated.attributes["portInfos"] == [expected]
    without = Delta(lists={"portInfos": ListDelta(changed=({"id": "default", "port": ""},))})
    with pytest.raises(ValueOutOfRangeError):
        server.update("Application", dbid, without)


def test_a_list_is_updated_by_entries(server: Server) -> None:
    agents = Delta(lists={"agentDBIDs": ListDelta(added=(103,), deleted=(101,))})
    assert server.update("AgentGroup", 101, agents).attributes["agentDBIDs"] == [102, 103]
    connections = ListDelta(added=({"appServerDBID": 102, "id": "default"},))
    updated = server.update("Application", 104, Delta(lists={"appServerDBIDs": connections}))
    first, second = updated.attributes["appServerDBIDs"]
    assert first == {
        "appServerDBID": 101,
        "id": "default",
        "connProtocol": "addp",
        "timoutLocal": 10,
        "mode": 0,
    }
    assert second == {"appServerDBID": 102, "id": "default", "mode": 0}
    changed = Delta(
        lists={"appServerDBIDs": ListDelta(changed=({"appServerDBID": 102, "id": "x"},))}
    )
    assert server.update("Application", 104, changed).attributes["appServerDBIDs"] == [
        first,
        {"appServerDBID": 102, "id": "x", "mode": 0},
    ]
    gone = Delta(lists={"appServerDBIDs": ListDelta(deleted=(101, 102))})
    assert server.update("Application", 104, gone).attributes.get("appServerDBIDs", []) == []
    server.delete("Application", 101)


def test_the_last_option_of_a_section_goes_by_its_key(server: Server) -> None:
    delta = Delta(key_values={"options": KeyValueDelta(deleted={"Other": ("only",)})})
    updated = server.update("Application", 102, delta)
    assert updated.attributes["options"] == {"Filters": {"a": "A", "b": "B"}}


def test_a_section_named_without_keys_goes_whole(server: Server) -> None:
    delta = Delta(key_values={"options": KeyValueDelta(deleted={"Filters": ()})})
    updated = server.update("Application", 102, delta)
    assert updated.attributes["options"] == {"Other": {"only": "1"}}


def test_a_section_can_be_emptied_and_filled_in_one_update(server: Server) -> None:
    change = KeyValueDelta(added={"Other": {"new": "2"}}, deleted={"Other": ("only",)})
    updated = server.update("Application", 102, Delta(key_values={"options": change}))
    assert updated.attributes["options"]["Other"] == {"new": "2"}


OPTION_BUCKETS = [
    (KeyValueDelta(added={"Filters": {"a": "A"}}), UniquenessViolationError),
    (KeyValueDelta(changed={"Filters": {"c": "C"}}), ListItemNotFoundError),
    (KeyValueDelta(changed={"None": {"a": "A"}}), ListItemNotFoundError),
    (KeyValueDelta(deleted={"Filters": ("c",)}), ListItemNotFoundError),
    (KeyValueDelta(deleted={"None": ()}), ListItemNotFoundError),
    (KeyValueDelta(deleted={"None": ("a",)}), ListItemNotFoundError),
    (
        KeyValueDelta(changed={"Filters": {"a": "A"}}, deleted={"Filters": ("a",)}),
        ListItemNotFoundError,
    ),
]


@pytest.mark.parametrize(("wrong", "error"), OPTION_BUCKETS)
def test_an_option_in_the_wrong_bucket_is_refused_and_nothing_is_changed(
    server: Server, wrong: KeyValueDelta, error: type[ConfigurationServerError]
) -> None:
    before = get(server, "Application", 102)
    delta = Delta(
        values={"version": "9.9"},
        key_values={
            "userProperties": KeyValueDelta(added={"good": {"k": "v"}}),
            "options": wrong,
        },
    )
    with pytest.raises(error) as caught:
        server.update("Application", 102, delta)
    assert caught.value.prop == "options"
    assert get(server, "Application", 102) == before


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (ListDelta(added=(101,)), UniquenessViolationError),
        (ListDelta(added=(103, 103)), UniquenessViolationError),
        (ListDelta(deleted=(103,)), ListItemNotFoundError),
        (ListDelta(changed=(103,)), ListItemNotFoundError),
    ],
)
def test_an_entry_in_the_wrong_bucket_is_refused_and_nothing_is_changed(
    server: Server, wrong: ListDelta, error: type[ConfigurationServerError]
) -> None:
    before = get(server, "AgentGroup", 101)
    change = Delta(values={"state": 2}, lists={"agentDBIDs": wrong})
    with pytest.raises(error):
        server.update("AgentGroup", 101, change)
    assert get(server, "AgentGroup", 101) == before


@pytest.mark.parametrize(
    "empty",
    [
        Delta(),
        Delta(key_values={"options": KeyValueDelta()}),
        Delta(key_values={"options": KeyValueDelta(added={"Filters": {}})}),
        Delta(lists={"appServerDBIDs": ListDelta()}),
    ],
)
def test_an_update_that_names_no_change_is_refused(server: Server, empty: Delta) -> None:
    with pytest.raises(UnspecifiedModificationError) as caught:
        server.update("Application", 102, empty)
    assert caught.value.number == 18


@pytest.mark.parametrize(
    ("wrong", "prop"),
    [
        (Delta(key_values={"version": KeyValueDelta(added={"s": {"k": "v"}})}), "version"),
        (Delta(key_values={"tenantDBIDs": KeyValueDelta(added={"s": {"k": "v"}})}), "tenantDBIDs"),
        (Delta(key_values={"autoRestart": KeyValueDelta(deleted={"s": ()})}), "autoRestart"),
        (Delta(lists={"options": ListDelta(added=("Filters2",))}), "options"),
        (Delta(lists={"version": ListDelta(added=("8",))}), "version"),
        (Delta(lists={"startupTimeout": ListDelta(added=(1,))}), "startupTimeout"),
        (Delta(lists={"appServerDBIDs": ListDelta(added=({"id": "x"},))}), "appServerDBIDs"),
        (Delta(lists={"appServerDBIDs": ListDelta(added=(101,))}), "appServerDBIDs"),
        (Delta(lists={"tenantDBIDs": ListDelta(added=([101],))}), "tenantDBIDs"),
        (Delta(values={"options": {"Filters": {"a": "A2"}}}), "options"),
        (Delta(values={"tenantDBIDs": [102]}), "tenantDBIDs"),
    ],
)
def test_a_change_of_the_wrong_shape_is_refused(server: Server, wrong: Delta, prop: str) -> None:
    before = get(server, "Application", 102)
    with pytest.raises(ConfigurationServerError) as caught:
        server.update("Application", 102, wrong)
    assert caught.value.prop == prop
    assert get(server, "Application", 102) == before


def test_an_update_to_what_is_there_already_is_refused(server: Server) -> None:
    with pytest.raises(UnspecifiedModificationError):
        server.update("Enumerator", 101, Delta(values={"displayName": "Case Data"}))


# Disabling


def states(server: Server, object_type: str) -> dict[int, int]:
    return {one.dbid: one.attributes["state"] for one in ordinary(server, object_type)}


def test_a_disabled_tenant_disables_what_it_owns(server: Server) -> None:
    server.update("Tenant", 101, Delta(values={"state": 2}))
    assert states(server, "Tenant") == {101: 2, 102: 1}
    assert states(server, "Script") == {101: 2, 102: 2, 103: 1}
    assert states(server, "Person") == {100: 1, 101: 2, 102: 2, 103: 2, 104: 1}
    assert states(server, "AgentGroup") == {101: 2}
    assert states(server, "Enumerator") == {101: 2, 102: 2}
    assert states(server, "EnumeratorValue") == {101: 2}
    assert states(server, "Application")[104] == 1


def test_a_disabled_attribute_disables_its_values(server: Server) -> None:
    server.create("EnumeratorValue", value("Other", enumeratorDBID=102))
    server.update("Enumerator", 101, Delta(values={"state": 2}))
    assert states(server, "Enumerator") == {101: 2, 102: 1}
    assert states(server, "EnumeratorValue") == {101: 2, 102: 1}
