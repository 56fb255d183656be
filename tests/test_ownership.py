"""What runs write into the inventory, and what an undo leaves of it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.apply.ownership import Ownership
from reconciler.kinds.model import Attributes
from reconciler.kinds.predefined import OWN_OBJECTS
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError
from reconciler.server.port import ConfObject, Server
from reconciler.site.inventory import Inventory, OwnedObject
from tests.actions import make_action
from tests.harness import APP, Result, everything, gwe, opened
from tests.runs import SITE, Place, make_place, make_template

HEAD = "apiVersion: reconciler/v1\n"
QUEUE = f"{HEAD}kind: InteractionQueue\nmetadata: {{name: New}}\n"
OPTIONS = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: settings}}
target: {{role: chat-server}}
spec: {{options: {{settings: {{ours: "1", added: "2"}}}}}}
initial: {{options: {{settings: {{first: "3", own: "4"}}}}}}
"""


Create = Callable[..., ConfObject]


def _refused(monkeypatch: pytest.MonkeyPatch, refuses: Callable[[Attributes], bool]) -> None:
    """Lets the server refuse to create what this is true for."""
    create: Create = EmbeddedServer.create

    def creates(self: Server, kind: str, attributes: Attributes, *more: object) -> ConfObject:
        if kind == "Transaction" and refuses(attributes):
            raise NoPermissionError("no Create on the folder Transactions", "Transaction")
        return create(self, kind, attributes, *more)

    monkeypatch.setattr(EmbeddedServer, "create", creates)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


def run(place: Place, *arguments: str, code: int = 0, settings: str = "") -> Result:
    (place.folder / "gwe.toml").write_text(
        f'{settings}\nserver = "embedded:gwe.db"\napp = "{APP}"\nfile = ["manifests.yaml"]\n'
    )
    done = gwe(*arguments, cwd=place.folder)
    assert done.code == code, done.out + done.err
    return done


def apply(place: Place, manifests: str, *more: str, settings: str = "") -> Result:
    (place.folder / "manifests.yaml").write_text(manifests, encoding="utf-8")
    return run(place, "apply", "--auto-approve", *more, settings=settings)


def own_lists(place: Place) -> list[tuple[str, int]]:
    """The List objects of gwe itself, with their tenants."""
    return [
        (str(one.attributes["name"]), one.tenant)
        for one in everything(place.server).values()
        if str(one.attributes.get("name", "")).startswith(OWN_OBJECTS)
    ]


def test_what_a_run_creates_and_adds_is_ours_and_what_it_corrects_is_not(place: Place) -> None:
    apply(place, f"{QUEUE}---\n{OPTIONS}")
    assert place.inventory() == {("Script", "New"), ("settings", "added"), ("settings", "first")}
    assert own_lists(place) == [("gwe-reconciler.inventory.a4bfce6f5bbf772e", 1)]


def test_an_initial_option_has_the_digest_of_its_value_in_the_inventory(place: Place) -> None:
    apply(place, OPTIONS)
    (one,) = [one for one in everything(place.server).values() if one.type == "Transaction"]
    values = sorted(one.attributes["userProperties"]["options"].values())
    assert values == ['["settings", "added"]', '["settings", "first", "510a1b20c3d36510"]']


def test_an_undo_of_all_that_is_ours_leaves_no_inventory(place: Place) -> None:
    before = everything(place.server)
    apply(place, f"{QUEUE}---\n{OPTIONS}")
    run(place, "undo", "last", "--auto-approve")
    assert everything(place.server) == before


def test_an_undo_of_an_undo_makes_the_same_ours_again(place: Place) -> None:
    apply(place, f"{QUEUE}---\n{OPTIONS}")
    ours = place.inventory()
    run(place, "undo", "last", "--auto-approve")
    assert place.inventory() == set()
    run(place, "undo", "last", "--auto-approve")
    assert place.inventory() == ours


def test_an_undo_takes_out_only_what_its_run_has_added(place: Place) -> None:
    apply(place, QUEUE)
    apply(place, f"{QUEUE}---\n{OPTIONS}")
    run(place, "undo", "last", "--auto-approve")
    assert place.inventory() == {("Script", "New")}


