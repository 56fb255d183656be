"""Permissions that an object inherits: from folders, its tenant, its attribute, and groups."""

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    NoPermissionError,
)
from reconciler.server.port import AccessEntry, Permission, Server
from reconciler.testing.contract.site import (
    EVERYONE,
    annex,
    dbids,
    script,
    scripts_folder,
    to_anna,
    value,
)


def test_a_list_of_its_own_counts_instead_of_what_an_object_inherits(
    server: Server, anna: Server, administrator: Server
) -> None:
    server.set_permissions("Script", 101, to_anna(Permission.FULL))
    anna.update("Script", 101, annex("s", {"k": "v"}))
    assert dbids(administrator) == [102, 103]
    server.set_permissions("Script", 101, [])
    assert dbids(administrator) == [101, 102, 103]
    with pytest.raises(NoPermissionError):
        anna.update("Script", 101, annex("s", {"more": "v"}))


def test_a_folder_does_not_name_what_may_not_be_read(server: Server, anna: Server) -> None:
    (one,) = server.read("Script", {"dbid": 101})
    server.set_permissions("Script", 101, [AccessEntry("Person", 102, Permission.READ)])
    (folder,) = anna.read("Folder", {"dbid": one.folder})
    assert folder.attributes["objectIDs"] == [{"type": 12, "DBID": 102}]


def access_group(server: Server, name: str, *members: dict[str, int]) -> int:
    attributes = {"tenantDBID": 101, "name": name, "memberIDs": list(members)}
    return server.create("AccessGroup", attributes).dbid


def test_a_group_that_is_a_member_brings_its_own_members_along(
    server: Server, anna: Server
) -> None:
    inner = access_group(server, "Inner", {"type": 3, "DBID": 101})
    middle = access_group(server, "Middle", {"type": 21, "DBID": inner})
    outer = access_group(server, "Outer", {"type": 21, "DBID": middle})
    round_again = Delta(lists={"memberIDs": ListDelta(added=({"type": 21, "DBID": outer},))})
    server.update("AccessGroup", inner, round_again)
    allowed = Permission.READ | Permission.DELETE
    server.set_permissions("Script", 101, [AccessEntry("AccessGroup", outer, allowed)])
    anna.delete("Script", 101)


def test_entries_of_a_person_and_of_its_groups_add_up(server: Server, anna: Server) -> None:
    group = access_group(server, "Editors", {"type": 3, "DBID": 101})
    server.set_permissions(
        "Script",
        101,
        [
            AccessEntry("AccessGroup", EVERYONE, Permission.READ),
            AccessEntry("AccessGroup", group, Permission.CHANGE),
            AccessEntry("Person", 101, Permission.DELETE),
            AccessEntry("Person", 102, Permission.READ_PERMISSIONS),
        ],
    )
    anna.update("Script", 101, annex("s", {"k": "v"}))
    with pytest.raises(NoPermissionError):
        anna.permissions("Script", 101)
    anna.delete("Script", 101)


def test_an_object_inherits_from_its_folder_and_the_folders_around_it(
    server: Server, anna: Server
) -> None:
    owner = {"type": 7, "DBID": 101}
    inner = server.create("Folder", {"name": "Chat", "type": 12, "ownerID": owner}).dbid
    server.create("Script", script("New"), inner)
    server.set_permissions("Folder", scripts_folder(server), to_anna(Permission.FULL))
    anna.update("Script", 104, annex("s", {"k": "v"}))
    anna.update("Script", 101, annex("s", {"k": "v"}))
    server.set_permissions("Folder", inner, to_anna(Permission.READ))
    with pytest.raises(NoPermissionError):
        anna.update("Script", 104, annex("s", {"more": "v"}))
    with pytest.raises(NoPermissionError):
        anna.update("Script", 103, annex("s", {"k": "v"}))


def test_everything_of_a_tenant_inherits_from_it(server: Server, anna: Server) -> None:
    server.set_permissions("Tenant", 101, to_anna(Permission.FULL))
    anna.update("Script", 101, annex("s", {"k": "v"}))
    anna.update("EnumeratorValue", 101, annex("s", {"k": "v"}))
    anna.update("Folder", scripts_folder(server), annex("s", {"k": "v"}))
    anna.create("Script", script("New"))
    anna.update("Tenant", 101, annex("s", {"k": "v"}))
    with pytest.raises(NoPermissionError):
        anna.update("Script", 103, annex("s", {"k": "v"}))
    with pytest.raises(NoPermissionError):
        anna.update("Application", 101, annex("s", {"k": "v"}))


def test_a_hidden_tenant_hides_everything_in_it(server: Server, anna: Server) -> None:
    server.set_permissions("Tenant", 101, [AccessEntry("Person", 100, Permission.FULL)])
    assert dbids(anna, "Tenant") == [102]
    assert dbids(anna, "Script") == [103]
    assert dbids(anna, "Enumerator") == []
    assert dbids(anna, "EnumeratorValue") == []
    owners = [one.attributes["ownerID"] for one in anna.read("Folder")]
    assert {one["DBID"] for one in owners if one["type"] == 7} == {1, 102}
    assert all(one["DBID"] < 100 for one in owners if one["type"] == 35)


def test_values_inherit_from_their_attribute(server: Server, anna: Server) -> None:
    server.set_permissions("Enumerator", 101, to_anna(Permission.FULL))
    anna.update("EnumeratorValue", 101, annex("s", {"k": "v"}))
    anna.create("EnumeratorValue", value("New"))
    with pytest.raises(NoPermissionError):
        anna.create("EnumeratorValue", value("New", enumeratorDBID=102))


def test_an_entry_without_propagation_is_for_the_container_alone(
    server: Server, anna: Server
) -> None:
    folder = scripts_folder(server)
    everyone = AccessEntry("AccessGroup", EVERYONE, Permission.READ)
    alone = to_anna(Permission.FULL | Permission.NO_PROPAGATION)
    server.set_permissions("Folder", folder, [everyone, *alone])
    anna.update("Folder", folder, annex("s", {"k": "v"}))
    assert dbids(anna) == [101, 102, 103]
    with pytest.raises(NoPermissionError):
        anna.update("Script", 101, annex("s", {"k": "v"}))
    server.set_permissions("Folder", folder, [everyone, *to_anna(Permission.FULL)])
    anna.update("Script", 101, annex("s", {"k": "v"}))


def test_an_account_that_a_list_does_not_name_or_names_with_nothing_has_nothing(
    server: Server, anna: Server
) -> None:
    server.set_permissions("Script", 101, to_anna(0))
    server.set_permissions("Script", 102, [AccessEntry("Person", 102, Permission.FULL)])
    assert dbids(anna) == [103]
