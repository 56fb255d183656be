"""Two applies at once, whatever turns they take and however fast their clocks run: the one
writes when the other does not, and nothing is lost.

Each call to the server is one turn. Who has it decides a schedule that is drawn: so many
calls of the one, so many of the other. What a run does in between takes no time, and none is
asleep for longer than the other needs to take a lock over and to look at the site; the clock
of a contender may run so fast that every lease ends at once.

Random schedules hardly ever meet a moment that matters to the lock. Those that do are written
out: the other comes at each moment of the one; they take turns while the one begins to write
and the other takes its lock over; the other comes when somebody has released the lock.
"""

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, example, given, note, settings
from hypothesis import strategies as st

from reconciler.apply.lock.lock import Clock
from reconciler.apply.lock.lock_object import find_locks
from reconciler.apply.session import RunOptions
from reconciler.errors import ReconcilerError
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Server
from reconciler.state.opening import open_store
from reconciler.state.store import StateStore
from reconciler.testing.faults import Call
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import everything, opened
from tests.postgres import Cluster, KeptConnections, available
from tests.runs import (
    MANIFESTS,
    REPLACED,
    Place,
    carry_out_quietly,
    known_plan,
    make_place,
    someone,
)
from tests.unchanged import natural_key

WRITES = ("create", "update", "delete", "set_permissions")
LONGEST = 6
"""Calls that one run may make while the other is asleep."""


def is_write(call: Call) -> bool:
    """Whether a call writes what the plan is about."""
    return call.name in WRITES and call.object_type != "Transaction"


