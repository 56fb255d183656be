"""Reads: filters, order, what is left out, and what a server says of itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.server.port import Server
from tests.contract.conftest import Connect, Install
from tests.contract.site import SITE, script


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


def test_a_server_keeps_its_identity(connect: Connect, install: Install) -> None:
    one, other = connect(), install(SITE + "# another file\n").connect()
    first = one.info()
    assert first.url
    assert (first.mode, first.user) == ("Full", "")
    assert first.identity != other.info().identity
    other.close()
    one.delete("Script", 101)
    one.close()
    assert connect().info() == first


def test_environment_is_the_service_provider(server: Server) -> None:
    tenants = server.read("Tenant", {"all_tenants": 1})
    assert {one.attributes["name"]: one.attributes["isServiceProvider"] for one in tenants} == {
        "Environment": True,
        "Resources": False,
        "Second": False,
    }
