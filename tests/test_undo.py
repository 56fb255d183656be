"""An undo brings back what was before the run, byte for byte but DBIDs.

The whole server is compared: every attribute, folder and permission of every object.
"""

import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.apply.recovery.recover import plan_of_run
from reconciler.apply.session import RunOptions
from reconciler.apply.undo.plan import plan_undo
from reconciler.apply.undo.replacements import create_unless_exists
from reconciler.apply.written import written_by
from reconciler.engine.run_context import run_context
from reconciler.kinds.model import Attributes
from reconciler.plan.actions import Create, InSync
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.state.opening import public_name
from reconciler.state.records import RunHead
from reconciler.state.store import RunStep, StoredRun
from tests.harness import APP, BARE, Result, gwe, opened, site_server
from tests.plan_values import plan_of, subject
from tests.runs import (
    BEFORE,
    SITE,
    Access,
    Nursery,
    Objects,
    Place,
    Strike,
    access_of,
    assert_same_but_dbids,
    carry_out_quietly,
    make_place,
    make_template,
    named,
    plan_on,
    someone,
    told,
)

HEAD = "apiVersion: reconciler/v1\n"
OVERWRITE_GROUP = ("--overwrite-only", "AgentGroup/Group")
OVERWRITE_QUEUE = ("--overwrite-only", "InteractionQueue/Replaced")
RICH = f"""\
{SITE}Enumerator:
  - {{name: Colours, displayName: Colours, type: Custom, dbid: 501, description: some}}
EnumeratorValue:
  - name: red
    attribute: Colours
    displayName: Red
    isDefault: true
    description: "  two  spaces  "
    annex: {{s: {{gone: "1", stays: "2", empty: ""}}, t: {{only: x}}}}
  - {{name: blue, attribute: Colours, displayName: Blue, isDefault: false}}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), RICH)


@pytest.fixture
def before(place: Place) -> tuple[Objects, Access]:
    return place.objects(), access_of(place.server)


def _apply(nursery: Nursery, place: Place, manifests: str, *more: str, code: int = 0) -> str:
    """Applies manifests; the run's name."""
    (place.folder / "manifests.yaml").write_text(manifests, encoding="utf-8")
    known = set(place.run_names)
    done = nursery.gwe(
        *("apply", "--server", f"embedded:{place.server}", "--app", APP),
        *("-f", "manifests.yaml", "--auto-approve", *more),
        place=place,
    )
    assert done.code == code, done.err + done.out
    (new,) = set(place.run_names) - known
    return new


def _undo(nursery: Nursery, place: Place, run: str, *more: str) -> Result:
    return nursery.gwe("undo", run, "--auto-approve", *more, place=place)


def _undo_run(nursery: Nursery, place: Place, run: str) -> str:
    """Takes a run back; the name of the run that did."""
    known = set(place.run_names)
    done = _undo(nursery, place, run)
    assert (done.code, done.err) == (0, ""), done.out
    (new,) = set(place.run_names) - known
    return new


def _change(place: Place, object_type: str, dbid: int, delta: Delta) -> None:
    """What another client does."""
    with opened(place.server) as server:
        server.update(object_type, dbid, delta)


def _option(attribute: str, section: str, key: str, value: str) -> Delta:
    return Delta(key_values={attribute: KeyValueDelta(changed={section: {key: value}})})


def _value(spec: str, policy: str = "") -> str:
    return (
        f"{HEAD}kind: BusinessAttributeValue\nmetadata: {{attribute: Colours, name: red}}\n"
        f"spec: {{displayName: Red, {spec}}}\n{policy}"
    )


MANIFESTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "create a queue": (f"{HEAD}kind: InteractionQueue\nmetadata: {{name: New}}\n", ()),
    "create a queue in a folder": (
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: New, folder: Composer}}\n"
        "spec: {annex: {a: {b: c}}}\n",
        (),
    ),
    "create an attribute with its values": (
        f"{HEAD}kind: BusinessAttribute\nmetadata: {{name: Sizes}}\n"
        f"spec: {{displayName: Sizes, type: Custom}}\n---\n{HEAD}"
        "kind: BusinessAttributeValue\nmetadata: {attribute: Sizes, name: big}\n"
        f"spec: {{displayName: Big}}\n---\n{HEAD}"
        "kind: BusinessAttributeValue\nmetadata: {attribute: Sizes, name: small}\n"
        "spec: {displayName: Small, isDefault: true}\n",
        (),
    ),
    "create a group with agents": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: New}}\n"
        "spec: {agents: ['7001'], managers: ['7002']}\n",
        (),
    ),
    "change an option of an application": (
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: o}}\ntarget: {{role: chat-server}}\n"
        "spec: {options: {settings: {ours: '1'}}}\n",
        (),
    ),
    "add an option to a section of an application": (
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: o}}\ntarget: {{role: chat-server}}\n"
        "spec: {options: {settings: {new: '1'}}}\n",
        (),
    ),
    "remove an option of an application": (
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: o}}\ntarget: {{role: chat-server}}\n"
        "spec: {options: {settings: {own: null}}}\n",
        (),
    ),
    "change the annex of a queue": (
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Changed}}\n"
        "spec: {annex: {Queue: {ours: '1', new: '2', own: null}}}\n",
        (),
    ),
    "add an agent": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Bystander}}\nspec: {{agents: ['7002']}}\n",
        (),
    ),
    "add a manager": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Bystander}}\nspec: {{managers: ['7002']}}\n",
        (),
    ),
    "change a display name": (_value("").replace("Red,", "Crimson,"), ()),
    "change a flag": (_value("isDefault: false"), ()),
    "change a description": (_value("description: other"), ()),
    "add a description": (
        _value("")
        .replace("name: red", "name: blue")
        .replace("displayName: Red,", "displayName: Blue, description: other"),
        (),
    ),
    "remove and empty options of a value": (
        _value("annex: {s: {gone: null, stays: '', empty: full}}"),
        (),
    ),
    "remove the only option of a section": (_value("annex: {t: {only: null}}"), ()),
    "disable a value": (_value("state: Disabled"), ()),
    "replace a value": (
        _value("annex: {s: {new: '1'}}"),
        ("--overwrite-only", "BusinessAttributeValue/Colours/red"),
    ),
    "replace a queue with what refers to it": (
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Replaced}}\n"
        "spec: {annex: {Queue: {ours: '1'}}}\n",
        OVERWRITE_QUEUE,
    ),
    "replace a group, its agents carried over": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\n"
        "spec: {annex: {s: {ours: '1'}}}\npolicy: {preserve: [agents]}\n",
        OVERWRITE_GROUP,
    ),
    "replace a group, its agents lost": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\nspec: {{annex: {{s: {{o: '1'}}}}}}\n",
        OVERWRITE_GROUP,
    ),
    "replace a group, one agent declared": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\nspec: {{agents: ['7002']}}\n",
        OVERWRITE_GROUP,
    ),
    "replace a group and a queue": (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\n---\n"
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Replaced}}\n",
        (*OVERWRITE_GROUP, *OVERWRITE_QUEUE),
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("what", MANIFESTS)
def test_an_undo_brings_back_what_was_and_its_undo_is_the_redo(
    nursery: Nursery, place: Place, before: tuple[Objects, Access], what: str
) -> None:
    manifests, more = MANIFESTS[what]
    run = _apply(nursery, place, manifests, *more)
    after, access = place.objects(), access_of(place.server)
    assert after != before[0]
    undo = _undo_run(nursery, place, run)
    assert_same_but_dbids(place.server, *before)

    twice = _undo(nursery, place, run)
    assert (twice.code, twice.err) == (0, "")
    assert "\nNothing to do: " in twice.out
    assert_same_but_dbids(place.server, *before)

    redo = _undo_run(nursery, place, undo)
    assert_same_but_dbids(place.server, after, access)
    assert _undo(nursery, place, redo).code == 0
    assert_same_but_dbids(place.server, *before)


