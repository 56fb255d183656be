"""The file of an embedded server under real processes: killed, crowded, locked, foreign."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from reconciler.errors import ManifestError
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.errors import (
    NoPermissionError,
    NotAServerFileError,
    ServerBusyError,
    ServerReadOnlyError,
    ServerUnavailableError,
    UniquenessViolationError,
    ValueOutOfRangeError,
)
from reconciler.server.port import ConfObject
from tests.harness import BARE, everything, gwe, opened, site_server

NOBODY = 65534

SHARED = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}]
Script: [{name: Shared, dbid: 101, type: InteractionQueue}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_server(tmp_path_factory.mktemp("site"), SHARED)


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "gwe.db"))


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process that runs ``script`` and whose output can be read by line."""
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> list[str]:
    """The lines of a process that ends by itself and well."""
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out.splitlines()


def scripts(path: Path) -> dict[str, ConfObject]:
    with opened(path) as server:
        return {one.attributes["name"]: one for one in server.read("Script")}


def add_script(server: EmbeddedServer, name: str) -> ConfObject:
    return server.create("Script", {"tenantDBID": 101, "name": name, "type": 23})


# Killed


# Creates an object, changes it, and deletes every third; says after each answer what it
# did. Objects are large enough that a write takes several pages.
WRITER = """
import sys
from pathlib import Path
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
for number in range(100_000):
    name = f"{sys.argv[2]}-{number}"
    body = {"body": {"state": "created", "filling": "x" * 9000}}
    attributes = {"tenantDBID": 101, "name": name, "type": 23, "userProperties": body}
    dbid = server.create("Script", attributes).dbid
    print(dbid, "created", flush=True)
    change = KeyValueDelta(changed={"body": {"state": "changed"}})
    server.update("Script", dbid, Delta(key_values={"userProperties": change}))
    print(dbid, "changed", flush=True)
    if number % 3 == 2:
        server.delete("Script", dbid)
        print(dbid, "deleted", flush=True)
"""


def test_every_answered_write_survives_kill_9_of_the_writer(path: Path) -> None:
    moments = random.Random(2020)  # noqa: S311 - no secret
    highest = 101
    expected: dict[str, str] = {"Shared": "-"}
    for turn in range(15):
        writer = start(WRITER, path, turn)
        assert writer.stdout is not None
        answered = [writer.stdout.readline() for _ in range(moments.randint(1, 25))]
        time.sleep(moments.uniform(0, 0.003))
        writer.send_signal(signal.SIGKILL)
        assert writer.wait(timeout=60) == -signal.SIGKILL
        answered += [line for line in writer.stdout if line.endswith("\n")]
        writer.stdout.close()

        # What was answered, and in which order the DBIDs came.
        states: dict[int, str] = {}
        for line in answered:
            dbid, state = line.split()
            states[int(dbid)] = state
        assert list(states) == sorted(states)
        assert min(states) > highest
        for number, state in enumerate(states.values()):
            expected[f"{turn}-{number}"] = state

        found = scripts(path)
        # The one write that was under way may have happened, whole, or not at all.
        last = len(states) - 1
        if states[max(states)] == ("deleted" if last % 3 == 2 else "changed"):
            last, before, after = last + 1, "absent", "created"
        elif states[max(states)] == "created":
            before, after = "created", "changed"
        else:
            before, after = "changed", "deleted"
        name = f"{turn}-{last}"
        now = state_of(found.get(name))
        assert now in {before, after} or {now, after} == {"absent", "deleted"}
        if now == "absent":
            expected.pop(name, None)
        else:
            expected[name] = now
        expected = {name: state for name, state in expected.items() if state != "deleted"}
        assert {name: state_of(one) for name, one in found.items()} == expected
        highest = max([*states, *(one.dbid for one in found.values())])
    assert everything(path)["Script", 101].attributes["name"] == "Shared"
    assert_sound(path)


def state_of(one: ConfObject | None) -> str:
    """``created`` or ``changed``, after making sure that all of the object is there."""
    if one is None:
        return "absent"
    if one.attributes["name"] == "Shared":
        return "-"
    body = one.attributes["userProperties"]["body"]
    assert body["filling"] == "x" * 9000
    assert one.path == "Scripts"
    return str(body["state"])


