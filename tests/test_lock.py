"""One run writes at a time: the lock, on clocks of the tests' own, and signals."""

import os
import pty
import signal
import sqlite3
import subprocess
import time as time_module
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply import run as run_module
from reconciler.apply import session as session_module
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.acquisition import LockRequest, acquire
from reconciler.apply.lock.lock import Clock, Lock
from reconciler.apply.lock.lock_object import LOCK_NAME, Holder, find_locks, holder_of
from reconciler.apply.report import RunReport
from reconciler.apply.run import execute_plan
from reconciler.apply.session import RunOptions
from reconciler.engine.progress import Progress
from reconciler.engine.run_context import run_context
from reconciler.errors import LockHeldError, LockLostError, RefusedError, StalePlanError
from reconciler.plan.file.codec import plan_json
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError, ServerError
from reconciler.server.port import Server
from reconciler.state.opening import open_store
from reconciler.state.records import RunFinish
from reconciler.state.sql import SqlStore
from reconciler.state.sqlite import FILE
from reconciler.testing.faults import Delay, Drop, Interfere, Refuse
from reconciler.testing.faulty import FaultyServer
from tests.engines import on_both_engines
from tests.harness import APP, Result, gwe, opened
from tests.runs import (
    AFTER,
    REPLACED,
    Nursery,
    Objects,
    Place,
    Strike,
    bystanders,
    carry_out_quietly,
    make_place_anew,
    once_in_each,
    someone,
    struck_here,
    told,
)
from tests.state.backends import call, head
from tests.terminals import InTerminal
from tests.warm import Running, WarmProcesses

TENANTS = (1, 101)
QUEUE = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {{name: Q{}}}\n"
SIXTY = "---\n".join(QUEUE.format(number) for number in range(60))
Sleep = Callable[[float], object]


class Time:
    """Time that passes only where a test or a sleeper lets it. ``meanwhile``: what others
    do while somebody sleeps."""

    def __init__(self, meanwhile: Sleep = lambda _: None) -> None:
        self.now = 1000.0
        self.slept: list[float] = []
        self.meanwhile = meanwhile
        self.clock = Clock(lambda: self.now, self._sleep, lambda later: f"{self.now + later:g}")

    def _sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.now += seconds
        self.meanwhile(seconds)


@pytest.fixture
def server(place: Place) -> Iterator[EmbeddedServer]:
    with opened(place.server) as found:
        yield found


def _holder(run: str, host: str = "here") -> Holder:
    return Holder("anna", host, run, place=f"{host}:/state", machine=f"of {host}")


def _take(server: Server, run: str, time: Time, wait: float = 0.0) -> Lock:
    return _acquire(server, LockRequest(_holder(run), TENANTS, wait), time)[0]


def _acquire(
    server: Server, request: LockRequest, time: Time, said: list[str] | None = None
) -> tuple[Lock, str]:
    warn = said.append if said is not None else lambda _: None
    return acquire(server, request, time.clock, Interrupts(), warn)


def _held(server: Server) -> Holder:
    (one,) = find_locks(server)
    return holder_of(one)


# Taking it


def test_the_lock_is_a_list_in_environment_that_says_who_has_it(server: EmbeddedServer) -> None:
    lock, warning = _acquire(server, LockRequest(_holder("first"), TENANTS), Time())
    (one,) = find_locks(server)
    assert warning == ""
    assert {key: one.attributes[key] for key in ("name", "alias", "type", "tenantDBID")} == {
        "name": "gwe-reconciler.lock",
        "alias": "gwe-reconciler.lock",
        "type": 21,
        "tenantDBID": 1,
    }
    assert one.attributes["userProperties"] == {
        "lock": {
            "owner": "anna",
            "host": "here",
            "machine": "of here",
            "run": "first",
            "place": "here:/state",
            "since": "1000",
            "until": "1060",
            "lease": "60",
            "state": "checking",
            "counter": "0",
            "taker": "",
        }
    }
    lock.release()
    assert find_locks(server) == []


def test_who_comes_second_is_told_who_has_it(server: EmbeddedServer) -> None:
    time = Time()
    _take(server, "first", time)
    with pytest.raises(LockHeldError) as error:
        _take(server, "second", time)
    assert error.value.message == "the lock is held by anna on here since 1000, run first"
    assert error.value.hint == (
        "Wait with --lock-timeout SECONDS: a lock that is not renewed for 60 s is taken over."
    )
    assert error.value.exit_code == 4
    assert time.slept == []
    assert _held(server).run == "first"


@pytest.mark.parametrize("at", [1, 2])
def test_of_two_who_find_no_lock_one_gets_it(server: EmbeddedServer, at: int) -> None:
    """The other one makes its own after the first look, or just before the create."""
    time = Time()
    faster = Interfere(call=("read", "create")[at - 1], at=1, when=("after", "before")[at - 1],
                       write=lambda other: _take(other, "other", time))  # fmt: skip
    slower = FaultyServer(server, [faster])
    with pytest.raises(LockHeldError, match="run other"):
        _take(slower, "ours", time)
    assert _held(server).run == "other"


def test_a_lock_that_is_given_back_while_somebody_waits_is_theirs(server: EmbeddedServer) -> None:
    time = Time()
    first = _take(server, "first", time)
    time.meanwhile = lambda _: first.release() if time.now >= 1005 else None
    _take(server, "second", time, wait=30)
    assert _held(server).run == "second"
    assert time.now == 1005


def test_who_waits_in_vain_waits_as_long_as_was_said(server: EmbeddedServer) -> None:
    time = Time()
    _take(server, "first", time)
    with pytest.raises(LockHeldError):
        _take(server, "second", time, wait=12.5)
    assert sum(time.slept) == pytest.approx(12.5, abs=0.02)
    assert _held(server).run == "first"


# Taking it over


def test_a_lock_that_does_not_move_for_a_whole_lease_is_taken_over(server: EmbeddedServer) -> None:
    time = Time()
    _take(server, "dead", time)
    time.now += 10_000  # however old it is: the contender's own look counts
    begun = time.now
    _take(server, "second", time, wait=100)
    assert time.now - begun == 60
    assert _held(server).run == "second"


