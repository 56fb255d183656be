"""The command line over the wire does what it does on the file itself."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.engine.planning import prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.resources import bundled_manifests
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.engine import complete
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.port import AccessEntry, ConfObject, Server
from reconciler.site.discovery import SiteOptions
from reconciler.testing.contract.site import script
from tests.harness import APP, BARE, VENDOR, Result, everything, gwe_process, opened, site_server
from tests.psdk.support import LIB, free_port, listening, session

Listen = Callable[..., int]
ADMINISTRATOR = {"GWE_PSDK": LIB, "GWE_USER": "default", "GWE_PASSWORD": "password"}


@contextmanager
def serving(path: Path, *more: str) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """``gwe embedded serve`` in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "reconciler", "embedded", "serve", path]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--psdk", LIB, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout
        first = process.stdout.readline()
        assert f"confserv://127.0.0.1:{port}. Ctrl-C ends it." in first, first
        yield port, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(10)
        process.stdout.close()


def on(url: str, folder: Path, *arguments: str) -> Result:
    """A command against a server; what it says with the server's URL taken out."""
    command, *more = arguments
    site = ["--server", url, "--app", APP]
    result = gwe_process(command, *site, *more, cwd=folder, env=ADMINISTRATOR)
    return said(result, url)


def said(result: Result, url: str) -> Result:
    """A result without the server's URL and the names of runs."""
    out = _RUN.sub("RUN", result.out.replace(url, "SERVER"))
    return Result(result.code, out, result.err)


_IN_TURN = ("--in-flight", "1")
"""Objects get their DBIDs in the order of the plan, whichever the server."""

_RUN = re.compile(r"\b[0-9]{8}-[0-9]{6}-[0-9a-f]{8}\b")


def test_plan_apply_and_drift_say_and_do_the_same_over_the_wire(tmp_path: Path) -> None:
    folders = [tmp_path / "file", tmp_path / "wire"]
    for folder in folders:
        folder.mkdir()
    file, wire = (site_server(folder, BARE) for folder in folders)
    with serving(wire) as (port, _):
        urls = [f"embedded:{file.relative_to(tmp_path)}", f"confserv://127.0.0.1:{port}"]
        for arguments in (
            ("plan", "-v"),
            ("drift",),
            ("apply", "-f", "bundled", "--auto-approve", *_IN_TURN),
            ("plan", "--detailed-exitcode"),
            ("drift",),
            ("apply", "-f", "bundled", "--overwrite", "--auto-approve", *_IN_TURN),
        ):
            here, there = (on(url, tmp_path, *arguments) for url in urls)
            assert there.code == here.code, there.err
            assert there.out == here.out
        assert on(urls[1], tmp_path, "plan", "--detailed-exitcode").code == 0
        runs = _RUN.findall(gwe_process("runs", cwd=tmp_path).out)
        assert len(runs) == 4
        for run in (3, 1):  # what was replaced, then what was created
            here, there = (
                said(
                    gwe_process(
                        *("undo", runs[number], "--server", url, "--auto-approve", *_IN_TURN),
                        cwd=tmp_path,
                        env=ADMINISTRATOR,
                    ),
                    url,
                )
                for number, url in zip((run - 1, run), urls, strict=True)
            )
            assert (here.code, here.err) == (0, "")
            assert there.code == here.code, there.err
            assert there.out == here.out
        recovered = gwe_process("recover", "--server", urls[1], cwd=tmp_path, env=ADMINISTRATOR)
        assert recovered.code == 0
        assert "Nothing to recover" in recovered.out
    assert everything(wire) == everything(file)


def test_ctrl_c_ends_serve_with_its_sessions(tmp_path: Path) -> None:
    with serving(site_server(tmp_path, BARE)) as (port, process):
        server = session(port, "default", "password")
        server.read("Script")
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "Ended.\n"
        server.close()


