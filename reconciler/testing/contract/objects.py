"""Objects: what they must have, what the server sets, and what they can refer to."""

from typing import Any

import pytest

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    IncompleteObjectDataError,
    IncorrectReferencesError,
    ObjectNotFoundError,
    UnchangeableInfoError,
    UniquenessViolationError,
    UnsupportedObjectError,
    UnsupportedPropertyError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.site import (
    LEAST,
    annex,
    application,
    get,
    script,
    value,
)


@pytest.mark.parametrize(
    ("object_type", "missing"),
    [
        ("Tenant", "name"),
        ("AppPrototype", "version"),
        ("AppPrototype", "type"),
        ("Application", "version"),
        ("Application", "type"),
        ("Application", "workDirectory"),
        ("Application", "commandLine"),
        ("Person", "employeeID"),
        ("Person", "userName"),
        ("Person", "tenantDBID"),
        ("AgentGroup", "name"),
        ("Script", "type"),
        ("Script", "tenantDBID"),
        ("Enumerator", "displayName"),
        ("Enumerator", "type"),
        ("EnumeratorValue", "enumeratorDBID"),
        ("EnumeratorValue", "displayName"),
    ],
)
def test_a_create_without_a_mandatory_attribute_is_refused(
    server: Server, object_type: str, missing: str
) -> None:
    given = {name: one for name, one in LEAST[object_type].items() if name != missing}
    with pytest.raises(IncompleteObjectDataError) as caught:
        server.create(object_type, given)
    assert (caught.value.number, caught.value.prop) == (14, missing)


def test_a_mandatory_text_is_not_empty(server: Server) -> None:
    with pytest.raises(IncompleteObjectDataError):
        server.create("Enumerator", {**LEAST["Enumerator"], "displayName": ""})
    with pytest.raises(IncompleteObjectDataError):
        server.update("Enumerator", 101, Delta(values={"displayName": ""}))
    assert get(server, "Enumerator", 101).attributes["displayName"] == "Case Data"


@pytest.mark.parametrize("object_type", ["Script", "AgentGroup", "Person", "Enumerator"])
def test_tenant_0_is_no_tenant(server: Server, object_type: str) -> None:
    before = server.read(object_type)
    with pytest.raises(ConfigurationServerError) as caught:
        server.create(object_type, {**LEAST[object_type], "tenantDBID": 0})
    assert caught.value.prop == "tenantDBID"
    assert server.read(object_type) == before


@pytest.mark.parametrize(
    ("object_type", "dbid", "attribute", "other"),
    [
        ("Script", 101, "type", 24),
        ("Script", 101, "tenantDBID", 102),
        ("Enumerator", 101, "name", "Renamed"),
        ("Enumerator", 101, "type", 1),
        ("EnumeratorValue", 101, "name", "Renamed"),
        ("EnumeratorValue", 101, "enumeratorDBID", 102),
        ("Application", 102, "type", 59),
        ("Application", 101, "appPrototypeDBID", 101),
        ("AppPrototype", 101, "version", "8.1"),
        ("Person", 101, "isAgent", False),
        ("AgentGroup", 101, "tenantDBID", 102),
        ("Application", 102, "isServer", False),
        ("Application", 102, "isPrimary", False),
        ("Application", 102, "startupType", 3),
    ],
)
def test_what_is_fixed_at_creation_or_set_by_the_server_cannot_be_updated(
    server: Server, object_type: str, dbid: int, attribute: str, other: Any
) -> None:
    before = get(server, object_type, dbid)
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update(object_type, dbid, Delta(values={attribute: other}))
    assert (caught.value.number, caught.value.prop) == (16, attribute)
    assert get(server, object_type, dbid) == before