def test_an_undo_has_the_order_of_the_plan_whichever_call_was_sent_first() -> None:
    names = ("A", "B", "C")
    plan = plan_of(*(Create(subject("AgentGroup", name)) for name in names))
    head = RunHead("r", "", "", "", "", "", "", "", "", 1, "", 3, "", "")
    answered = (
        RunStep(number, f"AgentGroup/{name}", "create", "create", result="answered")
        for number, name in enumerate(("C", "A"), 1)
    )
    run = StoredRun(number=1, head=head, steps=tuple(answered))
    assert list(written_by(run, plan)) == ["AgentGroup/A", "AgentGroup/C"]


def test_a_replace_is_undone_though_the_new_object_is_gone(
    nursery: Nursery, place: Place, before: tuple[Objects, Access]
) -> None:
    manifests, more = MANIFESTS["replace a group, its agents carried over"]
    run = _apply(nursery, place, manifests, *more)
    with opened(place.server) as server:
        server.delete("AgentGroup", named(place.objects(), "AgentGroup", "Group").dbid)
    _undo_run(nursery, place, run)
    assert_same_but_dbids(place.server, *before)


@pytest.mark.parametrize(
    ("annex", "reason"),
    [
        ({"Queue": {"ours": "0", "own": "live"}}, ""),
        (
            {"Queue": {"theirs": "1"}},
            "'Replaced' (script of type InteractionQueue, DBID {dbid}) in folder Scripts has come"
            " in its place since the run, and is left as it is",
        ),
    ],
    ids=["alike", "another"],
)
def test_a_deleted_object_that_another_client_has_created_again_is_left_as_it_is(
    place: Place, annex: Attributes, reason: str
) -> None:
    plan = _deletes_replaced(place)
    with opened(place.server) as server:
        carry_out_quietly(plan, server, RunOptions(place.state), someone("first"))
        theirs = {"name": "Replaced", "type": 23, "tenantDBID": 101, "userProperties": annex}
        made = server.create("Script", theirs)
        (run,) = place.runs
        undo = plan_undo(run, plan_of_run(run), server)
        actions = {one.address: one for one in undo.actions}
        action = actions["InteractionQueue/Replaced"]
        assert (action.action, action.dbid) == ("skip" if reason else "in-sync", made.dbid)
        assert getattr(action, "reason", "") == reason.format(dbid=made.dbid)
        report = carry_out_quietly(undo, server, RunOptions(place.state), someone("undo"))
        assert report.exit_code == 0
        assert plan_undo(run, plan_of_run(run), server).empty
    now = place.objects()
    assert now["Script", made.dbid] == made
    led = named(now, "Campaign", "Campaign").attributes.get("scriptDBID") == made.dbid
    assert led is not bool(reason)


def test_an_object_that_the_undo_deletes_is_not_in_the_way_of_the_deleted_object() -> None:
    create = Create(subject("AgentGroup", "Group"), fields={("name",): "Group"})
    live = Snapshot([ConfObject("AgentGroup", 300, {"name": "Group", "tenantDBID": 101})])
    assert create_unless_exists(create, live, {("AgentGroup", 300)}) is create
    assert isinstance(create_unless_exists(create, live, {("AgentGroup", 301)}), InSync)


def _deletes_replaced(place: Place) -> Plan:
    """The plan that deletes the queue to which a campaign refers."""
    (place.folder / "manifests.yaml").write_text(
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Replaced}}\nensure: absent\n",
        encoding="utf-8",
    )
    with opened(place.server) as server:
        return plan_on(server, place.folder, PlanOptions(force=True))


