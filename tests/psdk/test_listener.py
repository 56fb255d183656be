"""The listener, asked by the vendor's own client with requests that are built by hand."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from reconciler.kinds.model import ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES, TYPES_BY_NUMBER
from reconciler.server.delta import Delta
from reconciler.server.wire.answers import Answers
from reconciler.testing.contract.site import RIGHT
from tests.harness import everything, opened
from tests.psdk.block import Block
from tests.psdk.byhand import Client, conf, kv, number, request
from tests.psdk.support import sdk

Listen = Callable[..., int]
SCRIPT, PERSON, GROUP, APPLICATION, SKILL = 12, 3, 5, 9, 13


def code(error: Any) -> tuple[str, str]:
    """The type and the property of an error, as the vendor's own code reads them."""
    found = conf("utilities.CfgErrorCode").getErrorCode(error.getErrorCode())
    return str(found.getErrorType().name()), str(found.getObjectProperty().name())


def refused(port: int, user: str, password: str, name: str = "default") -> str:
    """The error type with which a log-in is refused."""
    registration = conf("exceptions.ConfRegistrationException")
    try:
        with Client(port, user, password, name):
            return ""
    except sdk().error as error:
        one: Any = error
        while not isinstance(one, registration):
            one = one.getCause()
        return str(one.getErrorCode().getErrorType().name())


def read(client: Client, object_type: int, **filters: Any) -> list[Any]:
    """The objects of a read, and the events that brought them."""
    message = request("objects.RequestReadObjects").create(number(object_type), kv(**filters))
    *read, sent = client.ask_many(message, "EventObjectsSent")
    assert str(sent.messageName()) == "EventObjectsSent"
    return [one for event in read for one in event.getObjects()]


@pytest.mark.parametrize(
    ("user", "password", "name", "expected"),
    [
        ("anna", RIGHT, "default", ""),
        ("anna", "wrong", "default", "CFGLoginIncorrect"),
        ("nobody", RIGHT, "default", "CFGLoginIncorrect"),
        ("", "", "default", "CFGLoginIncorrect"),
        ("anna", RIGHT, "unknown", "CFGAppSecurityViolation"),
        ("anna", RIGHT, "GWE", "CFGAppSecurityViolation"),
        ("kai", RIGHT, "default", "CFGAccessDenied"),
    ],
)
def test_a_log_in_names_an_account_and_an_application(
    listen: Listen, user: str, password: str, name: str, expected: str
) -> None:
    assert refused(listen(), user, password, name) == expected


