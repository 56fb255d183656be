"""Folders as manifests: created before what is put into them, deleted after it, restored whole."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reconciler.kinds.enums import SCRIPT_TYPE
from reconciler.kinds.types.table import FOLDER_TYPES, OBJECT_TYPES
from reconciler.plan.actions import Create
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.server.folders import FoldersReader
from reconciler.server.snapshot import Snapshot
from reconciler.testing.contract.site import LEAST_OF_ALL
from reconciler.testing.faults import Drop, Fault, LoseAnswer
from tests.conftest import examples
from tests.harness import BARE, everything, gwe, opened, plan_arguments, site_server
from tests.runs import access_of, assert_same_but_dbids
from tests.test_objects_of_every_type import WORLD, manifest_of, names_in_world
from tests.test_random_runs import Story
from tests.worlds import World

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\n"


def folder(of: str, path: str, **more: str) -> dict[str, Any]:
    return {
        "apiVersion": "reconciler/v1",
        "kind": "Folder",
        "metadata": {"type": of, "path": path, **more},
    }


def queue(name: str, path: str) -> dict[str, Any]:
    return {
        "apiVersion": "reconciler/v1",
        "kind": "InteractionQueue",
        "metadata": {"name": name, "folder": path},
    }


def absent(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in one.items() if key != "spec"} | {"ensure": "absent"}
        for one in documents
    ]


def story_of(documents: list[dict[str, Any]], folder: Path, site: str = SITE) -> Story:
    return Story(World(site, "GWE", yaml.safe_dump_all(documents)), folder, PlanOptions(force=True))


def now_declaring(story: Story, documents: list[dict[str, Any]]) -> Plan:
    """The plan for other manifests on the server of the story."""
    story.world = World(story.world.site, "GWE", yaml.safe_dump_all(documents))
    return story.plan(overwrite=False)


def paths(server_file: Path, of: str) -> dict[int, str]:
    """DBID -> path of the folders for objects of a type, without default folders."""
    with opened(server_file) as server:
        found = FoldersReader(server).read(f"Folder/{of}")
    return {one.dbid: path for one in found if (path := one.attributes["path"])}


DEEP = [queue("Q", "Web/Queues"), folder("Script", "Web/Queues"), folder("Script", "Web")]


def test_folders_are_created_from_the_outside_in_and_before_what_is_put_in_them(
    tmp_path: Path,
) -> None:
    story = story_of(DEEP, tmp_path)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert [one.address for one in plan.writes] == [
        "Folder/Script/Web",
        "Folder/Script/Web%2FQueues",
        "InteractionQueue/Q",
    ]
    assert story.run(plan) == 0
    found = paths(story.path, "Script")
    assert sorted(found.values()) == ["Web", "Web/Queues"]
    (made,) = [one for one in everything(story.path).values() if one.attributes.get("name") == "Q"]
    assert found[made.folder] == "Web/Queues"
    assert story.plan(overwrite=False).empty
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)


def test_a_folder_that_nobody_declares_blocks_what_is_to_be_put_into_it(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(queue("Q", "Web/Queues")), encoding="utf-8")
    server = site_server(tmp_path, SITE)
    shown = gwe("plan", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert shown.code == 3
    assert (
        "blocked: there is no folder Web/Queues for objects of type Script: declare\n"
        "      it, with kind: Folder, type: Script and path: Web/Queues, or create it by\n"
        "      hand\n"
    ) in shown.out


def test_a_folder_that_is_declared_absent_blocks_what_is_to_be_put_into_it(tmp_path: Path) -> None:
    story = story_of([folder("Script", "Web")], tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    both = now_declaring(story, [queue("Q", "Web"), *absent([folder("Script", "Web")])])
    (blocked,) = both.blocked
    assert blocked.address == "InteractionQueue/Q"
    assert "folder refers to Folder/Script/Web, which is declared absent" in blocked.reason


def test_a_folder_inside_one_that_nobody_declares_is_blocked(tmp_path: Path) -> None:
    story = story_of([folder("Script", "Else")], tmp_path)
    (blocked,) = now_declaring(story, [folder("Script", "Web/Queues")]).blocked
    assert blocked.reason.startswith("there is no folder Web for objects of type Script: declare")


def test_what_is_put_into_a_blocked_folder_is_blocked(tmp_path: Path) -> None:
    story = story_of([folder("Script", "Else")], tmp_path)
    reasons = {one.address: one.reason for one in now_declaring(story, DEEP[:2]).blocked}
    assert reasons["InteractionQueue/Q"] == (
        "it refers to Folder/Script/Web%2FQueues, which is blocked"
    )


def test_a_folder_goes_only_when_all_that_it_holds_goes_before_it(tmp_path: Path) -> None:
    story = story_of(DEEP, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    full, access = story.objects(), access_of(story.path)
    alone = now_declaring(story, absent([folder("Script", "Web")]))
    (blocked,) = alone.blocked
    assert blocked.reason == (
        "the server deletes no folder that holds anything: Folder/Script/Web%2FQueues; declare that"
        " absent too, or move it to another folder"
    )
    held = now_declaring(story, absent([folder("Script", "Web/Queues"), folder("Script", "Web")]))
    assert [one.address for one in held.blocked] == [
        "Folder/Script/Web",
        "Folder/Script/Web%2FQueues",
    ]
    assert "InteractionQueue/Q" in held.blocked[1].reason

    whole = now_declaring(story, absent(DEEP))
    assert [one.address for one in whole.writes] == [
        "InteractionQueue/Q",
        "Folder/Script/Web%2FQueues",
        "Folder/Script/Web",
    ]
    assert story.run(whole) == 0
    assert paths(story.path, "Script") == {}
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, full, access)


def test_a_folder_waits_for_what_it_holds_and_that_for_what_refers_to_it(tmp_path: Path) -> None:
    rule = {
        "apiVersion": "reconciler/v1",
        "kind": "Script",
        "metadata": {"name": "Rule", "folder": "Web"},
        "spec": {"type": "CapacityRule"},
    }
    desks = {
        "apiVersion": "reconciler/v1",
        "kind": "PlaceGroup",
        "metadata": {"name": "Desks"},
        "spec": {"capacityRule": "Rule"},
    }
    documents = [folder("Script", "Web"), rule, desks]
    story = story_of(documents, tmp_path)
    created = story.plan(overwrite=False)
    order = ["Folder/Script/Web", "Script/Rule", "PlaceGroup/Desks"]
    assert [one.address for one in created.writes] == order
    assert story.run(created) == 0
    deleted = now_declaring(story, absent(documents))
    assert [one.address for one in deleted.writes] == order[::-1]
    assert story.run(deleted) == 0


def test_an_undo_leaves_a_folder_that_somebody_has_put_something_into(tmp_path: Path) -> None:
    story = story_of([folder("Script", "Web")], tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    ((dbid, _),) = paths(story.path, "Script").items()
    with opened(story.path) as server:
        tenant = max(one.dbid for one in server.read("Tenant"))
        made = {"tenantDBID": tenant, "name": "Theirs", "type": 23}
        server.create("Script", made, dbid)
    (blocked,) = story.undo().blocked
    assert blocked.reason == "it holds what the run did not create: Theirs; move that elsewhere"


def test_a_description_is_corrected_and_the_kept_rest_is_not(tmp_path: Path) -> None:
    first = {**folder("Script", "Web"), "spec": {"description": "one", "annex": {"a": {"b": "c"}}}}
    story = story_of([first], tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    plan = now_declaring(story, [{**folder("Script", "Web"), "spec": {"description": "two"}}])
    assert [(one.action, one.address) for one in plan.writes] == [("update", "Folder/Script/Web")]
    assert story.run(plan) == 0
    (one,) = [one for one in everything(story.path).values() if one.attributes.get("name") == "Web"]
    assert one.attributes["description"] == "two"
    assert one.attributes["userProperties"] == {"a": {"b": "c"}}


def test_an_export_has_the_folders_of_what_it_has_and_creates_them_elsewhere(
    tmp_path: Path,
) -> None:
    documents = [queue("Webengagement_Chat", "Web/Queues"), *DEEP[1:], folder("Script", "Other")]
    story = story_of(documents, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    site = ("--server", f"embedded:{story.path}", "--app", "GWE")
    assert gwe("export", "out", *site, cwd=tmp_path).code == 0
    text = (tmp_path / "out" / "folder-script.yaml").read_text(encoding="utf-8")
    paths_ = [one["metadata"]["path"] for one in yaml.safe_load_all(text)]
    assert paths_ == ["Web", "Web/Queues"]
    (tmp_path / "b").mkdir()
    elsewhere = plan_arguments(site_server(tmp_path / "b", SITE), "-f", "out")
    assert gwe("apply", *elsewhere, "--auto-approve", cwd=tmp_path).code == 0
    assert gwe("export", "-", "--kind", "Folder", *elsewhere[:4], cwd=tmp_path).out == text


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ("{type: Scrip, path: A}", "no object type Scrip can be in a folder; did you mean Script?"),
        ("{type: InteractionQueue, path: A}", "Write type: Script, the type of such objects."),
        ("{path: A}", "metadata.type is missing: the type of the objects in the folder"),
        ("{type: Script, path: A, folder: B}", "unknown field folder in metadata"),
        ("{type: Script, path: A//B//C}", "a folder of metadata.path is blank"),
        ("{type: Script, path: A//}", "a folder of metadata.path is blank"),
        ("{type: Script, path: A/ /C//B}", "a unit of metadata.path is blank"),
        ("{type: Folder, path: A//B}", "with // after the unit; no unit is in such a folder"),
        (
            "{type: DN, switch: S, path: A//B}",
            "with // after the unit; no folder of a Switch is in such a folder",
        ),
        ("{type: Script, path: 'A/B '}", "a folder of metadata.path has blanks around it"),
        ("{type: Script, path: A, formerly: [B]}", "Folder/Script has no formerly"),
        ("{type: DN, path: A}", "switch is missing from metadata"),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, metadata: str, said: str) -> None:
    text = f"{HEAD}kind: Folder\nmetadata: {metadata}\n"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    shown = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert shown.code == 1
    assert said in shown.err


def test_the_generic_kind_leads_to_the_kind_of_folders(tmp_path: Path) -> None:
    text = f"{HEAD}kind: Object\nmetadata: {{type: Folder, path: A}}\n"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    shown = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert "objects of type Folder have a kind of their own" in shown.err
    assert "Write kind: Folder." in shown.err


WITH_FOLDERS = [name for name, kind in OBJECT_TYPES.items() if kind.folder]
TYPES = [name for name in WITH_FOLDERS if name in LEAST_OF_ALL]


def owner_words(of: str, names: Snapshot) -> dict[str, str]:
    """What ``metadata`` says of the owner of folders, where that is no tenant."""
    kind = FOLDER_TYPES[f"Folder/{of}"]
    if kind.owner_type == "Tenant":
        return {}
    owner = kind.attribute(kind.owner)
    assert owner is not None
    return {owner.word: names.name(kind.owner_type, LEAST_OF_ALL[of][kind.owner], 101)}


def placed(of: str, path: str, names: Snapshot) -> list[dict[str, Any]]:
    """Manifests of an object of a type in a folder, and of that folder and those around it."""
    new = dict(LEAST_OF_ALL[of])
    if of == "Script":
        new["type"] = SCRIPT_TYPE["CapacityRule"]  # the others have kinds of their own
    manifest = manifest_of(of, new, names)
    manifest["metadata"]["folder"] = path
    owner = owner_words(of, names)
    parts = path.split("/")
    around = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return [manifest, *(folder(of, one, **owner) for one in around)]


def test_every_type_that_has_folders_is_tried_here() -> None:
    assert {*WITH_FOLDERS} - {*TYPES} == set()


FAULTS: st.SearchStrategy[Fault | None] = st.none() | st.one_of(
    st.builds(Drop, at=st.integers(1, 30), when=st.sampled_from(["before", "during", "after"])),
    st.builds(LoseAnswer, at=st.integers(1, 30)),
)


def check_folders(chosen: dict[str, str], creating: Fault | None, deleting: Fault | None) -> None:
    """Objects in new folders: planned, applied, found equal, deleted, restored, whatever breaks.
    ``chosen``: object type -> path."""
    with tempfile.TemporaryDirectory() as where:
        names = names_in_world()
        documents = [one for of, path in chosen.items() for one in placed(of, path, names)]
        story = story_of(documents, Path(where), WORLD)
        empty = story.objects()
        plan = story.plan(overwrite=False)
        assert not plan.blocked
        assert len([one for one in plan.writes if isinstance(one, Create)]) == len(documents)
        story.run(plan, [creating] if creating else [])
        story.recover()
        story.run(story.plan(overwrite=False))
        assert story.plan(overwrite=False).empty
        full, access = story.objects(), access_of(story.path)
        for of, path in chosen.items():
            assert path in paths(story.path, of).values()

        story.run(now_declaring(story, absent(documents)), [deleting] if deleting else [])
        story.recover()
        left = now_declaring(story, absent(documents))
        if left.empty:
            undo = story.undo()
            assert not undo.blocked
            assert story.run(undo) == 0
            assert_same_but_dbids(story.path, full, access)
            left = now_declaring(story, absent(documents))
        assert story.run(left) == 0
        assert story.objects() == empty


NEVER_DELETED = {"Tenant", "Application", "Host"}


@pytest.mark.long
@settings(max_examples=examples(12), deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(sorted({*TYPES} - NEVER_DELETED)),
        st.sampled_from(["A", "A/B", "ä b/C/D"]),
        min_size=1,
        max_size=3,
    ),
    FAULTS,
    FAULTS,
)
def test_objects_in_folders_of_any_type_are_created_deleted_and_restored_under_faults(
    chosen: dict[str, str], creating: Fault | None, deleting: Fault | None
) -> None:
    note(f"{chosen}")
    check_folders(chosen, creating, deleting)


@pytest.mark.long
def test_an_object_of_every_type_is_created_in_a_new_folder_and_taken_away(tmp_path: Path) -> None:
    names = names_in_world()
    documents = [one for of in TYPES for one in placed(of, "Deep/Deeper", names)]
    story = story_of(documents, tmp_path, WORLD)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    assert plan.counts()["create"] == 3 * len(TYPES)
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    for of in TYPES:
        there_before = ["EMEA//In%2FOut"] if of == "Script" else []
        assert sorted(paths(story.path, of).values()) == ["Deep", "Deep/Deeper", *there_before]
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)
