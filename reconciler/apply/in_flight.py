"""Executes the steps of several actions concurrently.

The run's own thread does everything but wait for answers: it computes, keeps the journal and
confirms the lock; ``sending`` sends the calls. Calls that are ready together share one commit of
their records and one confirmation of the lock, and are sent right after it. Nothing waits for the
record of an answer: it is part of the next commit. An action that depends on another sends its call
after that commit, too.
"""

import queue
from collections.abc import Callable, Sequence
from contextlib import suppress

from reconciler.apply.calls import Calls
from reconciler.apply.report import Outcome
from reconciler.apply.sending import Flight, InGroups, Job, Replies, Reply, Sender, Threads
from reconciler.apply.steps import Begin, End, Send, Steps
from reconciler.server.port import Together
from reconciler.state.records import Record

Result = Outcome | BaseException
"""What became of an action: its outcome, or what ended the run."""


class InFlight:
    """The actions that are being written, at most ``limit``. ``together``: see ``port``."""

    def __init__(self, limit: int, calls: Calls, together: Together | None) -> None:
        self._limit = limit
        self._calls = calls
        self._replies: Replies = queue.SimpleQueue()
        self._sender: Sender = (
            InGroups(together, calls.lock, self._replies)
            if together
            else Threads(limit, calls.lock, self._replies)
        )
        self._unsent: list[Job] = []
        self._beginning: list[tuple[Flight, Begin]] = []
        """Actions whose next call is sent once its record is durable."""
        self._ended: list[tuple[int, Result]] = []
        self._notes: list[Record] = []
        """Records of answers and outcomes, for the next commit."""
        self.count = 0
        """How many actions are in flight."""

    @property
    def is_full(self) -> bool:
        """Whether no further action may start."""
        return self.count >= self._limit

    def has_room_beside(self, ready: int) -> bool:
        """Whether an action that starts now has or can get others in flight beside it. ``ready``:
        how many others are ready."""
        return self._limit > 1 and (self.count > 0 or ready > 0)

    def start(self, number: int, steps: Steps[Outcome]) -> None:
        """Starts an action. Must not be called if ``is_full``."""
        self.count += 1
        self._continue(Flight(number, steps))

    def wait(self) -> list[tuple[int, Result]]:
        """Waits until actions have ended. Returns their numbers and results. Meanwhile commits the
        records of all actions."""
        while True:
            with suppress(queue.Empty):  # all that is here shares the next commit
                while True:
                    self._receive(self._replies.get_nowait())
            if self._ended:
                ended, self._ended = self._ended, []
                self.count -= len(ended)
                return ended
            if self._unsent:
                self._send()
            elif self._beginning or self._notes:
                self._commit()
            else:
                with suppress(queue.Empty):
                    self._receive(self._replies.get(timeout=1.0))  # where no signal wakes it up

    def note(self, record: Record) -> None:
        """Keeps a record for the next commit."""
        self._notes.append(record)

    def flush(self) -> None:
        """Commits what was noted, if it was not yet."""
        self._append(())

    def close(self) -> None:
        """Sends nothing more."""
        self._sender.close()

    def abandon(self) -> None:
        """Stops waiting for answers, and sends nothing else. Calls in flight may or may not be
        executed; answers and refusals that have arrived are noted."""
        self._sender.close()
        self.count = 0
        with suppress(queue.Empty):
            while True:
                self._receive(self._replies.get_nowait())

    def _continue(
        self, flight: Flight, answer: object = None, error: BaseException | None = None
    ) -> None:
        """Lets an action compute, up to the step that it waits for."""
        steps = flight.steps
        try:
            step = steps.throw(error) if error else steps.send(answer)
            while isinstance(step, End):
                self._notes.append(step.record)
                step = steps.send(None)
        except StopIteration as end:
            self._ended.append((flight.number, end.value))
        except BaseException as ended:  # noqa: BLE001 - the executor accounts for it, or raises it
            self._ended.append((flight.number, ended))
        else:
            if isinstance(step, Begin):
                self._beginning.append((flight, step))
            else:
                self._unsent.append(Job(flight, step))

    def _receive(self, reply: Reply) -> None:
        if reply.unsent:
            self._unsent.append(reply.job)
        else:
            self._continue(reply.job.flight, reply.answer, reply.error)

    def _commit(self) -> None:
        """Commits what was noted and the records of calls that are to begin."""
        begun, self._beginning = self._beginning, []
        refused = _error_of(self._calls.lock.start_writing) if begun else None
        records = () if refused else [step.record for _, step in begun]
        refused = self._append(records) or refused
        for flight, _ in begun:
            self._continue(flight, error=refused)

    def _send(self) -> None:
        """Confirms the lock, if a call writes, and sends what is to be sent."""
        jobs, self._unsent = self._unsent, []
        lost: Exception | None = None
        if any(isinstance(job.step, Send) for job in jobs):
            lost = _error_of(self._calls.lock.confirm)
        for job in [job for job in jobs if lost and isinstance(job.step, Send)]:
            jobs.remove(job)
            self._continue(job.flight, error=lost)
        self._sender.send(jobs)

    def _append(self, records: Sequence[Record]) -> Exception | None:
        """Commits what was noted and these records. Returns the error if that was not possible."""
        noted = len(self._notes)
        if not noted and not records:
            return None
        refused = _error_of(lambda: self._calls.journal.append(*self._notes, *records))
        del self._notes[:noted]
        if refused and noted:  # noticed before the next action
            with self._calls.without_journal():
                raise refused
        return refused


def _error_of(act: Callable[[], object]) -> Exception | None:
    """The error that a call raises, to be raised in the steps of an action."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, the steps raise it
        return error
    return None
