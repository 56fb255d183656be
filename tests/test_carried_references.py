"""A replace leads the references that others have to the new object: every reference that the
table of types knows, in attributes, lists, structures and lists of structures."""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.kinds.manifests import MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.actions import Replace
from reconciler.plan.context import PlanOptions
from reconciler.plan.identity import kind_of
from reconciler.server.errors import UniquenessViolationError
from reconciler.server.port import ConfObject, Server
from reconciler.server.snapshot import Snapshot
from reconciler.testing.faults import Call, Drop, When
from tests.harness import BARE, everything, find, gwe, opened, plan_arguments, site_server
from tests.runs import access_of, assert_same_but_dbids
from tests.test_guards import ready
from tests.test_objects_of_every_type import TYPES, WORLD, manifest_of, names_on, whole
from tests.test_random_runs import Story
from tests.worlds import World

HEAD = "apiVersion: reconciler/v1\n"
REPLACED = [
    name
    for name in TYPES
    # Campaign groups go with an agent group; the lock of a run is a transaction too.
    if name not in ("AgentGroup", "Transaction")
    and any(
        kind.type == name and kind.overwrite == "replace"
        for kind in (*MANIFEST_KINDS.values(), *OBJECT_KINDS.values())
    )
]


def refer_to_everything(server: Server) -> None:
    """Creates an object of every type that refers to the object 101 of every other."""
    for name in TYPES:
        kind, new = OBJECT_TYPES[name], whole(OBJECT_TYPES[name])
        if name == "Service":
            new["resources"] = [
                {"objectType": OBJECT_TYPES[other].number, "objectDBID": 101} for other in TYPES
            ]
        try:
            server.create(name, new)
        except UniquenessViolationError:
            exclusive = {one.name for one in kind.attributes if one.exclusive}
            server.create(name, {k: v for k, v in new.items() if k not in exclusive})
    resources = OBJECT_TYPES["Folder"].attribute("resources")
    assert resources is not None
    server.create(
        "Folder",
        {
            "name": "Refers",
            "type": 12,
            "ownerID": {"type": 7, "DBID": 101},
            "resources": [
                {"objectType": number, "objectDBID": 101}
                for number in resources.field("objectType").enumeration.values()
            ],
        },
    )


@cache
def _referred_to() -> tuple[bytes, Snapshot]:
    """The file of a server with objects that refer to everything, and the names on it."""
    with tempfile.TemporaryDirectory() as folder:
        path = site_server(Path(folder), WORLD)
        with opened(path) as server:
            refer_to_everything(server)
        return path.read_bytes(), names_on(path)


def story_of_references(folder: Path) -> tuple[Story, Snapshot]:
    """A story on such a server, in which nothing is declared, and the names on it."""
    nothing = f"{HEAD}kind: Skill\nmetadata: {{name: Nothing}}\nensure: absent\n"
    story = Story(World(WORLD, "GWE", nothing), folder, PlanOptions(force=True))
    content, names = _referred_to()
    story.path.write_bytes(content)
    return story, names


def manifest_of_existing(one: ConfObject, names: Snapshot) -> dict[str, Any]:
    """A manifest that declares no more of a live object than it must."""
    found = manifest_of(one.type, one.attributes, names)
    own = MANIFEST_KINDS.get(kind_of(one)) or OBJECT_KINDS[one.type]
    words = {word: value for word, value in found["spec"].items() if word in own.required}
    return {**found, "kind": own.heading, "spec": words, "policy": {"preserve": [*own.fields]}}


@pytest.mark.long
@pytest.mark.parametrize("object_type", REPLACED)
def test_every_reference_leads_to_the_new_object(object_type: str, tmp_path: Path) -> None:
    story, names = story_of_references(tmp_path)
    old = story.objects()[object_type, 101]
    manifest = manifest_of_existing(old, names)
    story.world = World(WORLD, "GWE", yaml.safe_dump(manifest, allow_unicode=True))
    story.options = PlanOptions(force=True)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=True)
    (action,) = plan.writes
    assert isinstance(action, Replace), plan.actions
    assert action.referrers
    assert len(action.restores) >= len(action.referrers)
    assert story.run(plan) == 0
    assert (object_type, 101) not in story.objects()
    assert_same_but_dbids(story.path, before, access)


SITE = f"""{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Script: [{{name: Q, type: InteractionQueue}}, {{name: R, type: InteractionQueue}}]
Campaign:
  - {{name: Calling, script: Q}}
  - {{name: Selling, script: Q}}
"""
QUEUE = f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Q}}\n"


def leads_to(server: Path, campaign: str) -> str:
    """The name of the script of a campaign."""
    dbid = find(server, "Campaign", campaign).attributes.get("scriptDBID")
    return Snapshot(everything(server).values()).name("Script", dbid, 101) if dbid else ""