def test_a_read_brings_the_objects_that_match(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        found = read(client, SCRIPT, tenant_dbid=101, script_type=23)
        assert [(one.getPropertyValue("DBID"), one.getPropertyValue("name")) for one in found] == [
            (101, "Queue")
        ]
        annex = found[0].getPropertyValue("userProperties")
        assert annex.getList("Orchestration").getString("application") == "script:R"
        agents = read(client, PERSON, is_agent=2)  # CfgFlag: 2 is true
        assert [one.getPropertyValue("userName") for one in agents] == ["anna", "jun"]
        assert all(one.getPropertyValue("password") is None for one in agents)


@pytest.mark.parametrize("value", [0, 1])
def test_the_keys_ask_for_folders_and_paths_whatever_their_value(
    listen: Listen, value: int
) -> None:
    with Client(listen(), "default", "password") as client:
        asked = kv(tenant_dbid=101, read_folder_dbid=value, object_path=value)
        message = request("objects.RequestReadObjects").create(number(SCRIPT), asked)
        event = client.ask_many(message, "EventObjectsSent")[0]
        assert [str(one) for one in event.getObjectPaths()] == ["Scripts", "Scripts"]
        assert len(event.getFolderDbids()) == 2
        message = request("objects.RequestReadObjects").create(number(SCRIPT), kv(dbid=101))
        event = client.ask_many(message, "EventObjectsSent")[0]
        assert event.getObjectPaths() is None
        assert event.getFolderDbids() is None


def test_after_a_defect_the_client_is_answered_and_the_defect_is_shown(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda found: shown.append(found.exc_value))
    port = listen()
    with Client(port, "default", "password") as client:
        with monkeypatch.context() as patch:
            patch.setattr(Answers, "answer", _has_a_defect)
            event = client.ask(request("objects.RequestReadObjects").create(number(SCRIPT), kv()))
        assert str(event.messageName()) == "EventError"
        assert len(read(client, SCRIPT, tenant_dbid=101)) == 2  # after the defect was shown
        assert [type(one) for one in shown] == [KeyError]


def _has_a_defect(*_: object) -> None:
    raise KeyError("defect")


@pytest.mark.parametrize("object_type", [45, 99, 1000])
def test_a_type_that_no_server_has_is_read_without_objects(
    listen: Listen, object_type: int
) -> None:
    with Client(listen(), "default", "password") as client:
        assert read(client, object_type, tenant_dbid=101) == []
        assert len(read(client, SCRIPT, tenant_dbid=101)) == 2


def test_a_program_that_reads_every_type_goes_on_past_one_that_the_server_lacks(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(cast("dict[int, ObjectType]", TYPES_BY_NUMBER), SKILL)
    with Block(listen()) as block:
        assert block.read("Skill") == []
        assert [str(one.getName()) for one in block.read("Script", tenant_dbid=102)] == ["Queue"]


# A property that the table lacks


@pytest.fixture
def narrow_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table without a property of scripts, and without a field of connections."""
    table = cast("dict[str, ObjectType]", OBJECT_TYPES)
    script, application = table["Script"], table["Application"]
    monkeypatch.setitem(table, "Script", without(script, "index"))
    connections = application.attribute("appServerDBIDs")
    assert connections is not None
    fields = tuple(one for one in connections.fields if one.name != "appParams")
    attributes = tuple(
        replace(one, fields=fields) if one is connections else one for one in application.attributes
    )
    monkeypatch.setitem(table, "Application", replace(application, attributes=attributes))


def without(kind: ObjectType, name: str) -> ObjectType:
    kept = tuple(one for one in kind.attributes if one.name != name)
    assert len(kept) == len(kind.attributes) - 1
    return replace(kind, attributes=kept)


@pytest.mark.usefixtures("narrow_table")
def test_a_property_that_the_table_lacks_is_refused_by_name_and_nothing_is_created(
    listen: Listen, path: Path
) -> None:
    with Client(listen(), "default", "password") as client:
        one = client.object("CfgScript", tenantDBID=101, name="New", type=23, index=7)
        event = client.ask(request("objects.RequestCreateObject").create(one))
        assert code(event)[0] == "CFGUnsupportedProperty"
        assert str(event.getDescription()) == (
            "Script has a property index that this server cannot keep"
        )
    with opened(path) as server:
        assert server.read("Script", {"name": "New"}) == []


@pytest.mark.usefixtures("narrow_table")
def test_an_empty_property_that_the_table_lacks_loses_nothing(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        one = client.object("CfgScript", tenantDBID=101, name="New", type=23, index=0)
        event = client.ask(request("objects.RequestCreateObject").create(one))
        assert str(event.messageName()) == "EventObjectCreated"


@pytest.mark.usefixtures("narrow_table")
def test_an_update_of_a_property_that_the_table_lacks_is_refused_as_a_whole(
    listen: Listen, path: Path
) -> None:
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaScript"))
        inner = delta.getOrCreatePropertyValue("deltaScript")
        client.filled(inner, DBID=101, name="Newer", index=7)
        event = client.ask(request("objects.RequestUpdateObject").create(delta))
        assert code(event)[0] == "CFGUnsupportedProperty"
        assert "a property deltaScript.index that" in str(event.getDescription())
    with opened(path) as server:
        (script,) = server.read("Script", {"dbid": 101})
    assert script.attributes["name"] == "Queue"


@pytest.mark.usefixtures("narrow_table")
def test_a_field_inside_a_list_that_the_table_lacks_is_refused_with_its_path(
    listen: Listen,
) -> None:
    with Block(listen()) as block:
        (application,) = block.read("Application", name="GWE")
        (connection,) = application.getAppServers()
        connection.setAppParams("x=1")
        with pytest.raises(sdk().error) as caught:
            application.save()
    assert "a property changedAppServerDBIDs.appParams that" in sdk().reason(caught.value)


def test_an_agent_group_has_its_attributes_in_group_info(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        (group,) = read(client, GROUP, name="Chat")
        info = group.getPropertyValue("groupInfo")
        assert info.getPropertyValue("DBID") == 101
        assert info.getPropertyValue("name") == "Chat"
        assert list(info.getPropertyValue("managerDBIDs")) == [101]
        assert list(group.getPropertyValue("agentDBIDs")) == [101, 102]
        assert info.getPropertyValue("state") == 1


def test_an_object_is_created_with_all_that_the_client_gave(listen: Listen, path: Path) -> None:
    with Client(listen(), "default", "password") as client:
        one = client.object("CfgScript", tenantDBID=101, name="Новая €😀", type=23, index=7)
        one.setPropertyValue("userProperties", kv(s=kv(k="v", n=5)))
        event = client.ask(request("objects.RequestCreateObject").create(one))
        assert str(event.messageName()) == "EventObjectCreated"
        assert event.getObject().getObjectDbid() == 104
    with opened(path) as server:
        (made,) = server.read("Script", {"dbid": 104})
    assert made.attributes == {
        "tenantDBID": 101,
        "name": "Новая €😀",
        "type": 23,
        "index": 7,
        "state": 1,
        "userProperties": {"s": {"k": "v", "n": 5}},
    }


def test_a_taken_name_and_a_missing_property_are_errors_with_their_property(
    listen: Listen,
) -> None:
    with Client(listen(), "default", "password") as client:
        twin = client.object("CfgScript", tenantDBID=101, name="Queue", type=23)
        event = client.ask(request("objects.RequestCreateObject").create(twin))
        assert code(event) == ("CFGUniquenessViolation", "CFGName")
        nameless = client.object("CfgScript", tenantDBID=101, type=23)
        event = client.ask(request("objects.RequestCreateObject").create(nameless))
        assert code(event) == ("CFGIncompleteObjectData", "CFGName")
        event = client.ask(request("objects.RequestDeleteObject").create(number(12), number(999)))
        assert code(event)[0] == "CFGObjectNotFound"
        event = client.ask(request("objects.RequestDeleteObject").create(number(99), number(1)))
        assert code(event)[0] == "CFGUnsupportedObject"


def test_a_delta_changes_what_it_names(listen: Listen, path: Path) -> None:
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaApplication"))
        inner = delta.getOrCreatePropertyValue("deltaApplication")
        client.filled(inner, DBID=102, version="9.0")
        inner.setPropertyValue("options", kv(New=kv(k="v")))
        delta.setPropertyValue("changedOptions", kv(Filters=kv(a="A2")))
        delta.setPropertyValue("deletedOptions", kv(Filters=kv(b=""), Other=kv()))
        delta.getOrCreatePropertyValue("deletedTenantDBIDs").add(number(101))
        event = client.ask(request("objects.RequestUpdateObject").create(delta))
        assert str(event.messageName()) == "EventObjectUpdated"
    with opened(path) as server:
        (one,) = server.read("Application", {"dbid": 102})
    assert one.attributes["version"] == "9.0"
    assert one.attributes["options"] == {"Filters": {"a": "A2"}, "New": {"k": "v"}}
    assert one.attributes["tenantDBIDs"] == []


def test_a_number_that_an_update_sets_to_0_is_0(listen: Listen, path: Path) -> None:
    """The SDK's listener drops such a number, so ours reads the text of the delta itself."""
    with opened(path) as server:
        server.update("Script", 101, Delta({"index": 7}))
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaScript"))
        client.filled(delta.getOrCreatePropertyValue("deltaScript"), DBID=101, index=0)
        event = client.ask(request("objects.RequestUpdateObject").create(delta))
        assert str(event.messageName()) == "EventObjectUpdated"
    with opened(path) as server:
        (script,) = server.read("Script", {"dbid": 101})
    assert script.attributes["index"] == 0


def test_a_reference_that_an_update_sets_to_0_is_cleared(listen: Listen, path: Path) -> None:
    assert everything(path)["AgentGroup", 101].attributes["capacityRuleDBID"] == 102
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaAgentGroup"))
        info = delta.getOrCreatePropertyValue("deltaGroupInfo")
        group = info.getOrCreatePropertyValue("deltaGroup")
        client.filled(group, DBID=101, capacityRuleDBID=0)
        client.ask(request("objects.RequestUpdateObject").create(delta))
    assert not everything(path)["AgentGroup", 101].attributes.get("capacityRuleDBID")


def test_0_of_an_enumeration_or_a_flag_changes_nothing(listen: Listen, path: Path) -> None:
    """In nearly all of them 0 means that nothing is said."""
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaApplication"))
        inner = delta.getOrCreatePropertyValue("deltaApplication")
        client.filled(inner, DBID=102, redundancyType=0, autoRestart=0, startupTimeout=0)
        before = everything(path)["Application", 102].attributes
        event = client.ask(request("objects.RequestUpdateObject").create(delta))
        assert str(event.messageName()) == "EventObjectUpdated"
    assert everything(path)["Application", 102].attributes == {**before, "startupTimeout": 0}


def test_numbers_that_are_0_inside_lists_and_structures_arrive(listen: Listen, path: Path) -> None:
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaApplication"))
        inner = delta.getOrCreatePropertyValue("deltaApplication")
        client.filled(inner, DBID=102)
        info = inner.getOrCreatePropertyValue("serverInfo")
        client.filled(info, hostDBID=101, port="1", timeout=0, attempts=3)
        connections = inner.getOrCreatePropertyValue("appServerDBIDs")
        connections.add(client.filled(connections.createStructure(), appServerDBID=101, mode=0))
        options = kv(zeros=kv(zero=0, large=-(2**31)))
        inner.setPropertyValue("userProperties", options)
        event = client.ask(request("objects.RequestUpdateObject").create(delta))
        assert str(event.messageName()) == "EventObjectUpdated", event
    now = everything(path)["Application", 102].attributes
    assert (now["serverInfo"]["timeout"], now["serverInfo"]["attempts"]) == (0, 3)
    assert now["userProperties"]["zeros"] == {"zero": 0, "large": -(2**31)}


def test_an_update_without_a_delta_is_an_error(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        message = request("objects.RequestUpdateObject").create()
        message.setObjectType(12)
        assert code(client.ask(message))[0] == "CFGObjectNotFound"


def test_a_group_delta_adds_and_removes_agents_and_managers(listen: Listen, path: Path) -> None:
    with Client(listen(), "default", "password") as client:
        delta = conf("obj.ConfObjectDelta")(client.metadata.getCfgClass("CfgDeltaAgentGroup"))
        info = delta.getOrCreatePropertyValue("deltaGroupInfo")
        group = client.filled(info.getOrCreatePropertyValue("deltaGroup"), DBID=101)
        group.getOrCreatePropertyValue("managerDBIDs").add(number(102))
        info.getOrCreatePropertyValue("deletedManagerDBIDs").add(number(101))
        delta.getOrCreatePropertyValue("addedAgentDBIDs").add(number(103))
        delta.getOrCreatePropertyValue("deletedAgentDBIDs").add(number(102))
        event = client.ask(request("objects.RequestUpdateObject").create(delta))
        assert str(event.messageName()) == "EventObjectUpdated"
    with opened(path) as server:
        (one,) = server.read("AgentGroup", {"dbid": 101})
    assert one.attributes["agentDBIDs"] == [101, 103]
    assert one.attributes["managerDBIDs"] == [102]


def test_who_asked_for_it_is_told_and_nobody_else(listen: Listen) -> None:
    port = listen()
    with Client(port, "default", "password") as told, Client(port, "default", "password") as other:
        wanted = kv(one=kv(object_type=SCRIPT, tenant_id=0, object_dbid=0))
        event = told.ask(request("objects.RequestRegisterNotification").create(wanted))
        assert str(event.messageName()) == "EventNotificationRegistered"
        other.ask(request("objects.RequestDeleteObject").create(number(SCRIPT), number(101)))
        news = told.protocol.receive(5000)
        assert str(news.messageName()) == "EventObjectDeleted"
        assert (news.getObjectType(), news.getDbid()) == (SCRIPT, 101)
        assert news.getUnsolisitedEventNumber() > 0
        event = told.ask(request("objects.RequestUnregisterNotification").create(wanted))
        other.ask(request("objects.RequestDeleteObject").create(number(SCRIPT), number(103)))
        assert told.protocol.receive(500) is None
        assert other.protocol.receive(100) is None


def test_brief_information_of_persons(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        message = request("objects.RequestGetBriefInfo").create(number(PERSON), kv(tenant_dbid=102))
        (event, _) = client.ask_many(message, "EventObjectsSent")
        brief = event.getBriefObject()
        assert brief.getPropertyValue("userName") == "second"
        assert brief.getPropertyValue("tenantName") == "Second"
        assert brief.getPropertyValue("ID").getPropertyValue("DBID") == 104


def test_the_mode_is_read_and_changed(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        read_mode = request("security.RequestReadOperationalMode")
        assert client.ask(read_mode.create()).getOperationalMode() == 1
        change = request("security.RequestChangeOperationalMode").create()
        change.setOperationalMode(2)
        event = client.ask(change)
        assert str(event.messageName()) == "EventOperationalModeChanged"
        assert client.ask(read_mode.create()).getOperationalMode() == 2
        delete = request("objects.RequestDeleteObject").create(number(SCRIPT), number(101))
        assert code(client.ask(delete))[0] == "CFGReadOnlyOperationalModeActivated"


def test_permissions_are_read_and_set(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:

        def structure(name: str, **values: Any) -> Any:
            made = conf("obj.ConfStructure")(client.metadata.getCfgClass(name))
            return client.filled(made, **values)

        acl = structure("CfgACL", count=1)
        acl.setPropertyValue("objectID", structure("CfgACLID", CSID=0, DBID=101, type=SCRIPT))
        entries = acl.getOrCreatePropertyValue("ACEs")
        entry = client.filled(entries.createStructure(), accessMask=127)
        entry.setPropertyValue("ID", structure("CfgACEID", CSID=0, DBID=100, type=PERSON))
        entries.add(entry)
        update = request("security.RequestUpdatePermissions").create()
        update.setConfPermissionsACL(acl)
        assert str(client.ask(update).messageName()) == "EventPermissionsUpdated"
        ask = request("security.RequestReadPermissions").create()
        ask.setConfID(structure("CfgID", CSID=0, DBID=101, type=SCRIPT))
        found = client.ask(ask).getConfPermissionsACL()
        (one,) = found.getPropertyValue("ACEs")
        assert one.getPropertyValue("accessMask") == 127
        assert one.getPropertyValue("ID").getPropertyValue("DBID") == 100
        effective = request("security.RequestReadObjectPermissions").create()
        effective.setConfID(structure("CfgID", CSID=0, DBID=101, type=SCRIPT))
        effective.setAccountID(structure("CfgID", CSID=0, DBID=101, type=PERSON))
        assert client.ask(effective).getPermissions() == 0


def test_an_unserved_request_is_answered_and_the_session_goes_on(listen: Listen) -> None:
    with Client(listen(), "default", "password") as client:
        event = client.ask(request("objects.RequestReadObjects2").create(number(SCRIPT), "//x"))
        assert code(event)[0] == "CFGUnknownMessage"
        assert len(read(client, SCRIPT, tenant_dbid=101)) == 2
