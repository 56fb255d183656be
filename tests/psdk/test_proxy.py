"""A Configuration Server Proxy at the other end: known by its application or its address."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.server.delta import Delta, ListDelta
from reconciler.server.errors import ServerIsProxyError
from reconciler.testing.contract.site import script
from tests.harness import APP, BARE, everything, gwe_process, opened, site_server
from tests.psdk.support import LIB, gone, listening, open_listener, session

Listen = Callable[..., int]
OWN = 99


def proxy_at(path: Path, port: int) -> None:
    """An application of a proxy that listens at a port of this machine."""
    with opened(path) as server:
        host = server.create("Host", {"name": "here", "IPaddress": "127.0.0.1"})
        given = {
            "name": "proxy",
            "type": 21,
            "version": "8.5.1",
            "workDirectory": ".",
            "commandLine": ".",
            "serverInfo": {"hostDBID": host.dbid},
            "portInfos": [{"id": "default", "port": str(port)}],
            "appServerDBIDs": [{"appServerDBID": OWN, "id": "default"}],
        }
        server.create("Application", given)


def test_a_server_whose_address_is_no_proxys_is_none(listen: Listen, path: Path) -> None:
    port = listen()
    proxy_at(path, port + 1)
    server = session(port)
    assert server.info().proxy_of == ""
    server.close()


def test_a_server_at_the_address_of_a_proxy_is_one(listen: Listen, path: Path) -> None:
    port = listen()
    proxy_at(path, port)
    server = session(f"confserv://localhost:{port}")
    assert server.info().proxy_of == "confserv"
    before = everything(path)
    with pytest.raises(ServerIsProxyError, match="Proxy of confserv"):
        server.delete("Script", 101)
    assert everything(path) == before
    server.close()


def test_a_proxy_does_not_take_over_from_a_master(path: Path) -> None:
    first, second = open_listener(path), open_listener(path)
    proxy_at(path, second.port)
    server = session(
        f"confserv://127.0.0.1:{first.port},127.0.0.1:{second.port}", "default", "password"
    )
    assert server.info().proxy_of == ""
    before = everything(path)
    gone(first, server)
    with pytest.raises(ServerIsProxyError, match=f"127.0.0.1:{second.port} is a Configuration"):
        server.create("Script", script("New"))
    assert everything(path) == before
    server.close()
    second.close()


def test_the_command_line_refuses_to_write_to_a_proxy_over_the_wire(tmp_path: Path) -> None:
    path = site_server(tmp_path, BARE)
    with opened(path) as server:
        master = {"name": "master", "type": 21, "version": "8.5.1"}
        dbid = server.create("Application", {**master, "workDirectory": ".", "commandLine": "."})
        connection = {"appServerDBID": dbid.dbid, "id": "default"}
        change = Delta(lists={"appServerDBIDs": ListDelta(added=(connection,))})
        server.update("Application", OWN, change)
    account = {"GWE_PSDK": LIB, "GWE_USER": "default", "GWE_PASSWORD": "password"}
    before = everything(path)
    with listening(path) as port:
        site = ["--server", f"confserv://127.0.0.1:{port}", "--app", APP]
        plan = gwe_process("plan", *site, cwd=tmp_path, env=account)
        apply = gwe_process("apply", "--auto-approve", *site, cwd=tmp_path, env=account)
        doctor = gwe_process("doctor", *site, cwd=tmp_path, env=account)
    assert plan.code == 0, plan.err
    assert "Note: The server is a Configuration Server Proxy of master" in plan.out
    assert (apply.code, apply.out) == (3, "")
    assert "Proxy of master" in " ".join(apply.err.split())
    assert doctor.code == 1
    assert "failed  server        it is a proxy of master" in doctor.out
    assert everything(path) == before
