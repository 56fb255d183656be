"""Permissions of one object: what each allows, and how entries are set.

anna is person 101, the administrator person 100. Script 101 is in tenant 101.
"""

from collections.abc import Callable

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    IncorrectReferencesError,
    NoPermissionError,
    ObjectNotFoundError,
    UniquenessViolationError,
    UnsupportedObjectError,
    ValueOutOfRangeError,
)
from reconciler.server.port import AccessEntry, Permission, Server
from reconciler.testing.contract.site import (
    EVERYONE,
    SUPER_ADMINISTRATORS,
    annex,
    dbids,
    get,
    script,
    scripts_folder,
    to_anna,
)


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
