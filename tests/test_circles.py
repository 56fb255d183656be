"""Objects that refer to each other in a circle are created, deleted, recovered, restored whole."""

import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st

from reconciler.apply.session import RunOptions
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.server.errors import NoPermissionError, ServerUnavailableError
from reconciler.server.port import ConfObject, Filter
from reconciler.testing.faults import Call, Drop, Fault, LoseAnswer, Refuse
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import BARE, everything, find, gwe, opened, plan_arguments, site_server
from tests.runs import access_of, assert_same_but_dbids, carry_out_quietly, someone
from tests.test_random_runs import Story
from tests.worlds import World

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\n"


def application(name: str, connected: list[str], host: str = "new") -> dict[str, Any]:
    spec: dict[str, Any] = {
        "type": "GenericServer",
        "version": "8.5",
        "workDirectory": ".",
        "commandLine": ".",
        "server": {"host": host},
    }
    if connected:
        spec["connections"] = [{"server": other, "protocol": "addp"} for other in connected]
    return document("Application", name, spec)


def document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "reconciler/v1",
        "kind": kind,
        "metadata": {"name": name},
        **({"spec": spec} if spec else {}),
    }


def circle(*edges: tuple[str, str], names: str = "AB") -> list[dict[str, Any]]:
    """A new host, on which A runs and which A supervises, and applications with connections."""
    return [
        document("Host", "new", {"lcaPort": "4999", "scs": "A"}),
        *(application(name, [to for one, to in edges if one == name]) for name in names),
    ]


def absent(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in one.items() if key != "spec"} | {"ensure": "absent"}
        for one in documents
    ]


def story_of(documents: list[dict[str, Any]], folder: Path) -> Story:
    return Story(World(SITE, "GWE", yaml.safe_dump_all(documents)), folder, PlanOptions(force=True))


def now_declaring(story: Story, documents: list[dict[str, Any]]) -> Plan:
    """The plan for other manifests on the server of the story."""
    story.world = World(SITE, "GWE", yaml.safe_dump_all(documents))
    return story.plan(overwrite=False)


NAMES = "ABC"
EDGES = st.sets(st.sampled_from([(one, to) for one, to in product(NAMES, NAMES) if one != to]))
FAULTS: st.SearchStrategy[Fault | None] = st.none() | st.one_of(
    st.builds(Drop, at=st.integers(1, 40), when=st.sampled_from(["before", "during", "after"])),
    st.builds(LoseAnswer, at=st.integers(1, 40)),
    st.builds(Refuse, at=st.integers(1, 40), error=st.just(NoPermissionError)),
)


@pytest.mark.long
@settings(max_examples=examples(45, share=8), deadline=None)
@given(edges=EDGES, creating=FAULTS, deleting=FAULTS)
def test_any_circle_is_created_deleted_and_restored_under_faults(
    edges: set[tuple[str, str]], creating: Fault | None, deleting: Fault | None
) -> None:
    note(f"{sorted(edges)}")
    documents = circle(*sorted(edges), names=NAMES)
    with tempfile.TemporaryDirectory() as folder:
        story = story_of(documents, Path(folder))
        empty = story.objects()
        story.run(story.plan(overwrite=False), [creating] if creating else [])
        story.recover()
        story.run(story.plan(overwrite=False))
        assert story.plan(overwrite=False).empty
        full, access = story.objects(), access_of(story.path)

        story.run(now_declaring(story, absent(documents)), [deleting] if deleting else [])
        story.recover()
        left = now_declaring(story, absent(documents))
        if left.empty:
            assert story.run(story.undo()) == 0
            assert_same_but_dbids(story.path, full, access)
            left = now_declaring(story, absent(documents))
        assert story.run(left) == 0
        assert story.objects() == empty


def test_an_undo_of_a_new_circle_leaves_nothing(tmp_path: Path) -> None:
    story = story_of(circle(("A", "B"), ("B", "A")), tmp_path)
    empty = story.objects()
    assert story.run(story.plan(overwrite=False)) == 0
    undo = story.undo()
    assert not undo.blocked
    assert story.run(undo) == 0
    assert story.objects() == empty


def test_an_undo_restores_a_deleted_circle_with_every_reference(tmp_path: Path) -> None:
    """Whether the server would have refused the delete or cleared the reference by itself."""
    documents = circle(("A", "B"), ("B", "A"))
    story = story_of(documents, tmp_path)
    assert story.run(story.plan(overwrite=False)) == 0
    full, access = story.objects(), access_of(story.path)
    assert story.run(now_declaring(story, absent(documents))) == 0
    assert story.run(story.undo()) == 0
    assert_same_but_dbids(story.path, full, access)


def test_an_undo_takes_back_a_new_pair_whose_backup_follows_its_primary(tmp_path: Path) -> None:
    """The server gives the backup the connections of its primary: nobody else has changed it."""
    documents = circle(("A", "B"), names="ABC")
    (primary,) = [one for one in documents if one["metadata"]["name"] == "A"]
    primary["spec"]["server"]["backup"] = "C"
    story = story_of(documents, tmp_path)
    empty = story.objects()
    assert story.run(story.plan(overwrite=False)) == 0
    undo = story.undo()
    assert not undo.blocked, undo.actions
    assert story.run(undo) == 0
    assert story.objects() == empty


