"""Two applies at once, whatever turns they take and however fast their clocks run: the one
writes when the other does not, and nothing is lost.

Each call to the server is one turn. Who has it decides a schedule that is drawn: so many
calls of the one, so many of the other. What a run does in between takes no time, and none is
asleep for longer than the other needs to take a lock over and to look at the site; the clock
of a contender may run so fast that every lease ends at once.
"""

import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st

from reconciler.apply.lock import Clock
from reconciler.apply.session import RunOptions
from reconciler.errors import ReconcilerError
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Server
from reconciler.state.opening import open_store
from reconciler.state.store import StateStore
from reconciler.testing.faults import Call
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import opened
from tests.postgres import Cluster, available
from tests.runs import MANIFESTS, REPLACED, Place, carry_out_quietly, make_place, plan_on, someone
from tests.unchanged import natural_key

WRITES = ("create", "update", "delete", "set_permissions")
LONGEST = 6
"""Calls that one run may make while the other is asleep."""


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
    the lock; ``in_flight``: how many actions it writes at once."""

    targets: tuple[str, ...]
    overwrites: tuple[str, ...]
    value: str
    speed: float
    wait: float
    skip_stale: bool
    in_flight: int


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
        self.failure: BaseException | None = None
        self._place = place
        self._turns = turns
        self._log = log
        self._now = 0.0
        text = MANIFESTS.replace('ours: "1"', f'ours: "{how.value}"')
        (place.folder / "manifests.yaml").write_text(text, encoding="utf-8")
        options = PlanOptions(overwrite_only=how.overwrites, target=how.targets)
        with opened(place.server) as server:
            self._plan = plan_on(server, place.folder, options)

    def run(self, state: StateStore) -> None:
        """Carries the plan out, turn by turn."""
        self._turns.begin(self.who)
        try:
            with opened(self._place.server) as inner:
                self.code = self._execute(TurningServer(inner, self._turn), state)
        except BaseException as error:  # noqa: BLE001 - the test raises it
            self.failure = error
        finally:
            self._turns.finish(self.who)

    def _turn(self, call: Call) -> None:
        """Waits for the turn in which a call is made."""
        self._turns.turn(self.who)
        if call.name in WRITES and call.object_type != "Transaction":
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


TWO_HOWS = st.tuples(HOWS, HOWS)
LENGTHS = st.lists(st.integers(1, LONGEST), max_size=40)


@pytest.mark.long
@settings(max_examples=150)
@given(TWO_HOWS, LENGTHS, st.booleans())
def test_of_two_applies_the_one_writes_when_the_other_does_not(
    template: Path, hows: tuple[How, How], lengths: list[int], same_state: bool
) -> None:
    _check_two_applies(template, hows, lengths, same_state=same_state)


@pytest.mark.long
@pytest.mark.process
@pytest.mark.skipif(not available(), reason="no PostgreSQL here: said in the summary")
@settings(max_examples=examples(150, share=6))
@given(hows=TWO_HOWS, lengths=LENGTHS)
def test_of_two_applies_with_one_database_the_one_writes_when_the_other_does_not(
    template: Path, request: pytest.FixtureRequest, hows: tuple[How, How], lengths: list[int]
) -> None:
    cluster: Cluster = request.getfixturevalue("cluster")
    database = cluster.url(f"s{uuid.uuid4().hex}")
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
    with tempfile.TemporaryDirectory() as folder:
        place = make_place(Path(folder) / "place", template, database=database)
        before = {natural_key(one) for one in place.objects().values()}
        turns, log = Turns(lengths), list[tuple[int, str]]()
        runners = [Runner(who, how, place, turns, log) for who, how in enumerate(hows)]
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
        writers = [who for who, _ in groupby(log, key=lambda one: one[0])]
        codes = tuple(runner.code for runner in runners)
        event(f"exit codes {min(codes)} and {max(codes)}, {len(writers)} of them wrote")
        assert len(writers) == len(set(writers)), log
        if writers:
            first, second = runners[writers[0]], runners[1 - writers[0]]
            assert first.code == 0
            assert second.code in ((0, 4, 5) if second.how.skip_stale else (0, 4))
        assert place.locks() == []
        gone = before - {natural_key(one) for one in place.objects().values()}
        assert {key[0] for key in gone} <= {"CampaignGroup"}  # goes with the group, as planned