@pytest.mark.parametrize(
    ("object_type", "attribute", "given", "kept"),
    [
        ("Application", "isServer", False, True),
        ("Application", "isPrimary", False, True),
        ("Application", "startupType", 3, 1),
    ],
)
def test_a_read_only_attribute_is_the_servers_own_also_in_a_create(
    server: Server, object_type: str, attribute: str, given: object, kept: object
) -> None:
    try:
        created = server.create(object_type, {**LEAST[object_type], attribute: given})
    except ConfigurationServerError as error:
        assert error.prop == attribute  # noqa: PT017 - a refusal is as good as the server's value
    else:
        assert created.attributes[attribute] == kept


def test_a_new_object_has_the_servers_defaults(server: Server) -> None:
    created = server.create("Application", application("New"))
    assert created.attributes == {
        "name": "New",
        "type": 2,
        "version": "8.5.0",
        "workDirectory": ".",
        "commandLine": ".",
        "isServer": True,
        "isPrimary": True,
        "autoRestart": True,
        "startupTimeout": 90,
        "shutdownTimeout": 90,
        "redundancyType": 1,
        "startupType": 1,
        "componentType": 0,
        "state": 1,
    }
    host = server.create("Host", {"name": "new.example.com"})
    assert host.attributes == {
        "name": "new.example.com",
        "type": 1,
        "LCAPort": "4999",
        "OSinfo": {"OStype": 0},
        "state": 1,
    }


def test_an_application_cluster_is_never_started(server: Server) -> None:
    created = server.create("Application", application("Cluster", type=82))
    assert created.attributes["startupType"] == 3


def test_a_client_application_is_no_server(server: Server) -> None:
    created = server.create("Application", {"name": "New", "type": 108, "version": "8.5.0"})
    assert created.attributes["isServer"] is False
    with pytest.raises(ConfigurationServerError) as caught:
        server.create(
            "Application",
            {"name": "B", "type": 108, "version": "8", "serverInfo": {"hostDBID": 101}},
        )
    assert caught.value.prop == "serverInfo"


def test_an_unknown_type_is_named(server: Server) -> None:
    with pytest.raises(UnsupportedObjectError, match="Skript") as caught:
        server.read("Skript")
    assert (caught.value.number, caught.value.object_type) == (32, "Skript")
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.create("Skript", {"name": "New"})
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.update("Skript", 101, Delta(values={"name": "New"}))
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.delete("Skript", 101)


def test_an_unknown_attribute_is_named(server: Server) -> None:
    with pytest.raises(UnsupportedPropertyError, match="colour") as caught:
        server.create("Script", script("New", colour="red"))
    assert (caught.value.number, caught.value.prop) == (31, "colour")
    for delta in (
        Delta(values={"colour": "red"}),
        Delta(key_values={"colour": KeyValueDelta(added={"s": {"k": "v"}})}),
        Delta(lists={"colour": ListDelta(added=(101,))}),
    ):
        with pytest.raises(UnsupportedPropertyError, match="colour"):
            server.update("Script", 101, delta)


def test_an_unknown_filter_is_named(server: Server) -> None:
    with pytest.raises(UnsupportedPropertyError, match="colour") as caught:
        server.read("Script", {"name": "Queue", "colour": "red"})
    assert (caught.value.object_type, caught.value.prop) == ("Script", "colour")
    with pytest.raises(UnsupportedPropertyError, match="script_type"):
        server.read("Enumerator", {"script_type": 23})


