"""Answers the requests of clients that have logged in.

Each request becomes one call of the embedded server, which decides everything. Knows no
sockets and no threads.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import AccessEntry, ConfObject
from reconciler.server.psdk import constants, unknown_properties
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.requests import Requests
from reconciler.server.psdk.shapes import Shape
from reconciler.server.psdk.whole_deltas import WholeDeltas
from reconciler.server.wire.account_answers import AccountAnswers
from reconciler.server.wire.information import InformationAnswers
from reconciler.server.wire.messages import Messages

OBJECTS_PER_EVENT = 100


class Answers:
    """Answers the requests of all clients."""

    def __init__(self, sdk: Sdk, mapper: Mapper) -> None:
        self._sdk = sdk
        self._mapper = mapper
        self._requests = Requests(mapper)
        self._deltas = WholeDeltas(sdk, "confserver.requests.objects.RequestUpdateObject")
        messages = Messages(sdk, mapper)
        self._event, self._shape, self._named = messages.event, messages.shape, messages.named
        self._filter = messages.filter
        self._by_name: Mapping[str, Callable[[EmbeddedServer, Any], Iterator[Any]]] = {
            "RequestReadObjects": self._read,
            "RequestReadOperationalMode": self._mode,
            "RequestReadPermissions": self._permissions,
            "RequestReadObjectPermissions": self._effective_permissions,
            "RequestCreateObject": self._create,
            "RequestUpdateObject": self._update,
            "RequestDeleteObject": self._delete,
            "RequestUpdatePermissions": self._set_permissions,
            "RequestChangeOperationalMode": self._change_mode,
            **InformationAnswers(messages).by_name,
            **AccountAnswers(messages).by_name,
        }

    WRITES = frozenset(
        {
            "RequestCreateObject",
            "RequestUpdateObject",
            "RequestDeleteObject",
            "RequestUpdatePermissions",
            "RequestChangeOperationalMode",
            "RequestUpdateAccount",
            "RequestChangePassword",
        }
    )
    """The requests after which subscribers are notified."""

    def attend(self, channel: Any) -> None:
        """Prepares the connection of a new client, before its first update."""
        self._deltas.ask_for_texts(channel)

    def knows(self, name: str) -> bool:
        return name in self._by_name

    def answer(self, name: str, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        """The events that answer a request; the caller sets their reference number."""
        return self._by_name[name](server, request)

    # Reads

    def _read(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        number = int(request.getObjectType() or 0)
        shape = self._mapper.shapes.by_number(number)
        if shape is not None:  # a type that the server does not know has no objects
            yield from self._found(server, shape, request.getFilter())
        yield self._event("EventObjectsSent").create(self._sdk.integer(number))

    def _found(self, server: EmbeddedServer, shape: Shape, pairs: Any) -> Iterator[Any]:
        """The events with the objects that match a filter."""
        filters, extras = self._filter(shape.kind, pairs)
        found = server.read(shape.kind.name, filters)
        for first in range(0, len(found), OBJECTS_PER_EVENT):
            part = found[first : first + OBJECTS_PER_EVENT]
            yield self._objects(shape, part, len(found), extras)

    def _objects(self, shape: Shape, part: list[ConfObject], total: int, extras: set[str]) -> Any:
        collection = self._sdk.conf("obj.ConfObjectsCollection")(shape.description)
        for found in part:
            collection.add(self._mapper.write(shape, found.dbid, found.attributes))
        event = self._event("EventObjectsRead").create()
        event.setObjectType(shape.kind.number)
        event.setObjects(collection)
        event.setObjectCount(len(part))
        event.setObjectTotalCount(total)
        if constants.WITH_FOLDER in extras:
            event.setFolderDbids(self._sdk.longs([found.folder for found in part]))
        if constants.WITH_PATH in extras:
            event.setObjectPaths(self._sdk.texts([found.path for found in part]))
        return event

    def _mode(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:  # noqa: ARG002
        event = self._event("EventOperationalModeRead").create()
        event.setOperationalMode(_mode_number(server.info().mode))
        yield event

    def _permissions(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        kind, dbid = self._named(request.getConfID())
        event = self._event("EventPermissionsRead").create()
        entries = server.permissions(kind.name, dbid)
        event.setConfPermissionsACL(self._requests.access_list(kind, dbid, entries))
        yield event

    def _effective_permissions(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        kind, dbid = self._named(request.getConfID())
        account = request.getAccountID()
        person = int(account.getPropertyValue("DBID")) if account is not None else None
        event = self._event("EventObjectPermissionsRead").create()
        event.setPermissions(int(server.effective_permissions(kind.name, dbid, person)))
        yield event

    # Writes

    def _create(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        shape = self._shape(request.getObjectType())
        sdk_object = request.getObject()
        self._mapper.unknown(shape).check(sdk_object)
        _, given = self._mapper.read(shape, sdk_object)
        parameters = request.getParameters()
        pair = parameters.getPair(constants.INTO_FOLDER) if parameters is not None else None
        folder = int(pair.getValue()) if pair is not None else None
        made = server.create(shape.kind.name, given, folder)
        yield self.created(shape, made)

    def created(self, shape: Shape, made: ConfObject) -> Any:
        """The event that announces a new object."""
        event = self._event("EventObjectCreated").create()
        event.setObject(self._mapper.write(shape, made.dbid, made.attributes))
        event.setObjectType(shape.kind.number)
        if made.folder:
            event.setFolderDbid(made.folder)
        event.setTime(int(time.time()))
        return event

    def _update(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        shape = self._shape(request.getObjectType())
        metadata = self._mapper.shapes.metadata
        given = self._deltas.read(metadata, shape.delta_description, request)
        unknown_properties.check_delta(shape, given)
        dbid, delta = self._mapper.read_delta(shape, given)
        server.update(shape.kind.name, dbid, delta)
        event = self._event("EventObjectUpdated").create(self._sdk.integer(shape.kind.number))
        event.setObjectDelta(given)
        event.setTime(int(time.time()))
        yield event

    def _delete(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        shape = self._shape(request.getObjectType())
        server.delete(shape.kind.name, int(request.getDbid()))
        event = self._event("EventObjectDeleted").create(
            self._sdk.integer(shape.kind.number), request.getDbid()
        )
        event.setTime(int(time.time()))
        yield event

    def _set_permissions(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        acl = request.getConfPermissionsACL()
        kind, dbid = self._named(acl.getPropertyValue("objectID"))
        entries: list[AccessEntry] = self._requests.permissions(request)
        server.set_permissions(kind.name, dbid, entries)
        event = self._event("EventPermissionsUpdated").create()
        event.setConfPermissionsACL(acl)
        yield event

    def _change_mode(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        server.change_mode(constants.MODES.get(int(request.getOperationalMode() or 0), ""))
        event = self._event("EventOperationalModeChanged").create()
        event.setOperationalMode(request.getOperationalMode())
        yield event


def _mode_number(mode: str) -> int:
    return next(number for number, name in constants.MODES.items() if name == mode)
