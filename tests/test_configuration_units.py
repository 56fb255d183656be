"""Configuration units, references to folders and their resources: planned, applied, exported,
deleted and restored, whatever breaks and whoever moves them."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from reconciler.kinds.types.folders import folder_around, names_in_path, path_of, type_at
from reconciler.kinds.types.table import FOLDER_TYPES
from reconciler.plan.actions import Create, Write
from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import ConfigurationServerError
from reconciler.server.folders import FoldersReader
from reconciler.server.port import ConfObject
from reconciler.testing.faults import Fault
from tests.conftest import examples
from tests.harness import everything, find, gwe, opened, plan_arguments, site_server
from tests.runs import access_of, assert_same_but_dbids
from tests.test_folders import (
    FAULTS,
    SITE,
    absent,
    folder,
    now_declaring,
    paths,
    queue,
    story_of,
)
from tests.test_random_runs import Story

Document = dict[str, Any]


def unit(path: str, **spec: Any) -> Document:
    return {**folder("Folder", path), "spec": spec} if spec else folder("Folder", path)


def place(name: str, path: str = "", **spec: Any) -> Document:
    inside = {"folder": path} if path else {}
    return {
        "apiVersion": "reconciler/v1",
        "kind": "Place",
        "metadata": {"name": name, **inside},
        "spec": spec,
    }


BRANCH = [
    place("Desk", "EMEA/Berlin//Desks", site="Folder/EMEA/Berlin"),
    folder("Place", "EMEA/Berlin//Desks"),
    unit("EMEA/Berlin", folderClass="Site"),
    unit("EMEA"),
]


def test_units_come_before_what_is_in_them_and_go_after_it(tmp_path: Path) -> None:
    story = story_of(BRANCH, tmp_path)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    order = [
        "Folder/Folder/EMEA",
        "Folder/Folder/EMEA%2FBerlin",
        "Folder/Place/EMEA%2FBerlin%2F%2FDesks",
        "Place/Desk",
    ]
    assert [one.address for one in plan.writes] == order
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    assert [*paths(story.path, "Place").values()] == ["EMEA/Berlin//Desks"]
    units = {path: dbid for dbid, path in paths(story.path, "Folder").items()}
    desk = find(story.path, "Place", "Desk")
    assert desk.attributes["siteDBID"] == units["EMEA/Berlin"]
    site = everything(story.path)["Folder", units["EMEA/Berlin"]]
    assert site.attributes["folderClass"] == 2
    full, given_ = story.objects(), access_of(story.path)

    gone = now_declaring(story, absent(BRANCH))
    assert [one.address for one in gone.writes] == order[::-1]
    assert story.run(gone) == 0
    assert_same_but_dbids(story.path, before, access)
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, full, given_)


def test_a_unit_goes_only_when_all_that_it_holds_goes_before_it(tmp_path: Path) -> None:
    story = story_of(BRANCH, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    outer, inner = (
        {one.address: one.reason for one in now_declaring(story, absent(declared)).blocked}
        for declared in (BRANCH[3:], BRANCH[2:])
    )
    says = "the server deletes no folder that holds anything: "
    assert outer["Folder/Folder/EMEA"].startswith(f"{says}Folder/Folder/EMEA%2FBerlin;")
    assert inner["Folder/Folder/EMEA%2FBerlin"].startswith(
        f"{says}Folder/Place/EMEA%2FBerlin%2F%2FDesks;"
    )


def test_a_folder_that_something_refers_to_is_not_declared_absent_beside_it(
    tmp_path: Path,
) -> None:
    documents = [place("Desk", site="Script/Web"), folder("Script", "Web")]
    story = story_of(documents, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    both = now_declaring(story, [documents[0], *absent(documents[1:])])
    (blocked,) = both.blocked
    assert blocked.address == "Place/Desk"
    assert blocked.reason.startswith("site refers to Folder/Script/Web, which is declared absent")


def test_a_deleted_folder_takes_references_along_and_an_undo_restores_them(tmp_path: Path) -> None:
    documents = [place("Desk", site="Script/Web"), folder("Script", "Web")]
    story = story_of(documents, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    full, access = story.objects(), access_of(story.path)
    plan = now_declaring(story, absent(documents[1:]))
    (deleted,) = plan.writes
    assert "the reference of Place Desk to it (site)" in deleted.loses
    assert story.run(plan) == 0
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, full, access)


def test_resources_of_folders_that_refer_to_each_other_are_written_in_a_second_step(
    tmp_path: Path,
) -> None:
    documents = [
        {**one, "spec": {"resources": [{"objectType": "Folder", "object": f"Script/{other}"}]}}
        for one, other in ((folder("Script", "A"), "B"), (folder("Script", "B"), "A"))
    ]
    story = story_of(documents, tmp_path)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert [one.address for one in plan.writes] == ["Folder/Script/A", "Folder/Script/B"]
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    dbids = {path: dbid for dbid, path in paths(story.path, "Script").items()}
    found = everything(story.path)
    for one, other in (("A", "B"), ("B", "A")):
        (entry,) = found["Folder", dbids[one]].attributes["resources"]
        assert (entry["objectType"], entry["objectDBID"]) == (22, dbids[other])
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)


def test_a_replaced_object_stays_a_resource_of_its_folder(tmp_path: Path) -> None:
    zone = {
        "apiVersion": "reconciler/v1",
        "kind": "Object",
        "metadata": {"type": "TimeZone", "name": "CET"},
        "spec": {"nameNetscape": "CET", "nameMSExplorer": "CET"},
    }
    holder = folder("Script", "Web")
    holder["spec"] = {"resources": [{"objectType": "TimeZone", "object": "CET"}]}
    story = story_of([zone, holder], tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    before, access = story.objects(), access_of(story.path)
    plan = now_declaring(story, [zone])
    assert plan.empty
    plan = story.plan(overwrite=True)
    (replaced,) = plan.writes
    assert replaced.restores == ("the reference of Folder/Script Web to it (resources)",)
    assert story.run(plan) == 0
    assert_same_but_dbids(story.path, before, access)


def test_what_a_delete_loses_is_told_by_name_when_it_is_planned_and_when_it_is_applied(
    tmp_path: Path,
) -> None:
    holder = folder("Script", "Web")
    holder["spec"] = {"resources": [{"objectType": "TimeZone", "object": "CET"}]}
    story = story_of([holder], tmp_path, SITE + ZONES)
    assert story.run(story.plan(overwrite=False)) == 0
    plan = now_declaring(story, absent([holder]))
    (deleted,) = plan.writes
    assert "resources/TimeZone/CET/object: CET" in deleted.loses
    assert story.run(plan) == 0


def test_a_default_folder_can_be_referred_to(tmp_path: Path) -> None:
    story = story_of([place("Desk", site="Script/")], tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    assert story.plan(overwrite=False).empty
    site = find(story.path, "Place", "Desk").attributes["siteDBID"]
    assert everything(story.path)["Folder", site].attributes["name"] == "Scripts"


def test_a_default_folder_that_is_referred_to_goes_with_its_owner(tmp_path: Path) -> None:
    attribute = {
        "apiVersion": "reconciler/v1",
        "kind": "BusinessAttribute",
        "metadata": {"name": "Tiers"},
        "spec": {"displayName": "Tiers", "type": "Custom"},
    }
    documents = [attribute, place("Desk", site="EnumeratorValue/Tiers/")]
    story = story_of([attribute], tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    created = now_declaring(story, documents)
    assert not created.blocked
    assert story.run(created) == 0
    plan = now_declaring(story, absent(documents))
    assert [one.address for one in plan.writes] == ["Place/Desk", "BusinessAttribute/Tiers"]
    assert story.run(plan) == 0
    undo = story.undo()
    assert not undo.blocked
    assert story.run(undo) == 0


@pytest.mark.parametrize(
    ("site", "said"),
    [
        ("Folder/EMEA/Rome", "site: the Folder Folder/EMEA/Rome is absent, or not readable"),
        ("EMEA", "site: the Folder EMEA is absent, or not readable"),
        ("Nowhere:Folder/EMEA", "site: the Folder Nowhere:Folder/EMEA is absent"),
        ("Queue/Web", "site: the Folder Queue/Web is absent"),
    ],
)
def test_a_reference_to_a_folder_that_is_not_there_is_blocked(
    tmp_path: Path, site: str, said: str
) -> None:
    (blocked,) = story_and_plan([place("Desk", site=site)], tmp_path).blocked
    assert blocked.reason.startswith(said)


def story_and_plan(documents: list[Document], where: Path) -> Any:
    return now_declaring(story_of([unit("EMEA")], where), documents)


def test_what_is_put_into_a_unit_that_nobody_declares_is_blocked(tmp_path: Path) -> None:
    (blocked,) = story_and_plan([folder("Script", "Rome//Web")], tmp_path).blocked
    assert blocked.reason == (
        "there is no configuration unit Rome: declare it, with kind: Folder, type: Folder and"
        " path: Rome, or create it by hand"
    )


def test_a_slash_in_the_name_of_a_folder_is_no_nested_folder(tmp_path: Path) -> None:
    documents = [
        folder("Script", "In%2FOut"),
        folder("Script", "In"),
        folder("Script", "In/Out"),
        queue("Slash", "In%2FOut"),
        queue("Nested", "In/Out"),
    ]
    story = story_of(documents, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    assert story.plan(overwrite=False).empty
    found = everything(story.path).values()
    names = {one.dbid: one.attributes["name"] for one in found if one.type == "Folder"}
    holders = {one.attributes["name"]: names[one.folder] for one in found if one.type == "Script"}
    assert (holders["Slash"], holders["Nested"]) == ("In/Out", "Out")
    site = ("--server", f"embedded:{story.path}", "--app", "GWE")
    shown = gwe("export", "-", "--kind", "Folder", *site, cwd=tmp_path).out
    assert [line.strip() for line in shown.splitlines() if "path:" in line] == [
        "path: In",
        "path: In%2FOut",
        "path: In/Out",
    ]


NAMES = st.sampled_from(["A", "B", "ä b", "In/Out", "50%", "A%2FB", "A%25", "//", "#7", "a:b"])


@given(st.lists(NAMES | st.text(min_size=1), max_size=3), st.lists(NAMES, min_size=1, max_size=3))
def test_every_path_says_which_names_it_is_made_of(units: list[str], names: list[str]) -> None:
    path = path_of(names, path_of(units))
    assert names_in_path(path) == (units, names)
    holder, around = type_at("Folder/Script", folder_around(path))
    if names[1:]:
        assert (holder, names_in_path(around)) == ("Folder/Script", (units, names[:-1]))
    elif units:
        assert (holder, names_in_path(around)) == ("Folder/Folder", ([], units))
    else:
        assert around == ""


# Random folders

HELD = ["Place", "Script", "Skill"]
OBJECTS: dict[str, Document] = {
    "Place": {"kind": "Place"},
    "Script": {"kind": "InteractionQueue"},
    "Skill": {"kind": "Skill"},
}
ZONES = """
TimeZone:
  - {name: CET, nameNetscape: CET, nameMSExplorer: CET}
  - {name: PST, nameNetscape: PST, nameMSExplorer: PST}
