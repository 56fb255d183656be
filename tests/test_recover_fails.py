"""A recovery that comes to no end: the run stays what it was, nobody else writes, and the
next recovery goes on."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.apply.lock.lock import Clock
from reconciler.apply.lock.lock_object import holder_of
from reconciler.apply.recovery.recover import (
    RecoveryOptions,
    plan_of_run,
    recover_run,
    unfinished_runs,
)
from reconciler.apply.report import Recovered
from reconciler.apply.session import RunOptions
from reconciler.engine.progress import Progress
from reconciler.errors import LockHeldError, ReconcilerError, UnrecoveredError
from reconciler.server.errors import NoPermissionError
from reconciler.state.opening import open_store
from reconciler.testing.faults import CallName, Drop, Fault, LoseAnswer, Refuse
from reconciler.testing.faulty import FaultyServer
from tests.harness import opened
from tests.runs import (
    ACCESS,
    AFTER,
    REPLACED,
    Place,
    access_of,
    carry_out_quietly,
    named,
    someone,
    told,
)

LOST_CREATE = Drop("create", when="before", object_type="AgentGroup")
REFUSED_PERMISSIONS = Refuse("set_permissions", error=NoPermissionError)


def _run(place: Place, *faults: Fault) -> None:
    """A run that ends unsettled."""
    plan = place.plan(*REPLACED)
    with opened(place.server) as inner:
        server = FaultyServer(inner, faults, sleep=lambda _: None)
        report = carry_out_quietly(plan, server, RunOptions(place.state), someone("first"))
    assert report.needs_recovery


def _recover(place: Place, *faults: Fault) -> list[Recovered]:
    with opened(place.server) as inner:
        server = FaultyServer(inner, faults, sleep=lambda _: None)
        (entry,) = unfinished_runs(place.state, server)
        run = place.state.read_run(entry.name)
        plan, options = plan_of_run(run), RunOptions(place.state)
        return recover_run(
            run, plan, server, options, someone("again"), Progress(), RecoveryOptions()
        )


def _check_others_are_kept_out(place: Place, tmp_path: Path) -> None:
    """By the lock alone: another host has another state folder."""
    plan = place.plan()
    with opened(place.server) as server, pytest.raises(LockHeldError, match="run first"):
        carry_out_quietly(
            plan,
            server,
            RunOptions(open_store(str(tmp_path / "elsewhere")), lock_wait=10_000),
            someone("other", host="there", clock=_hasty()),
        )


def _hasty() -> Clock:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += 1000 * seconds

    return Clock(lambda: now[0], sleep, lambda _: "")


LOCK = "Transaction"
# The calls of a recovery by name, so that one which reads more is still struck where it writes.
CALLS: list[tuple[CallName, str, int]] = [
    *(("info", "", 1), ("info", "", 2)),
    *(("read", LOCK, at) for at in range(1, 5)),  # the next is of the inventory
    *(("update", LOCK, 1), ("read", "Tenant", 1), ("read", "AlarmCondition", 1)),
    *(("create", "AgentGroup", 1), ("set_permissions", "AgentGroup", 1)),
]


@pytest.mark.long
@pytest.mark.parametrize("fault", [Drop(), Refuse(error=NoPermissionError)], ids=repr)
@pytest.mark.parametrize(("call", "object_type", "at"), CALLS)
def test_a_recovery_that_fails_leaves_the_lock_to_the_next(
    place: Place, tmp_path: Path, call: CallName, object_type: str, at: int, fault: Fault
) -> None:
    _run(place, LOST_CREATE)
    (lock,) = place.locks()
    with pytest.raises(ReconcilerError):
        _recover(place, replace(fault, call=call, object_type=object_type, at=at))
    _check_others_are_kept_out(place, tmp_path)
    assert [(one.dbid, holder_of(one).writing) for one in place.locks()] == [(lock.dbid, True)]
    _recover(place)
    assert place.locks() == []
    assert told(place.objects())["AgentGroup Group"] == AFTER["AgentGroup Group"]
    group = named(place.objects(), "AgentGroup", "Group")
    assert access_of(place.server)["AgentGroup", group.dbid] == ACCESS


def test_what_the_server_refuses_keeps_the_rest_from_nothing(place: Place, tmp_path: Path) -> None:
    _run(place, REFUSED_PERMISSIONS, LoseAnswer("create", object_type="Script", at=2))
    with pytest.raises(UnrecoveredError, match="not recovered: AgentGroup/Group"):
        _recover(place, replace(REFUSED_PERMISSIONS, at=0))
    (run,) = place.runs
    assert not run.finished
    assert [step.call for step in run.steps if step.unknown] == []
    _check_others_are_kept_out(place, tmp_path)
    assert [one.message for one in _recover(place)] == ["its permissions were set again"]
    assert place.locks() == []


def test_an_object_that_somebody_has_deleted_since_needs_no_permissions(place: Place) -> None:
    _run(place, REFUSED_PERMISSIONS)
    with opened(place.server) as server:
        server.delete("AgentGroup", named(place.objects(), "AgentGroup", "Group").dbid)
    assert [one.message for one in _recover(place)] == ["it has been deleted since"]
    assert place.locks() == []