TWO_OF_ONE = """\
Campaign:
  - {name: Both, script: First, dbid: 801}
CampaignGroup:
  - {name: Both, campaign: Both, group: Team, script: First, interactionQueue: Second, dbid: 802}
AgentGroup:
  - {name: Team, capacityRule: First, annex: {s: {a: "1"}}}
Script:
  - {name: First, type: InteractionQueue, annex: {a: {b: old}}}
  - {name: Second, type: InteractionQueue, annex: {a: {b: old}}}
"""


@pytest.mark.parametrize("with_team", [False, True])
def test_an_object_that_referred_to_two_deleted_objects_gets_both_references_back(
    nursery: Nursery, tmp_path: Path, *, with_team: bool
) -> None:
    head = f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\n"
    folder = tmp_path / "made"
    folder.mkdir()
    place = make_place(tmp_path / "place", site_server(folder, head + TWO_OF_ONE))
    objects, access = place.objects(), access_of(place.server)
    manifests = "---\n".join(
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: {name}}}\nensure: absent\n"
        for name in ("First", "Second")
    )
    if with_team:
        manifests += f"---\n{HEAD}kind: AgentGroup\nmetadata: {{name: Team}}\n"
        manifests += "spec: {annex: {s: {a: '2'}}}\n"
    run = _apply(nursery, place, manifests)
    assert named(place.objects(), "Campaign", "Both").attributes.get("scriptDBID") in (None, 0)
    done = nursery.gwe("undo", run, "--out", "undo.json", place=place)
    assert done.code == 0
    plan = json.loads((place.folder / "undo.json").read_text(encoding="utf-8"))
    addresses = [one["address"] for one in plan["actions"]]
    assert sorted(addresses) == sorted(set(addresses))  # one action for each object
    _undo_run(nursery, place, run)
    assert_same_but_dbids(place.server, objects, access)


MIXED = "---\n".join(
    MANIFESTS[what][0] for what in ("create a queue", "change the annex of a queue", "add an agent")
)


def test_what_others_have_changed_since_is_kept_and_said(
    nursery: Nursery, place: Place, before: tuple[Objects, Access]
) -> None:
    run = _apply(nursery, place, MIXED)
    _change(place, "Script", 600, _option("userProperties", "Queue", "ours", "theirs"))
    done = _undo(nursery, place, run)
    assert done.code == 0
    assert "annex/Queue/ours" in done.out
    queue = named(place.objects(), "Script", "Changed")
    assert queue.attributes["userProperties"] == {"Queue": {"ours": "theirs", "own": "live"}}
    _change(place, "Script", 600, _option("userProperties", "Queue", "ours", "0"))
    assert_same_but_dbids(place.server, *before)


def test_what_others_have_added_elsewhere_in_the_object_survives(
    nursery: Nursery, place: Place
) -> None:
    run = _apply(nursery, place, MIXED)
    added = KeyValueDelta(added={"Queue": {"theirs": "1"}, "More": {"x": "y"}})
    _change(place, "Script", 600, Delta(key_values={"userProperties": added}))
    _undo_run(nursery, place, run)
    queue = named(place.objects(), "Script", "Changed")
    assert queue.attributes["userProperties"] == {
        "Queue": {"ours": "0", "own": "live", "theirs": "1"},
        "More": {"x": "y"},
    }


def test_a_created_object_that_others_have_changed_is_deleted_only_by_force(
    nursery: Nursery, place: Place, before: tuple[Objects, Access]
) -> None:
    run = _apply(nursery, place, MANIFESTS["create a queue"][0])
    new = named(place.objects(), "Script", "New")
    added = KeyValueDelta(added={"s": {"theirs": "1"}})
    _change(place, "Script", new.dbid, Delta(key_values={"userProperties": added}))
    now = place.objects()
    refused = _undo(nursery, place, run)
    assert refused.code == 3
    said = " ".join(refused.out.split())
    assert "it has changed since the run (/annex/s/theirs)" in said
    assert said.endswith("Correct what blocks it, then ask for the undo again.")
    assert place.objects() == now
    assert _undo(nursery, place, run, "--force").code == 0
    assert_same_but_dbids(place.server, *before)


