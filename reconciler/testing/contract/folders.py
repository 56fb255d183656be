"""Folders: where objects live, and how they move. Object type 12 is a script."""

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    DependentObjectsError,
    IncorrectReferencesError,
    UnchangeableInfoError,
    UniquenessViolationError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.fixtures import NewServer
from reconciler.testing.contract.site import (
    LEAST,
    SITE,
    annex,
    get,
    names,
    script,
    value,
)


@pytest.mark.parametrize(
    ("object_type", "dbid", "names_down", "owner"),
    [
        ("Tenant", 101, "Tenants", (7, 1)),
        ("Host", 101, "Hosts", (7, 1)),
        ("AppPrototype", 101, "Application Templates", (7, 1)),
        ("Application", 101, "Applications", (7, 1)),
        ("Person", 101, "Persons", (7, 101)),
        ("Person", 104, "Persons", (7, 102)),
        ("AgentGroup", 101, "Agent Groups", (7, 101)),
        ("Script", 101, "Scripts", (7, 101)),
        ("Script", 103, "Scripts", (7, 102)),
        ("Enumerator", 101, "Business Attributes", (7, 101)),
        ("EnumeratorValue", 101, "Attribute Values", (35, 101)),
    ],
)
def test_an_object_lives_in_the_default_folder_of_its_owner(
    server: Server, object_type: str, dbid: int, names_down: str, owner: tuple[int, int]
) -> None:
    found = get(server, object_type, dbid)
    assert found.path == names_down
    folder = get(server, "Folder", found.folder)
    assert folder.attributes["ownerID"] == {"type": owner[0], "DBID": owner[1]}
    assert folder.attributes["parentID"] == folder.attributes["ownerID"]


@pytest.mark.parametrize("object_type", [name for name in LEAST if name != "Tenant"])
def test_a_new_object_lives_with_its_siblings(server: Server, object_type: str) -> None:
    created = server.create(object_type, LEAST[object_type])
    sibling = get(server, object_type, 101)
    assert (created.folder, created.path) == (sibling.folder, sibling.path)


def test_a_new_tenant_and_a_new_attribute_have_folders_of_their_own(
    server: Server,
) -> None:
    tenant = server.create("Tenant", {"name": "New"}).dbid
    made = server.create("Script", script("Queue", tenantDBID=tenant))
    assert made.path == "Scripts"
    assert made.folder != get(server, "Script", 101).folder
    attribute = server.create("Enumerator", LEAST["Enumerator"]).dbid
    held = server.create("EnumeratorValue", value("Page", enumeratorDBID=attribute))
    assert held.path == "Attribute Values"
    assert held.folder != get(server, "EnumeratorValue", 101).folder


def test_an_object_is_created_into_the_folder_that_is_named(new_server: NewServer) -> None:
    chat = "  - {name: Inbound, dbid: 110, type: InteractionQueue, folder: Chat/In}\n"
    server = new_server(SITE.replace("Enumerator:", chat + "Enumerator:", 1)).connect()
    inbound = get(server, "Script", 110)
    assert inbound.path == "Scripts/Chat/In"
    created = server.create("Script", script("New"), inbound.folder)
    assert (created.folder, created.path) == (inbound.folder, "Scripts/Chat/In")
    server.update("Script", created.dbid, annex("s", {"k": "v"}))
    assert get(server, "Script", created.dbid).path == "Scripts/Chat/In"
    server.close()


def test_a_wrong_folder_is_refused(server: Server) -> None:
    of_another_tenant = get(server, "Script", 103).folder
    of_another_type = get(server, "Enumerator", 101).folder
    for folder in (of_another_tenant, of_another_type, 999, 0, -1):
        with pytest.raises(IncorrectReferencesError) as caught:
            server.create("Script", script("New"), folder)
        # The wire has no number for the folder of a create.
        assert caught.value.prop in ("folder_dbid", "")
    assert names(server.read("Script", {"tenant_dbid": 101})) == ["Queue", "Rule"]


def test_a_folder_is_created_inside_another(server: Server) -> None:
    scripts = get(server, "Script", 101).folder
    folder = {"name": "Chat", "type": 12, "ownerID": {"type": 7, "DBID": 101}}
    created = server.create("Folder", folder, scripts)
    assert created.attributes["parentID"] == {"type": 22, "DBID": scripts}
    assert server.create("Script", script("New"), created.dbid).path == "Scripts/Chat"
    with pytest.raises(UniquenessViolationError):
        server.create("Folder", folder, scripts)


def test_a_folder_for_nowhere_is_no_reason_to_fall_over(server: Server) -> None:
    before = server.read("Script")
    folder = {"name": "Chat", "type": 12, "ownerID": {"type": 7, "DBID": 999}}
    with pytest.raises(ConfigurationServerError):
        server.create("Folder", folder)
    assert server.read("Script") == before


def test_a_folder_with_members_is_not_deleted(server: Server) -> None:
    scripts = get(server, "Script", 101).folder
    with pytest.raises(DependentObjectsError):
        server.delete("Folder", scripts)
    assert get(server, "Script", 101).path == "Scripts"


def new_scripts_folder(server: Server, name: str = "Chat") -> int:
    """A new folder in the default folder for scripts of tenant Resources."""
    owner = {"type": 7, "DBID": 101}
    return server.create("Folder", {"name": name, "type": 12, "ownerID": owner}).dbid


def move(*members: tuple[int, int]) -> Delta:
    entries = tuple({"type": number, "DBID": dbid} for number, dbid in members)
    return Delta(lists={"objectIDs": ListDelta(added=entries)})


