"""An answer of any size is taken part by part; what has not been taken waits on the line."""

import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.channel import _KEPT, Channel
from reconciler.server.wire.answers import OBJECTS_PER_EVENT
from tests.harness import opened
from tests.psdk.support import AS_SERVER, gone, listening, open_listener, session

PARTS = 40


@pytest.fixture
def filled(path: Path) -> Path:
    """A server with skills for so many parts."""
    kind = OBJECT_TYPES["Skill"]
    server = EmbeddedServer(path)
    with server.store.writing():
        folder = server.engine.folders().default(kind, ("Tenant", 101))
        for number in range(PARTS * OBJECTS_PER_EVENT):
            attributes = {"tenantDBID": 101, "name": f"S{number}"}
            server.insert(kind, validation.complete(kind, attributes), folder)
    server.close()
    return path


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the events that were received, as they are handed over."""
    names: list[str] = []
    original = Channel._hand_over

    def noted(self: Channel, event: object) -> None:
        names.append(str(event.messageName()))  # type: ignore[attr-defined]
        original(self, event)

    monkeypatch.setattr(Channel, "_hand_over", noted)
    return names


def test_what_has_not_been_taken_waits_on_the_line(filled: Path, received: list[str]) -> None:
    with listening(filled) as port:
        server = session(port)
        received.clear()
        parts = []
        for part in server.read_in_parts("Skill"):
            parts.append(part)
            waiting = server._session.channel._received.getInputSize()
            assert len(received) <= len(parts) + _KEPT + 1
            assert waiting <= _KEPT
        assert [one for part in parts for one in part] == server.read("Skill")
        assert len(parts) == PARTS
        server.close()


def test_a_server_that_is_slowly_read_from_keeps_a_connection_without_addp(filled: Path) -> None:
    """With ADDP it hangs up: its polls wait behind the answer. So a snapshot uses none."""
    with listening(filled) as port:
        server = session(port, options=replace(AS_SERVER, addp=False, addp_remote_timeout=1))
        parts = server.read_in_parts("Skill")
        first = next(parts)
        time.sleep(4)  # more than twice the time limit
        assert sum(map(len, parts)) + len(first) == PARTS * OBJECTS_PER_EVENT
        assert len(server.read("Script")) == 3
        server.close()


def test_an_answer_that_is_not_taken_to_its_end_leaves_the_session_to_others(filled: Path) -> None:
    with listening(filled) as port:
        server = session(port)
        parts = server.read_in_parts("Skill")
        assert next(parts)
        parts.close()
        assert len(server.read("Script")) == 3
        server.close()


def test_a_session_can_be_closed_in_the_middle_of_an_answer(filled: Path) -> None:
    with listening(filled) as port:
        server = session(port)
        parts = server.read_in_parts("Skill")
        assert next(parts)
        server.close()
        with pytest.raises(ServerUnavailableError, match="closed by this end"):
            list(parts)


def test_an_answer_whose_line_is_cut_is_no_answer(filled: Path) -> None:
    listener = open_listener(filled)
    server = session(listener.port)
    parts = server.read_in_parts("Skill")
    assert next(parts)
    listener.close()
    with pytest.raises(ServerUnavailableError, match="was lost"):
        list(parts)
    server.close()


@pytest.mark.parametrize("changed", [False, True])
def test_a_host_takes_over_if_it_holds_what_was_read_in_parts(path: Path, *, changed: bool) -> None:
    first, second = open_listener(path), open_listener(path)
    url = f"confserv://127.0.0.1:{first.port},127.0.0.1:{second.port}"
    server = session(url)
    assert list(server.read_in_parts("Script"))
    if changed:
        with opened(path) as other:
            other.update("Script", 102, Delta(values={"name": "Changed"}))
    gone(first, server)
    if changed:
        with pytest.raises(ServerUnavailableError, match="does not hold what was read"):
            server.read("Person")
    else:
        assert server.read("Person")
    server.close()
    second.close()
