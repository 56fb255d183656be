"""Makes the SDK's requests from calls of the port, and reads the answers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reconciler.kinds.model import ObjectType, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES, type_name
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


class Requests:
    """Makes requests and reads answers for one server's metadata."""

    def __init__(self, mapper: Mapper) -> None:
        self._sdk = mapper.sdk
        self._mapper = mapper
        self._shapes = mapper.shapes

    def read(self, kind: ObjectType, filters: Filter) -> Any:
        """Reads objects with folder and path. UnsupportedPropertyError for an unknown filter:
        servers differ in what they do with it."""
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
            folders = [int(dbid) for dbid in event.getFolderDbids() or ()]
            paths = [str(path or "").strip("/\\") for path in event.getObjectPaths() or ()]
            folders += [0] * (len(found) - len(folders))
            paths += [""] * (len(found) - len(paths))  # trailing empty paths are not sent
            for sdk_object, folder, path in zip(found, folders, paths, strict=False):
                dbid, attributes = self._mapper.read(shape, sdk_object)
                unknown = self._mapper.unknown(shape).of(sdk_object)
                yield ConfObject(kind.name, dbid, attributes, folder, path, unknown)

    def create(self, kind: ObjectType, attributes: Mapping[str, Any], folder: int | None) -> Any:
        """Creates an object. Attributes that only the server sets are left out."""
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
        """The new object, without its path; and whether the server sent it."""
        sdk_object = event.getObject()
        if sdk_object is None:
            return ConfObject(kind.name, 0, {}), False
        dbid, attributes = self._mapper.read(self._shapes.of(kind.name), sdk_object)
        return ConfObject(kind.name, dbid, attributes, int(event.getFolderDbid() or 0)), True

    def update(self, kind: ObjectType, dbid: int, delta: Delta) -> Any:
        """Updates one object."""
        validation.check_shape(kind, delta)
        shape = self._shapes.of(kind.name)
        made = self._mapper.write_delta(shape, _checked_dbid(kind, dbid), delta)
        return self._conf("objects.RequestUpdateObject").create(made)

    def delete(self, kind: ObjectType, dbid: int) -> Any:
        return self._conf("objects.RequestDeleteObject").create(
            self._sdk.integer(kind.number), self._sdk.integer(_checked_dbid(kind, dbid))
        )

    def mode(self) -> Any:
        return self._conf("security.RequestReadOperationalMode").create()

    def read_permissions(self, kind: ObjectType, dbid: int) -> Any:
        request = self._conf("security.RequestReadPermissions").create()
        request.setConfID(self.identifier("CfgID", kind.number, _checked_dbid(kind, dbid)))
        return request

    def effective_permissions(self, kind: ObjectType, dbid: int, person: int | None) -> Any:
        """Reads what a person may do with an object, inherited permissions included."""
        request = self._conf("security.RequestReadObjectPermissions").create()
        request.setConfID(self.identifier("CfgID", kind.number, dbid))
        if person is not None:
            number = OBJECT_TYPES["Person"].number
            request.setAccountID(self.identifier("CfgID", number, person))
        return request

    def permissions(self, event: Any) -> list[AccessEntry]:
        """The entries of an access list, by account."""
        acl = event.getConfPermissionsACL()
        entries = acl.getPropertyValue("ACEs") if acl is not None else None
        return sorted(
            AccessEntry(
                type_name(int(account.getPropertyValue("type"))),
                int(account.getPropertyValue("DBID")),
                int(entry.getPropertyValue("accessMask")),
            )
            for entry in entries or ()
            for account in [entry.getPropertyValue("ID")]
        )

    def set_permissions(self, kind: ObjectType, dbid: int, entries: Sequence[AccessEntry]) -> Any:
        request = self._conf("security.RequestUpdatePermissions").create()
        request.setConfPermissionsACL(self.access_list(kind, _checked_dbid(kind, dbid), entries))
        request.setRecursion(0)
        return request

    def access_list(self, kind: ObjectType, dbid: int, entries: Sequence[AccessEntry]) -> Any:
        """The SDK's access list of an object."""
        acl = self._structure("CfgACL")
        numbers = self._mapper.values.number
        acl.setPropertyValue("objectID", self.identifier("CfgACLID", kind.number, dbid))
        acl.setPropertyValue("count", numbers(len(entries)))
        into = acl.getOrCreatePropertyValue("ACEs")
        for entry in entries:
            account = OBJECT_TYPES.get(entry.account_type)
            number = account.number if account else 0
            structure = into.createStructure()
            if not 0 <= entry.account <= constants.MAX_INTEGER:
                raise IncorrectReferencesError(
                    f"no {entry.account_type} has DBID {entry.account}", kind.name, "account"
                )
            structure.setPropertyValue("ID", self.identifier("CfgACEID", number, entry.account))
            structure.setPropertyValue("accessMask", numbers(entry.mask, "mask"))
            into.add(structure)
        return acl

    def subscription(self, object_type: int, tenant: int, dbid: int) -> Any:
        """Subscribes to changes; 0 stands for all types, tenants or objects."""
        values = self._mapper.values
        inner = {
            constants.SUBSCRIPTION_TYPE: object_type,
            constants.SUBSCRIPTION_TENANT: tenant,
            constants.SUBSCRIPTION_OBJECT: dbid,
        }
        request = self._conf("objects.RequestRegisterNotification").create()
        request.setSubscription(values.key_values({"1": inner}))
        return request

    def _conf(self, name: str) -> Any:
        return self._sdk.conf(f"confserver.requests.{name}")

    def _structure(self, name: str) -> Any:
        description = self._shapes.metadata.getCfgClass(name)
        return self._sdk.conf("obj.ConfStructure")(description)

    def identifier(self, name: str, object_type: int, dbid: int) -> Any:
        """An identifier of an object, as a structure of the class ``name``."""
        identifier = self._structure(name)
        numbers = self._mapper.values.number
        identifier.setPropertyValue("CSID", numbers(0))
        identifier.setPropertyValue("DBID", numbers(dbid, "DBID"))
        identifier.setPropertyValue("type", numbers(object_type))
        return identifier


def _checked_dbid(kind: ObjectType, dbid: int) -> int:
    """The DBID, or ObjectNotFoundError for a number that no object can have."""
    if not 0 <= dbid <= constants.MAX_INTEGER:
        raise ObjectNotFoundError(f"no {kind.name} has DBID {dbid}", kind.name, "DBID")
    return dbid


def value_on_wire(kind: ObjectType, key: str, value: str | int | bool) -> str | int:
    """A filter's value as the protocol has it: that of a flag is a ``CfgFlag``; True and False
    of other filters are 1 and 0."""
    if key != "dbid" and key not in kind.filters:
        raise UnsupportedPropertyError(f"there is no filter {key}", kind.name, key)
    if isinstance(value, bool):
        if is_flag(kind, key):
            return constants.TRUE if value else constants.FALSE
        return int(value)
    return value


def is_flag(kind: ObjectType, key: str) -> bool:
    """Whether a filter compares a flag."""
    attribute = kind.attribute(kind.filters.get(key, ""))
    return attribute is not None and attribute.type is ValueType.FLAG
