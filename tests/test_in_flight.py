"""Several actions in flight: what is together, what is alone, what is told, what it costs."""

import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.lock.lock import Clock, Lock
from reconciler.apply.lock.lock_object import find_locks
from reconciler.apply.report import RunReport
from reconciler.apply.run import execute_plan
from reconciler.apply.sending import Job, Threads
from reconciler.apply.session import RunOptions
from reconciler.errors import JournalError
from reconciler.kinds.model import Attributes
from reconciler.plan.file.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import (
    NoPermissionError,
    ReadOnlyModeError,
    ServerUnavailableError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject, Server
from reconciler.state.journal_writer import SqlJournal
from reconciler.state.records import CallBegin, Record
from reconciler.state.session import SqlSession
from reconciler.testing.faults import Drop, Interfere, LoseAnswer, Refuse
from reconciler.testing.faulty import FaultyServer
from tests.harness import gwe, opened
from tests.runs import MANIFESTS, REPLACED, Heard, Nursery, Place, Strike, named, someone, told
from tests.test_lock import _steal

QUEUE = "---\napiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {{name: Q{:03}}}\n"


def _queues(count: int) -> str:
    return "".join(QUEUE.format(number) for number in range(count))


def _place_with(place: Place, manifests: str) -> Place:
    (place.folder / "manifests.yaml").write_text(manifests, encoding="utf-8")
    return place


def _execute(
    place: Place, server: Server, plan: Plan, in_flight: int, **more: Any
) -> tuple[RunReport, list[str]]:
    """Executes a plan; the report, and the addresses as they were told."""
    heard = Heard(more.get("stopping", lambda: False))
    report = execute_plan(
        plan,
        plan_json(plan),
        server,
        RunOptions(place.state, in_flight=in_flight),
        someone("run", clock=more.get("clock")),
        heard,
    )
    return report, [outcome.action.address for outcome, *_ in heard.outcomes]


class GatedServer(FaultyServer):
    """Sends a create of a script only once ``together`` of them wait, and ``meanwhile`` has been
    done. ``most``: how many calls were in flight at once; ``alone``: whether no other was
    beside a delete."""

    def __init__(
        self, server: Server, together: int = 1, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(server)
        self._gate = threading.Barrier(together, meanwhile)
        self._count = threading.Lock()
        self._now = 0
        self.most = 0
        self.alone = True

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        if object_type == "Script" and str(attributes["name"]).startswith("Q"):
            return self._counted(
                lambda: super(GatedServer, self).create(object_type, attributes, folder)
            )
        return super().create(object_type, attributes, folder)

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        return self._counted(lambda: super(GatedServer, self).update(object_type, dbid, delta), 0)

    def delete(self, object_type: str, dbid: int) -> None:
        self.alone = self.alone and self._now == 0
        super().delete(object_type, dbid)
        self.alone = self.alone and self._now == 0

    def _counted(self, call: Callable[[], ConfObject], gated: int = 1) -> ConfObject:
        with self._count:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            if gated:
                self._gate.wait(timeout=60)
            return call()
        finally:
            with self._count:
                self._now -= 1


@pytest.mark.parametrize(("in_flight", "most"), [(1, 1), (3, 3), (8, 8)])
def test_so_many_independent_actions_are_in_flight_and_no_more(
    place: Place, in_flight: int, most: int
) -> None:
    plan = _place_with(place, _queues(24)).plan()
    with opened(place.server) as inner:
        server = GatedServer(inner, together=most)
        report, told = _execute(place, server, plan, in_flight)
    assert (report.exit_code, server.most) == (0, most)
    assert told == [f"InteractionQueue/Q{number:03}" for number in range(24)]
    assert [outcome.action.address for outcome in report.outcomes] == told


def test_a_delete_has_nothing_beside_it_and_the_plan_is_told_in_its_order(place: Place) -> None:
    plan = _place_with(place, MANIFESTS + _queues(8)).plan(*REPLACED)
    with opened(place.server) as inner:
        server = GatedServer(inner)
        report, told = _execute(place, server, plan, 8)
    assert report.exit_code == 0
    assert server.alone
    assert told == [action.address for action in plan.writes]


def test_what_the_slowest_action_keeps_back_is_told_after_it(place: Place) -> None:
    plan = _place_with(place, _queues(4)).plan()
    ended = threading.Barrier(4)

    class FirstIsLast(FaultyServer):
        def create(self, object_type: str, attributes: Any, folder: int | None = None) -> Any:
            made = attributes["name"] != "Q000" and super().create(object_type, attributes, folder)
            if object_type == "Script":
                ended.wait(timeout=60)
            return made or super().create(object_type, attributes, folder)

    with opened(place.server) as inner:
        _, told = _execute(place, FirstIsLast(inner), plan, 4)
    assert told == [action.address for action in plan.writes]


# Where the server answers without waiting


class Grouping(EmbeddedServer):
    """Calls ``before`` before each create of a script, with its name; counts the groups."""

    def __init__(self, path: Path, before: Callable[[str], object] = lambda _: None) -> None:
        super().__init__(path)
        self._before = before
        self.threads: set[int] = set()
        self.groups: list[int] = []
        self.together = self._counted

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.groups.append(0)
        with self.store.together():
            yield

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        if object_type == "Script":
            self.threads.add(threading.get_ident())
            self.groups[-1] += 1
            self._before(str(attributes["name"]))
        return super().create(object_type, attributes, folder)


def test_the_calls_of_a_group_share_one_transaction_and_are_sent_by_the_run_itself(
    place: Place,
) -> None:
    plan = _place_with(place, _queues(20)).plan()
    server = Grouping(place.server)
    report, told = _execute(place, server, plan, 8)
    server.close()
    assert (report.exit_code, server.groups) == (0, [8, 8, 4])
    assert server.threads == {threading.get_ident()}
    assert told == [f"InteractionQueue/Q{number:03}" for number in range(20)]


def test_a_call_that_is_refused_takes_no_other_of_its_group_with_it(place: Place) -> None:
    def refuse(name: str) -> None:
        if name == "Q003":
            raise NoPermissionError("a test asked for this error")

    plan = _place_with(place, _queues(8)).plan()
    server = Grouping(place.server, refuse)
    report, _ = _execute(place, server, plan, 8)
    server.close()
    assert [outcome.status for outcome in report.outcomes] == ["done"] * 3 + ["failed"] + [
        "done"
    ] * 4
    assert _queues_of(place) == [f"Q{number:03}" for number in range(8) if number != 3]


def test_a_group_that_cannot_be_committed_is_told_as_failed_and_is_not_there(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> None:
        if name == "Q007":
            raise_at_commit.append(name)

    raise_at_commit: list[str] = []
    plan = _place_with(place, _queues(12)).plan()
    server = Grouping(place.server, fail)
    together = server.store.together

    @contextmanager
    def full() -> Iterator[None]:
        with together():
            yield
            if raise_at_commit:
                raise ServerUnavailableError("the disk is full")

    monkeypatch.setattr(server.store, "together", full)
    report, _ = _execute(place, server, plan, 8)
    server.close()
    assert [outcome.status for outcome in report.outcomes] == ["failed"] * 8 + ["not-started"] * 4
    assert {o.message for o in report.outcomes if o.status == "failed"} == {"the disk is full"}
    assert _queues_of(place) == []


def test_a_run_interrupted_within_a_group_has_written_none_of_it_and_says_unknown(
    place: Place,
) -> None:
    def interrupt(name: str) -> None:
        if name == "Q011":
            raise KeyboardInterrupt

    plan = _place_with(place, _queues(20)).plan()
    server = Grouping(place.server, interrupt)
    report, _ = _execute(place, server, plan, 8)
    server.close()
    found = [outcome.status for outcome in report.outcomes]
    assert found == ["done"] * 8 + ["unknown"] * 8 + ["not-started"] * 4
    assert _queues_of(place) == [f"Q{number:03}" for number in range(8)]
    _recover(place)


def _queues_of(place: Place) -> list[str]:
    names = (str(one.attributes.get("name", "")) for one in place.objects().values())
    return sorted(name for name in names if re.fullmatch(r"Q\d{3}", name))


# What it costs


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The commits of the state, each of which takes as long as on a disk."""
    found: list[str] = []
    change = SqlSession.change

    def slow(session: SqlSession, statement: str, *parameters: Any) -> int:
        if statement == "COMMIT":
            found.append(statement)
            time.sleep(0.002)
        return change(session, statement, *parameters)

    monkeypatch.setattr(SqlSession, "change", slow)
    return found


def test_records_of_calls_that_start_together_are_committed_together(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[list[str]] = []
    append = SqlJournal.append

    def noted(journal: SqlJournal, *records: Record) -> None:
        batches.append([type(record).__name__ for record in records])
        append(journal, *records)

    monkeypatch.setattr(SqlJournal, "append", noted)
    plan = _place_with(place, _queues(8)).plan()
    with opened(place.server) as inner:
        assert _execute(place, GatedServer(inner, 8), plan, 8)[0].exit_code == 0
    begun = [batch for batch in batches if "CallBegin" in batch]
    assert begun == [["CallBegin"] * 8, ["CallBegin"]], "all at once, and then the inventory"


@pytest.mark.flushes
@pytest.mark.parametrize(("in_flight", "most"), [(1, 3), (8, 0.4), (32, 0.2)])
def test_an_apply_commits_less_often_the_more_is_in_flight_and_reads_the_lock_only_at_first(
    place: Place, commits: list[str], in_flight: int, most: float
) -> None:
    plan = _place_with(place, _queues(160)).plan()
    with opened(place.server) as inner:
        server = FaultyServer(inner)
        commits.clear()
        assert _execute(place, server, plan, in_flight)[0].exit_code == 0
    assert len(commits) <= 160 * most + 10
    begun = [one.name for one in server.calls].index("update")  # says in the lock that it writes
    after = [one.name for one in server.calls[begun:] if one.object_type == "Transaction"]
    look, write = "read", "create"  # of the inventory, between the looks at the lock
    assert after == ["update", "read", look, write, "read", "delete"]
    assert len([one for one in server.calls[begun:] if one.object_type == "Script"]) == 160


# What goes wrong


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize("when", ["before", "after"])
def test_the_report_is_the_same_as_with_one_in_flight(place: Place, at: int, when: Any) -> None:
    """Whatever the server refuses: dependents are skipped, and no replace starts any more."""
    _place_with(place, MANIFESTS + _queues(4))
    said = []
    for in_flight in (1, 8):
        copy = Place(place.folder.parent / f"copy-{in_flight}")
        copy.folder.mkdir()
        for name in ("gwe.db", "manifests.yaml"):
            (copy.folder / name).write_bytes((place.folder / name).read_bytes())
        plan = copy.plan("InteractionQueue/Replaced")
        names = [a.name for a in plan.writes if a.action == "create"][:at]
        with opened(copy.server) as inner:
            report, _ = _execute(copy, Refusing(inner, names[-1], when), plan, in_flight)
        said.append([(o.action.address, o.status, o.message, o.wrote) for o in report.outcomes])
    assert said[0] == said[1]
    assert {"done", "failed", "skipped"} <= {status for _, status, *_ in said[0]}


class Refusing(FaultyServer):
    """Refuses to create a script of one name."""

    def __init__(self, server: Server, name: str, when: str) -> None:
        super().__init__(server)
        self._name = name
        self._when = when

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        if attributes["name"] == self._name:
            if self._when == "after":
                time.sleep(0.01)
            raise UniquenessViolationError("a test asked for this error", object_type)
        return super().create(object_type, attributes, folder)


@pytest.mark.parametrize(
    ("fault", "statuses"),
    [
        (Drop(at=4, when="after", call="create", object_type="Script"), {"unknown", "failed"}),
        (LoseAnswer(at=4, call="create", object_type="Script"), {"unknown"}),
        (
            Refuse(at=4, call="create", object_type="Script", error=ReadOnlyModeError),
            {"failed"},
        ),
    ],
    ids=["session", "answer", "write mode"],
)
def test_what_stops_a_run_stops_it_for_all_that_is_not_in_flight(
    place: Place, fault: Any, statuses: set[str]
) -> None:
    plan = _place_with(place, _queues(40)).plan()
    with opened(place.server) as inner:
        server = FaultyServer(inner, [fault])
        report, told = _execute(place, server, plan, 8)
    found = [outcome.status for outcome in report.outcomes]
    assert len(told) == len(found) == 40
    assert {"done", "not-started"} <= set(found) <= statuses | {"done", "not-started"}
    assert report.exit_code == 5
    scripts = [one for one in place.objects().values() if one.attributes.get("name", "")[:1] == "Q"]
    done, unknown = found.count("done"), found.count("unknown")
    assert done <= len(scripts) <= done + unknown
    _recover(place)


def test_a_lock_that_is_lost_stops_all_that_has_not_been_sent(place: Place) -> None:
    """Every answer takes longer than a tenth of the lease. Once the lock is stolen, each of the 8
    threads may send what was confirmed before, and must then look at the lock. The thief is slow:
    what the others send until it has the lock is sent rightly."""
    plan = _place_with(place, _queues(40)).plan()
    now = [0.0]
    sent_before: list[int] = []

    def later(_: Server) -> None:
        now[0] += 7

    def steal(inner: Server) -> None:
        while sum(one.name == "create" for one in server.calls) < 24:
            time.sleep(0.001)
        _steal(inner)
        sent_before.append(len(server.calls))

    with opened(place.server) as inner:
        faults = [
            Interfere("create", when="after", object_type="Script", write=later),
            Interfere("create", 9, "after", object_type="Script", write=steal),
        ]
        server = FaultyServer(inner, faults)
        clock = Clock(lambda: now[0], lambda _: None, lambda _: "")
        report, _ = _execute(place, server, plan, 8, clock=clock)
    sent = [one for one in server.calls[sent_before[0] :] if one.name == "create"]
    messages = {o.message for o in report.outcomes if o.status == "failed"}
    assert messages == {"another run has taken the lock over"}
    assert len(sent) <= 8
    assert {o.status for o in report.outcomes} == {"done", "failed", "not-started"}


def test_what_waits_too_long_after_the_lock_was_confirmed_confirms_it_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine is suspended between the confirmation and the sending of the calls."""
    plan = _place_with(place, _queues(8)).plan()
    now = [0.0]
    confirm = Lock.confirm

    def then_suspended(lock: Lock, *, always: bool = False) -> None:
        confirm(lock, always=always)
        if not now[0]:
            _steal(inner)
            now[0] = 7

    monkeypatch.setattr(Lock, "confirm", then_suspended)
    with opened(place.server) as inner:
        server = FaultyServer(inner)
        clock = Clock(lambda: now[0], lambda _: None, lambda _: "")
        report, _ = _execute(place, server, plan, 8, clock=clock)
    assert {o.message for o in report.outcomes} == {"another run has taken the lock over"}
    assert [
        one for one in server.calls if (one.name, one.object_type) == ("create", "Script")
    ] == []


def test_a_journal_that_breaks_stops_all_that_has_not_been_sent(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = _place_with(place, _queues(40)).plan()
    append = SqlJournal.append
    begun: list[int] = []

    def breaking(journal: SqlJournal, *records: Record) -> None:
        begun.extend(record.step for record in records if isinstance(record, CallBegin))
        if journal.broken or any(step > 8 for step in begun):
            journal.broken = True
            raise JournalError("the journal cannot be written: the disk is full", "Make room.")
        append(journal, *records)

    monkeypatch.setattr(SqlJournal, "append", breaking)
    with opened(place.server) as inner:
        server = FaultyServer(inner)
        report, _ = _execute(place, server, plan, 8)
    assert report.journal_problem == "the journal cannot be written: the disk is full. Make room."
    created = [one for one in server.calls if (one.name, one.object_type) == ("create", "Script")]
    assert len(created) == 8
    assert report.exit_code == 5
    monkeypatch.undo()
    _recover(place)


def _recover(place: Place) -> None:
    server = ("--server", f"embedded:{place.server}")
    recovered = gwe("recover", *server, cwd=place.folder)
    assert recovered.code == 0, recovered.err
    assert place.locks() == []
    again = gwe("apply", *server, "--app", "GWE", "-f", "manifests.yaml", "--auto-approve",
                cwd=place.folder)  # fmt: skip
    assert again.code == 0, again.err
    assert place.plan().empty


# Ctrl-C


def test_the_first_ctrl_c_lets_end_what_is_in_flight_and_starts_nothing_more(
    place: Place,
) -> None:
    plan = _place_with(place, _queues(40)).plan()
    with opened(place.server) as inner:
        server = GatedServer(inner, 8)
        report, told = _execute(place, server, plan, 8, stopping=lambda: server.most == 8)
    found = [outcome.status for outcome in report.outcomes]
    assert found == ["done"] * 8 + ["not-started"] * 32
    assert len(told) == 40
    assert place.locks() == []


@pytest.fixture
def _ctrl_c_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_ctrl_c_interrupts")
def test_a_second_ctrl_c_waits_for_no_answer_and_sends_nothing_more(place: Place) -> None:
    plan = _place_with(place, _queues(40)).plan()
    release, main = threading.Event(), threading.main_thread().ident
    assert main is not None
    waiting = threading.Semaphore(0)

    class Silent(FaultyServer):
        """Answers no create until the run has ended."""

        def create(self, object_type: str, attributes: Any, folder: int | None = None) -> Any:
            if object_type == "Script":
                waiting.release()
                if attributes["name"] == "Q007":
                    for _ in range(8):
                        waiting.acquire(timeout=60)
                    signal.pthread_kill(main, signal.SIGINT)
                assert release.wait(60)
            return super().create(object_type, attributes, folder)

    with opened(place.server) as inner:
        server = Silent(inner)
        report, told = _execute(place, server, plan, 8)
        found = [outcome.status for outcome in report.outcomes]
        assert found == ["unknown"] * 8 + ["not-started"] * 32
        assert len(told) == 40
        release.set()
        deadline = time.monotonic() + 60
        while len(_created(server)) < 8 and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert len(_created(server)) == 8
    (run,) = place.runs
    assert [step.result for step in run.steps] == [""] * 8  # several begun, none ended
    _recover(place)


def test_answers_that_have_arrived_at_the_second_ctrl_c_are_in_the_journal(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal too: else recover would take an object of another client for the run's own."""
    plan, send = _place_with(place, _queues(2)).plan(), Threads.send
    refused = Refuse("create", 2, object_type="Script", error=UniquenessViolationError)

    def strike(threads: Threads, jobs: Sequence[Job]) -> None:
        send(threads, jobs)
        deadline = time.monotonic() + 60
        while threads._replies.qsize() < len(jobs) and time.monotonic() < deadline:
            time.sleep(0.001)
        raise KeyboardInterrupt

    monkeypatch.setattr(Threads, "send", strike)
    with opened(place.server) as inner:
        report, _ = _execute(place, FaultyServer(inner, [refused]), plan, 2)
    assert [outcome.status for outcome in report.outcomes] == ["unknown"] * 2
    (run,) = place.runs
    assert sorted(step.result for step in run.steps) == ["answered", "refused"]
    _recover(place)


def _created(server: FaultyServer) -> list[object]:
    return [one for one in server.calls if (one.name, one.object_type) == ("create", "Script")]


# A run that is killed


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("number", [3, 6, 12, 14])
def test_a_run_that_is_killed_with_several_calls_in_flight_is_recovered(
    nursery: Nursery, place: Place, number: int, side: str
) -> None:
    """At one of its writes to the server: the third is the first of its own."""
    before = place.objects()
    _place_with(place, MANIFESTS + _queues(12))
    killed = nursery.apply(place, Strike("write", side, number), "--in-flight", "8")
    assert killed.code == -9
    (run,) = place.runs
    open_calls = [step for step in run.steps if step.unknown]
    assert open_calls
    if number > 6:  # past the replace, which is alone
        assert len(open_calls) > 1
    refused = nursery.apply(place, None, "--in-flight", "8")
    assert refused.code == 4
    recovered = nursery.recover(place)
    assert (recovered.code, recovered.err) == (0, "")
    (run,) = place.runs
    assert (run.finished, run.status) == (True, "recovered")
    assert [step for step in run.steps if step.unknown] == []
    assert place.locks() == []
    assert {"AgentGroup Group", "Script Changed", "Script Replaced"} <= {*told(place.objects())}
    assert nursery.apply(place, None, "--in-flight", "8").code == 0
    assert place.plan().empty
    assert named(place.objects(), "Script", "Q011").dbid
    assert {key for key in before if key[0] == "Person"} <= place.objects().keys()


@pytest.mark.parametrize("in_flight", [1, 8])
def test_a_suspended_run_whose_lock_was_abandoned_stops_before_its_next_write(
    place: Place, in_flight: int
) -> None:
    """Its process was stopped (SIGSTOP) or its machine asleep; its clock has gone on."""
    plan = _place_with(place, _queues(20)).plan()
    now = [0.0]

    def sleep_and_lose() -> None:
        now[0] += 3600
        for one in find_locks(inner):
            inner.delete("Transaction", one.dbid)

    clock = Clock(lambda: now[0], lambda _: None, lambda _: "")
    with opened(place.server) as inner:
        server = GatedServer(inner, in_flight, sleep_and_lose)
        report, _ = _execute(place, server, plan, in_flight, clock=clock)
    found = [outcome.status for outcome in report.outcomes]
    assert found[:in_flight] == ["done"] * in_flight  # they were sent when it fell asleep
    failed = found.count("failed")  # all that were begun before the loss was noticed
    assert 1 <= failed <= in_flight
    assert found[in_flight:] == ["failed"] * failed + ["not-started"] * (20 - in_flight - failed)
    messages = {outcome.message for outcome in report.outcomes if outcome.status == "failed"}
    assert messages == {"another run has taken the lock over"}
