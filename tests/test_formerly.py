"""``metadata.formerly``: an object gets another name and stays what it is."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from reconciler.apply.recovery.recover import plan_of_run
from reconciler.apply.undo.plan import plan_undo
from reconciler.kinds.manifest_kind import ManifestKind
from reconciler.kinds.manifests import MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.actions import Replace
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.plan.renames import name_path
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.testing.faults import CallName, Drop, When
from tests.harness import BARE, Result, everything, find, gwe, opened, plan_arguments
from tests.runs import Objects, access_of, assert_same_but_dbids
from tests.test_carried_references import HEAD, manifest_of_existing, story_of_references
from tests.test_guards import ready
from tests.test_objects_of_every_type import TYPES, WORLD
from tests.test_random_runs import Story
from tests.worlds import World

SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Person:
  - {{employeeID: "7001", userName: anna, isAgent: true, dbid: 401}}
  - {{employeeID: "7002", userName: otto, isAgent: true, dbid: 402}}
AgentGroup:
  - name: Team
    dbid: 300
    folder: Web
    agents: ["7001"]
    managers: ["7002"]
    annex: {{s: {{own: live}}}}
    permissions: [{{person: "7001", mask: 3}}]
  - {{name: Empty, dbid: 301}}
Enumerator:
  - name: Sizes
    type: Custom
    displayName: Sizes
EnumeratorValue:
  - {{attribute: Sizes, name: big, displayName: Big, annex: {{s: {{own: live}}}}}}
Script:
  - name: Old
    type: InteractionQueue
    dbid: 600
    folder: Composer
    annex: {{Orchestration: {{application: "script:Old.Routing"}}, Queue: {{own: live}}}}
  - {{name: Old.Routing, type: EnhancedRouting, dbid: 601}}
  - {{name: All, type: InteractionQueueView, annex: {{View: {{Queue: Old, own: live}}}}}}
Campaign:
  - {{name: Calling, script: Old}}
Application:
  - {{name: Chat, type: ChatServer, options: {{"endpoints:101": {{webme: Old, other: Older}}}}}}
"""
QUEUE = f"{HEAD}kind: InteractionQueue\nmetadata: {{name: New, formerly: [Old]}}\n"
ROUTING = f"{HEAD}kind: EnhancedRouting\nmetadata: {{name: New.Routing, formerly: [Old.Routing]}}\n"
ROUTED = f"""{QUEUE}spec: {{annex: {{Orchestration: {{application: "script:New.Routing"}}}}}}
---
{ROUTING}"""
GROUP = f"""{HEAD}kind: AgentGroup
metadata: {{name: Crew, formerly: [Team]}}
spec: {{agents: ["7001"]}}
"""
VALUE = f"""{HEAD}kind: BusinessAttributeValue
metadata: {{attribute: Sizes, name: huge, formerly: [large, big]}}
spec: {{displayName: Big}}
"""


class Renaming:
    """A server with the site above, and manifests beside it."""

    def __init__(self, folder: Path, *manifests: str, site: str = SITE) -> None:
        self.folder = folder
        self.server = ready(folder, site, "---\n".join(manifests))

    def declare(self, *manifests: str) -> None:
        (self.folder / "m.yaml").write_text("---\n".join(manifests), encoding="utf-8")

    def run(self, command: str, *more: str, code: int = 0) -> Result:
        options = plan_arguments(self.server, "-f", "m.yaml", *more)
        done = gwe(*command.split(), *options, cwd=self.folder)
        assert done.code == code, done.out + done.err
        return done

    def apply(self, *more: str) -> Result:
        return self.run("apply", "--auto-approve", *more)

    def undo(self) -> Result:
        named = ("--server", f"embedded:{self.server}")
        done = gwe("undo", "last", *named, "--auto-approve", cwd=self.folder)
        assert done.code == 0, done.out + done.err
        return done

    def objects(self) -> Objects:
        """Everything on the server but lock and inventory."""
        found = everything(self.server)
        return {key: one for key, one in found.items() if one.type != "Transaction"}

    def rename(self, object_type: str, old: str, new: str) -> None:
        """Somebody renames an object by hand."""
        one = find(self.server, object_type, old)
        with opened(self.server) as server:
            server.update(object_type, one.dbid, Delta(values={"name": new}))


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_plan_shows_the_old_name_and_the_new_and_what_is_left_of_the_old(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED)
    planned = place.run("plan").out
    assert (
        "EnhancedRouting\n"
        "  ~ New.Routing\n"
        "      name: Old.Routing -> New.Routing                                  m.yaml:8\n"
        "\n"
        "InteractionQueue\n"
        "  ~ New\n"
        "      name: Old -> New                                                  m.yaml:3\n"
        "      annex/Orchestration/application: script:Old.Routing -> script:New.Routing\n"
    ) in planned
    assert (
        "Note: InteractionQueue/New: still called 'Old' in Application/Chat endpoints:101/webme,"
        " InteractionQueueView/All View/Queue. No manifest changes that; look into strategies too,"
        " which cannot be seen from here."
    ) in words(planned)
    assert "Plan: 0 to create, 2 to update, 0 to replace, 0 to delete." in planned


