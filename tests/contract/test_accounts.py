"""Accounts: passwords, permissions with inheritance, and operational modes."""

from collections.abc import Callable

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    IncorrectReferencesError,
    NoPermissionError,
    ObjectNotFoundError,
    ReadOnlyModeError,
    UniquenessViolationError,
    UnsupportedObjectError,
    ValueOutOfRangeError,
)
from reconciler.server.port import AccessEntry, Permission, Server
from tests.contract.adapters import Installation
from tests.contract.conftest import Connect
from tests.contract.site import LEAST, RIGHT, annex, get, ordinary, script, value


def test_a_password_is_never_read(server: Server) -> None:
    created = server.create("Person", {**LEAST["Person"], "password": RIGHT})
    updated = server.update("Person", 102, Delta(values={"password": RIGHT}))
    found = [created, updated, *server.read("Person"), get(server, "Person", 101)]
    assert len(found) == 9
    for one in found:
        assert "password" not in one.attributes
        assert RIGHT not in repr(one)
        assert "scrypt" not in repr(one)


def test_a_wrong_password_is_not_shown(server: Server) -> None:
    for wrong in (1234567, "battery-staple" * 6):
        with pytest.raises(ValueOutOfRangeError) as caught:
            server.create("Person", {**LEAST["Person"], "password": wrong})
        assert str(wrong) not in str(caught.value)


# Permissions. anna is person 101, the administrator person 100; 97 is EVERYONE, 99 the
# super administrators. Script 101 is in tenant 101.

EVERYONE = 97
SUPER_ADMINISTRATORS = 99


@pytest.fixture
def anna(connect: Connect) -> Server:
    return connect("anna", RIGHT)


@pytest.fixture
def administrator(connect: Connect) -> Server:
    return connect("default", "password")


def to_anna(mask: int) -> list[AccessEntry]:
    return [AccessEntry("Person", 101, mask)]


def dbids(server: Server, object_type: str = "Script") -> list[int]:
    return [one.dbid for one in ordinary(server, object_type)]


def scripts_folder(server: Server) -> int:
    return get(server, "Script", 101).folder


def test_a_new_server_lets_everyone_read_and_log_in_and_super_administrators_do_all(
    server: Server,
) -> None:
    assert server.permissions("Tenant", 1) == [
        AccessEntry("AccessGroup", EVERYONE, Permission.READ | Permission.EXECUTE),
        AccessEntry("AccessGroup", SUPER_ADMINISTRATORS, 127),
    ]
    assert server.permissions("Script", 101) == []


def test_everyone_reads_every_type_and_changes_nothing(anna: Server, server: Server) -> None:
    for object_type in ("Script", "Application", "Person", "Enumerator", "EnumeratorValue"):
        assert anna.read(object_type) == server.read(object_type)
    assert anna.read("Tenant") == server.read("Tenant")
    assert anna.read("Folder") == server.read("Folder")
    before = server.read("Script")
    attempts: list[Callable[[], object]] = [
        lambda: anna.create("Script", script("New")),
        lambda: anna.update("Script", 101, annex("s", {"k": "v"})),
        lambda: anna.delete("Script", 101),
        lambda: anna.permissions("Script", 101),
        lambda: anna.set_permissions("Script", 101, to_anna(127)),
    ]
    for attempt in attempts:
        with pytest.raises(NoPermissionError) as caught:
            attempt()
        assert (caught.value.number, caught.value.object_type) == (9, "Script")
    assert server.read("Script") == before
    assert server.permissions("Script", 101) == []


def test_a_super_administrator_does_everything(administrator: Server) -> None:
    administrator.create("Script", script("New"))
    administrator.update("Script", 104, annex("s", {"k": "v"}))
    administrator.set_permissions("Script", 104, [*to_anna(1), AccessEntry("Person", 100, 127)])
    assert administrator.permissions("Script", 104) == [
        AccessEntry("Person", 100, 127),
        AccessEntry("Person", 101, 1),
    ]
    administrator.delete("Script", 104)
    assert administrator.info().user == "default"


