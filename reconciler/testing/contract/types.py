"""The types of people, groups, campaigns and solutions: keys, and mandatory attributes.

Transaction type 21 is a list, 22 a macro; access group type 2 is for users.
"""

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    IncompleteObjectDataError,
    IncorrectReferencesError,
    UnchangeableInfoError,
    UniquenessViolationError,
    ValueOutOfRangeError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.site import LEAST_OF_ALL, OF_A_TENANT, PLAIN, campaign_group, get

# Keys


@pytest.mark.parametrize("object_type", PLAIN)
def test_the_first_object_of_a_type_has_dbid_101_and_its_own_default_folder(
    server: Server, object_type: str
) -> None:
    folder = {
        "AccessGroup": "Access Groups",
        "PlaceGroup": "Place Groups",
        "Role": "Roles",
        "Skill": "Skills",
        "Transaction": "Transactions",
        "ObjectiveTable": "Objective Tables",
        "Campaign": "Campaigns",
        "Service": "Solutions",
    }[object_type]
    created = server.create(object_type, PLAIN[object_type])
    assert (created.type, created.dbid, created.path) == (object_type, 101, folder)
    assert created.attributes.items() >= {**PLAIN[object_type], "state": 1}.items()
    assert get(server, object_type, 101) == created


@pytest.mark.parametrize("object_type", PLAIN)
def test_a_name_is_taken_once_in_its_scope(server: Server, object_type: str) -> None:
    server.create(object_type, PLAIN[object_type])
    with pytest.raises(UniquenessViolationError) as caught:
        server.create(object_type, PLAIN[object_type])
    assert (caught.value.number, caught.value.object_type) == (12, object_type)


@pytest.mark.parametrize("object_type", OF_A_TENANT)
def test_another_tenant_may_have_an_object_of_the_same_name(
    server: Server, object_type: str
) -> None:
    server.create(object_type, PLAIN[object_type])
    assert server.create(object_type, {**PLAIN[object_type], "tenantDBID": 102}).dbid == 102


def test_groups_of_different_types_may_have_one_name(server: Server) -> None:
    for object_type in ("AccessGroup", "PlaceGroup", "Role", "Skill", "Campaign"):
        created = server.create(object_type, {"tenantDBID": 101, "name": "Chat"})
        assert created.attributes["name"] == "Chat"


def test_a_transaction_is_known_by_type_and_name_and_by_type_and_alias(server: Server) -> None:
    server.create("Transaction", PLAIN["Transaction"])
    macro = {**PLAIN["Transaction"], "type": 22}
    assert server.create("Transaction", macro).dbid == 102
    with pytest.raises(UniquenessViolationError):
        server.create("Transaction", {**PLAIN["Transaction"], "alias": "Other"})
    with pytest.raises(UniquenessViolationError):
        server.create("Transaction", {**PLAIN["Transaction"], "name": "Other"})
    with pytest.raises(UniquenessViolationError):
        server.create("Transaction", macro)


def test_a_campaign_group_is_known_by_campaign_and_name(server: Server) -> None:
    server.create("Campaign", {"tenantDBID": 101, "name": "First"})
    server.create("Campaign", {"tenantDBID": 101, "name": "Second"})
    assert server.create("CampaignGroup", campaign_group("Chat")).dbid == 101
    with pytest.raises(UniquenessViolationError):
        server.create("CampaignGroup", campaign_group("Chat"))
    assert server.create("CampaignGroup", campaign_group("Chat", campaignDBID=102)).dbid == 102


# Mandatory and immutable attributes