def test_an_agent_that_others_have_added_stays_in_the_group(nursery: Nursery, place: Place) -> None:
    run = _apply(
        nursery,
        place,
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Bystander}}\nspec: {{managers: ['7002']}}\n",
    )
    group = named(place.objects(), "AgentGroup", "Bystander")
    more = Delta(lists={"agentDBIDs": ListDelta(added=(402,))})
    _change(place, "AgentGroup", group.dbid, more)
    _undo_run(nursery, place, run)
    found = named(place.objects(), "AgentGroup", "Bystander").attributes
    assert (found["agentDBIDs"], found.get("managerDBIDs", [])) == ([401, 402], [])


def test_a_partly_applied_run_is_taken_back_as_far_as_it_went(
    nursery: Nursery, place: Place, before: tuple[Objects, Access]
) -> None:
    """The signal comes when the second object is done: the third is not begun."""
    names = ("A", "B", "C")
    text = "---\n".join(f"{HEAD}kind: InteractionQueue\nmetadata: {{name: {n}}}\n" for n in names)
    (place.folder / "manifests.yaml").write_text(text, encoding="utf-8")
    done = nursery.gwe(
        *("apply", "--server", f"embedded:{place.server}", "--app", APP),
        *("-f", "manifests.yaml", "--auto-approve", "--in-flight", "1"),
        place=place,
        strike=Strike("record", "after", 6, ("SIGINT",)),
    )
    assert done.code == 5
    (run,) = place.runs
    statuses = {address: one.status for address, one in run.outcomes.items()}
    assert statuses == {
        "InteractionQueue/A": "done",
        "InteractionQueue/B": "done",
        "InteractionQueue/C": "not-started",
    }
    undo = _undo(nursery, place, run.name)
    assert undo.code == 0
    assert "2 to delete" in undo.out
    assert_same_but_dbids(place.server, *before)


def test_a_run_on_another_server_is_not_taken_back_here(
    nursery: Nursery, place: Place, tmp_path: Path
) -> None:
    run = _apply(nursery, place, MIXED)
    folder = tmp_path / "other"
    folder.mkdir()
    other = site_server(folder, RICH)
    refused = _undo(nursery, place, run, "--server", f"embedded:{other}")
    assert refused.code == 3
    assert f"the run {run} was on another server" in refused.err
    assert "Name that server with --server." in refused.err


def test_an_unfinished_run_is_not_taken_back(nursery: Nursery, place: Place) -> None:
    nursery.apply(place, Strike("record", "before", 3))
    (run,) = place.runs
    now = place.objects()
    refused = _undo(nursery, place, run.name)
    assert refused.code == 3
    assert f"the run {run.name} did not finish" in refused.err
    assert "Run gwe recover first" in refused.err
    assert place.objects() == now


def test_a_run_that_is_not_there_is_wrong_usage(nursery: Nursery, place: Place) -> None:
    none = _undo(nursery, place, "last")
    assert (none.code, "there is no run yet" in none.err) == (64, True)
    _apply(nursery, place, MIXED)
    unknown = _undo(nursery, place, "1999")
    assert (unknown.code, "there is no run 1999" in unknown.err) == (64, True)


def test_the_beginning_of_a_name_is_enough_where_no_other_run_begins_so(
    nursery: Nursery, place: Place, before: tuple[Objects, Access]
) -> None:
    run = _apply(nursery, place, MIXED)
    _undo_run(nursery, place, run[:-2])
    assert_same_but_dbids(place.server, *before)
    several = _undo(nursery, place, run[:3])
    assert several.code == 64
    assert f"2 runs begin with {run[:3]}: " in several.err
    assert "Give more of the name, or last for the last run." in several.err


