"""The commands with their state in PostgreSQL: the runs of a team, of CI, of another machine."""

import os
import shlex
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.server.embedded.adapter import EmbeddedServer
from tests.harness import APP, Result, gwe
from tests.other_machine import OtherMachine
from tests.pages import ROOT
from tests.postgres import Cluster, available, programs, running_cluster
from tests.runs import ACCESS as GROUP_ACCESS
from tests.runs import AFTER, BEFORE, REPLACED, Nursery, Place, Strike, access_of, named, told

if not available():
    pytest.skip("no PostgreSQL here: said in the summary", allow_module_level=True)


@dataclass(frozen=True)
class Team:
    """A server, and a database for the runs of everyone who works with it."""

    place: Place
    url: str

    def gwe(self, *arguments: str, cwd: Path | None = None, **env: str) -> Result:
        """A command in this process, in any folder; no folder of the state is named."""
        there = cwd or self.place.folder
        env = {"GWE_STATE": self.url, "GWE_STATE_DIR": "", **env}
        return gwe(*arguments, cwd=there, env=env)

    @property
    def server(self) -> tuple[str, str]:
        return ("--server", f"embedded:{self.place.server}")

    @property
    def apply_arguments(self) -> list[str]:
        overwrite = [part for one in REPLACED for part in ("--overwrite-only", one)]
        manifests = str(self.place.folder / "manifests.yaml")
        return ["apply", *self.server, "--app", APP, "-f", manifests, *overwrite, "--auto-approve"]

    def runs(self) -> list[dict[str, Any]]:
        return list(self.gwe("runs", "--format", "json").json()["runs"])


