"""Translates objects and deltas between the port and the SDK, for every type."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.model import Attribute, ValueType
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import ListItemNotFoundError, UnchangeableInfoError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Bucket, Location, Shape, Shapes
from reconciler.server.psdk.unknown_properties import UnknownProperties
from reconciler.server.psdk.values import FieldNames, ValueMapper


class Mapper:
    """Translates objects by one server's metadata. ``encoding``: its code page; empty: it is
    multilingual. ``secrets``: whether secret attributes are read. A server needs those that
    it is sent; a client never reads any."""

    def __init__(
        self, sdk: Sdk, metadata: Any, encoding: str = "", *, secrets: bool = False
    ) -> None:
        self.sdk = sdk
        self._secrets = secrets
        self.shapes = Shapes(sdk, metadata)
        self.values = ValueMapper(sdk, encoding)
        self._object = sdk.conf("obj.ConfObject")
        self._delta = sdk.conf("obj.ConfObjectDelta")
        self._unknown: dict[str, UnknownProperties] = {}

    # Objects

    def read(self, shape: Shape, sdk_object: Any) -> tuple[int, dict[str, Any]]:
        """DBID and attributes of an SDK object."""
        attributes: dict[str, Any] = {}
        for attribute in shape.kind.attributes:
            place = shape.attributes.get(attribute.name)
            if place is not None and self._reads(attribute):
                names = _names(shape, attribute)
                value = self.values.read(attribute, place.of(sdk_object), names)
                if value is not None:
                    attributes[attribute.name] = value
        return int(shape.dbid.of(sdk_object) or 0), attributes

    def unknown(self, shape: Shape) -> UnknownProperties:
        """Finds what SDK objects have that ``read`` leaves out, since our table lacks it."""
        name = shape.kind.name
        if name not in self._unknown:
            self._unknown[name] = UnknownProperties(self.sdk, shape)
        return self._unknown[name]

    def _reads(self, attribute: Attribute) -> bool:
        return self._secrets or not attribute.secret

    def write(self, shape: Shape, dbid: int, attributes: Mapping[str, Any]) -> Any:
        """An SDK object. ``dbid`` 0: the object does not exist yet."""
        sdk_object = self._object(shape.description)
        if dbid:
            self._set(sdk_object, shape.dbid, dbid)
        for attribute in shape.kind.attributes:
            value = attributes.get(attribute.name)
            if value is not None and attribute.name in shape.attributes:
                self._write(shape, attribute, value, sdk_object, shape.attributes[attribute.name])
        return sdk_object

    # Deltas

    def write_delta(self, shape: Shape, dbid: int, delta: Delta) -> Any:
        """An SDK delta. UnchangeableInfoError for a change that the protocol cannot express."""
        sdk_object = self._delta(shape.delta_description)
        self._set(sdk_object, shape.delta_dbid, dbid)
        for name, value in delta.values.items():
            attribute = _attribute(shape, name)
            self._write(shape, attribute, value, sdk_object, _place(shape, name))
        for name, entries in delta.key_values.items():
            if any(entries.added.values()):
                place = _place(shape, name, "added")
                self._set_key_values(sdk_object, place, self.values.key_values(entries.added, name))
            if any(entries.changed.values()):
                place = _place(shape, name, "changed")
                self._set_key_values(
                    sdk_object, place, self.values.key_values(entries.changed, name)
                )
            if entries.deleted:
                place = _place(shape, name, "deleted")
                self._set_key_values(sdk_object, place, self.values.sections(entries.deleted))
        for name, changes in delta.lists.items():
            self._write_list(shape, name, changes, sdk_object)
        return sdk_object

    def _write_list(self, shape: Shape, name: str, changes: ListDelta, sdk_object: Any) -> None:
        attribute = _attribute(shape, name)
        names = _names(shape, attribute)
        if changes.changed and attribute.type is ValueType.REFERENCES:
            raise ListItemNotFoundError(
                "references in a list can be added or deleted, not changed", shape.kind.name, name
            )
        if changes.changed and _find(shape, name, "changed") is None:
            changes = _without_changes(attribute, changes)
        buckets: tuple[tuple[Bucket, tuple[Any, ...]], ...] = (
            ("added", changes.added),
            ("changed", changes.changed),
        )
        for bucket, entries in buckets:
            if entries:
                place = _place(shape, name, bucket)
                holder = place.around(sdk_object)
                self.values.write_list(attribute, entries, holder, place.name, names)
        if changes.deleted:
            place = _place(shape, name, "deleted")
            holder = place.around(sdk_object)
            self.values.write_keys(attribute, changes.deleted, holder, place.name, names)

    def read_delta(self, shape: Shape, sdk_object: Any) -> tuple[int, Delta]:
        """The DBID that an SDK delta is for, and the delta."""
        values: dict[str, Any] = {}
        key_values: dict[str, KeyValueDelta] = {}
        lists: dict[str, ListDelta] = {}
        for attribute in filter(self._reads, shape.kind.attributes):
            found = {
                bucket: place.of(sdk_object)
                for bucket in ("added", "changed", "deleted")
                if (place := _find(shape, attribute.name, bucket)) is not None
            }
            found = {bucket: value for bucket, value in found.items() if value is not None}
            if not found:
                continue
            names = _names(shape, attribute)
            match attribute.type:
                case ValueType.KEY_VALUES:
                    change = KeyValueDelta(
                        self.values.read_key_values(found.get("added", ())),
                        self.values.read_key_values(found.get("changed", ())),
                        self.values.read_sections(found.get("deleted", ())),
                    )
                    if change:
                        key_values[attribute.name] = change
                case ValueType.REFERENCES | ValueType.STRUCTURES:
                    entries = ListDelta(
                        self.values.read_list(attribute, found.get("added", ()), names),
                        self.values.read_list(
                            attribute, found.get("changed", ()), names, changes=True
                        ),
                        self.values.read_keys(attribute, found.get("deleted", ()), names),
                    )
                    if entries:
                        lists[attribute.name] = entries
                case _:
                    value = self.values.read(attribute, found["added"], names, changes=True)
                    if value is not None:  # 0 of an enumeration or a flag: not changed
                        values[attribute.name] = value
        return int(shape.delta_dbid.of(sdk_object) or 0), Delta(values, key_values, lists)

    # Objects and deltas

    def _write(
        self, shape: Shape, attribute: Attribute, value: Any, sdk_object: Any, at: Location
    ) -> None:
        names = _names(shape, attribute)
        self.values.write(attribute, value, at.around(sdk_object), at.name, names)

    def _set(self, sdk_object: Any, place: Location, number: int) -> None:
        place.around(sdk_object).setPropertyValue(place.name, self.values.number(number, "DBID"))

    @staticmethod
    def _set_key_values(sdk_object: Any, place: Location, value: Any) -> None:
        place.around(sdk_object).setPropertyValue(place.name, value)


def _without_changes(attribute: Attribute, delta: ListDelta) -> ListDelta:
    """The delta for a list whose entries the protocol can only add and delete: a changed entry is
    deleted and added again."""
    replaced = tuple(attribute.key_of(entry) for entry in delta.changed)
    return ListDelta((*delta.added, *delta.changed), (), (*delta.deleted, *replaced))


def _names(shape: Shape, attribute: Attribute) -> FieldNames:
    return constants.FIELD_NAMES.get((shape.kind.name, attribute.name), {})


def _attribute(shape: Shape, name: str) -> Attribute:
    attribute = shape.kind.attribute(name)
    assert attribute is not None, name  # noqa: S101 - validation has checked the names
    return attribute


def _find(shape: Shape, name: str, bucket: Bucket | str) -> Location | None:
    """Where a delta has a bucket of an attribute. Added entries may be among plain values."""
    for (listed, of), place in shape.buckets.items():
        if (listed, of) == (name, bucket):
            return place
    return shape.delta.get(name) if bucket == "added" else None


def _place(shape: Shape, name: str, bucket: Bucket = "added") -> Location:
    place = _find(shape, name, bucket)
    if place is None:
        raise UnchangeableInfoError(
            f"the protocol cannot express this change of {name}", shape.kind.name, name
        )
    return place
