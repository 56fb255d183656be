"""Failures that tools of this kind are known for, and that this one must not have.

Those without a test here have theirs elsewhere:

    an unreadable file is skipped, its objects are deleted     test_bad_input
    an error while reading counts as "there is nothing"        test_faults
    an update that changes no field                            test_random_sites
    a saved plan runs twice, or on another server              test_plan_file
    a stale plan leaves the lock behind                        test_lock
    one request for each object, or of kinds nobody named      test_requests, and below
    requests without a limit                                   psdk/test_faults
    a partial write drops what it does not name                test_random_runs, contract
    the new object is created beside the old one               test_recover (the calls of a run)
    what must be unique moves from one object to another       scenarios (default-value-handed-over)
"""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from reconciler.apply.calls import Calls
from reconciler.apply.lock.lock import NoLock
from reconciler.apply.recovery.recover import plan_of_run
from reconciler.apply.report import RunReport
from reconciler.apply.session import RunOptions, RunSession
from reconciler.apply.undo.plan import plan_undo
from reconciler.apply.writes import Writes
from reconciler.errors import StaleActionError
from reconciler.kinds.model import Attributes
from reconciler.kinds.predefined import OWN_OBJECTS
from reconciler.plan.actions import Delete, Subject
from reconciler.plan.context import PlanOptions
from reconciler.plan.fingerprint import with_fingerprints
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.reading.reads import MANY
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import ConfObject, Filter, Server
from reconciler.server.snapshot import Snapshot
from reconciler.testing.faults import Interfere
from reconciler.testing.faulty import FaultyServer
from tests.harness import gwe, opened, plan_arguments
from tests.runs import (
    MANIFESTS,
    Place,
    carry_out_quietly,
    make_place,
    make_template,
    named,
    plan_on,
    someone,
)

OTHERS = """\
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Second}
"""


def _execute(place: Place, plan: Plan, server: Server, name: str) -> RunReport:
    return carry_out_quietly(plan, server, RunOptions(place.state), someone(name))


def test_a_manifest_that_is_gone_deletes_nothing(place: Place) -> None:
    folder = place.folder / "all"
    (folder / "queues").mkdir(parents=True)
    (folder / "queues" / "second.yaml").write_text(OTHERS, encoding="utf-8")
    shutil.copy(place.folder / "manifests.yaml", folder)
    options = plan_arguments(place.server, "-f", "all")
    assert gwe("apply", *options, "--auto-approve", cwd=place.folder).code == 0
    before = place.objects()
    shutil.rmtree(folder / "queues")
    done = gwe("apply", *options, "--auto-approve", cwd=place.folder)
    assert (done.code, done.out.splitlines()[-2:]) == (
        0,
        [
            "Nothing to do: 4 in sync, 1 kept.",
            "1 initial value differs: it is the site's own.",
        ],
    )
    assert place.objects() == before


def test_a_folder_of_manifests_that_is_gone_fails_the_run(place: Place) -> None:
    options = plan_arguments(place.server, "-f", "manifests.yaml", "-f", "gone")
    done = gwe("apply", *options, "--auto-approve", cwd=place.folder)
    assert (done.code, done.out) == (1, "")
    assert "gone" in done.err
    assert place.runs == []


@pytest.mark.parametrize("more", [[], ["--overwrite"]], ids=str)
def test_what_apply_does_is_what_plan_showed(place: Place, more: list[str]) -> None:
    options = plan_arguments(place.server, "-f", "manifests.yaml", *more)
    shown = gwe("plan", *options, "--format", "json", cwd=place.folder).json()["actions"]
    assert gwe("apply", *options, "--auto-approve", cwd=place.folder).code == 0
    (run,) = place.runs
    writes = ("create", "update", "replace", "delete")
    announced = [(one["address"], one["action"]) for one in shown if one["action"] in writes]
    # Independent actions are in flight together: which of them begins first is open.
    # What has been created goes into the inventory at the end.
    done = {(step.address, step.action) for step in run.steps}
    own = {one for one in done if one[0].startswith(f"Transaction/List/{OWN_OBJECTS}inventory")}
    assert sorted(done - own) == sorted(announced)
    assert len(own) == 1


def test_manifests_that_did_not_change_do_not_hide_drift(place: Place) -> None:
    options = plan_arguments(place.server, "-f", "manifests.yaml")
    assert gwe("apply", *options, "--auto-approve", cwd=place.folder).code == 0
    assert gwe("drift", *options, cwd=place.folder).code == 0
    queue = named(place.objects(), "Script", "Changed")
    by_hand = KeyValueDelta(changed={"Queue": {"ours": "by hand"}})
    with opened(place.server) as server:
        server.update("Script", queue.dbid, Delta(key_values={"userProperties": by_hand}))
    drifted = gwe("drift", *options, "--format", "json", cwd=place.folder)
    assert drifted.code == 2
    changed = [one for one in drifted.json()["actions"] if one["action"] == "update"]
    assert [(one["address"], one["changes"][0]["before"]) for one in changed] == [
        ("InteractionQueue/Changed", "by hand")
    ]


