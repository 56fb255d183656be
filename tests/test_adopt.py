"""``gwe adopt``: what was on the server before gwe, in the inventory, and taken back."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from tests.harness import everything, find, gwe, opened
from tests.runs import SITE, Place, make_place, make_template
from tests.test_prune import ATTRIBUTE, HEAD, OPTIONS, apply, declare, queue, run, words


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


def test_an_object_of_before_is_adopted_by_its_address_and_pruned(place: Place) -> None:
    declare(place, queue("A"))
    plan = run(place, "adopt", "InteractionQueue/Changed", "--auto-approve")
    assert 'annex/objects/Script.600: ["Changed"]' in plan.out
    assert "This adopts 1 object. gwe apply --prune deletes what is adopted" in words(plan.out)
    assert place.inventory() == {("Script", "Changed")}
    apply(place, queue("A"), prune=True)
    assert "Changed" not in {
        one.attributes.get("name") for one in everything(place.server).values()
    }
    assert place.inventory() == {("Script", "A")}


def test_adopting_changes_nothing_but_the_inventory_and_an_undo_takes_it_back(
    place: Place,
) -> None:
    before = everything(place.server)
    declare(place, queue("A"))
    run(place, "adopt", "InteractionQueue/*", "Object/Campaign/Campaign", "--auto-approve")
    now = everything(place.server)
    assert {key: one for key, one in now.items() if key in before} == before
    assert place.inventory() == {
        ("Script", "Changed"),
        ("Script", "Replaced"),
        ("Campaign", "Campaign"),
    }
    run(place, "undo", "last", "--auto-approve")
    assert everything(place.server) == before


def test_the_undo_of_an_adoption_leaves_what_later_runs_have_created(place: Place) -> None:
    declare(place, queue("A"))
    run(place, "adopt", "InteractionQueue/Changed", "--auto-approve")
    adoption = place.run_names[-1]
    apply(place, queue("A"))
    run(place, "adopt", "InteractionQueue/Replaced", "--auto-approve")
    run(place, "undo", adoption, "--auto-approve")
    assert place.inventory() == {("Script", "A"), ("Script", "Replaced")}
    run(place, "undo", place.run_names[2], "--auto-approve")
    assert place.inventory() == {("Script", "A")}


def test_declared_adopts_what_is_there_and_an_initial_option_only_with_its_value(
    place: Place,
) -> None:
    other = OPTIONS.replace("initial: {options: {settings: {first:", "initial: {options: {settings:"
                            " {own: live, ours: x, first:")  # fmt: skip
    other = other.replace('ours: "1", added', "added").replace("ours: x", 'ours: "5"')
    declare(place, queue("Changed"), queue("New"), other)
    run(place, "adopt", "--declared", "--auto-approve")
    assert place.inventory() == {("Script", "Changed"), ("settings", "own")}


def test_an_application_stands_for_the_options_that_manifests_declare_in_it(place: Place) -> None:
    declare(place, queue("A"), OPTIONS)
    run(place, "adopt", "Application/Chat", "--auto-approve")
    assert place.inventory() == {("settings", "ours")}
    assert find(place.server, "Application", "Chat").attributes["name"] == "Chat"


def test_from_runs_finds_what_runs_have_created_and_what_is_still_there(place: Place) -> None:
    apply(place, queue("A"), queue("B"), queue("C"), ATTRIBUTE, OPTIONS)
    ours = place.inventory()
    apply(place, queue("A"), queue("B"), queue("D"))
    run(place, "undo", "last", "--auto-approve")
    renamed = find(place.server, "Script", "C").dbid
    with opened(place.server) as server:
        (one,) = server.read("Transaction", {"object_type": 21})
        server.delete("Transaction", one.dbid)
        server.delete("Script", find(place.server, "Script", "B").dbid)
        server.update("Script", renamed, Delta(values={"name": "Theirs"}))
    assert place.inventory() == set()
    run(place, "adopt", "--from-runs", "--auto-approve")
    assert place.inventory() == ours - {("Script", "B"), ("Script", "C")}
    again = run(place, "adopt", "--from-runs", "--auto-approve")
    assert "All of that is in the inventory already" in words(again.out)


def test_a_saved_adoption_is_applied_later(place: Place) -> None:
    declare(place, queue("A"))
    run(place, "adopt", "InteractionQueue/Changed", "--out", "adopt.plan")
    assert place.inventory() == set()
    run(place, "apply", "adopt.plan", "--auto-approve")
    assert place.inventory() == {("Script", "Changed")}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "adopt what?"),
        (("InteractionQueue/Nowhere",), "can be adopted as InteractionQueue/Nowhere"),
        (("Nonsense",), "nothing on this server can be adopted as Nonsense"),
        (("Application/Chat",), "nothing on this server can be adopted as Application/Chat"),
        (("Transaction/List/gwe-reconciler.*",), "can be adopted as Transaction/List/"),
    ],
)
def test_an_address_with_nothing_behind_it_is_refused(
    place: Place, arguments: tuple[str, ...], problem: str
) -> None:
    declare(place, queue("A"))
    assert problem in words(run(place, "adopt", *arguments, "--auto-approve", code=64).err)


def test_an_adoption_asks_and_can_be_declined(place: Place) -> None:
    declare(place, f"{HEAD}kind: InteractionQueue\nmetadata: {{name: A}}\n")
    run(place, "adopt", "InteractionQueue/Changed", code=64)  # no terminal, no --auto-approve
    assert gwe("adopt", "--help", cwd=place.folder).out.count("gwe adopt") >= 3


def remove(place: Place, name: str, user: str = "") -> None:
    """Somebody deletes a script by hand."""
    one = find(place.server, "Script", name)
    with closing(
        EmbeddedServer(place.server, user=user, password="password" if user else "")
    ) as it:
        it.delete("Script", one.dbid)


def without_option(place: Place, section: str, option: str) -> None:
    """Somebody takes an option out of the application Chat."""
    deleted = KeyValueDelta(deleted={section: (option,)})
    with opened(place.server) as server:
        chat = find(place.server, "Application", "Chat").dbid
        server.update("Application", chat, Delta(key_values={"options": deleted}))


def test_what_somebody_deleted_by_hand_is_told_by_every_plan_and_deleted_by_none(
    place: Place,
) -> None:
    apply(place, queue("A"), queue("B"), OPTIONS)
    declare(place, queue("A"))
    remove(place, "B")
    without_option(place, "settings", "added")
    told = (
        "Note: Of what is in the inventory, 1 object and 1 option cannot be found on the server:"
        " deleted by hand, or not readable by this account. gwe adopt --forget-missing takes them"
        " out."
    )
    plan = words(run(place, "plan").out)
    assert told in plan
    assert "Not declared any more: 1 option, see --prune." in plan
    done = run(place, "apply", "--prune", "--auto-approve")
    assert told in words(done.out)
    assert "Plan: 0 to create, 1 to update, 0 to replace, 0 to delete." in done.out
    assert ("Script", "B") in place.inventory()
    destroyed = run(place, "destroy", "--confirm", "GWE")
    assert told in words(destroyed.out)
    assert "1 to delete." in destroyed.out
    assert place.inventory() == {("Script", "B"), ("settings", "added")}


def test_what_is_missing_is_forgotten_and_an_undo_remembers_it(place: Place) -> None:
    apply(place, queue("A"), queue("B"), OPTIONS)
    before = place.inventory()
    dbid = find(place.server, "Script", "B").dbid
    remove(place, "B", user="default")
    without_option(place, "settings", "added")
    server = everything(place.server)
    plan = run(place, "adopt", "--forget-missing", "--auto-approve")
    said = words(plan.out)
    assert re.search(
        rf"Script B \(DBID {dbid}\) is not on the server:"
        r" deleted by default at [-0-9]+ [:0-9]+ UTC\.",
        said,
    )
    assert (
        "This takes 1 object and 1 option out of the inventory, and deletes nothing else. To an"
        " account that cannot read an object, it looks deleted" in said
    )
    assert before - place.inventory() == {("Script", "B"), ("settings", "added")}
    others = {key: one for key, one in everything(place.server).items() if key[0] != "Transaction"}
    assert others == {key: one for key, one in server.items() if key[0] != "Transaction"}
    assert "cannot be found on the server" not in run(place, "plan").out
    run(place, "undo", "last", "--auto-approve")
    assert place.inventory() == before


def test_the_last_entry_that_is_forgotten_takes_the_list_with_it(place: Place) -> None:
    before = everything(place.server)
    apply(place, queue("B"))
    remove(place, "B")
    plan = run(place, "adopt", "--forget-missing", "--auto-approve")
    assert "no entry is left in it" in plan.out
    assert everything(place.server) == before
    run(place, "undo", "last", "--auto-approve")
    assert place.inventory() == {("Script", "B")}


def test_where_nothing_is_missing_nothing_is_forgotten(place: Place) -> None:
    apply(place, queue("A"), OPTIONS)
    before = everything(place.server)
    plan = run(place, "adopt", "--forget-missing", "--auto-approve")
    assert "All that is in the inventory is on the server: nothing is to be forgotten." in words(
        plan.out
    )
    assert "Nothing to do" in plan.out
    assert everything(place.server) == before


def test_an_object_is_adopted_while_others_are_forgotten(place: Place) -> None:
    apply(place, queue("A"))
    remove(place, "A")
    run(place, "adopt", "InteractionQueue/Changed", "--forget-missing", "--auto-approve")
    assert place.inventory() == {("Script", "Changed")}


def test_what_is_created_again_is_ours_under_its_new_dbid(place: Place) -> None:
    """The entry of the deleted object stays until it is forgotten, and does no harm."""
    apply(place, queue("A"))
    remove(place, "A")
    apply(place, queue("A"))
    assert "1 object cannot be found on the server" in words(run(place, "plan").out)
    run(place, "adopt", "--forget-missing", "--auto-approve")
    assert place.inventory() == {("Script", "A")}
    apply(place, queue("Changed"), prune=True)
    assert place.inventory() == set()