def assert_sound(path: Path) -> None:
    """SQLite itself finds nothing wrong with the file."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    finally:
        connection.close()


def test_a_killed_holder_of_the_file_holds_nobody_up(path: Path) -> None:
    holder = start(
        "import sqlite3, sys, time\n"
        "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
        "connection.execute('DELETE FROM object')\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n",
        path,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ServerBusyError):
        with_timeout(path, 0.1, lambda server: add_script(server, "New"))
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=60)
    with_timeout(path, 0.1, lambda server: add_script(server, "New"))
    assert sorted(scripts(path)) == ["New", "Shared"]


def with_timeout(path: Path, timeout: float, act: Callable[[EmbeddedServer], Any]) -> Any:
    server = EmbeddedServer(path, timeout=timeout)
    try:
        return act(server)
    finally:
        server.close()


# Crowded


# Adds a pair of options to one shared object in every update, from two threads that share
# a session, and creates an object of its own after each.
CROWD = """
import sys
import threading
from pathlib import Path
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), timeout=60)
failed = []
def work(worker):
    try:
        for number in range(12):
            key = f"{worker}-{number}"
            change = KeyValueDelta(added={"left": {key: key}, "right": {key: key}})
            server.update("Script", 101, Delta(key_values={"userProperties": change}))
            one = server.create("Script", {"tenantDBID": 101, "name": key, "type": 23})
            print(f"{one.dbid} {key}\\n", end="", flush=True)
    except BaseException as error:
        failed.append(error)
