"""Sends the calls of actions that are in flight, and hands over the answers.

    a server that answers over a network    each call in a thread of its own, which waits
    a server that writes together           here, all calls of a group in one transaction

Neither writes to the journal. A call that writes is sent only while the last confirmation of the
lock is recent; otherwise it is returned unsent.
"""

import queue
import threading
from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from reconciler.apply.lock.lock import RunLock
from reconciler.apply.steps import Ask, Send, Steps
from reconciler.server.port import Together


class Flight(Struct, frozen=True, eq=False):
    """An action in flight: its number in the plan, and its steps."""

    number: int
    steps: Steps[Any]


class Job(Struct, frozen=True, eq=False):
    """A step of an action that is to be sent."""

    flight: Flight
    step: Ask | Send


class Reply(Struct, frozen=True, eq=False):
    """What became of a job: its answer or its error; ``unsent``: the lock must be confirmed
    first."""

    job: Job
    answer: Any = None
    error: BaseException | None = None
    unsent: bool = False


Replies = queue.SimpleQueue[Reply]


class Sender(Protocol):
    """Sends jobs. The replies come in any order."""

    def send(self, jobs: Sequence[Job]) -> None:
        """Sends jobs, or hands them to threads that do."""

    def close(self) -> None:
        """Sends nothing more, and waits for no answer."""


class Threads:
    """Sends each job in one of so many threads."""

    def __init__(self, most: int, lock: RunLock, replies: Replies) -> None:
        self._most = most
        self._lock = lock
        self._replies = replies
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads = 0
        self._closed = False

    def send(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            self._jobs.put(job)
            if self._threads < self._most:
                self._threads += 1
                # A process that must end at once does not wait for answers of a server.
                threading.Thread(target=self._work, daemon=True).start()

    def close(self) -> None:
        self._closed = True
        for _ in range(self._threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None and not self._closed:
            try:
                reply = _sent(job, self._lock)
            except BaseException as error:  # noqa: BLE001 - raised in the action's steps
                reply = Reply(job, error=error)
            self._replies.put(reply)


class InGroups:
    """Sends all jobs of a group one after another, in one transaction of the server."""

    def __init__(self, together: Together, lock: RunLock, replies: Replies) -> None:
        self._together = together
        self._lock = lock
        self._replies = replies

    def send(self, jobs: Sequence[Job]) -> None:
        try:
            with self._together():
                replies = [_sent(job, self._lock) for job in jobs]
        except Exception as error:  # noqa: BLE001 - raised in the steps of each action
            replies = [Reply(job, error=error) for job in jobs]  # nothing was written
        for reply in replies:
            self._replies.put(reply)

    def close(self) -> None:
        """Does nothing: no call is in flight here."""


def _sent(job: Job, lock: RunLock) -> Reply:
    """Sends a job and waits for its answer. Only an interruption is raised."""
    if isinstance(job.step, Send) and not lock.is_recent:
        # The thread did not run for a while, or the machine was suspended.
        return Reply(job, unsent=True)
    try:
        return Reply(job, answer=job.step.call())
    except Exception as error:  # noqa: BLE001 - raised in the action's steps
        return Reply(job, error=error)
