"""What a Configuration Server does with objects, asked of the embedded one by its port.

The rules and their sources are in ``reference/configuration-server.md`` 1 and 2. Numbers
stand as the server has them: script type 23 is an interaction queue, 24 a view of one,
6 enhanced routing; object type 7 is a tenant, 12 a script, 22 a folder.
"""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import (
    AccessDeniedError,
    ConfigurationServerError,
    DependentObjectsError,
    IncompleteObjectDataError,
    IncorrectReferencesError,
    ListItemNotFoundError,
    LoginIncorrectError,
    ObjectNotFoundError,
    UnchangeableInfoError,
    UniquenessViolationError,
    UnspecifiedModificationError,
    UnsupportedObjectError,
    UnsupportedPropertyError,
    ValueOutOfRangeError,
)
from reconciler.server.port import ConfObject
from tests.harness import opened, site_server

SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant:
  - {name: Resources, dbid: 101}
  - {name: Second, dbid: 102}
Host:
  - {name: one.example.com, dbid: 101, ipAddress: 192.0.2.1}
  - {name: two.example.com, dbid: 102, ipAddress: 192.0.2.2}
AppPrototype:
  - {name: Stat_Server_850, dbid: 101, type: StatServer, version: 8.5.0}
Application:
  - {name: Ixn, dbid: 101, type: InteractionServer, server: {host: one.example.com}}
  - name: Stat
    dbid: 102
    type: StatServer
    template: Stat_Server_850
    server: {host: one.example.com, backup: Stat_B}
    options: {Filters: {a: A, b: B}, Other: {only: "1"}}
  - {name: Stat_B, dbid: 103, type: StatServer, server: {host: two.example.com}}
  - name: GWE
    dbid: 104
    type: WebEngagementBackendServer
    connections: [{server: Ixn, protocol: addp, timeoutLocal: 10}]
Person:
  - {employeeID: "1001", dbid: 101, userName: anna, password: correct-horse, isAgent: true}
  - {employeeID: "1002", dbid: 102, userName: jun, isAgent: true}
  - {employeeID: "1003", dbid: 103, userName: kai, password: correct-horse, state: Disabled}
  - {employeeID: "1004", dbid: 104, userName: second, tenant: Second}
AgentGroup:
  - {name: Chat, dbid: 101, agents: ["1001", "1002"], managers: ["1001"], capacityRule: Rule}
Script:
  - {name: Queue, dbid: 101, type: InteractionQueue, annex: {Orchestration: {application: "script:R"}}}
  - {name: Rule, dbid: 102, type: CapacityRule}
  - {name: Queue, dbid: 103, tenant: Second, type: InteractionQueue}
Enumerator:
  - {name: CaseData, dbid: 101, displayName: Case Data, type: Custom}
  - {name: Other, dbid: 102, displayName: Other, type: Custom}
EnumeratorValue:
  - {attribute: CaseData, dbid: 101, name: Page, displayName: Current Page, isDefault: false}
