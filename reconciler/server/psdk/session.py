"""A session over a list of hosts: the first that answers, and the next when it is gone.

What was read before a change of hosts was read from another server: it is all read again,
and where the answers differ the session ends, so nobody acts on what is no longer so.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerError, ServerUnavailableError
from reconciler.server.psdk.address import ServerUrl
from reconciler.server.psdk.channel import Channel, Unasked
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.login import open_channel

T = TypeVar("T")
Repeat = Callable[[Channel], bool]
"""Reads on a new connection again what was read before; whether it is all the same."""


class SdkSession:
    """The connection of an adapter. Safe for several threads."""

    def __init__(
        self,
        sdk: Sdk,
        url: ServerUrl,
        options: ConnectionOptions,
        credentials: tuple[str, str],
        *,
        timeout: float,
        unasked: Unasked,
        repeat: Repeat,
    ) -> None:
        self.sdk = sdk
        self.url = url
        self.options = options
        self.timeout = timeout
        self._credentials = credentials
        self._unasked = unasked
        self._repeat = repeat
        self._lock = threading.RLock()
        self._slots = threading.BoundedSemaphore(max(1, options.in_flight))
        self._dead = ""
        self._host = 0
        self._channel = self._open(range(len(url.hosts)))

    @property
    def channel(self) -> Channel:
        """The open connection; another host's where the last one is gone."""
        with self._lock:
            if self._dead:
                raise ServerUnavailableError(self._dead, _AGAIN)
            if not self._channel.is_open:
                self._fail_over()
            return self._channel

    def ask(self, request: Any) -> list[Any]:
        """The answer to a request that reads. Where there is another host, it is asked when
        the first one is gone."""
        with self._slots:
            channel = self.channel
            try:
                return channel.ask(request, self.timeout)
            except ServerUnavailableError:
                if len(self.url.hosts) == 1 or channel.is_open:
                    raise
            return self.channel.ask(request, self.timeout)

    def write(self, request: Any, forget: Callable[[], None]) -> list[Any]:
        """The answer to a request that writes. Never sent twice. ``forget``: called when it was
        sent, since what was read before may no longer be so; a change of hosts before that is
        still measured by what was read."""
        with self._slots:
            channel = self.channel
            sent = True
            try:
                return channel.ask(request, self.timeout, writes=True)
            except ServerUnavailableError:
                sent = False  # the line was gone before
                raise
            finally:
                if sent:
                    forget()

    def close(self) -> None:
        with self._lock:
            self._dead = "the session has ended"
            self._channel.close()

    def _open(self, hosts: "range | list[int]") -> Channel:
        """The first of the hosts that lets us in. A host that refuses the log-in has
        answered: the next one would refuse it too."""
        problems: list[ServerUnavailableError] = []
        for number in hosts:
            address = self.url.hosts[number]
            try:
                channel = open_channel(
                    self.sdk,
                    address,
                    self.options,
                    self._credentials,
                    self._unasked,
                    tls=self.url.tls,
                )
            except ServerUnavailableError as error:
                problems.append(error)
                continue
            self._host = number
            return channel
        if len(problems) == 1:
            raise problems[0]
        messages = "; ".join(one.message for one in problems)
        raise ServerUnavailableError(messages, problems[-1].hint)

    def _fail_over(self) -> None:
        """Another host becomes ours when it has shown that it holds what was read, not before.
        Where it does not come to that, the session has ended."""
        if len(self.url.hosts) == 1:
            raise ServerUnavailableError(
                f"the connection to {self._channel.address} is gone", _AGAIN
            )
        count = len(self.url.hosts)
        following = [(self._host + step) % count for step in range(1, count + 1)]
        try:
            channel = self._open(following)
        except ServerError as error:
            self._dead = f"no other host could take over: {error.message}"
            raise
        try:
            same = self._repeat(channel)
        except BaseException as error:
            reason = error.message if isinstance(error, ServerError) else "interrupted"
            self._dead = f"{channel.address} could not take over: {reason}"
            channel.close()
            raise
        if not same:
            self._dead = f"{channel.address} took over and does not hold what was read before"
            channel.close()
            raise ServerUnavailableError(
                self._dead, "Run the command again: it reads everything anew."
            )
        self._channel = channel


_AGAIN = "Run the command again."
