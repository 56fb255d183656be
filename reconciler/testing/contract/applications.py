"""Updates of applications: backups, ports, and what follows from the type.

Application 102 (Stat) is the primary of 103 (Stat_B); type 1 is a T-Server, 77 an HA proxy.
"""

import pytest

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    IncompleteObjectDataError,
    UnchangeableInfoError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.site import (
    application,
    get,
)


def test_a_backup_mirrors_the_connections_of_its_primary(server: Server) -> None:
    connection = {"appServerDBID": 101, "id": "default", "mode": 0}
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


# Backups. Application 102 (Stat) is the primary of 103 (Stat_B); type 1 is a T-Server.


def server_info(**more: int) -> Delta:
    return Delta(values={"serverInfo": {"hostDBID": 101, "timeout": 10, "attempts": 1, **more}})


def test_only_a_backup_is_not_primary(server: Server) -> None:
    primary = {one.dbid: one.attributes["isPrimary"] for one in server.read("Application")}
    assert (primary[101], primary[102], primary[103], primary[104]) == (True, True, False, True)


def test_a_backup_mirrors_tenants_of_its_primary(server: Server) -> None:
    server.update("Application", 102, Delta(lists={"tenantDBIDs": ListDelta(added=(102,))}))
    assert get(server, "Application", 103).attributes["tenantDBIDs"] == [101, 102]
    server.update("Application", 102, Delta(lists={"tenantDBIDs": ListDelta(deleted=(101,))}))
    assert get(server, "Application", 103).attributes["tenantDBIDs"] == [102]


def test_a_backup_mirrors_flexible_properties_of_its_primary(server: Server) -> None:
    backup = server.create("Application", application("T_B", type=1)).dbid
    server.create(
        "Application",
        application("T", type=1, serverInfo={"hostDBID": 101, "backupServerDBID": backup}),
    )
    primary = backup + 1
    given = KeyValueDelta(added={"s": {"k": "v"}})
    server.update("Application", primary, Delta(key_values={"flexibleProperties": given}))
    mirrored = get(server, "Application", backup).attributes
    assert (mirrored["flexibleProperties"], mirrored["isPrimary"]) == ({"s": {"k": "v"}}, False)
    for change in (
        KeyValueDelta(added={"s": {"other": "v"}}),
        KeyValueDelta(deleted={"s": ()}),
    ):
        with pytest.raises(UnchangeableInfoError) as caught:
            server.update("Application", backup, Delta(key_values={"flexibleProperties": change}))
        assert caught.value.prop == "flexibleProperties"
    assert get(server, "Application", backup).attributes == mirrored


def test_what_a_backup_had_of_its_own_gives_way_to_its_primarys(server: Server) -> None:
    own = application("Other_B", tenantDBIDs=[102], appServerDBIDs=[{"appServerDBID": 104}])
    backup = server.create("Application", own).dbid
    server.update("Application", 102, server_info(backupServerDBID=backup))
    mirrored = get(server, "Application", backup).attributes
    assert (mirrored["tenantDBIDs"], mirrored.get("appServerDBIDs", [])) == ([101], [])
    server.delete("Application", 104)


def test_a_former_backup_is_a_primary_that_can_be_changed(server: Server) -> None:
    server.update("Application", 102, server_info(backupServerDBID=0))
    freed = get(server, "Application", 103).attributes
    assert (freed["isPrimary"], freed["tenantDBIDs"]) == (True, [101])
    change = Delta(lists={"tenantDBIDs": ListDelta(added=(102,))})
    assert server.update("Application", 103, change).attributes["tenantDBIDs"] == [101, 102]
    assert get(server, "Application", 102).attributes["tenantDBIDs"] == [101]


def test_a_backup_is_a_primary_again_after_its_primary_was_deleted(server: Server) -> None:
    server.delete("Application", 102)
    assert get(server, "Application", 103).attributes["isPrimary"] is True
    change = Delta(lists={"tenantDBIDs": ListDelta(added=(102,))})
    assert server.update("Application", 103, change).attributes["tenantDBIDs"] == [101, 102]


