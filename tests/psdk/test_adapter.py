"""The adapter, answered by the vendor's own listener with events that are built by hand."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.server.connection import ConnectionOptions
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    DependentObjectsError,
    IncorrectReferencesError,
    LoginIncorrectError,
    OutcomeUnknownError,
    ReadOnlyModeError,
    UnsecureConnectionDeniedError,
    UserMustChangePasswordError,
)
from reconciler.server.port import AccessEntry, ConfObject
from reconciler.server.psdk.adapter import PsdkServer
from tests.psdk.byhand import Responder, conf, kv, number
from tests.psdk.relay import Relay
from tests.psdk.support import sdk, session

Events = Callable[[Any], list[Any]]


def metadata() -> Any:
    return conf("metadata.CfgMetadata")()


def event(name: str) -> Any:
    return conf(f"confserver.events.{name}")


def filled(one: Any, /, **values: Any) -> Any:
    for key, value in values.items():
        one.setPropertyValue(key, number(value) if isinstance(value, int) else value)
    return one


def made(name: str, /, **values: Any) -> Any:
    return filled(conf("obj.ConfObject")(metadata().getCfgClass(name)), **values)


def read_event(name: str, *objects: Any, folders: Any = None, paths: Any = None) -> Any:
    description = metadata().getCfgClass(name)
    collection = conf("obj.ConfObjectsCollection")(description)
    for one in objects:
        collection.add(one)
    answer = event("EventObjectsRead").create()
    answer.setObjectType(description.getCfgEnum().ordinal())
    answer.setObjects(collection)
    if folders:
        answer.setFolderDbids(sdk().longs(folders))
        answer.setObjectPaths(sdk().texts(paths))
    return answer


def sent(message: Any) -> Any:
    return event("EventObjectsSent").create(message.getObjectType())


def error(code: int, text: str = "said by hand") -> Events:
    return lambda message: [event("EventError").create(number(code), text)]  # noqa: ARG005


def connected(responder: Responder, **more: Any) -> PsdkServer:
    return session(responder.port, "anna", "secret", **more)


def test_objects_of_several_events_are_one_answer_in_order_of_dbid() -> None:
    def answer(message: Any) -> list[Any]:
        first = made("CfgScript", DBID=300, tenantDBID=101, name="Später", type=23, state=1)
        second = made("CfgScript", DBID=200, tenantDBID=101, name="B", type=6, state=2)
        second.setPropertyValue("userProperties", kv(s=kv(k="v", n=7), empty=kv()))
        return [
            read_event("CfgScript", first, folders=[9], paths=["Scripts/Chat"]),
            read_event("CfgScript", second, folders=[8], paths=["Scripts"]),
            sent(message),
        ]

    with Responder({"RequestReadObjects": answer}) as responder:
        server = connected(responder)
        found = server.read("Script", {"tenant_dbid": 101, "exclude_bytecode": True})
        asked = responder.seen[0].getFilter()
        server.close()
    shared = {"tenantDBID": 101}
    assert found == [
        ConfObject(
            "Script",
            200,
            {
                **shared,
                "name": "B",
                "type": 6,
                "state": 2,
                "userProperties": {"s": {"k": "v", "n": 7}},
            },
            8,
            "Scripts",
        ),
        ConfObject(
            "Script", 300, {**shared, "name": "Später", "type": 23, "state": 1}, 9, "Scripts/Chat"
        ),
    ]
    assert {str(p.getStringKey()): int(p.getValue()) for p in asked} == {
        "tenant_dbid": 101,
        "exclude_bytecode": 1,
        "read_folder_dbid": 1,
        "object_path": 1,
    }


def test_an_application_is_read_with_its_structures_and_flags() -> None:
    def answer(message: Any) -> list[Any]:
        one = made("CfgApplication", DBID=104, name="GWE", type=185, autoRestart=2, isPrimary=1)
        filled(one.getOrCreatePropertyValue("serverInfo"), hostDBID=101, backupServerDBID=0)
        connections = one.getOrCreatePropertyValue("appServerDBIDs")
        connections.add(filled(connections.createStructure(), appServerDBID=101, id="default"))
        one.getOrCreatePropertyValue("tenantDBIDs").add(number(101))
        one.setPropertyValue("password", "hash")
        return [read_event("CfgApplication", one), sent(message)]

    with Responder({"RequestReadObjects": answer}) as responder:
        server = connected(responder)
        (found,) = server.read("Application")
        server.close()
    assert found == ConfObject(
        "Application",
        104,
        {
            "name": "GWE",
            "type": 185,
            "autoRestart": True,
            "isPrimary": False,
            "serverInfo": {"hostDBID": 101},
            "appServerDBIDs": [{"appServerDBID": 101, "id": "default"}],
            "tenantDBIDs": [101],
            "password": "hash",
        },
    )


def test_a_persons_agent_info_stands_on_the_person_and_no_password_is_seen() -> None:
    def answer(message: Any) -> list[Any]:
        one = made("CfgPerson", DBID=101, tenantDBID=101, employeeID="1001", userName="anna")
        one.setPropertyValue("password", "5f4dcc3b")
        info = filled(one.getOrCreatePropertyValue("agentInfo"), capacityRuleDBID=102)
        skills = info.getOrCreatePropertyValue("skillLevels")
        skills.add(filled(skills.createStructure(), skillDBID=5, level=3))
        return [read_event("CfgPerson", one), sent(message)]

    with Responder({"RequestReadObjects": answer}) as responder:
        server = connected(responder)
        (found,) = server.read("Person")
        server.close()
    assert found.attributes == {
        "tenantDBID": 101,
        "employeeID": "1001",
        "userName": "anna",
        "skillLevels": [{"skillDBID": 5, "level": 3}],
        "capacityRuleDBID": 102,
    }


def test_a_create_says_the_folder_and_gives_back_what_the_server_made() -> None:
    def created(message: Any) -> list[Any]:
        assert message.getParameters().getInt("folder_dbid") == 77
        assert message.getObject().getPropertyValue("isDefault") == 1
        answer = event("EventObjectCreated").create()
        one = made("CfgEnumeratorValue", DBID=500, tenantDBID=101, enumeratorDBID=9, name="Chat")
        answer.setObject(filled(one, displayName="rewritten", isDefault=1, state=1))
        answer.setObjectType(36)
        answer.setFolderDbid(77)
        return [answer]

    def read(message: Any) -> list[Any]:
        one = made("CfgEnumeratorValue", DBID=500, tenantDBID=101, enumeratorDBID=9, name="Chat")
        one = filled(one, displayName="rewritten", isDefault=1, state=1)
        return [read_event("CfgEnumeratorValue", one, folders=[77], paths=["P"]), sent(message)]

    given = {"tenantDBID": 101, "enumeratorDBID": 9, "name": "Chat", "displayName": "Chat"}
    with Responder({"RequestCreateObject": created, "RequestReadObjects": read}) as responder:
        server = connected(responder)
        answer = server.create("EnumeratorValue", {**given, "isDefault": False}, 77)
        server.close()
    assert (answer.dbid, answer.folder, answer.path) == (500, 77, "P")
    assert answer.attributes["displayName"] == "rewritten"


def test_an_update_of_a_group_names_only_what_changes() -> None:
    seen: list[str] = []

    def updated(message: Any) -> list[Any]:
        delta = message.getObjectDelta()
        info = delta.getPropertyValue("deltaGroupInfo")
        group = info.getPropertyValue("deltaGroup")
        assert group.getPropertyValue("DBID") == 101
        assert group.getPropertyValue("name") is None
        annex = group.getPropertyValue("userProperties")
        seen.append(str(annex.getList("new").getString("k")))
        changed = info.getPropertyValue("changedUserProperties")
        seen.append(str(changed.getList("old").getString("k")))
        deleted = info.getPropertyValue("deletedUserProperties")
        seen.append(f"{deleted.getList('gone').size()} {deleted.getList('part').size()}")
        seen.append(f"{list(delta.getPropertyValue('addedAgentDBIDs'))}")
        seen.append(f"{list(info.getPropertyValue('deletedManagerDBIDs'))}")
        answer = event("EventObjectUpdated").create(number(5))
        answer.setObjectDelta(delta)
        return [answer]

    def read(message: Any) -> list[Any]:
        one = made("CfgAgentGroup")
        filled(one.getOrCreatePropertyValue("groupInfo"), DBID=101, name="Chat")
        return [read_event("CfgAgentGroup", one), sent(message)]

    annex = KeyValueDelta({"new": {"k": "v"}}, {"old": {"k": "w"}}, {"gone": (), "part": ("one",)})
    lists = {
        "agentDBIDs": ListDelta(added=(7,)),
        "managerDBIDs": ListDelta(deleted=(8,)),
    }
    with Responder({"RequestUpdateObject": updated, "RequestReadObjects": read}) as responder:
        server = connected(responder)
        server.update("AgentGroup", 101, Delta({}, {"userProperties": annex}, lists))
        server.close()
    assert seen == ["v", "w", "0 1", "[7]", "[8]"]


def test_an_update_to_zero_leaves_as_a_zero_and_the_sdks_listener_drops_it() -> None:
    """What is said of the wire in docs/connecting.md: the bytes hold the 0."""
    arrived: list[Any] = []

    def updated(message: Any) -> list[Any]:
        delta = message.getObjectDelta()
        group = delta.getPropertyValue("deltaGroupInfo").getPropertyValue("deltaGroup")
        arrived.append(group.getPropertyValue("capacityRuleDBID"))
        answer = event("EventObjectUpdated").create(number(5))
        answer.setObjectDelta(delta)
        return [answer]

    def read(message: Any) -> list[Any]:
        one = made("CfgAgentGroup")
        filled(one.getOrCreatePropertyValue("groupInfo"), DBID=101, name="Chat", capacityRuleDBID=7)
        return [read_event("CfgAgentGroup", one), sent(message)]

    said: list[bytes] = []
    with Responder({"RequestUpdateObject": updated, "RequestReadObjects": read}) as responder:
        relay = Relay(responder.port)
        server = session(relay.port, "anna", "secret", options=ConnectionOptions(addp=False))
        for value in (0, 7):
            relay.heard.clear()
            answer = server.update("AgentGroup", 101, Delta({"capacityRuleDBID": value}))
            said.append(bytes(relay.heard).partition(b"\x00\x09s")[2][:70])
            assert answer.attributes["capacityRuleDBID"] == 7  # as it is, not as it was meant
        server.close()
        relay.close()
    assert len(said[0]) == 70
    differing = [(a, b) for a, b in zip(*said, strict=True) if a != b]
    assert differing == [(ord("0"), ord("7"))]
    assert arrived == [None, 7]


@pytest.mark.parametrize(
    ("code", "expected", "about"),
    [
        (15 | 12 << 8 | 89 << 16, IncorrectReferencesError, ("Script", "name")),
        (29, ReadOnlyModeError, ("", "")),
        (13 | 1 << 8 | 89 << 16, DependentObjectsError, ("Switch", "name")),
        (19, ConfigurationServerError, ("", "")),
        (99, ConfigurationServerError, ("", "")),
    ],
)
def test_an_error_event_is_the_error_of_its_number_with_type_and_property(
    code: int, expected: type[ConfigurationServerError], about: tuple[str, str]
) -> None:
    with Responder({"RequestDeleteObject": error(code, "gewählt")}) as responder:
        server = connected(responder)
        with pytest.raises(expected) as caught:
            server.delete("Script", 101)
        server.close()
    assert caught.value.detail.startswith("gewählt")
    assert (caught.value.object_type, caught.value.prop) == about


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (4, LoginIncorrectError),
        (38, UnsecureConnectionDeniedError),
        (40, UserMustChangePasswordError),
    ],
)
def test_a_refused_log_in_is_the_error_of_its_number(
    code: int, expected: type[ConfigurationServerError]
) -> None:
    with Responder({"RequestRegisterClient": error(code)}) as responder, pytest.raises(expected):
        connected(responder)


def test_a_read_that_ends_in_an_error_gives_no_part_of_the_answer() -> None:
    def answer(message: Any) -> list[Any]:
        one = made("CfgScript", DBID=1, name="part")
        return [read_event("CfgScript", one), *error(19)(message)]

    with Responder({"RequestReadObjects": answer}) as responder:
        server = connected(responder)
        with pytest.raises(ConfigurationServerError, match="DBResponseTimedOut"):
            server.read("Script")
        server.close()


def test_a_create_without_the_object_in_its_answer_has_an_unknown_outcome() -> None:
    def created(message: Any) -> list[Any]:
        return [event("EventObjectCreated").create()]

    with Responder({"RequestCreateObject": created}) as responder:
        server = connected(responder)
        with pytest.raises(OutcomeUnknownError):
            server.create("Script", {"tenantDBID": 101, "name": "x", "type": 23})
        server.close()


def test_permissions_are_read_by_account() -> None:
    def answer(message: Any) -> list[Any]:
        assert message.getConfID().getPropertyValue("DBID") == 101
        acl = conf("obj.ConfStructure")(metadata().getCfgClass("CfgACL"))
        entries = acl.getOrCreatePropertyValue("ACEs")
        for dbid, kind, mask in ((100, 3, 127), (97, 21, 1)):
            entry = filled(entries.createStructure(), accessMask=mask)
            filled(entry.getOrCreatePropertyValue("ID"), CSID=0, DBID=dbid, type=kind)
            entries.add(entry)
        found = event("EventPermissionsRead").create()
        found.setConfPermissionsACL(acl)
        return [found]

    with Responder({"RequestReadPermissions": answer}) as responder:
        server = connected(responder)
        found = server.permissions("Script", 101)
        server.close()
    assert found == [AccessEntry("AccessGroup", 97, 1), AccessEntry("Person", 100, 127)]
