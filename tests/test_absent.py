"""``ensure: absent``: manifests of objects that must not be there. Which objects are deleted,
blocked or listed is told by the scenarios ``absent-…``."""

from pathlib import Path

import pytest

from tests.harness import BARE, everything, find, gwe, plan_arguments
from tests.runs import access_of, assert_same_but_dbids
from tests.test_guards import groups, ready, wanted_groups
from tests.test_plan_file import said

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""{HEAD}kind: Site
extends: {BARE}
tenant: Resources
AccessGroup: [{{name: Some}}]
Person: [{{employeeID: "7001", userName: a, isAgent: true}}]
Script:
  - name: Q
    type: InteractionQueue
    folder: Composer/Chat
    annex: {{Queue: {{priority: "5"}}}}
    permissions: [{{group: Some, mask: 3}}]
AgentGroup: [{{name: G, agents: ["7001"]}}]
Enumerator: [{{name: Colours, displayName: Colours, type: Custom}}]
EnumeratorValue: [{{attribute: Colours, name: Red, displayName: Red, isDefault: true}}]
Campaign: [{{name: Calling, script: Q}}]
CampaignGroup: [{{name: Calls, campaign: Calling, group: G, interactionQueue: Q}}]
"""


def absent(kind: str, metadata: str, more: str = "") -> str:
    return f"{HEAD}kind: {kind}\nmetadata: {{{metadata}}}\nensure: absent\n{more}"


ALL = "---\n".join(
    [
        absent("BusinessAttribute", "name: Colours"),
        absent("BusinessAttributeValue", "attribute: Colours, name: Red"),
        absent("InteractionQueue", "name: Q"),
        absent("AgentGroup", "name: G"),
        absent("Object", "type: CampaignGroup, campaign: Calling, name: Calls"),
    ]
)


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (
            absent("AgentGroup", "name: G", 'spec: {agents: ["7001"]}\n'),
            "error: m.yaml:5:1: spec cannot be combined with ensure: absent\n"
            "  An object that must not be there has no fields and no former names: remove spec,"
            " or ensure.\n",
        ),
        (
            absent("InteractionQueue", "name: Q", "initial: {state: Enabled}\n"),
            "error: m.yaml:5:1: initial cannot be combined with ensure: absent\n"
            "  An object that must not be there has no fields and no former names: remove"
            " initial, or ensure.\n",
        ),
        (
            absent("ApplicationOptions", "name: o", "target: {application: Chat}\n"),
            "error: m.yaml:4:1: ApplicationOptions has no ensure\n"
            "  The applications belong to others. An option that must be absent is declared"
            " null.\n",
        ),
        (
            absent("LaunchFile", "name: f", "spec: {file: a.properties, values: {a: null}}\n"),
            "error: m.yaml:4:1: LaunchFile has no ensure\n"
            "  Launch files are never deleted. A value that must be absent is declared null.\n",
        ),
        (
            f"{HEAD}kind: AgentGroup\nmetadata: {{name: G}}\nensure: gone\n",
            "error: m.yaml:4:1: ensure cannot be 'gone'\n  Expected: present or absent.\n",
        ),
    ],
)
def test_what_ensure_cannot_say_is_an_error_that_says_why(
    manifest: str, message: str, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(manifest, encoding="utf-8")
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert refused.code == 1
    assert message in refused.err


def test_ensure_present_is_what_a_manifest_without_ensure_says(tmp_path: Path) -> None:
    text = f"{HEAD}kind: AgentGroup\nmetadata: {{name: New}}\nensure: present\n"
    server = ready(tmp_path, SITE, text)
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert "Plan: 1 to create" in planned.out


def test_an_object_is_not_declared_present_and_absent(tmp_path: Path) -> None:
    text = f"{HEAD}kind: AgentGroup\nmetadata: {{name: G}}\n---\n{absent('AgentGroup', 'name: G')}"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert "AgentGroup/G is declared twice, first at m.yaml:3:" in refused.err


def test_deletes_come_in_reverse_and_undo_brings_everything_back(tmp_path: Path) -> None:
    server = ready(tmp_path, SITE, ALL)
    before, access = everything(server), access_of(server)
    options = plan_arguments(server, "-f", "m.yaml")
    assert gwe("drift", *options, cwd=tmp_path).code == 2
    done = gwe("apply", *options, "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert [line.split()[-1] for line in done.out.splitlines() if "/5] -" in line] == [
        "Object/CampaignGroup/Calling/Calls",
        "BusinessAttributeValue/Colours/Red",
        "InteractionQueue/Q",
        "BusinessAttribute/Colours",
        "AgentGroup/G",
    ]
    assert find(server, "Campaign", "Calling").attributes.get("scriptDBID") is None
    assert gwe("drift", *options, cwd=tmp_path).code == 0
    undone = gwe("undo", "last", "--server", f"embedded:{server}", "--auto-approve", cwd=tmp_path)
    assert undone.code == 0, undone.out + undone.err
    assert_same_but_dbids(server, before, access)


def test_a_saved_plan_deletes_what_it_shows_and_is_stale_when_a_new_reference_comes(
    tmp_path: Path,
) -> None:
    server = ready(tmp_path, SITE, absent("InteractionQueue", "name: Q"))
    options = plan_arguments(server, "-f", "m.yaml")
    assert gwe("plan", *options, "--out", "p.json", cwd=tmp_path).code == 0
    more = f"{HEAD}kind: Object\nmetadata: {{type: Campaign, name: New}}\nspec: {{script: Q}}\n"
    (tmp_path / "more.yaml").write_text(more, encoding="utf-8")
    changed = gwe(
        "apply", *plan_arguments(server, "-f", "more.yaml"), "--auto-approve", cwd=tmp_path
    )
    assert changed.code == 0, changed.out + changed.err
    before = everything(server)
    arguments = ("apply", "p.json", "--server", f"embedded:{server}", "--auto-approve")
    stale = gwe(*arguments, cwd=tmp_path)
    assert stale.code == 4
    assert "InteractionQueue/Q: Campaign New refers to it now (script)" in said(stale)
    assert everything(server) == before


def test_with_a_target_goes_what_must_go_before_it(tmp_path: Path) -> None:
    server = ready(tmp_path, SITE, ALL)
    options = plan_arguments(server, "-f", "m.yaml", "--target", "BusinessAttribute/Colours")
    planned = gwe("plan", *options, "--format", "json", cwd=tmp_path).json()
    assert [action["address"] for action in planned["actions"]] == [
        "BusinessAttributeValue/Colours/Red",
        "BusinessAttribute/Colours",
    ]
    assert planned["notices"] == [
        "BusinessAttributeValue/Colours/Red is planned too: BusinessAttribute/Colours needs it."
    ]


def test_nothing_is_deleted_before_what_is_excluded(tmp_path: Path) -> None:
    server = ready(tmp_path, SITE, ALL)
    options = plan_arguments(server, "-f", "m.yaml", "--exclude", "Object/*")
    planned = gwe("plan", *options, "--format", "json", cwd=tmp_path).json()
    skipped = {
        action["address"]: action["reason"]
        for action in planned["actions"]
        if action["action"] == "skip"
    }
    needs = "needs Object/CampaignGroup/Calling/Calls, which is skipped"
    assert skipped == {
        "Object/CampaignGroup/Calling/Calls": "excluded",
        "AgentGroup/G": needs,
        "InteractionQueue/Q": needs,
    }


def test_deletes_count_towards_the_share_whatever_else_is_asked_for(tmp_path: Path) -> None:
    goes = "---\n".join(absent("AgentGroup", f"name: G{number}") for number in range(1, 5))
    stays = wanted_groups(10).split("---\n")[4:]
    server = ready(tmp_path, groups(10), "---\n".join([goes, *stays]))
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite")
    refused = gwe("plan", *options, cwd=tmp_path)
    assert refused.code == 3
    assert (
        "Refused: 4 of 10 existing managed objects (40 %) would be replaced, deleted or lose"
        " options; the limit is 30 %. --force overrides this." in said(refused)
    )
    assert gwe("plan", *options, "--force", cwd=tmp_path).code == 0


def test_what_another_site_may_use_is_deleted_only_with_force(tmp_path: Path) -> None:
    site = SITE.replace(
        "AccessGroup:",
        "Application:\n"
        "  - {name: Other, type: WebEngagementBackendServer, connections: [Ixn, Stat]}\n"
        "AccessGroup:",
    )
    server = ready(tmp_path, site, absent("AgentGroup", "name: G"))
    options = plan_arguments(server, "-f", "m.yaml", "--format", "json")
    blocked = gwe("plan", *options, cwd=tmp_path)
    assert blocked.json()["actions"][0]["reason"] == (
        "another Web Engagement site of this tenant may use it: Other; --force deletes it anyway"
    )


def test_the_account_of_the_session_is_not_deleted(tmp_path: Path) -> None:
    site = SITE.replace("userName: a", "userName: a, password: open-sesame")
    server = ready(tmp_path, site, absent("Person", 'employeeID: "7001"'))
    options = plan_arguments(server, "-f", "m.yaml", "--format", "json")
    account = {"GWE_USER": "a", "GWE_PASSWORD": "open-sesame"}
    planned = gwe("plan", *options, cwd=tmp_path, env=account)
    assert planned.json()["actions"][0]["reason"] == "it is the account that gwe is logged in with"
