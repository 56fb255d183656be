"""The store in a file: who may read it, a full disk, a damaged file, a file that is held."""

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.errors import DamagedRunError, JournalError, StateFolderError
from reconciler.state import disks
from reconciler.state import sqlite as module
from reconciler.state.disks import disk_of, is_local
from reconciler.state.sql import SqlStore
from reconciler.state.sqlite import SqliteEngine
from tests.state.backends import PLAN, RECORDS, call, head, make_run

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "above" / "state"


def store_in(folder: Path, timeout: float = 0.2) -> SqlStore:
    return SqlStore(SqliteEngine(folder, timeout), lambda: 0.0)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_reading_makes_no_folder(folder: Path) -> None:
    assert store_in(folder).list_runs() == ()
    assert not folder.parent.exists()


def test_only_the_owner_may_read_what_is_kept(folder: Path) -> None:
    before = os.umask(0)
    try:
        with store_in(folder).create_run(head("one"), PLAN):
            for path in (folder, folder / "held"):
                assert mode(path) == 0o700
            for name in ("state.db", "state.db-wal", "state.db-shm", "held/one.lock"):
                assert mode(folder / name) == 0o600
    finally:
        os.umask(before)


def test_a_run_may_have_a_name_that_is_no_file_name(folder: Path) -> None:
    store = store_in(folder)
    for name in ("../../escaped", ".", "..", "a/b"):
        make_run(store, name, *RECORDS)
        assert store.read_run(name).status == "partly applied"
    assert [path.name for path in folder.parent.iterdir()] == ["state"]


@pytest.mark.flushes
def test_a_commit_waits_for_the_disk(folder: Path) -> None:
    with SqliteEngine(folder).hold("one") as session:
        assert session.rows("PRAGMA synchronous") == [(3,)]  # EXTRA: FULL and more
        assert session.rows("PRAGMA journal_mode") == [("wal",)]


@pytest.mark.flushes
def test_a_folder_on_a_network_has_no_log_that_needs_shared_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(folder)
    make_run(store, "one", *RECORDS)
    monkeypatch.setattr(module, "is_local", lambda _: False)
    with SqliteEngine(folder).hold("two") as session:
        assert session.rows("PRAGMA journal_mode") == [("delete",)]
        assert session.rows("PRAGMA synchronous") == [(3,)]
    make_run(store, "three", *RECORDS)
    assert [entry.name for entry in store.list_runs()] == ["one", "three"]
    assert not (folder / "state.db-wal").exists()


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/", True),
        ("/srv/here", True),
        ("/srv/nfs", False),
        ("/srv/nfs/deep/er", False),
        ("/srv/nfsother", True),
        ("/srv/with blank/x", False),
        ("/srv/unknown", False),
        ("/srv/hidden", False),
    ],
)
def test_a_network_folder_is_told_by_its_mount(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, local: bool
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        "1 0 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        "2 1 0:40 / /srv/nfs rw shared:2 master:1 - nfs4 host:/export rw\n"
        "3 1 0:41 / /srv/with\\040blank rw - cifs //host/share rw\n"
        "4 1 0:42 / /srv/unknown rw - fuse.somebody x rw\n"
        "5 1 8:2 / /srv/hidden rw - xfs /dev/sdb1 rw\n"
        "6 5 0:43 / /srv/hidden rw - nfs host:/other rw\n"
    )
    monkeypatch.setattr(disks, "MOUNTS", mounts)
    assert is_local(Path(path)) is local


def test_a_system_that_tells_nothing_of_its_mounts_has_no_local_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(disks, "MOUNTS", tmp_path / "missing")
        assert not is_local(tmp_path)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not is_local(tmp_path)


def test_a_disk_is_named_by_where_it_is_mounted(tmp_path: Path) -> None:
    assert disk_of(tmp_path / "missing").startswith("the disk of ")
    assert disk_of(tmp_path).startswith("the disk at /")
    assert disk_of(tmp_path).endswith(" KiB are free)")


# A full disk


