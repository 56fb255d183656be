"""What ``--prune`` deletes, what it leaves alone, and what it refuses."""

from pathlib import Path

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError
from reconciler.server.port import ConfObject
from reconciler.state.records import ActionOutcome, CallBegin, CallEnd, RunHead
from tests.harness import APP, Result, everything, find, gwe, opened
from tests.runs import SITE, Nursery, Place, Strike, make_place, make_template

HEAD = "apiVersion: reconciler/v1\n"
OPTIONS = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: settings}}
target: {{role: chat-server}}
spec: {{options: {{settings: {{ours: "1", added: "2"}}}}}}
initial: {{options: {{settings: {{first: "3"}}}}}}
"""
ATTRIBUTE = f"""\
{HEAD}kind: BusinessAttribute
metadata: {{name: Sizes}}
spec: {{displayName: Sizes, type: Custom}}
---
{HEAD}kind: BusinessAttributeValue
metadata: {{attribute: Sizes, name: big}}
spec: {{displayName: Big}}
"""
ROUTED = f"""\
{HEAD}kind: InteractionQueue
metadata: {{name: Routed}}
spec: {{annex: {{Orchestration: {{application: "script:Routing"}}}}}}
---
{HEAD}kind: EnhancedRouting
metadata: {{name: Routing}}
"""


def queue(name: str) -> str:
    return f"{HEAD}kind: InteractionQueue\nmetadata: {{name: {name}}}\n"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


def run(place: Place, *arguments: str, code: int = 0, app: str = APP, name: str = "") -> Result:
    (place.folder / "gwe.toml").write_text(
        f'name = "{name}"\nserver = "embedded:gwe.db"\napp = "{app}"\nfile = ["manifests.yaml"]\n'
    )
    done = gwe(*arguments, cwd=place.folder)
    assert done.code == code, done.out + done.err
    return done


def declare(place: Place, *manifests: str) -> None:
    (place.folder / "manifests.yaml").write_text("---\n".join(manifests), encoding="utf-8")


def apply(place: Place, *manifests: str, prune: bool = False, name: str = "") -> Result:
    declare(place, *manifests)
    return run(place, "apply", "--auto-approve", *(["--prune"] if prune else []), name=name)


def words(text: str) -> str:
    return " ".join(text.split())


def test_every_plan_says_what_is_not_declared_any_more(place: Place) -> None:
    apply(place, queue("A"), queue("B"), ATTRIBUTE, OPTIONS)
    assert "Not declared any more" not in run(place, "plan").out
    assert "is in the inventory" not in run(place, "plan", "--prune").out
    declare(place, queue("A"))
    assert "Not declared any more: 3 objects and 2 options, see --prune." in run(place, "plan").out
    assert run(place, "plan", "--detailed-exitcode").code == 0


def test_what_is_not_declared_any_more_is_pruned_and_nothing_else(place: Place) -> None:
    before = everything(place.server)
    apply(place, queue("A"), queue("B"), ATTRIBUTE, OPTIONS, ROUTED)
    done = apply(place, queue("A"), prune=True)
    assert "Plan: 0 to create, 1 to update, 0 to replace, 5 to delete." in done.out
    assert "Chat" in done.out
    now = {k: o for k, o in everything(place.server).items() if k[0] != "Transaction"}
    (made,) = now.keys() - before.keys()
    assert now[made].attributes["name"] == "A"
    changed = {key for key in before if now[key] != before[key]}
    assert changed == {("Application", find(place.server, "Application", "Chat").dbid)}
    # The value that was corrected stays as it was corrected.
    chat = find(place.server, "Application", "Chat").attributes["options"]
    assert chat == {"settings": {"ours": "1", "own": "live"}}
    assert place.inventory() == {("Script", "A")}
    assert "Nothing to do" in run(place, "plan", "--prune").out


def test_an_undo_brings_back_what_was_pruned_and_makes_it_ours_again(place: Place) -> None:
    apply(place, queue("A"), ATTRIBUTE, OPTIONS, ROUTED)
    ours = place.inventory()
    before = {str(o.attributes) for o in everything(place.server).values() if o.type == "Script"}
    apply(place, queue("A"), prune=True)
    run(place, "undo", "last", "--auto-approve")
    after = {str(o.attributes) for o in everything(place.server).values() if o.type == "Script"}
    assert (after, place.inventory()) == (before, ours)
    chat = find(place.server, "Application", "Chat").attributes["options"]
    assert chat == {"settings": {"ours": "1", "own": "live", "added": "2", "first": "3"}}


def test_an_initial_option_that_the_site_has_changed_is_its_own(place: Place) -> None:
    apply(place, queue("A"), OPTIONS)
    chat = find(place.server, "Application", "Chat")
    theirs = KeyValueDelta(changed={"settings": {"first": "30", "added": "20"}})
    with opened(place.server) as server:
        server.update("Application", chat.dbid, Delta(key_values={"options": theirs}))
    apply(place, queue("A"), prune=True)
    left = find(place.server, "Application", "Chat").attributes["options"]["settings"]
    assert left == {"ours": "1", "own": "live", "first": "30"}


def test_a_queue_that_somebody_renamed_is_blocked(place: Place) -> None:
    apply(place, queue("A"), queue("B"))
    one = find(place.server, "Script", "B")
    with opened(place.server) as server:
        server.update("Script", one.dbid, Delta(values={"name": "Renamed"}))
    declare(place, queue("A"))
    refused = run(place, "plan", "--prune", code=3)
    assert "blocked: the inventory has it as B, and somebody has renamed it" in words(refused.out)
    run(place, "plan", "--prune", "--exclude", "InteractionQueue/Renamed")


def test_an_attribute_with_values_of_others_is_blocked(place: Place) -> None:
    apply(place, queue("A"), ATTRIBUTE)
    owner = find(place.server, "Enumerator", "Sizes")
    with opened(place.server) as server:
        server.create(
            "EnumeratorValue",
            {"tenantDBID": 101, "enumeratorDBID": owner.dbid, "name": "theirs",
             "displayName": "Theirs"},
        )  # fmt: skip
    declare(place, queue("A"))
    refused = run(place, "plan", "--prune", code=3)
    assert "the server would delete with it what the plan leaves alone" in words(refused.out)
    assert "BusinessAttributeValue/Sizes/theirs" in words(refused.out)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--target", "InteractionQueue/A"), "--prune cannot be used with --target"),
        (("-f", "other.yaml"), "--prune and gwe destroy need all manifests of the set"),
    ],
)
def test_prune_refuses_a_part_of_the_manifests(
    place: Place, arguments: tuple[str, ...], problem: str
) -> None:
    apply(place, queue("A"), queue("B"))
    (place.folder / "other.yaml").write_text(queue("A"))
    assert problem in run(place, "plan", "--prune", *arguments, code=64).err
    assert "Not declared" not in run(place, "plan", "-f", "other.yaml").out
    run(place, "plan", "--prune", "-f", "manifests.yaml")


def test_what_is_excluded_or_left_out_with_its_role_counts_as_declared(place: Place) -> None:
    apply(place, queue("A"), queue("B"), OPTIONS)
    declare(place, queue("A"), queue("B"), OPTIONS.replace("chat-server", "web-engagement-cluster"))
    plan = run(place, "plan", "--prune", "--exclude", "InteractionQueue/B")
    assert "Nothing to do" in plan.out


def test_what_another_set_has_adopted_or_created_too_is_blocked(place: Place) -> None:
    apply(place, queue("A"), queue("B"), name="one")
    with opened(place.server) as server:
        (mine,) = server.read("Transaction", {"object_type": 21})
        annex = dict(mine.attributes["userProperties"])
        annex["inventory"] = {"format": "1", "set": "two", "application": APP}
        name = "gwe-reconciler.inventory.other"
        server.create(
            "Transaction",
            {**mine.attributes, "name": name, "alias": name, "userProperties": annex},
        )
    declare(place, queue("A"))
    refused = run(place, "plan", "--prune", code=3, name="one")
    assert f"it is in the inventory of the set two of the site {APP} too" in words(refused.out)


def test_an_application_that_has_left_the_site_is_told_and_never_pruned(place: Place) -> None:
    apply(place, queue("A"), OPTIONS)
    chat = find(place.server, "Application", "Chat")
    with opened(place.server) as server:
        server.update("Application", chat.dbid, Delta(values={"state": 2}))
    declare(place, queue("A"))
    plan = run(place, "plan", "--prune")
    assert "Application/Chat has left this site: the 2 options that gwe added there stay." in words(
        plan.out
    )
    assert "Nothing to do" in plan.out


def test_a_damaged_inventory_is_a_warning_for_a_plan_and_refuses_a_prune(place: Place) -> None:
    apply(place, queue("A"))
    with opened(place.server) as server:
        (one,) = server.read("Transaction", {"object_type": 21})
        broken = KeyValueDelta(changed={"inventory": {"format": "9"}})
        server.update("Transaction", one.dbid, Delta(key_values={"userProperties": broken}))
    assert "the inventory is damaged" in words(run(place, "plan").out)
    refused = run(place, "plan", "--prune", code=3)
    assert "the inventory is damaged" in words(refused.err)


def test_the_limits_hold_for_a_set_whose_manifests_are_lost(place: Place) -> None:
    apply(place, *(queue(f"Q{number}") for number in range(12)))
    declare(place, queue("Q0"))
    refused = run(place, "plan", "--prune", code=3)
    assert "11 of 12 existing managed objects (92 %) would be replaced, deleted" in words(
        refused.out
    )
    run(place, "plan", "--prune", "--force")


def test_an_account_that_may_not_write_the_inventory_prunes_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(place, queue("A"), queue("B"))
    before = everything(place.server)
    update = EmbeddedServer.update

    def updates(self: EmbeddedServer, kind: str, dbid: int, delta: Delta) -> ConfObject:
        if "inventory" in str(delta):
            raise NoPermissionError("no Change on it", "Transaction")
        return update(self, kind, dbid, delta)

    monkeypatch.setattr(EmbeddedServer, "update", updates)
    declare(place, queue("A"))
    refused = run(place, "apply", "--prune", "--auto-approve", code=3)
    assert "this account cannot write the inventory" in words(refused.err)
    assert "Nothing was written." in words(refused.err)
    assert everything(place.server) == before
    monkeypatch.undo()
    run(place, "apply", "--prune", "--auto-approve")
    assert place.inventory() == {("Script", "A")}
    (one,) = [one for one in everything(place.server).values() if one.type == "Transaction"]
    assert "run" not in one.attributes["userProperties"]["inventory"]


PRUNE_RECORDS = [
    ("head", ""),
    ("begin", "update"),  # the run's name, into the inventory
    ("end", ""),
    ("begin", "delete"),
    ("end", ""),
    ("action", ""),
    ("begin", "update"),  # the entry, out of it
    ("end", ""),
    ("finish", ""),
]


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", range(3, 9))
def test_a_prune_that_is_killed_anywhere_is_recovered_and_finished(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    apply(place, queue("A"), queue("B"))
    declare(place, queue("A"))
    prune = ("apply", "--prune", "--auto-approve")
    assert nursery.gwe(*prune, place=place, strike=Strike("record", side, number)).code == -9
    recovered = nursery.gwe("recover", place=place)
    assert (recovered.code, recovered.err) == (0, "")
    assert place.locks() == []
    names = {one.attributes.get("name") for one in everything(place.server).values()}
    ours = {("Script", "A"), ("Script", "B")}
    assert place.inventory() == (ours if "B" in names else {("Script", "A")})
    (one,) = [one for one in everything(place.server).values() if one.type == "Transaction"]
    assert "run" not in one.attributes["userProperties"]["inventory"]
    assert nursery.gwe(*prune, place=place).code == 0
    assert place.inventory() == {("Script", "A")}
    assert "B" not in {one.attributes.get("name") for one in everything(place.server).values()}


def test_a_prune_that_nobody_kills_writes_exactly_these_records(place: Place) -> None:
    apply(place, queue("A"), queue("B"))
    apply(place, queue("A"), prune=True)
    found = [
        (
            {RunHead: "head", CallBegin: "begin", CallEnd: "end", ActionOutcome: "action"}.get(
                type(record), "finish"
            ),
            record.call if isinstance(record, CallBegin) else "",
        )
        for record in place.records(place.run_names[-1])
    ]
    assert found == PRUNE_RECORDS
