"""Clients that speak no protocol, that are many, or that are slow disturb nobody else."""

import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from reconciler.server.psdk.adapter import PsdkServer
from tests.psdk.relay import Relay
from tests.psdk.support import session

Listen = Callable[..., int]


@contextmanager
def connected(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as one:
        yield one


def names(server: PsdkServer) -> list[str]:
    return [str(one.attributes["name"]) for one in server.read("Script")]


def conversation(port: int) -> bytes:
    """What a well-behaved client says, from the first byte to the last."""
    relay = Relay(port)
    server = session(relay.port)
    names(server)
    server.close()
    said = bytes(relay.heard)
    relay.close()
    return said


@pytest.mark.parametrize("seed", range(3))
def test_malformed_messages_end_their_own_connection_at_most(listen: Listen, seed: int) -> None:
    port = listen()
    said = conversation(port)
    server = session(port)
    before = names(server)
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    for _ in range(40):
        broken = bytearray(said)
        for _ in range(draw.randint(1, 8)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        with connected(port) as one:
            one.sendall(draw.choice([bytes(broken), draw.randbytes(200), broken[: len(said) // 2]]))
    another = session(port)
    assert names(server) == names(another) == before
    another.close()
    server.close()


def test_two_hundred_connections_leave_room_for_a_session(listen: Listen) -> None:
    port = listen()
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(connected(port))
        server = session(port)
        assert names(server)
        server.close()


def test_a_client_that_says_half_a_message_keeps_nobody_waiting(listen: Listen) -> None:
    port = listen()
    said = conversation(port)
    with connected(port) as slow:
        for byte in said[: len(said) // 2]:
            slow.sendall(bytes([byte]))
        server = session(port)
        assert names(server)
        server.close()