def test_a_manifest_that_still_has_the_old_name_is_told_the_new_one(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED.replace("script:New.Routing", "script:Old.Routing"))
    assert (
        "annex/Orchestration/application at m.yaml:4:32 refers to EnhancedRouting"
        " 'Old.Routing', which a manifest renames to 'New.Routing'"
    ) in words(place.run("plan", code=3).out)


def test_a_renamed_object_stays_where_it_is_with_all_that_it_has(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED)
    before = place.objects()
    done = place.apply("--in-flight", "8")
    assert done.out.index("EnhancedRouting/New.Routing") < done.out.index("[2/2]")
    after = place.objects()
    different = {key for key in before if before[key] != after[key]}
    assert (after.keys(), different) == (before.keys(), {("Script", 600), ("Script", 601)})
    queue = after["Script", 600]
    assert queue.attributes["name"] == "New"
    assert queue.attributes["userProperties"] == {
        "Orchestration": {"application": "script:New.Routing"},
        "Queue": {"own": "live"},
    }
    assert find(place.server, "Campaign", "Calling").attributes["scriptDBID"] == 600
    assert "Nothing to do: 2 in sync." in place.run("plan").out


def test_what_the_server_cannot_rename_is_replaced_and_loses_no_more_than_its_dbid(
    tmp_path: Path,
) -> None:
    place = Renaming(tmp_path, GROUP, VALUE)
    before, access = place.objects(), access_of(place.server)
    planned = place.run("plan").out
    assert (
        "-/+ Crew  renamed: the server keeps the name of a group that has agents\n"
        "      name: Team -> Crew                                                m.yaml:3\n"
        "      loses:\n"
        "        - its DBID 300\n"
    ) in planned
    assert "-/+ Sizes/huge  renamed: the server never changes the name of such an object" in planned
    place.apply()
    group = find(place.server, "AgentGroup", "Crew")
    assert (group.dbid != 300, group.path) == (True, "Agent Groups/Web")
    assert group.attributes["agentDBIDs"] == [401]
    assert group.attributes["managerDBIDs"] == [402]
    assert access_of(place.server)["AgentGroup", group.dbid] == [("Person", 401, 3)]
    value = find(place.server, "EnumeratorValue", "huge")
    assert value.attributes["userProperties"] == {"s": {"own": "live"}}
    assert "Nothing to do: 2 in sync." in place.run("plan").out
    undone = place.undo().out
    assert "renamed: the server keeps the name of a group that has agents" in undone
    assert_same_but_dbids(place.server, before, access)


def test_an_object_that_never_had_a_former_name_is_created(tmp_path: Path) -> None:
    never = QUEUE.replace("[Old]", "[Never, Neither]")
    place = Renaming(tmp_path, never)
    assert "Plan: 1 to create, 0 to update" in place.run("plan").out


def test_an_undo_gives_the_old_names_back(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED)
    before = place.objects()
    place.apply()
    undone = place.undo().out
    assert "  ~ Old\n      name: New -> Old\n" in undone
    assert place.objects() == before
    place.undo()  # of the undo
    assert find(place.server, "Script", "New").dbid == 600


def test_an_undo_is_blocked_where_another_object_has_taken_the_old_name(tmp_path: Path) -> None:
    place = Renaming(tmp_path, QUEUE)
    place.apply()
    with opened(place.server) as server:
        server.create("Script", {"tenantDBID": 101, "name": "Old", "type": 23})
    named = ("--server", f"embedded:{place.server}")
    done = gwe("undo", "last", *named, "--auto-approve", cwd=tmp_path)
    assert done.code == 3
    assert "its former name is taken by 'Old'" in words(done.out + done.err)


