"""A rename and a destroy are killed between every two records of their journals, and recovered.

The process is a real one that sends itself SIGKILL, see ``test_crash``. A rename takes along what
refers to the object; where the server refuses to rename, it is a replace. A destroy ends with the
inventory.
"""

from pathlib import Path

import pytest

from reconciler.state.records import CallBegin
from tests.harness import APP, everything
from tests.runs import (
    SITE,
    Nursery,
    Place,
    Strike,
    access_of,
    assert_same_but_dbids,
    make_place,
    make_template,
)
from tests.test_prune import ATTRIBUTE, HEAD, OPTIONS, ROUTED, apply, declare, queue, run

RENAMED = f"""\
{HEAD}kind: InteractionQueue
metadata: {{name: Moved, formerly: [Replaced]}}
---
{HEAD}kind: AgentGroup
metadata: {{name: Crew, formerly: [Bystander]}}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("template"), SITE)


@pytest.fixture
def place(tmp_path: Path, template: Path) -> Place:
    return make_place(tmp_path / "place", template)


RENAME_CALLS = [(2, "delete"), (4, "create"), (7, "update")]
DESTROY_CALLS = [
    (2, "update"),  # the run's name, into the inventory
    (4, "update"),  # the options of Chat
    *((number, "delete") for number in range(7, 22, 3)),
    (22, "delete"),  # the inventory
]
SIDES = ("not-sent", "not-recorded")


def strike_at(number: int, side: str) -> Strike:
    """Kills a run whose record ``number`` begins a call: before the call is sent, or before its
    outcome is recorded."""
    return (
        Strike("record", "after", number)
        if side == "not-sent"
        else Strike("record", "before", number + 1)
    )


def calls_of(place: Place) -> list[tuple[int, str]]:
    """The calls of the last run: the number of the record that begins each, and its name."""
    records = enumerate(place.records(place.run_names[-1]), 1)
    return [(number, one.call) for number, one in records if isinstance(one, CallBegin)]


RENAME = ("apply", "--auto-approve", "--in-flight", "1")
DESTROY = ("destroy", "--confirm", APP, "--in-flight", "1")


def test_these_are_the_calls_of_a_rename_and_of_a_destroy(place: Place) -> None:
    declare(place, RENAMED)
    run(place, *RENAME)
    assert calls_of(place) == RENAME_CALLS
    apply(place, queue("A"), ATTRIBUTE, ROUTED, OPTIONS)
    run(place, *DESTROY)
    assert calls_of(place) == DESTROY_CALLS


def names_of(place: Place) -> set[str]:
    return {str(one.attributes.get("name")) for one in everything(place.server).values()}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", [number for number, _ in RENAME_CALLS])
def test_a_rename_that_is_killed_is_recovered_finished_and_undone(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    before, access = place.objects(), access_of(place.server)
    declare(place, RENAMED)
    run(place, "plan")  # writes gwe.toml
    assert nursery.gwe(*RENAME, place=place, strike=strike_at(number, side)).code == -9
    refused = nursery.gwe(*RENAME, place=place)
    everything_done = (number, side) == (7, "not-recorded")
    assert refused.code == (0 if everything_done else 4), refused
    recovered = nursery.gwe("recover", place=place)
    assert (recovered.code, recovered.err) == (0, "")
    found = names_of(place)
    assert len(found & {"Replaced", "Moved"}) == len(found & {"Bystander", "Crew"}) == 1
    run(place, *RENAME)
    assert names_of(place) >= {"Moved", "Crew"}
    assert "Nothing to do" in run(place, "plan").out
    assert place.locks() == []
    for name in reversed(place.run_names):
        run(place, "undo", name, "--auto-approve")
    assert_same_but_dbids(place.server, before, access)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("number", [2, 4, 7, 19, 22])
def test_a_destroy_that_is_killed_is_recovered_and_finished(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    before = everything(place.server)
    apply(place, queue("A"), ATTRIBUTE, ROUTED, OPTIONS)
    assert nursery.gwe(*DESTROY, place=place, strike=strike_at(number, side)).code == -9
    recovered = nursery.gwe("recover", place=place)
    assert (recovered.code, recovered.err) == (0, "")
    assert place.locks() == []
    # What is left is still ours, and nothing of others has gone.
    ours = everything(place.server).keys() - before.keys()
    left = {name for kind, name in place.inventory() if kind in ("Script", "Enumerator")}
    assert left <= names_of(place)
    assert before.keys() <= everything(place.server).keys()
    run(place, *DESTROY)
    after = everything(place.server)
    assert (place.inventory(), after.keys()) == (set(), before.keys()), ours
    chat = next(one for one in after.values() if one.attributes.get("name") == "Chat")
    assert chat.attributes["options"] == {"settings": {"ours": "1", "own": "live"}}
