"""DBIDs and unique keys: what tells one object from another, and in which scope."""

from typing import Any

import pytest

from reconciler.server.delta import Delta
from reconciler.server.errors import (
    UniquenessViolationError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.fixtures import Connect
from reconciler.testing.contract.site import (
    LEAST,
    application,
    get,
    script,
    value,
)


@pytest.mark.parametrize("object_type", LEAST)
def test_every_type_counts_its_own_dbids(server: Server, object_type: str) -> None:
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


def test_a_dbid_is_never_given_again_after_deletes_and_reconnecting(connect: Connect) -> None:
    server = connect()
    assert server.create("Script", script("a")).dbid == 104
    assert server.create("Script", script("b")).dbid == 105
    server.delete("Script", 105)
    assert server.create("Script", script("c")).dbid == 106
    server.delete("Script", 106)
    server.delete("Script", 104)
    server.close()
    assert connect().create("Script", script("d")).dbid == 107


def test_a_refused_create_leaves_no_object(server: Server) -> None:
    before = server.read("Folder"), server.read("Enumerator")
    with pytest.raises(UniquenessViolationError):
        server.create("Enumerator", {**LEAST["Enumerator"], "name": "CaseData"})
    assert (server.read("Folder"), server.read("Enumerator")) == before


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
    server: Server, object_type: str, attributes: dict[str, Any]
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
    server: Server, object_type: str, attributes: dict[str, Any]
) -> None:
    created = server.create(object_type, attributes)
    assert get(server, object_type, created.dbid).attributes.items() >= attributes.items()


@pytest.mark.parametrize("script_type", [6, 23, 24, 28])
def test_all_scripts_of_a_tenant_share_one_scope_of_names(server: Server, script_type: int) -> None:
    with pytest.raises(UniquenessViolationError, match="Queue"):
        server.create("Script", script("Queue", type=script_type))


def test_a_rename_to_a_taken_name_is_refused_and_a_free_one_frees_the_old(
    server: Server,
) -> None:
    with pytest.raises(UniquenessViolationError):
        server.update("Script", 102, Delta(values={"name": "Queue"}))
    assert get(server, "Script", 102).attributes["name"] == "Rule"
    server.update("Script", 102, Delta(values={"name": "Renamed"}))
    assert server.create("Script", script("Rule")).dbid == 104


def test_a_name_is_free_again_after_a_delete(server: Server) -> None:
    server.delete("Script", 101)
    assert server.create("Script", script("Queue", type=6)).dbid == 104
