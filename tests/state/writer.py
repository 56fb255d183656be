"""A process whose children write a run each and kill themselves at a given statement.

Each line of its input names a store, a run and a number; each line of its output tells how
the child ended, and how many of the records of ``RECORDS`` it had been told are durable.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from reconciler.errors import StateError
from reconciler.state.opening import open_store
from reconciler.state.session import SqlSession
from tests.postgres import available
from tests.state.backends import PLAN, RECORDS, head

ROOT = Path(__file__).parent.parent.parent
NOT_CREATED = -1


class Writers:
    """Starts children that write."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def write(self, where: str, run: str, dies_at: int) -> tuple[bool, int]:
        """Whether the child was killed, before its statement number ``dies_at``; and how
        many records were durable by what it was told, ``NOT_CREATED``: not even the run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([where, run, dies_at]) + "\n")
        status, durable = json.loads(self._process.stdout.readline())
        assert status in (0, -signal.SIGKILL), status
        return status != 0, durable


@contextmanager
def running_writers() -> Iterator[Writers]:
    process = subprocess.Popen(
        [sys.executable, "-c", "import tests.state.writer as writer; writer.serve()"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield Writers(process)
    finally:
        process.communicate(timeout=60)  # it ends where its input does


def serve() -> None:
    """The parent: forks a child for each line."""
    _warm_up()
    for line in sys.stdin:
        where, run, dies_at = json.loads(line)
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            _write(where, run, dies_at, tell)
        os.close(tell)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        with open(told, "rb") as file:
            durable = len(file.read()) + NOT_CREATED
        sys.stdout.write(json.dumps([status, durable]) + "\n")
        sys.stdout.flush()


def _warm_up() -> None:
    """So that the children find imported what is imported when it is used."""
    with TemporaryDirectory() as folder, open_store(folder).create_run(head("first"), PLAN):
        pass
    if available():
        with suppress(StateError):
            open_store(f"postgresql:///postgres?host={quote(folder, safe='')}").list_runs()


def _write(where: str, run: str, dies_at: int, tell: int) -> None:
    """The child."""
    code = 1
    try:
        _kill_before(dies_at)
        with open_store(where).create_run(head(run), PLAN) as journal:
            os.write(tell, b".")
            for record in RECORDS:
                journal.append(record)
                os.write(tell, b".")
        code = 0
    finally:
        os._exit(code)


def _kill_before(number: int) -> None:
    """Lets the statement of that number, from 1, kill the process before it is sent."""
    execute = SqlSession._execute
    left = iter(range(number - 1, -1, -1))

    def killed(session: SqlSession, statement: str, parameters: tuple[Any, ...]) -> Any:
        if next(left, None) == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(session, statement, parameters)

    SqlSession._execute = killed  # type: ignore[method-assign]
