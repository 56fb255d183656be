"""Clients that have lost their connection: restored sessions, and what was missed meanwhile."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reconciler.server.embedded.store import KEPT_CHANGES
from reconciler.testing.contract.site import RIGHT, annex
from tests.harness import opened
from tests.psdk.byhand import Client, conf, kv, number, request
from tests.psdk.support import free_port, listening
from tests.psdk.test_listener import SCRIPT, code

Listen = Callable[..., int]


def new_client(port: int) -> Any:
    """A client that restores its session when it connects again."""
    protocol = Client(port, "default", "password").protocol
    protocol.setUseSession(True)
    return protocol


@contextmanager
def subscribed(port: int) -> Iterator[Any]:
    """A connected client that is told of changes of scripts."""
    protocol = new_client(port)
    protocol.open()
    wanted = kv(one=kv(object_type=SCRIPT, tenant_id=0, object_dbid=0))
    protocol.request(request("objects.RequestRegisterNotification").create(wanted))
    yield protocol
    protocol.close()


def news(protocol: Any) -> list[tuple[str, int]]:
    """The changes that a client is told of: the event, and its number."""
    found = []
    while (event := protocol.receive(1000)) is not None:
        if str(event.messageName()) != "EventHistoryLogSent":
            found.append((str(event.messageName()), int(event.getUnsolisitedEventNumber())))
    return found


def restored(protocol: Any) -> bool:
    protocol.open()
    return bool(protocol.getServerContext().isSessionRestored())


def change_annex(path: Path, times: int = 1) -> None:
    with opened(path) as server:
        for one in range(times):
            server.update("Script", 101, annex(f"s{one}", {"k": "v"}))
            server.update("Script", 101, annex(f"s{one}", (), "deleted"))


def test_a_client_that_comes_back_is_told_what_it_missed_once_and_in_order(
    listen: Listen, path: Path
) -> None:
    with subscribed(listen()) as protocol:
        with opened(path) as server:
            server.delete("Script", 103)
        ((_, first),) = news(protocol)
        protocol.close()
        change_annex(path)
        assert restored(protocol)
        assert news(protocol) == [
            ("EventObjectUpdated", first + 1),
            ("EventObjectUpdated", first + 2),
        ]
        with opened(path) as server:
            server.delete("Script", 101)
        assert news(protocol) == [("EventObjectDeleted", first + 3)]


def test_a_client_that_had_seen_nothing_is_told_all_since_it_subscribed(
    listen: Listen, path: Path
) -> None:
    change_annex(path)
    with subscribed(listen()) as protocol:
        protocol.close()
        with opened(path) as server:
            server.delete("Script", 103)
        assert restored(protocol)
        assert [name for name, _ in news(protocol)] == ["EventObjectDeleted"]


def test_a_session_is_restored_twice_and_nothing_is_told_again(listen: Listen, path: Path) -> None:
    with subscribed(listen()) as protocol:
        protocol.close()
        change_annex(path)
        assert restored(protocol)
        assert len(news(protocol)) == 2
        protocol.close()
        assert restored(protocol)
        assert news(protocol) == []


def test_a_session_that_is_restored_elsewhere_is_told_there_alone(
    listen: Listen, path: Path
) -> None:
    port = listen()
    with subscribed(port) as old, Client(port, "default", "password") as new:
        event = new.ask(restore(old, "default", "password"))
        assert str(event.messageName()) == "EventClientRegistered"
        assert event.getSessionId() == old.getServerContext().getSessionId()
        change_annex(path)
        assert new.protocol.receive(500) is None  # it has not asked for what it missed
        new.ask(request("connectivity.RequestHistoryLog").create(number(0), number(0)))
        change_annex(path)
        assert len(news(new.protocol)) == 4
        assert news(old) == []


def test_a_session_is_restored_by_its_own_account_only(listen: Listen) -> None:
    port = listen()
    with subscribed(port) as old, Client(port, "anna", RIGHT) as other:
        assert code(other.ask(restore(old, "anna", RIGHT)))[0] == "CFGHistoryLogExpired"
        assert code(other.ask(restore(old, "default", "wrong")))[0] == "CFGLoginIncorrect"


def test_a_listener_that_was_started_again_knows_no_session(path: Path) -> None:
    port = free_port()
    with listening(path, port), subscribed(port) as protocol:
        protocol.close()
    with listening(path, port):
        assert not restored(protocol)
        protocol.close()


def restore(session: Any, user: str, password: str) -> Any:
    """The request that restores the session of a client."""
    made = conf("confserver.runtime.channel.RequestRestoreSession").create()
    made.setSessionId(session.getServerContext().getSessionId())
    made.setClientName("default")
    made.setClientType(19)
    made.setUserName(user)
    made.setUserPassword(password)
    return made


def test_the_log_outlives_the_listener_for_a_client_that_subscribes_again(path: Path) -> None:
    with listening(path) as port, subscribed(port) as protocol:
        with opened(path) as server:
            server.delete("Script", 103)
        ((_, last),) = news(protocol)
    change_annex(path)
    with listening(path) as port, subscribed(port) as protocol:
        ask = request("connectivity.RequestHistoryLog").create(number(0), number(last))
        protocol.send(ask)
        assert [number for _, number in news(protocol)] == [last + 1, last + 2]


def test_a_client_that_missed_more_than_the_log_keeps_is_told_so(
    listen: Listen, path: Path
) -> None:
    with subscribed(listen()) as protocol:
        change_annex(path)
        last = news(protocol)[-1][1]
        for _ in range(6):  # at once, they would be more than the listener itself can look up
            change_annex(path, KEPT_CHANGES // 10)
            news(protocol)
        ask = request("connectivity.RequestHistoryLog").create(number(0), number(last))
        assert code(protocol.request(ask))[0] == "CFGHistoryLogExpired"
        beyond = request("connectivity.RequestHistoryLog").create(number(0), number(10**6))
        assert code(protocol.request(beyond))[0] == "CFGHistoryLogExpired"
        change_annex(path)
        assert len(news(protocol)) == 2


def test_a_client_without_subscriptions_missed_nothing(listen: Listen, path: Path) -> None:
    with Client(listen(), "default", "password") as client:
        change_annex(path)
        ask = request("connectivity.RequestHistoryLog").create(number(0), number(1))
        assert str(client.ask(ask).messageName()) == "EventHistoryLogSent"
        assert client.protocol.receive(500) is None
