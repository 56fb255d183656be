"""The SDK's requests, made from what the port is given; and the answers, read."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.model import ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.delta import Delta
from reconciler.server.errors import (
    IncorrectReferencesError,
    ObjectNotFoundError,
    UnsupportedPropertyError,
)
from reconciler.server.port import AccessEntry, ConfObject, Filter
from reconciler.server.psdk import constants
from reconciler.server.psdk.objects import Mapper

_TYPE_NAMES = {kind.number: kind.name for kind in OBJECT_TYPES.values()}


class Requests:
    """Makes requests and reads answers for one server's metadata."""

    def __init__(self, mapper: Mapper) -> None:
        self._sdk = mapper.sdk
        self._mapper = mapper
        self._shapes = mapper.shapes

    def read(self, kind: ObjectType, filters: Filter) -> Any:
        """Asks for objects with folder and path. UnsupportedPropertyError for a filter that
        the type does not have: what a server does with one is not known."""
        pairs = {key: value_on_wire(kind, key, value) for key, value in filters.items()}
        pairs = {k: v for k, v in pairs.items() if v or not k.startswith("exclude_")}
        asked = {**pairs, constants.WITH_FOLDER: 1, constants.WITH_PATH: 1}
        return self._conf("objects.RequestReadObjects").create(
            self._sdk.integer(kind.number), self._mapper.values.flat(asked)
        )

    def objects(self, kind: ObjectType, events: Sequence[Any]) -> Iterator[ConfObject]:
        """The objects of the events that answer a read."""
        shape = self._shapes.of(kind.name)
        for event in events:
            if str(event.messageName()) != "EventObjectsRead":
                continue
            found = list(event.getObjects() or ())
            folders = [int(one) for one in event.getFolderDbids() or ()]
            paths = [str(one or "").strip("/\\") for one in event.getObjectPaths() or ()]
            folders += [0] * (len(found) - len(folders))
            paths += [""] * (len(found) - len(paths))  # empty ones at the end do not travel
            for one, folder, path in zip(found, folders, paths, strict=False):
                dbid, attributes = self._mapper.read(shape, one)
                yield ConfObject(kind.name, dbid, attributes, folder, path)

    def create(self, kind: ObjectType, attributes: Mapping[str, Any], folder: int | None) -> Any:
        """Asks for a new object. What only the server sets is left to it."""
        given: dict[str, Any] = {}
        for name, value in attributes.items():
            attribute = validation.attribute_of(kind, name)
            if attribute.read_only or value is None or value == "":
                continue
            validation.check_value(kind, attribute, value)
            given[name] = value
        made = self._mapper.write(self._shapes.of(kind.name), 0, given)
        request = self._conf("objects.RequestCreateObject").create(made)
        if folder is not None:
            request.setParameters(self._mapper.values.flat({constants.INTO_FOLDER: folder}))
        return request

    def created(self, kind: ObjectType, event: Any) -> tuple[ConfObject, bool]:
        """The new object without its path; whether the server sent it."""
        one = event.getObject()
        if one is None:
            return ConfObject(kind.name, 0, {}), False
        dbid, attributes = self._mapper.read(self._shapes.of(kind.name), one)
        return ConfObject(kind.name, dbid, attributes, int(event.getFolderDbid() or 0)), True

    def update(self, kind: ObjectType, dbid: int, delta: Delta) -> Any:
        """Asks for a change of one object."""
        validation.check_shape(kind, delta)
        shape = self._shapes.of(kind.name)
        made = self._mapper.write_delta(shape, _possible(kind, dbid), delta)
        return self._conf("objects.RequestUpdateObject").create(made)

    def delete(self, kind: ObjectType, dbid: int) -> Any:
        return self._conf("objects.RequestDeleteObject").create(
            self._sdk.integer(kind.number), self._sdk.integer(_possible(kind, dbid))
        )

    def mode(self) -> Any:
        return self._conf("security.RequestReadOperationalMode").create()

    def read_permissions(self, kind: ObjectType, dbid: int) -> Any:
        request = self._conf("security.RequestReadPermissions").create()
        request.setConfID(self._identifier("CfgID", kind.number, _possible(kind, dbid)))
        return request

    def effective_permissions(self, kind: ObjectType, dbid: int, person: int | None) -> Any:
        """Asks what a person may do with an object, with all that the person inherits."""
        request = self._conf("security.RequestReadObjectPermissions").create()
        request.setConfID(self._identifier("CfgID", kind.number, dbid))
        if person is not None:
            number = OBJECT_TYPES["Person"].number
            request.setAccountID(self._identifier("CfgID", number, person))
        return request

    def permissions(self, event: Any) -> list[AccessEntry]:
        """The entries of an access list, by account."""
        acl = event.getConfPermissionsACL()
        entries = acl.getPropertyValue("ACEs") if acl is not None else None
        return sorted(
            AccessEntry(
                _TYPE_NAMES.get(int(account.getPropertyValue("type")), ""),
                int(account.getPropertyValue("DBID")),
                int(entry.getPropertyValue("accessMask")),
            )
            for entry in entries or ()
            for account in [entry.getPropertyValue("ID")]
        )

    def set_permissions(self, kind: ObjectType, dbid: int, entries: Sequence[AccessEntry]) -> Any:
        request = self._conf("security.RequestUpdatePermissions").create()
        request.setConfPermissionsACL(self.access_list(kind, _possible(kind, dbid), entries))
        request.setRecursion(0)
        return request

    def access_list(self, kind: ObjectType, dbid: int, entries: Sequence[AccessEntry]) -> Any:
        """An access list of the SDK's."""
        acl = self._structure("CfgACL")
        numbers = self._mapper.values.number
        acl.setPropertyValue("objectID", self._identifier("CfgACLID", kind.number, dbid))
        acl.setPropertyValue("count", numbers(len(entries)))
        into = acl.getOrCreatePropertyValue("ACEs")
        for entry in entries:
            account = OBJECT_TYPES.get(entry.account_type)
            number = account.number if account else 0
            one = into.createStructure()
            if not 0 <= entry.account <= constants.MAX_INTEGER:
                raise IncorrectReferencesError(
                    f"no {entry.account_type} has DBID {entry.account}", kind.name, "account"
                )
            one.setPropertyValue("ID", self._identifier("CfgACEID", number, entry.account))
            one.setPropertyValue("accessMask", numbers(entry.mask, "mask"))
            into.add(one)
        return acl

    def subscription(self, object_type: int, tenant: int, dbid: int, *, ends: bool = False) -> Any:
        """Asks to be told of changes, or no longer."""
        values = self._mapper.values
        inner = {
            constants.SUBSCRIPTION_TYPE: object_type,
            constants.SUBSCRIPTION_TENANT: tenant,
            constants.SUBSCRIPTION_OBJECT: dbid,
        }
        name = "Unregister" if ends else "Register"
        request = self._conf(f"objects.Request{name}Notification").create()
        request.setSubscription(values.key_values({"1": inner}))
        return request

    def _conf(self, name: str) -> Any:
        return self._sdk.conf(f"confserver.requests.{name}")

    def _structure(self, name: str) -> Any:
        description = self._shapes.metadata.getCfgClass(name)
        return self._sdk.conf("obj.ConfStructure")(description)

    def _identifier(self, name: str, object_type: int, dbid: int) -> Any:
        one = self._structure(name)
        numbers = self._mapper.values.number
        one.setPropertyValue("CSID", numbers(0))
        one.setPropertyValue("DBID", numbers(dbid, "DBID"))
        one.setPropertyValue("type", numbers(object_type))
        return one


def _possible(kind: ObjectType, dbid: int) -> int:
    """The DBID; ObjectNotFoundError for one that no object can have."""
    if not 0 <= dbid <= constants.MAX_INTEGER:
        raise ObjectNotFoundError(f"no {kind.name} has DBID {dbid}", kind.name, "DBID")
    return dbid


def value_on_wire(kind: ObjectType, key: str, value: str | int | bool) -> str | int:
    """The value of a filter: flags are ``CfgFlag``, and 1 or 0 where no attribute is meant."""
    if key != "dbid" and key not in kind.filters:
        raise UnsupportedPropertyError(f"no filter is called {key}", kind.name, key)
    if isinstance(value, bool):
        if is_flag(kind, key):
            return constants.TRUE if value else constants.FALSE
        return int(value)
    return value


def is_flag(kind: ObjectType, key: str) -> bool:
    """Whether a filter compares a flag."""
    attribute = kind.attribute(kind.filters.get(key, ""))
    return attribute is not None and attribute.type is ValueType.FLAG
