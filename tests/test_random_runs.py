"""Whatever a site looks like and whatever breaks: runs with faults, each settled and
followed by the next plan, reach an empty plan. No object is lost that no plan said would
go, nothing else changes, and the last run can be taken back.

A failure prints the site file and the faults: a ready test case.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from reconciler.aftermath import plan_of_run, plan_undo, settle, unsettled_runs
from reconciler.apply.lock import Clock, find_locks
from reconciler.apply.runs import read_run
from reconciler.apply.state import StateFolder
from reconciler.errors import ReconcilerError
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.pipeline import load_manifests, prepare
from reconciler.plan.context import PlanOptions
from reconciler.plan.document import plan_json
from reconciler.plan.model import Plan
from reconciler.resources import bundled_manifests
from reconciler.run import Circumstances, RunOptions, carry_out
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError, ReadOnlyModeError, UniquenessViolationError
from reconciler.server.faults import (
    Drop,
    Fault,
    Interfere,
    LoseAnswer,
    Refuse,
    Stale,
)
from reconciler.server.faulty import FaultyServer
from reconciler.server.port import ConfObject, Server
from reconciler.site.discovery import SiteOptions
from tests.harness import everything, opened, site_server
from tests.test_random_sites import sites

Objects = dict[tuple[str, int], ConfObject]
CLOCK = Clock(lambda: 0.0, lambda _: None, lambda _: "2026-01-01 00:00:00 UTC")
MANAGED = ("Script", "AgentGroup", "EnumeratorValue", "Application")


def _interrupt(_: Server) -> None:
    raise KeyboardInterrupt


def _another_client(server: Server) -> None:
    """Adds an option of its own to whatever it finds, and an object of its own."""
    names = {one.attributes["name"] for one in server.read("Script")}
    for one in server.read("AgentGroup"):
        options = one.attributes.get("userProperties", {})
        if "theirs" not in options:
            added = KeyValueDelta(added={"theirs": {"note": "by hand"}})
            server.update(one.type, one.dbid, Delta(key_values={"userProperties": added}))
    if "Theirs" not in names:
        tenant = max(one.dbid for one in server.read("Tenant"))
        server.create("Script", {"tenantDBID": tenant, "name": "Theirs", "type": 23})


_AT = st.integers(1, 90)
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
    """One site through many runs."""

    path: Path
    state: StateFolder
    app: str
    number: int = 0

    def plan(self, options: PlanOptions) -> Plan:
        with opened(self.path) as server:
            loaded = load_manifests([bundled_manifests()])
            return prepare(loaded, server, SiteOptions(self.app), options, os.environ).plan

    def run(self, plan: Plan, faults: Sequence[Fault] = ()) -> int:
        """Carries a plan out under faults; the exit code of its end, or of its refusal."""
        with opened(self.path) as inner:
            server: Any = FaultyServer(inner, list(faults), sleep=lambda _: None)
            try:
                report = carry_out(
                    plan,
                    plan_json(plan),
                    server,
                    RunOptions(self.state),
                    self._circumstances(),
                    lambda *_: None,
                    lambda _: None,
                    lambda: False,
                )
            except ReconcilerError as error:
                return int(error.exit_code)
            except KeyboardInterrupt:
                return 1
            return int(report.exit_code)

    def unsettled(self) -> bool:
        with opened(self.path) as server:
            return bool(unsettled_runs(self.state, server.info().identity))

    def recover(self) -> None:
        """What ``gwe recover`` does, on the healthy server."""
        with opened(self.path) as server:
            for run in unsettled_runs(self.state, server.info().identity):
                settle(
                    run,
                    plan_of_run(self.state, run),
                    server,
                    RunOptions(self.state),
                    self._circumstances(),
                    lambda _: None,
                    lambda _: None,
                )
            self._release(server)

    def _release(self, server: EmbeddedServer) -> None:
        """A run whose connection broke before it wrote leaves its lock for a lease."""
        for lock in find_locks(server):
            server.delete("Transaction", lock.dbid)

    def _circumstances(self) -> Circumstances:
        self.number += 1
        return Circumstances(
            f"run-{self.number:04}", "tester", "host", 1, "2026-01-01 00:00:00 UTC", CLOCK
        )


def _called(one: ConfObject) -> tuple[str, Any, Any]:
    """An object by its natural key."""
    kind = OBJECT_TYPES[one.type]
    return one.type, one.tenant, str([one.attributes.get(part) for part in kind.key])


def _without_theirs(one: ConfObject) -> dict[str, Any]:
    attributes = dict(one.attributes)
    options = dict(attributes.pop("userProperties", None) or {})
    options.pop("theirs", None)
    return {**attributes, "userProperties": options}


def _check_nothing_lost(plan: Plan, before: Objects, after: Objects) -> None:
    """Every object is there by its natural key, and those that no action is about are as
    they were."""
    planned = {(action.object_type, action.dbid) for action in plan.actions if action.writes}
    names = {_called(one) for one in after.values()}
    for key, one in before.items():
        if one.type == "Transaction":
            continue
        assert _called(one) in names, f"{one.type} {one.attributes.get('name')} is lost"
        if key not in planned:
            assert _without_theirs(after[key]) == _without_theirs(one)


def _compared(objects: Objects) -> dict[tuple[str, Any, Any], Any]:
    """Every object by its natural key, without DBIDs and what the other client does."""
    return {
        _called(one): (_without_theirs(one), one.path)
        for one in objects.values()
        if one.type not in ("Transaction", "Folder", "EnumeratorValue")
        and one.attributes.get("name") != "Theirs"
    }


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(
    sites(),
    st.booleans(),
    st.lists(st.lists(FAULTS, min_size=1, max_size=2), min_size=1, max_size=3),
)
def test_runs_under_faults_settle_lose_nothing_and_can_be_taken_back(
    drawn: tuple[dict[str, Any], str], overwrite: bool, rounds: list[list[Fault]]
) -> None:
    site, app = drawn
    text = yaml.safe_dump(site, allow_unicode=True, sort_keys=False)
    note(f"app = {app!r}; overwrite = {overwrite}; rounds = {rounds!r}\nsite.yaml:\n{text}")
    with tempfile.TemporaryDirectory() as folder:
        story = Story(site_server(Path(folder), text), StateFolder(Path(folder) / "state"), app)
        options = PlanOptions(overwrite=overwrite)
        for faults in rounds:
            before = everything(story.path)
            plan = story.plan(options)
            code = story.run(plan, faults)
            event(f"a run under faults ended with {code}{', unsettled' * story.unsettled()}")
            story.recover()
            _check_nothing_lost(plan, before, everything(story.path))
        before = everything(story.path)
        plan = story.plan(options)
        assert story.run(plan) == 0
        assert story.plan(replace(options, overwrite=False)).empty
        with opened(story.path) as server:
            assert find_locks(server) == []
        _check_nothing_lost(plan, before, everything(story.path))
        if not plan.empty:
            _check_undo(story, before)


def _check_undo(story: Story, before: Objects) -> None:
    """The last run is taken back: everything is as it was, but for DBIDs."""
    run = read_run(story.state, story.state.run_names()[-1])
    with opened(story.path) as server:
        undo = plan_undo(run, plan_of_run(story.state, run), server)
    assert undo.applyable
    assert story.run(undo) == 0
    assert _compared(everything(story.path)) == _compared(before)
    with opened(story.path) as server:
        again = plan_undo(run, plan_of_run(story.state, run), server)
    assert again.empty