def test_a_member_of_the_super_administrators_is_one_from_then_on(
    anna: Server, administrator: Server
) -> None:
    joined = Delta(lists={"memberIDs": ListDelta(added=({"type": 3, "DBID": 101},))})
    administrator.update("AccessGroup", SUPER_ADMINISTRATORS, joined)
    anna.delete("Script", 101)
    left = Delta(lists={"memberIDs": ListDelta(deleted=((3, 101),))})
    administrator.update("AccessGroup", SUPER_ADMINISTRATORS, left)
    with pytest.raises(NoPermissionError):
        anna.delete("Script", 102)


@pytest.mark.parametrize(
    ("mask", "allowed"),
    [
        (Permission.READ, ""),
        (Permission.READ | Permission.CHANGE, "update"),
        (Permission.READ | Permission.DELETE, "delete"),
        (Permission.READ | Permission.READ_PERMISSIONS, "permissions"),
        (Permission.READ | Permission.CHANGE_PERMISSIONS, "set_permissions"),
        (Permission.READ | Permission.CREATE, ""),
        (Permission.READ | Permission.EXECUTE, ""),
    ],
)
def test_each_permission_allows_its_own_call(
    server: Server, anna: Server, mask: int, allowed: str
) -> None:
    server.set_permissions("Script", 101, to_anna(mask))
    attempts: dict[str, Callable[[], object]] = {
        "permissions": lambda: anna.permissions("Script", 101),
        "update": lambda: anna.update("Script", 101, annex("s", {"k": "v"})),
        "set_permissions": lambda: anna.set_permissions("Script", 101, to_anna(mask)),
        "delete": lambda: anna.delete("Script", 101),
    }
    for name, attempt in attempts.items():
        if name == allowed:
            attempt()
        else:
            with pytest.raises(NoPermissionError):
                attempt()


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


def test_what_an_account_may_not_read_is_absent_from_every_read(
    server: Server, anna: Server
) -> None:
    server.set_permissions("Script", 101, [AccessEntry("Person", 100, Permission.FULL)])
    assert dbids(anna) == [102, 103]
    assert [one.dbid for one in anna.read("Script", {"name": "Queue"})] == [103]
    assert anna.read("Script", {"dbid": 101}) == []
    attempts: list[Callable[[], object]] = [
        lambda: anna.update("Script", 101, annex("s", {"k": "v"})),
        lambda: anna.delete("Script", 101),
        lambda: anna.permissions("Script", 101),
        lambda: anna.set_permissions("Script", 101, []),
    ]
    for attempt in attempts:
        with pytest.raises(ObjectNotFoundError):
            attempt()


def test_a_create_over_an_object_that_cannot_be_read_is_a_uniqueness_violation(
    server: Server, anna: Server
) -> None:
    server.set_permissions("Folder", scripts_folder(server), to_anna(Permission.FULL))
    server.set_permissions("Script", 101, [AccessEntry("Person", 100, Permission.FULL)])
    before = server.read("Script")
    with pytest.raises(UniquenessViolationError):
        anna.create("Script", script("Queue"))
    assert server.read("Script") == before


def test_an_object_is_created_where_the_folder_allows_it(server: Server, anna: Server) -> None:
    owner = {"type": 7, "DBID": 101}
    chat = server.create("Folder", {"name": "Chat", "type": 12, "ownerID": owner}).dbid
    server.set_permissions("Folder", chat, to_anna(Permission.READ | Permission.CREATE))
    assert anna.create("Script", script("New"), chat).path == "Scripts/Chat"
    with pytest.raises(NoPermissionError) as caught:
        anna.create("Script", script("Other"))
    assert caught.value.number == 9
    assert dbids(server) == [101, 102, 103, 104]


def test_a_move_needs_the_permission_to_change_what_moves(server: Server, anna: Server) -> None:
    owner = {"type": 7, "DBID": 101}
    chat = server.create("Folder", {"name": "Chat", "type": 12, "ownerID": owner}).dbid
    server.set_permissions("Folder", chat, to_anna(Permission.FULL))
    server.set_permissions("Script", 101, [AccessEntry("Person", 100, Permission.FULL)])
    for dbid in (101, 102):
        entry = ListDelta(added=({"type": 12, "DBID": dbid},))
        with pytest.raises((NoPermissionError, ObjectNotFoundError)):
            anna.update("Folder", chat, Delta(lists={"objectIDs": entry}))
    assert get(server, "Script", 101).path == "Scripts"
    assert get(server, "Script", 102).path == "Scripts"


