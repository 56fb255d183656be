"""A session over a list of hosts: it uses the first host that answers, and fails over to the next.

After a failover everything that was read is read again. If the answers differ, the session
ends, so that nobody acts on outdated data.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerError, ServerUnavailableError
from reconciler.server.psdk.address import ServerUrl
from reconciler.server.psdk.channel import Channel, Unasked
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.login import open_channel

T = TypeVar("T")
Repeat = Callable[[Channel], bool]
"""Repeats all earlier reads on a new connection. Returns whether the answers are the same."""


class SdkSession:
    """The connection of an adapter. Thread-safe."""

    def __init__(
        self,
        sdk: Sdk,
        url: ServerUrl,
        options: ConnectionOptions,
        credentials: tuple[str, str],
        *,
        unasked: Unasked,
        repeat: Repeat,
    ) -> None:
        self.sdk = sdk
        self.url = url
        self.options = options
        self.timeout = options.timeout
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
        """The open connection; to another host if the last connection is gone."""
        with self._lock:
            if self._dead:
                raise ServerUnavailableError(self._dead, _AGAIN)
            if not self._channel.is_open:
                self._fail_over()
            return self._channel

    def ask(self, request: Any) -> list[Any]:
        """The answer to a read. Repeated on another host, if there is one, when the
        connection is gone."""
        with self._slots:
            channel = self.channel
            try:
                return channel.ask(request, self.timeout)
            except ServerUnavailableError:
                if len(self.url.hosts) == 1 or channel.is_open:
                    raise
            return self.channel.ask(request, self.timeout)

    def events(self, request: Any) -> Iterator[Any]:
        """The events that answer a read, one by one; see ``Channel.events``. Not repeated if the
        connection is lost: a part of the answer may have been used already."""
        with self._slots:
            yield from self.channel.events(request, self.timeout)

    def write(self, request: Any, forget: Callable[[], None]) -> list[Any]:
        """The answer to a write. Never sent twice. ``forget``: called after sending, since earlier
        answers may then be outdated. A failover before that still compares them."""
        with self._slots:
            channel = self.channel
            sent = True
            try:
                return channel.ask(request, self.timeout, writes=True)
            except ServerUnavailableError:
                sent = False  # the connection was gone before
                raise
            finally:
                if sent:
                    forget()

    def close(self) -> None:
        with self._lock:
            self._dead = "the session has ended"
            self._channel.close()

    def _open(self, hosts: "range | list[int]") -> Channel:
        """Connects to the first host that can be reached. If a host refuses the log-in, the search
        ends: the other hosts have the same accounts."""
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
        messages = "; ".join(problem.message for problem in problems)
        raise ServerUnavailableError(messages, problems[-1].hint)

    def _fail_over(self) -> None:
        """Switches to another host, after repeating all earlier reads there with the same answers.
        If no host gives them, the session ends."""
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
            self._dead = f"{channel.address} took over, but does not hold what was read before"
            channel.close()
            raise ServerUnavailableError(
                self._dead, "Run the command again: it reads everything anew."
            )
        self._channel = channel


_AGAIN = "Run the command again."