class _FullEngine(SqliteEngine):
    """An engine whose file may not grow: SQLite says that the disk is full."""

    def _open(self, file: Path) -> sqlite3.Connection:
        connection = super()._open(file)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection


def test_a_full_disk_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "disk_of", lambda _: "the disk at /srv (4 KiB are free)")
    make_run(store_in(folder), "one", call(1))
    full = SqlStore(_FullEngine(folder), lambda: 0.0)
    reason = f"the disk at /srv (4 KiB are free) is full, and {folder}/state.db is on it"
    with pytest.raises(StateFolderError) as caught, full.create_run(head("two"), PLAN * 10_000):
        pass
    assert caught.value.message == reason
    assert caught.value.hint == "Make room on it."
    with full.hold("one") as journal:
        with pytest.raises(JournalError) as broken:
            journal.save_backup("file", bytes(1_000_000))
        assert broken.value.message == f"the journal of run one cannot be written: {reason}"
        assert broken.value.hint == (
            f"Make room on it. Then run gwe recover. The run's state is {full.place}."
        )
        assert journal.broken
    assert store_in(folder).read_run("one").steps[0].unknown
    make_run(store_in(folder), "two")


_LIMITED = """
import resource, sys
from tests.state.backends import *
from tests.state.test_sqlite import *
store = store_in(Path(sys.argv[1]))
sys.dont_write_bytecode = True  # it would be cut off as well
with store.create_run(head("two"), PLAN) as journal:
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    for step in range(1, 1000):
        try:
            journal.append(call(step))
        except JournalError as error:
            print(step - 1, error.message, error.hint, sep="\\n")
            break
"""


def test_a_file_that_may_not_grow_breaks_the_journal_and_loses_nothing(folder: Path) -> None:
    make_run(store_in(folder), "one", *RECORDS)
    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, str(folder)],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    steps, message, hint = done.stdout.splitlines()
    assert message.startswith(f"the journal of run two cannot be written: {folder}/state.db cannot")
    assert hint.startswith("Look at the disk at ")
    assert hint.endswith(f"Then run gwe recover. The run's state is {store_in(folder).place}.")
    assert len(store_in(folder).read_run("two").steps) == int(steps) > 10
    assert store_in(folder).read_run("one").status == "partly applied"


# A file that cannot be used


