"""What the tests run ``gwe`` with: in this process it says what it says in one of its own,
and leaves this process as it was."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from tests import harness
from tests.harness import (
    Result,
    content_of,
    everything,
    find,
    gwe,
    gwe_process,
    opened,
    plan_arguments,
    site_server,
)
from tests.warm import WarmProcesses


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("plan", *plan_arguments(Path("gwe.db"))), None),
        (("plan", *plan_arguments(Path("gwe.db"), "--format", "json")), None),
        (("apply", *plan_arguments(Path("gwe.db"))), "y\n"),
        (("plan", *plan_arguments(Path("none.db"))), None),
        (("embedded", "export", "gwe.db"), None),
        (("plan", "--nonsense"), None),
        (("plan", "--help"), None),
        ((), None),
    ],
    ids=["text", "json", "question", "error", "export", "wrong usage", "help", "nothing"],
)
def test_gwe_says_in_this_process_what_it_says_in_one_of_its_own(
    arguments: tuple[str, ...], stdin: str | None, tmp_path: Path
) -> None:
    site_server(tmp_path)
    inside = gwe(*arguments, cwd=tmp_path, stdin=stdin)
    assert inside == gwe_process(*arguments, cwd=tmp_path, stdin=stdin)
    assert inside.out + inside.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", *plan_arguments(Path("gwe.db"))),
        ("plan", *plan_arguments(Path("none.db"))),
        ("plan", "--nonsense"),
    ],
    ids=["text", "error", "wrong usage"],
)
def test_a_warm_process_says_what_a_cold_one_says(
    arguments: tuple[str, ...], tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    site_server(tmp_path)
    cold = gwe_process(*arguments, cwd=tmp_path)
    warm = subprocess.run(
        [warm_processes.stand_ins() / "gwe", *map(str, arguments)],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "80", "GWE_STATE_DIR": str(harness.state_folder(tmp_path))},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert (warm.returncode, warm.stdout, warm.stderr) == (cold.code, cold.out, cold.err)


def _seen() -> tuple[object, ...]:
    """What a command could leave changed behind it."""
    heard = tuple(signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    return Path.cwd(), dict(os.environ), heard, sys.stdin, sys.stdout, sys.stderr


def _spoils_everything(_: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: None)
    os.chdir("/")
    os.environ.clear()
    os.environ["GWE_USER"] = "somebody"
    sys.stdout.write("said\n")
    return 7


def _fails(_: list[str]) -> int:
    _spoils_everything([])
    raise KeyError("a mistake of ours")


def test_a_command_leaves_the_process_of_the_tests_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _seen()
    monkeypatch.setattr(harness, "main", _spoils_everything)
    assert gwe("plan", cwd=tmp_path) == Result(7, "said\n", "")
    assert _seen() == before


def test_an_error_that_is_no_error_of_ours_fails_the_test_and_leaves_the_process_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _seen()
    monkeypatch.setattr(harness, "main", _fails)
    with pytest.raises(KeyError, match="a mistake of ours"):
        gwe("plan", cwd=tmp_path)
    assert _seen() == before


def test_all_that_a_server_holds_is_told_anew_after_each_change(tmp_path: Path) -> None:
    """What was read of a server before stands for the rows alone that are the same."""
    path = site_server(tmp_path)
    before = everything(path)
    assert find(path, "Host", "host.example.com").path == "Hosts"
    with opened(path) as server:
        contents = [content_of(server)]
        server.update("Folder", 103, Delta(values={"name": "Machines"}))
        contents.append(content_of(server))
        stat = find(path, "Application", "Stat")
        server.update("Application", stat.dbid, Delta(values={"name": "Statistics"}))
        contents.append(content_of(server))
        server.delete("Host", server.create("Host", {"name": "new", "type": 1}).dbid)
        contents.append(content_of(server))
    after = everything(path)
    moved = {("Folder", 103), ("Host", 101), ("Application", stat.dbid)}
    assert {key for key in before if before[key] != after[key]} == moved
    assert find(path, "Host", "host.example.com").path == "Machines"
    assert find(path, "Application", "Statistics") == after["Application", stat.dbid]
    assert after.keys() == before.keys()
    assert len(set(contents)) == 3
    assert contents[2] == contents[3]


def test_what_a_server_holds_is_right_also_if_it_is_closed_while_its_files_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To close a server moves what SQLite has written beside the file into it."""
    path = site_server(tmp_path)
    assert everything(path)["Tenant", 101].attributes.get("chargeableNumber") != "7"
    writer = EmbeddedServer(path)
    writer.update("Tenant", 101, Delta({"chargeableNumber": "7"}))
    read_bytes = Path.read_bytes

    def closed_meanwhile(file: Path) -> bytes:
        found = read_bytes(file)
        writer.close()
        return found

    monkeypatch.setattr(Path, "read_bytes", closed_meanwhile)
    assert everything(path)["Tenant", 101].attributes["chargeableNumber"] == "7"
