"""Which actions may be in flight together: tests of ``plan/ordering/dependencies.py``."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.plan.actions import Fingerprint, Write
from reconciler.plan.changes import Change
from reconciler.plan.ordering.dependencies import dependencies, footprint, starts_alone
from tests.actions import make_action
from tests.runs import REPLACED, Place


def _create(name: str, object_type: str = "Script", **values: Any) -> Write:
    fields = {("name",): name, **values.pop("fields", {})}
    made: Write = make_action(
        "create",
        f"Object/{object_type}/{name}",
        object_type=object_type,
        name=name,
        tenant=values.pop("tenant", 101),
        fields=fields,
        **values,
    )
    return made


def _update(
    name: str, dbid: int, *changes: Change, object_type: str = "Script", **more: Any
) -> Write:
    made: Write = make_action(
        "update",
        f"Object/{object_type}/{name}",
        object_type=object_type,
        name=name,
        tenant=101,
        dbid=dbid,
        changes=changes,
        **more,
    )
    return made


def _option(value: str, *path: str) -> dict[tuple[str, ...], str]:
    return {("annex", *path): value}


QUEUE = _create("Q")
UNRELATED = _create("Other", tenant=102)
MEETING: dict[str, tuple[Write, Write]] = {
    "one object by DBID": (_update("A", 600), _update("B", 600)),
    "one natural key": (QUEUE, _create("Q")),
    "names alike": (QUEUE, _create("q ")),
    "a new name": (QUEUE, _update("Z", 600, Change(("name",), "Z", "Q"))),
    "an old name": (QUEUE, _update("Z", 600, Change(("name",), "Q", "Z"))),
    "a reference": (
        _update("Rule", 7),
        _create("G", "AgentGroup", fields={("capacityRule",): "Rule"}),
    ),
    "a reference with its tenant": (
        _update("Rule", 7),
        _create("G", "AgentGroup", fields={("capacityRule",): "Resources:Rule"}),
    ),
    "a reference to what was not read": (
        _update("Rule", 7),
        _create("G", "AgentGroup", fields={("capacityRule",): "#7"}),
    ),
    "a reference that goes": (
        _update("Rule", 7),
        _update("G", 9, Change(("capacityRule",), "Rule", None), object_type="AgentGroup"),
    ),
    "an item of a list": (
        _update("7001", 401, object_type="Person"),
        _update("G", 9, Change(("agents", "7001"), None, "7001"), object_type="AgentGroup"),
    ),
    "an option that names a script": (
        QUEUE,
        _create("Q.Routing", fields=_option("script:Q", "Orchestration", "application")),
    ),
    "what belongs to it": (
        _create("A", "Enumerator"),
        _create("V", "EnumeratorValue", fields={("attribute",): "A"}),
    ),
    "its folder": (_update("F", 44, object_type="Folder/Script"), _create("X", folder=44)),
    "its folder by name": (
        _create("Sales/Chat", "Folder/Script"),
        _create("X", folder_path="Sales/Chat"),
    ),
    "its tenant": (_update("T", 101, object_type="Tenant"), _create("X")),
    "what it needs": (QUEUE, _create("X", needs=(QUEUE.address,))),
    "what it copies from": (
        _update("Chat", 104, object_type="Application"),
        _update("Web", 105, object_type="Application", fingerprint=Fingerprint(sources={104: {}})),
    ),
    "an endpoint": (
        _update(
            "Chat",
            104,
            Change(("options", "endpoints:101", "webme"), "Q", None),
            object_type="Application",
        ),
        _update(
            "Web",
            105,
            Change(("options", "chat", "queueKey"), None, "101:webme"),
            object_type="Application",
        ),
    ),
    "the default value": (
        _update("V", 7, Change(("isDefault",), True, False), object_type="EnumeratorValue"),
        _update("W", 8, Change(("isDefault",), False, True), object_type="EnumeratorValue"),
    ),
}


@pytest.mark.parametrize("pair", MEETING.values(), ids=MEETING)
def test_actions_that_meet_are_never_in_flight_together(pair: tuple[Write, Write]) -> None:
    one, other = map(footprint, pair)
    assert one.meets(other)
    assert other.meets(one)
    assert dependencies([*pair, UNRELATED]) == [frozenset(), frozenset({0}), frozenset()]
    assert dependencies([UNRELATED, *pair]) == [frozenset(), frozenset(), frozenset({1})]


def test_what_two_objects_only_use_does_not_keep_them_apart() -> None:
    """Ten thousand scripts refer to one script and are in one folder."""
    option = _option("script:Shared", "Orchestration", "application")
    many = [_create(f"Q{n}", folder=44, fields=option) for n in range(5)]
    assert dependencies(many) == [frozenset()] * 5


def test_what_writes_waits_for_all_that_use_it_and_they_for_what_wrote_it() -> None:
    option = _option("script:Q", "Orchestration", "application")
    users = [_create(f"X{n}", fields=option) for n in range(2)]
    rename = _update("Q", 600, Change(("name",), "Q", "P"))
    assert dependencies([QUEUE, *users, rename]) == [
        *(frozenset(), frozenset({0}), frozenset({0}), frozenset({0, 1, 2}))
    ]


@pytest.mark.parametrize(
    ("action", "object_type", "alone"),
    [
        ("create", "Script", False),
        ("update", "Script", False),
        ("replace", "Script", True),
        ("delete", "Script", True),
        ("update", "LaunchFile", True),
    ],
)
def test_deletes_replaces_and_launch_files_start_alone(
    action: str, object_type: str, *, alone: bool
) -> None:
    made = make_action(action, "X/Y", object_type=object_type, name="Y")
    assert starts_alone(made) is alone


def test_the_actions_of_a_plan_from_manifests_are_told_apart(place: Place) -> None:
    actions = place.plan(*REPLACED).writes
    found = dict(zip((one.address for one in actions), dependencies(actions), strict=True))
    assert found["InteractionQueue/Created"] == frozenset()
    assert found["InteractionQueue/Changed"] == frozenset()


NAMES = st.sampled_from(["A", "a", "B", "Resources:B", "C/B", "#600"])
ACTIONS = st.one_of(
    st.builds(_create, NAMES, folder=st.sampled_from([0, 44])),
    st.builds(
        _create,
        NAMES,
        st.just("AgentGroup"),
        fields=st.fixed_dictionaries({("capacityRule",): NAMES}),
    ),
    st.builds(
        _update,
        NAMES,
        st.sampled_from([600, 601]),
        st.builds(Change, st.just(("name",)), NAMES, NAMES),
    ),
    st.builds(_update, NAMES, st.sampled_from([44, 45]), object_type=st.just("Folder")),
)


@settings(max_examples=60)
@given(st.lists(ACTIONS, max_size=8))
def test_every_two_actions_that_meet_are_ordered_and_no_action_waits_for_a_later_one(
    actions: list[Write],
) -> None:
    """Directly, or by way of others between them; what meets nothing waits for nothing."""
    before = dependencies(actions)
    reached: list[set[int]] = []
    for number, direct in enumerate(before):
        assert all(one < number for one in direct)
        assert all(footprint(actions[one]).meets(footprint(actions[number])) for one in direct)
        reached.append(set(direct).union(*(reached[one] for one in direct)))
    for one, other in combinations(range(len(actions)), 2):
        if footprint(actions[one]).meets(footprint(actions[other])):
            assert one in reached[other]