def test_what_replaces_an_object_is_ours_only_if_that_was(place: Place) -> None:
    theirs = f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Replaced}}\n"
    apply(place, QUEUE)
    apply(place, f"{QUEUE}---\n{theirs}", "--overwrite")
    assert place.inventory() == {("Script", "New")}
    (new,) = [k for k, o in everything(place.server).items() if o.attributes.get("name") == "New"]
    with opened(place.server) as server:
        (one,) = server.read("Transaction", {"object_type": 21})
    assert list(one.attributes["userProperties"]["objects"]) == [f"Script.{new[1]}"]


def test_an_object_of_others_that_an_undo_creates_again_is_not_ours(place: Place) -> None:
    theirs = f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\n"
    apply(place, theirs, "--overwrite")  # a campaign group goes with it
    run(place, "undo", "last", "--auto-approve")
    assert "CampaignGroup" in {one.type for one in everything(place.server).values()}
    assert place.inventory() == set()


def test_two_sets_and_two_sites_have_inventories_of_their_own(place: Place) -> None:
    apply(place, QUEUE, settings='name = "one"')
    apply(place, QUEUE.replace("New", "Second"), settings='name = "two"')
    apply(place, QUEUE.replace("New", "Third"))
    assert place.inventory("one") == {("Script", "New")}
    assert place.inventory("two") == {("Script", "Second")}
    assert place.inventory() == {("Script", "Third")}
    assert place.inventory("one", "another site") == set()


def test_the_undo_of_a_plan_file_changes_the_inventory_of_its_own_set(place: Place) -> None:
    apply(place, QUEUE, settings='name = "one"')
    run(place, "undo", "last", "--auto-approve", settings='name = "two"')
    assert own_lists(place) == []


def test_a_run_that_changes_nothing_of_ours_asks_nothing_of_the_inventory(place: Place) -> None:
    apply(place, f'{HEAD}kind: InteractionQueue\nmetadata: {{name: Changed}}\n'
                 'spec: {annex: {Queue: {ours: "7"}}}\n')  # fmt: skip
    assert own_lists(place) == []


def _damage(server: Server) -> None:
    (one,) = server.read("Transaction", {"object_type": 21})
    broken = KeyValueDelta(changed={"inventory": {"format": "9"}})
    server.update("Transaction", one.dbid, Delta(key_values={"userProperties": broken}))


def test_a_run_warns_of_a_damaged_inventory_and_leaves_it(place: Place) -> None:
    apply(place, QUEUE)
    with opened(place.server) as server:
        _damage(server)
    done = apply(place, f"{QUEUE}---\n{OPTIONS}")
    words = " ".join(done.err.split())
    assert "Warning: The inventory could not be written: the inventory is damaged" in words
    assert "its format is 9, and this version reads 1" in words


def test_an_account_that_may_not_write_the_inventory_gets_a_warning(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(monkeypatch, lambda attributes: "inventory" in attributes["name"])
    words = " ".join(apply(place, QUEUE).err.split())
    assert "Warning: The inventory could not be written" in words
    assert "gwe plan --prune does not know of it" in words
    assert own_lists(place) == []


def test_the_inventory_is_in_the_sites_tenant_where_environment_is_closed(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refused(monkeypatch, lambda attributes: attributes["tenantDBID"] == 1)
    apply(place, QUEUE)
    assert own_lists(place) == [("gwe-reconciler.inventory.a4bfce6f5bbf772e", 101)]
    assert place.inventory() == {("Script", "New")}


def test_a_run_that_renames_what_is_ours_keeps_it_under_its_new_name() -> None:
    old = ConfObject("Script", 700, {"name": "Old", "type": 23, "tenantDBID": 101})
    new = replace(old, attributes={**old.attributes, "name": "New"})
    action = make_action("update", "InteractionQueue/New", object_type="Script", dbid=700)
    ownership = Ownership()
    ownership.note(action, "update", old, new)
    ours = Inventory.of([OwnedObject("Script", 700, "Old")])
    assert ownership.changes(ours).added == (OwnedObject("Script", 700, "New"),)
    assert not ownership.changes(Inventory())