def test_a_lock_is_not_taken_over_a_moment_before_its_lease_ends(server: EmbeddedServer) -> None:
    time = Time()
    _take(server, "slow", time)
    with pytest.raises(LockHeldError):
        _take(server, "second", time, wait=59.5)
    assert _held(server).run == "slow"


def test_a_counter_that_moves_is_a_sign_of_life(server: EmbeddedServer) -> None:
    time = Time()
    lock = _take(server, "alive", time)
    counters: list[int] = []

    def renew(_: float) -> None:
        lock.confirm()
        counters.append(_held(server).counter)

    time.meanwhile = renew
    with pytest.raises(LockHeldError, match="run alive"):
        _take(server, "second", time, wait=300)
    assert _held(server).run == "alive"
    assert counters == sorted(counters)
    assert counters[-1] == 18  # every 16th second: once a quarter of the lease is over


def test_a_run_that_writes_is_never_taken_over(server: EmbeddedServer) -> None:
    time = Time()
    _take(server, "writing", time).start_writing()
    with pytest.raises(LockHeldError) as error:
        _take(server, "second", time, wait=1_000)  # seventeen leases
    assert (
        "the run writing (anna on here since 1000) is writing or did not finish"
        in error.value.message
    )
    assert error.value.hint == (
        "Wait for it; if it is dead, use gwe recover --state /state on here,"
        " or gwe lock release --abandon writing."
    )
    held = _held(server)
    assert (held.run, held.writing, held.counter) == ("writing", True, 1)


def test_a_lock_whose_owner_begins_to_write_while_another_waits_is_not_taken_over(
    server: EmbeddedServer,
) -> None:
    time = Time()
    lock = _take(server, "first", time)
    time.meanwhile = lambda _: lock.start_writing() if time.now == 1059 else None
    with pytest.raises(LockHeldError):
        _take(server, "second", time, wait=500)
    assert _held(server).run == "first"


@pytest.mark.parametrize(
    ("call", "at", "when"),
    [("update", 1, "before"), ("update", 1, "after"), ("delete", 1, "before")],
)
def test_an_owner_that_wakes_up_at_the_takeover_writes_nothing_or_is_left_alone(
    server: EmbeddedServer, call: Any, at: int, when: Any
) -> None:
    """Its host was asleep for a lease. It goes on before the contender says that it takes
    the lock over, before the contender looks again, or before the lock is deleted."""
    time = Time()
    owner = _take(server, "owner", time)
    ends: list[str] = []

    def wake_up(_: Server) -> None:
        try:
            owner.start_writing()
            owner.confirm()
            ends.append("writes")
        except LockLostError as error:
            ends.append(error.message)
            owner.release()

    waking = FaultyServer(server, [Interfere(call, at, when, write=wake_up)])
    if (call, when) == ("update", "before"):
        with pytest.raises(
            LockHeldError, match=r"run owner \(anna on here since 1000\) is writing"
        ):
            _take(waking, "ours", time, wait=70)
        assert ends == ["writes"]
    else:
        _take(waking, "ours", time, wait=70)
        assert ends == [
            "the run ours is taking the lock over, since this run did not renew it for 60 s"
        ]
        assert _held(server).run == "ours"


def test_an_owner_that_backed_off_writes_nothing_however_many_of_its_actions_begin(
    server: EmbeddedServer,
) -> None:
    """With several actions in flight, the next ones ask again whether they may write."""
    time = Time()
    owner = _take(server, "owner", time)
    refused: list[str] = []

    def wake_up(_: Server) -> None:
        for _ in range(3):
            with pytest.raises(LockLostError) as caught:
                owner.start_writing()
            refused.append(caught.value.message)

    waking = FaultyServer(server, [Interfere("update", 1, "after", write=wake_up)])
    with pytest.raises(LockHeldError, match=r"run owner \(anna on here since 1000\) is writing"):
        _take(waking, "ours", time, wait=70)
    expected = "the run ours is taking the lock over, since this run did not renew it for 60 s"
    assert refused == [expected] * 3


def test_a_lock_that_somebody_else_was_about_to_take_over_is_taken_over(
    server: EmbeddedServer,
) -> None:
    """A contender has died after it had said so."""
    time = Time()
    _take(server, "owner", time)
    dying = FaultyServer(server, [Drop("update", when="after")])
    with pytest.raises(ServerError):
        _take(dying, "dying", time, wait=70)
    assert (_held(server).run, _held(server).taker) == ("owner", "dying")
    _take(server, "ours", time, wait=70)
    assert _held(server).run == "ours"


@pytest.mark.parametrize("when", ["before", "after"])
def test_of_two_contenders_at_the_takeover_exactly_one_gets_it(
    server: EmbeddedServer, when: Any
) -> None:
    """The other contender is faster, just before or just after our delete."""
    time = Time()
    _take(server, "dead", time)
    winners: list[str] = []

    def other_takes(other: Server) -> None:
        for one in find_locks(other):
            other.delete("Transaction", one.dbid)
        _take(other, "other", time)
        winners.append("other")

    slower = FaultyServer(server, [Interfere("delete", 1, when, write=other_takes)])
    with pytest.raises(LockHeldError, match="run other"):
        _take(slower, "ours", time, wait=70)
    assert winners == ["other"]
    assert _held(server).run == "other"


def test_a_contender_counts_a_new_lock_from_its_own_beginning(server: EmbeddedServer) -> None:
    """After 30 s another run has the lock: it gets a whole lease as well."""
    time = Time()
    first = _take(server, "first", time)

    def change_hands(_: float) -> None:
        if time.now == 1030:
            first.release()
            _take(server, "next", Time())

    time.meanwhile = change_hands
    with pytest.raises(LockHeldError, match="run next"):
        _take(server, "waiting", time, wait=80)
    assert _held(server).run == "next"


def test_the_lock_of_a_dead_run_of_ours_is_gone_on_with(server: EmbeddedServer) -> None:
    """It is never away: nobody else can come in between."""
    time = Time()
    _take(server, "dead", time).start_writing()
    (one,) = find_locks(server)
    with pytest.raises(LockHeldError):
        _recover(server, "new", time)
    watched = FaultyServer(server)
    lock = _recover(watched, "dead", time)
    assert [call.name for call in watched.calls if call.name != "read"] == ["update"]
    assert time.slept == []
    (resumed,) = find_locks(server)
    assert resumed.dbid == one.dbid
    assert (_held(server).writing, _held(server).recovering) == (True, True)
    lock.confirm()
    lock.release()
    assert find_locks(server) == []


