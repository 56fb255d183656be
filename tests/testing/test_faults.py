"""Faults on demand do what they say. What an apply under them does: tests/test_faults.py."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import (
    BY_NUMBER,
    ConfigurationServerError,
    NoPermissionError,
    OutcomeUnknownError,
    ServerUnavailableError,
)
from reconciler.server.port import AccessEntry, Notification, Server
from reconciler.testing.faults import (
    Call,
    Delay,
    Drop,
    Fault,
    Interfere,
    LoseAnswer,
    Refuse,
    Stale,
    When,
    Writing,
)
from reconciler.testing.faulty import FaultyServer
from tests.harness import opened, site_server
from tests.test_faults import SITE

# What each fault does, on an embedded server. Its script Changed has DBID 600.


@pytest.fixture
def inner(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with opened(site_server(tmp_path, SITE)) as server:
        yield server


def _scripts(server: Server) -> dict[str, Any]:
    """Name -> annex of every script."""
    found = server.read("Script")
    return {one.attributes["name"]: one.attributes.get("userProperties", {}) for one in found}


def _queue(name: str) -> dict[str, Any]:
    return {"name": name, "type": 23, "tenantDBID": 101}


def _option(value: str) -> Delta:
    """The delta that changes the option ours of a queue."""
    return Delta(key_values={"userProperties": KeyValueDelta(changed={"Queue": {"ours": value}})})


TWO = _option("2")
WRITES: dict[Writing, Callable[[Server], object]] = {
    "create": lambda server: server.create("Script", _queue("New")),
    "update": lambda server: server.update("Script", 600, _option("1")),
    "delete": lambda server: server.delete("Script", 600),
}
BEFORE_WRITE = {
    "Changed": {"Queue": {"ours": "0", "own": "live"}},
    "Other": {},
    "Replaced": {"Queue": {"ours": "0", "own": "live"}},
}
AFTER_WRITE: dict[Writing, Any] = {
    "create": {**BEFORE_WRITE, "New": {}},
    "update": {**BEFORE_WRITE, "Changed": {"Queue": {"ours": "1", "own": "live"}}},
    "delete": {"Other": {}, "Replaced": {"Queue": {"ours": "0", "own": "live"}}},
}


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize(
    ("when", "error", "happened"),
    [
        ("before", ServerUnavailableError, False),
        ("during", OutcomeUnknownError, False),
        ("after", OutcomeUnknownError, True),
    ],
)
def test_a_drop_at_a_write_leaves_its_outcome_unknown_once_the_request_was_out(
    inner: EmbeddedServer, call: Writing, when: When, error: type[Exception], *, happened: bool
) -> None:
    server = FaultyServer(inner, [Drop(call, when=when)])
    with pytest.raises(error):
        WRITES[call](server)
    assert _scripts(inner) == (AFTER_WRITE[call] if happened else BEFORE_WRITE)


@pytest.mark.parametrize("when", ["before", "during", "after"])
def test_after_a_drop_at_a_read_every_call_finds_the_session_gone(
    inner: EmbeddedServer, when: When
) -> None:
    server = FaultyServer(inner, [Drop("read", when=when)])
    calls = [lambda s: s.read("Script"), lambda s: s.info(), *WRITES.values()]
    for call in calls:
        with pytest.raises(ServerUnavailableError):
            call(server)
    assert _scripts(inner) == BEFORE_WRITE
    assert len(server.calls) == 5


@pytest.mark.parametrize(("when", "seen"), [("before", False), ("after", True)])
def test_a_delay_sleeps_before_or_after_the_effect(
    inner: EmbeddedServer, when: When, *, seen: bool
) -> None:
    slept = []

    def sleep(seconds: float) -> None:
        slept.append((seconds, "New" in _scripts(inner)))

    server = FaultyServer(inner, [Delay("create", when=when, seconds=2.5)], sleep=sleep)
    assert server.create("Script", _queue("New")).attributes["name"] == "New"
    assert slept == [(2.5, seen)]


@pytest.mark.parametrize("error", [ConfigurationServerError, *BY_NUMBER.values()])
@pytest.mark.parametrize(("when", "happened"), [("before", False), ("after", True)])
def test_a_refusal_is_the_error_that_was_asked_for(
    inner: EmbeddedServer, error: type[ConfigurationServerError], when: When, *, happened: bool
) -> None:
    server = FaultyServer(inner, [Refuse("update", when=when, error=error)])
    with pytest.raises(error) as raised:
        WRITES["update"](server)
    assert type(raised.value) is error
    assert raised.value.object_type == "Script"
    assert _scripts(inner) == (AFTER_WRITE["update"] if happened else BEFORE_WRITE)
    assert len(server.read("Script")) == 3


@pytest.mark.parametrize("call", WRITES)
def test_a_lost_answer_leaves_the_effect_and_the_session(
    inner: EmbeddedServer, call: Writing
) -> None:
    server = FaultyServer(inner, [LoseAnswer(call)])
    with pytest.raises(OutcomeUnknownError):
        WRITES[call](server)
    assert _scripts(server) == AFTER_WRITE[call]


def test_the_lost_answer_of_a_read_is_no_unknown_outcome(inner: EmbeddedServer) -> None:
    server = FaultyServer(inner, [LoseAnswer("read", 1)])
    with pytest.raises(ServerUnavailableError):
        server.read("Script")
    assert _scripts(server) == BEFORE_WRITE


def test_an_error_can_be_lost_like_any_answer(inner: EmbeddedServer) -> None:
    server = FaultyServer(inner, [Drop("create", 2, when="after")])
    server.create("Script", _queue("New"))
    with pytest.raises(OutcomeUnknownError):
        server.create("Script", _queue("New"))


@pytest.mark.parametrize("call", WRITES)
def test_a_stale_read_answers_what_it_answered_to_the_same_question(
    inner: EmbeddedServer, call: Writing
) -> None:
    server = FaultyServer(inner, [Stale(at=2)])
    assert _scripts(server) == BEFORE_WRITE
    WRITES[call](server)
    assert _scripts(server) == BEFORE_WRITE
    assert _scripts(server) == AFTER_WRITE[call]


@pytest.mark.parametrize("call", WRITES)
def test_a_stale_read_of_a_new_question_answers_what_was_before_the_last_write(
    inner: EmbeddedServer, call: Writing
) -> None:
    server = FaultyServer(inner, [Stale(at=1)])
    WRITES[call](server)
    assert _scripts(server) == BEFORE_WRITE
    assert _scripts(server) == AFTER_WRITE[call]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"dbid": 600}, ["Changed"]),
        ({"dbid": 700}, ["Replaced"]),
        ({"name": "Changed"}, ["Changed"]),
        ({"tenant_dbid": 101, "script_type": 23}, ["Changed", "Replaced"]),
        ({"tenant_dbid": 1}, []),
    ],
)
def test_a_stale_read_holds_a_deleted_object_only_where_it_matches_the_filters(
    inner: EmbeddedServer, filters: dict[str, str | int], names: list[str]
) -> None:
    server = FaultyServer(inner, [Stale()])
    server.delete("Script", 600)
    assert [one.attributes["name"] for one in server.read("Script", filters)] == names


def test_another_client_writes_before_or_after_a_call(inner: EmbeddedServer) -> None:
    def write(other: Server) -> None:
        other.update("Script", 600, TWO)

    server = FaultyServer(
        inner,
        [
            Interfere("read", 1, "before", write=write),
            Interfere("info", when="after", write=WRITES["update"]),
        ],
    )
    assert _scripts(server)["Changed"] == {"Queue": {"ours": "2", "own": "live"}}
    server.info()
    assert _scripts(inner)["Changed"] == {"Queue": {"ours": "1", "own": "live"}}
    assert [call.name for call in server.calls] == ["read", "info"]


def test_a_stale_read_hides_what_another_client_has_just_written(inner: EmbeddedServer) -> None:
    server = FaultyServer(inner, [Interfere("read", 1, write=WRITES["update"]), Stale(at=1)])
    assert _scripts(server) == BEFORE_WRITE
    assert _scripts(server) == AFTER_WRITE["update"]


def test_another_client_that_fails_fails_the_test(inner: EmbeddedServer) -> None:
    server = FaultyServer(inner, [Interfere("info", write=lambda other: other.delete("Script", 9))])
    with pytest.raises(RuntimeError, match="no Script has DBID 9"):
        server.info()


def test_a_fault_counts_the_calls_of_its_name_and_type(inner: EmbeddedServer) -> None:
    fault = Refuse("read", 2, object_type="Script", error=NoPermissionError)
    server = FaultyServer(inner, [fault])
    server.read("Script")
    server.read("Person")
    server.info()
    with pytest.raises(NoPermissionError):
        server.read("Script", {"dbid": 600})
    server.read("Script")
    assert server.calls == [
        Call("read", "Script"),
        Call("read", "Person"),
        Call("info"),
        Call("read", "Script", 600),
        Call("read", "Script"),
    ]
    assert server.struck == [(4, fault)]


def test_a_seed_repeats_its_faults_and_another_one_makes_others(inner: EmbeddedServer) -> None:
    faults = [Delay(chance=0.3), Delay("info", chance=0.5)]

    def struck(seed: int, faults: Sequence[Fault]) -> list[tuple[int, Fault]]:
        server = FaultyServer(inner, faults, seed=seed, sleep=lambda _: None)
        for _ in range(50):
            server.info()
        return server.struck

    assert struck(1, faults) == struck(1, faults)
    assert struck(1, faults) != struck(2, faults)
    assert 0 < len(struck(1, faults[:1])) < 50
    assert [one for one in struck(1, faults) if one[1] == faults[0]] == struck(1, faults[:1])


@pytest.mark.parametrize(
    ("fault", "when"),
    [(Delay, "during"), (Refuse, "during"), (LoseAnswer, "before"), (Stale, "after")],
)
def test_a_fault_that_could_never_strike_is_refused(fault: type[Fault], when: When) -> None:
    with pytest.raises(ValueError, match=f"{fault.__name__} strikes"):
        fault(when=when)


class _Told:
    """What a server with notifications and permissions answers."""

    def __init__(self) -> None:
        self.entries = [AccessEntry("Person", 100, 127)]

    def permissions(self, *_: object) -> list[AccessEntry]:
        return self.entries

    def set_permissions(self, _type: str, _dbid: int, entries: Sequence[AccessEntry]) -> None:
        self.entries = list(entries)

    def subscribe(self, *_: object) -> "_Told":
        return self

    def receive(self, *_: object) -> list[Notification]:
        return [Notification(1, "delete", "Script", 600, 101, "")]

    def close(self) -> None:
        self.entries = []


def test_permissions_can_be_lost_and_dropped_like_any_write() -> None:
    told: Any = _Told()
    server = FaultyServer(told, [LoseAnswer("set_permissions", 1), Drop("permissions", 2)])
    assert server.permissions("Script", 600) == [AccessEntry("Person", 100, 127)]
    with pytest.raises(OutcomeUnknownError):
        server.set_permissions("Script", 600, [])
    assert told.entries == []
    with pytest.raises(ServerUnavailableError):
        server.permissions("Script", 600)


def test_a_drop_ends_subscriptions_too() -> None:
    told: Any = _Told()
    server = FaultyServer(told, [Drop("receive", 2)])
    subscription = server.subscribe("Script", 101, 600)
    assert [one.dbid for one in subscription.receive()] == [600]
    for _ in range(2):
        with pytest.raises(ServerUnavailableError):
            subscription.receive()
    assert [call.name for call in server.calls] == ["subscribe", "receive", "receive", "receive"]
    subscription.close()
    assert told.entries == []