def test_of_two_former_names_only_one_may_be_there(tmp_path: Path) -> None:
    place = Renaming(tmp_path, QUEUE.replace("[Old]", "[Older, Old]"))
    place.rename("Script", "All", "Older")  # a view is no queue
    assert "Plan: 0 to create, 1 to update" in place.run("plan").out
    with opened(place.server) as server:
        server.create("Script", {"tenantDBID": 101, "name": "Oldest", "type": 23})
    place.declare(QUEUE.replace("[Old]", "[Oldest, Old]"))
    planned = place.run("apply", "--auto-approve", code=3).out
    assert "are on the server, and gwe cannot know which of them the manifest means" in words(
        planned
    )


def test_a_new_name_that_a_script_of_another_type_has_is_blocked(tmp_path: Path) -> None:
    place = Renaming(tmp_path, QUEUE)
    place.rename("Script", "All", "New")
    planned = place.run("plan", code=3).out
    assert "blocked: the name is taken by 'New' (script of type InteractionQueueView" in words(
        planned
    )


def test_both_names_there_is_blocked(tmp_path: Path) -> None:
    both = SITE.replace(
        "Campaign:", "  - {name: New, type: InteractionQueue, dbid: 700}\nCampaign:"
    )
    place = Renaming(tmp_path, QUEUE, site=both)
    planned = place.run("apply", "--auto-approve", code=3)
    assert (
        "'New' (script of type InteractionQueue, DBID 700) in folder Scripts and 'Old' (script of"
        " type InteractionQueue, DBID 600) in folder Scripts/Composer are on the server, and"
        " gwe cannot know which of them the manifest means: delete the object that is not needed,"
        " or remove its name from formerly"
    ) in words(planned.out)