def test_a_process_whose_run_is_recovered_no_longer_has_the_lock(server: EmbeddedServer) -> None:
    """Its database may have been lost, and with it what held the run."""
    time = Time()
    lost = _take(server, "run", time)
    lost.start_writing()
    _recover(server, "run", time)
    with pytest.raises(LockLostError, match="it is now held by anna on here"):
        lost.confirm(always=True)


# Recovering from another machine


def test_a_run_of_another_machine_is_recovered_once_its_lock_stood_still_for_a_lease(
    server: EmbeddedServer,
) -> None:
    time, said = Time(), list[str]()
    _take(server, "run", time).start_writing()
    lock = _recover(server, "run", time, "there", said)
    assert sum(time.slept) == 60
    assert said == [
        "Run run was on another machine, here. Waiting 60 s to see that it does nothing there"
        " any more."
    ]
    assert (_held(server).host, _held(server).machine) == ("there", "of there")
    lock.release()


def test_the_lock_of_a_recovery_on_a_third_machine_is_waited_for_as_well(
    server: EmbeddedServer,
) -> None:
    """The run was on this machine, and what recovered it since was not."""
    time = Time()
    _take(server, "run", time).start_writing()
    _recover(server, "run", time, "there")
    time.slept.clear()
    _recover(server, "run", time, "here")
    assert sum(time.slept) == 60


def test_a_run_of_another_machine_whose_counter_moves_is_not_recovered(
    server: EmbeddedServer,
) -> None:
    time = Time()
    owner = _take(server, "run", time)
    owner.start_writing()

    def work(_: float) -> None:
        owner.confirm()

    time.meanwhile = work
    with pytest.raises(LockHeldError, match="is writing or did not finish"):
        _recover(server, "run", time, "there")
    assert 0 < sum(time.slept) < 60
    owner.confirm()


def test_a_lock_that_is_released_meanwhile_is_made_anew(server: EmbeddedServer) -> None:
    time = Time()
    owner = _take(server, "run", time)
    owner.start_writing()
    time.meanwhile = lambda _: owner.release()
    _recover(server, "run", time, "there")
    assert (_held(server).host, _held(server).recovering) == ("there", True)


def test_a_run_of_another_machine_that_has_no_lock_is_waited_for_all_the_same(
    server: EmbeddedServer,
) -> None:
    """It took none, or somebody has released it: no counter tells whether it is alive."""
    time, said = Time(), list[str]()
    holder = replace(_holder("run", "there"), recovering=True)
    _acquire(server, LockRequest(holder, TENANTS, elsewhere=True), time, said)
    assert sum(time.slept) == 60
    assert said == [
        "The run was on another machine, and no lock tells whether it still works there. Waiting"
        " 60 s, which is longer than any call of it takes."
    ]


def _recover(
    server: Server, run: str, time: Time, host: str = "here", said: list[str] | None = None
) -> Lock:
    """Takes over the lock of a run that did not finish."""
    holder = replace(_holder(run, host), recovering=True)
    return _acquire(server, LockRequest(holder, TENANTS), time, said)[0]


def test_a_contender_whose_mark_stands_in_the_lock_already_goes_on(server: EmbeddedServer) -> None:
    """The owner moved once, just when the lock was to be taken over, and then no more."""
    time = Time()
    owner = _take(server, "owner", time)

    def renew(_: Server) -> None:
        time.now += 20
        owner.confirm()

    moving = FaultyServer(server, [Interfere("update", 1, "after", write=renew)])
    _take(moving, "ours", time, wait=300)
    assert _held(server).run == "ours"


# Losing it


@pytest.mark.parametrize("theirs", [False, True])
def test_an_owner_notices_the_loss_before_its_next_write(
    server: EmbeddedServer, *, theirs: bool
) -> None:
    time = Time()
    lock = _take(server, "first", time)
    (one,) = find_locks(server)
    server.delete("Transaction", one.dbid)
    if theirs:
        _take(server, "second", time)
    for act in (lock.confirm, lock.start_writing):
        with pytest.raises(LockLostError, match="another run has taken the lock over"):
            act()
    lock.release()
    assert [holder_of(one).run for one in find_locks(server)] == (["second"] if theirs else [])


@pytest.mark.parametrize(("slept", "always"), [(6.0, True), (6.1, False), (90_000.0, False)])
def test_an_owner_that_slept_notices_the_loss_once_its_confirmation_is_a_tenth_of_a_lease_old(
    server: EmbeddedServer, slept: float, *, always: bool
) -> None:
    """Suspended, stopped or waiting: its clock has gone on. Meanwhile somebody else has
    released its lock (``gwe lock release --abandon``) and holds another."""
    time = Time()
    owner = _take(server, "owner", time)
    owner.start_writing()
    _steal(server)
    time.now += slept
    with pytest.raises(LockLostError, match="another run has taken the lock over"):
        owner.confirm(always=always)


def test_a_confirmation_counts_from_when_it_was_asked_for(server: EmbeddedServer) -> None:
    """An answer may have waited in the network for as long as a call may take."""
    time = Time()
    slow = FaultyServer(server, [Delay("read", when="after", seconds=7)], sleep=time.clock.sleep)
    owner = _take(slow, "owner", time)
    owner.start_writing()
    asked = len(slow.calls)
    owner.confirm()
    assert [call.name for call in slow.calls[asked:]] == ["read"]


def test_the_clock_of_a_run_goes_on_while_the_machine_is_suspended() -> None:
    """No test can suspend this machine: the clock is the one that its system says does."""
    clock = run_context("anna").clock.monotonic
    name = "CLOCK_BOOTTIME" if hasattr(time_module, "CLOCK_BOOTTIME") else "CLOCK_MONOTONIC"
    if hasattr(time_module, name):
        before = time_module.clock_gettime(getattr(time_module, name))
        assert before <= clock() <= time_module.clock_gettime(getattr(time_module, name))


