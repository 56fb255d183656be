"""The types of people, groups, campaigns and solutions: keys, references, deletion.

Transaction type 21 is a list, 22 a macro; access group type 2 is for users.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    DependentObjectsError,
    IncompleteObjectDataError,
    IncorrectReferencesError,
    ListItemNotFoundError,
    UnchangeableInfoError,
    UniquenessViolationError,
    ValueOutOfRangeError,
)
from reconciler.server.port import Server
from tests.contract.site import LEAST, application, get, names, script

# One of each type in tenant Resources that needs nothing else.
PLAIN: Mapping[str, Mapping[str, Any]] = {
    "AccessGroup": {"tenantDBID": 101, "name": "New"},
    "PlaceGroup": {"tenantDBID": 101, "name": "New"},
    "Role": {"tenantDBID": 101, "name": "New"},
    "Skill": {"tenantDBID": 101, "name": "New"},
    "Transaction": {"tenantDBID": 101, "name": "New", "type": 21, "alias": "New"},
    "ObjectiveTable": {"tenantDBID": 101, "name": "New"},
    "Campaign": {"tenantDBID": 101, "name": "New"},
    "Service": {"name": "New", "type": 1},
}
OF_A_TENANT = [object_type for object_type in PLAIN if object_type != "Service"]


PERSON_101, PERSON_102 = {"type": 3, "DBID": 101}, {"type": 3, "DBID": 102}


def campaign_group(name: str, **more: Any) -> dict[str, Any]:
    return {"tenantDBID": 101, "name": name, "campaignDBID": 101, "groupDBID": 101, **more}


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
        ("Service", "type"),
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


@pytest.mark.parametrize("missing", ["tenantDBID", "campaignDBID", "groupDBID", "name"])
def test_a_campaign_group_needs_tenant_campaign_group_and_name(
    server: Server, missing: str
) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    given = {name: one for name, one in campaign_group("Chat").items() if name != missing}
    with pytest.raises(IncompleteObjectDataError) as caught:
        server.create("CampaignGroup", given)
    assert caught.value.prop == missing


@pytest.mark.parametrize(
    ("object_type", "attribute", "other"),
    [
        ("AccessGroup", "type", 2),
        ("AccessGroup", "tenantDBID", 102),
        ("Skill", "tenantDBID", 102),
        ("Role", "tenantDBID", 102),
        ("Transaction", "type", 22),
        ("Transaction", "tenantDBID", 102),
        ("Service", "type", 2),
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


@pytest.mark.parametrize(
    ("object_type", "attribute", "wrong"),
    [
        ("AccessGroup", "memberIDs", [PERSON_101, {"type": 3, "DBID": 999}]),
        ("AccessGroup", "memberIDs", [{"type": 21, "DBID": 101}]),
        ("Role", "members", [{"type": 3, "DBID": 999}]),
        ("PlaceGroup", "capacityRuleDBID", 999),
        ("Campaign", "scriptDBID", 999),
        ("Service", "SCSDBID", 999),
        ("Service", "assignedTenantDBID", 999),
        ("Service", "components", [{"appDBID": 999}]),
    ],
)
def test_a_reference_leads_to_an_object(
    server: Server, object_type: str, attribute: str, wrong: Any
) -> None:
    with pytest.raises(IncorrectReferencesError) as caught:
        server.create(object_type, {**PLAIN[object_type], attribute: wrong})
    assert (caught.value.number, caught.value.prop) == (15, attribute)


def test_a_campaign_group_stays_in_its_tenant(server: Server) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    server.create("AgentGroup", {"tenantDBID": 102, "name": "Foreign"})
    for wrong in ({"groupDBID": 102}, {"groupDBID": 999}, {"campaignDBID": 999}):
        with pytest.raises(IncorrectReferencesError):
            server.create("CampaignGroup", campaign_group("Chat", **wrong))
    assert server.read("CampaignGroup") == []


def test_members_come_and_go_one_by_one(server: Server) -> None:
    server.create("AccessGroup", {**PLAIN["AccessGroup"], "memberIDs": [PERSON_101, PERSON_102]})
    person_103, group_97 = {"type": 3, "DBID": 103}, {"type": 21, "DBID": 97}
    subscription = server.subscribe("AccessGroup")
    change = Delta(
        lists={"memberIDs": ListDelta(added=(person_103, group_97), deleted=((3, 101),))}
    )
    updated = server.update("AccessGroup", 101, change)
    assert updated.attributes["memberIDs"] == [PERSON_102, person_103, group_97]
    assert [one.delta for one in subscription.receive()] == [change]
    for wrong in (ListDelta(added=(PERSON_102,)), ListDelta(added=(group_97,))):
        with pytest.raises(UniquenessViolationError):
            server.update("AccessGroup", 101, Delta(lists={"memberIDs": wrong}))
    for gone in ((3, 101), (3, 97), (21, 102)):
        with pytest.raises(ListItemNotFoundError):
            server.update(
                "AccessGroup", 101, Delta(lists={"memberIDs": ListDelta(deleted=(gone,))})
            )


def test_a_person_and_a_group_of_one_number_are_two_members(server: Server) -> None:
    server.create("AccessGroup", PLAIN["AccessGroup"])
    both = [PERSON_101, {"type": 21, "DBID": 101}]
    server.create("AccessGroup", {**PLAIN["AccessGroup"], "name": "Both", "memberIDs": both})
    server.delete("AccessGroup", 101)
    assert get(server, "AccessGroup", 102).attributes["memberIDs"] == [PERSON_101]


@pytest.mark.parametrize(
    "wrong",
    [[101], [{"DBID": 0}, {}], [{"type": 3}], [{"type": 12, "DBID": 101}], [PERSON_101] * 2],
)
def test_a_member_has_a_type_and_a_dbid(server: Server, wrong: Any) -> None:
    with pytest.raises(ValueOutOfRangeError) as caught:
        server.create("AccessGroup", {**PLAIN["AccessGroup"], "memberIDs": wrong})
    assert caught.value.prop == "memberIDs"


def test_a_campaign_is_for_a_group_of_agents_or_of_places(server: Server) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    places = server.create("PlaceGroup", {"tenantDBID": 101, "name": "Places"}).dbid
    server.create("PlaceGroup", {"tenantDBID": 101, "name": "Others"})
    server.create("CampaignGroup", campaign_group("Chat"))
    server.create("CampaignGroup", campaign_group("Places", groupDBID=places, groupType=6))
    with pytest.raises(IncorrectReferencesError):
        server.create("CampaignGroup", campaign_group("None", groupDBID=102))
    with pytest.raises(ValueOutOfRangeError):
        server.create("CampaignGroup", campaign_group("None", groupType=3))
    server.delete("AgentGroup", 101)
    assert [one.attributes["name"] for one in server.read("CampaignGroup")] == ["Places"]
    server.delete("PlaceGroup", places)
    assert server.read("CampaignGroup") == []


def test_a_person_has_a_skill_once_and_its_level_can_change(server: Server) -> None:
    server.create("Skill", PLAIN["Skill"])
    added = ListDelta(added=({"skillDBID": 101, "level": 3},))
    server.update("Person", 101, Delta(lists={"skillLevels": added}))
    with pytest.raises(UniquenessViolationError):
        server.update("Person", 101, Delta(lists={"skillLevels": added}))
    changed = ListDelta(changed=({"skillDBID": 101, "level": 7},))
    updated = server.update("Person", 101, Delta(lists={"skillLevels": changed}))
    assert updated.attributes["skillLevels"] == [{"skillDBID": 101, "level": 7}]
    with pytest.raises(ListItemNotFoundError):
        server.update("Person", 102, Delta(lists={"skillLevels": changed}))


@pytest.mark.parametrize(
    ("object_type", "dbid", "attribute", "entry"),
    [
        ("Application", 102, "portInfos", {"port": "7000"}),
        ("Application", 102, "appServerDBIDs", {"id": "default"}),
        ("Person", 101, "skillLevels", {"level": 1}),
        ("Folder", 101, "objectIDs", {"type": 20}),
    ],
)
@pytest.mark.parametrize("bucket", ["added", "changed"])
def test_an_entry_without_its_key_is_refused(
    server: Server, object_type: str, dbid: int, attribute: str, entry: Any, bucket: str
) -> None:
    before = get(server, object_type, dbid)
    delta = Delta(lists={attribute: ListDelta(**{bucket: (entry,)})})
    with pytest.raises((ValueOutOfRangeError, ListItemNotFoundError, IncompleteObjectDataError)):
        server.update(object_type, dbid, delta)
    assert get(server, object_type, dbid) == before


# Deletion


def test_a_deleted_person_leaves_access_groups_and_roles(server: Server) -> None:
    server.create("AccessGroup", {**PLAIN["AccessGroup"], "memberIDs": [PERSON_101, PERSON_102]})
    server.create("Role", {**PLAIN["Role"], "members": [PERSON_101]})
    server.delete("Person", 101)
    assert get(server, "AccessGroup", 101).attributes["memberIDs"] == [PERSON_102]
    assert get(server, "Role", 101).attributes.get("members", []) == []


def test_a_deleted_skill_leaves_the_persons_that_had_it(server: Server) -> None:
    server.create("Skill", PLAIN["Skill"])
    server.create("Skill", {**PLAIN["Skill"], "name": "Other"})
    both = ListDelta(added=({"skillDBID": 101, "level": 1}, {"skillDBID": 102, "level": 2}))
    server.update("Person", 101, Delta(lists={"skillLevels": both}))
    server.delete("Skill", 101)
    assert get(server, "Person", 101).attributes["skillLevels"] == [{"skillDBID": 102, "level": 2}]


def test_a_deleted_objective_table_is_taken_out_of_groups_persons_and_tenants(
    server: Server,
) -> None:
    server.create("ObjectiveTable", PLAIN["ObjectiveTable"])
    server.update("AgentGroup", 101, Delta(values={"contractDBID": 101}))
    server.update("Person", 101, Delta(values={"contractDBID": 101}))
    server.update("Tenant", 101, Delta(values={"defaultContractDBID": 101}))
    server.delete("ObjectiveTable", 101)
    assert not get(server, "AgentGroup", 101).attributes.get("contractDBID")
    assert not get(server, "Person", 101).attributes.get("contractDBID")
    assert not get(server, "Tenant", 101).attributes.get("defaultContractDBID")


def test_a_deleted_script_is_taken_out_of_place_groups_and_campaigns(server: Server) -> None:
    server.create("PlaceGroup", {**PLAIN["PlaceGroup"], "capacityRuleDBID": 102})
    server.create("Campaign", {**PLAIN["Campaign"], "scriptDBID": 102})
    server.create("CampaignGroup", campaign_group("Chat", scriptDBID=102, interactionQueueDBID=102))
    server.delete("Script", 102)
    assert not get(server, "PlaceGroup", 101).attributes.get("capacityRuleDBID")
    assert not get(server, "Campaign", 101).attributes.get("scriptDBID")
    left = get(server, "CampaignGroup", 101).attributes
    assert not left.get("scriptDBID")
    assert not left.get("interactionQueueDBID")


@pytest.mark.parametrize("gone", ["Campaign", "AgentGroup"])
def test_a_campaign_group_goes_with_its_campaign_and_with_its_group(
    server: Server, gone: str
) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    server.create("CampaignGroup", campaign_group("Chat"))
    server.delete(gone, 101)
    assert server.read("CampaignGroup") == []
    left = {"Campaign": "AgentGroup", "AgentGroup": "Campaign"}[gone]
    assert [one.dbid for one in server.read(left)] == [101]


def test_a_part_of_a_solution_is_not_deleted_unless_it_is_optional(server: Server) -> None:
    parts = [{"appDBID": 101}, {"appDBID": 104, "isOptional": True}]
    server.create("Service", {**PLAIN["Service"], "components": parts})
    server.delete("Application", 104)
    (left,) = get(server, "Service", 101).attributes["components"]
    assert (left["appDBID"], left["isOptional"]) == (101, False)
    with pytest.raises(DependentObjectsError, match="New") as caught:
        server.delete("Application", 101)
    assert caught.value.number == 13
    server.delete("Service", 101)
    server.delete("Application", 101)
    assert names(server.read("Application")) == ["confserv", "default", "Stat", "Stat_B"]


def test_a_deleted_solution_control_server_is_taken_out_of_hosts_and_solutions(
    server: Server,
) -> None:
    scs = server.create("Application", application("SCS", type=43)).dbid
    server.create("Service", {**PLAIN["Service"], "SCSDBID": scs})
    server.update("Host", 102, Delta(values={"SCSDBID": scs}))
    server.delete("Application", scs)
    assert not get(server, "Service", 101).attributes.get("SCSDBID")
    assert not get(server, "Host", 102).attributes.get("SCSDBID")


def test_a_deleted_tenant_takes_its_groups_campaigns_and_transactions(server: Server) -> None:
    for object_type in OF_A_TENANT:
        server.create(object_type, PLAIN[object_type])
        server.create(object_type, {**PLAIN[object_type], "tenantDBID": 102})
    server.create("CampaignGroup", campaign_group("Chat", scriptDBID=101))
    server.create("Service", {**PLAIN["Service"], "assignedTenantDBID": 101})
    server.delete("Tenant", 101)
    for object_type in OF_A_TENANT:
        assert [one.dbid for one in server.read(object_type) if one.dbid > 100] == [102]
    assert server.read("CampaignGroup") == []
    assert not get(server, "Service", 101).attributes.get("assignedTenantDBID")


def test_a_deleted_tenant_may_name_its_own_rule_as_its_default(server: Server) -> None:
    server.update("Tenant", 101, Delta(values={"defaultCapacityRuleDBID": 102}))
    server.delete("Tenant", 101)
    assert names(server.read("Tenant")) == ["Second"]
    assert server.create("Tenant", LEAST["Tenant"]).dbid == 103
    assert server.create("Script", script("Rule", tenantDBID=103)).dbid == 104


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
