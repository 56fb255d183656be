"""Updates: deltas touch what they name; what follows from them in other objects."""

import pytest

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    IncompleteObjectDataError,
    ListItemNotFoundError,
    UnchangeableInfoError,
    UniquenessViolationError,
    UnspecifiedModificationError,
)
from reconciler.server.port import Server
from tests.contract.site import application, get, ordinary, value


def test_an_update_touches_only_what_it_names(server: Server) -> None:
    before = get(server, "Application", 102)
    delta = Delta(
        values={"commandLineArguments": "-x"},
        key_values={
            "options": KeyValueDelta(
                added={"Filters": {"c": "C"}, "New": {"k": 7}},
                changed={"Filters": {"a": "A2"}},
                deleted={"Filters": ("b",)},
            )
        },
    )
    updated = server.update("Application", 102, delta)
    assert updated.attributes == {
        **before.attributes,
        "commandLineArguments": "-x",
        "options": {"Filters": {"a": "A2", "c": "C"}, "Other": {"only": "1"}, "New": {"k": 7}},
    }
    assert (updated.folder, updated.path) == (before.folder, before.path)
    assert get(server, "Application", 102) == updated


def test_a_list_is_updated_by_entries(server: Server) -> None:
    agents = Delta(lists={"agentDBIDs": ListDelta(added=(103,), deleted=(101,))})
    assert server.update("AgentGroup", 101, agents).attributes["agentDBIDs"] == [102, 103]
    connections = ListDelta(added=({"appServerDBID": 102, "id": "default"},))
    updated = server.update("Application", 104, Delta(lists={"appServerDBIDs": connections}))
    first, second = updated.attributes["appServerDBIDs"]
    assert first == {
        "appServerDBID": 101,
        "id": "default",
        "connProtocol": "addp",
        "timoutLocal": 10,
    }
    assert second == {"appServerDBID": 102, "id": "default"}
    changed = Delta(
        lists={"appServerDBIDs": ListDelta(changed=({"appServerDBID": 102, "id": "x"},))}
    )
    assert server.update("Application", 104, changed).attributes["appServerDBIDs"] == [
        first,
        {"appServerDBID": 102, "id": "x"},
    ]
    gone = Delta(lists={"appServerDBIDs": ListDelta(deleted=(101, 102))})
    assert server.update("Application", 104, gone).attributes.get("appServerDBIDs", []) == []
    server.delete("Application", 101)


def test_the_last_option_of_a_section_goes_by_its_key(server: Server) -> None:
    delta = Delta(key_values={"options": KeyValueDelta(deleted={"Other": ("only",)})})
    updated = server.update("Application", 102, delta)
    assert updated.attributes["options"] == {"Filters": {"a": "A", "b": "B"}}


def test_a_section_named_without_keys_goes_whole(server: Server) -> None:
    delta = Delta(key_values={"options": KeyValueDelta(deleted={"Filters": ()})})
    updated = server.update("Application", 102, delta)
    assert updated.attributes["options"] == {"Other": {"only": "1"}}


def test_a_section_can_be_emptied_and_filled_in_one_update(server: Server) -> None:
    change = KeyValueDelta(added={"Other": {"new": "2"}}, deleted={"Other": ("only",)})
    updated = server.update("Application", 102, Delta(key_values={"options": change}))
    assert updated.attributes["options"]["Other"] == {"new": "2"}


OPTION_BUCKETS = [
    (KeyValueDelta(added={"Filters": {"a": "A"}}), UniquenessViolationError),
    (KeyValueDelta(changed={"Filters": {"c": "C"}}), ListItemNotFoundError),
    (KeyValueDelta(changed={"None": {"a": "A"}}), ListItemNotFoundError),
    (KeyValueDelta(deleted={"Filters": ("c",)}), ListItemNotFoundError),
    (KeyValueDelta(deleted={"None": ()}), ListItemNotFoundError),
    (KeyValueDelta(deleted={"None": ("a",)}), ListItemNotFoundError),
    (
        KeyValueDelta(changed={"Filters": {"a": "A"}}, deleted={"Filters": ("a",)}),
        ListItemNotFoundError,
    ),
]


@pytest.mark.parametrize(("wrong", "error"), OPTION_BUCKETS)
def test_an_option_in_the_wrong_bucket_is_refused_and_nothing_is_changed(
    server: Server, wrong: KeyValueDelta, error: type[ConfigurationServerError]
) -> None:
    before = get(server, "Application", 102)
    delta = Delta(
        values={"version": "9.9"},
        key_values={
            "userProperties": KeyValueDelta(added={"good": {"k": "v"}}),
            "options": wrong,
        },
    )
    with pytest.raises(error) as caught:
        server.update("Application", 102, delta)
    assert caught.value.prop == "options"
    assert get(server, "Application", 102) == before


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (ListDelta(added=(101,)), UniquenessViolationError),
        (ListDelta(added=(103, 103)), UniquenessViolationError),
        (ListDelta(deleted=(103,)), ListItemNotFoundError),
        (ListDelta(changed=(103,)), ListItemNotFoundError),
    ],
)
def test_an_entry_in_the_wrong_bucket_is_refused_and_nothing_is_changed(
    server: Server, wrong: ListDelta, error: type[ConfigurationServerError]
) -> None:
    before = get(server, "AgentGroup", 101)
    with pytest.raises(error):
        server.update(
            "AgentGroup", 101, Delta(values={"name": "Renamed"}, lists={"agentDBIDs": wrong})
        )
    assert get(server, "AgentGroup", 101) == before


