"""The order of work: what is needed comes first, and the order never changes by itself."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import RefusedError
from reconciler.plan.actions import Action, ActionName
from reconciler.plan.ordering.order import order
from tests.actions import make_action
from tests.harness import gwe, plan_arguments, site_server


def _action(address: str, *needs: str, action: ActionName = "create") -> Action:
    made: Action = make_action(action, address, needs=needs)
    return made


def _addresses(actions: Sequence[Action]) -> list[str]:
    return [action.address for action in order(actions)]


ROUTING = _action("EnhancedRouting/Q.Routing")
QUEUE = _action("InteractionQueue/Q", "EnhancedRouting/Q.Routing")
VIEW = _action("InteractionQueueView/Q.View", "InteractionQueue/Q")
CHAT = _action("Application/Chat", "InteractionQueue/Q", action="update")
SERVER = _action("Application/GWE", "Application/Chat", action="update")


def test_what_is_referred_to_comes_before_what_refers_to_it() -> None:
    assert _addresses([SERVER, CHAT, QUEUE, ROUTING]) == [
        "EnhancedRouting/Q.Routing",
        "InteractionQueue/Q",
        "Application/Chat",
        "Application/GWE",
    ]


def test_a_parent_comes_before_its_children() -> None:
    value = _action("BusinessAttributeValue/A/V", "BusinessAttribute/Z")
    parent = _action("BusinessAttribute/Z")
    assert _addresses([value, parent]) == ["BusinessAttribute/Z", "BusinessAttributeValue/A/V"]


def test_the_order_does_not_depend_on_the_order_of_the_input() -> None:
    expected = [
        "AgentGroup/A",
        "AgentGroup/B",
        "EnhancedRouting/Q.Routing",
        "InteractionQueue/Q",
        "InteractionQueueView/Q.View",
        "Application/Chat",
    ]
    actions = [VIEW, CHAT, QUEUE, ROUTING, _action("AgentGroup/B"), _action("AgentGroup/A")]
    for shuffled in permutations(actions):
        assert _addresses(shuffled) == expected


def test_actions_without_needs_are_in_the_order_of_their_kinds_and_then_their_names() -> None:
    actions = [
        _action("Application/A", action="update"),
        _action("InteractionQueueView/A"),
        _action("InteractionQueue/B"),
        _action("InteractionQueue/A"),
        _action("EnhancedRouting/Z"),
        _action("BusinessAttributeValue/A/A"),
        _action("BusinessAttribute/Z"),
        _action("AgentGroup/Z"),
    ]
    assert _addresses(actions) == [
        "AgentGroup/Z",
        "BusinessAttribute/Z",
        "BusinessAttributeValue/A/A",
        "EnhancedRouting/Z",
        "InteractionQueue/A",
        "InteractionQueue/B",
        "InteractionQueueView/A",
        "Application/A",
    ]


def test_deletes_come_last_and_in_reverse() -> None:
    actions = [
        _action("BusinessAttribute/A", "BusinessAttributeValue/A/V", action="delete"),
        _action("BusinessAttributeValue/A/V", action="delete"),
        _action("AgentGroup/A", action="delete"),
        _action("InteractionQueueView/A", action="delete"),
        _action("InteractionQueue/New"),
    ]
    assert _addresses(actions) == [
        "InteractionQueue/New",
        "InteractionQueueView/A",
        "BusinessAttributeValue/A/V",
        "AgentGroup/A",
        "BusinessAttribute/A",
    ]


def test_a_replace_is_ordered_as_one_step() -> None:
    actions = [
        _action("InteractionQueue/Q", "EnhancedRouting/Q.Routing", action="replace"),
        _action("EnhancedRouting/Q.Routing", action="replace"),
    ]
    assert _addresses(actions) == ["EnhancedRouting/Q.Routing", "InteractionQueue/Q"]


def test_a_need_that_is_not_in_the_plan_does_not_matter() -> None:
    assert _addresses([QUEUE]) == ["InteractionQueue/Q"]


def test_a_cycle_is_refused_with_its_path() -> None:
    cycle = [
        _action("EnhancedRouting/A", "EnhancedRouting/B", action="update"),
        _action("EnhancedRouting/B", "EnhancedRouting/C", action="update"),
        _action("EnhancedRouting/C", "EnhancedRouting/A", action="update"),
        _action("EnhancedRouting/D", "EnhancedRouting/A", action="update"),
    ]
    rotations = (
        "EnhancedRouting/A -> EnhancedRouting/B -> EnhancedRouting/C -> EnhancedRouting/A",
        "EnhancedRouting/B -> EnhancedRouting/C -> EnhancedRouting/A -> EnhancedRouting/B",
        "EnhancedRouting/C -> EnhancedRouting/A -> EnhancedRouting/B -> EnhancedRouting/C",
    )
    with pytest.raises(RefusedError) as refused:
        order(cycle)
    (problem,) = refused.value.diagnostics
    assert any(rotation in problem.summary for rotation in rotations), problem.summary
    assert "EnhancedRouting/D" not in problem.summary


def _planned(server: Path, folder: Path, *options: str | Path) -> dict[str, Any]:
    plan: dict[str, Any] = gwe(
        "plan", *plan_arguments(server, *options), "--format", "json", cwd=folder
    ).json()
    return plan


def test_everything_that_the_bundled_manifests_create_comes_after_what_it_needs(
    tmp_path: Path,
) -> None:
    plan = _planned(site_server(tmp_path), tmp_path)
    place = {action["address"]: index for index, action in enumerate(plan["actions"])}
    assert len(place) == len(plan["actions"]), "one action per address"
    chains = [
        [
            "BusinessAttribute/Web Engagement Categories",
            "BusinessAttributeValue/Web Engagement Categories/PlayGround-Home",
        ],
        [
            "EnhancedRouting/Webengagement_Qualified.Routing",
            "InteractionQueue/Webengagement_Qualified",
            "InteractionQueueView/Webengagement_Qualified.EngagementLogic.View",
        ],
        [
            "EnhancedRouting/Webengagement_Chat.Routing",
            "InteractionQueue/Webengagement_Chat",
            "Application/Chat",
            "Application/GWE",
        ],
    ]
    for chain in chains:
        places = [place[address] for address in chain]
        assert places == sorted(places), chain


def test_every_chat_server_gets_the_endpoint_before_the_queue_key_names_it(
    tmp_path: Path,
) -> None:
    server = site_server(
        tmp_path,
        """\
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}]
Application:
  - {name: A_GWE, type: WebEngagementBackendServer, connections: [Ixn, Stat, Chat_1, Chat_2]}
  - {name: Ixn, type: InteractionServer}
  - {name: Stat, type: StatServer}
  - {name: Chat_1, type: ChatServer}
  - {name: Chat_2, type: ChatServer}