@pytest.mark.parametrize(
    ("object_type", "missing"),
    [
        ("AccessGroup", "tenantDBID"),
        ("AccessGroup", "name"),
        ("PlaceGroup", "name"),
        ("Role", "name"),
        ("Skill", "tenantDBID"),
        ("Skill", "name"),
        ("Transaction", "type"),
        ("Transaction", "alias"),
        ("Transaction", "name"),
        ("ObjectiveTable", "name"),
        ("Campaign", "tenantDBID"),
        ("Service", "solutionType"),
        ("Service", "name"),
    ],
)
def test_a_create_without_what_the_type_needs_is_refused(
    server: Server, object_type: str, missing: str
) -> None:
    given = {name: one for name, one in PLAIN[object_type].items() if name != missing}
    with pytest.raises(IncompleteObjectDataError) as caught:
        server.create(object_type, given)
    assert (caught.value.number, caught.value.prop) == (14, missing)
    assert [one.dbid for one in server.read(object_type) if one.dbid > 100] == []


@pytest.mark.parametrize("missing", ["campaignDBID", "groupDBID", "name"])
def test_a_campaign_group_needs_campaign_group_and_name(server: Server, missing: str) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    given = {name: one for name, one in campaign_group("Chat").items() if name != missing}
    with pytest.raises(IncompleteObjectDataError) as caught:
        server.create("CampaignGroup", given)
    assert caught.value.prop == missing


def test_a_campaign_group_has_the_tenant_of_its_campaign(server: Server) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    given = {name: one for name, one in campaign_group("Chat").items() if name != "tenantDBID"}
    assert server.create("CampaignGroup", given).attributes["tenantDBID"] == 101


def test_the_length_of_a_field_can_be_set_later_but_once(server: Server) -> None:
    given = {"name": "New", "type": 1, "fieldType": 2, "length": 0, "tenantDBID": 101}
    dbid = server.create("Field", given).dbid
    server.update("Field", dbid, Delta(values={"length": 4}))
    assert get(server, "Field", dbid).attributes["length"] == 4
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update("Field", dbid, Delta(values={"length": 5}))
    assert (caught.value.number, caught.value.prop) == (16, "length")


@pytest.mark.parametrize("event", ["alarmDetectEvent", "alarmRemovalEvent"])
def test_the_event_of_an_alarm_names_no_application_unless_it_says_one(
    server: Server, event: str
) -> None:
    given = {**LEAST_OF_ALL["AlarmCondition"], event: {"logEventID": 1}}
    created = server.create("AlarmCondition", given)
    expected = {"logEventID": 1, "appType": 0}
    assert get(server, "AlarmCondition", created.dbid).attributes[event] == expected
    server.update("AlarmCondition", created.dbid, Delta(values={event: {"appType": 45}}))
    server.update("AlarmCondition", created.dbid, Delta(values={event: {"appType": 0}}))
    assert get(server, "AlarmCondition", created.dbid).attributes[event] == expected
    with pytest.raises(ValueOutOfRangeError):
        server.update("AlarmCondition", created.dbid, Delta(values={event: {"appType": -1}}))


@pytest.mark.parametrize(
    ("object_type", "attribute", "other"),
    [
        ("AccessGroup", "type", 2),
        ("AccessGroup", "tenantDBID", 102),
        ("Skill", "tenantDBID", 102),
        ("Role", "tenantDBID", 102),
        ("Transaction", "type", 22),
        ("Transaction", "tenantDBID", 102),
        ("Service", "solutionType", 2),
    ],
)
def test_what_makes_an_object_what_it_is_never_changes(
    server: Server, object_type: str, attribute: str, other: int
) -> None:
    created = server.create(object_type, PLAIN[object_type])
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update(object_type, 101, Delta(values={attribute: other}))
    assert (caught.value.number, caught.value.prop) == (16, attribute)
    assert get(server, object_type, 101) == created


def test_a_group_is_an_ordinary_one_unless_it_says_otherwise(server: Server) -> None:
    assert server.create("AccessGroup", PLAIN["AccessGroup"]).attributes["type"] == 1
    users = {**PLAIN["AccessGroup"], "name": "Users", "type": 2}
    assert server.create("AccessGroup", users).attributes["type"] == 2


# References