def test_last_is_the_only_run_there_is(
    nursery: Nursery, place: Place, before: tuple[Objects, Access]
) -> None:
    _apply(nursery, place, MIXED)
    _undo_run(nursery, place, "last")
    assert_same_but_dbids(place.server, *before)


def test_the_names_of_runs_sort_in_the_order_in_which_they_were_made() -> None:
    """``gwe undo last`` goes by the name, also where two runs begin in one second."""
    names = [run_context("anna").name for _ in range(50)]
    assert names == sorted(names)


@pytest.mark.parametrize(
    "what",
    ["replace a group and a queue", "create an attribute with its values", "add an agent"],
)
def test_an_undo_is_saved_shown_and_applied_like_any_plan(
    nursery: Nursery, place: Place, before: tuple[Objects, Access], what: str
) -> None:
    manifests, more = MANIFESTS[what]
    run = _apply(nursery, place, manifests, *more)
    after = place.objects()
    saved = nursery.gwe("undo", run, "--out", "undo.json", place=place)
    assert (saved.code, saved.err) == (0, "")
    assert "Saved the plan as undo.json.\nPlan id: " in saved.out
    assert place.objects() == after
    plan = json.loads((place.folder / "undo.json").read_text(encoding="utf-8"))
    assert plan["undoes"] == run
    again = nursery.gwe("undo", run, "--out", "again.json", place=place)
    assert again.code == 0
    texts = [(place.folder / name).read_bytes() for name in ("undo.json", "again.json")]
    assert texts[0] == texts[1]
    done = nursery.gwe("apply", "undo.json", "--auto-approve", place=place)
    assert (done.code, done.err) == (0, "")
    assert_same_but_dbids(place.server, *before)
    twice = nursery.gwe("apply", "undo.json", "--auto-approve", place=place)
    assert twice.code == 4
    assert "this plan was applied already" in twice.err


def test_a_saved_undo_is_refused_once_an_object_has_moved(nursery: Nursery, place: Place) -> None:
    run = _apply(nursery, place, MIXED)
    assert nursery.gwe("undo", run, "--out", "undo.json", place=place).code == 0
    _change(place, "Script", 600, _option("userProperties", "Queue", "ours", "theirs"))
    now = place.objects()
    refused = nursery.gwe("apply", "undo.json", "--auto-approve", place=place)
    assert refused.code == 4
    assert "/annex/Queue/ours was 1 and is theirs now" in refused.err
    assert place.objects() == now
    assert place.locks() == []


def test_an_undo_without_approval_and_without_a_terminal_asks_for_it(
    nursery: Nursery, place: Place
) -> None:
    run = _apply(nursery, place, MIXED)
    now = place.objects()
    refused = nursery.gwe("undo", run, place=place)
    assert refused.code == 64
    assert "--auto-approve" in refused.err
    assert place.objects() == now


def test_a_secret_is_put_back_and_stands_in_no_output(nursery: Nursery, place: Place) -> None:
    added = KeyValueDelta(added={"s": {"password": "hush"}})
    _change(place, "AgentGroup", 300, Delta(key_values={"userProperties": added}))
    objects, access = place.objects(), access_of(place.server)
    text = f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\n"
    text += "spec: {annex: {s: {password: x}}}\n"
    run = _apply(nursery, place, text, *OVERWRITE_GROUP)
    done = _undo(nursery, place, run)
    assert done.code == 0
    assert "hush" not in done.out + done.err
    assert_same_but_dbids(place.server, objects, access)
    for found in place.runs:
        assert "hush" not in found.plan_text
    assert (os.stat(place.state_dir / "state.db").st_mode & 0o777) == 0o600
    assert told(place.objects())["AgentGroup Group"][0] == "Agent Groups/Web"