@pytest.mark.parametrize(
    ("manifests", "message"),
    [
        (
            (QUEUE, f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Old}}\n"),
            "error: m.yaml:3:34: InteractionQueue/New was formerly 'Old', and InteractionQueue/Old"
            " at m.yaml:7:12 declares that name\n"
            "  Remove one of the two: an object has one manifest.\n",
        ),
        (
            (QUEUE, QUEUE.replace("New", "Newer")),
            "error: m.yaml:7:36: InteractionQueue/Newer was formerly 'Old', and"
            " InteractionQueue/New at m.yaml:3:12 says the same of its object\n",
        ),
        (
            (QUEUE.replace("[Old]", "[New]"),),
            "error: m.yaml:3:34: formerly of InteractionQueue/New names 'New', its own name\n",
        ),
        (
            (QUEUE + "ensure: absent\n",),
            "error: m.yaml:3:23: formerly cannot be combined with ensure: absent\n",
        ),
        (
            (f"{HEAD}kind: Application\nmetadata: {{name: A, formerly: [B]}}\nspec: {{}}\n",),
            "error: m.yaml:3:21: Application has no formerly\n"
            "  Such objects are not renamed by gwe. Where the server can rename them, do so by"
            " hand; then change the name in the manifest.\n",
        ),
        ((QUEUE.replace("[Old]", "[]"),), "error: m.yaml:3:23: formerly is empty\n"),
    ],
)
def test_what_formerly_cannot_say_is_an_error(
    manifests: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text("---\n".join(manifests), encoding="utf-8")
    checked = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert checked.code == 1
    assert message in checked.out + checked.err


@pytest.mark.parametrize("old", ["new", "New "])
def test_a_name_that_manifests_cannot_have_is_left_behind(old: str, tmp_path: Path) -> None:
    place = Renaming(tmp_path, QUEUE.replace("[Old]", f"[{json.dumps(old)}]"))
    place.rename("Script", "Old", old)
    place.apply()
    assert find(place.server, "Script", "New").dbid == 600


@pytest.mark.parametrize("name", ["Old", "New"])
def test_an_address_with_either_name_selects_a_rename(name: str, tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED, GROUP)
    targeted = place.run("plan", "--target", f"InteractionQueue/{name}").out
    assert "Plan: 0 to create, 2 to update, 0 to replace, 0 to delete." in targeted
    assert "EnhancedRouting/New.Routing is planned too" in words(targeted)
    excluded = place.run("plan", "--verbose", "--exclude", f"EnhancedRouting/{name}.Routing").out
    assert "needs EnhancedRouting/New.Routing, which is skipped" in words(excluded)
    overwritten = place.run("plan", "--overwrite-only", f"InteractionQueue/{name}").out
    assert "-/+ New  --overwrite-only\n      name: Old -> New " in overwritten
    explained = place.run(f"explain InteractionQueue/{name}/name").out
    assert "live          Old\n" in explained


def test_an_overwrite_renames_too(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED)
    before, access = place.objects(), access_of(place.server)
    place.apply("--overwrite")
    queue = find(place.server, "Script", "New")
    assert queue.dbid != 600
    assert queue.attributes["userProperties"] == {
        "Orchestration": {"application": "script:New.Routing"}
    }
    assert find(place.server, "Campaign", "Calling").attributes["scriptDBID"] == queue.dbid
    place.undo()
    assert_same_but_dbids(place.server, before, access)


@pytest.mark.parametrize(
    ("object_type", "old", "new", "message"),
    [
        ("Script", "Old", "Third", "InteractionQueue/New: DBID 600 is 'Third'"),
        ("Script", "All", "New", "InteractionQueue/New: the name 'New' is taken now, by DBID"),
        ("AgentGroup", "Empty", "Club", "AgentGroup/None: DBID 301 is 'Club'"),
    ],
)
def test_a_plan_is_stale_once_a_name_has_changed(
    object_type: str, old: str, new: str, message: str, tmp_path: Path
) -> None:
    empty = f"{HEAD}kind: AgentGroup\nmetadata: {{name: None, formerly: [Empty]}}\n"
    place = Renaming(tmp_path, ROUTED, empty)
    place.run("plan", "--out", "plan.json")
    place.rename(object_type, old, new)
    done = gwe("apply", "plan.json", "--auto-approve", cwd=tmp_path)
    assert done.code == 4
    assert message in words(done.err)


def test_a_name_that_somebody_takes_during_a_run_is_not_taken_away(tmp_path: Path) -> None:
    story = Story(World(SITE, "GWE", GROUP), tmp_path, PlanOptions())
    plan = story.plan(overwrite=False)

    with opened(story.path) as server:
        server.create("AgentGroup", {"tenantDBID": 101, "name": "Crew"})
    assert story.run(plan) == 4
    assert find(story.path, "AgentGroup", "Team").dbid == 300


def names_on(story: Story) -> set[str]:
    return {str(one.attributes.get("name")) for one in story.objects().values()}


def undo_of(story: Story, run: str) -> Plan:
    found = story.state.read_run(run)
    with opened(story.path) as server:
        return plan_undo(found, plan_of_run(found), server)


CALLS: list[tuple[CallName, str, int]] = [
    ("update", "Script", 1),
    ("update", "Script", 2),
    ("delete", "AgentGroup", 1),
    ("create", "AgentGroup", 1),
    ("set_permissions", "AgentGroup", 1),
]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]}-{call[1]}-{call[2]}")
def test_a_rename_that_is_cut_off_is_recovered_finished_and_undone(
    call: tuple[CallName, str, int], when: When, tmp_path: Path
) -> None:
    name, object_type, at = call
    story = Story(World(SITE, "GWE", f"{ROUTED}---\n{GROUP}"), tmp_path, PlanOptions())
    before, access = story.objects(), access_of(story.path)
    fault = Drop(name, at, when, object_type)
    assert story.run(story.plan(overwrite=False), [fault]) in (1, 4, 5)
    story.recover()
    names = names_on(story)
    assert len(names & {"Old", "New"}) == len(names & {"Team", "Crew"}) == 1
    assert story.run(story.plan(overwrite=False)) == 0
    assert story.plan(overwrite=False).empty
    assert names_on(story) >= {"New", "New.Routing", "Crew"}
    for run in [each.name for each in story.state.list_runs()][::-1]:
        undo = undo_of(story, run)
        assert undo.empty or story.run(undo) == 0
    assert_same_but_dbids(story.path, before, access)


