"""Ctrl-C at any line of a run: what the run says is so, and nothing is left behind unsaid.

SIGINT comes at one line of the modules that run a plan, acquire the lock and write the
journal, as a trace function sees it: at the first and at the last time that each line is
executed. In these tests every SIGINT raises KeyboardInterrupt, as in a program that uses the
Python API; with ``gwe`` only the second does.
"""

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import reconciler
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.recovery.recover import plan_of_run
from reconciler.apply.report import RunReport
from reconciler.apply.run import execute_plan
from reconciler.apply.session import RunOptions
from reconciler.apply.undo.plan import plan_undo
from reconciler.engine.progress import Progress
from reconciler.errors import InterruptedRunError, JournalError
from reconciler.plan.file.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import OutcomeUnknownError
from reconciler.server.port import Server
from reconciler.state.journal_writer import SqlJournal
from reconciler.state.records import Record, RunFinish
from reconciler.state.sql import SqlStore
from reconciler.testing.faults import Drop, Interfere, LoseAnswer
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import gwe, opened
from tests.runs import (
    AFTER,
    BEFORE,
    REPLACED,
    Heard,
    Place,
    access_of,
    assert_same_but_dbids,
    carry_out_quietly,
    make_place,
    make_place_anew,
    once_in_each,
    someone,
    store_at,
    told,
)
from tests.state.backends import make_run

PACKAGE = Path(reconciler.__file__).parent
TRACED = {
    str(PACKAGE / name)
    for name in (
        *("apply/run.py", "apply/session.py", "apply/lock/lock.py", "apply/lock/acquisition.py"),
        *("apply/calls.py", "apply/executor.py", "apply/writes.py", "apply/report.py"),
        *("apply/in_flight.py", "apply/schedule.py"),
        *("state/journal_writer.py", "state/sql.py", "state/session.py"),
    )
}
Line = tuple[str, int]


