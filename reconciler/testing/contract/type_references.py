"""References of people, groups, campaigns and solutions: members, and what deletion does."""

from typing import Any

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    DependentObjectsError,
    IncompleteObjectDataError,
    IncorrectReferencesError,
    ListItemNotFoundError,
    UniquenessViolationError,
    UnspecifiedModificationError,
    ValueOutOfRangeError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.site import (
    LEAST,
    OF_A_TENANT,
    PERSON_101,
    PERSON_102,
    PLAIN,
    application,
    campaign_group,
    get,
    names,
    script,
)


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


def test_the_type_of_a_campaigns_group_changes_only_together_with_the_group(
    server: Server,
) -> None:
    server.create("Campaign", PLAIN["Campaign"])
    places = server.create("PlaceGroup", {"tenantDBID": 101, "name": "Places"}).dbid
    agents = server.create("CampaignGroup", campaign_group("Chat")).attributes["groupDBID"]
    assert agents == places  # a type alone could be meant for the place group of this DBID
    subscription = server.subscribe("CampaignGroup")
    both = Delta(values={"groupType": 6, "description": "New"})
    updated = server.update("CampaignGroup", 101, both)
    assert (updated.attributes["groupType"], updated.attributes["description"]) == (5, "New")
    assert [one.delta for one in subscription.receive()] == [Delta(values={"description": "New"})]
    with pytest.raises(UnspecifiedModificationError):
        server.update("CampaignGroup", 101, Delta(values={"groupType": 6}))
    server.update("CampaignGroup", 101, Delta(values={"groupType": 6, "groupDBID": places}))
    assert get(server, "CampaignGroup", 101).attributes["groupType"] == 6


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