threads = [threading.Thread(target=work, args=(f"{sys.argv[2]}-{n}",)) for n in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if failed:
    raise failed[0]
"""


def test_processes_and_threads_lose_no_update_and_see_no_torn_object(path: Path) -> None:
    workers = [f"{process}-{thread}" for process in range(3) for thread in range(2)]
    keys = {f"{worker}-{number}" for worker in workers for number in range(12)}
    crowd = [start(CROWD, path, number) for number in range(3)]
    seen = 0
    with opened(path) as server:
        while any(process.poll() is None for process in crowd):
            (one,) = server.read("Script", {"dbid": 101})
            pairs = one.attributes.get("userProperties", {})
            assert pairs.get("left") == pairs.get("right")
            assert len(pairs.get("left", ())) >= seen
            seen = len(pairs.get("left", ()))
    dbids: dict[str, int] = {}
    for process in crowd:
        for line in finished(process):
            dbid, key = line.split()
            dbids[key] = int(dbid)
    found = scripts(path)
    assert found["Shared"].attributes["userProperties"] == {
        "left": {key: key for key in keys},
        "right": {key: key for key in keys},
    }
    assert set(dbids) == keys
    assert {name: one.dbid for name, one in found.items()} == {"Shared": 101, **dbids}
    assert sorted(dbids.values()) == list(range(102, 102 + 72))
    assert_sound(path)


def test_sessions_that_come_and_go_disturb_nobody(path: Path) -> None:
    """The last session to close folds the log into the file, while others open it."""
    failed: list[BaseException] = []

    def come_and_go(worker: int) -> None:
        try:
            for number in range(15):
                with_timeout(path, 60, lambda server, n=number: add_script(server, f"{worker}-{n}"))
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=come_and_go, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert sorted(scripts(path)) == sorted(
        ["Shared", *(f"{worker}-{number}" for worker in range(4) for number in range(15))]
    )


def test_a_busy_file_is_reported_after_the_time_limit_and_can_be_read_meanwhile(
    path: Path,
) -> None:
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    holder.execute("DELETE FROM object")
    server = EmbeddedServer(path, timeout=0.5)
    try:
        assert [one.dbid for one in server.read("Script")] == [101]
        begun = time.monotonic()
        with pytest.raises(ServerBusyError, match=r"0\.5 s") as caught:
            add_script(server, "New")
        assert 0.4 < time.monotonic() - begun < 20
        assert str(path) in caught.value.message
        for refused in (
            lambda: server.delete("Script", 101),
            lambda: server.update("Script", 101, Delta(values={"name": "New"})),
        ):
            with pytest.raises(ServerBusyError):
                refused()
        holder.execute("ROLLBACK")
        assert add_script(server, "New").dbid == 102
    finally:
        server.close()
        holder.close()


def test_a_writer_waits_for_another_within_the_time_limit(path: Path) -> None:
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, lambda: holder.execute("COMMIT"))
    release.start()
    try:
        assert with_timeout(path, 60, lambda server: add_script(server, "New")).dbid == 102
    finally:
        release.join()
        holder.close()


# Several writes in one transaction


def test_writes_together_are_there_at_the_end_and_a_refused_write_is_undone_alone(
    path: Path,
) -> None:
    with opened(path) as server:
        with server.together():
            first = add_script(server, "First")
            with pytest.raises(UniquenessViolationError):
                add_script(server, "Shared")
            last = add_script(server, "Last")
            assert scripts(path).keys() == {"Shared"}, "others see nothing before the end"
        assert scripts(path).keys() == {"Shared", "First", "Last"}
        assert server.read("Script", {"dbid": first.dbid}) == [first]
        assert server.read("Script", {"dbid": last.dbid}) == [last]
        assert last.dbid == first.dbid + 1, "the DBID of the refused script is free again"


def test_writes_together_are_undone_together_where_the_block_fails(path: Path) -> None:
    def interrupted() -> None:
        with server.together():
            add_script(server, "First")
            server.update("Script", 101, Delta({"name": "Renamed"}))
            raise KeyboardInterrupt

    with opened(path) as server:
        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert scripts(path).keys() == {"Shared"}
        assert [one.attributes["name"] for one in server.read("Script")] == ["Shared"]
        assert add_script(server, "First").attributes["name"] == "First"


def test_what_a_refused_write_has_changed_is_not_seen_later_in_the_transaction(path: Path) -> None:
    def refused() -> None:
        with server.store.writing():
            server.engine.update(OBJECT_TYPES["Script"], 101, Delta({"name": "Renamed"}))
            raise NoPermissionError("the right is missing")

    with opened(path) as server, server.together():
        with pytest.raises(NoPermissionError):
            refused()
        assert '"Shared"' in server.engine.existing("Script", 101)[3]
        assert server.update("Script", 101, Delta({"name": "Other"})).attributes["name"] == "Other"


def test_once_the_file_has_undone_a_transaction_nothing_more_is_written_in_it(path: Path) -> None:
    """SQLite itself rolls a transaction back after some errors of the disk."""

    def rolled_back() -> None:
        with server.together():
            add_script(server, "First")
            server.store.connection.execute("ROLLBACK")
            with pytest.raises(ServerUnavailableError, match="an earlier error has undone"):
                add_script(server, "Second")

    with opened(path) as server:
        with pytest.raises(ServerUnavailableError):
            rolled_back()
        assert scripts(path).keys() == {"Shared"}
        add_script(server, "Third")
        assert scripts(path).keys() == {"Shared", "Third"}


@pytest.mark.parametrize("size", [300_000, 4_000_000], ids=["at commit", "before commit"])
def test_a_full_disk_undoes_the_write_and_the_session_goes_on(path: Path, size: int) -> None:
    lines = finished(
        start(
            """
import resource
import sys
from pathlib import Path
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import ServerError
server = EmbeddedServer(Path(sys.argv[1]))
def add(name, size):
    body = {"body": {"filling": "x" * size}}
    attributes = {"tenantDBID": 101, "name": name, "type": 23, "userProperties": body}
    return server.create("Script", attributes).dbid
print(add("before", 10))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
sys.dont_write_bytecode = True  # it would be cut off as well
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
try:
    add("too large", int(sys.argv[2]))
except ServerError as error:
    print("refused")
print(len(server.read("Script")))
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
print(add("after", 10) > 0)
server.close()
""",
            path,
            size,
        )
    )
    assert lines == ["102", "refused", "2", "True"]
    assert sorted(scripts(path)) == ["Shared", "after", "before"]
    assert_sound(path)


# Read-only


def as_nobody(act: Callable[[], object]) -> str:
    """What ``act`` returns or raises, done by a user who owns nothing."""
    here, there = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            answer = str(act())
        except BaseException as error:  # noqa: BLE001 - the parent asserts what it is
            answer = f"{type(error).__name__}: {error}"
        os.write(there, answer.encode())
        os._exit(0)
    os.close(there)
    with os.fdopen(here, encoding="utf-8") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return answer


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may enter and read and nobody else may write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


def count_and_write(path: Path) -> str:
    """How many scripts can be read, and what a write is answered with."""
    server = EmbeddedServer(path)
    found = len(server.read("Script"))
    outcomes = []
    for act in (
        lambda: add_script(server, "New"),
        lambda: server.update("Script", 101, Delta(values={"name": "New"})),
        lambda: server.delete("Script", 101),
    ):
        try:
            act()
            outcomes.append("written")
        except ServerReadOnlyError:
            outcomes.append("refused")
    again = len(server.read("Script"))
    server.close()
    return f"{found} {' '.join(outcomes)} {again}"


@pytest.mark.parametrize(
    ("file_mode", "folder_mode"),
    [(0o444, 0o555), (0o444, 0o777), (0o666, 0o555)],
    ids=["both", "file", "folder"],
)
def test_a_file_that_cannot_be_written_is_read_and_refuses_writes(
    made: Path, public: Path, file_mode: int, folder_mode: int
) -> None:
    path = Path(shutil.copy(made, public / "gwe.db"))
    path.chmod(file_mode)
    public.chmod(folder_mode)
    before = path.read_bytes()
    assert as_nobody(lambda: count_and_write(path)) == "1 refused refused refused 1"
    assert path.read_bytes() == before
    assert [one.name for one in public.iterdir()] == ["gwe.db"]


def test_a_read_only_file_shows_what_a_killed_writer_was_answered(made: Path, public: Path) -> None:
    path = Path(shutil.copy(made, public / "gwe.db"))
    writer = start(WRITER, path, "killed")
    assert writer.stdout is not None
    assert writer.stdout.readline() == "102 created\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    log = Path(f"{path}-wal")
    assert log.stat().st_size > 0
    for one in public.iterdir():
        one.chmod(0o444)
    public.chmod(0o555)
    answer = as_nobody(lambda: count_and_write(path))
    count, *rest = answer.split()
    assert rest == ["refused", "refused", "refused", count], answer
    assert int(count) >= 2


def test_a_file_that_cannot_be_read_is_explained(made: Path, public: Path) -> None:
    path = Path(shutil.copy(made, public / "gwe.db"))
    path.chmod(0o000)
    answer = as_nobody(lambda: count_and_write(path))
    assert answer.startswith("Server")
    assert str(path) in answer


# Not ours


def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailableError, match=r"none\.db does not exist") as caught:
        EmbeddedServer(tmp_path / "none.db")
    assert "gwe embedded init" in caught.value.hint
    with pytest.raises(ServerUnavailableError, match="is a folder"):
        EmbeddedServer(tmp_path)
    assert list(tmp_path.iterdir()) == []


def foreign_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE object (type TEXT, dbid INTEGER)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "make",
    [
        foreign_database,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_text("kind: Site\n" * 200, encoding="utf-8"),
        lambda path: path.write_bytes(b"\0" * 8192),
    ],
    ids=["another database", "empty", "text", "zeros"],
)
def test_a_file_that_is_not_ours_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    path = tmp_path / "other.db"
    make(path)
    before = path.read_bytes()
    with pytest.raises(NotAServerFileError, match=r"other\.db is not an embedded") as caught:
        EmbeddedServer(path)
    assert "gwe embedded init" in caught.value.hint
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["other.db"]


def test_a_file_of_another_format_version_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(NotAServerFileError, match="has format 2; this version reads format 1"):
        EmbeddedServer(path)


def test_a_damaged_file_is_never_read_in_part(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(NotAServerFileError, match="damaged"):
        with_timeout(path, 1, lambda server: [server.read("Script"), server.read("Folder")])


def test_the_command_explains_a_file_that_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")
    shown = gwe("embedded", "inspect", "notes.txt", cwd=tmp_path)
    assert (shown.code, shown.out) == (1, "")
    assert "notes.txt is not an embedded Configuration Server" in shown.err


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?.db", "a#b.db", "ключ.db", "a&mode=ro"])
def test_any_file_name_will_do(made: Path, tmp_path: Path, name: str) -> None:
    path = Path(shutil.copy(made, tmp_path / name))
    with opened(path) as server:
        assert add_script(server, "New").dbid == 102
    assert [one.name for one in tmp_path.iterdir()] == [name]


# Made


def test_a_new_file_is_for_its_owner_only_and_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    create_server(path, BARE)
    assert [one.name for one in tmp_path.iterdir()] == ["new.db"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_init_refuses_an_existing_file_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "gwe.db"
    path.write_text("precious", encoding="utf-8")
    with pytest.raises(ServerUnavailableError, match=r"gwe\.db exists already"):
        create_server(path, BARE)
    shown = gwe("embedded", "init", "gwe.db", cwd=tmp_path)
    assert shown.code == 1
    assert "gwe.db exists already" in shown.err
    assert path.read_text(encoding="utf-8") == "precious"
    assert [one.name for one in tmp_path.iterdir()] == ["gwe.db"]


MISTAKES = {
    "syntax": "kind: Site\n  - [",
    "word": SHARED.replace("type: InteractionQueue", "colour: red"),
    "reference": SHARED.replace("type: Inter", "tenant: None, type: Inter"),
    "twin": SHARED.replace(
        "[{name: Shared", "[{name: S, dbid: 101, type: VoiceFile}, {name: Shared"
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_init_leaves_nothing_behind_after_a_failing_site_file(tmp_path: Path, mistake: str) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(MISTAKES[mistake], encoding="utf-8")
    (tmp_path / "here").mkdir()
    with pytest.raises(ManifestError):
        create_server(tmp_path / "here" / "gwe.db", site)
    shown = gwe("embedded", "init", "gwe.db", "--site", "../site.yaml", cwd=tmp_path / "here")
    assert shown.code == 1
    assert "../site.yaml" in shown.err
    assert list((tmp_path / "here").iterdir()) == []


KILLED = """
import os, signal
from pathlib import Path
from reconciler.server.embedded.sites import create
create._fill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
create.create_server(Path("[t].db"))
"""


def test_what_a_killed_init_has_left_is_removed_by_the_next(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert len(list(tmp_path.iterdir())) >= 2
    assert all(one.name.startswith(".[t].db.") for one in tmp_path.iterdir())
    assert gwe("embedded", "init", "[t].db", cwd=tmp_path).code == 0
    assert [one.name for one in tmp_path.iterdir()] == ["[t].db"]


def test_what_another_init_is_making_is_left_alone(tmp_path: Path) -> None:
    draft = tmp_path / ".gwe.db.0123abcd"
    draft.touch()
    with FileLock(f"{draft}.lock"):
        assert gwe("embedded", "init", "gwe.db", cwd=tmp_path).code == 0
        assert draft.exists()


def test_init_explains_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailableError, match="cannot be created"):
        create_server(tmp_path / "none" / "gwe.db", BARE)
    assert list(tmp_path.iterdir()) == []


def test_two_inits_at_once_make_one_file_and_one_refusal(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from reconciler.server.embedded.sites.create import create_server\n"
        "from reconciler.server.errors import ServerUnavailableError\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    create_server(Path(sys.argv[1]), Path(sys.argv[2]))\n"
        "    print('made')\n"
        "except ServerUnavailableError:\n"
        "    print('refused')\n"
    )
    path = tmp_path / "gwe.db"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(path), str(BARE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    for one in both:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    outcomes = sorted(one.communicate(timeout=60)[0] for one in both)
    assert outcomes == ["made\n", "refused\n"]
    assert [one.name for one in tmp_path.iterdir()] == ["gwe.db"]


@pytest.mark.flushes
@pytest.mark.parametrize(("durable", "level"), [(False, 1), (True, 2)])
def test_what_power_loss_can_take_is_a_setting_of_the_file(
    durable: bool, level: int, tmp_path: Path
) -> None:
    path = tmp_path / "gwe.db"
    create_server(path, durable=durable)
    server = EmbeddedServer(path)
    found = server.store.connection.execute("PRAGMA synchronous").fetchone()[0]
    server.close()
    assert found == level  # 1 is NORMAL, 2 is FULL


# Asked for what no file can hold


@pytest.mark.parametrize(
    "ask",
    [
        lambda server: server.read("Script", {"name": "half a pair \ud800"}),
        lambda server: server.read("Script", {"dbid": 2**70}),
        lambda server: server.history("Script", 2**70),
    ],
)
def test_a_value_that_no_file_can_hold_is_refused(
    ask: Callable[[EmbeddedServer], object], path: Path
) -> None:
    with opened(path) as server:
        with pytest.raises(ValueOutOfRangeError):
            ask(server)
        assert list(scripts(path)) == ["Shared"]


def test_a_session_that_was_closed_says_so(path: Path) -> None:
    with opened(path) as server:
        pass
    with pytest.raises(ServerUnavailableError, match=r"the session with .*gwe\.db is closed"):
        server.read("Script")
