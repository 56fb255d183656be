"""Connections over TLS: whom the client trusts, and whom the server lets in."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerUnavailableError
from reconciler.testing.contract.site import names
from tests.psdk.support import AS_SERVER, session

Listen = Callable[..., int]


def openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def authority(folder: Path, name: str) -> str:
    """A certificate authority; the file that holds its certificate."""
    subject = ["-subj", f"/CN={name} authority"]
    files = ["-keyout", f"{name}.key", "-out", f"{name}.pem"]
    openssl(folder, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files)
    return str(folder / f"{name}.pem")


def certificate(folder: Path, signer: str, name: str, host: str) -> dict[str, str]:
    """A certificate for a host, with its key."""
    files = ["-keyout", f"{name}.key", "-out", f"{name}.csr"]
    openssl(folder, "req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", *files)
    (folder / f"{name}.ext").write_text(f"subjectAltName = {host}\n")
    by = ["-CA", f"{signer}.pem", "-CAkey", f"{signer}.key", "-CAcreateserial"]
    out = ["-out", f"{name}.crt", "-days", "2", "-extfile", f"{name}.ext"]
    openssl(folder, "x509", "-req", "-in", f"{name}.csr", *by, *out)
    return {"certificate": str(folder / f"{name}.crt"), "key": str(folder / f"{name}.key")}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates: of the right host, of a wrong one, of a client; two authorities."""
    made = tmp_path_factory.mktemp("tls")
    for name in ("right", "wrong"):
        authority(made, name)
    certificate(made, "right", "server", "IP:127.0.0.1,DNS:localhost")
    certificate(made, "right", "elsewhere", "DNS:elsewhere.example.com")
    certificate(made, "right", "client", "DNS:client.example.com")
    certificate(made, "wrong", "stranger", "DNS:stranger.example.com")
    return made


def pair(folder: Path, name: str) -> dict[str, str]:
    return {"certificate": str(folder / f"{name}.crt"), "key": str(folder / f"{name}.key")}


def trusting(folder: Path, name: str, **more: str) -> ConnectionOptions:
    return replace(AS_SERVER, ca_file=str(folder / f"{name}.pem"), connect_timeout=5.0, **more)


def url(port: int, host: str = "127.0.0.1") -> str:
    return f"confservs://{host}:{port}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_whose_authority_is_trusted_is_connected_to(
    listen: Listen, folder: Path, host: str
) -> None:
    port = listen(**pair(folder, "server"))
    server = session(url(port, host), options=trusting(folder, "right"))
    assert names(server.read("Script")) == ["Queue", "Rule", "Queue"]
    server.close()


def test_a_server_of_another_authority_is_refused(listen: Listen, folder: Path) -> None:
    port = listen(**pair(folder, "server"))
    with pytest.raises(ServerUnavailableError, match=r"(?i)certif|trust|path|signature"):
        session(url(port), options=trusting(folder, "wrong"))


def test_without_an_authority_only_what_java_trusts_is_trusted(
    listen: Listen, folder: Path
) -> None:
    port = listen(**pair(folder, "server"))
    with pytest.raises(ServerUnavailableError, match=r"(?i)certif|trust|path"):
        session(url(port), options=replace(AS_SERVER, connect_timeout=5.0))


def test_a_certificate_of_another_host_is_refused(listen: Listen, folder: Path) -> None:
    port = listen(**pair(folder, "elsewhere"))
    with pytest.raises(ServerUnavailableError, match="alternative names"):
        session(url(port), options=trusting(folder, "right"))


def test_a_plain_client_gets_no_answer_from_a_secure_port(listen: Listen, folder: Path) -> None:
    port = listen(**pair(folder, "server"))
    with pytest.raises(ServerUnavailableError):
        session(port, options=replace(AS_SERVER, connect_timeout=2.0))


def test_a_secure_client_gets_no_answer_from_a_plain_port(listen: Listen, folder: Path) -> None:
    with pytest.raises(ServerUnavailableError):
        session(url(listen()), options=replace(trusting(folder, "right"), connect_timeout=2.0))


def test_a_server_that_wants_to_know_its_clients_lets_in_those_it_knows(
    listen: Listen, folder: Path
) -> None:
    port = listen(**pair(folder, "server"), ca_file=str(folder / "right.pem"))
    known = session(url(port), options=trusting(folder, "right", **pair(folder, "client")))
    assert known.info().mode == "Full"
    known.close()
    for more in ({}, pair(folder, "stranger")):
        with pytest.raises(ServerUnavailableError):
            session(url(port), options=trusting(folder, "right", **more))


def trust_store(folder: Path) -> Path:
    """A Java store that holds the right authority."""
    store = folder / "trust.jks"
    if not store.exists():
        words = ["-noprompt", "-storepass", "changeit", "-storetype", "JKS", "-alias", "right"]
        subprocess.run(
            ["keytool", "-importcert", *words, "-file", "right.pem", "-keystore", store],
            cwd=folder,
            check=True,
            capture_output=True,
        )
    return store


def test_a_java_trust_store_serves_as_well(listen: Listen, folder: Path) -> None:
    store = trust_store(folder)
    options = replace(AS_SERVER, trust_store=str(store), trust_store_password="changeit")  # noqa: S106
    server = session(url(listen(**pair(folder, "server"))), options=options)
    assert server.info().mode == "Full"
    server.close()


def test_a_certificate_that_is_not_there_is_named(listen: Listen, tmp_path: Path) -> None:
    missing = str(tmp_path / "none.pem")
    with pytest.raises(ServerUnavailableError, match=r"none\.pem is not a file"):
        session(url(listen()), options=replace(AS_SERVER, ca_file=missing))
