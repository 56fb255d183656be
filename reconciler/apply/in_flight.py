"""Writes actions in several threads, for which one thread keeps the journal and the lock.

    worker          computes, sends its call, waits for the answer; may not touch journal or lock
    run's thread    starts actions, commits records, confirms the lock, takes the outcomes

A worker that is about to send a call gives its records to the run's thread and waits until they
are durable. That thread commits them together, once no worker is about to have more: calls that
start together share one commit and one confirmation of the lock, and are sent right after it.
Nobody waits for the record of an answer: it comes with the next call or with the outcome of the
action, and is in the commit that follows. An action that waits for another starts its call after
that commit, too.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct

from reconciler.apply.calls import Calls
from reconciler.apply.lock.lock import RunLock
from reconciler.apply.report import Outcome
from reconciler.plan.actions import Create, Write
from reconciler.state.records import CallBegin, Record
from reconciler.state.store import RunJournal

Result = Outcome | BaseException
"""What became of an action: its outcome, or what ended the run."""
WriteAction = Callable[[Write, Calls], Outcome]
"""Writes an action with the calls of its thread."""


class _Post(Struct, frozen=True):
    """What a worker tells the run's thread: it has ``records``, and waits to send a call until
    they are durable; or its action has ended."""

    worker: "_Worker"
    records: Sequence[Record] = ()
    result: Result | None = None


class _Answer(Struct, frozen=True):
    """Whether a worker's records are durable, and the lock is its run's."""

    refused: BaseException | None = None
    lost: BaseException | None = None


class _Worker:
    """A thread that writes one action at a time. To its calls it is journal and lock of the
    run. Implements ``RunJournal`` and ``RunLock``."""

    keep = False

    def __init__(self, posts: "queue.SimpleQueue[_Post]", calls: Calls, write: WriteAction) -> None:
        self.number = -1
        self._posts = posts
        self._journal = calls.journal
        self._lock = calls.lock
        self._write = write
        self._actions: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._records: list[Record] = []
        """Of answers that have arrived, for the next post."""
        self._lost: BaseException | None = None
        self._abandoned = False
        self._calls = calls.through(self, self)
        # A process that is told to end at once does not wait for the answers of a server.
        threading.Thread(target=self._work, daemon=True).start()

    def start(self, number: int, action: Write) -> None:
        self.number = number
        self._actions.put(action)

    def answer(self, answer: _Answer) -> None:
        self._answers.put(answer)

    def dismiss(self) -> None:
        """Ends the thread when its action has ended."""
        self._actions.put(None)

    def abandon(self) -> None:
        """Keeps the thread from sending another call, and ends it."""
        self._abandoned = True
        self._answers.put(_Answer(refused=KeyboardInterrupt()))
        self.dismiss()

    def _work(self) -> None:
        while (action := self._actions.get()) is not None:
            try:
                result: Result = self._write(action, self._calls)
            except BaseException as error:  # noqa: BLE001 - raised in the run's thread
                result = error
            self._posts.put(_Post(self, self._taken_records(), result))

    def _taken_records(self) -> list[Record]:
        records, self._records = self._records, []
        return records

    def _ask(self) -> None:
        """Waits until the records are durable and the lock is confirmed."""
        self._posts.put(_Post(self, self._taken_records()))
        answer = self._answers.get()
        self._lost = answer.lost
        if answer.refused is not None:
            raise answer.refused

    @property
    def place(self) -> str:
        return self._journal.place

    @property
    def broken(self) -> bool:
        return self._journal.broken

    def append(self, *records: Record) -> None:
        self._records += records
        if any(isinstance(record, CallBegin) for record in records):
            self._ask()

    def save_backup(self, path: str, content: bytes) -> str:
        return self._journal.save_backup(path, content)

    @property
    def is_recent(self) -> bool:
        return self._lock.is_recent

    def confirm(self, *, always: bool = False) -> None:  # noqa: ARG002 - deletes start alone
        if not self.is_recent:  # the thread was kept from running, or the machine was suspended
            self._ask()
        if self._abandoned:
            raise KeyboardInterrupt
        if self._lost is not None:
            raise self._lost

    def start_writing(self) -> None:
        """Does nothing: the run's thread does it when it commits the records of the call."""

    def release(self) -> None:
        """Left to the run's thread."""