def test_entries_are_exchanged_as_a_whole(server: Server) -> None:
    first = [AccessEntry("Person", 102, 1), AccessEntry("AccessGroup", 97, 5)]
    server.set_permissions("Script", 101, first)
    assert sorted(server.permissions("Script", 101)) == sorted(first)
    server.set_permissions("Script", 101, to_anna(Permission.FULL | Permission.NO_PROPAGATION))
    assert server.permissions("Script", 101) == [AccessEntry("Person", 101, 255)]
    assert server.permissions("Script", 102) == []
    server.set_permissions("Script", 101, [])
    assert server.permissions("Script", 101) == []


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ([AccessEntry("Person", 999, 1)], IncorrectReferencesError),
        ([AccessEntry("Person", 2**63, 1)], IncorrectReferencesError),
        ([AccessEntry("AccessGroup", 999, 1)], IncorrectReferencesError),
        ([AccessEntry("Script", 101, 1)], IncorrectReferencesError),
        ([AccessEntry("Person", 101, -1)], ValueOutOfRangeError),
        ([AccessEntry("Person", 101, 256)], ValueOutOfRangeError),
        ([AccessEntry("Person", 101, 1), AccessEntry("Person", 101, 4)], ConfigurationServerError),
    ],
)
def test_wrong_entries_are_refused_and_the_old_ones_stay(
    server: Server, wrong: list[AccessEntry], error: type[ConfigurationServerError]
) -> None:
    server.set_permissions("Script", 101, to_anna(1))
    with pytest.raises(error):
        server.set_permissions("Script", 101, [AccessEntry("Person", 102, 1), *wrong])
    assert server.permissions("Script", 101) == to_anna(1)


def test_permissions_of_nothing_are_not_found(server: Server) -> None:
    with pytest.raises(ObjectNotFoundError):
        server.permissions("Script", 999)
    with pytest.raises(ObjectNotFoundError):
        server.set_permissions("Script", 999, to_anna(1))
    with pytest.raises(UnsupportedObjectError):
        server.permissions("Skript", 101)


def test_what_was_read_can_be_written_back_after_an_account_is_gone(server: Server) -> None:
    server.set_permissions("Script", 101, [*to_anna(1), AccessEntry("Person", 102, 1)])
    server.delete("Person", 101)
    entries = server.permissions("Script", 101)
    server.set_permissions("Script", 101, entries)
    assert server.permissions("Script", 101) == [AccessEntry("Person", 102, 1)]


def test_permissions_go_with_their_object(server: Server) -> None:
    server.set_permissions("Script", 101, to_anna(1))
    server.delete("Script", 101)
    new = server.create("Script", script("Queue")).dbid
    assert server.permissions("Script", new) == []


# Modes


@pytest.mark.parametrize("user", ["", "default", "anna"])
def test_nobody_writes_in_mode_read_only(
    installation: Installation, connect: Connect, user: str
) -> None:
    passwords = {"": "", "default": "password", "anna": RIGHT}
    session = connect(user, passwords[user])
    before = session.read("Script")
    installation.change_mode("ReadOnly")
    assert session.info().mode == "ReadOnly"
    attempts: list[Callable[[], object]] = [
        lambda: session.create("Script", script("New")),
        lambda: session.update("Script", 101, annex("s", {"k": "v"})),
        lambda: session.delete("Script", 101),
        lambda: session.set_permissions("Script", 101, []),
    ]
    for attempt in attempts:
        with pytest.raises(ReadOnlyModeError) as caught:
            attempt()
        assert caught.value.number == 29
    assert session.read("Script") == before
    installation.change_mode("Full")
    assert session.info().mode == "Full"


def test_only_super_administrators_write_in_an_emergency(
    installation: Installation, server: Server, administrator: Server, anna: Server
) -> None:
    server.set_permissions("Tenant", 101, to_anna(Permission.FULL))
    server.set_permissions("Script", 101, [*to_anna(127), AccessEntry("Person", 100, 127)])
    installation.change_mode("Emergency")
    with pytest.raises(ReadOnlyModeError):
        anna.update("Script", 101, annex("s", {"k": "v"}))
    administrator.update("Script", 101, annex("s", {"k": "v"}))
    assert dbids(anna) == [101, 102, 103]
    installation.change_mode("Full")
    anna.update("Script", 101, annex("s", {"more": "v"}))
