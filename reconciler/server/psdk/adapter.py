"""The port on a real Configuration Server: one class for every object type.

Thread-safe: as many requests as the options allow may await an answer at once.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from reconciler.kinds.model import Attributes
from reconciler.server import validation
from reconciler.server.connection import ConnectionOptions
from reconciler.server.delta import Delta
from reconciler.server.errors import OutcomeUnknownError, ServerError
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    PastChange,
    Permission,
    ServerInfo,
)
from reconciler.server.proxy import is_a_proxy
from reconciler.server.psdk import constants, role
from reconciler.server.psdk.address import ServerUrl
from reconciler.server.psdk.channel import Channel, Unasked
from reconciler.server.psdk.checksum import checksum
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.login import open_channel
from reconciler.server.psdk.notices import PsdkSubscription
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.requests import Requests
from reconciler.server.psdk.session import SdkSession

_Query = tuple[str, tuple[tuple[str, str | int | bool], ...]]
"""An object type and the filters of a read."""

_ALL_TENANTS: _Query = ("Tenant", (("all_tenants", 1),))
_ALL_APPLICATIONS: _Query = ("Application", ())


class PsdkServer:
    """A Configuration Server behind the vendor's SDK. Implements ``port.Server``."""

    def __init__(
        self,
        sdk: Sdk,
        url: ServerUrl,
        options: ConnectionOptions,
        *,
        user: str = "",
        password: str = "",
    ) -> None:
        self._sdk = sdk
        self._user = user
        self._password = password
        self._encoding = options.encoding
        self.in_flight = options.in_flight
        self._answers: dict[_Query, list[ConfObject]] = {}
        self._checksums: dict[_Query, int] = {}  # of answers that were read in parts
        self._paths: dict[int, str] = {}
        self._identity = ""
        self._proxy_of: str | None = None  # not known yet
        self._session = SdkSession(
            sdk,
            url,
            options,
            (user, password),
            unasked=_ignore,
            repeat=self._repeat,
        )
        self._use(self._session.channel)

    def _use(self, channel: Channel) -> None:
        """Switches to the metadata of a connection."""
        assert channel.shapes is not None  # noqa: S101 - an open channel has them
        multilingual = channel.context.getServerEncoding() == constants.UTF8_SERVER
        encoding = "" if multilingual else self._encoding
        self._mapper = Mapper(self._sdk, channel.shapes.metadata, encoding)
        self._requests = Requests(self._mapper)
        self._paths.clear()

    def close(self) -> None:
        self._session.close()

    def info(self) -> ServerInfo:
        (event,) = self._session.ask(self._requests.mode())
        context = self._session.channel.context
        return ServerInfo(
            url=self._session.url.text,
            identity=self._known_identity(),
            version=str(context.getServerVersion() or ""),
            mode=constants.MODES.get(int(event.getOperationalMode()), "unknown"),
            user=self._user,
            proxy_of=self._known_proxy_of(),
        )

    def _known_identity(self) -> str:
        """The identity, found once for the session."""
        if not self._identity:
            tenants = self._answers.get(_ALL_TENANTS)
            if tenants is None:
                tenants = self.read("Tenant", {"all_tenants": 1})
            self._identity = role.identity(self._session.url.host_list, tenants)
        return self._identity

    def _known_proxy_of(self) -> str:
        """See ``ServerInfo.proxy_of``; found once for a connection."""
        if self._proxy_of is None:
            applications = self._answers.get(_ALL_APPLICATIONS)
            if applications is None:
                applications = self.read("Application", role.SERVERS)
            self._proxy_of = role.proxy_of(applications, self._session.channel, self.read)
        return self._proxy_of

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        kind = validation.object_type(object_type)
        asked = dict(filters or {})
        request = self._requests.read(kind, asked)
        found = self._objects(object_type, self._session.ask(request))
        for item in found:
            self._paths[item.folder] = item.path
        self._answers[object_type, tuple(sorted(asked.items()))] = found
        return list(found)

    def read_in_parts(
        self, object_type: str, filters: Filter | None = None
    ) -> Iterator[Sequence[ConfObject]]:
        """See ``port.read_in_parts``. A part is what an event holds."""
        kind = validation.object_type(object_type)
        asked = dict(filters or {})
        check = 0
        for event in self._session.events(self._requests.read(kind, asked)):
            part = list(self._requests.objects(kind, [event]))
            check += checksum(part)
            if part:
                yield part
        self._checksums[object_type, tuple(sorted(asked.items()))] = check

    def _objects(self, object_type: str, events: Sequence[Any]) -> list[ConfObject]:
        found = self._requests.objects(validation.object_type(object_type), events)
        return sorted(found, key=lambda item: item.dbid)

    def _repeat(self, channel: Channel) -> bool:
        """Repeats every earlier read on another host. Returns whether the answers are the same."""
        self._use(channel)
        if self._identity:  # kept longer than the answers, which a write clears
            tenants = self._read_from(channel, "Tenant", dict(_ALL_TENANTS[1]))
            if role.identity(self._session.url.host_list, tenants) != self._identity:
                return False
        for (object_type, asked), before in list(self._answers.items()):
            if self._read_from(channel, object_type, dict(asked)) != before:
                return False
        for (object_type, asked), check in list(self._checksums.items()):
            if checksum(self._read_from(channel, object_type, dict(asked))) != check:
                return False
        self._check_still_master(channel)
        return True

    def _read_from(self, channel: Channel, object_type: str, asked: Filter) -> list[ConfObject]:
        """Reads on a connection that the session does not use yet."""
        request = self._requests.read(validation.object_type(object_type), asked)
        return self._objects(object_type, channel.ask(request, self._session.timeout))

    def _check_still_master(self, channel: Channel) -> None:
        """ServerIsProxyError if a proxy has taken over from a master."""
        if self._proxy_of is None:
            return
        read = partial(self._read_from, channel)
        before = self._proxy_of
        self._proxy_of = role.proxy_of(read("Application", role.SERVERS), channel, read)
        if self._proxy_of and not before:
            raise is_a_proxy(str(channel.address), self._proxy_of)

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        kind = validation.object_type(object_type)
        (event,) = self._write(self._requests.create(kind, attributes, folder))
        made, sent = self._requests.created(kind, event)
        if not sent:
            raise OutcomeUnknownError(
                "the server created the object, but did not say under which DBID"
            )
        path = self._paths.get(made.folder)
        if path is None or object_type == "Folder":
            return self._read_back(object_type, made.dbid)
        return replace(made, path=path)

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        kind = validation.object_type(object_type)
        self._write(self._requests.update(kind, dbid, delta))
        return self._read_back(object_type, dbid)

    def delete(self, object_type: str, dbid: int) -> None:
        self._write(self._requests.delete(validation.object_type(object_type), dbid))

    def _write(self, request: Any) -> list[Any]:
        """Sends a write, after which earlier answers may no longer be true."""
        if self._proxy_of:
            raise is_a_proxy(self._session.url.text, self._proxy_of)
        return self._session.write(request, self._forget)

    def _forget(self) -> None:
        self._answers.clear()
        self._checksums.clear()

    def _read_back(self, object_type: str, dbid: int) -> ConfObject:
        """The object after a write that the server executed."""
        try:
            found = self.read(object_type, {"dbid": dbid})
        except ServerError as error:
            raise OutcomeUnknownError(
                f"{object_type} {dbid} was written and could not be read afterwards:"
                f" {error.message}",
                "Plan again: it reads what is there now.",
            ) from error
        if not found:
            raise OutcomeUnknownError(
                f"{object_type} {dbid} was written, and this account cannot read it",
                "Look at it with an account that may read it.",
            )
        return found[0]

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        kind = validation.object_type(object_type)
        (event,) = self._session.ask(self._requests.read_permissions(kind, dbid))
        return self._requests.permissions(event)

    def history(self, object_type: str, dbid: int) -> list[PastChange]:  # noqa: ARG002 - of the port
        """Always empty. The protocol's history log sends an interrupted session what it missed; its
        events name no user (reference 2.5, ``EventObjectUpdated``)."""
        return []

    def effective_permissions(
        self, object_type: str, dbid: int, person: int | None = None
    ) -> Permission:
        """What a person may do with an object, inherited permissions included. None: what the
        session may do, if the server can tell without a person."""
        kind = validation.object_type(object_type)
        request = self._requests.effective_permissions(kind, dbid, person)
        (event,) = self._session.ask(request)
        return Permission(int(event.getPermissions() or 0))

    def set_permissions(self, object_type: str, dbid: int, entries: Sequence[AccessEntry]) -> None:
        kind = validation.object_type(object_type)
        self._write(self._requests.set_permissions(kind, dbid, entries))

    def subscribe(self, object_type: str = "", tenant: int = 0, dbid: int = 0) -> PsdkSubscription:
        if object_type:
            validation.object_type(object_type)
        return PsdkSubscription(
            self._connect_again, object_type, tenant, dbid, self._session.timeout
        )

    def _connect_again(self, unasked: Unasked) -> Channel:
        """A second connection to the host that the session is on."""
        session = self._session
        return open_channel(
            self._sdk,
            session.channel.address,
            session.options,
            (self._user, self._password),
            unasked,
            tls=session.url.tls,
        )


def _ignore(name: str, event: Any) -> None:
    """Drops events that no request asked for: this connection has no subscription."""
