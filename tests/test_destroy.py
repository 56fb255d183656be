"""``gwe destroy``: all that is ours goes, all that others own stays, and an undo brings it back."""

from pathlib import Path

import pytest

from reconciler.server.delta import Delta
from tests.harness import APP, everything, find, gwe, opened
from tests.runs import SITE, Place, access_of, assert_same_but_dbids, make_place, make_template
from tests.test_prune import ATTRIBUTE, OPTIONS, ROUTED, apply, declare, queue, run, words

ALL = (queue("A"), ATTRIBUTE, ROUTED, OPTIONS)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


def destroy(place: Place, *arguments: str, code: int = 0) -> str:
    done = run(place, "destroy", "--confirm", APP, *arguments, code=code)
    return words(done.out + done.err)


def test_all_that_is_ours_goes_in_reverse_order_and_nothing_of_others(place: Place) -> None:
    before = everything(place.server)
    chat = find(place.server, "Application", "Chat")
    apply(place, *ALL)
    said = destroy(place)
    assert "Plan: 0 to create, 1 to update, 0 to replace, 5 to delete." in said
    after = everything(place.server)
    assert after.keys() == before.keys()
    assert {key for key in before if after[key] != before[key]} == {("Application", chat.dbid)}
    # What was corrected stays corrected: only what was added goes.
    left = after["Application", chat.dbid].attributes["options"]
    assert left == {"settings": {"ours": "1", "own": "live"}}
    assert place.inventory() == set()


def test_an_undo_brings_back_what_was_destroyed(place: Place) -> None:
    apply(place, *ALL)
    before, access, ours = place.objects(), access_of(place.server), place.inventory()
    destroy(place)
    run(place, "undo", "last", "--auto-approve")
    assert_same_but_dbids(place.server, before, access)
    assert place.inventory() == ours


def test_the_site_must_be_named(place: Place) -> None:
    apply(place, *ALL)
    before = everything(place.server)
    refused = run(place, "destroy", "--confirm", "Another", code=64)
    assert f"--confirm is Another, and the site is {APP}" in words(refused.err)
    refused = run(place, "destroy", code=64)
    assert "there is no terminal to ask on" in refused.err
    assert "--confirm NAME" in refused.err
    assert everything(place.server) == before


def test_a_part_of_the_manifests_is_refused(place: Place) -> None:
    apply(place, *ALL)
    (place.folder / "other.yaml").write_text(queue("A"))
    refused = run(place, "destroy", "--confirm", APP, "-f", "other.yaml", code=64)
    assert "--prune and gwe destroy need all manifests of the set" in words(refused.err)


def test_what_is_protected_or_excluded_stays(place: Place) -> None:
    protected = queue("A") + "policy: {protect: true}\n"
    apply(place, protected, queue("B"), queue("C"))
    assert "blocked: it is protected, and never deleted" in destroy(place, code=3)
    destroy(place, "--exclude", "InteractionQueue/A", "--exclude", "InteractionQueue/C")
    assert place.inventory() == {("Script", "A"), ("Script", "C")}


def test_only_the_count_limits_what_is_destroyed(place: Place) -> None:
    apply(place, *(queue(f"Q{number}") for number in range(12)))
    toml = place.folder / "gwe.toml"
    settings = toml.read_text()
    toml.write_text(f"{settings}[guards]\ncount = 3\n")
    refused = gwe("destroy", "--confirm", APP, cwd=place.folder)
    assert (refused.code, "the limit is 3" in words(refused.out)) == (3, True)
    toml.write_text(settings)
    destroy(place)
    assert place.inventory() == set()


def test_a_saved_plan_is_applied_later_and_is_bound_to_the_objects(place: Place) -> None:
    apply(place, queue("A"), queue("B"))
    run(place, "destroy", "--out", "destroy.plan")
    queue_b = find(place.server, "Script", "B").dbid
    with opened(place.server) as server:
        server.update("Script", queue_b, Delta(values={"name": "Theirs"}))
    run(place, "apply", "destroy.plan", "--auto-approve", code=4)
    with opened(place.server) as server:
        server.update("Script", queue_b, Delta(values={"name": "B"}))
    run(place, "apply", "destroy.plan", "--auto-approve")
    assert place.inventory() == set()


def test_a_server_without_anything_of_ours_has_nothing_to_destroy(place: Place) -> None:
    declare(place, queue("A"))
    said = destroy(place)
    nothing = f"Nothing is in the inventory of the unnamed set of the site {APP}"
    assert f"{nothing}, so that nothing is deleted" in said
    assert "Nothing to do" in said
