"""A process that writes a run is killed with SIGKILL before every statement that it sends to
the database. What it was told is durable is there; the run is whole, and nobody holds it."""

import time
from collections.abc import Iterator

import pytest

from reconciler.errors import UsageError
from reconciler.state.records import RunFinish
from reconciler.state.store import IntactRecords
from tests.state.backends import RECORDS, Backend, head
from tests.state.writer import NOT_CREATED, Writers, running_writers

RECOVERED = RunFinish("recovered", unsettled=False, ended="later")


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    with running_writers() as found:
        yield found


def test_a_run_is_whole_wherever_its_process_was_killed(backend: Backend, writers: Writers) -> None:
    store = backend.store()
    found: list[int] = []
    killed, statement = True, 0
    while killed:
        statement += 1
        run = f"run {statement}"
        killed, durable = writers.write(backend.where, run, statement)
        try:
            intact = store.read_intact(run)
        except UsageError:
            found.append(NOT_CREATED)
            assert durable == NOT_CREATED
            continue
        found.append(len(intact.records) - 1)
        assert found[-1] in (durable, durable + 1)
        assert intact == IntactRecords((head(run), *RECORDS)[: found[-1] + 1], ())
        _wait_until_free(backend, run)
        with store.hold(run) as journal:
            journal.append(RECOVERED)
        assert store.read_run(run).ending == RECOVERED
    numbers = [entry.number for entry in store.list_runs()]
    assert numbers == list(range(1, len(numbers) + 1))  # a run that was not made has none
    assert found == sorted(found)
    assert set(found) == set(range(NOT_CREATED, len(RECORDS) + 1))
    assert statement > 4 * len(RECORDS)


def _wait_until_free(backend: Backend, run: str) -> None:
    """The system releases the hold of a dead process; PostgreSQL hears of it a moment later."""
    deadline = time.monotonic() + 20
    while backend.store().is_held(run):
        assert time.monotonic() < deadline
        time.sleep(0.02)