def test_what_is_ours_is_ours_under_its_new_name(tmp_path: Path) -> None:
    place = Renaming(tmp_path, QUEUE.replace(", formerly: [Old]", "").replace("New", "Mine"))
    place.apply()
    place.declare(QUEUE.replace("[Old]", "[Mine]"), QUEUE.replace("New", "Two"))
    place.apply()  # renames both: one that is ours, one that is not
    place.declare(f"{HEAD}kind: AgentGroup\nmetadata: {{name: Team}}\n")
    (tmp_path / "gwe.toml").write_text('file = ["m.yaml"]\n')
    named = ("--server", f"embedded:{place.server}", "--app", "GWE")
    pruned = gwe("plan", "--prune", *named, cwd=tmp_path).out
    assert "  - New  not declared any more" in pruned
    assert "Plan: 0 to create, 0 to update, 0 to replace, 1 to delete." in pruned


SIBLING = SITE.replace(
    "Application:\n", "Application:\n  - {name: GWE2, type: WebEngagementBackendServer}\n"
)


def test_what_another_site_may_use_is_renamed_only_with_force(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED, site=SIBLING)
    blocked = place.run("plan", "--detailed-exitcode", code=3).out
    assert (
        "another Web Engagement site of this tenant may use it: GWE2; --force renames it anyway"
    ) in words(blocked)
    place.apply("--force")
    place.undo()
    assert find(place.server, "Script", "Old").dbid == 600


def test_a_protected_group_is_not_replaced_for_a_name(tmp_path: Path) -> None:
    place = Renaming(tmp_path, GROUP + "policy: {protect: true}\n")
    assert "it is protected, and never replaced" in place.run("plan", code=3).out
    place.declare(QUEUE + "policy: {protect: true}\n")
    place.apply()
    assert find(place.server, "Script", "New").dbid == 600


def test_a_lock_is_not_renamed(tmp_path: Path) -> None:
    lock = "{type: List, name: A, formerly: [gwe-reconciler.lock]}"
    place = Renaming(tmp_path, f"{HEAD}kind: Transaction\nmetadata: {lock}\nspec: {{alias: a}}\n")
    planned = place.run("plan", code=3).out
    assert "Lists whose names begin with gwe-reconciler. are gwe's own" in words(planned)


def test_an_object_that_would_take_others_along_is_not_replaced_for_a_name(tmp_path: Path) -> None:
    calls = SITE.replace(
        "Application:\n",
        "CampaignGroup:\n  - {name: Calls, campaign: Calling, group: Team}\nApplication:\n",
    )
    place = Renaming(tmp_path, GROUP, site=calls)
    planned = place.run("plan", code=3).out
    assert (
        "it cannot be renamed: the server keeps the name of a group that has agents, and a"
        " replace would also delete CampaignGroup Calling/Calls"
    ) in words(planned)


def test_drift_tells_the_old_name_and_accept_says_how_to_keep_it(tmp_path: Path) -> None:
    place = Renaming(tmp_path, QUEUE)
    assert "name: Old -> New" in place.run("drift", code=2).out
    left = place.run("accept", "--auto-approve", code=2)
    assert (
        "it is called Old on the server: to keep that name, write it as metadata.name, without"
        " formerly"
    ) in words(left.out + left.err)


RENAMED = [
    name
    for name in TYPES
    if name != "Transaction"  # the lock of a run is one too
    and any(
        kind.type == name and kind.renamable
        for kind in (*MANIFEST_KINDS.values(), *OBJECT_KINDS.values())
    )
]


@pytest.mark.long
@pytest.mark.parametrize("object_type", RENAMED)
def test_an_object_of_every_type_is_renamed_with_all_that_refers_to_it_or_blocked(
    object_type: str, tmp_path: Path
) -> None:
    story, names = story_of_references(tmp_path)
    old = story.objects()[object_type, 101]
    manifest = manifest_of_existing(old, names)
    word = next(reversed([*_kind_of(manifest).key]))
    name = manifest["metadata"][word]
    manifest["metadata"] |= {word: f"{name}9", "formerly": [name]}
    del manifest["policy"]
    story.world = World(WORLD, "GWE", yaml.safe_dump(manifest, allow_unicode=True))
    story.options = PlanOptions(force=True)
    before, access = story.objects(), access_of(story.path)
    plan = story.plan(overwrite=False)
    if plan.blocked:
        assert object_type in ("AgentGroup", "Host", "PlaceGroup")
        return
    (action,) = plan.writes
    assert action.address.endswith("9")
    assert [change.path for change in action.changes] == [name_path(object_type)]
    assert not isinstance(action, Replace) or len(action.restores) >= len(action.referrers)
    assert story.run(plan) == 0
    assert story.plan(overwrite=False).empty
    attribute = OBJECT_TYPES[object_type].name_attribute
    renamed = {
        key: replace(one, attributes={**one.attributes, attribute: f"{name}9"})
        if key == (object_type, 101)
        else one
        for key, one in before.items()
    }
    assert_same_but_dbids(story.path, renamed, access)
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, before, access)