def test_a_file_that_another_process_holds_is_waited_for(folder: Path) -> None:
    make_run(store_in(folder), "one", call(1))
    with closing(sqlite3.connect(folder / "state.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert store_in(folder).read_run("one").begun  # readers need not wait
        held = r"another process has held .*state\.db for 0\.2 s"
        with store_in(folder).hold("one") as journal, pytest.raises(JournalError, match=held):
            journal.append(call(2))
        with pytest.raises(StateFolderError, match=held) as caught:
            make_run(store_in(folder), "two")
        assert caught.value.hint == "Wait until it has ended, or end it."
    make_run(store_in(folder), "two", call(1))


def test_a_malformed_file_is_refused_with_the_way_to_save_it(folder: Path) -> None:
    store = store_in(folder)
    make_run(store, "one", *RECORDS)
    file = folder / "state.db"
    data = file.read_bytes()
    file.write_bytes(data[:4096] + bytes(len(data) - 4096))
    for act in (store.list_runs, lambda: make_run(store, "two")):
        with pytest.raises(StateFolderError) as caught:
            act()
        assert caught.value.message.startswith(f"{file} is damaged: ")
        assert caught.value.hint == (
            f"Restore it from a backup, or save what can be read: move {file}* to another folder"
            " and run: umask 077; (sqlite3 THERE/state.db .dump | grep -v ^ROLLBACK; echo"
            f" 'COMMIT;') | sqlite3 {file}. Every run is checked when it is read."
        )


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="the command sqlite3 is not installed")
def test_the_way_to_save_a_malformed_file_saves_the_runs_that_are_whole(folder: Path) -> None:
    store = store_in(folder)
    for number in range(40):
        make_run(store, f"run {number}", *RECORDS)
    there = folder.parent / "there"
    file = folder / "state.db"
    data = bytearray(file.read_bytes())
    page = data.rindex(b'"record":"begin"') // 4096
    data[page * 4096 : (page + 1) * 4096] = bytes(4096)
    there.mkdir()
    (there / "state.db").write_bytes(data)
    file.write_bytes(data)
    with pytest.raises(StateFolderError) as caught:
        [store.read_run(f"run {number}") for number in range(40)]
    file.unlink()
    command = caught.value.hint.partition("run: ")[2].partition(". Every")[0]
    subprocess.run(
        command.replace("THERE", str(there)), shell=True, check=True, capture_output=True
    )
    whole = 0
    for entry in store.list_runs():
        try:
            whole += store.read_run(entry.name).status == "partly applied"
        except DamagedRunError:
            continue
    assert 30 < whole < 40
    assert mode(file) == 0o600
    make_run(store, "next", *RECORDS)
    assert store.list_runs()[-1].number == 41


def test_an_empty_file_is_damage(folder: Path) -> None:
    make_run(store_in(folder), "one", *RECORDS)
    os.truncate(folder / "state.db", 0)
    for act in (store_in(folder).list_runs, lambda: make_run(store_in(folder), "two")):
        with pytest.raises(StateFolderError, match=r"state\.db is damaged: it is empty"):
            act()


def test_what_a_killed_process_has_left_of_a_new_file_is_removed(folder: Path) -> None:
    folder.mkdir(parents=True)
    for name in ("state.db.new", "state.db.new-wal", "state.db.new-journal"):
        (folder / name).write_bytes(b"half")
    assert store_in(folder).list_runs() == ()
    make_run(store_in(folder), "one", *RECORDS)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["held", "held.lock", "state.db", "state.db.lock"]


def test_a_file_that_is_no_database_is_refused(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "state.db").write_text("apiVersion: reconciler/v1\n" * 10)
    with pytest.raises(StateFolderError, match=r"state\.db is damaged: file is not a database"):
        store_in(folder).list_runs()


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = store_in(tmp_path / "file" / "state")
    for act in (store.list_runs, lambda: make_run(store, "one")):
        with pytest.raises(
            StateFolderError, match=r"the state folder .*/file/state cannot be used"
        ):
            act()
    (tmp_path / "state" / "state.db").mkdir(parents=True)
    with pytest.raises(
        StateFolderError, match=r"state\.db cannot be used: unable to open"
    ) as caught:
        make_run(store_in(tmp_path / "state"), "one")
    assert "--state-dir" in caught.value.hint


def test_the_place_of_a_folder_is_its_host_and_path(folder: Path) -> None:
    assert store_in(folder).place == f"{os.uname().nodename}:{folder}"


def test_what_was_pruned_leaves_no_file_and_no_content(folder: Path) -> None:
    times: Iterator[int] = iter(range(0, 1_000_000, 100_000))
    store = SqlStore(SqliteEngine(folder), lambda: next(times))
    for run in ("one", "two"):
        with store.create_run(head(run), PLAN) as journal:
            journal.save_backup("file", b"the content of %s" % run.encode())
    assert store.prune(timedelta(seconds=150_000)) == ("one",)
    assert [path.name for path in (folder / "held").iterdir()] == ["two.lock"]
    data = (folder / "state.db").read_bytes()
    assert (b"the content of one" in data, b"the content of two" in data) == (False, True)


def test_whoever_asks_whether_a_run_is_held_does_not_hold_it(folder: Path) -> None:
    """Otherwise a recovery would be refused, and a dead run called alive, while somebody else
    looks at the same runs."""
    make_run(store_in(folder), "one")
    stop = threading.Event()

    def ask() -> list[bool]:
        engine, answers = SqliteEngine(folder), list[bool]()
        while not stop.is_set():
            answers.append(engine.is_held("one"))
        return answers

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        engine = SqliteEngine(folder)
        try:
            assert not any(engine.is_held("one") for _ in range(100))
        finally:
            stop.set()
        assert not any(asked.result())
        stop.clear()
        pool.submit(ask)
        try:
            for _ in range(30):
                with engine.hold("one"):
                    assert engine.is_held("one")
        finally:
            stop.set()
