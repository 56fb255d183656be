"""Deletion: vetoes, cascades, and references that are cleared."""

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    DependentObjectsError,
    ObjectNotFoundError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.site import (
    LEAST,
    annex,
    get,
    names,
    ordinary,
    value,
)


def test_an_application_that_another_connects_to_is_not_deleted(server: Server) -> None:
    with pytest.raises(DependentObjectsError, match="GWE") as caught:
        server.delete("Application", 101)
    assert caught.value.number == 13
    assert get(server, "Application", 101).attributes["name"] == "Ixn"
    server.delete("Application", 104)
    server.delete("Application", 101)
    assert names(server.read("Application")) == ["confserv", "default", "Stat", "Stat_B"]


def test_a_host_with_servers_and_a_template_in_use_are_not_deleted(
    server: Server,
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


def test_a_deleted_backup_is_taken_out_of_its_primary(server: Server) -> None:
    server.delete("Application", 103)
    stat = get(server, "Application", 102)
    assert stat.attributes["serverInfo"] == {"hostDBID": 101, "timeout": 10, "attempts": 1}
    assert stat.attributes["options"] == {"Filters": {"a": "A", "b": "B"}, "Other": {"only": "1"}}


def test_a_deleted_script_is_silently_unhooked(server: Server) -> None:
    server.delete("Script", 102)
    group = get(server, "AgentGroup", 101).attributes
    assert "capacityRuleDBID" not in group
    assert group["agentDBIDs"] == [101, 102]


def test_a_deleted_person_leaves_its_groups(server: Server) -> None:
    server.delete("Person", 101)
    group = get(server, "AgentGroup", 101).attributes
    assert (group["agentDBIDs"], group.get("managerDBIDs", [])) == ([102], [])
    assert group["capacityRuleDBID"] == 102


def test_a_deleted_attribute_takes_its_values_and_folders(server: Server) -> None:
    server.create("EnumeratorValue", value("Page", enumeratorDBID=102))
    gone = get(server, "EnumeratorValue", 101).folder
    server.delete("Enumerator", 101)
    assert [one.dbid for one in ordinary(server, "EnumeratorValue")] == [102]
    assert server.read("Folder", {"dbid": gone}) == []
    again = server.create("Enumerator", {**LEAST["Enumerator"], "name": "CaseData"})
    assert server.read("EnumeratorValue", {"enumerator_dbid": again.dbid}) == []


def test_a_deleted_tenant_takes_everything_in_it(server: Server) -> None:
    server.update("Application", 104, Delta(lists={"tenantDBIDs": ListDelta(added=(102,))}))
    server.delete("Tenant", 101)
    assert names(server.read("Tenant")) == ["Second"]
    assert [one.dbid for one in server.read("Script")] == [103]
    assert [one.dbid for one in server.read("Person")] == [100, 104]
    for gone in ("AgentGroup", "Enumerator", "EnumeratorValue"):
        assert ordinary(server, gone) == []
    assert get(server, "Application", 104).attributes["tenantDBIDs"] == [102]
    assert get(server, "Application", 102).attributes.get("tenantDBIDs", []) == []
    owners = [one.attributes["ownerID"] for one in server.read("Folder")]
    assert {one["DBID"] for one in owners if one["type"] == 7} == {1, 102}
    assert all(one["DBID"] < 100 for one in owners if one["type"] == 35)


def test_tenant_environment_is_neither_changed_nor_deleted(server: Server) -> None:
    before = get(server, "Tenant", 1)
    with pytest.raises(ConfigurationServerError):
        server.delete("Tenant", 1)
    with pytest.raises(ConfigurationServerError):
        server.update("Tenant", 1, annex("s", {"k": "v"}))
    assert get(server, "Tenant", 1) == before
    assert [one.dbid for one in server.read("Person", {"tenant_dbid": 1})] == [100]


@pytest.mark.parametrize("object_type", ["Script", "Application", "Person", "Folder"])
@pytest.mark.parametrize("dbid", [0, -1, 2**63, 2**70])
def test_a_dbid_that_no_object_can_have_is_not_found(
    server: Server, object_type: str, dbid: int
) -> None:
    with pytest.raises(ObjectNotFoundError):
        server.delete(object_type, dbid)
    with pytest.raises(ObjectNotFoundError):
        server.update(object_type, dbid, annex("s", {"k": "v"}))


def test_a_refused_deletion_deletes_nothing(server: Server) -> None:
    before = server.read("Application"), server.read("Host"), server.read("Folder")
    for object_type, dbid in (("Host", 101), ("Application", 101), ("AppPrototype", 101)):
        with pytest.raises(DependentObjectsError):
            server.delete(object_type, dbid)
    assert (server.read("Application"), server.read("Host"), server.read("Folder")) == before