"""


@st.composite
def trees(draw: st.DrawFn) -> list[Document]:
    """Manifests of units in units, of folders in them and elsewhere, and of objects in these, with
    references to any folders, in circles too."""
    units: list[list[str]] = []
    for _ in range(draw(st.integers(0, 3))):
        outer = draw(st.sampled_from([[], *units]))
        units.append([*outer, draw(NAMES.filter(lambda name, o=outer: [*o, name] not in units))])
    folders: list[tuple[str, list[str], list[str]]] = []
    for _ in range(draw(st.integers(1, 4))):
        held = draw(st.sampled_from(HELD))
        inside = [(one, names) for of, one, names in folders if of == held]
        around, names = draw(st.sampled_from([([], []), *((one, []) for one in units), *inside]))
        new = (held, around, [*names, draw(NAMES)])
        folders += [new] if new not in folders else []
    every = [("Folder", path_of(one)) for one in units]
    every += [(held, path_of(names, path_of(one))) for held, one, names in folders]
    references = st.sampled_from([f"{held}/{path}" for held, path in [*every, ("Script", "")]])
    documents = []
    for held, path in every:
        made = folder(held, path)
        listed = draw(st.lists(st.sampled_from(["CET", "PST"]), max_size=1)) or []
        entries: list[Document] = [{"objectType": "TimeZone", "object": one} for one in listed]
        if draw(st.booleans()):
            entries.append({"objectType": "Folder", "object": draw(references)})
        spec = {"description": draw(NAMES)} | ({"resources": entries} if entries else {})
        documents.append({**made, "spec": spec})
    for number in range(draw(st.integers(0, 3))):
        held = draw(st.sampled_from(HELD))
        into = draw(st.sampled_from([*(path for of, path in every if of == held), ""]))
        metadata = {"name": f"{held} {number}"} | ({"folder": into} if into else {})
        spec = {"site": draw(references)} if held == "Place" and draw(st.booleans()) else {}
        documents.append({"apiVersion": "reconciler/v1", **OBJECTS[held], "metadata": metadata})
        documents[-1] |= {"spec": spec} if spec else {}
    return draw(st.permutations(documents))


def settled(story: Story, documents: list[Document], faults: list[Fault]) -> None:
    """Applies manifests under faults, and again without, until there is nothing to do."""
    plan = now_declaring(story, documents)
    assert not plan.blocked
    story.run(plan, faults)
    story.recover()
    left = now_declaring(story, documents)
    assert left.empty or story.run(left) == 0
    assert now_declaring(story, documents).empty


@pytest.mark.long
@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees(), FAULTS, FAULTS)
def test_any_folders_are_created_exported_deleted_and_restored_under_faults(
    documents: list[Document], creating: Fault | None, deleting: Fault | None
) -> None:
    note(f"{documents}")
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        story = story_of(documents, where, SITE + ZONES)
        empty, bare = story.objects(), access_of(story.path)
        settled(story, documents, [creating] if creating else [])
        full, access = story.objects(), access_of(story.path)
        _check_an_export_makes_the_same(story, where)
        plan = now_declaring(story, absent(documents))
        assert not plan.blocked
        whole = story.run(plan, [deleting] if deleting else []) == 0
        story.recover()
        if whole:
            assert_same_but_dbids(story.path, empty, bare)
            undo = story.undo()
            assert not undo.blocked
            assert story.run(undo) == 0
            assert_same_but_dbids(story.path, full, access)
        settled(story, absent(documents), [])
        assert_same_but_dbids(story.path, empty, bare)


def _check_an_export_makes_the_same(story: Story, where: Path) -> None:
    """An export, applied to another server, makes objects of which the export is the same."""
    site = ("--server", f"embedded:{story.path}", "--app", "GWE")
    kinds = [part for kind in ("Folder", "Place", "Script", "Skill") for part in ("--kind", kind)]
    assert gwe("export", "out", *kinds, *site, cwd=where).code == 0
    (where / "other").mkdir()
    elsewhere = plan_arguments(site_server(where / "other", SITE + ZONES), "-f", "out")
    applied = gwe("apply", *elsewhere, "--auto-approve", cwd=where)
    assert applied.code == 0, applied
    assert gwe("export", "again", *kinds, *elsewhere[:4], cwd=where).code == 0
    first, again = (
        {
            file.name: file.read_text(encoding="utf-8")
            for file in sorted((where / one).glob("*.yaml"))
        }
        for one in ("out", "again")
    )
    assert first == again


Move = tuple[str, int, int, str]
"""What another client does: ``rename``, ``move`` or ``fill``; which folder, where to, a name."""
MOVES = st.lists(
    st.tuples(
        st.sampled_from(["rename", "move", "fill"]), st.integers(0, 9), st.integers(0, 9), NAMES
    ),
    min_size=1,
    max_size=3,
)


def interfere(path: Path, moves: list[Move]) -> set[str]:
    """Lets another client rename, move and fill folders. The names of what it puts into them."""
    added = set()
    with opened(path) as server:
        for what, one, other, name in moves:
            reader = FoldersReader(server)
            folders = [found for kind in FOLDER_TYPES for found in reader.read(kind)]
            holder, into = (folders[number % len(folders)] for number in (one, other))
            try:
                added |= _interfere(server, what, holder, into, name)
            except ConfigurationServerError as error:
                event(f"{what} is refused: {type(error).__name__}")
    return added


def _interfere(server: Any, what: str, holder: ConfObject, into: ConfObject, name: str) -> set[str]:
    if what == "rename":
        server.update("Folder", holder.dbid, Delta(values={"name": name}))
    elif what == "move":
        entry = {"type": 22, "DBID": holder.dbid}
        server.update("Folder", into.dbid, Delta(lists={"objectIDs": ListDelta(added=(entry,))}))
    elif holder.type == "Folder/Script":
        made = {"tenantDBID": holder.tenant, "name": f"Theirs {holder.dbid}", "type": 23}
        server.create("Script", made, holder.dbid)
        return {str(made["name"])}
    return set()


@pytest.mark.long
@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees(), MOVES, FAULTS)
def test_folders_that_others_move_rename_and_fill_are_neither_lost_nor_emptied(
    documents: list[Document], moves: list[Move], fault: Fault | None
) -> None:
    note(f"{documents} {moves}")
    with tempfile.TemporaryDirectory() as name:
        story = story_of(documents, Path(name), SITE + ZONES)
        assert story.run(story.plan(overwrite=False)) == 0
        made = story.objects()
        theirs = interfere(story.path, moves)
        moved = story.objects()
        undo = story.undo()
        plan = now_declaring(story, documents)
        created = [one for one in plan.writes if isinstance(one, Create)]
        assert {one.object_type.partition("/")[0] for one in created} <= {"Folder"}
        assert not any(one.action in ("delete", "replace") for one in plan.writes)
        if not undo.blocked:
            event("the undo goes on")
            assert not theirs
            story.run(undo, [fault] if fault else [])
            story.recover()
            assert not moved.keys() - made.keys() - story.objects().keys()
        else:
            event("the undo is blocked")
            assert story.objects() == moved
        again = now_declaring(story, documents)
        _settle_with_others(story, again, documents)
        names = {one.attributes.get("name") for one in story.objects().values()}
        assert theirs <= names


def _settle_with_others(story: Story, plan: Any, documents: list[Document]) -> None:
    """Applies what can be: a folder that others have put in the way blocks what needs it."""
    if plan.blocked:
        event("the plan is blocked")
        return
    writes: list[Write] = list(plan.writes)
    assert not writes or story.run(plan) == 0
    assert now_declaring(story, documents).empty


@pytest.mark.long
@settings(max_examples=examples(8), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees())
def test_any_folders_are_adopted_and_destroyed_with_what_they_hold(
    documents: list[Document],
) -> None:
    note(f"{documents}")
    with tempfile.TemporaryDirectory() as name:
        where = Path(name)
        story = story_of(documents, where, SITE + ZONES)
        before, access = story.objects(), access_of(story.path)
        assert story.run(story.plan(overwrite=False)) == 0
        connection = ("--server", f"embedded:{story.path}", "--app", "GWE")
        story.world.manifests_in(where)
        (where / "gwe.toml").write_text('file = ["manifests.yaml"]\n', encoding="utf-8")
        adopted = gwe("adopt", "--declared", *connection, "--auto-approve", cwd=where)
        assert adopted.code == 0, adopted
        planned = gwe("destroy", "--confirm", "GWE", *connection, "--out", "gone.plan", cwd=where)
        assert planned.code == 0, planned
        applied = gwe("apply", "gone.plan", *connection[:2], "--auto-approve", cwd=where)
        assert applied.code == 0, applied.err or applied.out[-900:]
        assert_same_but_dbids(story.path, before, access)


def test_a_unit_of_another_tenant_is_referred_to_by_it(tmp_path: Path) -> None:
    documents = [
        {
            "apiVersion": "reconciler/v1",
            "kind": "Object",
            "metadata": {"type": "Tenant", "name": "Branch"},
        },
        folder("Folder", "EMEA", tenant="Branch"),
        place("Desk", site="Branch:Folder/EMEA"),
    ]
    story = story_of(documents, tmp_path)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert [one.address for one in plan.writes] == [
        "Object/Tenant/Branch",
        "Branch:Folder/Folder/EMEA",
        "Place/Desk",
    ]
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)


def test_folders_of_hosts_are_in_units_of_tenant_environment(tmp_path: Path) -> None:
    documents = [folder("Host", "Racks//Left"), folder("Folder", "Racks", tenant="Environment")]
    story = story_of(documents, tmp_path)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert [one.address for one in plan.writes] == [
        "Environment:Folder/Folder/Racks",
        "Folder/Host/Racks%2F%2FLeft",
    ]
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)
