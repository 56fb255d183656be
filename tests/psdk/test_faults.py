"""What becomes of a session when the line breaks, and who takes over."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import (
    OutcomeUnknownError,
    ServerError,
    ServerUnavailableError,
    UniquenessViolationError,
)
from reconciler.server.psdk.adapter import PsdkServer
from reconciler.testing.contract.site import annex, names, script
from tests.harness import opened
from tests.psdk.relay import Relay
from tests.psdk.support import AS_SERVER, free_port, open_listener, session

Listen = Callable[..., int]
Call = Callable[[PsdkServer], object]


def scripts(path: Path) -> list[str]:
    with opened(path) as server:
        return names(server.read("Script", {"tenant_dbid": 101}))


def while_out(relay: Relay, call: Call, server: PsdkServer) -> ServerError:
    """What a call raises whose line is cut when something of it was swallowed."""
    caught: list[ServerError] = []

    def attempt() -> None:
        try:
            call(server)
        except ServerError as error:
            caught.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    assert relay.swallowed.wait(5)
    relay.cut()
    thread.join(5)
    assert not thread.is_alive()
    return caught[0]


WRITES: dict[str, Call] = {
    "create": lambda server: server.create("Script", script("Cut")),
    "update": lambda server: server.update("Script", 101, annex("s", {"k": "v"})),
    "delete": lambda server: server.delete("Script", 101),
    "set_permissions": lambda server: server.set_permissions("Script", 101, []),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_write_whose_answer_is_lost_has_an_unknown_outcome(listen: Listen, write: str) -> None:
    relay = Relay(listen())
    server = session(relay.port)
    server.read("Script")
    relay.mute()
    assert isinstance(while_out(relay, WRITES[write], server), OutcomeUnknownError)
    server.close()


def test_a_write_with_a_lost_answer_may_have_happened_and_one_that_did_not_arrive_has_not(
    listen: Listen, path: Path
) -> None:
    port = listen()
    for name, gag in (("Answered", "mute"), ("Unheard", "deaf")):
        relay = Relay(port)
        server = session(relay.port)
        getattr(relay, gag)()

        def create(one: PsdkServer, name: str = name) -> object:
            return one.create("Script", script(name))

        assert isinstance(while_out(relay, create, server), OutcomeUnknownError)
        server.close()
    assert scripts(path) == ["Queue", "Rule", "Answered"]


def test_a_write_without_an_answer_in_time_has_an_unknown_outcome(listen: Listen) -> None:
    relay = Relay(listen())
    server = session(relay.port, timeout=0.5)
    relay.mute()
    with pytest.raises(OutcomeUnknownError, match=r"no answer for 0\.5 s"):
        server.delete("Script", 101)
    server.close()
    relay.close()


def create_cut(port: int, name: str, said: int | None, told: int | None) -> tuple[str, int, int]:
    """What becomes of a create whose line is cut after so many bytes of its request or of its
    answer; and how many bytes the two had where it was not cut."""
    relay = Relay(port)
    server = session(relay.port, options=replace(AS_SERVER, addp=False))
    server.read("Script", {"dbid": 101})  # the folder's path is known: one answer is enough
    relay.heard.clear()
    relay.told.clear()
    for count, of in ((said, relay.heard), (told, relay.told)):
        if count is not None:
            relay.cut_after(count, of)
    try:
        server.create("Script", script(name))
        outcome = "done"
    except OutcomeUnknownError:
        outcome = "unknown"
    lengths = len(relay.heard), len(relay.told)
    server.close()
    relay.close()
    return outcome, *lengths


def is_there(path: Path, name: str) -> bool:
    """Whether a script is there, or will be in a moment."""
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        if name in scripts(path):
            return True
        time.sleep(0.02)
    return False


def test_a_create_cut_at_any_byte_of_its_request_is_unknown_and_made_where_all_arrived(
    listen: Listen, path: Path
) -> None:
    port = listen()
    whole, request, _ = create_cut(port, "Cut_whole", None, None)
    assert whole == "done"
    for count in (*range(0, request, 6), request - 1, request):
        name = f"Cut_{count:05}"
        assert create_cut(port, name, count, None)[0] == "unknown", count
        assert is_there(path, name) is (count == request), count


def test_a_create_cut_at_any_byte_of_its_answer_is_unknown_and_made(
    listen: Listen, path: Path
) -> None:
    port = listen()
    _, _, answer = create_cut(port, "Cut_whole", None, None)
    for count in (*range(0, answer, 6), answer - 1):
        name = f"Cut_{count:05}"
        assert create_cut(port, name, None, count)[0] == "unknown", count
        assert is_there(path, name), count


def test_a_read_whose_line_is_cut_fails_and_so_does_the_session(listen: Listen) -> None:
    relay = Relay(listen())
    server = session(relay.port)
    relay.mute()
    error = while_out(relay, lambda one: one.read("Script"), server)
    assert isinstance(error, ServerUnavailableError)
    with pytest.raises(ServerUnavailableError):
        server.read("Script")
    with pytest.raises(ServerUnavailableError):  # it was never sent: its outcome is known
        server.delete("Script", 101)
    server.close()


def two_hosts(first: int, second: int) -> str:
    return f"confserv://127.0.0.1:{first},127.0.0.1:{second}"


def test_the_second_host_takes_over_when_the_first_is_killed(path: Path) -> None:
    first, second = open_listener(path), open_listener(path)
    server = session(two_hosts(first.port, second.port), "default", "password")
    identity = server.info().identity
    before = server.read("Script")
    first.close()
    assert server.read("Script") == before
    assert server.info().identity == identity
    assert server.create("Script", script("After")).dbid == 104
    server.close()
    second.close()


def test_the_second_host_is_asked_where_the_first_was_never_there(listen: Listen) -> None:
    server = session(two_hosts(free_port(), listen()), "default", "password")
    assert len(server.read("Script")) == 3
    server.close()


def test_a_host_that_refuses_the_password_is_not_passed_over(listen: Listen) -> None:
    with pytest.raises(ServerError, match="error 4"):
        session(two_hosts(listen(), listen()), "default", "wrong")


def test_a_second_host_that_does_not_hold_what_was_read_ends_the_session(path: Path) -> None:
    first, second = open_listener(path), open_listener(path)
    server = session(two_hosts(first.port, second.port), "default", "password")
    server.read("Script")
    first.close()
    with opened(path) as other:
        other.update("Script", 102, Delta(values={"name": "Changed"}))
    with pytest.raises(ServerUnavailableError, match="does not hold what was read"):
        server.read("Person")
    with pytest.raises(ServerUnavailableError):
        server.delete("Script", 101)
    assert scripts(path) == ["Queue", "Changed"]
    server.close()
    second.close()


def test_a_write_is_not_sent_again_to_the_second_host(listen: Listen, path: Path) -> None:
    relay, second = Relay(listen()), open_listener(path)
    server = session(two_hosts(relay.port, second.port), "default", "password")
    relay.mute()
    error = while_out(relay, WRITES["create"], server)
    assert isinstance(error, OutcomeUnknownError)
    assert scripts(path) == ["Queue", "Rule", "Cut"]
    with pytest.raises(UniquenessViolationError):
        server.create("Script", script("Cut"))
    server.close()
    second.close()


def test_many_requests_are_out_at_once_and_no_more_than_allowed(
    listen: Listen, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.server.connection import ConnectionOptions  # noqa: PLC0415

    relay = Relay(listen(), delay=0.2)
    options = ConnectionOptions(client="confserv", client_type="21", in_flight=3)
    server = session(relay.port, options=options)
    out, most, lock = 0, 0, threading.Lock()
    channel = server._session.channel
    original = type(channel).ask

    def counted(self: object, *arguments: object, **more: object) -> object:
        nonlocal out, most
        with lock:
            out += 1
            most = max(most, out)
        try:
            return original(self, *arguments, **more)  # type: ignore[arg-type]
        finally:
            with lock:
                out -= 1

    monkeypatch.setattr(type(channel), "ask", counted)
    threads = [threading.Thread(target=server.read, args=("Script",)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert most == 3
    server.close()
    relay.close()


def test_each_of_many_threads_gets_the_answer_to_its_own_request(listen: Listen) -> None:
    """One connection serves them all: reference numbers match answers to requests."""
    from reconciler.server.connection import ConnectionOptions  # noqa: PLC0415

    relay = Relay(listen(), delay=0.02)
    options = ConnectionOptions(client="confserv", client_type="21", in_flight=8)
    server = session(relay.port, options=options)

    def work(thread: int) -> list[bool]:
        right = []
        for number in range(5):
            name = f"T{thread}-{number}"
            made = server.create("Script", script(name))
            found = server.read("Script", {"dbid": made.dbid})
            with pytest.raises(UniquenessViolationError, match=name):
                server.create("Script", script(name))
            right.append([one.attributes["name"] for one in (made, *found)] == [name] * 2)
        return right

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(8))) == [[True] * 5] * 8
    server.close()
    relay.close()


def test_a_change_by_another_process_is_told_too(listen: Listen, path: Path) -> None:
    server = session(listen())
    subscription = server.subscribe("Script")
    other = EmbeddedServer(path)
    other.delete("Script", 101)
    other.close()
    (one,) = subscription.receive(timeout=5)
    assert (one.action, one.dbid) == ("deleted", 101)
    subscription.close()
    server.close()
