"""Whatever a site looks like, whatever manifests say and whatever breaks: runs with faults,
each settled and followed by the next plan, reach an empty plan. No object is lost that no
plan said would go, nothing else changes, and the last run can be taken back and done again.

A failure prints the files and the faults: a ready test case.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.apply.lock.lock import Clock
from reconciler.apply.lock.lock_object import find_locks
from reconciler.apply.recovery.recover import (
    RecoveryOptions,
    plan_of_run,
    recover_run,
    unfinished_runs,
)
from reconciler.apply.session import RunContext, RunOptions
from reconciler.apply.undo.plan import plan_undo
from reconciler.engine.progress import Progress
from reconciler.errors import ReconcilerError
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError, ReadOnlyModeError, UniquenessViolationError
from reconciler.server.port import ConfObject, Server
from reconciler.state.opening import open_store
from reconciler.state.store import StateStore
from reconciler.testing.faults import (
    Drop,
    Fault,
    Interfere,
    LoseAnswer,
    Refuse,
    Stale,
)
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import everything, opened, site_server
from tests.runs import Access, Objects, access_of, assert_same_but_dbids, carry_out_quietly
from tests.test_random_sites import plan_for, without_blocked
from tests.unchanged import check_only_the_plan_changed, natural_key
from tests.worlds import World, provisioned, worlds

CLOCK = Clock(lambda: 0.0, lambda _: None, lambda _: "2026-01-01 00:00:00 UTC")
KEPT_IN = {"Script": "userProperties", "AgentGroup": "userProperties", "Application": "options"}
THEIRS = {"theirs": {"note": "by hand"}}


def _interrupt(_: Server) -> None:
    raise KeyboardInterrupt


def _another_client(server: Server) -> None:
    """Adds options of its own to whatever it finds, and an object of its own."""
    for object_type, attribute in KEPT_IN.items():
        for one in server.read(object_type):
            if "theirs" not in one.attributes.get(attribute, {}):
                added = Delta(key_values={attribute: KeyValueDelta(added=THEIRS)})
                server.update(one.type, one.dbid, added)
    if "Theirs" not in {one.attributes["name"] for one in server.read("Script")}:
        tenant = max(one.dbid for one in server.read("Tenant"))
        server.create("Script", {"tenantDBID": tenant, "name": "Theirs", "type": 23})


_AT = st.integers(1, 60)
FAULTS: st.SearchStrategy[Fault] = st.one_of(
    st.builds(Drop, at=_AT, when=st.sampled_from(["before", "during", "after"])),
    st.builds(LoseAnswer, at=_AT),
    st.builds(
        Refuse,
        at=_AT,
        error=st.sampled_from([NoPermissionError, UniquenessViolationError, ReadOnlyModeError]),
    ),
    st.builds(Stale, at=_AT),
    st.builds(
        Interfere,
        at=_AT,
        when=st.sampled_from(["before", "after"]),
        write=st.sampled_from([_interrupt, _another_client]),
    ),
)


@dataclass
class Story:
    """One site through many runs. ``whole``: nothing of its manifests is blocked; of any other,
    what is blocked is left out."""

    world: World
    folder: Path
    options: PlanOptions
    number: int = 0
    whole: bool = False
    path: Path = field(init=False)
    state: StateStore = field(init=False)

    def __post_init__(self) -> None:
        self.path = site_server(self.folder, self.world.site)
        self.state = open_store(str(self.folder / "state"))
        with opened(self.path) as server:
            # What is blocked alone where it is to be overwritten is left out as well.
            for overwrite in () if self.whole else (False, True):
                options = replace(self.options, overwrite=overwrite)
                blocked = without_blocked(self.world, server, self.folder, options).exclude
                self.options = replace(self.options, exclude=(*self.options.exclude, *blocked))

    def plan(self, *, overwrite: bool) -> Plan:
        options = replace(self.options, overwrite=overwrite)
        with opened(self.path) as server:
            return plan_for(self.world, server, self.folder, options).plan

    def objects(self) -> Objects:
        """Everything on the server but the lock."""
        found = everything(self.path)
        return {key: one for key, one in found.items() if one.type != "Transaction"}

    def run(self, plan: Plan, faults: Sequence[Fault] = ()) -> int:
        """Carries a plan out under faults; the exit code of its end, or of its refusal."""
        with opened(self.path) as inner:
            server: Any = FaultyServer(inner, list(faults), sleep=lambda _: None)
            options = RunOptions(self.state, in_flight=1 if self.number % 2 else 8)
            try:
                report = carry_out_quietly(plan, server, options, self._circumstances())
            except ReconcilerError as error:
                return int(error.exit_code)
            except KeyboardInterrupt:
                return 1
            return int(report.exit_code)

    def undo(self) -> Plan:
        """The plan that takes the last run back."""
        run = self.state.read_run(self.state.find_run("last"))
        with opened(self.path) as server:
            return plan_undo(run, plan_of_run(run), server)

    def unsettled(self) -> bool:
        with opened(self.path) as server:
            return bool(unfinished_runs(self.state, server))

    def recover(self) -> None:
        """What ``gwe recover`` does, on the healthy server."""
        with opened(self.path) as server:
            for entry in unfinished_runs(self.state, server):
                run = self.state.read_run(entry.name)
                recover_run(
                    run,
                    plan_of_run(run),
                    server,
                    RunOptions(self.state),
                    self._circumstances(),
                    Progress(),
                    RecoveryOptions(),
                )
            self._release(server)

    def _release(self, server: EmbeddedServer) -> None:
        """A run whose connection broke before it wrote leaves its lock for a lease."""
        for lock in find_locks(server):
            server.delete("Transaction", lock.dbid)

    def _circumstances(self) -> RunContext:
        self.number += 1
        return RunContext(
            f"run-{self.number:04}", "tester", "host", 1, "2026-01-01 00:00:00 UTC", CLOCK
        )


def _without_theirs(objects: Objects) -> Objects:
    """Everything but what the other client has added."""
    return {
        key: _without_their_section(one)
        for key, one in objects.items()
        if one.attributes.get("name") != "Theirs"
    }


def _without_their_section(one: ConfObject) -> ConfObject:
    attribute = KEPT_IN.get(one.type)
    if attribute is None:
        return one
    sections = {k: v for k, v in one.attributes.get(attribute, {}).items() if k != "theirs"}
    return replace(one, attributes={**one.attributes, attribute: sections})


def _check_theirs_is_left(plan: Plan, before: Objects, after: Objects) -> None:
    """What the other client had added is where it was, or is gone with a replace or a delete
    that said so."""
    replaced = {
        (one.object_type, one.dbid) for one in plan.actions if one.action in ("replace", "delete")
    }
    for key, one in before.items():
        attribute = KEPT_IN.get(one.type, "userProperties")
        if "theirs" in one.attributes.get(attribute, {}):
            there = after.get(key)
            assert there is not None or key in replaced
            assert there is None or "theirs" in there.attributes[attribute]


def _by_name(access: Access, objects: Objects) -> dict[tuple[Any, ...], list[Any]]:
    """The permissions by what their objects are found by, whatever their DBIDs."""
    return {natural_key(objects[key]): entries for key, entries in access.items()}


def _check_runs(world: World, overwrite: bool, rounds: list[list[Fault]]) -> None:
    note(f"overwrite = {overwrite}; rounds = {rounds!r}\n{world.display()}")
    with tempfile.TemporaryDirectory() as folder:
        story = Story(world, Path(folder), PlanOptions(force=True))
        for faults in rounds:
            before, access = story.objects(), access_of(story.path)
            plan = story.plan(overwrite=overwrite)
            code = story.run(plan, faults)
            event(f"a run under faults ended with {code}{', unsettled' * story.unsettled()}")
            story.recover()
            after = story.objects()
            _check_theirs_is_left(plan, before, after)
            check_only_the_plan_changed(
                plan, _without_theirs(before), _without_theirs(after), whole=False
            )
            left = {natural_key(one) for one in after.values()}
            expected = {k: v for k, v in _by_name(access, before).items() if k in left}
            assert _by_name(access_of(story.path), after) == expected
        before, access = story.objects(), access_of(story.path)
        plan = story.plan(overwrite=overwrite)
        assert story.run(plan) == 0
        assert story.plan(overwrite=False).empty
        with opened(story.path) as server:
            assert find_locks(server) == []
        check_only_the_plan_changed(plan, before, story.objects())
        if not plan.empty:
            _check_undo_and_redo(story, before, access)


def _check_undo_and_redo(story: Story, before: Objects, access: Access) -> None:
    """The last run is taken back, and that as well: each time all is as it was, but for
    DBIDs."""
    done, given = story.objects(), access_of(story.path)
    for expected, permissions in ((before, access), (done, given)):
        undo = story.undo()
        if undo.blocked:
            event("an undo would delete what is protected")
            assert all(one.subject.protect and "protected" in one.reason for one in undo.blocked)
            return
        assert undo.applyable
        assert story.run(undo) == 0
        assert_same_but_dbids(story.path, expected, permissions)


ROUNDS = st.lists(st.lists(FAULTS, min_size=1, max_size=2), min_size=1, max_size=3)


@pytest.mark.long
@settings(max_examples=examples(25, share=8), suppress_health_check=[HealthCheck.too_slow])
@given(provisioned(), st.booleans(), ROUNDS)
def test_runs_of_the_bundled_manifests_settle_lose_nothing_and_can_be_taken_back(
    world: World, overwrite: bool, rounds: list[list[Fault]]
) -> None:
    _check_runs(world, overwrite, rounds)


@pytest.mark.long
@settings(max_examples=examples(50, share=8), suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), st.booleans(), ROUNDS)
def test_runs_of_any_manifests_settle_lose_nothing_and_can_be_taken_back(
    world: World, overwrite: bool, rounds: list[list[Fault]]
) -> None:
    _check_runs(world, overwrite, rounds)
