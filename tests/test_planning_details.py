"""What a plan says besides its actions, and what an apply leaves: the scenarios of
``tests/scenarios`` do not look at these."""

from pathlib import Path
from typing import Any

import pytest

from tests.harness import BARE, everything, find, gwe, plan_arguments, site_server

SITE = f"apiVersion: reconciler/v1\nkind: Site\nextends: {BARE}\ntenant: Resources\n"
SCRIPT_FOLDER = "Scripts/Composer"


def _manifests(folder: Path, *documents: str) -> list[str | Path]:
    path = folder / "manifests.yaml"
    text = "\n---\n".join(f"apiVersion: reconciler/v1\n{document}" for document in documents)
    path.write_text(text, encoding="utf-8")
    return ["--file", path]


def _plan(server: Path, *options: str | Path) -> dict[str, Any]:
    arguments = plan_arguments(server, *options)
    plan: dict[str, Any] = gwe("plan", *arguments, "--format", "json", cwd=server.parent).json()
    return plan


def _apply(server: Path, *options: str | Path) -> None:
    arguments = plan_arguments(server, *options, "--auto-approve")
    done = gwe("apply", *arguments, cwd=server.parent)
    assert done.code == 0, done.out + done.err


def _the_action(plan: dict[str, Any]) -> dict[str, Any]:
    (action,) = plan["actions"]
    found: dict[str, Any] = action
    return found


QUEUE = """\
kind: InteractionQueue
metadata: {name: Q}
spec: {annex: {Queue: {b: "1", c: "1"}}}
initial: {annex: {Queue: {a: "1"}}}"""


def test_an_update_lists_the_fields_that_it_keeps(tmp_path: Path) -> None:
    site = 'Script: [{name: Q, type: InteractionQueue, annex: {Queue: {a: "0", b: "0", c: "1"}}}]'
    plan = _plan(site_server(tmp_path, SITE + site), *_manifests(tmp_path, QUEUE))
    action = _the_action(plan)
    assert action["action"] == "update"
    assert [change["path"] for change in action["changes"]] == ["/annex/Queue/b"]
    assert [(c["path"], c["before"], c["after"]) for c in action["kept"]] == [
        ("/annex/Queue/a", "0", "1")
    ]


def test_changed_and_removed_values_of_shared_applications_are_counted_and_added_ones_not(
    tmp_path: Path,
) -> None:
    site = """
Application:
  - {name: Chat, type: ChatServer, options: {settings: {changed: "0", removed: "0", same: "1"}}}
Script: [{name: Q, type: InteractionQueue, annex: {Queue: {b: "0"}}}]
"""
    options = """\
kind: ApplicationOptions
metadata: {name: settings}
target: {role: chat-server}
spec: {options: {settings: {changed: "1", removed: null, same: "1", added: "1"}}}"""
    plan = _plan(site_server(tmp_path, SITE + site), *_manifests(tmp_path, options, QUEUE))
    assert plan["summary"]["update"] == 2
    assert plan["summary"]["sharedValuesChanged"] == 2


def test_each_change_names_the_manifest_and_the_line_it_comes_from(tmp_path: Path) -> None:
    first = """\
kind: ApplicationOptions
metadata: {name: first}
target: {role: chat-server}
spec: {options: {settings: {a: "1"}}}"""
    second = """\
kind: ApplicationOptions
metadata: {name: second}
target: {application: Chat}
spec: {options: {settings: {b: "1"}}}"""
    plan = _plan(site_server(tmp_path), *_manifests(tmp_path, first, second))
    action = _the_action(plan)
    lines = [change["origin"].rsplit(":", 1)[0] for change in action["changes"]]
    path = tmp_path / "manifests.yaml"
    assert lines == [f"{path}:5", f"{path}:11"]
    assert [(change["path"], change["manifest"]) for change in action["changes"]] == [
        ("/options/settings/a", "ApplicationOptions/first"),
        ("/options/settings/b", "ApplicationOptions/second"),
    ]


def test_an_object_is_created_in_the_folder_that_its_manifest_names(tmp_path: Path) -> None:
    site = "Script: [{name: Other, type: BusinessProcess, folder: Composer}]"
    server = site_server(tmp_path, SITE + site)
    queue = "kind: InteractionQueue\nmetadata: {name: Q, folder: Composer}"
    _apply(server, *_manifests(tmp_path, queue))
    assert find(server, "Script", "Q").path == SCRIPT_FOLDER


def test_a_value_is_created_in_a_folder_of_its_attribute(tmp_path: Path) -> None:
    site = """
EnumeratorValue:
  - {attribute: CaseData, name: Other, displayName: Other, isDefault: false, folder: Web}
"""
    server = site_server(tmp_path, SITE + site)
    value = """\
kind: BusinessAttributeValue
metadata: {attribute: Case Data, name: New, folder: Web}
spec: {displayName: New}"""
    _apply(server, *_manifests(tmp_path, value))
    new, other = find(server, "EnumeratorValue", "New"), find(server, "EnumeratorValue", "Other")
    assert new.folder == other.folder