def test_an_object_moves_into_the_folder_that_it_is_added_to(server: Server) -> None:
    before = get(server, "Script", 101)
    folder = new_scripts_folder(server)
    server.update("Folder", folder, move((12, 101), (12, 102)))
    after = get(server, "Script", 101)
    assert (after.folder, after.path) == (folder, "Scripts/Chat")
    assert after.attributes == before.attributes
    assert get(server, "Script", 102).path == "Scripts/Chat"
    server.update("Folder", before.folder, move((12, 101)))
    assert get(server, "Script", 101) == before


def test_a_folder_says_what_is_in_it(server: Server) -> None:
    default = get(server, "Script", 101).folder
    script_101, script_102 = {"type": 12, "DBID": 101}, {"type": 12, "DBID": 102}
    assert get(server, "Folder", default).attributes["objectIDs"] == [script_101, script_102]
    folder = new_scripts_folder(server)
    assert "objectIDs" not in get(server, "Folder", folder).attributes
    moved = server.update("Folder", folder, move((12, 101)))
    assert moved.attributes["objectIDs"] == [script_101]
    assert moved in server.read("Folder")
    inner = {"type": 22, "DBID": folder}
    assert get(server, "Folder", default).attributes["objectIDs"] == [inner, script_102]


def test_a_move_and_another_change_of_the_folder_go_together(server: Server) -> None:
    folder = new_scripts_folder(server)
    both = Delta(values={"name": "Renamed"}, lists=move((12, 101)).lists)
    assert server.update("Folder", folder, both).attributes["name"] == "Renamed"
    assert get(server, "Script", 101).path == "Scripts/Renamed"


@pytest.mark.parametrize(
    ("member", "error"),
    [
        ((12, 103), IncorrectReferencesError),
        ((5, 101), IncorrectReferencesError),
        ((12, 999), ConfigurationServerError),
    ],
)
def test_what_does_not_fit_a_folder_is_not_moved_into_it(
    server: Server, member: tuple[int, int], error: type[ConfigurationServerError]
) -> None:
    folder, before = new_scripts_folder(server), server.read("Script")
    with pytest.raises(error):
        server.update("Folder", folder, move((12, 102), member))
    assert server.read("Script") == before


def test_an_object_does_not_leave_its_folder_for_nowhere(server: Server) -> None:
    folder = get(server, "Script", 101).folder
    gone = Delta(lists={"objectIDs": ListDelta(deleted=((12, 101),))})
    with pytest.raises(ConfigurationServerError):
        server.update("Folder", folder, gone)
    assert get(server, "Script", 101).folder == folder


def test_a_folder_moves_into_another_of_its_kind_with_what_it_holds(server: Server) -> None:
    outer, inner = new_scripts_folder(server, "Outer"), new_scripts_folder(server, "Inner")
    server.update("Folder", inner, move((12, 101)))
    server.update("Folder", outer, move((22, inner)))
    assert get(server, "Script", 101).path == "Scripts/Outer/Inner"
    assert get(server, "Folder", inner).attributes["parentID"] == {"type": 22, "DBID": outer}
    with pytest.raises(ConfigurationServerError):
        server.update("Folder", inner, move((22, outer)))


def test_a_new_folder_says_nothing_of_members(server: Server) -> None:
    owner = {"type": 7, "DBID": 101}
    given = {"name": "Chat", "type": 12, "ownerID": owner, "objectIDs": [{"type": 12, "DBID": 999}]}
    with pytest.raises(ConfigurationServerError):
        server.create("Folder", given)
    assert server.read("Folder", {"name": "Chat"}) == []


def test_an_empty_folder_is_deleted_and_one_with_members_is_not(server: Server) -> None:
    outer = new_scripts_folder(server, "Outer")
    owner = {"type": 7, "DBID": 101}
    inner = server.create("Folder", {"name": "Inner", "type": 12, "ownerID": owner}, outer).dbid
    server.update("Folder", inner, move((12, 101)))
    for held in (outer, inner):
        with pytest.raises(DependentObjectsError) as caught:
            server.delete("Folder", held)
        assert caught.value.number == 13
    server.delete("Script", 101)
    server.delete("Folder", inner)
    server.delete("Folder", outer)
    assert server.read("Folder", {"name": "Outer"}) == []


def test_a_default_folder_is_not_deleted_even_when_it_is_empty(server: Server) -> None:
    (skills,) = [
        one
        for one in server.read("Folder", {"name": "Skills"})
        if one.attributes["ownerID"] == {"type": 7, "DBID": 102}
    ]
    with pytest.raises(DependentObjectsError):
        server.delete("Folder", skills.dbid)
    assert get(server, "Folder", skills.dbid) == skills


@pytest.mark.parametrize(
    ("attribute", "other"),
    [
        ("type", 5),
        ("folderClass", 2),
        ("ownerID", {"type": 7, "DBID": 102}),
        ("parentID", {"type": 7, "DBID": 101}),
    ],
)
def test_what_a_folder_is_for_never_changes(server: Server, attribute: str, other: object) -> None:
    folder = new_scripts_folder(server)
    with pytest.raises(UnchangeableInfoError) as caught:
        server.update("Folder", folder, Delta(values={attribute: other}))
    assert caught.value.prop == attribute


def test_a_renamed_folder_changes_the_paths_below_it(server: Server) -> None:
    folder = new_scripts_folder(server)
    server.update("Folder", folder, move((12, 101)))
    server.update("Folder", folder, Delta(values={"name": "Web"}))
    assert get(server, "Script", 101).path == "Scripts/Web"
    assert new_scripts_folder(server, "Chat") > folder
    with pytest.raises(UniquenessViolationError):
        new_scripts_folder(server, "Web")