@pytest.mark.parametrize(("queues", "scripts"), [(1, 1), (40, 40), (MANY + 1, 1)])
def test_many_objects_are_not_many_requests(tmp_path: Path, queues: int, scripts: int) -> None:
    text = "---\n".join(
        f"apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {{name: Queue {n}}}\n"
        for n in range(queues)
    )
    place = make_place(tmp_path / "place", make_template(tmp_path / "template"), text)
    with opened(place.server) as inner:
        assert _execute(place, place.plan(), inner, "first").exit_code == 0
        counting = FaultyServer(inner)
        assert plan_on(counting, place.folder, PlanOptions()).empty
    reads = Counter(call.object_type for call in counting.calls if call.name == "read")
    assert reads == {
        "Tenant": 1,
        "Application": 1,
        "Host": 1,
        "Script": scripts,
        "Transaction": 1,
    }


class Lowering(EmbeddedServer):
    """A server that writes every option value in small letters."""

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        lowered = {name: self._lowered(one) for name, one in delta.key_values.items()}
        return super().update(object_type, dbid, Delta(delta.values, lowered, delta.lists))

    def _lowered(self, delta: KeyValueDelta) -> KeyValueDelta:
        return KeyValueDelta(_low(delta.added), _low(delta.changed), delta.deleted)

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        annex = _low(attributes.get("userProperties", {}))
        return super().create(object_type, {**attributes, "userProperties": annex}, folder)


def _low(sections: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {name: {k: str(v).lower() for k, v in one.items()} for name, one in sections.items()}


def test_a_server_that_rewrites_values_is_said_to_and_the_next_plan_shows_it(place: Place) -> None:
    text = MANIFESTS.replace('ours: "1"', 'ours: "One"')
    (place.folder / "manifests.yaml").write_text(text, encoding="utf-8")
    server = Lowering(place.server)
    report = _execute(place, place.plan(), server, "first")
    server.close()
    assert [one.message for one in report.outcomes if one.message] == [
        "the server rewrote what was sent: /annex/s/ours is one",
        "the server rewrote what was sent: /annex/Queue/ours is one",
        "the server rewrote what was sent: /annex/Queue/ours is one",
        "the server rewrote what was sent: /annex/Queue/ours is one",
        "the server rewrote what was sent: /options/settings/ours is one",
    ]
    again = place.plan()
    assert [(c.before, c.after) for one in again.actions for c in one.changes] == [
        ("one", "One")
    ] * 5


@pytest.mark.parametrize("at", [2, 3, 4])
def test_what_is_gone_already_counts_as_deleted(place: Place, at: int) -> None:
    """Another client deletes it after the run has looked at everything: before the object
    is read again, asked for its permissions, and deleted."""
    with opened(place.server) as server:
        assert _execute(place, place.plan(), server, "first").exit_code == 0
        run = place.state.read_run("first")
        undo = plan_undo(run, plan_of_run(run), server)
        created = named(place.objects(), "Script", "Created")

        def delete_it(other: Server) -> None:
            about_it = [call.name for call in faulty.calls if call.dbid == created.dbid]
            if faulty.calls[-1].dbid == created.dbid and len(about_it) == at:
                assert about_it == ["read", "read", "permissions", "delete"][:at]
                other.delete("Script", created.dbid)

        faulty = FaultyServer(server, [Interfere(object_type="Script", write=delete_it)])
        report = _execute(place, undo, faulty, "second")
    assert {one.action.address: one.message for one in report.outcomes if one.message} == {
        "InteractionQueue/Created": "no change: it was already gone"
    }
    assert report.exit_code == 0
    assert place.locks() == []


class Blind(EmbeddedServer):
    """A server whose account has lost Read on scripts."""

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        return [] if object_type == "Script" else super().read(object_type, filters)


def test_what_can_no_longer_be_read_is_not_gone(place: Place) -> None:
    queue = named(place.objects(), "Script", "Changed")
    subject = Subject(
        *("InteractionQueue/Changed", "InteractionQueue", "Script", "Changed"),
        tenant=queue.tenant,
        dbid=queue.dbid,
    )
    live = Snapshot([queue])
    (action,) = with_fingerprints([Delete(subject)], live)
    assert isinstance(action, Delete)
    server = Blind(place.server)
    calls = Calls(server)
    session = RunSession(server, NoLock(), calls, live, SiteMark("GWE", "Resources", 101))
    steps = Writes(session, [action]).write(action)
    with pytest.raises(StaleActionError, match="it is gone"):
        calls.perform(steps)
    server.close()
    assert named(place.objects(), "Script", "Changed") == queue
