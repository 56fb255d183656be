"""A clock that jumps: the hour of the day decides nothing, neither of the lock nor of the
order of the runs, and the lock's own clock may stand still or leap."""

import pytest

from reconciler.apply.lock.lock import Clock
from reconciler.apply.report import RunReport
from reconciler.apply.session import RunOptions
from reconciler.engine.run_place import RunPlace
from reconciler.errors import LockHeldError, StalePlanError
from reconciler.plan.model import Plan
from reconciler.server.port import Server
from reconciler.testing.faults import Interfere
from reconciler.testing.faulty import FaultyServer
from tests.harness import opened
from tests.runs import (
    AFTER,
    MANIFESTS,
    REPLACED,
    Nursery,
    Place,
    carry_out_quietly,
    someone,
    told,
)

LOCK = "Transaction"
WRITES = ("create", "update", "delete", "set_permissions")
IN_THE_FUTURE = "9999-12-31 23:59:59 UTC"
LONG_AGO = "1970-01-01 00:00:00 UTC"


class Watch:
    """A monotonic clock that a test sets, and an hour of the day that means nothing."""

    def __init__(self, hour: str) -> None:
        self.now = 0.0
        self.clock = Clock(lambda: self.now, self._sleep, lambda _: hour)

    def _sleep(self, seconds: float) -> None:
        self.now += seconds


def _execute(
    place: Place, server: Server, name: str, watch: Watch, plan: Plan, wait: float = 0.0
) -> RunReport:
    return carry_out_quietly(
        plan, server, RunOptions(place.state, lock_wait=wait), someone(name, clock=watch.clock)
    )


def _ours(place: Place, value: str) -> Plan:
    """The plan that gives every object of the manifests this value."""
    text = MANIFESTS.replace('ours: "1"', f'ours: "{value}"')
    (place.folder / "manifests.yaml").write_text(text, encoding="utf-8")
    return place.plan()


def _apply(place: Place, name: str, value: str) -> None:
    plan = _ours(place, value)
    with opened(place.server) as server:
        assert _execute(place, server, name, Watch(name), plan).exit_code == 0


def test_the_last_run_is_the_one_that_began_last_though_the_clock_was_set_back(
    place: Place, nursery: Nursery
) -> None:
    _apply(place, "20300101-000000-1", "1")
    first = told(place.objects())
    _apply(place, "20100101-000000-2", "2")
    assert [run.name for run in place.runs] == [
        "20300101-000000-1",
        "20100101-000000-2",
    ]
    assert place.state.read_run(place.state.find_run("last")).name == "20100101-000000-2"
    with opened(place.server) as server:
        assert RunPlace(place.state).last_run(server.info().identity) == "20100101-000000-2"
    listed = nursery.gwe("runs", place=place).out.splitlines()
    assert [line.split()[0] for line in listed] == ["RUN", "20300101-000000-1", "20100101-000000-2"]
    assert nursery.gwe("undo", "last", "--auto-approve", place=place).code == 0
    assert told(place.objects()) == first


@pytest.mark.parametrize("hour", [IN_THE_FUTURE, LONG_AGO])
def test_a_sleeper_is_overtaken_after_its_lease_whatever_hour_stands_in_the_lock(
    place: Place, hour: str
) -> None:
    """The host of the first run is suspended while it looks at the site: nothing is lost,
    and nothing is written when it wakes."""
    plan = place.plan(*REPLACED)
    with opened(place.server) as server, opened(place.server) as other:
        watch = Watch("")

        def come_second(_: Server) -> None:
            report = _execute(place, other, "second", watch, plan, wait=1000)
            assert report.exit_code == 0

        asleep = FaultyServer(server, [Interfere("read", 7, "after", write=come_second)])
        with pytest.raises(StalePlanError):
            _execute(place, asleep, "first", Watch(hour), plan)
    assert watch.now == 60
    assert told(place.objects()) == AFTER
    assert not [call for call in asleep.calls if call.name in WRITES and call.object_type != LOCK]
    assert place.locks() == []
    assert [(run.name, run.status) for run in place.runs] == [
        ("first", "nothing written"),
        ("second", "applied"),
    ]


@pytest.mark.parametrize("hour", [IN_THE_FUTURE, LONG_AGO])
def test_nobody_is_overtaken_before_its_lease_whatever_hour_stands_in_the_lock(
    place: Place, hour: str
) -> None:
    plan = place.plan(*REPLACED)
    with opened(place.server) as server, opened(place.server) as other:
        watch = Watch("")

        def come_second(_: Server) -> None:
            with pytest.raises(LockHeldError, match="run first"):
                _execute(place, other, "second", watch, plan, wait=59)

        busy = FaultyServer(server, [Interfere("read", 7, "after", write=come_second)])
        assert _execute(place, busy, "first", Watch(hour), plan).exit_code == 0
    assert told(place.objects()) == AFTER
    assert place.locks() == []


def test_a_leap_of_the_owners_clock_costs_one_renewal(place: Place) -> None:
    """Its host was suspended between two writes: nobody takes a lock over that writes, and
    the owner counts up before it goes on."""
    plan = place.plan(*REPLACED)
    watch = Watch("")

    def leap(_: Server) -> None:
        watch.now += 1_000_000

    with opened(place.server) as server:
        leaping = FaultyServer(server, [Interfere("update", 2, "after", write=leap)])
        report = _execute(place, leaping, "first", watch, plan)
    assert report.exit_code == 0
    renewed = [call for call in leaping.calls if (call.name, call.object_type) == ("update", LOCK)]
    assert len(renewed) == 2  # it begins to write; it goes on after the leap