@pytest.mark.parametrize(
    ("object_type", "attributes", "prop"),
    [
        ("Script", script("New", tenantDBID=999), "tenantDBID"),
        ("Script", script("New", tenantDBID=-1), "tenantDBID"),
        ("AgentGroup", {"tenantDBID": 101, "name": "New", "agentDBIDs": [101, 999]}, "agentDBIDs"),
        ("AgentGroup", {"tenantDBID": 101, "name": "New", "managerDBIDs": [9]}, "managerDBIDs"),
        ("AgentGroup", {"tenantDBID": 101, "name": "N", "capacityRuleDBID": 9}, "capacityRuleDBID"),
        ("EnumeratorValue", value("New", enumeratorDBID=999), "enumeratorDBID"),
        ("EnumeratorValue", value("New", tenantDBID=102), "tenantDBID"),
        ("Application", application("New", appPrototypeDBID=999), "appPrototypeDBID"),
        ("Application", application("New", serverInfo={"hostDBID": 999}), "serverInfo"),
        ("Application", application("New", serverInfo={"backupServerDBID": 999}), "serverInfo"),
        ("Application", application("N", appServerDBIDs=[{"appServerDBID": 9}]), "appServerDBIDs"),
        ("Application", application("New", tenantDBIDs=[101, 999]), "tenantDBIDs"),
        ("Host", {"name": "new.example.com", "SCSDBID": 999}, "SCSDBID"),
    ],
)
def test_a_reference_to_nothing_is_refused(
    server: Server, object_type: str, attributes: dict[str, Any], prop: str
) -> None:
    with pytest.raises(IncorrectReferencesError) as caught:
        server.create(object_type, attributes)
    assert (caught.value.number, caught.value.prop) == (15, prop)


def test_an_update_may_not_refer_to_nothing(server: Server) -> None:
    before = get(server, "AgentGroup", 101)
    with pytest.raises(IncorrectReferencesError, match="999"):
        server.update(
            "AgentGroup",
            101,
            Delta(values={"state": 2}, lists={"agentDBIDs": ListDelta(added=(999,))}),
        )
    assert get(server, "AgentGroup", 101) == before


def test_a_manager_is_of_the_groups_tenant_or_of_environment(server: Server) -> None:
    managers = ListDelta(added=(100,))
    updated = server.update("AgentGroup", 101, Delta(lists={"managerDBIDs": managers}))
    assert updated.attributes["managerDBIDs"] == [101, 100]
    with pytest.raises(IncorrectReferencesError):
        server.update("AgentGroup", 101, Delta(lists={"managerDBIDs": ListDelta(added=(104,))}))


@pytest.mark.parametrize("object_type", ["Script", "Application", "Folder", "Tenant"])
def test_an_object_that_is_not_there_cannot_be_changed_or_deleted(
    server: Server, object_type: str
) -> None:
    with pytest.raises(ObjectNotFoundError, match="999") as caught:
        server.update(object_type, 999, annex("s", {"k": "v"}))
    assert (caught.value.number, caught.value.object_type) == (10, object_type)
    with pytest.raises(ObjectNotFoundError, match="999"):
        server.delete(object_type, 999)


def test_a_value_that_does_not_say_whether_it_is_the_default_becomes_it(
    server: Server,
) -> None:
    unsaid = {name: one for name, one in value("First").items() if name != "isDefault"}
    assert server.create("EnumeratorValue", unsaid).attributes["isDefault"] is True


def test_an_attribute_has_one_default_value(server: Server) -> None:
    first = server.create("EnumeratorValue", value("First", isDefault=True)).dbid
    unsaid = {name: one for name, one in value("Second").items() if name != "isDefault"}
    for second in (unsaid, value("Second", isDefault=True)):
        with pytest.raises(UniquenessViolationError, match="First") as caught:
            server.create("EnumeratorValue", second)
        assert caught.value.prop == "isDefault"
    with pytest.raises(UniquenessViolationError):
        server.update("EnumeratorValue", 101, Delta(values={"isDefault": True}))
    assert server.create("EnumeratorValue", value("Second")).attributes["isDefault"] is False
    other = value("First", enumeratorDBID=102, isDefault=True)
    assert server.create("EnumeratorValue", other).attributes["isDefault"] is True
    server.update("EnumeratorValue", first, Delta(values={"isDefault": False}))
    updated = server.update("EnumeratorValue", 101, Delta(values={"isDefault": True}))
    assert updated.attributes["isDefault"] is True