def test_types_are_read_by_what_other_objects_say_of_them(full_server: Server) -> None:
    """Filters of the vendor's object model that compare no attribute of the object itself."""
    folder = full_server.read("Service")[0].folder
    full_server.update(
        "AccessGroup", 101, Delta(lists={"memberIDs": ListDelta(added=({"type": 3, "DBID": 101},))})
    )
    group = {"tenantDBID": 101, "name": "Nested", "memberIDs": [{"type": 21, "DBID": 101}]}
    full_server.create("AccessGroup", group)
    login = ListDelta(added=({"agentLoginDBID": 101},))
    full_server.update("Person", 102, Delta(lists={"agentLogins": login}))
    full_server.update("IVRPort", 101, Delta(values={"DNDBID": 101}))
    full_server.update("Switch", 101, Delta(values={"TServerDBID": 102}))
    expected: list[tuple[str, dict[str, str | int], list[int]]] = [
        ("AccessGroup", {"person_dbid": 101}, [101]),
        ("Person", {"switch_dbid": 101}, [102]),
        ("Person", {"switch_dbid": 102}, []),
        ("DN", {"ivr_dbid": 101}, [101]),
        ("DN", {"ivr_dbid": 102}, []),
        ("Application", {"switch_dbid": 101}, [102]),
        ("Service", {"folder_dbid": folder}, [101]),
        ("Service", {"folder_dbid": folder + 1}, []),
    ]
    for object_type, filters, dbids in expected:
        assert [one.dbid for one in full_server.read(object_type, filters)] == dbids, filters


def test_new_types_are_read_by_their_own_filters(server: Server) -> None:
    for kind, alias in ((21, "List"), (22, "Macro")):
        server.create("Transaction", {**PLAIN["Transaction"], "type": kind, "alias": alias})
    server.create("Campaign", PLAIN["Campaign"])
    server.create("CampaignGroup", campaign_group("Chat"))
    expected: dict[tuple[str, str, str | int], list[int]] = {
        ("Transaction", "object_type", 22): [102],
        ("Transaction", "alias", "List"): [101],
        ("Transaction", "tenant_dbid", 102): [],
        ("CampaignGroup", "campaign_dbid", 101): [101],
        ("CampaignGroup", "group_dbid", 101): [101],
        ("CampaignGroup", "group_dbid", 102): [],
        ("Campaign", "name", "New"): [101],
        ("AccessGroup", "name", "EVERYONE"): [97],
    }
    for (object_type, key, value), dbids in expected.items():
        assert [one.dbid for one in server.read(object_type, {key: value})] == dbids


# What the server makes by itself


def test_a_new_tenant_has_the_predefined_attributes_of_environment(server: Server) -> None:
    def attributes(tenant: int) -> dict[str, list[tuple[str, bool]]]:
        found = server.read("Enumerator", {"tenant_dbid": tenant})
        values = server.read("EnumeratorValue", {"tenant_dbid": tenant})
        return {
            one.attributes["name"]: [
                (value.attributes["name"], value.attributes["isDefault"])
                for value in values
                if value.attributes["enumeratorDBID"] == one.dbid
            ]
            for one in found
        }

    tenant = server.create("Tenant", {"name": "Third"}).dbid
    assert attributes(tenant) == attributes(1)
    assert attributes(tenant)["InteractionType"] == [
        ("Inbound", True),
        ("Outbound", False),
        ("Internal", False),
    ]
    (media,) = server.read("Enumerator", {"tenant_dbid": tenant, "name": "MediaType"})
    assert (media.dbid > 100, media.path) == (True, "Business Attributes")


def test_an_application_has_the_type_and_version_of_its_template(server: Server) -> None:
    given = {
        "name": "New",
        "appPrototypeDBID": 101,
        "workDirectory": ".",
        "commandLine": ".",
        "tenantDBIDs": [101],
    }
    made = server.create("Application", given).attributes
    assert (made["type"], made["version"], made["isServer"]) == (2, "8.5.0", True)
    other = server.create("Application", {**given, "name": "Newer", "version": "8.5.1"})
    assert other.attributes["version"] == "8.5.1"
    wrong = {"name": "Newest", "appPrototypeDBID": 999, "type": 2, "version": "1"}
    with pytest.raises(IncorrectReferencesError):
        server.create("Application", {**given, **wrong})