def test_a_replace_puts_the_new_object_into_the_folder_of_the_old_one(tmp_path: Path) -> None:
    site = "Script: [{name: Q, type: InteractionQueue, dbid: 700, folder: Composer}]"
    server = site_server(tmp_path, SITE + site)
    queue = "kind: InteractionQueue\nmetadata: {name: Q}"
    _apply(server, *_manifests(tmp_path, queue), "--overwrite")
    assert find(server, "Script", "Q").dbid != 700
    assert find(server, "Script", "Q").path == SCRIPT_FOLDER


def test_a_replace_carries_over_what_is_initial_or_preserved_and_nothing_else(
    tmp_path: Path,
) -> None:
    site = """
Person:
  - {employeeID: "7001", userName: anna, isAgent: true}
  - {employeeID: "7002", userName: jun, isAgent: true}
AgentGroup:
  - {name: G, agents: ["7001"], annex: {own: {kept: "live", lost: "live", wanted: "live"}}}
"""
    server = site_server(tmp_path, SITE + site)
    group = """\
kind: AgentGroup
metadata: {name: G}
spec:
  agents: [7002]
  annex: {own: {wanted: manifest}}
initial:
  annex: {own: {kept: manifest}}
policy:
  preserve: [agents]"""
    _apply(server, *_manifests(tmp_path, group), "--overwrite")
    after = find(server, "AgentGroup", "G").attributes
    persons = {
        one.dbid: one.attributes["employeeID"]
        for (kind, _), one in everything(server).items()
        if kind == "Person"
    }
    assert sorted(persons[dbid] for dbid in after["agentDBIDs"]) == ["7001", "7002"]
    assert after["userProperties"] == {"own": {"kept": "live", "wanted": "manifest"}}


def test_an_integer_option_is_an_integer_after_a_replace_as_well(tmp_path: Path) -> None:
    site = """
AgentGroup:
  - {name: G, annex: {own: {same: 7, other: 7, text: "7"}}}
"""
    server = site_server(tmp_path, SITE + site)
    group = """\
kind: AgentGroup
metadata: {name: G}
spec: {annex: {own: {same: "7", other: "8", text: "8", new: "9"}}}"""
    _apply(server, *_manifests(tmp_path, group), "--overwrite")
    after = find(server, "AgentGroup", "G").attributes["userProperties"]
    assert after == {"own": {"same": 7, "other": 8, "text": "8", "new": "9"}}


def test_a_replace_lists_who_refers_to_the_object(tmp_path: Path) -> None:
    site = """
Script: [{name: Q, type: InteractionQueue, dbid: 700}]
AgentGroup: [{name: Sales, capacityRule: Q}]
Person: [{employeeID: "7001", userName: anna, isAgent: true, capacityRule: Q}]
"""
    queue = "kind: InteractionQueue\nmetadata: {name: Q}"
    plan = _plan(site_server(tmp_path, SITE + site), *_manifests(tmp_path, queue), "--overwrite")
    restores = _the_action(plan)["restores"]
    assert "the reference of AgentGroup Sales to it (capacityRule)" in restores
    assert "the reference of Person 7001 to it (capacityRule)" in restores


@pytest.mark.parametrize(
    ("live", "action"), [("0", "update"), ("1", "in-sync")], ids=["differs", "equal"]
)
def test_a_protected_object_says_so_under_overwrite(tmp_path: Path, live: str, action: str) -> None:
    site = f'Script: [{{name: Q, type: InteractionQueue, annex: {{Queue: {{a: "{live}"}}}}}}]'
    queue = """\
kind: InteractionQueue
metadata: {name: Q}
spec: {annex: {Queue: {a: "1"}}}
policy: {protect: true}"""
    plan = _plan(
        site_server(tmp_path, SITE + site), *_manifests(tmp_path, queue), "--overwrite", "--force"
    )
    found = _the_action(plan)
    assert found["action"] == action
    assert "protected" in found["reason"]


def test_a_protected_object_of_which_everything_is_initial_says_so_under_overwrite(
    tmp_path: Path,
) -> None:
    site = 'Script: [{name: Q, type: InteractionQueue, annex: {Queue: {a: "0"}}}]'
    queue = """\
kind: InteractionQueue
metadata: {name: Q}
initial: {annex: {Queue: {a: "1"}}}
policy: {protect: true}"""
    plan = _plan(site_server(tmp_path, SITE + site), *_manifests(tmp_path, queue), "--overwrite")
    assert _the_action(plan)["action"] == "keep"
    assert "protected" in _the_action(plan)["reason"]


def test_two_manifests_that_both_want_the_default_value_are_refused_before_the_first_write(
    tmp_path: Path,
) -> None:
    server = site_server(tmp_path)
    before = everything(server)
    value = """\
kind: BusinessAttributeValue
metadata: {{attribute: CaseData, name: {name}}}
spec: {{displayName: {name}, isDefault: true}}"""
    documents = [value.format(name=name) for name in ("English", "French")]
    options = plan_arguments(server, *_manifests(tmp_path, *documents))
    done = gwe("apply", *options, "--auto-approve", cwd=tmp_path)
    assert done.code in (1, 3), done.out + done.err
    assert everything(server) == before


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    arguments = plan_arguments(server, "--format", "json")
    first = gwe("plan", *arguments, cwd=tmp_path)
    assert first.out == gwe("plan", *arguments, cwd=tmp_path).out
