"""A server is the same server however its URL is spelt."""

from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.identity import real_identity, same_server
from reconciler.state.records import SecretPath
from tests.harness import APP, Result, gwe
from tests.runs import BEFORE, Place, told
from tests.state.backends import REPLACE, make_run


@pytest.mark.parametrize(
    ("host_list", "other"),
    [
        ("CONFIG.example.com", "config.example.com:2020"),
        ("config:02020", "config"),
        ("one,two:2021", "TWO:2021,one:2020"),
        ("[FE80::1]", "[fe80::1]:2020"),
        ("one,one:2020", "one"),
    ],
)
def test_hosts_in_another_spelling_are_the_same_server(host_list: str, other: str) -> None:
    assert real_identity(host_list, "d1") == real_identity(other, "d1")
    assert same_server(f"confserv:{host_list}#d1", f"confserv:{other}#d1")
    assert not same_server(f"confserv:{host_list}#d1", f"confserv:{other}#d2")


@pytest.mark.parametrize("other", ["two", "one:2021", "one,two", "[::1]"])
def test_other_hosts_are_another_server(other: str) -> None:
    assert not same_server("confserv:one#d1", f"confserv:{other}#d1")


def test_the_identity_of_an_embedded_server_is_its_own() -> None:
    assert same_server("embedded:A-1", "embedded:A-1")
    assert not same_server("embedded:A-1", "embedded:a-1")


def under(monkeypatch: pytest.MonkeyPatch, identity: str, place: Place, *words: str) -> Result:
    """A command to whose eyes the server is this one."""
    info = EmbeddedServer.info

    def other(server: EmbeddedServer) -> Any:
        return replace(info(server), identity=identity)

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedServer, "info", other)
        server = f"embedded:{place.folder / '.' / 'gwe.db'}"
        return gwe(*words, "--server", server, cwd=place.folder)


def test_a_run_is_reverted_under_another_spelling_of_its_server(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a run of an earlier version, whose identity has the hosts as they were spelt."""
    apply = ("apply", "--app", APP, "-f", "manifests.yaml", "--auto-approve")
    plan = ("plan", "--app", APP, "-f", "manifests.yaml", "--out", "plan.json")
    assert under(monkeypatch, "confserv:CONFIG#d1", place, *plan).code == 0
    assert under(monkeypatch, "confserv:CONFIG#d1", place, *apply).code == 0
    (run,) = place.runs
    other = under(monkeypatch, "confserv:other#d1", place, "undo", run.name, "--auto-approve")
    assert other.code == 3
    assert f"the run {run.name} was on another server" in " ".join(other.err.split())
    done = under(monkeypatch, "confserv:config:2020#d1", place, "undo", run.name, "--auto-approve")
    assert done.code == 0, done.err
    assert told(place.objects()) == BEFORE
    again = under(
        monkeypatch, "confserv:config:2020#d1", place, "apply", "plan.json", "--auto-approve"
    )
    assert again.code == 4
    assert f"this plan was applied already, as run {run.name}" in again.err


def test_what_is_remembered_of_a_server_is_found_under_every_spelling(place: Place) -> None:
    make_run(place.state, "one", REPLACE, identity="confserv:CONFIG#d1", plan="a")
    now = "confserv:config:2020#d1"
    assert place.state.run_of_plan("a", now) == "one"
    assert [entry.name for entry in place.state.list_runs(now)] == ["one"]
    pin = SecretPath("confserv:CONFIG#d1", "AgentGroup/Group", "/annex/s/pin", "AgentGroup", 600)
    assert pin in place.state.secret_paths(now)
    assert place.state.secret_paths("confserv:config:2021#d1") == frozenset()