def test_a_plan_shows_the_references_that_a_replace_restores(tmp_path: Path) -> None:
    server = ready(tmp_path, SITE, QUEUE)
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--overwrite"), cwd=tmp_path)
    assert (
        "      loses:\n"
        "        - its DBID 101\n"
        "        - interactions that wait in it: they cannot be seen from here\n"
        "      restores:\n"
        "        - the reference of Campaign Calling to it (script)\n"
        "        - the reference of Campaign Selling to it (script)\n"
    ) in planned.out


ENTRY = "resources: [{{objectType: Script, object: {}}}]"
BOTH_WAYS = (
    f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nScript:\n"
    f"  - {{name: A, type: CapacityRule, {ENTRY.format('B')}}}\n"
    f"  - {{name: B, type: CapacityRule, {ENTRY.format('A')}}}\n"
)


@pytest.mark.parametrize("block", ["spec: {type: CapacityRule, %s}", "spec: {type: CapacityRule}"])
def test_objects_that_refer_to_each_other_are_replaced_in_one_run(
    block: str, tmp_path: Path
) -> None:
    policy = "policy: {preserve: [resources]}\n"
    manifests = [
        f"{HEAD}kind: Script\nmetadata: {{name: {name}}}\n"
        + block.replace("%s", ENTRY.format(other))
        + f"\n{policy}"
        for name, other in (("A", "B"), ("B", "A"))
    ]
    server = ready(tmp_path, BOTH_WAYS, "---\n".join(manifests))
    before, access = everything(server), access_of(server)
    options = plan_arguments(server, "-f", "m.yaml")
    done = gwe("apply", *options, "--overwrite", "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "Apply: 2 applied." in done.out
    assert_same_but_dbids(server, before, access)
    assert gwe("drift", *options, cwd=tmp_path).code == 0


def test_an_object_is_replaced_after_an_update_of_the_same_plan_that_refers_to_it(
    tmp_path: Path,
) -> None:
    moved = (
        f"{HEAD}kind: Object\nmetadata: {{type: Campaign, name: Calling}}\nspec: {{script: R}}\n"
    )
    server = ready(tmp_path, SITE, QUEUE.replace("name: Q", "name: R") + "---\n" + moved)
    options = plan_arguments(server, "-f", "m.yaml")
    again = ("--overwrite-only", "InteractionQueue/R", "--auto-approve")
    done = gwe("apply", *options, *again, cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert leads_to(server, "Calling") == "R"


def test_deleted_objects_that_refer_to_each_other_do_not_make_each_other_stale(
    tmp_path: Path,
) -> None:
    gone = f"{HEAD}kind: Script\nmetadata: {{name: %s}}\nensure: absent\n"
    server = ready(tmp_path, BOTH_WAYS, "---\n".join([gone % "A", gone % "B"]))
    before = everything(server)
    options = plan_arguments(server, "-f", "m.yaml", "--auto-approve")
    done = gwe("apply", *options, cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert len(before) == len(everything(server)) + 2


LOCK = "Transaction"
# The calls of the run: when its lock is acquired and turned to writing, of the replace, and when
# the lock is released. By name, so that a run which reads more is still struck where it writes.
READS: list[Call] = [Call("read", "Tenant"), Call("permissions", "Script")]
WRITES: list[Call] = [
    *(Call("create", LOCK), Call("update", LOCK), Call("delete", "Script")),
    *(Call("create", "Script"), Call("update", "Campaign"), Call("delete", LOCK)),
]
CUTS: list[tuple[Call, int, When]] = [
    *((call, 1, "before") for call in READS),
    *((call, 1, when) for call in WRITES for when in ("before", "during", "after")),
    *((Call("update", "Campaign"), 2, when) for when in ("before", "during", "after")),
]


@pytest.mark.long
@pytest.mark.parametrize(
    ("call", "at", "when"),
    [
        pytest.param(*cut, id=f"{cut[0].name}-{cut[0].object_type}-{cut[1]}-{cut[2]}")
        for cut in CUTS
    ],
)
def test_recover_leads_the_references_that_a_broken_run_has_not(
    call: Call, at: int, when: When, tmp_path: Path
) -> None:
    story = Story(World(SITE, "GWE", QUEUE), tmp_path, PlanOptions(force=True))
    before, access = story.objects(), access_of(story.path)
    fault = Drop(call.name, at, when, call.object_type)
    ended = story.run(story.plan(overwrite=True), [fault])
    assert (ended == 0) is (call == Call("delete", LOCK))  # all is written by then
    if call == Call("update", "Campaign") and when != "after":
        assert leads_to(story.path, "Selling") == ""
    story.recover()
    assert_same_but_dbids(story.path, before, access)
