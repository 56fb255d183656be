"""A plain port that changes over to TLS: the SDK's client, told whom to trust by us.

The SDK's listener cannot change over, so a front of the tests does it for one; the answer
that asks for it is built by hand, once with security parameters and once without.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import LoginIncorrectError, ServerUnavailableError
from reconciler.server.wire import handshake
from reconciler.testing.contract.site import RIGHT, names
from tests.psdk.byhand import number
from tests.psdk.front import Front
from tests.psdk.support import session
from tests.psdk.test_tls import authority, certificate, trust_store

Listen = Callable[..., int]
Ask = Callable[[str | None], None]
DENIED = 38


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("upgrade")
    for name in ("right", "wrong"):
        authority(made, name)
    certificate(made, "right", "server", "IP:127.0.0.1,DNS:localhost")
    certificate(made, "right", "elsewhere", "DNS:elsewhere.example.com")
    certificate(made, "right", "client", "DNS:client.example.com")
    return made


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Makes the listener ask its clients for TLS, with these security parameters."""
    original = handshake.version_event

    def one(parameters: str | None) -> None:
        def asking(*arguments: Any) -> Any:
            event = original(*arguments)
            event.setErrorCode(number(DENIED))
            if parameters is not None:
                event.setSecurityParams(parameters)
            return event

        monkeypatch.setattr(handshake, "version_event", asking)

    return one


@pytest.fixture
def front(listen: Listen, folder: Path) -> Iterator[Callable[..., Front]]:
    """Offers the file at a port that changes over."""
    opened: list[Front] = []

    def one(name: str = "server") -> Front:
        opened.append(Front(listen(), folder, name))
        return opened[-1]

    yield one
    for each in opened:
        each.close()


def trusting(folder: Path, name: str = "right", **more: Any) -> ConnectionOptions:
    return replace(
        ConnectionOptions(),
        ca_file=str(folder / f"{name}.pem"),
        tls_upgrade=True,
        connect_timeout=5.0,
        **more,
    )


@pytest.mark.parametrize("parameters", ["tls=1", "upgrade=1", "tls=0;trusted-ca=none.pem"])
@pytest.mark.parametrize("scheme", ["confserv", "confservs"])
def test_the_session_goes_on_over_tls_and_nobody_was_named_before(
    front: Callable[..., Front], folder: Path, ask: Ask, parameters: str, scheme: str
) -> None:
    ask(parameters)
    port = front()
    url = f"{scheme}://127.0.0.1:{port.port}"
    server = session(url, "anna", RIGHT, options=trusting(folder))
    assert names(server.read("Script")) == ["Queue", "Rule", "Queue"]
    server.close()
    assert port.secured == 1
    assert b"default" in port.heard
    assert b"anna" not in port.heard


def test_a_wrong_password_is_told_as_such(
    front: Callable[..., Front], folder: Path, ask: Ask
) -> None:
    ask("tls=1")
    with pytest.raises(LoginIncorrectError):
        session(front().port, "anna", "wrong", options=trusting(folder))


@pytest.mark.parametrize("demanded", [True, False])
@pytest.mark.parametrize(
    ("name", "trusted"), [("server", "wrong"), ("server", ""), ("elsewhere", "right")]
)
@pytest.mark.parametrize("parameters", ["tls=1", None])
def test_a_server_that_is_not_trusted_or_is_another_hosts_is_refused(
    front: Callable[..., Front],
    folder: Path,
    ask: Ask,
    demanded: bool,
    name: str,
    trusted: str,
    parameters: str | None,
) -> None:
    ask(parameters)
    port = front(name)
    ca_file = str(folder / f"{trusted}.pem") if trusted else ""
    options = ConnectionOptions(ca_file=ca_file, tls_upgrade=demanded, connect_timeout=5.0)
    with pytest.raises(ServerUnavailableError):
        session(port.port, "anna", RIGHT, options=options)
    assert b"anna" not in port.heard


@pytest.mark.parametrize("parameters", ["tls=1", None])
def test_without_the_option_a_server_that_asks_for_tls_gets_it(
    front: Callable[..., Front], folder: Path, ask: Ask, parameters: str | None
) -> None:
    ask(parameters)
    port = front()
    server = session(port.port, "anna", RIGHT, options=replace(trusting(folder), tls_upgrade=False))
    assert server.info().user == "anna"
    server.close()
    assert port.secured == 1
    assert b"anna" not in port.heard


def test_without_parameters_of_the_server_somebody_to_trust_must_be_named(
    front: Callable[..., Front], ask: Ask
) -> None:
    ask(None)
    port = front()
    with pytest.raises(ServerUnavailableError) as caught:
        session(port.port, "anna", RIGHT, options=ConnectionOptions(connect_timeout=3.0))
    assert caught.value.hint.startswith("Does the port want TLS? Then use confservs://, or name")
    assert b"anna" not in port.heard


def test_a_server_that_does_not_ask_for_tls_is_told_no_user(
    front: Callable[..., Front], folder: Path
) -> None:
    port = front()
    with pytest.raises(ServerUnavailableError, match="did not ask to change over"):
        session(port.port, "anna", RIGHT, options=trusting(folder))
    assert b"anna" not in port.heard


def test_a_server_that_lets_in_without_a_user_and_without_tls_is_left(
    front: Callable[..., Front], folder: Path
) -> None:
    options = trusting(folder, client="confserv", client_type="21")
    with pytest.raises(ServerUnavailableError, match="did not ask to change over"):
        session(front().port, options=options)


def test_a_server_that_gives_no_parameters_is_left_where_tls_is_a_condition(
    front: Callable[..., Front], folder: Path, ask: Ask
) -> None:
    ask(None)
    with pytest.raises(ServerUnavailableError, match="did not ask to change over"):
        session(front().port, "anna", RIGHT, options=trusting(folder))


def test_the_clients_certificate_is_shown_where_it_is_asked_for(
    front: Callable[..., Front], folder: Path, ask: Ask
) -> None:
    ask("tls=1;tls-mutual=1")
    port = front()
    port.ask_for_certificates(folder / "right.pem")
    own = {"certificate": str(folder / "client.crt"), "key": str(folder / "client.key")}
    server = session(port.port, "anna", RIGHT, options=trusting(folder, **own))
    assert server.info().user == "anna"
    server.close()
    with pytest.raises(ServerUnavailableError):
        session(port.port, "anna", RIGHT, options=trusting(folder))


def test_a_certificate_that_is_not_there_is_named_before_anything_is_sent(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.crt")
    with pytest.raises(ServerUnavailableError, match=r"none\.crt is not a file"):
        session(1, "anna", RIGHT, options=ConnectionOptions(certificate=missing, tls_upgrade=True))


def test_a_java_trust_store_serves_as_well(
    front: Callable[..., Front], folder: Path, ask: Ask
) -> None:
    ask("tls=1")
    options = ConnectionOptions(
        trust_store=str(trust_store(folder)),
        trust_store_password="changeit",  # noqa: S106
        tls_upgrade=True,
    )
    server = session(front().port, "anna", RIGHT, options=options)
    assert server.info().user == "anna"
    server.close()