""",
    )
    manifests = tmp_path / "chat.yaml"
    manifests.write_text(
        """\
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: a-queue-key}
target: {role: web-engagement-server}
spec: {options: {chat: {queueKey: "101:webme"}}}
---
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: b-endpoint}
target: {role: chat-server}
spec: {options: {"endpoints:101": {webme: Z_Queue}}}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Z_Queue}
""",
        encoding="utf-8",
    )
    plan = _planned(server, tmp_path, "--app", "A_GWE", "--file", manifests)
    assert [action["address"] for action in plan["actions"]] == [
        "InteractionQueue/Z_Queue",
        "Application/Chat_1",
        "Application/Chat_2",
        "Application/A_GWE",
    ]


def test_scripts_whose_options_name_each_other_are_both_created(tmp_path: Path) -> None:
    """An option is text to the server: it may name what is created a moment later."""
    server = site_server(tmp_path)
    manifests = tmp_path / "scripts.yaml"
    manifests.write_text(
        """\
apiVersion: reconciler/v1
kind: EnhancedRouting
metadata: {name: A}
spec: {annex: {Orchestration: {application: "script:B"}}}
---
apiVersion: reconciler/v1
kind: EnhancedRouting
metadata: {name: B}
spec: {annex: {Orchestration: {application: "script:A"}}}
""",
        encoding="utf-8",
    )
    options = plan_arguments(server, "--file", manifests)
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 0
    assert gwe("plan", *options, "--detailed-exitcode", cwd=tmp_path).code == 0
