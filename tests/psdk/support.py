"""What the tests that need the vendor's jars share: the JVM, listeners, free ports."""

import faulthandler
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reconciler.server.connection import ConnectionOptions
from reconciler.server.psdk import jars, jvm
from reconciler.server.psdk.adapter import PsdkServer
from reconciler.server.psdk.address import parse_url
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.wire.endpoint import ListenAddress
from reconciler.server.wire.listener import Listener

LIB = os.environ.get("PSDK_LIB", "")
"""The folder with the vendor's jars; empty: the tests that need them are left out."""

AS_SERVER = ConnectionOptions(client="confserv", client_type="21")
"""A client application that needs no user: the server's own."""


@cache
def sdk() -> Sdk:
    """The SDK in this process's JVM."""
    faulthandler.disable()  # the JVM has its own use for the signals that it would catch
    return jvm.start(jars.find_jars(Path(LIB)).check().class_path)


def free_port() -> int:
    """A port of the loopback that nobody has at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def open_listener(path: Path, port: int = 0, **more: Any) -> Listener:
    """A server file at a port of the loopback."""
    address = ListenAddress(port=port or free_port(), **more)
    listener = Listener(sdk(), path, address)
    listener.open()
    return listener


@contextmanager
def listening(path: Path, port: int = 0, **more: Any) -> Iterator[int]:
    """A server file at a port, for as long as the block lasts."""
    listener = open_listener(path, port, **more)
    try:
        yield listener.port
    finally:
        listener.close()


def session(
    port: int | str,
    user: str = "",
    password: str = "",
    options: ConnectionOptions | None = None,
    timeout: float = 10.0,
) -> PsdkServer:
    """A session of the adapter. ``port``: of the loopback, or a whole URL. Without a user:
    as the server's own application."""
    url = f"confserv://127.0.0.1:{port}" if isinstance(port, int) else port
    chosen = options or (ConnectionOptions() if user else AS_SERVER)
    chosen = replace(chosen, timeout=timeout)
    return PsdkServer(sdk(), parse_url(url), chosen, user=user, password=password)


def gone(host: Listener, server: PsdkServer) -> None:
    """The host closes, and the session has noticed."""
    channel = server._session.channel
    host.close()
    until = time.monotonic() + 10
    while channel.is_open:
        assert time.monotonic() < until
        time.sleep(0.01)