def test_a_new_backup_takes_the_place_of_the_old_one(server: Server) -> None:
    other = server.create("Application", application("Other_B")).dbid
    server.update("Application", 102, server_info(backupServerDBID=other))
    assert get(server, "Application", 103).attributes["isPrimary"] is True
    assert get(server, "Application", other).attributes["isPrimary"] is False


@pytest.mark.parametrize(
    ("primary", "backup"),
    [(101, 103), (104, 101), (102, 102)],
    ids=["has a primary", "has another type", "is itself"],
)
def test_a_backup_has_one_primary_of_its_own_type(
    server: Server, primary: int, backup: int
) -> None:
    before = server.read("Application")
    with pytest.raises(ConfigurationServerError) as caught:
        server.update("Application", primary, server_info(backupServerDBID=backup))
    assert caught.value.object_type == "Application"
    assert server.read("Application") == before


def test_a_server_keeps_its_host_while_it_has_clients_or_a_primary(server: Server) -> None:
    for dbid in (101, 103):  # GWE is connected to Ixn; Stat_B is the backup of Stat
        host = get(server, "Application", dbid).attributes["serverInfo"]["hostDBID"]
        other = {101: 102, 102: 101}[host]
        change = Delta(values={"serverInfo": {"hostDBID": other, "timeout": 10, "attempts": 1}})
        with pytest.raises(UnchangeableInfoError):
            server.update("Application", dbid, change)
        assert get(server, "Application", dbid).attributes["serverInfo"]["hostDBID"] == host


# What follows from an application's type


def test_an_update_does_not_make_a_server_of_a_client(server: Server) -> None:
    client = {"name": "New", "type": 108, "version": "8.5.0"}
    dbid = server.create("Application", client).dbid
    with pytest.raises(ConfigurationServerError) as caught:
        server.update("Application", dbid, server_info())
    assert caught.value.prop == "serverInfo"


@pytest.mark.parametrize("attribute", ["workDirectory", "commandLine"])
def test_an_update_does_not_take_what_a_server_needs(server: Server, attribute: str) -> None:
    with pytest.raises(IncompleteObjectDataError) as caught:
        server.update("Application", 102, Delta(values={attribute: ""}))
    assert caught.value.prop == attribute
    assert get(server, "Application", 102).attributes[attribute] == "."


def test_one_port_of_a_server_is_the_default_one(server: Server) -> None:
    ports = [{"id": "other", "port": "7000"}]
    with pytest.raises(ConfigurationServerError) as caught:
        server.create("Application", application("New", portInfos=ports))
    assert caught.value.prop == "portInfos"


@pytest.mark.parametrize("number", [1, 77])
def test_only_a_t_server_and_an_ha_proxy_have_flexible_properties_and_they_have_one_tenant(
    server: Server, number: int
) -> None:
    given = {"flexibleProperties": {"s": {"k": "v"}}}
    with pytest.raises(ConfigurationServerError) as caught:
        server.create("Application", application("New", **given))
    assert caught.value.prop == "flexibleProperties"
    with pytest.raises(ConfigurationServerError) as caught:
        server.create("Application", application("New", type=number, tenantDBIDs=[101, 102]))
    assert caught.value.prop == "tenantDBIDs"
    server.create("Application", application("New", type=number, tenantDBIDs=[101], **given))


def test_a_host_is_not_renamed_while_servers_are_on_it(server: Server) -> None:
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update("Host", 102, Delta(values={"name": "renamed.example.com"}))
    assert caught.value.prop == "name"
    server.delete("Application", 103)
    renamed = server.update("Host", 102, Delta(values={"name": "renamed.example.com"}))
    assert renamed.attributes["name"] == "renamed.example.com"