"""  # noqa: E501 - a line of the site is one object

RIGHT = "correct-horse"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_server(tmp_path_factory.mktemp("site"), SITE)


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    """A server file of its own for every test: a copy of one that was made once."""
    return Path(shutil.copy(made, tmp_path / "gwe.db"))


@pytest.fixture
def server(path: Path) -> Iterator[EmbeddedServer]:
    with opened(path) as one:
        yield one


def script(name: str, **more: Any) -> dict[str, Any]:
    return {"tenantDBID": 101, "name": name, "type": 23, **more}


def value(name: str, **more: Any) -> dict[str, Any]:
    return {
        "tenantDBID": 101,
        "enumeratorDBID": 101,
        "name": name,
        "displayName": name,
        "isDefault": False,
        **more,
    }


def application(name: str, **more: Any) -> dict[str, Any]:
    """What a Stat Server cannot be without."""
    return {
        "name": name,
        "type": 2,
        "version": "8.5.0",
        "workDirectory": ".",
        "commandLine": ".",
        **more,
    }


# One of each type that needs nothing but its tenant.
LEAST: Mapping[str, Mapping[str, Any]] = {
    "Tenant": {"name": "New"},
    "Host": {"name": "new.example.com"},
    "AppPrototype": {"name": "New", "type": 2, "version": "8.5.0"},
    "Application": application("New"),
    "Person": {"tenantDBID": 101, "employeeID": "New", "userName": "New"},
    "AgentGroup": {"tenantDBID": 101, "name": "New"},
    "Script": script("New"),
    "Enumerator": {"tenantDBID": 101, "name": "New", "displayName": "New", "type": 4},
    "EnumeratorValue": value("New"),
}


def get(server: EmbeddedServer, object_type: str, dbid: int) -> ConfObject:
    (found,) = server.read(object_type, {"dbid": dbid})
    return found


def annex(section: str, options: Mapping[str, Any], bucket: str = "added") -> Delta:
    return Delta(key_values={"userProperties": KeyValueDelta(**{bucket: {section: options}})})


def names(objects: list[ConfObject]) -> list[str]:
    return [str(one.attributes["name"]) for one in objects]


# DBIDs


@pytest.mark.parametrize("object_type", LEAST)
def test_every_type_counts_its_own_dbids(server: EmbeddedServer, object_type: str) -> None:
    highest = {
        "Tenant": 102,
        "Host": 102,
        "AppPrototype": 101,
        "Application": 104,
        "Person": 104,
        "AgentGroup": 101,
        "Script": 103,
        "Enumerator": 102,
        "EnumeratorValue": 101,
    }
    created = server.create(object_type, LEAST[object_type])
    assert (created.type, created.dbid) == (object_type, highest[object_type] + 1)
    assert get(server, object_type, created.dbid) == created


def test_a_dbid_is_never_given_again_after_deletes_and_reopening(path: Path) -> None:
    with opened(path) as server:
        assert server.create("Script", script("a")).dbid == 104
        assert server.create("Script", script("b")).dbid == 105
        server.delete("Script", 105)
        assert server.create("Script", script("c")).dbid == 106
        server.delete("Script", 106)
        server.delete("Script", 104)
    with opened(path) as server:
        assert server.create("Script", script("d")).dbid == 107


def test_a_refused_create_leaves_no_object(server: EmbeddedServer) -> None:
    before = server.read("Folder"), server.read("Enumerator")
    with pytest.raises(UniquenessViolationError):
        server.create("Enumerator", {**LEAST["Enumerator"], "name": "CaseData"})
    assert (server.read("Folder"), server.read("Enumerator")) == before


# Unique keys


@pytest.mark.parametrize(
    ("object_type", "attributes"),
    [
        ("Tenant", {"name": "Second"}),
        ("Host", {"name": "one.example.com"}),
        ("AppPrototype", {"name": "Stat_Server_850", "type": 59, "version": "8.1"}),
        ("Application", application("Ixn")),
        ("Person", {"tenantDBID": 101, "employeeID": "1001", "userName": "another"}),
        ("Person", {"tenantDBID": 101, "employeeID": "9", "userName": "anna"}),
        ("Person", {"tenantDBID": 102, "employeeID": "9", "userName": "anna"}),
        ("AgentGroup", {"tenantDBID": 101, "name": "Chat"}),
        ("Script", script("Queue")),
        ("Enumerator", {"tenantDBID": 101, "name": "CaseData", "displayName": "x", "type": 4}),
        ("EnumeratorValue", value("Page")),
        ("Host", {"name": "three.example.com", "IPaddress": "192.0.2.1"}),
    ],
)
def test_a_taken_natural_key_is_refused(
    server: EmbeddedServer, object_type: str, attributes: dict[str, Any]
) -> None:
    with pytest.raises(UniquenessViolationError) as caught:
        server.create(object_type, attributes)
    assert caught.value.number == 12
    assert caught.value.object_type == object_type
    assert caught.value.prop


@pytest.mark.parametrize(
    ("object_type", "attributes"),
    [
        ("Script", script("Rule", tenantDBID=102)),
        ("AgentGroup", {"tenantDBID": 102, "name": "Chat"}),
        ("Person", {"tenantDBID": 102, "employeeID": "1001", "userName": "unlike"}),
        ("Enumerator", {"tenantDBID": 102, "name": "CaseData", "displayName": "x", "type": 4}),
        ("EnumeratorValue", value("Page", enumeratorDBID=102)),
        ("Script", script("queue")),
        ("Enumerator", {"tenantDBID": 101, "name": "New", "displayName": "Case Data", "type": 4}),
        ("Host", {"name": "three.example.com"}),
    ],
)
def test_a_name_is_taken_in_its_own_scope_only(
    server: EmbeddedServer, object_type: str, attributes: dict[str, Any]
) -> None:
    created = server.create(object_type, attributes)
    assert get(server, object_type, created.dbid).attributes.items() >= attributes.items()


@pytest.mark.parametrize("script_type", [6, 23, 24, 28])
def test_all_scripts_of_a_tenant_share_one_scope_of_names(
    server: EmbeddedServer, script_type: int
) -> None:
    with pytest.raises(UniquenessViolationError, match="Queue"):
        server.create("Script", script("Queue", type=script_type))


def test_a_rename_to_a_taken_name_is_refused_and_a_free_one_frees_the_old(
    server: EmbeddedServer,
) -> None:
    with pytest.raises(UniquenessViolationError):
        server.update("Script", 102, Delta(values={"name": "Queue"}))
    assert get(server, "Script", 102).attributes["name"] == "Rule"
    server.update("Script", 102, Delta(values={"name": "Renamed"}))
    assert server.create("Script", script("Rule")).dbid == 104


def test_a_name_is_free_again_after_a_delete(server: EmbeddedServer) -> None:
    server.delete("Script", 101)
    assert server.create("Script", script("Queue", type=6)).dbid == 104


# What an object must have, and what never changes


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
    server: EmbeddedServer, object_type: str, missing: str
) -> None:
    given = {name: one for name, one in LEAST[object_type].items() if name != missing}
    with pytest.raises(IncompleteObjectDataError) as caught:
        server.create(object_type, given)
    assert (caught.value.number, caught.value.prop) == (14, missing)


def test_a_mandatory_text_is_not_empty(server: EmbeddedServer) -> None:
    with pytest.raises(IncompleteObjectDataError):
        server.create("Enumerator", {**LEAST["Enumerator"], "displayName": ""})
    with pytest.raises(IncompleteObjectDataError):
        server.update("Enumerator", 101, Delta(values={"displayName": ""}))
    assert get(server, "Enumerator", 101).attributes["displayName"] == "Case Data"


@pytest.mark.parametrize("object_type", ["Script", "AgentGroup", "Person", "Enumerator"])
def test_tenant_0_is_no_tenant(server: EmbeddedServer, object_type: str) -> None:
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
        ("Tenant", 101, "isServiceProvider", True),
    ],
)
def test_what_is_fixed_at_creation_or_set_by_the_server_cannot_be_updated(
    server: EmbeddedServer, object_type: str, dbid: int, attribute: str, other: Any
) -> None:
    before = get(server, object_type, dbid)
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update(object_type, dbid, Delta(values={attribute: other}))
    assert (caught.value.number, caught.value.prop) == (16, attribute)
    assert get(server, object_type, dbid) == before


@pytest.mark.parametrize(
    ("object_type", "attribute", "given", "kept"),
    [
        ("Tenant", "isServiceProvider", True, False),
        ("Application", "isServer", False, True),
        ("Application", "isPrimary", False, True),
        ("Application", "startupType", 3, 1),
    ],
)
def test_a_read_only_attribute_is_the_servers_own_also_in_a_create(
    server: EmbeddedServer, object_type: str, attribute: str, given: object, kept: object
) -> None:
    try:
        created = server.create(object_type, {**LEAST[object_type], attribute: given})
    except ConfigurationServerError as error:
        assert error.prop == attribute  # noqa: PT017 - a refusal is as good as the server's value
    else:
        assert created.attributes[attribute] == kept


def test_a_new_object_has_the_servers_defaults(server: EmbeddedServer) -> None:
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
        "state": 1,
    }
    host = server.create("Host", {"name": "new.example.com"})
    assert host.attributes == {
        "name": "new.example.com",
        "type": 1,
        "LCAPort": "4999",
        "state": 1,
    }


def test_an_application_cluster_is_never_started(server: EmbeddedServer) -> None:
    created = server.create("Application", application("Cluster", type=82))
    assert created.attributes["startupType"] == 3


def test_a_client_application_is_no_server(server: EmbeddedServer) -> None:
    created = server.create("Application", {"name": "New", "type": 108, "version": "8.5.0"})
    assert created.attributes["isServer"] is False
    with pytest.raises(ConfigurationServerError) as caught:
        server.create(
            "Application",
            {"name": "B", "type": 108, "version": "8", "serverInfo": {"hostDBID": 101}},
        )
    assert caught.value.prop == "serverInfo"


# Values


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
    server: EmbeddedServer, object_type: str, attribute: str, wrong: Any
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
        {"": {"key": "value"}},
    ],
)
def test_a_key_value_list_has_two_levels_and_three_types_of_values(
    server: EmbeddedServer, wrong: Any
) -> None:
    with pytest.raises(ValueOutOfRangeError) as caught:
        server.create("Script", script("New", userProperties=wrong))
    assert caught.value.prop == "userProperties"
    assert names(server.read("Script", {"tenant_dbid": 101})) == ["Queue", "Rule"]


def test_an_update_may_not_add_what_a_create_may_not(server: EmbeddedServer) -> None:
    before = get(server, "Script", 101)
    for wrong in ({"third": "level"}, None, 1.5, True):
        with pytest.raises(ValueOutOfRangeError):
            server.update("Script", 101, annex("Orchestration", {"more": wrong}))
    assert get(server, "Script", 101) == before


LIST = {
    "texts": {
        "plain": "text",
        "empty": "",
        "digits": "0123",
        "lines": "a\nb\r\n\tc",
        "nul": "a\0b",
    },
    "integers": {"zero": 0, "negative": -7, "large": 4294967296},
    "binary": {"none": b"", "all": bytes(range(256))},
    "a/b~c [d]": {"ключ=€😀": "значение", " ": " "},
}


def test_texts_integers_and_binary_values_survive(path: Path) -> None:
    with opened(path) as server:
        dbid = server.create("Script", script("New", userProperties=LIST)).dbid
    with opened(path) as server:
        found = get(server, "Script", dbid).attributes["userProperties"]
    assert found == LIST
    for section, options in LIST.items():
        for key, one in options.items():
            assert type(found[section][key]) is type(one)


@pytest.mark.parametrize("text", ["00ff", "no hex", ""])
def test_an_option_called_binary_survives_like_any_other(path: Path, text: str) -> None:
    given = {"section": {"$binary": text}, "$binary": {"section": text}}
    with opened(path) as server:
        dbid = server.create("Script", script("New", userProperties=given)).dbid
    with opened(path) as server:
        assert get(server, "Script", dbid).attributes["userProperties"] == given


def test_sections_without_options_are_dropped(server: EmbeddedServer) -> None:
    created = server.create("Script", script("New", userProperties={"a": {}, "b": {"k": "v"}}))
    assert created.attributes["userProperties"] == {"b": {"k": "v"}}
    updated = server.update("Script", created.dbid, annex("b", ("k",), "deleted"))
    assert updated.attributes["userProperties"] == {}


# What does not exist is named


def test_an_unknown_type_is_named(server: EmbeddedServer) -> None:
    with pytest.raises(UnsupportedObjectError, match="Skript") as caught:
        server.read("Skript")
    assert (caught.value.number, caught.value.object_type) == (32, "Skript")
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.create("Skript", {"name": "New"})
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.update("Skript", 101, Delta(values={"name": "New"}))
    with pytest.raises(UnsupportedObjectError, match="Skript"):
        server.delete("Skript", 101)


def test_an_unknown_attribute_is_named(server: EmbeddedServer) -> None:
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


def test_an_unknown_filter_is_named(server: EmbeddedServer) -> None:
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
    server: EmbeddedServer, object_type: str, attributes: dict[str, Any], prop: str
) -> None:
    with pytest.raises(IncorrectReferencesError) as caught:
        server.create(object_type, attributes)
    assert (caught.value.number, caught.value.prop) == (15, prop)


def test_an_update_may_not_refer_to_nothing(server: EmbeddedServer) -> None:
    before = get(server, "AgentGroup", 101)
    with pytest.raises(IncorrectReferencesError, match="999"):
        server.update(
            "AgentGroup",
            101,
            Delta(values={"name": "Renamed"}, lists={"agentDBIDs": ListDelta(added=(999,))}),
        )
    assert get(server, "AgentGroup", 101) == before


def test_a_manager_is_of_the_groups_tenant_or_of_environment(server: EmbeddedServer) -> None:
    managers = ListDelta(added=(100,))
    updated = server.update("AgentGroup", 101, Delta(lists={"managerDBIDs": managers}))
    assert updated.attributes["managerDBIDs"] == [101, 100]
    with pytest.raises(IncorrectReferencesError):
        server.update("AgentGroup", 101, Delta(lists={"managerDBIDs": ListDelta(added=(104,))}))


@pytest.mark.parametrize("object_type", ["Script", "Application", "Folder", "Tenant"])
def test_an_object_that_is_not_there_cannot_be_changed_or_deleted(
    server: EmbeddedServer, object_type: str
) -> None:
    with pytest.raises(ObjectNotFoundError, match="999") as caught:
        server.update(object_type, 999, annex("s", {"k": "v"}))
    assert (caught.value.number, caught.value.object_type) == (10, object_type)
    with pytest.raises(ObjectNotFoundError, match="999"):
        server.delete(object_type, 999)


# isDefault


def test_a_value_that_does_not_say_whether_it_is_the_default_becomes_it(
    server: EmbeddedServer,
) -> None:
    unsaid = {name: one for name, one in value("First").items() if name != "isDefault"}
    assert server.create("EnumeratorValue", unsaid).attributes["isDefault"] is True


def test_an_attribute_has_one_default_value(server: EmbeddedServer) -> None:
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


# Folders


@pytest.mark.parametrize(
    ("object_type", "dbid", "names_down", "owner"),
    [
        ("Tenant", 101, "Tenants", (7, 1)),
        ("Host", 101, "Hosts", (7, 1)),
        ("AppPrototype", 101, "Application Templates", (7, 1)),
        ("Application", 101, "Applications", (7, 1)),
        ("Person", 101, "Persons", (7, 101)),
        ("Person", 104, "Persons", (7, 102)),
        ("AgentGroup", 101, "Agent Groups", (7, 101)),
        ("Script", 101, "Scripts", (7, 101)),
        ("Script", 103, "Scripts", (7, 102)),
        ("Enumerator", 101, "Business Attributes", (7, 101)),
        ("EnumeratorValue", 101, "Attribute Values", (35, 101)),
    ],
)
def test_an_object_lives_in_the_default_folder_of_its_owner(
    server: EmbeddedServer, object_type: str, dbid: int, names_down: str, owner: tuple[int, int]
) -> None:
    found = get(server, object_type, dbid)
    assert found.path == names_down
    folder = get(server, "Folder", found.folder)
    assert folder.attributes["ownerID"] == {"type": owner[0], "DBID": owner[1]}
    assert folder.attributes["parentID"] == folder.attributes["ownerID"]


@pytest.mark.parametrize("object_type", [name for name in LEAST if name != "Tenant"])
def test_a_new_object_lives_with_its_siblings(server: EmbeddedServer, object_type: str) -> None:
    created = server.create(object_type, LEAST[object_type])
    sibling = get(server, object_type, 101)
    assert (created.folder, created.path) == (sibling.folder, sibling.path)


def test_a_new_tenant_and_a_new_attribute_have_folders_of_their_own(
    server: EmbeddedServer,
) -> None:
    tenant = server.create("Tenant", {"name": "New"}).dbid
    made = server.create("Script", script("Queue", tenantDBID=tenant))
    assert made.path == "Scripts"
    assert made.folder != get(server, "Script", 101).folder
    attribute = server.create("Enumerator", LEAST["Enumerator"]).dbid
    held = server.create("EnumeratorValue", value("Page", enumeratorDBID=attribute))
    assert held.path == "Attribute Values"
    assert held.folder != get(server, "EnumeratorValue", 101).folder


def test_an_object_is_created_into_the_folder_that_is_named(tmp_path: Path) -> None:
    chat = "  - {name: Inbound, dbid: 110, type: InteractionQueue, folder: Chat/In}\n"
    with opened(site_server(tmp_path, SITE.replace("Enumerator:", chat + "Enumerator:", 1))) as one:
        inbound = get(one, "Script", 110)
        assert inbound.path == "Scripts/Chat/In"
        created = one.create("Script", script("New"), inbound.folder)
        assert (created.folder, created.path) == (inbound.folder, "Scripts/Chat/In")
        one.update("Script", created.dbid, annex("s", {"k": "v"}))
        assert get(one, "Script", created.dbid).path == "Scripts/Chat/In"


def test_a_wrong_folder_is_refused(server: EmbeddedServer) -> None:
    of_another_tenant = get(server, "Script", 103).folder
    of_another_type = get(server, "Enumerator", 101).folder
    for folder in (of_another_tenant, of_another_type, 999, 0, -1):
        with pytest.raises(IncorrectReferencesError) as caught:
            server.create("Script", script("New"), folder)
        assert caught.value.prop == "folder_dbid"
    assert names(server.read("Script", {"tenant_dbid": 101})) == ["Queue", "Rule"]


def test_a_folder_is_created_inside_another(server: EmbeddedServer) -> None:
    scripts = get(server, "Script", 101).folder
    folder = {"name": "Chat", "type": 12, "ownerID": {"type": 7, "DBID": 101}}
    created = server.create("Folder", folder, scripts)
    assert created.attributes["parentID"] == {"type": 22, "DBID": scripts}
    assert server.create("Script", script("New"), created.dbid).path == "Scripts/Chat"
    with pytest.raises(UniquenessViolationError):
        server.create("Folder", folder, scripts)


def test_a_folder_for_nowhere_is_no_reason_to_fall_over(server: EmbeddedServer) -> None:
    before = server.read("Script")
    folder = {"name": "Chat", "type": 12, "ownerID": {"type": 7, "DBID": 999}}
    with pytest.raises(ConfigurationServerError):
        server.create("Folder", folder)
    assert server.read("Script") == before


def test_a_folder_with_members_is_not_deleted(server: EmbeddedServer) -> None:
    scripts = get(server, "Script", 101).folder
    with pytest.raises(DependentObjectsError):
        server.delete("Folder", scripts)
    assert get(server, "Script", 101).path == "Scripts"


# Reads


@pytest.mark.parametrize(
    ("object_type", "filters", "dbids"),
    [
        ("Script", None, [101, 102, 103]),
        ("Script", {}, [101, 102, 103]),
        ("Script", {"name": "Queue"}, [101, 103]),
        ("Script", {"tenant_dbid": 101}, [101, 102]),
        ("Script", {"tenant_dbid": 102, "name": "Queue"}, [103]),
        ("Script", {"script_type": 23, "tenant_dbid": 101}, [101]),
        ("Script", {"name": "queue"}, []),
        ("Script", {"name": "' OR 1=1 --"}, []),
        ("Script", {"dbid": 103, "tenant_dbid": 101, "name": "Rule"}, [103]),
        ("Script", {"dbid": 999}, []),
        ("Person", {"state": 2}, [103]),
        ("Person", {"user_name": "anna"}, [101]),
        ("Person", {"tenant_dbid": 1}, [100]),
        ("Person", {"is_agent": True}, [101, 102]),
        ("Application", {"app_type": 2}, [102, 103]),
        ("Application", {"name": "GWE"}, [104]),
        ("Enumerator", {"display_name": "Case Data"}, [101]),
        ("EnumeratorValue", {"enumerator_dbid": 101}, [101]),
        ("EnumeratorValue", {"enumerator_dbid": 102}, []),
        ("EnumeratorValue", {"default_value": False}, [101]),
        ("EnumeratorValue", {"default_value": True}, []),
        ("Tenant", None, [101, 102]),
        ("Tenant", {"all_tenants": 1}, [1, 101, 102]),
        ("Tenant", {"all_tenants": 0}, [101, 102]),
        ("Tenant", {"all_tenants": 1, "name": "Environment"}, [1]),
        ("Tenant", {"name": "Environment"}, []),
    ],
)
def test_a_read_returns_every_match_by_dbid(
    server: EmbeddedServer, object_type: str, filters: Mapping[str, Any] | None, dbids: list[int]
) -> None:
    found = server.read(object_type, filters)
    assert [one.dbid for one in found] == dbids
    assert {one.type for one in found} <= {object_type}


def test_exclude_bytecode_leaves_binary_values_out_and_nothing_else(
    server: EmbeddedServer,
) -> None:
    mixed = {"code": {"compiled": b"\x00", "source": "s", "size": 1}, "only": {"raw": b"\x01"}}
    dbid = server.create("Script", script("New", userProperties=mixed)).dbid
    short = server.read("Script", {"exclude_bytecode": 1, "tenant_dbid": 101})
    assert [one.dbid for one in short] == [101, 102, dbid]
    assert short[2].attributes["userProperties"] == {"code": {"source": "s", "size": 1}}
    whole = server.read("Script", {"tenant_dbid": 101})
    assert whole[2].attributes["userProperties"] == mixed
    assert (short[0], short[0].path) == (whole[0], "Scripts")
    (one,) = server.read("Script", {"dbid": dbid, "exclude_bytecode": 1})
    assert one == short[2]
    assert server.read("Script", {"dbid": dbid, "exclude_bytecode": 0}) == [whole[2]]


def test_a_server_keeps_its_identity(path: Path, tmp_path: Path) -> None:
    (tmp_path / "second").mkdir()
    with opened(path) as one, opened(site_server(tmp_path / "second", SITE)) as other:
        first = one.info()
        assert (first.url, first.mode) == (f"embedded:{path}", "Full")
        assert first.identity != other.info().identity
        one.delete("Script", 101)
    with opened(path) as again:
        assert again.info() == first


# Updates


def test_an_update_touches_only_what_it_names(server: EmbeddedServer) -> None:
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


def test_a_list_is_updated_by_entries(server: EmbeddedServer) -> None:
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
    }
    assert second == {"appServerDBID": 102, "id": "default"}
    changed = Delta(
        lists={"appServerDBIDs": ListDelta(changed=({"appServerDBID": 102, "id": "x"},))}
    )
    assert server.update("Application", 104, changed).attributes["appServerDBIDs"] == [
        first,
        {"appServerDBID": 102, "id": "x"},
    ]
    gone = Delta(lists={"appServerDBIDs": ListDelta(deleted=(101, 102))})
    assert server.update("Application", 104, gone).attributes["appServerDBIDs"] == []
    server.delete("Application", 101)


def test_the_last_option_of_a_section_goes_by_its_key(server: EmbeddedServer) -> None:
    delta = Delta(key_values={"options": KeyValueDelta(deleted={"Other": ("only",)})})
    updated = server.update("Application", 102, delta)
    assert updated.attributes["options"] == {"Filters": {"a": "A", "b": "B"}}


def test_a_section_named_without_keys_goes_whole(server: EmbeddedServer) -> None:
    delta = Delta(key_values={"options": KeyValueDelta(deleted={"Filters": ()})})
    updated = server.update("Application", 102, delta)
    assert updated.attributes["options"] == {"Other": {"only": "1"}}


def test_a_section_can_be_emptied_and_filled_in_one_update(server: EmbeddedServer) -> None:
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
    server: EmbeddedServer, wrong: KeyValueDelta, error: type[ConfigurationServerError]
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
    server: EmbeddedServer, wrong: ListDelta, error: type[ConfigurationServerError]
) -> None:
    before = get(server, "AgentGroup", 101)
    with pytest.raises(error):
        server.update(
            "AgentGroup", 101, Delta(values={"name": "Renamed"}, lists={"agentDBIDs": wrong})
        )
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
def test_an_update_that_names_no_change_is_refused(server: EmbeddedServer, empty: Delta) -> None:
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
def test_a_change_of_the_wrong_shape_is_refused(
    server: EmbeddedServer, wrong: Delta, prop: str
) -> None:
    before = get(server, "Application", 102)
    with pytest.raises(ConfigurationServerError) as caught:
        server.update("Application", 102, wrong)
    assert caught.value.prop == prop
    assert get(server, "Application", 102) == before


# Deletion


def test_an_application_that_another_connects_to_is_not_deleted(server: EmbeddedServer) -> None:
    with pytest.raises(DependentObjectsError, match="GWE") as caught:
        server.delete("Application", 101)
    assert caught.value.number == 13
    assert get(server, "Application", 101).attributes["name"] == "Ixn"
    server.delete("Application", 104)
    server.delete("Application", 101)
    assert names(server.read("Application")) == ["confserv", "default", "Stat", "Stat_B"]


def test_a_host_with_servers_and_a_template_in_use_are_not_deleted(
    server: EmbeddedServer,
) -> None:
    with pytest.raises(DependentObjectsError, match="Stat"):
        server.delete("Host", 102)
    with pytest.raises(DependentObjectsError, match="Stat"):
        server.delete("AppPrototype", 101)
    server.delete("Application", 102)
    server.delete("AppPrototype", 101)
    server.delete("Application", 103)
    server.delete("Host", 102)
    assert names(server.read("Host")) == ["one.example.com"]


def test_a_deleted_backup_is_taken_out_of_its_primary(server: EmbeddedServer) -> None:
    server.delete("Application", 103)
    stat = get(server, "Application", 102)
    assert stat.attributes["serverInfo"] == {"hostDBID": 101, "timeout": 10, "attempts": 1}
    assert stat.attributes["options"] == {"Filters": {"a": "A", "b": "B"}, "Other": {"only": "1"}}


def test_a_deleted_script_is_silently_unhooked(server: EmbeddedServer) -> None:
    server.delete("Script", 102)
    group = get(server, "AgentGroup", 101).attributes
    assert "capacityRuleDBID" not in group
    assert group["agentDBIDs"] == [101, 102]


def test_a_deleted_person_leaves_its_groups(server: EmbeddedServer) -> None:
    server.delete("Person", 101)
    group = get(server, "AgentGroup", 101).attributes
    assert (group["agentDBIDs"], group["managerDBIDs"]) == ([102], [])
    assert group["capacityRuleDBID"] == 102


def test_a_deleted_attribute_takes_its_values_and_folders(server: EmbeddedServer) -> None:
    server.create("EnumeratorValue", value("Page", enumeratorDBID=102))
    gone = get(server, "EnumeratorValue", 101).folder
    server.delete("Enumerator", 101)
    assert [one.dbid for one in server.read("EnumeratorValue")] == [102]
    assert server.read("Folder", {"dbid": gone}) == []
    again = server.create("Enumerator", {**LEAST["Enumerator"], "name": "CaseData"})
    assert server.read("EnumeratorValue", {"enumerator_dbid": again.dbid}) == []


def test_a_deleted_tenant_takes_everything_in_it(server: EmbeddedServer) -> None:
    server.update("Application", 104, Delta(lists={"tenantDBIDs": ListDelta(added=(102,))}))
    server.delete("Tenant", 101)
    assert names(server.read("Tenant")) == ["Second"]
    assert [one.dbid for one in server.read("Script")] == [103]
    assert [one.dbid for one in server.read("Person")] == [100, 104]
    for gone in ("AgentGroup", "Enumerator", "EnumeratorValue"):
        assert server.read(gone) == []
    assert get(server, "Application", 104).attributes["tenantDBIDs"] == [102]
    assert get(server, "Application", 102).attributes["tenantDBIDs"] == []
    owners = [one.attributes["ownerID"] for one in server.read("Folder")]
    assert {(one["type"], one["DBID"]) for one in owners} == {(7, 1), (7, 102)}


def test_tenant_environment_is_neither_changed_nor_deleted(server: EmbeddedServer) -> None:
    before = get(server, "Tenant", 1)
    with pytest.raises(ConfigurationServerError):
        server.delete("Tenant", 1)
    with pytest.raises(ConfigurationServerError):
        server.update("Tenant", 1, annex("s", {"k": "v"}))
    assert get(server, "Tenant", 1) == before
    assert [one.dbid for one in server.read("Person", {"tenant_dbid": 1})] == [100]


def test_environment_is_the_service_provider(server: EmbeddedServer) -> None:
    tenants = server.read("Tenant", {"all_tenants": 1})
    assert {one.attributes["name"]: one.attributes["isServiceProvider"] for one in tenants} == {
        "Environment": True,
        "Resources": False,
        "Second": False,
    }


# Backups


def test_a_backup_mirrors_the_connections_of_its_primary(server: EmbeddedServer) -> None:
    connection = {"appServerDBID": 101, "id": "default"}
    server.update(
        "Application", 102, Delta(lists={"appServerDBIDs": ListDelta(added=(connection,))})
    )
    backup = get(server, "Application", 103)
    assert backup.attributes["appServerDBIDs"] == [connection]
    with pytest.raises(UnchangeableInfoError):
        server.update(
            "Application", 103, Delta(lists={"appServerDBIDs": ListDelta(deleted=(101,))})
        )
    with pytest.raises(UnchangeableInfoError):
        server.update("Application", 103, Delta(lists={"tenantDBIDs": ListDelta(added=(102,))}))
    updated = server.update(
        "Application",
        103,
        Delta(key_values={"options": KeyValueDelta(added={"own": {"k": "v"}})}),
    )
    assert updated.attributes["options"] == {"own": {"k": "v"}}


# Passwords


def test_a_password_is_never_read(server: EmbeddedServer) -> None:
    created = server.create("Person", {**LEAST["Person"], "password": RIGHT})
    updated = server.update("Person", 102, Delta(values={"password": RIGHT}))
    found = [created, updated, *server.read("Person"), get(server, "Person", 101)]
    assert len(found) == 9
    for one in found:
        assert "password" not in one.attributes
        assert RIGHT not in repr(one)
        assert "scrypt" not in repr(one)


def test_a_password_stands_in_no_file(path: Path) -> None:
    with opened(path) as server:
        server.create("Person", {**LEAST["Person"], "password": "battery-staple"})
        server.update("Person", 102, Delta(values={"password": "staple-gun"}))
        files = sorted(path.parent.glob(f"{path.name}*"))
        contents = b"".join(one.read_bytes() for one in files)
    contents += path.read_bytes()
    assert b'"userName":"jun"' in contents
    for plain in (b"correct-horse", b"battery-staple", b"staple-gun"):
        assert plain not in contents


def test_two_persons_with_one_password_have_two_hashes(path: Path) -> None:
    hashes = {part[:60] for part in path.read_bytes().split(b"scrypt:")[1:]}
    assert len(hashes) == 3  # anna, kai and the administrator


def test_a_wrong_password_is_not_shown(server: EmbeddedServer) -> None:
    for wrong in (1234567, "battery-staple" * 6):
        with pytest.raises(ValueOutOfRangeError) as caught:
            server.create("Person", {**LEAST["Person"], "password": wrong})
        assert str(wrong) not in str(caught.value)


def test_the_right_password_opens_the_server(path: Path) -> None:
    server = EmbeddedServer(path, user="anna", password=RIGHT)
    try:
        assert server.info().user == "anna"
        assert len(server.read("Script")) == 3
    finally:
        server.close()


@pytest.mark.parametrize(
    ("user", "text"),
    [
        ("anna", "Correct-horse"),
        ("anna", ""),
        ("Anna", RIGHT),
        ("1001", RIGHT),
        ("nobody", RIGHT),
        ("jun", ""),
    ],
)
def test_a_wrong_user_or_password_is_refused(path: Path, user: str, text: str) -> None:
    with pytest.raises(LoginIncorrectError) as caught:
        EmbeddedServer(path, user=user, password=text)
    assert caught.value.number == 4
    assert not text or text not in str(caught.value)


def test_a_disabled_person_is_refused_after_the_right_password_only(path: Path) -> None:
    with pytest.raises(AccessDeniedError, match="kai") as caught:
        EmbeddedServer(path, user="kai", password=RIGHT)
    assert caught.value.number == 8
    with pytest.raises(LoginIncorrectError):
        EmbeddedServer(path, user="kai", password=RIGHT + "!")


def test_a_changed_password_replaces_the_old_one(path: Path) -> None:
    new = "battery-staple"
    with opened(path) as server:
        server.update("Person", 101, Delta(values={"password": new}))
        server.update("Person", 101, Delta(values={"firstName": "Anna"}))
    EmbeddedServer(path, user="anna", password=new).close()
    with pytest.raises(LoginIncorrectError):
        EmbeddedServer(path, user="anna", password=RIGHT)