@pytest.mark.parametrize("lease", [60.0, 600.0])
def test_the_lock_is_read_once_in_a_tenth_of_the_lease_and_not_for_each_write(
    place: Place, server: EmbeddedServer, lease: float
) -> None:
    (place.folder / "manifests.yaml").write_text(SIXTY, encoding="utf-8")
    watch = Time()
    # Each of 60 creates takes a second.
    faulty = FaultyServer(
        server, [Delay("create", object_type="Script", seconds=1)], sleep=watch.clock.sleep
    )
    report = _execute(place, faulty, plan=place.plan(), clock=watch.clock, lease=lease)
    assert report.exit_code == 0
    names = [(one.name, one.object_type) for one in faulty.calls]
    first, last = (
        names.index(("create", "Script")),
        len(names) - names[::-1].index(("create", "Script")),
    )
    assert names[first:last].count(("read", "Transaction")) == {60.0: 10, 600.0: 0}[lease]


def test_each_delete_of_a_replace_confirms_the_lock_right_before(
    place: Place, server: EmbeddedServer
) -> None:
    faulty = FaultyServer(server)
    assert _execute(place, faulty).exit_code == 0
    calls = faulty.calls
    deletes = [n for n, one in enumerate(calls) if one.name == "delete"][:-1]  # not of the lock
    assert [calls[n].object_type for n in deletes] == ["AgentGroup", "Script"]
    assert [(calls[n - 1].name, calls[n - 1].object_type) for n in deletes] == [
        ("read", "Transaction")
    ] * 2


def _execute(place: Place, server: Server, **options: Any) -> RunReport:
    plan = options.pop("plan", None) or place.plan(*REPLACED)
    clock = options.pop("clock", None)
    return execute_plan(
        plan,
        plan_json(plan),
        server,
        RunOptions(place.state, **options),
        someone("first", clock=clock),
        Progress(),
    )


def _steal(server: Server) -> None:
    for one in find_locks(server):
        server.delete("Transaction", one.dbid)
    _take(server, "thief", Time())


def test_a_run_whose_lock_is_taken_away_stops_before_its_next_write(
    place: Place, server: EmbeddedServer
) -> None:
    before = place.objects()
    # While everything is read again, before the first write.
    faulty = FaultyServer(server, [Interfere("read", 1, object_type="Application", write=_steal)])
    report = _execute(place, faulty)
    assert [outcome.status for outcome in report.outcomes] == [
        *("failed", "not-started", "not-started", "not-started", "not-started")
    ]
    assert report.outcomes[0].message == "another run has taken the lock over"
    assert place.objects() == before
    assert _held(server).run == "thief"
    (run,) = place.runs
    assert (run.finished, run.status) == (True, "nothing written")
    assert [c for c in faulty.calls if c.name == "delete" and c.object_type != "Transaction"] == []


@pytest.mark.parametrize("slept", [6, 7])
def test_a_replace_whose_lock_is_taken_after_its_delete_is_created_all_the_same(
    place: Place, server: EmbeddedServer, slept: int
) -> None:
    """Then the run stops: before its next delete, or once a tenth of the lease has passed."""
    before = place.objects()
    watch = Time()
    stolen = Interfere("delete", 1, "after", object_type="AgentGroup", write=_steal)
    slow = Delay("delete", 1, "after", object_type="AgentGroup", seconds=slept)
    faulty = FaultyServer(server, [stolen, slow], sleep=watch.clock.sleep)
    report = _execute(place, faulty, clock=watch.clock)
    group = told(place.objects())["AgentGroup Group"]
    assert group == AFTER["AgentGroup Group"]
    assert report.exit_code == 5  # it was written, though the run stopped
    assert [outcome.status for outcome in report.outcomes] == (
        ["failed", *["not-started"] * 4]
        if slept > 6
        else ["done", "done", "done", "failed", "not-started"]
    )
    assert bystanders(place.objects()) == bystanders(before)
    assert _held(server).run == "thief"


# Where it may stand


def _forbidden(*tenants: int) -> type[EmbeddedServer]:
    class Forbidding(EmbeddedServer):
        """Lets no Transaction be created in some tenants."""

        def create(self, object_type: str, attributes: Any, folder: int | None = None) -> Any:
            if object_type == "Transaction" and attributes["tenantDBID"] in tenants:
                raise NoPermissionError("the permission to create is missing", object_type)
            return super().create(object_type, attributes, folder)

    return Forbidding


def test_where_environment_is_forbidden_the_lock_stands_in_the_sites_tenant_with_a_warning(
    place: Place,
) -> None:
    server = _forbidden(1)(place.server)
    lock, warning = _acquire(server, LockRequest(_holder("first"), TENANTS), Time())
    (one,) = find_locks(server)
    assert one.tenant == 101
    assert warning == (
        "The lock is in the tenant with DBID 101, since this account may not create it in"
        " Environment: runs for other tenants do not see it."
    )
    with opened(place.server) as other, pytest.raises(LockHeldError, match="run first"):
        _take(other, "second", Time())  # which may write in Environment
    lock.release()
    assert find_locks(server) == []
    server.close()


def test_where_both_tenants_are_forbidden_the_run_is_refused_and_told_of_no_lock(
    place: Place,
) -> None:
    server = _forbidden(1, 101)(place.server)
    before = place.objects()
    with pytest.raises(RefusedError) as error:
        _execute(place, server)
    assert error.value.exit_code == 3
    assert "this account may not create the lock" in str(error.value.diagnostics[0].summary)
    assert "--no-lock" in error.value.diagnostics[0].hint
    assert place.objects() == before
    assert _execute_second(place, server).exit_code == 0
    assert told(place.objects()) == AFTER
    server.close()


def _execute_second(place: Place, server: Server) -> RunReport:
    plan = place.plan(*REPLACED)
    options = RunOptions(place.state, lock=False)
    return execute_plan(
        plan, plan_json(plan), server, options, someone("second"), Progress()
    )  # fmt: skip


def test_a_lock_made_in_the_other_tenant_at_the_same_moment_leaves_at_most_one(
    place: Place, server: EmbeddedServer
) -> None:
    time = Time()

    def elsewhere(other: Server) -> None:
        attributes = {"tenantDBID": 101, "name": LOCK_NAME, "alias": LOCK_NAME, "type": 21}
        annex = {"lock": _holder("other").options()}
        other.create("Transaction", {**attributes, "userProperties": annex})

    faulty = FaultyServer(server, [Interfere("create", 1, "before", write=elsewhere)])
    with pytest.raises(LockHeldError, match="run other"):
        _take(faulty, "ours", time)
    assert _held(server).run == "other"


