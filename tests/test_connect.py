"""From a URL to a server: the registry of adapters is all that the program asks."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from reconciler.cli.drop_in.arguments import ArgumentsError, parse
from reconciler.cli.main import main
from reconciler.errors import UsageError
from reconciler.server import connect as registry
from reconciler.server.adapter import Adapter
from reconciler.server.checks import CheckResult
from reconciler.server.connect import adapter_for, connect, find_adapter, head_start, server_values
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.embedded.adapter import EmbeddedServer
from tests.harness import APP, BARE, site_server


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("confserv://cfg", "cfg", "2020"),
        ("confservs://cfg:2025", "cfg", "2025"),
        ("confserv://a:1,b:2", "a", "1"),
        ("confserv://[fe80::1]", "[fe80::1]", "2020"),
        ("embedded:gwe.db", "localhost", "2020"),
        ("somebody-elses:server", "localhost", "2020"),
    ],
)
def test_the_site_is_told_the_first_host_of_its_server(url: str, host: str, port: str) -> None:
    assert server_values(url) == {"configserver.host": host, "configserver.port": port}


@pytest.mark.parametrize("url", ["gwe.db", "embedded", "http://cfg", "confservx://cfg"])
def test_a_url_without_a_known_scheme_has_no_adapter(url: str) -> None:
    assert find_adapter(url) is None
    with pytest.raises(UsageError) as caught:
        adapter_for(url)
    assert "embedded:PATH" in caught.value.hint
    assert "confserv://HOST" in caught.value.hint


@pytest.mark.parametrize("scheme", registry.ADAPTERS)
def test_every_scheme_has_an_adapter_that_shows_its_urls(scheme: str) -> None:
    adapter = find_adapter(f"{scheme}:x")
    assert adapter is not None
    assert f"{scheme}:" in adapter.url_forms


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("embedded:gwe.db", "reconciler.server.embedded.scheme"),
        ("confserv://cfg", "reconciler.server.psdk.scheme"),
    ],
)
def test_only_the_adapter_that_a_url_asks_for_is_imported(url: str, expected: str) -> None:
    script = (
        "import sys; from reconciler.server.connect import find_adapter; find_adapter(sys.argv[1])"
        "; print(*(name for name in sys.modules if name.endswith('.scheme')))"
    )
    command = [sys.executable, "-c", script, url]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == [expected]


# A new adapter is a module with ``ADAPTER`` and an entry: the rest of the program follows.


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Registers ``remote:``, an adapter for servers on the network; set when it was asked
    to prepare."""
    server, ready = site_server(tmp_path, BARE), threading.Event()

    def check(url: str, options: ConnectionOptions) -> Iterator[CheckResult]:
        yield CheckResult("cable", "failed", f"{url} has two", conclusive=False)
        if url == "remote:cut":
            yield CheckResult("cable", "failed", "both are cut")
        yield CheckResult("port", "ok", "answers")

    module = ModuleType("remote_scheme")
    module.__dict__["ADAPTER"] = Adapter(
        url_forms="Or remote:HOST.",
        open=lambda *_: EmbeddedServer(server),
        is_real=True,
        address=lambda url: (url.partition(":")[2], "2020"),
        prepare=lambda _: ready.set(),
        check_access=check,
    )
    monkeypatch.setitem(sys.modules, "remote_scheme", module)
    adapters = {**registry.ADAPTERS, "remote": "remote_scheme"}
    monkeypatch.setattr(registry, "ADAPTERS", adapters)
    return ready


def test_a_new_scheme_is_connected_to_and_shown(prepared: threading.Event) -> None:
    server = connect("remote:far", Credentials())
    assert server.read("Application", {"name": APP})
    server.close()
    assert server_values("remote:far")["configserver.host"] == "far"
    with pytest.raises(UsageError) as caught:
        connect("far", Credentials())
    assert "remote:HOST" in caught.value.hint


def test_a_new_scheme_is_prepared_while_the_command_begins(prepared: threading.Event) -> None:
    head_start("remote:far", ConnectionOptions())
    assert prepared.wait(10)


def test_the_doctor_makes_the_checks_of_a_new_scheme(
    prepared: threading.Event, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--server", "remote:far", "--app", APP]) == 1
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines() if not line.startswith(" ")] == [
        "cable",
        "port",
        "log-in",
        "client",  # only a real server has client applications
        "server",
        "mode",
        "permissions",
        "site",
    ]
    assert main(["doctor", "--server", "remote:cut", "--app", APP]) == 1
    assert "both are cut" in (out := capsys.readouterr().out)
    assert "log-in" not in out


def test_the_drop_in_takes_a_new_scheme_and_refuses_a_port_beside_it(
    prepared: threading.Event,
) -> None:
    assert parse(["-host", "remote://far", "-app", APP]).server == "remote://far"
    with pytest.raises(ArgumentsError, match="-port cannot be used with a server URL"):
        parse(["-host", "remote://far", "-port", "2020", "-app", APP])