def _kind_of(manifest: dict[str, Any]) -> ManifestKind:
    if manifest["kind"] == "Object":
        return OBJECT_KINDS[manifest["metadata"]["type"]]
    return MANIFEST_KINDS[manifest["kind"]]


def test_an_undo_finds_what_was_deleted_and_created_again_since(tmp_path: Path) -> None:
    place = Renaming(tmp_path, ROUTED)
    before, access = place.objects(), access_of(place.server)
    first = _run_of(place.apply())
    place.declare(f"{HEAD}kind: InteractionQueue\nmetadata: {{name: New}}\nensure: absent\n")
    place.apply()
    place.undo()
    assert find(place.server, "Script", "New").dbid != 600
    named = ("--server", f"embedded:{place.server}")
    done = gwe("undo", first, *named, "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert "Plan: 0 to create, 2 to update, 0 to replace, 0 to delete." in done.out
    assert_same_but_dbids(place.server, before, access)


def _run_of(done: Result) -> str:
    return done.out.split("gwe undo ")[1].split()[0]


def test_a_secret_goes_with_its_object_and_into_no_file(tmp_path: Path) -> None:
    then = "\n    permissions"
    secret = SITE.replace(f"{{s: {{own: live}}}}{then}", f"{{s: {{password: hush}}}}{then}")
    place = Renaming(tmp_path, GROUP, site=secret)
    place.run("plan", "--out", "plan.json")
    assert "hush" not in (tmp_path / "plan.json").read_text(encoding="utf-8")
    done = gwe("apply", "plan.json", "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    group = find(place.server, "AgentGroup", "Crew")
    assert group.attributes["userProperties"] == {"s": {"password": "hush"}}


def test_what_a_run_wrote_under_the_old_name_is_known_under_the_new(tmp_path: Path) -> None:
    limit = "spec: {annex: {Queue: {own: '1'}}}\n"
    place = Renaming(tmp_path, f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Old}}\n{limit}")
    first = _run_of(place.apply())
    place.declare(QUEUE + limit)
    place.apply()
    explained = place.run("explain InteractionQueue/New/annex/Queue/own").out
    assert f"last run      {first}" in explained
    with opened(place.server) as server:
        live = server.read("Script", {"dbid": 600})[0]
        kept = KeyValueDelta(changed={"Queue": {"own": "2"}})
        server.update("Script", live.dbid, Delta(key_values={"userProperties": kept}))
    drift = place.run("drift", code=2).out
    assert f"~ New changed on the server since run {first}; last updated" in " ".join(drift.split())


def test_a_rename_of_a_group_is_stale_once_the_group_has_members(tmp_path: Path) -> None:
    place = Renaming(
        tmp_path, f"{HEAD}kind: AgentGroup\nmetadata: {{name: None, formerly: [Empty]}}\n"
    )
    place.run("plan", "--out", "plan.json")
    with opened(place.server) as server:
        server.update("AgentGroup", 301, Delta(lists={"agentDBIDs": ListDelta(added=[401])}))
    done = gwe("apply", "plan.json", "--auto-approve", cwd=tmp_path)
    assert done.code == 4
    assert "/agents/7001 has appeared" in done.err


def test_an_object_of_the_server_keeps_its_name(tmp_path: Path) -> None:
    own = "{name: Mine, tenant: Environment, formerly: [Super Administrators]}"
    place = Renaming(tmp_path, f"{HEAD}kind: AccessGroup\nmetadata: {own}\n")
    planned = place.run("plan", code=3).out
    assert "it is one of the server's own objects, which are never renamed" in words(planned)


def test_a_replace_for_a_name_counts_towards_the_limits(tmp_path: Path) -> None:
    place = Renaming(tmp_path, VALUE)
    (tmp_path / "gwe.toml").write_text("[guards]\nat_least = 1\n")
    refused = place.run("apply", "--auto-approve", code=3)
    assert "1 of 1 existing managed objects (100 %) would be replaced" in words(
        refused.out + refused.err
    )
    place.declare(QUEUE)
    place.apply()
