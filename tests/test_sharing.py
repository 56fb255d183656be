"""Two sets of manifests that change the same object or option: the plan says so, and the second
set can take it over."""

from pathlib import Path

import pytest

from reconciler.plan.context import PlanOptions
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.testing.faulty import FaultyServer
from tests.harness import APP, everything, opened
from tests.runs import SITE, Place, make_place, make_template, plan_on
from tests.test_prune import HEAD, apply, declare, queue, run, words

GROUP = f"""\
{HEAD}kind: AgentGroup
metadata: {{name: Chat Team}}
spec: {{annex: {{route: {{mode: MODE}}}}}}
"""
OPTION = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: settings}}
target: {{role: chat-server}}
spec: {{options: {{settings: {{OPTION: VALUE}}}}}}
"""
FIRST = (GROUP.replace("MODE", "first"), OPTION.replace("OPTION: VALUE", 'added: "1", ours: "1"'))
SECOND = GROUP.replace("MODE", "second"), OPTION.replace("OPTION: VALUE", 'added: "2", ours: "2"')
WARNING = (
    f"The inventory of the set one of the site {APP} has these, which this plan changes:"
    " AgentGroup/Chat Team, settings/added of Application/Chat. If the manifests of both sets"
    " declare the same field with different values, each apply undoes the other. Declare them in"
    " one set only. gwe adopt --take-over ADDRESS moves them into the inventory of this set."
)
"""The option ``ours`` was there before: it is in no inventory."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_a_plan_warns_that_it_changes_what_another_set_has(place: Place, command: str) -> None:
    apply(place, *FIRST, name="one")
    declare(place, *SECOND)
    plan = run(place, command, "--format", "json", name="two", code=2 * (command == "drift"))
    assert plan.json()["warnings"] == [WARNING]


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_of_output_shows_that_warning(place: Place, form: str) -> None:
    apply(place, *FIRST, name="one")
    declare(place, *SECOND)
    shown = words(run(place, "plan", "--format", form, name="two").out).replace("`", "")
    assert f"The inventory of the set one of the site {APP} has these" in shown


def test_a_part_of_the_manifests_is_warned_of_too(place: Place) -> None:
    apply(place, *FIRST, name="one")
    (place.folder / "part.yaml").write_text(SECOND[0])
    plan = run(place, "plan", "-f", "part.yaml", "--format", "json", name="two").json()
    assert [one.partition(":")[0] for one in plan["warnings"]] == [
        f"The inventory of the set one of the site {APP} has this, which this plan changes"
    ]


def test_the_set_that_has_it_is_not_warned(place: Place) -> None:
    apply(place, *FIRST, name="one")
    apply(place, *SECOND, name="two")
    declare(place, *FIRST)
    assert run(place, "plan", "--format", "json", name="one").json()["warnings"] == []


@pytest.mark.parametrize(
    "manifest",
    [
        OPTION.replace("OPTION: VALUE", 'beside: "1"'),
        OPTION.replace("OPTION: VALUE", 'ours: "2"'),
        queue("New"),
        queue("Changed") + 'spec: {annex: {Queue: {ours: "9"}}}\n',
    ],
)
def test_what_no_other_inventory_has_is_no_warning(place: Place, manifest: str) -> None:
    apply(place, *FIRST, name="one")
    declare(place, manifest)
    assert run(place, "plan", "--format", "json", name="two").json()["warnings"] == []


def test_a_delete_and_an_option_that_is_taken_away_are_changes_too(place: Place) -> None:
    apply(place, *FIRST, name="one")
    gone = f"{HEAD}kind: AgentGroup\nmetadata: {{name: Chat Team}}\nensure: absent\n"
    declare(place, gone, OPTION.replace("OPTION: VALUE", "added: null"))
    (warning,) = run(place, "plan", "--format", "json", name="two").json()["warnings"]
    assert "changes: settings/added of Application/Chat, AgentGroup/Chat Team. If" in warning


def test_of_many_objects_the_first_are_named(place: Place) -> None:
    names = [f"Queue {number}" for number in range(7)]
    apply(place, *map(queue, names), name="one")
    declare(place, *(queue(name) + "spec: {annex: {Queue: {a: b}}}\n" for name in names))
    (warning,) = run(place, "plan", "--format", "json", name="two").json()["warnings"]
    assert "InteractionQueue/Queue 4 and 2 more. If" in warning


def test_a_damaged_inventory_of_another_set_is_a_warning(place: Place) -> None:
    apply(place, *FIRST, name="one")
    with opened(place.server) as server:
        (one,) = server.read("Transaction", {"object_type": 21})
        broken = KeyValueDelta(changed={"inventory": {"format": "9"}})
        server.update("Transaction", one.dbid, Delta(key_values={"userProperties": broken}))
    declare(place, *SECOND)
    (warning,) = run(place, "plan", "--format", "json", name="two").json()["warnings"]
    assert warning.startswith("the inventory is damaged: in the List object gwe-reconciler")


def test_only_a_plan_that_changes_what_exists_reads_other_inventories(place: Place) -> None:
    def lists_read(*manifests: str) -> int:
        declare(place, *manifests)
        with opened(place.server) as inner:
            counting = FaultyServer(inner)
            plan_on(counting, place.folder, PlanOptions())
            return [call.object_type for call in counting.calls].count("Transaction")

    assert lists_read(GROUP) == 1
    apply(place, GROUP)
    assert lists_read(GROUP) == 1
    assert lists_read(SECOND[0]) == 3


def test_the_second_set_takes_over_what_the_first_has(place: Place) -> None:
    apply(place, *FIRST, queue("Kept"), name="one")
    both = {("AgentGroup", "Chat Team"), ("settings", "added")}
    declare(place, *SECOND)
    left = words(run(place, "adopt", "--declared", "--auto-approve", name="two").out)
    assert "--take-over moves it from that inventory into this." in left
    assert "AgentGroup" not in {kind for kind, _ in place.inventory("two")}
    taken = run(place, "adopt", "--declared", "--take-over", "--auto-approve", name="two")
    assert (
        f"Taken over from the inventory of the set one of the site {APP}: 1 object and 1 option."
        in words(taken.out)
    )
    assert place.inventory("two") == {*both, ("settings", "ours")}
    assert place.inventory("one") == {("Script", "Kept")}
    plan = run(place, "plan", "--format", "json", name="two").json()
    assert plan["warnings"] == []


def test_an_undo_gives_back_what_was_taken_over(place: Place) -> None:
    apply(place, *FIRST, queue("Kept"), name="one")
    before = everything(place.server)
    declare(place, GROUP)
    address = "AgentGroup/Chat Team"
    run(place, "adopt", address, "--take-over", "--auto-approve", name="two")
    assert place.inventory("two") == {("AgentGroup", "Chat Team")}
    assert ("AgentGroup", "Chat Team") not in place.inventory("one")
    run(place, "undo", "last", "--auto-approve", name="two")
    assert everything(place.server) == before