def test_an_object_that_referred_to_a_replaced_one_and_was_deleted_since_is_not_created_again(
    tmp_path: Path,
) -> None:
    """It was deleted by another client, not by the run."""
    person = 'Person:\n  - {employeeID: "9001", userName: carl, capacityRule: Replaced}\n'
    site = SITE.replace("Person:\n", person)
    place = make_place(tmp_path / "place", make_template(tmp_path, site))
    (place.folder / "m.yaml").write_text(
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Replaced}}\n", encoding="utf-8"
    )
    options = ("--server", f"embedded:{place.server}", "--app", APP, "-f", "m.yaml")
    replaced = gwe("apply", *options, "--overwrite", "--auto-approve", cwd=place.folder)
    assert replaced.code == 0, replaced.err
    with opened(place.server) as server:
        (carl,) = server.read("Person", {"user_name": "carl"})
        server.delete("Person", carl.dbid)
    undone = gwe(
        "undo", "last", "--server", f"embedded:{place.server}", "--auto-approve", cwd=place.folder
    )
    assert (undone.code, undone.err) == (0, "")
    assert "carl" not in undone.out
    people = [
        one.attributes["userName"] for one in place.objects().values() if one.type == "Person"
    ]
    assert "carl" not in people


# Large runs


def _calls_of(act: Callable[[], object]) -> int:
    """How many Python functions are called."""
    counted = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal counted
        counted += event == "call"

    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(None)
    return counted


def _many(options: int) -> str:
    sections = {
        f"section{number}": {f"option{one}": str(one) for one in range(options)}
        for number in range(5)
    }
    return (
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: many}}\n"
        f"target: {{role: chat-server}}\nspec: {{options: {json.dumps(sections)}}}\n"
    )


def test_the_work_of_an_undo_grows_as_its_options_do(place: Place) -> None:
    """Counted in calls, since times vary: four times as many options, four times the calls."""
    counts = []
    for options in (20, 80):
        (place.folder / "manifests.yaml").write_text(_many(options), encoding="utf-8")
        server = ("--server", f"embedded:{place.server}")
        apply = ("apply", *server, "--app", APP, "-f", "manifests.yaml", "--auto-approve")
        assert gwe(*apply, cwd=place.folder).code == 0

        def undo() -> None:
            done = gwe("undo", "last", "--auto-approve", "--quiet", cwd=place.folder)
            assert done.code == 0

        counts.append(_calls_of(undo))
    assert counts[1] < 4.5 * counts[0]


@pytest.mark.parametrize(
    ("named", "env", "options"),
    [
        (["--state-dir", "a b"], {}, "--state-dir 'a b'"),
        (["--state", "runs"], {}, "--state runs"),
        ([], {"GWE_STATE_DIR": "runs"}, ""),
    ],
)
def test_the_command_that_reverts_a_run_is_printed_with_the_state_that_was_named(
    place: Place, named: list[str], env: dict[str, str], options: str
) -> None:
    env = {"GWE_STATE_DIR": "", **env}
    apply = ("apply", "--server", f"embedded:{place.server}", "--app", APP, "-f", "manifests.yaml")
    done = gwe(*apply, *named, "--auto-approve", cwd=place.folder, env=env)
    *_, before, last = done.out.splitlines()
    printed = last.strip() if options else last.removesuffix(" reverts it.")
    assert before == "This command reverts it:" or not options
    _, undo, run, *more = shlex.split(printed)
    assert (undo, more) == ("undo", shlex.split(options))
    assert gwe(undo, run, *more, "--auto-approve", cwd=place.folder, env=env).code == 0
    assert told(place.objects()) == BEFORE


def test_the_printed_command_has_no_password() -> None:
    pytest.importorskip("psycopg")
    url = "postgresql://gwe@localhost/gwe"
    assert public_name(url) == url
    for secret in ("postgresql://gwe:correct%2Dhorse@localhost/gwe", f"{url}?password=correct"):
        assert public_name(secret) == "postgresql://localhost/gwe"
