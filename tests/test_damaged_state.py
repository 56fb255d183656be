"""Damage to what the state keeps, as the commands meet it: the damaged run is named and
refused as a whole, with a way out; nothing is undone in part, and other runs go on."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.apply.session import RunOptions
from reconciler.errors import ReconcilerError
from reconciler.state.sqlite import SqliteEngine
from reconciler.testing.faults import Drop, Fault
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import APP, Result, gwe, opened
from tests.runs import REPLACED, Place, carry_out_quietly, copy_run, make_place, someone
from tests.state.backends import Backend
from tests.state.conftest import ENGINES, new_backend

# The first run has replaced an object, updated and created others; the delete of the other
# was sent and its answer lost.
UNFINISHED: list[Fault] = [Drop("delete", object_type="Script", when="after")]
KINDS = ("RunHead", "CallBegin", "CallEnd", "ActionOutcome", "RunFinish")
DAMAGE = ("dropped", "swapped", "garbled", "flipped", "of another run")


class Damaged:
    """A server with one run, and the state of that run and of its copy, which stays whole."""

    def __init__(self, place: Place, backend: Backend) -> None:
        self.place = place
        self.backend = backend
        records = backend.store().read_intact("first").records
        self.kinds = [type(record).__name__ for record in records]
        self.objects = place.objects()
        backend.save()

    def gwe(self, *arguments: str) -> Result:
        named = {"GWE_STATE_DIR": "", "GWE_STATE": self.backend.where}
        return gwe(*arguments, cwd=self.place.folder, env=named)

    @property
    def server(self) -> tuple[str, str]:
        return ("--server", f"embedded:{self.place.server}")

    def damage(self, how: str, number: int, bit: int = 0) -> None:
        self.backend.restore()
        ((run,),) = self.backend.execute("SELECT number FROM gwe_run WHERE name = 'first'")
        where = "WHERE run = ? AND number = ?"
        read = f"SELECT data FROM gwe_record {where}"  # noqa: S608 - our own names
        ((data,),) = self.backend.execute(read, run, number)
        if how == "dropped":
            self.backend.execute(f"DELETE FROM gwe_record {where}", run, number)  # noqa: S608
            return
        other = number - 1 if number > 1 else number + 1
        if how == "swapped":
            for old, new in ((number, -1), (other, number), (-1, other)):
                change = f"UPDATE gwe_record SET number = ? {where}"  # noqa: S608
                self.backend.execute(change, new, run, old)
            return
        if how == "of another run":
            mine = "SELECT number FROM gwe_run WHERE name = 'second'"
            change = (
                "UPDATE gwe_record SET (data, digest) = (SELECT data, digest FROM gwe_record"  # noqa: S608
                f" WHERE run = ({mine}) AND number = ?) {where}"
            )
            self.backend.execute(change, number, run, number)
            return
        changed = bytearray(data)
        if how == "garbled":
            changed[len(data) // 3 :: 7] = b"\xff" * len(changed[len(data) // 3 :: 7])
        else:
            changed[bit // 8 % len(data)] ^= 1 << bit % 8
        change = f"UPDATE gwe_record SET data = ? {where}"  # noqa: S608
        self.backend.execute(change, bytes(changed), run, number)

    def check(self, *, plan: bool = True) -> None:
        """No command reverts, recovers or repeats anything of the run, or ends well. ``plan``:
        whether a plan is made as well, which does not read the records of runs."""
        runs = self.gwe("runs")
        assert runs.code == 0
        assert [line.split()[0] for line in runs.out.splitlines()] == ["RUN", "first", "second"]
        assert self.gwe("runs", "show", "second").code == 0
        shown = self.gwe("runs", "show", "first")
        assert shown.out.startswith("Run first: damaged\n")
        undone = self.gwe("undo", "first", *self.server, "--auto-approve")
        for refused in (shown, undone):
            assert refused.code == 1
            said = " ".join(refused.err.split())
            assert "the run first cannot be read: " in said
            assert "Restore the state from a backup, or abandon the run with" in said
            assert "gwe lock release --abandon first" in said
        if plan:
            planned = self.gwe("plan", *self.server, "--app", APP, "-f", "manifests.yaml")
            assert planned.code == 0

    def check_unfinished(self) -> None:
        """The run of the lock: nothing is applied before it is recovered, which is refused."""
        applied = self.gwe(
            *("apply", *self.server, "--app", APP, "-f", "manifests.yaml", "--auto-approve")
        )
        recovered = self.gwe("recover", *self.server)
        for refused in (applied, recovered):
            assert refused.code in (1, 4)
            assert "abandon first" in " ".join(refused.err.split())


@pytest.fixture(scope="module", params=["finished", "unfinished"])
def faults(request: pytest.FixtureRequest) -> list[Fault]:
    return UNFINISHED if request.param == "unfinished" else []


@pytest.fixture(scope="module", params=ENGINES)
def damaged(
    request: pytest.FixtureRequest,
    template: Path,
    faults: list[Fault],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Damaged]:
    folder = tmp_path_factory.mktemp("damaged")
    place = make_place(folder / "place", template)
    with new_backend(request, folder) as backend:
        plan = place.plan(*REPLACED)
        with opened(place.server) as inner:
            server = FaultyServer(inner, list(faults), sleep=lambda _: None)
            try:
                carry_out_quietly(plan, server, RunOptions(backend.store()), someone("first"))
            except ReconcilerError:
                assert faults
        store = backend.store()
        copy_run(store, store, "first", run="second", identity="another server")
        yield Damaged(place, backend)


def _cases(kinds: list[str], *, few: bool) -> Iterator[tuple[str, int, int]]:
    """Each damage to a record of each kind; in `make explore` to each record, with more bits.
    ``few``: each kind once, and each damage once."""
    every = examples(3) == 3
    for place, kind in enumerate(KINDS):
        numbers = [number for number, one in enumerate(kinds, 1) if one == kind]
        for turn, how in enumerate(DAMAGE):
            if few and not every and turn != place:
                continue
            for number in numbers if every else numbers[turn % len(numbers) :][:1]:
                bits = range(0, 4000, 37) if every and how == "flipped" else (1000 + 77 * number,)
                for bit in bits:
                    yield how, number, bit


@pytest.mark.long
def test_a_damaged_record_of_any_kind_is_named_and_its_run_refused(damaged: Damaged) -> None:
    unfinished = "RunFinish" not in damaged.kinds or damaged.place.locks() != []
    # Connections to PostgreSQL take their time; what reads the rows is the same for both.
    few = damaged.backend.cluster is not None
    for how, number, bit in _cases(damaged.kinds, few=few):
        damaged.damage(how, number, bit)
        kind = damaged.kinds[number - 1]
        damaged.check(plan=KINDS.index(kind) == DAMAGE.index(how))
        if unfinished:
            damaged.check_unfinished()
    assert damaged.place.objects() == damaged.objects


def test_a_run_whose_end_is_lost_is_not_taken_for_one_that_went_on(damaged: Damaged) -> None:
    """Half a journal is that of a shorter run: only its row tells."""
    for left in (1, len(damaged.kinds) // 2, len(damaged.kinds) - 1):
        damaged.backend.restore()
        damaged.backend.execute(
            "DELETE FROM gwe_record WHERE number > ? AND run ="
            " (SELECT number FROM gwe_run WHERE name = 'first')",
            left,
        )
        damaged.check()
    assert damaged.place.objects() == damaged.objects


# The file of SQLite


OVERWRITE = [part for one in REPLACED for part in ("--overwrite-only", one)]


def _commands(place: Place) -> list[list[str]]:
    server = ["--server", f"embedded:{place.server}"]
    apply = ["apply", *server, "--app", APP, "-f", "manifests.yaml", "--auto-approve", *OVERWRITE]
    undo = ["undo", "last", "--auto-approve"]
    return [["runs"], ["runs", "show", "last"], apply, ["recover", *server], undo]


def _applied(place: Place) -> None:
    apply = _commands(place)[2]
    assert gwe(*apply, cwd=place.folder).code == 0


def _refusals(place: Place, commands: list[list[str]]) -> Iterator[str]:
    """What the commands say, which are all refused and write nothing."""
    before = place.objects()
    for arguments in commands:
        refused = gwe(*arguments, cwd=place.folder)
        assert refused.code == 1, (arguments, refused)
        yield " ".join(refused.err.split())
    assert place.objects() == before
    assert place.locks() == []


def test_a_malformed_file_refuses_every_command_and_says_how_to_save_it(place: Place) -> None:
    _applied(place)
    file = place.state_dir / "state.db"
    file.write_bytes(b"no database" * 1000)
    for said in _refusals(place, _commands(place)):
        assert f"{file} is damaged: file is not a database" in said
        assert "Restore it from a backup, or save what can be read" in said


def test_a_file_that_another_process_holds_is_waited_for_and_then_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _applied(place)
    monkeypatch.setattr(SqliteEngine.__init__, "__defaults__", (0.1,))
    file = place.state_dir / "state.db"
    holder = sqlite3.connect(file, isolation_level=None)
    try:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("PRAGMA journal_mode = DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        for said in _refusals(place, _commands(place)):
            assert f"another process has held {file} for 0.1 s" in said
            assert "Wait until it has ended, or end it." in said
    finally:
        holder.close()


def test_a_full_disk_is_named_before_anything_is_written(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    _applied(place)
    open_file = SqliteEngine._open

    def full(engine: SqliteEngine, file: Path) -> sqlite3.Connection:
        connection = open_file(engine, file)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr(SqliteEngine, "_open", full)
    (said,) = _refusals(place, [["undo", "last", "--auto-approve"]])
    assert "the disk at /" in said
    assert f" KiB are free) is full, and {place.state_dir}/state.db is on it" in said
    assert "Make room on it. Nothing was written." in said
    assert gwe("runs", cwd=place.folder).code == 0


def test_a_full_disk_under_the_state_folder_is_named(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    apply = _commands(place)[2]
    (said,) = _refusals(place, [apply])
    assert f"is full, and the state folder {place.state_dir} is on it" in said
    assert "Make room on it. Nothing was written." in said