class InFlight:
    """The actions that are being written. Used by the run's thread alone."""

    def __init__(self, limit: int, calls: Calls, write: WriteAction) -> None:
        self._limit = limit
        self._calls = calls
        self._journal: RunJournal = calls.journal
        self._lock: RunLock = calls.lock
        self._write = write
        self._posts: queue.SimpleQueue[_Post] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._idle: list[_Worker] = []
        self._computing: set[_Worker] = set()
        """Workers that will post before they wait for the server."""
        self._waiting: list[_Post] = []
        self._ended: list[tuple[int, Result]] = []
        self._notes: list[Record] = []
        """Of answers and outcomes, for the next commit."""

    @property
    def count(self) -> int:
        """How many actions are in flight."""
        return len(self._workers) - len(self._idle)

    @property
    def is_full(self) -> bool:
        """Whether no further action may start."""
        return self.count >= self._limit

    def has_room_beside(self, ready: int) -> bool:
        """Whether an action that starts now is or can be one of several, where so many more
        are ready."""
        return self._limit > 1 and (self.count > 0 or ready > 0)

    def start(self, number: int, action: Write) -> None:
        """Starts an action in a thread. Only where it is not full."""
        if not self._idle:
            worker = _Worker(self._posts, self._calls, self._write)
            self._workers.append(worker)
        else:
            worker = self._idle.pop()
        if isinstance(action, Create):  # an update reads its object first
            self._computing.add(worker)
        worker.start(number, action)

    def wait(self) -> list[tuple[int, Result]]:
        """Waits until actions have ended: their numbers, and what became of them. Commits
        the records of all meanwhile."""
        while not self._ended:
            if (self._waiting or self._notes) and not self._computing:
                self._commit()
            with suppress(queue.Empty):
                self._receive(self._posts.get(timeout=1.0))  # where no signal wakes it up
                while True:
                    self._receive(self._posts.get_nowait())
        ended, self._ended = self._ended, []
        return ended

    def note(self, record: Record) -> None:
        """Keeps a record for the next commit."""
        self._notes.append(record)

    def flush(self) -> None:
        """Commits what was noted, if it was not yet."""
        self._append(())

    def dismiss(self) -> None:
        """Ends the threads; none may be at work."""
        for worker in self._workers:
            worker.dismiss()

    def abandon(self) -> None:
        """Waits for no answer any more. What is in flight may or may not be written; nothing
        else is sent. What is known of answers is noted."""
        for worker in self._workers:
            worker.abandon()
        self._idle = list(self._workers)
        with suppress(queue.Empty):
            while True:
                post = self._posts.get_nowait()
                self._notes += post.records if post.result is not None else ()

    def _receive(self, post: _Post) -> None:
        self._computing.discard(post.worker)
        if post.result is None:
            self._waiting.append(post)
        else:
            self._notes += post.records
            self._ended.append((post.worker.number, post.result))
            self._idle.append(post.worker)

    def _commit(self) -> None:
        """Commits what was noted and what the workers wait for, and lets them go on."""
        posts, self._waiting = self._waiting, []
        refused = _error_of(self._lock.start_writing) if posts else None
        if refused:
            posts, refusing = [], posts
            self._answer(refusing, _Answer(refused))
        refused = self._append([record for post in posts for record in post.records])
        lost = _error_of(self._lock.confirm) if posts and not refused else None
        self._answer(posts, _Answer(refused, lost))

    def _append(self, records: Sequence[Record]) -> Exception | None:
        """Commits what was noted and more; the error where that was not possible."""
        noted = len(self._notes)
        if not noted and not records:
            return None
        refused = _error_of(lambda: self._journal.append(*self._notes, *records))
        del self._notes[:noted]
        if refused and noted:  # noticed before the next action
            with self._calls.without_journal():
                raise refused
        return refused

    def _answer(self, posts: Sequence[_Post], answer: _Answer) -> None:
        for post in posts:
            if answer.refused or answer.lost:
                self._computing.add(post.worker)
            post.worker.answer(answer)


def _error_of(act: Callable[[], object]) -> Exception | None:
    """The error of an act, to be raised in another thread."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker raises it
        return error
    return None