@pytest.mark.parametrize(
    "empty",
    [
        Delta(),
        Delta(key_values={"options": KeyValueDelta()}),
        Delta(key_values={"options": KeyValueDelta(added={"Filters": {}})}),
        Delta(lists={"appServerDBIDs": ListDelta()}),
    ],
)
def test_an_update_that_names_no_change_is_refused(server: Server, empty: Delta) -> None:
    with pytest.raises(UnspecifiedModificationError) as caught:
        server.update("Application", 102, empty)
    assert caught.value.number == 18


@pytest.mark.parametrize(
    ("wrong", "prop"),
    [
        (Delta(key_values={"version": KeyValueDelta(added={"s": {"k": "v"}})}), "version"),
        (Delta(key_values={"tenantDBIDs": KeyValueDelta(added={"s": {"k": "v"}})}), "tenantDBIDs"),
        (Delta(key_values={"autoRestart": KeyValueDelta(deleted={"s": ()})}), "autoRestart"),
        (Delta(lists={"options": ListDelta(added=("Filters2",))}), "options"),
        (Delta(lists={"version": ListDelta(added=("8",))}), "version"),
        (Delta(lists={"startupTimeout": ListDelta(added=(1,))}), "startupTimeout"),
        (Delta(lists={"appServerDBIDs": ListDelta(added=({"id": "x"},))}), "appServerDBIDs"),
        (Delta(lists={"appServerDBIDs": ListDelta(added=(101,))}), "appServerDBIDs"),
        (Delta(lists={"tenantDBIDs": ListDelta(added=([101],))}), "tenantDBIDs"),
        (Delta(values={"options": {"Filters": {"a": "A2"}}}), "options"),
        (Delta(values={"tenantDBIDs": [102]}), "tenantDBIDs"),
    ],
)
def test_a_change_of_the_wrong_shape_is_refused(server: Server, wrong: Delta, prop: str) -> None:
    before = get(server, "Application", 102)
    with pytest.raises(ConfigurationServerError) as caught:
        server.update("Application", 102, wrong)
    assert caught.value.prop == prop
    assert get(server, "Application", 102) == before


def test_a_backup_mirrors_the_connections_of_its_primary(server: Server) -> None:
    connection = {"appServerDBID": 101, "id": "default"}
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
    server.update("Application", 102, server_info())
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


def test_only_a_t_server_has_flexible_properties_and_it_has_one_tenant(server: Server) -> None:
    given = {"flexibleProperties": {"s": {"k": "v"}}}
    with pytest.raises(ConfigurationServerError) as caught:
        server.create("Application", application("New", **given))
    assert caught.value.prop == "flexibleProperties"
    with pytest.raises(ConfigurationServerError) as caught:
        server.create("Application", application("New", type=1, tenantDBIDs=[101, 102]))
    assert caught.value.prop == "tenantDBIDs"
    server.create("Application", application("New", type=1, tenantDBIDs=[101], **given))


def test_a_host_is_not_renamed_while_servers_are_on_it(server: Server) -> None:
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update("Host", 102, Delta(values={"name": "renamed.example.com"}))
    assert caught.value.prop == "name"
    server.delete("Application", 103)
    renamed = server.update("Host", 102, Delta(values={"name": "renamed.example.com"}))
    assert renamed.attributes["name"] == "renamed.example.com"


def test_an_update_to_what_is_there_already_is_refused(server: Server) -> None:
    with pytest.raises(UnspecifiedModificationError):
        server.update("Enumerator", 101, Delta(values={"displayName": "Case Data"}))


# Disabling


def states(server: Server, object_type: str) -> dict[int, int]:
    return {one.dbid: one.attributes["state"] for one in ordinary(server, object_type)}


def test_a_disabled_tenant_disables_what_it_owns(server: Server) -> None:
    server.update("Tenant", 101, Delta(values={"state": 2}))
    assert states(server, "Tenant") == {101: 2, 102: 1}
    assert states(server, "Script") == {101: 2, 102: 2, 103: 1}
    assert states(server, "Person") == {100: 1, 101: 2, 102: 2, 103: 2, 104: 1}
    assert states(server, "AgentGroup") == {101: 2}
    assert states(server, "Enumerator") == {101: 2, 102: 2}
    assert states(server, "EnumeratorValue") == {101: 2}
    assert states(server, "Application")[104] == 1


def test_a_disabled_attribute_disables_its_values(server: Server) -> None:
    server.create("EnumeratorValue", value("Other", enumeratorDBID=102))
    server.update("Enumerator", 101, Delta(values={"state": 2}))
    assert states(server, "Enumerator") == {101: 2, 102: 1}
    assert states(server, "EnumeratorValue") == {101: 2, 102: 1}