class Turns:
    """Lets one of two threads go on at a time. ``lengths``: how many turns the one has, then
    the other, and so on; afterwards they alternate."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self._order = self._schedule(lengths)
        self._changed = threading.Condition()
        self._finished: set[int] = set()
        self._current = next(self._order)

    @staticmethod
    def _schedule(lengths: Sequence[int]) -> Iterator[int]:
        who = 0
        for length in lengths:
            yield from [who] * length
            who = 1 - who
        while True:
            yield who
            who = 1 - who

    def begin(self, who: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._current == who)

    def turn(self, who: int) -> None:
        """The end of a turn; returns when the next one of ``who`` comes."""
        with self._changed:
            self._next()
            self._changed.wait_for(lambda: self._current == who)

    def finish(self, who: int) -> None:
        with self._changed:
            self._finished.add(who)
            self._next()

    def _next(self) -> None:
        chosen = next(self._order)
        self._current = 1 - chosen if chosen in self._finished else chosen
        self._changed.notify_all()


@dataclass(frozen=True)
class How:
    """How one of the two runs. ``targets``, ``overwrites``: addresses; ``value``: what its
    manifests want; ``speed``: how fast its clock runs; ``wait``: seconds that it waits for
    the lock. ``releases``: whoever starts it releases the lock of the other before, a tenth of
    a lease after that was confirmed; ``in_flight``: how many actions it writes at once."""

    targets: tuple[str, ...]
    overwrites: tuple[str, ...]
    value: str
    speed: float
    wait: float
    skip_stale: bool = False
    releases: bool = False
    in_flight: int = 1


ADDRESSES = (
    "AgentGroup/Group",
    "Application/Chat",
    "InteractionQueue/Changed",
    "InteractionQueue/Created",
    "InteractionQueue/Replaced",
)
HOWS = st.builds(
    How,
    targets=st.lists(st.sampled_from(ADDRESSES), min_size=1, unique=True).map(tuple),
    overwrites=st.sampled_from([(), REPLACED, REPLACED[:1]]),
    value=st.sampled_from(["1", "2"]),
    speed=st.sampled_from([0.0, 1.0, 1000.0]),
    wait=st.sampled_from([0.0, 1000.0]),
    skip_stale=st.booleans(),
    in_flight=st.sampled_from([1, 8]),
)


class TurningServer(FaultyServer):
    """Each call waits for a turn of the run, whichever of its threads makes it."""

    def __init__(self, server: Server, turn: Callable[[Call], None]) -> None:
        super().__init__(server)
        self._turn = turn

    def _call(self, call: Call, *how: Any) -> Any:
        self._turn(call)
        return super()._call(call, *how)


class Runner:
    """One of the two, number ``who``. ``log``: the writes of both, in their order."""

    def __init__(
        self, who: int, how: How, place: Place, turns: Turns, log: list[tuple[int, str]]
    ) -> None:
        self.who = who
        self.how = how
        self.code = -1
        self.calls: Sequence[Call] = ()
        self.failure: BaseException | None = None
        self.other = self
        self._place = place
        self._turns = turns
        self._log = log
        self._now = 0.0
        text = MANIFESTS.replace('ours: "1"', f'ours: "{how.value}"')
        (place.folder / "manifests.yaml").write_text(text, encoding="utf-8")
        options = PlanOptions(overwrite_only=how.overwrites, target=how.targets)
        with opened(place.server) as server:
            self._plan = known_plan(server, place.folder, options)

    def run(self, state: StateStore) -> None:
        """Carries the plan out, turn by turn."""
        self._turns.begin(self.who)
        try:
            with opened(self._place.server) as inner:
                for lock in find_locks(inner) if self.how.releases else ():
                    inner.delete("Transaction", lock.dbid)
                    self.other._now += 6.1
                server = TurningServer(inner, self._turn)
                self.calls = server.calls
                self.code = self._execute(server, state)
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self.failure = error
        finally:
            self._turns.finish(self.who)

    def _turn(self, call: Call) -> None:
        """Waits for the turn in which a call is made."""
        self._turns.turn(self.who)
        if is_write(call):
            self._log.append((self.who, call.name))

    def _sleep(self, seconds: float) -> None:
        self._now += seconds * self.how.speed
        self._turns.turn(self.who)

    def _execute(self, server: FaultyServer, state: StateStore) -> int:
        clock = Clock(lambda: self._now, self._sleep, lambda _: "")
        options = RunOptions(
            state,
            lock_wait=self.how.wait,
            skip_stale=self.how.skip_stale,
            in_flight=self.how.in_flight,
        )
        try:
            report = carry_out_quietly(
                self._plan,
                server,
                options,
                someone(f"run-{self.who}", host=f"host-{self.who}", clock=clock),
            )
        except ReconcilerError as error:
            return int(error.exit_code)
        return int(report.exit_code)


@dataclass(frozen=True)
class Ended:
    """Two runs that have ended. ``before``: the names of all that there was; ``log``: who
    wrote what, in the order of the calls."""

    place: Place
    before: Set[tuple[Any, ...]]
    runners: Sequence[Runner]
    log: Sequence[tuple[int, str]]

    @property
    def writers(self) -> list[int]:
        """Who wrote, each time that it is another than before."""
        return [who for who, _ in groupby(self.log, key=lambda one: one[0])]


@cache
def names_in(server: Path) -> Set[tuple[Any, ...]]:
    """What the objects of a server file are found by."""
    return {natural_key(one) for one in everything(server).values()}


@contextmanager
def two_applies(
    template: Path,
    hows: tuple[How, How],
    lengths: Sequence[int],
    *,
    same_state: bool = False,
    database: str = "",
) -> Iterator[Ended]:
    """Lets two runs of their own threads end. ``lengths``: see ``Turns``."""
    with tempfile.TemporaryDirectory() as folder:
        place = make_place(Path(folder) / "place", template, database=database)
        before = names_in(template)
        turns, log = Turns(lengths), list[tuple[int, str]]()
        runners = [Runner(who, how, place, turns, log) for who, how in enumerate(hows)]
        runners[0].other, runners[1].other = reversed(runners)
        states = [
            place.state,
            place.state if same_state else open_store(str(Path(folder) / "other")),
        ]
        threads = [
            threading.Thread(target=one.run, args=(state,), daemon=True)
            for one, state in zip(runners, states, strict=True)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        for runner in runners:
            if runner.failure is not None:
                raise runner.failure
        yield Ended(place, before, runners, log)


def check_one_wrote_when_the_other_did_not(ended: Ended) -> None:
    """AssertionError unless the first to write wrote all, and the second after it or not."""
    writers = ended.writers
    assert len(writers) == len(set(writers)), ended.log
    if writers:
        first, second = ended.runners[writers[0]], ended.runners[1 - writers[0]]
        assert first.code == 0, ended.log
        assert second.code in ((0, 4, 5) if second.how.skip_stale else (0, 4)), ended.log
    assert ended.place.locks() == []
    gone = ended.before - {natural_key(one) for one in everything(ended.place.server).values()}
    assert {key[0] for key in gone} <= {"CampaignGroup"}  # goes with the group, as planned


# Schedules that are written out

TO_THE_END = 1000
OWNER = How(ADDRESSES[1:4], (), "1", speed=0.0, wait=0.0)
OTHER = How(("AgentGroup/Group",), REPLACED[:1], "2", speed=1000.0, wait=1000.0)
"""Finds every lease at its end when it looks for the second time."""


def after(calls: int, *more: int) -> list[int]:
    """The owner makes so many calls; then each has so many turns, first the other; at last
    whose turn it is runs to its end."""
    return [calls + 1, *more, TO_THE_END]  # in its first turn it comes to its first call


def lock_call(calls: Sequence[Call], name: str) -> int:
    """How many calls come before the first of that name on the lock."""
    return [(call.name, call.object_type) for call in calls].index((name, "Transaction"))


@pytest.fixture(scope="module")
def undisturbed(template: Path) -> Sequence[Call]:
    """The calls of the owner where the other comes after its end."""
    with two_applies(template, (OWNER, OTHER), [TO_THE_END]) as ended:
        assert [runner.code for runner in ended.runners] == [0, 0]
        return ended.runners[0].calls


def moments(calls: Sequence[Call]) -> list[int]:
    """After how many of the calls another run may find something else than after one less:
    those before and after a write or a call on the lock; the reads between tell it nothing."""
    told = {n for n, one in enumerate(calls) if is_write(one) or one.object_type == "Transaction"}
    return sorted(told | {number + 1 for number in told})


def test_at_whatever_moment_of_a_run_another_comes_the_one_writes_when_the_other_does_not(
    template: Path, undisturbed: Sequence[Call]
) -> None:
    first = set[int]()
    for moment in moments(undisturbed):
        with two_applies(template, (OWNER, OTHER), after(moment)) as ended:
            check_one_wrote_when_the_other_did_not(ended)
            first.add(ended.writers[0])
    assert first == {0, 1}


def test_of_an_owner_that_begins_to_write_and_a_run_that_takes_its_lock_over_one_writes(
    template: Path, undisturbed: Sequence[Call]
) -> None:
    begins = lock_call(undisturbed, "update")
    with two_applies(template, (OWNER, OTHER), after(begins)) as ended:
        assert ended.writers == [1]
        takes = ended.runners[1].calls
    marks = lock_call(takes, "update")
    holds = lock_call(takes, "create")
    assert marks < holds
    wrote = [is_write(call) for call in takes].index(True) + 1
    for theirs, own in product(range(marks, holds + 1), range(1, 6)):
        turns = theirs + 2, own, wrote - theirs  # two: to come to the first call, and to sleep
        with two_applies(template, (OWNER, OTHER), after(begins, *turns)) as ended:
            check_one_wrote_when_the_other_did_not(ended)


def test_a_run_whose_lock_was_released_writes_nothing_after_another_but_what_is_under_way(
    template: Path, undisturbed: Sequence[Call]
) -> None:
    writes = [number for number, call in enumerate(undisturbed) if is_write(call)]
    assert len(writes) == 3
    for moment in range(writes[0], writes[-1] + 1):
        hows = (OWNER, replace(OTHER, releases=True))
        with two_applies(template, hows, after(moment)) as ended:
            done = sum(number < moment for number in writes)
            expected = [0] * done + [1] * 3 + [0] * (moment in writes)
            assert [who for who, _ in ended.log] == expected, moment
            assert (ended.runners[0].code == 0) == (moment == writes[-1])


# Random schedules

TWO_HOWS = st.tuples(HOWS, HOWS)
LENGTHS = st.lists(st.integers(1, LONGEST), max_size=40)


WAKES = How(ADDRESSES, (), "1", speed=0.0, wait=0.0, in_flight=8)
"""An owner that begins several actions while another run takes its lock over."""


@pytest.mark.long
@settings(max_examples=examples(150, share=5))
@given(TWO_HOWS, LENGTHS, st.booleans())
@example((WAKES, OTHER), [], False)
def test_of_two_applies_the_one_writes_when_the_other_does_not(
    template: Path, hows: tuple[How, How], lengths: list[int], same_state: bool
) -> None:
    _check_two_applies(template, hows, lengths, same_state=same_state)


@pytest.mark.long
@pytest.mark.process
@pytest.mark.skipif(not available(), reason="no PostgreSQL here: said in the summary")
@settings(max_examples=examples(150, share=15))
@given(hows=TWO_HOWS, lengths=LENGTHS)
def test_of_two_applies_with_one_database_the_one_writes_when_the_other_does_not(
    template: Path, request: pytest.FixtureRequest, hows: tuple[How, How], lengths: list[int]
) -> None:
    kept: KeptConnections = request.getfixturevalue("kept_connections")
    cluster: Cluster = request.getfixturevalue("cluster")
    with pytest.MonkeyPatch.context() as patched, cluster.empty_place() as database:
        patched.setattr("psycopg.connect", kept.connect)
        _check_two_applies(template, hows, lengths, same_state=True, database=database)


def _check_two_applies(
    template: Path,
    hows: tuple[How, How],
    lengths: list[int],
    *,
    same_state: bool,
    database: str = "",
) -> None:
    note(f"{hows}, lengths = {lengths}, same_state = {same_state}")
    with two_applies(template, hows, lengths, same_state=same_state, database=database) as ended:
        codes = [runner.code for runner in ended.runners]
        event(f"exit codes {min(codes)} and {max(codes)}, {len(ended.writers)} of them wrote")
        check_one_wrote_when_the_other_did_not(ended)