def test_a_lock_that_cannot_be_read_is_held_by_somebody(server: EmbeddedServer) -> None:
    time = Time()
    _take(server, "first", time)

    class Blind(FaultyServer):
        def read(self, object_type: str, filters: Any = None) -> Any:
            found = super().read(object_type, filters)
            return [] if object_type == "Transaction" else found

    with pytest.raises(LockHeldError) as error:
        _take(Blind(server), "second", time, wait=100)
    assert error.value.message == (
        "another run holds the lock gwe-reconciler.lock, and this account cannot read it"
    )
    assert sum(time.slept) >= 100
    assert _held(server).run == "first"


def test_a_lock_that_is_released_as_soon_as_it_has_refused_ours_is_not_called_unreadable(
    server: EmbeddedServer,
) -> None:
    time, other = Time(), list[Lock]()
    meanwhile = [
        Interfere("create", 1, "before", write=lambda one: other.append(_take(one, "other", time))),
        Interfere("create", 1, "after", write=lambda _: other[0].release()),
    ]
    _take(FaultyServer(server, meanwhile), "ours", time)
    assert _held(server).run == "ours"


NUMBERS = ("nan", "inf", "-inf", "1e400", "-1", "0x1", "", "x", "1" * 5000, "\u0661")


@pytest.mark.parametrize(
    "annex",
    [{}, {"lock": {}}, *({"lock": {"counter": text, "lease": text}} for text in NUMBERS)],
)
def test_a_lock_that_says_nothing_is_taken_over_like_any(
    server: EmbeddedServer, annex: dict[str, Any]
) -> None:
    attributes = {"tenantDBID": 1, "name": LOCK_NAME, "alias": LOCK_NAME, "type": 21}
    server.create("Transaction", {**attributes, "userProperties": annex})
    time = Time()
    with pytest.raises(LockHeldError, match="somebody on another host"):
        _take(server, "first", time)
    _take(server, "first", time, wait=61)
    assert _held(server).run == "first"


# Every way out of a run


def test_the_lock_is_given_back_after_a_stale_plan(place: Place, server: EmbeddedServer) -> None:
    plan = place.plan(*REPLACED)
    two = KeyValueDelta(changed={"Queue": {"ours": "2"}})
    server.update("Script", 600, Delta(key_values={"userProperties": two}))
    with pytest.raises(StalePlanError):
        _execute(place, server, plan=plan)
    assert find_locks(server) == []


def test_the_lock_is_given_back_after_a_site_that_has_gone(
    place: Place, server: EmbeddedServer
) -> None:
    plan = place.plan(*REPLACED)
    (gwe,) = server.read("Application", {"name": "GWE"})
    server.update("Application", gwe.dbid, Delta(values={"name": "Renamed"}))
    with pytest.raises(Exception, match="GWE"):
        _execute(place, server, plan=plan)
    assert find_locks(server) == []


@pytest.mark.parametrize("call", ["delete", "update", "create"])
def test_the_lock_is_given_back_after_an_action_that_failed(
    place: Place, server: EmbeddedServer, call: Any
) -> None:
    types = {"delete": "AgentGroup", "update": "Script", "create": "Script"}
    fault = Refuse(call, 1, object_type=types[call], error=NoPermissionError)
    report = _execute(place, FaultyServer(server, [fault]))
    assert "failed" in [outcome.status for outcome in report.outcomes]
    assert find_locks(server) == []


def test_the_lock_is_left_with_the_runs_name_where_an_outcome_is_unknown(
    place: Place, server: EmbeddedServer
) -> None:
    fault = Drop("update", 1, "after", object_type="Script")
    report = _execute(place, FaultyServer(server, [fault]))
    assert report.exit_code == 5
    held = _held(server)
    assert (held.run, held.writing) == ("first", True)


def test_no_lock_takes_none(place: Place, server: EmbeddedServer) -> None:
    faulty = FaultyServer(server)
    assert _execute(place, faulty, lock=False).exit_code == 0
    calls = [call.name for call in faulty.calls if call.object_type == "Transaction"]
    assert calls == ["read", "create"], "of the inventory alone"


def test_ctrl_c_at_the_question_takes_no_lock(place: Place, in_terminal: InTerminal) -> None:
    before = place.objects()
    arguments = ("--server", f"embedded:{place.server}", "--app", APP, "-f", "manifests.yaml")
    code, shown = in_terminal("apply", *arguments, cwd=place.folder, answer="\x03")
    assert code == 1
    assert "nothing was written" in shown
    assert place.objects() == before
    with sqlite3.connect(place.server) as connection:
        rows = connection.execute("SELECT * FROM change WHERE type = 'Transaction'").fetchall()
    assert rows == []
    assert place.run_names == []


# Commands


def _leave(place: Place, run: str, *, writing: bool) -> None:
    with opened(place.server) as server:
        lock = _take(server, run, Time())
        if writing:
            lock.start_writing()


def _server(place: Place) -> tuple[str, str]:
    return "--server", f"embedded:{place.server}"


def test_lock_show_says_who_has_it(nursery: Nursery, place: Place) -> None:
    shown = nursery.gwe("lock", "show", *_server(place), place=place)
    assert (shown.code, shown.out) == (0, "Nobody holds the lock.\n")
    _leave(place, "first", writing=False)
    shown = nursery.gwe("lock", "show", *_server(place), place=place)
    assert shown.out.splitlines() == [
        "Held by anna on here, run first",
        "  since    1000",
        "  until    1060, unless it is renewed",
        "  status   checking; nothing written yet",
        "  state    here:/state",
        f"  object   Transaction gwe-reconciler.lock, DBID {place.locks()[0].dbid}",
    ]


def test_a_lock_that_is_released_is_free(nursery: Nursery, place: Place) -> None:
    assert nursery.gwe("lock", "release", *_server(place), place=place).out == (
        "Nobody holds the lock.\n"
    )
    _leave(place, "first", writing=False)
    released = nursery.gwe("lock", "release", *_server(place), place=place)
    assert (released.code, released.out) == (0, "Released the lock of run first.\n")
    assert place.locks() == []
    assert nursery.apply(place).code == 0