@pytest.fixture
def team(place: Place, cluster: Cluster) -> Team:
    return Team(place, cluster.url(f"s{uuid.uuid4().hex}"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of another host: it has no state."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def flat(text: str) -> str:
    return " ".join(text.split())


def folders_of_a_state(team: Team, tmp_path: Path) -> list[Path]:
    platform = Path(os.environ["XDG_STATE_HOME"])
    places = (tmp_path, platform, team.place.state_dir)
    return [file for place in places for file in place.rglob("state.db")]


def test_a_run_is_listed_shown_and_taken_back_on_another_machine(
    team: Team, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert team.gwe(*team.apply_arguments).code == 0
    assert told(team.place.objects()) == AFTER
    OtherMachine(monkeypatch)
    (run,) = team.runs()
    listed = team.gwe("runs", cwd=elsewhere)
    assert listed.out.splitlines()[0].split() == ["RUN", "STATUS", "DONE", "APPLICATION"]
    assert listed.out.splitlines()[1].split() == [run["run"], "applied", "5/5", APP]
    shown = team.gwe("runs", "show", "last", cwd=elsewhere)
    assert f"  state    {public(team)}\n" in shown.out
    assert team.gwe("undo", "last", *team.server, "--auto-approve", cwd=elsewhere).code == 0
    objects = team.place.objects()
    expected = {key: one for key, one in BEFORE.items() if key in told(objects)}
    assert told(objects) == expected
    assert [one["undoes"] for one in team.runs()] == ["", run["run"]]
    assert folders_of_a_state(team, tmp_path) == []


def public(team: Team) -> str:
    """The URL as it is shown: a host, or the folder of a socket, and the database."""
    rest = team.url.partition("host=")[2]
    return f"postgresql://{rest.partition('&')[0]}/postgres"


def killed(team: Team, nursery: Nursery, strike: Strike) -> None:
    done = nursery.gwe(
        *team.apply_arguments, place=team.place, strike=strike, GWE_STATE=team.url, GWE_STATE_DIR=""
    )
    assert done.code < 0


# After the delete of the group, whose answer is lost; within its create; between two objects.
# On its own machine a run is killed everywhere: test_crash.py.
STRIKES = [Strike("record", "half", 3), Strike("record", "before", 5), Strike("record", "after", 9)]


@pytest.mark.parametrize("strike", STRIKES, ids=str)
def test_a_killed_run_is_recovered_on_another_machine(
    team: Team,
    nursery: Nursery,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    strike: Strike,
) -> None:
    killed(team, nursery, strike)
    (run,) = team.runs()
    refused = team.gwe(*team.apply_arguments)
    assert refused.code == 4
    assert f"the run {run['run']} did not finish on this server" in flat(refused.err)
    assert f"The run's state is {public(team)}" in refused.err.replace("\n  ", " ")
    machine = OtherMachine(monkeypatch)
    shown = team.gwe("lock", "show", *team.server, cwd=elsewhere)
    assert f"  state    {public(team)}\n" in shown.out
    done = team.gwe("recover", *team.server, cwd=elsewhere)
    assert (done.code, machine.slept) == (0, 120)
    assert "Waiting 120 s to see that it does nothing there any more." in flat(done.err)
    group = named(team.place.objects(), "AgentGroup", "Group")
    assert access_of(team.place.server)["AgentGroup", group.dbid] == GROUP_ACCESS
    assert team.place.locks() == []
    assert [one["status"] for one in team.runs()] == ["recovered"]
    assert team.gwe(*team.apply_arguments, cwd=elsewhere).code == 0
    assert told(team.place.objects()) == AFTER


def test_a_run_is_recovered_under_whatever_name_the_server_is_reached(
    team: Team, nursery: Nursery, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another list of hosts is another identity; the lock on the server names the run."""
    killed(team, nursery, Strike("record", "after", 3))
    info = EmbeddedServer.info

    def other(server: EmbeddedServer) -> Any:
        from msgspec.structs import replace  # noqa: PLC0415

        return replace(info(server), identity="confserv:another-name")

    monkeypatch.setattr(EmbeddedServer, "info", other)
    assert team.gwe("recover", *team.server, cwd=elsewhere).code == 0
    assert team.place.locks() == []
    assert [one["status"] for one in team.runs()] == ["recovered"]


def test_a_second_recover_says_who_recovers(
    team: Team, nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(team, nursery, Strike("record", "after", 3))
    create = EmbeddedServer.create
    said: list[Result] = []

    def meanwhile(server: EmbeddedServer, *arguments: Any) -> Any:
        if not said:
            said.append(team.gwe("recover", *team.server))
        return create(server, *arguments)

    monkeypatch.setattr(EmbeddedServer, "create", meanwhile)
    assert team.gwe("recover", *team.server).code == 0
    (second,) = said
    assert second.code == 4
    (run,) = team.runs()
    who = f"the run {run['run']} is being recovered: "
    assert who in flat(second.err)
    assert f" on {socket.gethostname()} since " in flat(second.err)


@pytest.mark.parametrize("call", ["delete", "create"])
def test_a_lost_database_stops_the_run_and_a_replace_still_gets_its_create(
    team: Team, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """It is lost while the call is on its way: the answer cannot be recorded."""
    send = getattr(EmbeddedServer, call)

    def lose(server: EmbeddedServer, object_type: str, *arguments: Any) -> Any:
        answer = send(server, object_type, *arguments)
        if object_type == "AgentGroup":
            cluster.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'gwe-reconciler'"
            )
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedServer, call, lose)
        done = team.gwe(*team.apply_arguments)
    assert done.code == 5
    said = flat(done.out + done.err)
    assert f"cannot be written: the connection to {public(team)} was lost" in said
    assert "Then run gwe recover." in said
    assert f"The run's state is {public(team)}" in said
    group = named(team.place.objects(), "AgentGroup", "Group")
    assert group.attributes["userProperties"] == AFTER["AgentGroup Group"][1]
    assert told(team.place.objects())["Script Replaced"] == BEFORE["Script Replaced"]
    (run,) = team.runs()
    assert not run["settled"]
    assert team.gwe("recover", *team.server).code == 0
    assert team.gwe(*team.apply_arguments).code == 0
    assert told(team.place.objects()) == AFTER


def test_state_and_state_dir_together_are_refused(team: Team) -> None:
    for arguments in (("runs",), ("recover", *team.server), team.apply_arguments):
        refused = team.gwe(*arguments, GWE_STATE_DIR="somewhere")
        assert refused.code == 64
        assert "--state (or GWE_STATE) and --state-dir (or GWE_STATE_DIR) cannot be combined" in (
            flat(refused.err)
        )
        assert "give one of them" in flat(refused.err)


# Passwords, TLS

PASSWORD = "correct-horse"  # noqa: S105 - of nobody


def test_a_password_is_printed_nowhere(team: Team) -> None:
    team = Team(team.place, team.url.replace("gwe@", f"gwe:{PASSWORD}@"))
    said = [team.gwe(*team.apply_arguments), team.gwe("runs"), team.gwe("runs", "show", "last")]
    said += [team.gwe("undo", "last", "--auto-approve"), team.gwe("recover", *team.server)]
    assert [one.code for one in said] == [0] * 5
    nobody = f"postgresql://gwe:{PASSWORD}@localhost:1/gwe"
    for arguments in (["runs"], ["recover", *team.server], team.apply_arguments):
        refused = team.gwe(*arguments, GWE_STATE=nobody)
        assert refused.code == 1
        assert "postgresql://localhost:1/gwe cannot be reached" in flat(refused.err)
        said.append(refused)
    assert PASSWORD not in "".join(one.out + one.err for one in said)
    assert team.place.locks() == []


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_off_this_host_less_than_a_verified_connection_is_refused(team: Team, mode: str) -> None:
    url = f"postgresql://gwe:{PASSWORD}@db.example.com/gwe?sslmode={mode}"
    for arguments in (["runs"], ["recover", *team.server], team.apply_arguments):
        refused = team.gwe(*arguments, GWE_STATE=url)
        assert refused.code == 3
        assert f"is on another host, and sslmode={mode} does not verify it" in flat(refused.err)
        assert "?sslrootcert=FILE names the certificate of its authority" in flat(refused.err)
        assert PASSWORD not in refused.err


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The URL of a server with a certificate for localhost, and its authority's."""
    if shutil.which("openssl") is None:
        pytest.skip("needs the command openssl")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", "key.pem", "-out", "certificate.pem"),
        ],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    with ExitStack() as stack:
        free = stack.enter_context(socket.socket())
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        cluster = stack.enter_context(running_cluster(port=str(port)))
        cluster.stop()
        for name in ("key.pem", "certificate.pem"):
            there = cluster.folder / name
            shutil.copy(folder / name, there)
            shutil.chown(there, cluster.folder.owner(), cluster.folder.group())
            there.chmod(0o600)
        cluster.settings = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "ssl": "on",
            "ssl_cert_file": str(cluster.folder / "certificate.pem"),
            "ssl_key_file": str(cluster.folder / "key.pem"),
        }
        cluster.start()
        yield f"postgresql://gwe@localhost:{port}/postgres", folder / "certificate.pem"


def test_off_this_host_the_servers_certificate_is_verified(
    team: Team, certified: tuple[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from reconciler.state import postgres_url  # noqa: PLC0415 - needs psycopg

    url, authority = certified
    monkeypatch.setattr(postgres_url, "_is_this_host", lambda _: False)
    monkeypatch.setenv("HOME", str(tmp_path))  # libpq looks there for certificates
    unknown = team.gwe("runs", GWE_STATE=url)
    assert unknown.code == 1
    assert "cannot be reached" in unknown.err
    assert "The server's certificate must be valid for the host" in flat(unknown.err)
    known = team.gwe("runs", GWE_STATE=f"{url}?sslrootcert={authority}")
    assert (known.code, known.out) == (0, "No runs yet.\n")
    other = url.replace("localhost", "127.0.0.1")
    wrong = team.gwe("runs", GWE_STATE=f"{other}?sslrootcert={authority}")
    assert wrong.code == 1
    assert "does not match host name" in flat(wrong.err)


@pytest.fixture(scope="module")
def fresh() -> Iterator[tuple[Path, int]]:
    """The folder and port of a server as a new one is: its administrator is postgres, nobody is
    called gwe, and whoever else comes over the network needs a password."""
    import psycopg  # noqa: PLC0415 - it is an extra

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_cluster(port=str(port), listen_addresses="127.0.0.1") as cluster:
        server = f"host=127.0.0.1 port={port} dbname=postgres"
        with psycopg.connect(f"{server} user=gwe") as owner:
            owner.execute("CREATE ROLE postgres SUPERUSER LOGIN")
        (cluster.folder / "data" / "pg_hba.conf").write_text(
            "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        )
        with psycopg.connect(f"{server} user=postgres") as administrator:
            administrator.execute("ALTER ROLE gwe RENAME TO nobody_here")
            administrator.execute("SELECT pg_reload_conf()")
        yield cluster.folder, port


def test_the_commands_of_the_page_make_a_state_that_a_team_shares(
    team: Team, fresh: tuple[Path, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, port = fresh
    text = (ROOT / "docs" / "connecting.md").read_text(encoding="utf-8")
    (block,) = [one for one in text.split("```") if "\ncreateuser " in one]
    lines = [line.replace("db.example.com", "127.0.0.1") for line in block.splitlines()]
    made = [shlex.split(line) for line in lines if line.startswith("create")]
    assert [one[0] for one in made] == ["createuser", "createdb"]
    for program, *arguments in made:
        done = subprocess.run(
            [str(programs()) + f"/{program}", *arguments],
            cwd=folder,
            env={**os.environ, "PGPORT": str(port)},
            input="hush\nhush\n",  # the password, and again: read from here without a terminal
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        assert (done.returncode, done.stdout) == (0, "")
    *apply, option, url = lines[-1].split()
    assert (apply, option) == (["gwe", "apply"], "--state")
    named = ("--state", url.replace("127.0.0.1", f"127.0.0.1:{port}"))
    refused = team.gwe(*team.apply_arguments, *named, GWE_STATE="")
    assert refused.code == 1
    assert "no password supplied" in flat(refused.err)
    monkeypatch.setenv("PGPASSWORD", "hush")
    assert team.gwe(*team.apply_arguments, *named, GWE_STATE="").code == 0
    (listed,) = team.gwe("runs", *named, "--format", "json", GWE_STATE="").json()["runs"]
    assert listed["status"] == "applied"
