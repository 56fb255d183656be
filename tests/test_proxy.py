"""A Configuration Server Proxy may be read, and nothing is written through it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.port import ConfObject
from reconciler.server.proxy import listens_at, proxies_among
from tests.harness import APP, BARE, everything, gwe, opened, plan_arguments, site_server

OWN, MASTER = 99, 901
PROXY = (
    BARE.read_text(encoding="utf-8")
    .replace("Application:\n", "Application:\n  - {name: master, dbid: 901, type: 21}\n", 1)
    .replace("type: 21", "type: ConfigurationServer")
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A server that a run was made on, and that is a proxy since."""
    path = site_server(tmp_path, PROXY)
    done = gwe("apply", "-f", "bundled", *plan_arguments(path), "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.err
    with opened(path) as server:
        connection = {"appServerDBID": MASTER, "id": "default"}
        change = Delta(lists={"appServerDBIDs": ListDelta(added=(connection,))})
        server.update("Application", OWN, change)
        server.delete("Script", server.read("Script", {"name": "Webengagement_Qualified"})[0].dbid)
    return path


def test_a_plan_and_a_drift_check_read_from_a_proxy_and_say_so(path: Path, tmp_path: Path) -> None:
    for command, code in (("plan", 0), ("drift", 2)):
        result = gwe(command, *plan_arguments(path), cwd=tmp_path)
        assert result.code == code, result.err
        assert (
            "Note: The server is a Configuration Server Proxy of master: what it holds may be"
            " out of date, and apply refuses it. Name the master with --server."
        ) in " ".join(result.out.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("apply", "--app", APP, "--auto-approve"),
        ("undo", "last", "--auto-approve"),
        ("recover",),
        ("lock", "release"),
    ],
)
def test_every_command_that_writes_refuses_a_proxy_before_it_writes(
    path: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    before = everything(path)
    result = gwe(*arguments, "--server", f"embedded:{path}", cwd=tmp_path)
    assert (result.code, result.out) == (3, "")
    said = " ".join(result.err.split())
    assert "is a Configuration Server Proxy of master: nothing is written through a proxy" in said
    assert "Name the master, and its backup, with --server." in said
    assert everything(path) == before


def test_the_drop_in_refuses_a_proxy(path: Path, tmp_path: Path) -> None:
    before = everything(path)
    command = [sys.executable, "-m", "reconciler.cli.drop_in", "-host", f"embedded:{path}"]
    state = {"GWE_STATE_DIR": str(tmp_path / "state"), "COLUMNS": "80"}
    done = subprocess.run(
        [*command, "-app", APP],
        cwd=tmp_path,
        env={**os.environ, **state},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "Proxy of master" in " ".join(done.stderr.split())
    assert everything(path) == before


def test_the_lock_of_a_proxy_can_be_shown(path: Path, tmp_path: Path) -> None:
    result = gwe("lock", "show", "--server", f"embedded:{path}", cwd=tmp_path)
    assert (result.code, result.out) == (0, "Nobody holds the lock.\n")


def test_the_doctor_says_what_to_name_instead(path: Path, tmp_path: Path) -> None:
    result = gwe("doctor", *plan_arguments(path), cwd=tmp_path)
    assert result.code == 1
    said = " ".join(result.out.split())
    assert "failed server it is a proxy of master -> Name the master and its backup" in said


def application(dbid: int, kind: int, *connected: int, **more: object) -> ConfObject:
    connections = [{"appServerDBID": one, "id": "default"} for one in connected]
    attributes = {"name": f"a{dbid}", "type": kind, "appServerDBIDs": connections, **more}
    return ConfObject("Application", dbid, attributes)


def test_a_proxy_is_a_configuration_server_that_connects_to_another_one() -> None:
    applications = [
        application(99, 21, 300),  # to Message Server
        application(100, 21, 99, 300),
        application(101, 21, 100),  # a proxy of a proxy
        application(102, 21, 102, 555),  # to itself, and to one that is not there
        application(200, 185, 99),
        application(300, 42),
    ]
    assert proxies_among(applications) == {100: "a99", 101: "a100"}


@pytest.mark.parametrize(
    ("names", "port", "expected"),
    [
        (["CS2.example.com"], 2025, True),
        (["alias", "192.0.2.2"], 2025, True),
        (["cs2.example.com"], 2021, True),
        (["cs2.example.com"], 2020, False),
        (["alias", "192.0.2.3"], 2025, False),
        ([""], 2025, False),
    ],
)
def test_an_application_is_known_by_its_host_and_port(
    names: list[str], port: int, expected: bool
) -> None:
    ports = [{"id": "secure", "port": "2021"}]
    info = {"hostDBID": 7, "port": "2025"}
    one = application(100, 21, 99, serverInfo=info, portInfos=ports)
    host = ConfObject("Host", 7, {"name": "cs2.example.com", "IPaddress": "192.0.2.2"})
    assert listens_at(one, host, names, port) is expected