@pytest.mark.parametrize(
    "fault",
    [Drop(call="update", object_type="Host"), LoseAnswer(call="update", object_type="Host")],
)
def test_a_recovery_sets_the_reference_that_a_lost_connection_left_out(
    fault: Fault, tmp_path: Path
) -> None:
    story = story_of(circle(), tmp_path)
    story.run(story.plan(overwrite=False), [fault])
    assert story.unsettled()
    story.recover()
    assert find(story.path, "Host", "new").attributes["SCSDBID"]


def test_a_reference_that_the_server_refuses_is_reported_and_the_next_plan_sets_it(
    tmp_path: Path,
) -> None:
    story = story_of(circle(), tmp_path)
    refused = Refuse(call="update", object_type="Host", error=NoPermissionError)
    assert story.run(story.plan(overwrite=False), [refused]) == 5
    outcomes = story.state.read_run(story.state.find_run("last")).outcomes
    (problem,) = [one.message for one in outcomes.values() if one.status == "failed"]
    assert problem.startswith("it was created; not written: the reference of Host/new to it: ")
    story.recover()
    assert story.run(story.plan(overwrite=False)) == 0
    assert story.plan(overwrite=False).empty


PAIR = [application(one, [to], "host.example.com") for one, to in ("AB", "BA")]


def pair(folder: Path) -> Story:
    """Two applications that are connected to each other, on a site of theirs."""
    documents = [
        {**one, "spec": {**one["spec"], "server": {"host": "host.example.com"}}} for one in PAIR
    ]
    story = story_of(documents, folder)
    assert story.run(story.plan(overwrite=False)) == 0
    return story


def test_a_delete_that_is_refused_after_it_removed_references_says_so_and_can_be_reverted(
    tmp_path: Path,
) -> None:
    story = pair(tmp_path)
    full = story.objects()
    refused = Refuse("delete", object_type="Application", error=NoPermissionError)
    assert story.run(now_declaring(story, absent(PAIR)), [refused]) == 5
    assert story.objects() != full
    run = story.state.read_run(story.state.find_run("last"))
    assert (run.finished, run.status) == (True, "partly applied")
    (problem,) = [one.message for one in run.outcomes.values() if one.status == "failed"]
    assert problem.endswith(
        "; other objects have lost their references to it already, which gwe undo restores"
    )
    assert story.run(story.undo()) == 0
    assert story.objects() == full


class CutAfterDelete(FaultyServer):
    """Reads no application any more once one was deleted."""

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        if object_type == "Application" and Call("delete", object_type) in [
            Call(one.name, one.object_type) for one in self.calls
        ]:
            raise ServerUnavailableError("the connection is gone")
        return super().read(object_type, filters)


def test_a_delete_stays_done_though_what_referred_to_it_cannot_be_read_afterwards(
    tmp_path: Path,
) -> None:
    story = pair(tmp_path)
    plan = now_declaring(story, absent(PAIR))
    with opened(story.path) as inner:
        options = RunOptions(story.state)
        report = carry_out_quietly(plan, CutAfterDelete(inner), options, someone("cut"))
    assert [one.status for one in report.outcomes] == ["done", "not-started"]
    assert (report.exit_code, report.needs_recovery) == (5, False)
    assert report.outcomes[0].message == (
        "the run stops, since what referred to it cannot be read: the connection is gone"
    )


def test_what_refers_to_an_excluded_object_is_not_created_without_its_reference(
    tmp_path: Path,
) -> None:
    (tmp_path / "m.yaml").write_text(yaml.safe_dump_all(circle()), encoding="utf-8")
    server = site_server(tmp_path, SITE)
    before = everything(server)
    options = plan_arguments(server, "-f", "m.yaml", "--exclude", "Application/A")
    planned = gwe("plan", *options, "--format", "json", cwd=tmp_path).json()
    reasons = {one["address"]: one["reason"] for one in planned["actions"]}
    assert reasons["Host/new"] == "needs Application/A, which is skipped"
    assert planned["empty"]
    assert everything(server) == before


def test_a_plan_file_of_a_circle_is_applied_as_it_was_shown(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        yaml.safe_dump_all(circle(("A", "B"), ("B", "A"))), encoding="utf-8"
    )
    server = site_server(tmp_path, SITE)
    options = plan_arguments(server, "-f", "m.yaml")
    planned = gwe("plan", *options, "--out", "plan.json", cwd=tmp_path)
    assert (
        "Note: Host/new gets its reference to Application/A after both are created.\n"
        in planned.out
    )
    url = ("--server", f"embedded:{server}")
    assert gwe("apply", "plan.json", *url, "--auto-approve", cwd=tmp_path).code == 0
    assert gwe("plan", *options, "--detailed-exitcode", cwd=tmp_path).code == 0