@contextmanager
def traced(seen: Callable[[Line], None]) -> Iterator[None]:
    """Calls ``seen`` at each line of these modules that is executed."""

    def local(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            seen((frame.f_code.co_filename, frame.f_lineno))
        return local

    def begin(frame: FrameType, _event: str, _: Any) -> Any:
        return local if frame.f_code.co_filename in TRACED else None

    before = sys.gettrace()
    sys.settrace(begin)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.fixture(autouse=True)
def _ctrl_c_interrupts() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def run(
    place: Place,
    server: Server,
    heard: Progress,
    traces: AbstractContextManager[None] | None = None,
    in_flight: int = 1,
) -> RunReport:
    """``traces``: entered for the run alone, without its plan."""
    plan = place.plan(*REPLACED)
    with traces or nullcontext():
        return execute(plan, place, server, heard, in_flight)


def execute(
    plan: Plan, place: Place, server: Server, heard: Progress, in_flight: int = 1
) -> RunReport:
    return execute_plan(
        plan,
        plan_json(plan),
        server,
        RunOptions(place.state, in_flight=in_flight),
        someone("first"),
        heard,
    )


Ending = RunReport | KeyboardInterrupt | InterruptedRunError


def struck(place: Place, line: Line, time: int, in_flight: int = 1) -> tuple[Ending, list[str]]:
    """What a run comes to when SIGINT arrives at that line, executed for that time; and what
    it has warned of."""
    times: Counter[Line] = Counter()
    heard = Heard()

    def strike(now: Line) -> None:
        times[now] += 1
        if (now, times[now]) == (line, time):
            sys.settrace(None)  # what comes now is not looked at, and runs faster
            signal.raise_signal(signal.SIGINT)

    with opened(place.server) as server:
        try:
            return run(place, server, heard, traced(strike), in_flight), heard.warnings
        except (KeyboardInterrupt, InterruptedRunError) as error:
            return error, heard.warnings


def check(place: Place, ended: Ending, warnings: list[str]) -> None:
    """What the run says is so."""
    finished = all(entry.finished for entry in place.state.list_runs())
    if isinstance(ended, KeyboardInterrupt):  # gwe says that nothing was written
        assert told(place.objects()) == BEFORE
        assert finished
        assert place.locks() == [] or "gwe lock release releases it" in "".join(warnings)
    elif isinstance(ended, RunReport) and not ended.needs_recovery:
        assert finished
        assert place.locks() == [] or "gwe lock release releases it" in "".join(warnings)
        assert (ended.exit_code == 0) == (told(place.objects()) == AFTER)
    elif isinstance(ended, InterruptedRunError):  # gwe says that something may be written
        assert not finished or told(place.objects()) == BEFORE
    check_recovers(place)


@once_in_each(lambda place: place.world())
def check_recovers(place: Place) -> None:
    """Whatever was said: recover finishes the run, and nothing is lost."""
    server = ("--server", f"embedded:{place.server}")
    recovered = gwe("recover", *server, cwd=place.folder)
    assert recovered.code == 0, recovered.err
    assert gwe("lock", "release", *server, cwd=place.folder).code == 0
    assert all(entry.finished for entry in place.state.list_runs())
    assert {"AgentGroup Group", "Application Chat", "Script Changed", "Script Replaced"} <= {
        *told(place.objects())
    }


@pytest.mark.long
@pytest.mark.parametrize(("in_flight", "share"), [(1, 12), (8, 24)])
def test_at_whatever_line_ctrl_c_arrives_the_run_says_what_is_so(
    tmp_path: Path, template: Path, in_flight: int, share: int
) -> None:
    """With several in flight, at any line of the thread that keeps the journal and the lock:
    the system sends no signal to another."""
    times: Counter[Line] = Counter()
    place = make_place(tmp_path / "whole", template)
    with opened(place.server) as server:
        seen = traced(lambda line: times.update([line]))
        assert run(place, server, Progress(), seen, in_flight).exit_code == 0
    moments = sorted({(line, n) for line, last in times.items() for n in (1, last)})
    assert len(moments) > 300
    step = len(moments) // examples(len(moments), share=share)
    for line, time in moments[::step]:
        place = make_place_anew(tmp_path / "each", template)
        ended, warnings = struck(place, line, time, in_flight)
        try:
            check(place, ended, warnings)
        except AssertionError as error:
            raise AssertionError(f"{line}, executed {time} times: {ended!r}") from error


@pytest.mark.parametrize("side", ["before", "after"])
def test_ctrl_c_in_the_last_record_of_a_run_does_not_leave_it_unfinished(
    place: Place, monkeypatch: pytest.MonkeyPatch, side: str
) -> None:
    append = SqlJournal.append

    def strike(journal: SqlJournal, *records: Record) -> None:
        last = isinstance(records[0], RunFinish)
        if last and side == "before":
            signal.raise_signal(signal.SIGINT)
        append(journal, *records)
        if last and side == "after":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(SqlJournal, "append", strike)
    with opened(place.server) as server:
        report = run(place, server, Progress())
    assert report.exit_code == 0
    assert told(place.objects()) == AFTER
    (entry,) = place.runs
    assert (entry.finished, entry.status) == (True, "applied")
    assert place.locks() == []


def test_a_last_record_that_cannot_be_written_is_no_success(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = SqlJournal.append

    def fail(journal: SqlJournal, *records: Record) -> None:
        if isinstance(records[0], RunFinish):
            raise JournalError("the journal cannot be written: the disk is full", "Make room.")
        append(journal, *records)

    monkeypatch.setattr(SqlJournal, "append", fail)
    with opened(place.server) as server:
        report = run(place, server, Progress())
    assert (report.exit_code, report.needs_recovery) == (5, True)
    assert report.journal_problem == ("the journal cannot be written: the disk is full. Make room.")
    (entry,) = place.runs
    assert not entry.finished


def interrupt(_: Server) -> None:
    signal.raise_signal(signal.SIGINT)


def test_a_replace_that_is_interrupted_in_its_delete_is_finished_and_can_be_reverted(
    place: Place,
) -> None:
    objects, access = place.objects(), access_of(place.server)
    strike = Interfere("delete", 1, "after", object_type="AgentGroup", write=interrupt)
    with opened(place.server) as inner:
        report = run(place, FaultyServer(inner, [strike]), Progress())
        assert not report.needs_recovery
        (first,) = place.runs
        assert [step.call for step in first.steps if step.unknown] == []
        assert told(place.objects())["AgentGroup Group"] == AFTER["AgentGroup Group"]
        undo = plan_undo(first, plan_of_run(first), inner)
        undone = carry_out_quietly(undo, inner, RunOptions(place.state), someone("undo"))
    assert undone.exit_code == 0
    assert_same_but_dbids(place.server, objects, access)


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(("call", "number"), [("create", 1), ("read", 3)])
def test_ctrl_c_while_the_lock_is_acquired_leaves_no_lock(
    place: Place, call: Any, number: int, side: Any
) -> None:
    """Within its create, and within the look at the other tenant that follows."""
    strike = Interfere(call, number, side, object_type="Transaction", write=interrupt)
    heard = Heard()
    with opened(place.server) as inner:
        server = FaultyServer(inner, [strike])
        with pytest.raises(KeyboardInterrupt):
            run(place, server, heard)
    assert [one.name for one in server.calls if one.object_type == "Transaction"].count(
        "create"
    ) <= 1
    assert told(place.objects()) == BEFORE
    assert (place.locks(), heard.warnings) == ([], [])
    assert [entry.status for entry in place.runs] == ["nothing written"]


def test_a_lock_whose_create_was_not_answered_is_released(place: Place) -> None:
    fault = LoseAnswer("create", 1, object_type="Transaction")
    with opened(place.server) as inner, pytest.raises(OutcomeUnknownError):
        run(place, FaultyServer(inner, [fault]), Progress())
    assert place.locks() == []


def test_a_lock_that_may_be_left_behind_is_named_with_the_way_to_release_it(
    place: Place,
) -> None:
    lost = Drop("create", 1, "after", object_type="Transaction")
    heard = Heard()
    with opened(place.server) as inner, pytest.raises(OutcomeUnknownError):
        run(place, FaultyServer(inner, [lost]), heard)
    (warning,) = heard.warnings
    assert warning.startswith("The lock could not be released: ")
    assert warning.endswith(
        " gwe lock show tells whether it is still held, and gwe lock release releases it."
    )
    assert len(place.locks()) == 1
    server = ("--server", f"embedded:{place.server}")
    released = gwe("lock", "release", *server, cwd=place.folder)
    assert released.out == "Released the lock of run first.\n"


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        (
            ("lock", "release", "--abandon", "RUN"),
            "interrupted: the lock may or may not have been released",
            "gwe lock show tells whether it is still held.",
        ),
        (
            ("recover",),
            "the recovery was interrupted",
            "Run gwe recover again: it continues where it stopped.",
        ),
    ],
    ids=["lock release", "recover"],
)
def test_a_command_that_may_have_deleted_a_lock_says_so_when_it_is_interrupted(
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    command: Sequence[str],
    message: str,
    hint: str,
    side: str,
) -> None:
    lock = Drop("delete", 1, "before", object_type="Transaction")  # a lock of a run that ended
    with opened(place.server) as inner:
        run(place, FaultyServer(inner, [lock]), Progress())
    assert len(place.locks()) == 1
    delete = EmbeddedServer.delete

    def strike(server: EmbeddedServer, *arguments: Any) -> None:
        if side == "before":
            raise KeyboardInterrupt
        delete(server, *arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(EmbeddedServer, "delete", strike)
    words = [word.replace("RUN", "first") for word in command]
    done = gwe(*words, "--server", f"embedded:{place.server}", cwd=place.folder)
    assert done.code == 5
    said = " ".join(done.err.split())
    assert f"error: {message} {hint}" in said
    assert "nothing was written" not in said


def test_a_prune_that_is_interrupted_says_that_runs_may_have_been_deleted(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strike(*_: Any) -> Any:
        raise KeyboardInterrupt

    store = store_at(str(place.state_dir), lambda: 1_000_000_000.0)  # in 2001
    for name in ("first", "second"):
        make_run(store, name)
    monkeypatch.setattr(SqlStore, "prune", strike)
    done = gwe("runs", "prune", "--older-than", "0d", "--auto-approve", cwd=place.folder)
    assert done.code == 5
    assert "some of the old runs may have been deleted" in " ".join(done.err.split())


def test_a_signal_waits_for_a_block_that_allows_it() -> None:
    reached = []
    with Interrupts() as interrupts:
        signal.raise_signal(signal.SIGINT)
        reached.append("kept back")
        with pytest.raises(KeyboardInterrupt), interrupts.allowed():
            reached.append("not reached")
        signal.raise_signal(signal.SIGINT)  # after the run has ended it is forgotten
    assert reached == ["kept back"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_thread_other_than_the_main_thread_runs_a_plan_too(place: Place) -> None:
    def work() -> RunReport:
        with opened(place.server) as server:
            return run(place, server, Progress())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result().exit_code == 0