def test_a_lock_that_its_run_releases_first_is_released(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _leave(place, "first", writing=False)
    delete = EmbeddedServer.delete

    def twice(server: EmbeddedServer, object_type: str, dbid: int) -> None:
        delete(server, object_type, dbid)
        delete(server, object_type, dbid)

    monkeypatch.setattr(EmbeddedServer, "delete", twice)
    released = gwe("lock", "release", *_server(place), cwd=place.folder)
    assert (released.code, released.out, released.err) == (
        *(0, "The lock of run first was released meanwhile.\n", ""),
    )


def test_the_lock_of_a_run_that_writes_is_released_only_with_its_name(
    nursery: Nursery, place: Place
) -> None:
    _leave(place, "first", writing=True)
    for more in ((), ("--abandon", "other")):
        refused = nursery.gwe("lock", "release", *_server(place), *more, place=place)
        assert refused.code == 3
        assert "run first (anna on here since 1000) has begun to write" in " ".join(
            refused.err.split()
        )
        assert len(place.locks()) == 1
    released = nursery.gwe("lock", "release", *_server(place), "--abandon", "first", place=place)
    assert (released.code, released.out) == (0, "Released the lock of run first.\n")
    assert place.locks() == []


def test_a_run_that_is_abandoned_is_left_as_it_is_and_stands_in_nobodys_way(
    nursery: Nursery, place: Place
) -> None:
    nursery.apply(place, Strike("record", "before", 3))
    (run,) = place.runs
    left = nursery.gwe("lock", "release", *_server(place), "--abandon", run.name, place=place)
    assert left.code == 0
    assert f"Gave up run {run.name}; what it left half done stays so." in left.out
    (run,) = place.runs
    assert (run.finished, run.status) == (True, "abandoned")
    assert place.locks() == []
    assert "AgentGroup Group" not in told(place.objects())
    assert nursery.apply(place).code == 0


def test_an_apply_waits_for_the_lock_as_long_as_it_is_told(nursery: Nursery, place: Place) -> None:
    _leave(place, "first", writing=False)
    refused = nursery.apply(place, None, "--lock-timeout", "0.05")
    assert refused.code == 4
    assert "the lock is held by anna on here" in refused.err
    assert "--lock-timeout" in refused.err
    assert _runs_said(nursery, place) == ["nothing written"]


def _runs_said(nursery: Nursery, place: Place) -> list[str]:
    return [run.status for run in place.runs]


def test_a_run_that_is_going_on_is_not_called_one_that_did_not_finish(
    place: Place, server: EmbeddedServer
) -> None:
    """Its process holds its journal: there is nothing to recover, and --lock-timeout waits."""
    nursery_run = place.plan(*REPLACED)
    errors: list[LockHeldError] = []

    def second(_: Server) -> None:
        with opened(place.server) as other, pytest.raises(LockHeldError) as error:
            execute_plan(
                nursery_run, plan_json(nursery_run), other, RunOptions(place.state),
                someone("second"), Progress(),
            )  # fmt: skip
        errors.append(error.value)

    during = Interfere("update", 1, "before", object_type="Script", write=second)
    assert _execute(place, FaultyServer(server, [during])).exit_code == 0
    (error,) = errors
    assert "the run first did not finish" not in error.message
    assert "Run gwe recover first" not in error.hint
    assert error.hint.startswith("Wait for it")


def test_a_run_that_ends_while_it_is_looked_at_is_not_called_one_that_did_not_finish(
    place: Place, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its records were read before its end, and who holds it is asked after."""
    plan, is_held, running = place.plan(), SqlStore.is_held, ExitStack()
    first = head("first", identity=plan.identity)
    journal = running.enter_context(place.state.create_run(first, plan_json(plan)))
    journal.append(call(1))

    def ends(store: SqlStore, run: str) -> bool:
        if not place.runs[0].finished:
            journal.append(RunFinish("applied", unsettled=False, ended="now"))
            running.close()
        return is_held(store, run)

    monkeypatch.setattr(SqlStore, "is_held", ends)
    report = carry_out_quietly(plan, server, RunOptions(place.state), someone("second"))
    assert report.exit_code == 0


@pytest.mark.parametrize("call", ["delete", "create", "set_permissions", "update"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_run_from_another_host_is_kept_out_during_every_write(
    place: Place, server: EmbeddedServer, call: Any, when: Any
) -> None:
    plan = place.plan("InteractionQueue/Replaced")
    kept_out: list[str] = []

    def second(_: Server) -> None:
        options = RunOptions(open_store(str(place.folder / "elsewhere")))
        seen = place.objects()
        with opened(place.server) as other, pytest.raises(LockHeldError) as error:
            execute_plan(
                plan, plan_json(plan), other, options, someone("second", "there"),
                Progress(),
            )  # fmt: skip
        assert place.objects() == seen
        kept_out.append(error.value.message)

    types = {"delete": "Script", "create": "Script", "update": "Application"}
    during = Interfere(call, 1, when, object_type=types.get(call, ""), write=second)
    assert _execute(place, FaultyServer(server, [during])).exit_code == 0
    assert kept_out == ["the run first (tester on here since hour 0) is writing or did not finish"]
    assert told(place.objects()) == AFTER
    assert place.locks() == []


# Two processes at once

QUEUES = "---\n".join(
    f"apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {{name: Q{n}}}\n"
    "spec: {annex: {a: {b: WHO}}}\n"
    for n in range(60)
)


@on_both_engines("timeout", [("0",), ("60",)])
def test_the_writes_of_two_processes_never_interleave(
    place: Place, timeout: str, warm_processes: WarmProcesses
) -> None:
    """Each has a state folder of its own, as on two hosts, or both have one database."""
    processes = []
    for who in ("one", "two"):
        (place.folder / f"{who}.yaml").write_text(QUEUES.replace("WHO", who), encoding="utf-8")
        folder = {} if place.database else {"GWE_STATE_DIR": str(place.folder / f"{who}.state")}
        environment = {**os.environ, **place.environment, **folder}
        arguments = ["apply", *_server(place), "--app", APP, "-f", f"{who}.yaml"]
        arguments += ["--auto-approve", "--quiet", "--lock-timeout", timeout]
        processes.append(warm_processes.start(arguments, place.folder, environment))
    ended = [process.communicate(timeout=120) for process in processes]
    codes = [process.returncode for process in processes]
    assert b"Traceback" not in b"".join(err for _, err in ended)
    assert 0 in codes
    assert set(codes) <= {0, 4}
    with sqlite3.connect(place.server) as connection:
        rows = connection.execute(
            "SELECT action, type, body, delta FROM change ORDER BY sequence"
        ).fetchall()
    holders = 0
    writers: list[tuple[int, str]] = []
    for action, kind, body, delta in rows:
        if kind == "Transaction":
            holders += action == "created"
        elif kind == "Script":
            writers.append((holders, "one" if '"one"' in (body or delta) else "two"))
    assert len(writers) >= 60
    for number in {number for number, _ in writers}:
        assert len({who for holder, who in writers if holder == number}) == 1
    assert place.locks() == []
    if place.database:
        assert len(place.runs) == 2
        assert all(run.finished for run in place.runs)


# Signals, each at a record of the journal

RECORDS = range(2, 27)
_OF = 5
IN_PROCESSES = (3, 4, 8, 12, 16)
"""At these records the signals come to a process of its own as well, which leaves the same."""


def _apply_struck(
    nursery: Nursery, place: Place, stage: Place, strike: Strike
) -> tuple[Place, Result]:
    """Where the strike came to an apply, and what that said."""
    if place.database:
        return place, nursery.apply(place, strike)
    with struck_here(strike):
        here = nursery.apply(stage)
    if strike.number not in IN_PROCESSES:
        return stage, here
    done = nursery.apply(place, strike)
    assert (done.code, _left(place)) == (here.code, _left(stage))
    return place, done


def _left(place: Place) -> object:
    """What an apply has left, whatever its run is called and whenever it was."""
    (run,) = place.runs
    steps = [(one.address, one.call, one.result) for one in run.steps]
    outcomes = [(one.address, one.status) for one in run.outcomes.values()]
    return run.finished, run.status, steps, outcomes, len(place.locks()), told(place.objects())


@pytest.fixture
def stage(stages: Path, template: Path) -> Place:
    """A place that lies in the same folder in each test."""
    return make_place_anew(stages, template)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stages") / "each"


def _one_signal() -> list[Any]:
    return [
        pytest.param(name, number, id=f"{name}-{number}")
        for name in ("SIGINT", "SIGTERM", "SIGHUP")
        for number in (RECORDS if name == "SIGINT" else (4, 13, 16))
    ]


@pytest.mark.parametrize(("name", "number"), _one_signal())
def test_one_signal_finishes_the_object_in_hand_and_gives_the_lock_back(
    nursery: Nursery, place: Place, stage: Place, name: str, number: int
) -> None:
    before = place.objects()
    place, done = _apply_struck(nursery, place, stage, Strike("record", "after", number, (name,)))
    assert "Finishing what has begun; interrupt again to stop at once." in done.err
    (run,) = place.runs
    statuses = [one.status for one in run.outcomes.values()]
    written = 1 + sum(number > last for last in (8, 11, 14, 21))
    assert statuses == ["done"] * written + ["not-started"] * (_OF - written)
    assert done.code == (0 if written == _OF else 5)
    assert run.finished
    assert place.locks() == []
    state = told(place.objects())
    titles = ("AgentGroup Group", "Script Changed", "Script Created", "Script Replaced")
    for title in titles[:written]:
        assert state[title] == AFTER[title]
    assert bystanders(place.objects()) == bystanders(before)
    _check_reaches_the_end(place, nursery)


@pytest.mark.parametrize(("number", "signals"), [(10, 1), (12, 1), (10, 2), (12, 2)])
def test_signals_with_eight_in_flight_leave_nothing_that_is_not_said_or_recovered(
    nursery: Nursery, place: Place, number: int, signals: int
) -> None:
    """At a commit after the first replace, while several objects are written."""
    before = place.objects()
    queues = "".join(f"---\n{QUEUE.format(n)}" for n in range(8))
    with (place.folder / "manifests.yaml").open("a", encoding="utf-8") as file:
        file.write(queues)
    strike = Strike("record", "after", number, ("SIGINT",) * signals)
    done = nursery.apply(place, strike, "--in-flight", "8")
    assert "interrupt again to stop at once." in done.err
    (run,) = place.runs
    if signals == 1:
        assert done.code == 5
        assert {one.status for one in run.outcomes.values()} == {"done", "not-started"}
        assert run.finished
    else:
        assert "nothing was written" not in done.err
        assert done.code == 5
    assert nursery.recover(place).code == 0
    assert place.locks() == []
    assert all(run.finished for run in place.runs)
    assert bystanders(before).items() <= bystanders(place.objects()).items()
    assert nursery.apply(place, None, "--in-flight", "8").code == 0
    assert told(place.objects()) == AFTER


@on_both_engines("number, side", product(RECORDS, ("before", "after")))
def test_a_second_signal_stops_at_once_and_the_rest_is_recovered(
    nursery: Nursery, place: Place, stage: Place, number: int, side: str
) -> None:
    before = place.objects()
    strike = Strike("record", side, number, ("SIGINT", "SIGINT"))
    place, done = _apply_struck(nursery, place, stage, strike)
    assert len(place.run_names) == 1
    changed = place.objects() != before
    if changed:
        assert "nothing was written" not in done.err
        assert done.code in ((0, 5) if number >= 22 else (5,))  # all is done by then
    _check_is_recovered(place, nursery, before)


@once_in_each(lambda place, *_: place.world())
def _check_is_recovered(place: Place, nursery: Nursery, before: Objects) -> None:
    assert nursery.recover(place).code == 0
    assert place.locks() == []
    (run,) = place.runs
    assert run.finished
    assert {"AgentGroup Group", "Script Changed", "Script Replaced"} <= {*told(place.objects())}
    assert bystanders(place.objects()) == bystanders(before)
    _check_reaches_the_end(place, nursery)


@once_in_each(lambda place, _: place.situation())
def _check_reaches_the_end(place: Place, nursery: Nursery) -> None:
    assert nursery.apply(place).code == 0
    assert told(place.objects()) == AFTER


OBJECTS = 400
"""So many that what an apply says of them is more than a pipe and its reader hold."""
SMALL = 4096
"""The bytes of a pipe that lets nobody be far ahead of its reader."""
MANY = "---\n".join(QUEUE.format(number) for number in range(OBJECTS))


def _apply_many(processes: WarmProcesses, place: Place, *more: str, **how: Any) -> Running:
    (place.folder / "manifests.yaml").write_text(MANY, encoding="utf-8")
    arguments = ("apply", *_server(place), "--app", APP, "-f", "manifests.yaml", *more)
    own = {"GWE_STATE_DIR": str(place.state_dir), "COLUMNS": "80", "PYTHONUNBUFFERED": "1"}
    return processes.start(
        (*arguments, "--auto-approve"), place.folder, {**os.environ, **own}, **how
    )


def _check_many(place: Place, status: str) -> int:
    """The journal, the lock and the server agree; how many objects are done."""
    (run,) = place.runs
    assert (run.finished, run.status) == (True, status)
    done = sum(one.status == "done" for one in run.outcomes.values())
    assert len(run.outcomes) == OBJECTS
    scripts = [one for one in place.objects().values() if one.type == "Script"]
    assert len([one for one in scripts if one.attributes["name"][0] == "Q"]) == done
    assert place.locks() == []
    return done


def test_a_terminal_that_closes_during_an_apply_stops_it_after_the_object_in_hand(
    place: Place, warm_processes: WarmProcesses
) -> None:
    """The system sends SIGHUP, and nothing can be shown any more."""
    ours, theirs = pty.openpty()

    process = _apply_many(warm_processes, place, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while b"[ 10/400]" not in shown:
        block = os.read(ours, 65536)
        assert block
        shown += block
    os.close(ours)
    assert process.wait(120) == 5
    assert 10 <= _check_many(place, "partly applied") < OBJECTS


def test_a_reader_that_goes_away_during_an_apply_does_not_break_it_off(
    place: Place, warm_processes: WarmProcesses
) -> None:
    """``gwe apply | head``: the run goes on to its end."""
    pipe = {"stderr": subprocess.STDOUT, "pipesize": SMALL}
    with _apply_many(warm_processes, place, **pipe) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"[ 10/400]"):
                break
        process.stdout.close()
    assert process.returncode == 0
    assert _check_many(place, "applied") == OBJECTS


@pytest.mark.long
@pytest.mark.parametrize("in_flight", ["1", "8"])
def test_a_run_that_is_stopped_and_abandoned_writes_nothing_when_it_goes_on(
    place: Place, in_flight: str, warm_processes: WarmProcesses
) -> None:
    """SIGSTOP for a tenth of the lease of a minute, and somebody else releases its lock."""
    pipe = {"stderr": subprocess.STDOUT, "pipesize": SMALL}
    slow = ("--timeout", "15", "--in-flight", in_flight)
    with _apply_many(warm_processes, place, *slow, **pipe) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(b"[ 10/400]"):
                break
        with _stopped_outside_a_transaction(process, place):
            (run,) = place.run_names
            abandon = ("lock", "release", *_server(place), "--abandon", run)
            left = gwe(*abandon, cwd=place.folder / "..")
            assert left.code == 0, left.err
            before = _in_line(place)
            time_module.sleep(6.1)
        shown = process.stdout.read().decode()
    assert process.returncode == 5
    assert "another run has taken the lock over" in " ".join(shown.split())
    assert len(_in_line(place)) <= len(before) + int(in_flight)  # those that were on their way


@contextmanager
def _stopped_outside_a_transaction(process: Running, place: Place) -> Iterator[None]:
    """Stops a process where it holds neither the server's file nor the state's, which nobody
    else could write then; and lets it go on, whatever happens."""
    try:
        while True:
            process.send_signal(signal.SIGSTOP)
            if all(map(_is_free, (place.server, place.state_dir / FILE))):
                break
            process.send_signal(signal.SIGCONT)
            time_module.sleep(0.01)
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def _is_free(file: Path) -> bool:
    """Whether no process is writing an SQLite file."""
    with closing(sqlite3.connect(file, timeout=0.1, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        connection.execute("ROLLBACK")
        return True


def _in_line(place: Place) -> list[object]:
    """The queues that are there."""
    found = place.objects().values()
    return [one for one in found if str(one.attributes.get("name", "")).startswith("Q")]


def test_other_runs_are_looked_for_before_anything_is_read(
    place: Place, server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run without a lock that ended in between would have written what was read half."""
    order: list[str] = []
    monkeypatch.setattr(run_module, "_check_none_running", lambda *_: order.append("check"))
    read_again = session_module.read_again

    def reading(*arguments: Any) -> Any:
        order.append("read")
        return read_again(*arguments)

    monkeypatch.setattr(session_module, "read_again", reading)
    assert _execute(place, server).exit_code == 0
    assert order == ["check", "read"]


@pytest.mark.parametrize("text", ["nan", "inf", "1e400"])
def test_a_lock_of_unknown_age_is_shown_and_can_be_released(place: Place, text: str) -> None:
    with opened(place.server) as server:
        lock, _ = _acquire(server, LockRequest(_holder("run"), TENANTS), Time())
        delta = KeyValueDelta(changed={"lock": {"counter": text, "lease": text}})
        dbid = find_locks(server)[0].dbid
        server.update("Transaction", dbid, Delta(key_values={"userProperties": delta}))
        lock.confirm()
    shown = gwe("lock", "show", *_server(place), cwd=place.folder)
    assert shown.code == 0
    assert "  counter  no number: it is unknown how long ago it was renewed\n" in shown.out
    apply = ("apply", *_server(place), "--app", APP, "-f", "manifests.yaml", "--auto-approve")
    refused = gwe(*apply, cwd=place.folder)
    assert refused.code == 4
    assert "the lock is held by anna on here since 1000, run run" in refused.err
    recovered = gwe("recover", *_server(place), cwd=place.folder)
    assert recovered.code == 0
    released = gwe("lock", "release", *_server(place), cwd=place.folder)
    assert (released.code, released.out) == (0, "Released the lock of run run.\n")
    assert gwe(*apply, cwd=place.folder).code == 0