@pytest.mark.parametrize("seconds", [0, 1])
def test_ctrl_c_ends_a_command_while_its_server_says_nothing(tmp_path: Path, seconds: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"confserv://127.0.0.1:{silent.getsockname()[1]}"
        command = [sys.executable, "-m", "reconciler", "plan", "--app", APP, "--server", url]
        environment = {**os.environ, **ADMINISTRATOR}
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            silent.settimeout(60)
            connection, _ = silent.accept()
            with connection:
                time.sleep(seconds)  # after one, all that goes on is the wait for an answer
                process.send_signal(signal.SIGINT)
                try:
                    # Before the time limit of the log-in.
                    _, said = process.communicate(timeout=8)
                finally:
                    process.kill()
    assert process.returncode == 1
    assert said.endswith("Interrupted; nothing was written.\n")


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    path = site_server(tmp_path, BARE)
    with serving(path) as (port, _):
        arguments = ["embedded", "serve", path, "--port", str(port), "--psdk", LIB]
        result = gwe_process(*arguments, cwd=tmp_path)
    assert result.code == 1
    assert f"cannot listen at 127.0.0.1:{port}" in result.err


def test_a_wrong_password_is_said_by_every_command(tmp_path: Path) -> None:
    with serving(site_server(tmp_path, BARE)) as (port, _):
        url = f"confserv://127.0.0.1:{port}"
        for command in ("plan", "doctor"):
            wrong = {**ADMINISTRATOR, "GWE_PASSWORD": "wrong"}
            result = gwe_process(command, "--server", url, "--app", APP, cwd=tmp_path, env=wrong)
            assert result.code == 1
            assert "error 4" in " ".join((result.out + result.err).split())


def test_the_doctor_sees_what_is_well_and_what_is_not(tmp_path: Path) -> None:
    with serving(site_server(tmp_path, BARE)) as (port, _):
        site = ["doctor", "--server", f"confserv://127.0.0.1:{port}", "--app", APP]
        well = gwe_process(*site, cwd=tmp_path, env=ADMINISTRATOR)
        other = gwe_process(*site, "--client", "nobody", cwd=tmp_path, env=ADMINISTRATOR)
    assert well.code == 0, well.out
    lines = [line.split() for line in well.out.splitlines() if not line.startswith(" ")]
    assert [(state, what) for state, what, *_ in lines] == [
        ("ok", "JPype1"),
        ("ok", "Java"),
        ("ok", "Platform"),
        ("ok", "start"),
        ("ok", "name"),
        ("ok", "port"),
        ("note", "TLS"),
        ("ok", "log-in"),
        ("note", "client"),
        ("ok", "server"),
        ("ok", "mode"),
        ("ok", "permissions"),
        ("ok", "site"),
    ]
    lines_without_path = [line for line in well.out.splitlines() if "/java-" not in line]
    assert max(map(len, lines_without_path)) <= 80  # only a path may be longer: it stays whole
    assert other.code == 1
    assert other.out.splitlines()[-1].strip().startswith("->") or "error 7" in other.out
    gone = gwe_process(*site, cwd=tmp_path, env=ADMINISTRATOR)
    assert gone.code == 1
    assert "failed  port" in gone.out


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_plan_over_the_wire_asks_what_the_design_says_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, overwrite: bool
) -> None:
    asked: list[str] = []
    original = EmbeddedServer.read
    path = site_server(tmp_path, VENDOR)

    def counted(self: EmbeddedServer, object_type: str, filters: object = None) -> object:
        asked.append(object_type)
        return original(self, object_type, filters)  # type: ignore[arg-type]

    def asked_of(server: Server) -> Counter[str]:
        """What the server of the file is asked for a plan that is made through ``server``."""
        asked.clear()
        loaded = load_manifests([bundled_manifests()])
        prepare(loaded, SiteAccess(server, SiteOptions(APP)), PlanOptions(overwrite=overwrite))
        return Counter(asked)

    with listening(path) as port:
        wire = session(port, "default", "password")
        monkeypatch.setattr(EmbeddedServer, "read", counted)
        over_the_wire = asked_of(wire)
        wire.close()
    with opened(path) as file:
        of_the_file = asked_of(file)
    assert over_the_wire == of_the_file
    assert sum(of_the_file.values()) < (60 if overwrite else 50)


