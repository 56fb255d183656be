"""A host that takes over is written to when it has shown that it may be, and never before."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.acquisition import LockRequest, acquire
from reconciler.apply.lock.lock import Clock
from reconciler.apply.lock.lock_object import Holder
from reconciler.server.errors import ServerIsProxyError, ServerUnavailableError
from reconciler.server.psdk.adapter import PsdkServer
from reconciler.server.psdk.channel import Channel
from reconciler.server.wire.listener import Listener
from reconciler.testing.contract.site import SITE, annex, script
from tests.harness import everything, opened, site_server
from tests.psdk.support import gone, open_listener, session
from tests.psdk.test_proxy import proxy_at

WRITES: dict[str, Callable[[PsdkServer], object]] = {
    "create": lambda server: server.create("Script", script("New")),
    "update": lambda server: server.update("Script", 101, annex("s", {"k": "v"})),
    "delete": lambda server: server.delete("Script", 101),
}


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """Another server with the tenants, and at first the objects, of the first one."""
    folder = tmp_path / "backup"
    folder.mkdir()
    return site_server(folder, SITE)


@pytest.fixture
def hosts(path: Path, backup: Path) -> Iterator[tuple[Listener, Listener]]:
    first, second = open_listener(path), open_listener(backup)
    yield first, second
    first.close()
    second.close()


def session_on(hosts: tuple[Listener, Listener]) -> PsdkServer:
    first, second = hosts
    url = f"confserv://127.0.0.1:{first.port},127.0.0.1:{second.port}"
    server = session(url, "default", "password")
    assert server.info().proxy_of == ""
    return server


def test_a_refused_proxy_gets_no_second_write_either(
    hosts: tuple[Listener, Listener], path: Path, backup: Path
) -> None:
    for one in (path, backup):
        proxy_at(one, hosts[1].port)
    server = session_on(hosts)
    before = everything(backup)
    gone(hosts[0], server)
    for write in WRITES.values():
        with pytest.raises(ServerIsProxyError):
            write(server)
    with pytest.raises(ServerUnavailableError, match="could not take over"):
        server.read("Person")
    assert everything(backup) == before
    server.close()


def test_a_lock_is_not_deleted_through_a_refused_proxy(path: Path) -> None:
    hosts = open_listener(path), open_listener(path)
    proxy_at(path, hosts[1].port)
    server = session_on(hosts)
    clock = Clock(time.monotonic, time.sleep, lambda _: "")
    lock, _ = acquire(
        server, LockRequest(Holder("a", "h", "R"), (1,)), clock, Interrupts(), lambda _: None
    )
    lock.start_writing()
    gone(hosts[0], server)
    before = everything(path)
    with pytest.raises(ServerIsProxyError):
        lock.confirm(always=True)
    with pytest.raises(ServerUnavailableError, match="could not take over"):
        lock.release()
    assert everything(path) == before
    assert "gwe-reconciler.lock" in {one.attributes.get("name") for one in before.values()}
    server.close()
    hosts[1].close()


@pytest.mark.parametrize(
    "stopped", [ServerUnavailableError("no answer for 30 s"), KeyboardInterrupt()]
)
def test_a_host_that_could_not_be_compared_gets_no_write(
    hosts: tuple[Listener, Listener],
    backup: Path,
    monkeypatch: pytest.MonkeyPatch,
    stopped: BaseException,
) -> None:
    server = session_on(hosts)
    server.read("Script")
    before = everything(backup)
    gone(hosts[0], server)
    original, broken = Channel.ask, False

    def breaks_once(self: Channel, *arguments: object, **more: object) -> object:
        nonlocal broken
        if self.address.port == hosts[1].port and not broken:
            broken = True
            raise stopped
        return original(self, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Channel, "ask", breaks_once)
    with pytest.raises(type(stopped)):
        WRITES["delete"](server)
    for write in WRITES.values():
        with pytest.raises(ServerUnavailableError, match="could not take over"):
            write(server)
    assert everything(backup) == before
    server.close()


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_changes_the_host_is_measured_by_what_was_read(
    hosts: tuple[Listener, Listener], backup: Path, write: str
) -> None:
    with opened(backup) as other:
        other.update("Script", 102, annex("s", {"other": "one"}))
    server = session_on(hosts)
    server.read("Script")
    before = everything(backup)
    gone(hosts[0], server)
    for _ in range(2):
        with pytest.raises(ServerUnavailableError, match="does not hold what was read"):
            WRITES[write](server)
    assert everything(backup) == before
    server.close()


def test_a_host_that_lacks_the_last_update_does_not_take_over(
    hosts: tuple[Listener, Listener], backup: Path
) -> None:
    server = session_on(hosts)
    WRITES["update"](server)
    before = everything(backup)
    gone(hosts[0], server)
    with pytest.raises(ServerUnavailableError, match="does not hold what was read"):
        WRITES["create"](server)
    assert everything(backup) == before
    server.close()


def test_a_host_with_other_tenants_does_not_take_over_after_a_write(
    hosts: tuple[Listener, Listener], backup: Path
) -> None:
    with opened(backup) as other:
        other.create("Tenant", {"name": "Elsewhere"})
    server = session_on(hosts)
    WRITES["delete"](server)
    before = everything(backup)
    gone(hosts[0], server)
    with pytest.raises(ServerUnavailableError, match="does not hold what was read"):
        WRITES["create"](server)
    assert everything(backup) == before
    server.close()
