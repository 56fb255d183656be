"""Reads: filters, order, what is left out, and what a server says about itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import ValueOutOfRangeError
from reconciler.server.port import WITHOUT_BODIES, Server
from reconciler.testing.contract.fixtures import Connect, NewServer
from reconciler.testing.contract.site import (
    SITE,
    script,
)


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
        ("EnumeratorValue", {"default_value": False, "tenant_dbid": 101}, [101]),
        ("EnumeratorValue", {"default_value": True, "tenant_dbid": 101}, []),
        ("Application", {"server_dbid": 102}, []),
        ("Application", {"tenant_dbid": 101, "app_type": 2}, [102, 103]),
        ("Application", {"backup_server_dbid": 103}, [102]),
        ("Tenant", None, [101, 102]),
        ("Tenant", {"all_tenants": 1}, [1, 101, 102]),
        ("Tenant", {"all_tenants": 0}, [101, 102]),
        ("Tenant", {"all_tenants": 1, "name": "Environment"}, [1]),
        ("Tenant", {"name": "Environment"}, []),
    ],
)
def test_a_read_returns_every_match_by_dbid(
    server: Server, object_type: str, filters: Mapping[str, Any] | None, dbids: list[int]
) -> None:
    found = server.read(object_type, filters)
    assert [one.dbid for one in found] == dbids
    assert {one.type for one in found} <= {object_type}


def test_exclude_bytecode_leaves_binary_values_out_and_nothing_else(
    server: Server,
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


def test_scripts_are_read_without_their_bodies_and_with_all_the_rest(server: Server) -> None:
    body = {"code": b"\x00" * 5000, "text": "x" * 256, "short": "x" * 255, "number": 7}
    given = script("Strategy", index=3, userProperties={"bodies": body, "code": {"only": b"1"}})
    made = server.create("Script", given)
    wanted: dict[str, str | int | bool] = {"tenant_dbid": 101, "name": "Strategy"}
    (whole,) = server.read("Script", wanted)
    (brief,) = server.read("Script", {**wanted, **WITHOUT_BODIES})
    assert whole == made
    assert brief.attributes["userProperties"] == {
        "bodies": {"text": "", "short": "x" * 255, "number": 7}
    }
    kept = {"userProperties": whole.attributes["userProperties"]}
    assert {**brief.attributes, **kept} == whole.attributes
    assert (brief.dbid, brief.folder, brief.path) == (whole.dbid, whole.folder, whole.path)


def test_exclude_longstrings_makes_long_texts_empty(server: Server) -> None:
    texts = {"code": {"long": "x" * 256, "short": "x" * 255, "size": 1}}
    dbid = server.create("Script", script("New", userProperties=texts)).dbid
    short = server.read("Script", {"exclude_longstrings": 1, "tenant_dbid": 101})
    assert short[2].attributes["userProperties"]["code"] == {
        "long": "",
        "short": "x" * 255,
        "size": 1,
    }
    (whole,) = server.read("Script", {"dbid": dbid})
    assert whole.attributes["userProperties"] == texts


def test_folders_are_found_by_what_they_hold_and_by_being_default(server: Server) -> None:
    (scripts,) = server.read(
        "Folder", {"owner_type": 7, "owner_dbid": 101, "type": 12, "default_folder": True}
    )
    parent = {"name": "Chat", "type": 12, "ownerID": {"type": 7, "DBID": 101}}
    inner = server.create("Folder", parent).dbid
    moved = ListDelta(added=({"type": 12, "DBID": 101},))
    server.update("Folder", inner, Delta(lists={"objectIDs": moved}))
    for dbid, folder in ((101, inner), (102, scripts.dbid)):
        found = server.read("Folder", {"object_type": 12, "object_dbid": dbid})
        assert [one.dbid for one in found] == [folder]
    not_default = server.read("Folder", {"default_folder": False})
    assert [one.dbid for one in not_default] == [inner]
    for half in ({"object_type": 12}, {"object_dbid": 101}, {"object_type": 77, "object_dbid": 1}):
        with pytest.raises(ValueOutOfRangeError):
            server.read("Folder", half)


def test_a_backup_is_found_by_its_primary(server: Server) -> None:
    found = server.read("Application", {"primary_server_dbid": 102})
    assert [one.dbid for one in found] == [103]
    assert server.read("Application", {"primary_server_dbid": 103}) == []


def test_a_filter_by_the_whole_natural_key_and_more_finds_what_fits_all(server: Server) -> None:
    key: dict[str, str | int | bool] = {"tenant_dbid": 101, "name": "Queue"}
    assert [one.dbid for one in server.read("Script", key)] == [101]
    assert [one.dbid for one in server.read("Script", {**key, "script_type": 23})] == [101]
    assert server.read("Script", {**key, "script_type": 22}) == []
    assert server.read("Script", {**key, "name": "queue"}) == []
    assert [one.dbid for one in server.read("Script", {**key, "tenant_dbid": 102})] == [103]


def test_a_server_keeps_its_identity(connect: Connect, new_server: NewServer) -> None:
    one, other = connect(), new_server(SITE + "# another file\n").connect()
    first = one.info()
    assert first.url
    assert (first.mode, first.user) == ("Full", "")
    assert first.identity != other.info().identity
    other.close()
    one.delete("Script", 101)
    one.close()
    assert connect().info() == first


def test_no_tenant_says_whether_it_is_the_service_provider(server: Server) -> None:
    created = server.create("Tenant", {"name": "New", "isServiceProvider": True})
    for tenant in (created, *server.read("Tenant", {"all_tenants": 1})):
        assert "isServiceProvider" not in tenant.attributes