def test_ten_thousand_objects_come_in_one_read(listen: Listen, path: Path) -> None:
    fill(path, 10_000)
    server = session(listen())
    found = server.read("Script", {"tenant_dbid": 101})
    server.close()
    assert len(found) == 10_002
    assert [one.dbid for one in found] == sorted(one.dbid for one in found)
    last = found[-1]
    assert (last.attributes["name"], last.path) == ("Größe 9999", "Scripts")
    assert last.attributes["userProperties"] == {"Orchestration": {"application": "script:9999"}}


def fill(path: Path, count: int) -> None:
    """Writes that many more scripts in one transaction."""
    kind = OBJECT_TYPES["Script"]
    with opened(path) as server:
        folder = server.read("Script", {"dbid": 101})[0].folder
        with server.store.writing():
            for number in range(count):
                annex = {"Orchestration": {"application": f"script:{number}"}}
                given = script(f"Größe {number}", userProperties=annex)
                server.insert(kind, complete(kind, given), folder)


def test_a_snapshot_over_the_wire_is_the_server(tmp_path: Path) -> None:
    """All types, folders and permissions come over the wire as they are in the file."""
    source = site_server(tmp_path, SAMPLE_SITE)
    with opened(source) as server:
        script = server.read("Script")[0]
        server.set_permissions("Script", script.dbid, [AccessEntry("AccessGroup", 97, 127)])
    with serving(source) as (port, _):
        url = f"confserv://127.0.0.1:{port}"
        done = gwe_process("snapshot", "copy.db", "--from", url, cwd=tmp_path, env=ADMINISTRATOR)
    assert done.code == 0, done
    copy = tmp_path / "copy.db"
    assert _without_empty_lists(copy) == _without_empty_lists(source)
    with opened(copy) as server:
        assert server.permissions("Script", script.dbid) == [AccessEntry("AccessGroup", 97, 127)]


def test_two_servers_are_compared_over_the_wire_as_their_files_are(tmp_path: Path) -> None:
    files = []
    for name in ("test", "production"):
        (tmp_path / name).mkdir()
        files.append(site_server(tmp_path / name, VENDOR))
    with opened(files[1]) as server:
        (failed,) = server.read("Script", {"name": "Webengagement_Failed"})
        change = KeyValueDelta(added={"Limits": {"waiting": "30"}})
        server.update("Script", failed.dbid, Delta(key_values={"userProperties": change}))
        server.create("Skill", {"tenantDBID": 101, "name": "Only in production"})
    with serving(files[0]) as (port, _), serving(files[1]) as (other_port, _):
        urls = [f"confserv://127.0.0.1:{number}" for number in (port, other_port)]

        def compared(a: str, b: str, *more: str) -> Result:
            arguments = ("compare", a, b, "--app", APP, "--format", "json", *more)
            return gwe_process(*arguments, cwd=tmp_path, env=ADMINISTRATOR)

        over_the_wire = compared(*urls, "--all")
        mixed = compared(urls[0], f"embedded:{files[0]}", "--all")
        refused = compared(*urls, "--user-b", "nobody")
    assert over_the_wire.code == 2, over_the_wire
    found = over_the_wire.json()
    of_files = compared(*(f"embedded:{file}" for file in files), "--all").json()
    assert found["differences"] == of_files["differences"]
    assert [(one["address"], one["found"]) for one in found["differences"]] == [
        ("InteractionQueue/Webengagement_Failed", "differs"),
        ("Skill/Only in production", "only-in-b"),
    ]
    assert (found["equal"], of_files["equal"]) == (40, 40)
    assert (mixed.code, mixed.json()["differences"]) == (0, [])
    assert refused.code == 1
    assert refused.err.endswith(
        "  The user is nobody (--user-b). The password is that in GWE_PASSWORD;"
        " --password-file-b names a file with another.\n"
    )


def _without_empty_lists(path: Path) -> dict[tuple[str, int], ConfObject]:
    """Every object of a file. An empty list does not come over the wire."""
    return {
        key: replace(
            one, attributes={name: value for name, value in one.attributes.items() if value != []}
        )
        for key, one in everything(path).items()
    }
