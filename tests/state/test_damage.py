"""Damage of every kind to what a store keeps is noticed and named, on both engines, and
touches no other run. The rows are changed behind the store's back; in SQLite also the bytes of
the file."""

import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import (
    DamagedRunError,
    JournalFormatError,
    ReconcilerError,
    StateError,
    UsageError,
)
from reconciler.state.opening import open_store
from reconciler.state.store import DamagedRun, StateStore, StoredRun
from tests.conftest import examples
from tests.state.backends import RECORDS, TABLES, Backend, make_run

RUNS = ("alpha", "beta", "gamma")
few = settings(max_examples=settings().max_examples // 10)
"""A connection to PostgreSQL takes its time; what reads the rows is the same for both."""
KEPT = len(RECORDS) + 1
"""How many records each run has."""


@pytest.fixture(scope="module")
def damaged(module_backend: Backend) -> Iterator[tuple[Backend, dict[str, StoredRun]]]:
    """A place with three runs, and what they are read as."""
    store = module_backend.store()
    for run in RUNS:
        make_run(store, run, *RECORDS, identity=f"site of {run}", plan=f"plan of {run}")
    with store.hold("beta") as journal:
        journal.save_backup("conf/gwe.properties", b"key=value")
    module_backend.save()
    return module_backend, {run: store.read_run(run) for run in RUNS}


def expect_damage(
    backend: Backend, whole: dict[str, StoredRun], problem: str, *runs: str, intact: bool = True
) -> None:
    """The runs are refused with this problem; the others are read as before."""
    store = backend.store()
    entries = {entry.name: entry for entry in store.list_runs()}
    for run in RUNS:
        if run not in runs:
            assert store.read_run(run) == whole[run]
            assert entries[run].status == "partly applied"
            continue
        with pytest.raises(DamagedRunError) as caught:
            store.read_run(run)
        assert caught.value.message.startswith(f"the run {run} cannot be read: ")
        assert problem in caught.value.message
        assert f"gwe lock release --abandon {run}" in caught.value.hint
        found = store.read_intact(run)
        assert any(problem in one for one in found.problems)
        expected = store_records(whole[run])
        assert all(record in expected for record in found.records)
        assert store.find_run(run) == run
        store.abandon(run, "later")


def store_records(run: StoredRun) -> tuple[object, ...]:
    return (run.head, *RECORDS)


def _row(backend: Backend, run: str, number: int) -> tuple[bytes, bytes]:
    ((data, digest),) = backend.execute(
        "SELECT data, digest FROM gwe_record WHERE number = ?"
        " AND run = (SELECT number FROM gwe_run WHERE name = ?)",
        *(number, run),
    )
    return data, digest


def _change(backend: Backend, run: str, number: int, column: str, value: bytes) -> None:
    backend.execute(
        f"UPDATE gwe_record SET {column} = ? WHERE number = ?"  # noqa: S608 - our own names
        " AND run = (SELECT number FROM gwe_run WHERE name = ?)",
        *(value, number, run),
    )


def flipped(data: bytes, bit: int) -> bytes:
    """The bytes with one bit that is another."""
    bit %= 8 * len(data)
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


numbers = st.integers(1, KEPT)
runs = st.sampled_from(RUNS)
Damaged = tuple[Backend, dict[str, StoredRun]]


@few
@given(runs, numbers, st.sampled_from(["data", "digest"]), st.integers(0, 100_000))
def test_a_flipped_bit_of_any_record_is_noticed(
    damaged: Damaged, run: str, number: int, column: str, bit: int
) -> None:
    backend, whole = damaged
    backend.restore()
    old = dict(zip(("data", "digest"), _row(backend, run, number), strict=True))
    _change(backend, run, number, column, flipped(old[column], bit))
    expect_damage(backend, whole, f"record {number} of {KEPT} is damaged", run)


@few
@given(runs, numbers, st.binary(max_size=200))
def test_a_record_with_other_content_is_noticed(
    damaged: Damaged, run: str, number: int, data: bytes
) -> None:
    backend, whole = damaged
    backend.restore()
    _change(backend, run, number, "data", data)
    expect_damage(backend, whole, f"record {number} of {KEPT} is damaged", run)


def test_a_word_of_a_record_with_another_letter_is_noticed(damaged: Damaged) -> None:
    backend, whole = damaged
    for number in range(1, KEPT + 1):
        backend.restore()
        data, _ = _row(backend, "beta", number)
        _change(backend, "beta", number, "data", data.replace(b'"record"', b'"recOrd"'))
        expect_damage(backend, whole, f"record {number} of {KEPT} is damaged", "beta")


@few
@given(runs, numbers)
def test_a_missing_record_is_noticed(damaged: Damaged, run: str, number: int) -> None:
    backend, whole = damaged
    backend.restore()
    backend.execute(
        "DELETE FROM gwe_record WHERE number = ?"
        " AND run = (SELECT number FROM gwe_run WHERE name = ?)",
        *(number, run),
    )
    expect_damage(backend, whole, f"record {number} of {KEPT} is missing", run)


@few
@given(runs, numbers)
def test_a_lost_tail_is_noticed_and_listed(damaged: Damaged, run: str, first: int) -> None:
    backend, whole = damaged
    backend.restore()
    backend.execute(
        "DELETE FROM gwe_record WHERE number >= ?"
        " AND run = (SELECT number FROM gwe_run WHERE name = ?)",
        *(first, run),
    )
    (entry,) = [entry for entry in backend.store().list_runs() if entry.name == run]
    assert isinstance(entry, DamagedRun)
    assert (entry.problem, entry.finished) == (f"record {KEPT} of {KEPT} is missing", False)
    expect_damage(backend, whole, f"record {first} of {KEPT} is missing", run)


@few
@given(runs, st.lists(numbers, min_size=2, max_size=2, unique=True), st.booleans())
def test_exchanged_records_are_noticed(
    damaged: Damaged, run: str, pair: list[int], digests: bool
) -> None:
    backend, whole = damaged
    backend.restore()
    (one, first), (other, second) = (_row(backend, run, number) for number in pair)
    for number, data, digest in ((pair[0], other, second), (pair[1], one, first)):
        _change(backend, run, number, "data", data)
        if digests:
            _change(backend, run, number, "digest", digest)
    expect_damage(backend, whole, f"record {min(pair)} of {KEPT} is damaged", run)


@few
@given(st.lists(runs, min_size=2, max_size=2, unique=True), numbers)
def test_a_record_of_another_run_is_noticed(damaged: Damaged, pair: list[str], number: int) -> None:
    backend, whole = damaged
    backend.restore()
    data, digest = _row(backend, pair[0], number)
    _change(backend, pair[1], number, "data", data)
    _change(backend, pair[1], number, "digest", digest)
    expect_damage(backend, whole, f"record {number} of {KEPT} is damaged", pair[1])


@few
@given(runs, st.sampled_from([0, -1, KEPT + 1, 1_000_000]))
def test_a_record_too_many_is_noticed(damaged: Damaged, run: str, number: int) -> None:
    backend, whole = damaged
    backend.restore()
    backend.execute(
        "INSERT INTO gwe_record SELECT run, ?, data, digest FROM gwe_record"
        " WHERE number = 2 AND run = (SELECT number FROM gwe_run WHERE name = ?)",
        *(number, run),
    )
    expect_damage(backend, whole, f"record {number} is not one of its {KEPT} records", run)


@few
@given(runs, st.sampled_from(TABLES["gwe_run"]), st.integers(0, 100_000))
def test_a_changed_row_of_a_run_is_noticed_and_listed(
    damaged: Damaged, run: str, column: str, bit: int
) -> None:
    backend, whole = damaged
    backend.restore()
    ((value,),) = backend.execute(f"SELECT {column} FROM gwe_run WHERE name = ?", run)  # noqa: S608
    changes: dict[type, Callable[[Any], Any]] = {
        int: lambda number: number + 1000,
        str: lambda text: text + "x",
        bytes: lambda data: flipped(data, bit),
    }
    changed = changes[type(value)](value)
    backend.execute(f"UPDATE gwe_run SET {column} = ? WHERE name = ?", changed, run)  # noqa: S608
    store = backend.store()
    # A run whose number is another is two: a row without records, records without a row.
    listed = [entry for entry in store.list_runs() if isinstance(entry, DamagedRun)]
    assert {entry.name for entry in listed} == {run}
    assert all(entry in store.list_runs("site of nobody") for entry in listed)
    expect_damage(backend, whole, "its row is ", run)


@few
@given(runs)
def test_a_missing_row_of_a_run_is_noticed_and_listed(damaged: Damaged, run: str) -> None:
    backend, whole = damaged
    backend.restore()
    backend.execute("DELETE FROM gwe_run WHERE name = ?", run)
    (entry,) = [one for one in backend.store().list_runs() if isinstance(one, DamagedRun)]
    assert (entry.name, entry.problem) == (run, "its row is missing")
    expect_damage(backend, whole, "its row is missing", run)


@few
@given(st.lists(runs, min_size=2, max_size=2, unique=True), st.sampled_from(TABLES["gwe_run"][3:]))
def test_a_row_with_parts_of_another_run_is_noticed(
    damaged: Damaged, pair: list[str], column: str
) -> None:
    backend, whole = damaged
    backend.restore()
    backend.execute(
        f"UPDATE gwe_run SET {column} = (SELECT {column} FROM gwe_run WHERE name = ?)"  # noqa: S608
        " WHERE name = ?",
        *pair,
    )
    if column in ("plan_digest", "last_number"):  # every run here has the same
        assert backend.store().read_run(pair[1]) == whole[pair[1]]
        return
    expect_damage(backend, whole, "its row is damaged", pair[1])


@few
@given(runs, st.one_of(st.none(), st.integers(0, 100_000)))
def test_a_changed_or_missing_plan_is_noticed(damaged: Damaged, run: str, bit: int | None) -> None:
    backend, whole = damaged
    backend.restore()
    ((number, text),) = backend.execute(
        "SELECT run, text FROM gwe_plan WHERE run = (SELECT number FROM gwe_run WHERE name = ?)",
        run,
    )
    if bit is None:
        backend.execute("DELETE FROM gwe_plan WHERE run = ?", number)
    else:
        backend.execute("UPDATE gwe_plan SET text = ? WHERE run = ?", flipped(text, bit), number)
    problem = "its plan is " + ("missing" if bit is None else "damaged")
    expect_damage(backend, whole, problem, run)


def test_several_problems_are_counted_and_listed(damaged: Damaged) -> None:
    backend, _ = damaged
    backend.restore()
    backend.execute("DELETE FROM gwe_record WHERE run = 2 AND number IN (2, 5)")
    with pytest.raises(DamagedRunError) as caught:
        backend.store().read_run("beta")
    assert caught.value.message == (
        f"the run beta cannot be read: record 2 of {KEPT} is missing (and 1 more)"
    )
    found = backend.store().read_intact("beta")
    assert found.problems == (f"record 2 of {KEPT} is missing", f"record 5 of {KEPT} is missing")
    assert len(found.records) == KEPT - 2


@pytest.mark.long
def test_values_of_another_kind_are_damage_too(tmp_path: Path) -> None:
    """SQLite keeps a text in a column of bytes; PostgreSQL does not."""
    backend = Backend(str(tmp_path / "state"))
    store = backend.store()
    for run in RUNS:
        make_run(store, run, *RECORDS)
    backend.save()
    whole = answers(store)
    values = (None, "text", 7, 7.5, b"bytes", "\ud800".encode("utf-8", "surrogatepass"))
    columns = [(table, column) for table, held in TABLES.items() for column in held]
    some = examples(len(values))  # all of them in `make explore`
    for turn, (table, column) in enumerate(columns):
        for at in range(some):
            value = values[(turn + at * len(values) // some) % len(values)]
            backend.restore()
            place = f"{table}.{column}"
            where = f"{place} = {value!r}"
            try:
                backend.execute(f"UPDATE {table} SET {column} = ?", value)  # noqa: S608
                expected = REFUSED.get(where) or REFUSED.get(place) or REFUSED.get(table) or {}
            except sqlite3.IntegrityError:  # the column takes no such value
                expected = {}
            found = answers(backend.store())
            errors = {name: type(one) for name, one in found.items() if isinstance(one, Exception)}
            assert errors == expected, where
            if not errors:
                assert found == whole, where
            for write in writes(backend.store()):
                with suppress(ReconcilerError):
                    write()


READS: dict[str, Callable[[StateStore], object]] = {
    "list_runs": lambda store: store.list_runs(),
    "secret_paths": lambda store: store.secret_paths("site"),
    "run_of_plan": lambda store: store.run_of_plan("digest", "site"),
    "read_run": lambda store: store.read_run("beta"),
    "read_intact": lambda store: store.read_intact("beta"),
    "find_run": lambda store: store.find_run("beta"),
}
OF_FACTS = {"secret_paths": StateError, "run_of_plan": StateError}
OF_A_RUN = {"read_run": DamagedRunError}
REFUSED: dict[str, dict[str, type[Exception]]] = {
    "gwe_state.version": dict.fromkeys(READS, StateError),
    "gwe_state.version = 7": dict.fromkeys(READS, JournalFormatError),  # that of a later gwe
    "gwe_state.facts": OF_FACTS,
    "gwe_fact": OF_FACTS,
    **dict.fromkeys(("gwe_run", "gwe_plan", "gwe_record"), OF_A_RUN),
}
"""Table, column of a table, or value in a column -> what cannot be read where it is damaged, and
the error. Nothing is read of the number that the next run gets, and these runs have no backups."""


def answers(store: StateStore) -> dict[str, object]:
    """What each read finds, or its error."""
    found: dict[str, object] = {}
    for name, read in READS.items():
        try:
            found[name] = read(store)
        except ReconcilerError as error:
            found[name] = error
    return found


def writes(store: StateStore) -> Iterator[Callable[[], object]]:
    """What changes damaged rows."""
    yield lambda: store.abandon("beta", "later")
    yield lambda: store.prune(timedelta(days=-1))
    yield lambda: make_run(store, "next", *RECORDS)


def asks(store: StateStore) -> Iterator[Callable[[], object]]:
    """Everything that reads, and what changes damaged rows."""
    yield from (partial(read, store) for read in READS.values())
    yield from writes(store)


# The file of SQLite


def test_a_file_whose_tables_are_gone_is_damaged_and_not_empty(tmp_path: Path) -> None:
    backend = Backend(str(tmp_path / "state"))
    make_run(backend.store(), "alpha", *RECORDS)
    with closing(sqlite3.connect(backend.file)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("DELETE FROM sqlite_master")
    for ask in asks(backend.store()):
        with pytest.raises(StateError, match=r"state.db is damaged: its tables are missing"):
            ask()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of three runs, to copy."""
    folder = tmp_path_factory.mktemp("file") / "state"
    store = open_store(str(folder))
    for run in RUNS:
        make_run(store, run, *RECORDS)
    return folder


def _damage_file(data: bytearray, chance: random.Random) -> None:
    match chance.choice(["bit", "bit", "bits", "zeros", "noise", "cut"]):
        case "bit":
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case "bits":
            for _ in range(chance.randint(2, 40)):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case "zeros":
            start = chance.randrange(len(data))
            data[start : start + 512] = bytes(len(data[start : start + 512]))
        case "noise":
            start = chance.randrange(len(data))
            data[start : start + 64] = chance.randbytes(len(data[start : start + 64]))
        case "cut":
            del data[chance.randint(1, len(data)) :]


@settings(max_examples=settings().max_examples // 3)
@given(st.randoms(use_true_random=False))
def test_a_damaged_file_tells_the_truth_or_is_refused(
    file: Path, tmp_path_factory: pytest.TempPathFactory, chance: random.Random
) -> None:
    whole = {run: open_store(str(file)).read_run(run) for run in RUNS}
    folder = tmp_path_factory.mktemp("damaged") / "state"
    shutil.copytree(file, folder)
    data = bytearray((folder / "state.db").read_bytes())
    _damage_file(data, chance)
    (folder / "state.db").write_bytes(data)
    store = open_store(str(folder))
    try:
        listed = {entry.name: entry for entry in store.list_runs()}
    except StateError:
        listed = {}
    for run in RUNS:
        try:
            assert store.read_run(run) == whole[run]
        except UsageError:  # its name is damaged as well: then the list has what is left
            assert any(isinstance(entry, DamagedRun) for entry in listed.values())
        except ReconcilerError:
            continue
    for ask in asks(store):
        with suppress(ReconcilerError):
            ask()
    shutil.rmtree(folder.parent)
