"""Whole objects and deltas of the port, and the SDK's: both ways, for every type."""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.model import Attribute, ValueType
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta
from reconciler.server.errors import ListItemNotFoundError, UnchangeableInfoError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Bucket, Location, Shape, Shapes
from reconciler.server.psdk.values import FieldNames, ValueMapper


class Mapper:
    """Translates objects for one server's metadata, and its code page where it has one."""

    def __init__(self, sdk: Sdk, metadata: Any, encoding: str = "") -> None:
        self.sdk = sdk
        self.shapes = Shapes(sdk, metadata)
        self.values = ValueMapper(sdk, encoding)
        self._object = sdk.conf("obj.ConfObject")
        self._delta = sdk.conf("obj.ConfObjectDelta")

    # Objects

    def read(self, shape: Shape, one: Any) -> tuple[int, dict[str, Any]]:
        """The DBID and the attributes of an object of the SDK's. Never a secret."""
        attributes: dict[str, Any] = {}
        for attribute in shape.kind.attributes:
            place = shape.attributes.get(attribute.name)
            if place is not None and not attribute.secret:
                names = _names(shape, attribute)
                value = self.values.read(attribute, place.of(one), names)
                if value is not None:
                    attributes[attribute.name] = value
        return int(shape.dbid.of(one) or 0), attributes

    def read_given(self, shape: Shape, one: Any) -> dict[str, Any]:
        """The attributes of an object that a client wants made, with its secrets."""
        attributes = self.read(shape, one)[1]
        for attribute in shape.kind.attributes:
            if attribute.secret and attribute.name in shape.attributes:
                value = shape.attributes[attribute.name].of(one)
                if value is not None:
                    attributes[attribute.name] = str(value)
        return attributes

    def write(self, shape: Shape, dbid: int, attributes: Mapping[str, Any]) -> Any:
        """An object of the SDK's. ``dbid`` 0: one that does not exist yet."""
        one = self._object(shape.description)
        if dbid:
            self._set(one, shape.dbid, dbid)
        for attribute in shape.kind.attributes:
            value = attributes.get(attribute.name)
            if value is not None and attribute.name in shape.attributes:
                self._write(shape, attribute, value, one, shape.attributes[attribute.name])
        return one

    # Deltas

    def write_delta(self, shape: Shape, dbid: int, delta: Delta) -> Any:
        """A delta of the SDK's. UnchangeableInfoError for what its deltas cannot say."""
        one = self._delta(shape.delta_description)
        self._set(one, shape.delta_dbid, dbid)
        for name, value in delta.values.items():
            attribute = _attribute(shape, name)
            self._write(shape, attribute, value, one, _place(shape, name))
        for name, entries in delta.key_values.items():
            if any(entries.added.values()):
                place = _place(shape, name, "added")
                self._set_key_values(one, place, self.values.key_values(entries.added, name))
            if any(entries.changed.values()):
                place = _place(shape, name, "changed")
                self._set_key_values(one, place, self.values.key_values(entries.changed, name))
            if entries.deleted:
                place = _place(shape, name, "deleted")
                self._set_key_values(one, place, self.values.sections(entries.deleted))
        for name, changes in delta.lists.items():
            self._write_list(shape, name, changes, one)
        return one

    def _write_list(self, shape: Shape, name: str, changes: ListDelta, one: Any) -> None:
        attribute = _attribute(shape, name)
        names = _names(shape, attribute)
        if changes.changed and attribute.type is ValueType.REFERENCES:
            raise ListItemNotFoundError("a DBID has nothing to change", shape.kind.name, name)
        buckets: tuple[tuple[Bucket, tuple[Any, ...]], ...] = (
            ("added", changes.added),
            ("changed", changes.changed),
        )
        for bucket, entries in buckets:
            if entries:
                place = _place(shape, name, bucket)
                holder = place.around(one)
                self.values.write_list(attribute, entries, holder, place.name, names)
        if changes.deleted:
            place = _place(shape, name, "deleted")
            holder = place.around(one)
            self.values.write_keys(attribute, changes.deleted, holder, place.name, names)

    def read_delta(self, shape: Shape, one: Any) -> tuple[int, Delta]:
        """The DBID and the delta of a delta of the SDK's. Never a secret."""
        dbid, delta = self.read_given_delta(shape, one)
        secret = {attribute.name for attribute in shape.kind.attributes if attribute.secret}
        values = {name: value for name, value in delta.values.items() if name not in secret}
        return dbid, Delta(values, delta.key_values, delta.lists)

    def read_given_delta(self, shape: Shape, one: Any) -> tuple[int, Delta]:
        """The same with the secrets, for the server that carries it out."""
        values: dict[str, Any] = {}
        key_values: dict[str, KeyValueDelta] = {}
        lists: dict[str, ListDelta] = {}
        for attribute in shape.kind.attributes:
            found = {
                bucket: place.of(one)
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
                        self.values.read_list(attribute, found.get("changed", ()), names),
                        self.values.read_keys(attribute, found.get("deleted", ()), names),
                    )
                    if entries:
                        lists[attribute.name] = entries
                case _:
                    values[attribute.name] = self._given(attribute, found["added"], names)
        return int(shape.delta_dbid.of(one) or 0), Delta(values, key_values, lists)

    def _given(self, attribute: Attribute, value: Any, names: FieldNames) -> Any:
        """A plain value of a delta, where the empty one means itself."""
        found = self.values.read(attribute, value, names)
        if found is not None:
            return found
        if attribute.type is ValueType.TEXT:
            return ""
        return {} if attribute.type is ValueType.STRUCTURE else 0

    # Both

    def _write(
        self, shape: Shape, attribute: Attribute, value: Any, one: Any, at: Location
    ) -> None:
        names = _names(shape, attribute)
        self.values.write(attribute, value, at.around(one), at.name, names)

    def _set(self, one: Any, place: Location, number: int) -> None:
        place.around(one).setPropertyValue(place.name, self.values.number(number, "DBID"))

    @staticmethod
    def _set_key_values(one: Any, place: Location, value: Any) -> None:
        place.around(one).setPropertyValue(place.name, value)


def _names(shape: Shape, attribute: Attribute) -> FieldNames:
    return constants.FIELD_NAMES.get((shape.kind.name, attribute.name), {})


def _attribute(shape: Shape, name: str) -> Attribute:
    attribute = shape.kind.attribute(name)
    assert attribute is not None, name  # noqa: S101 - the caller has checked the names
    return attribute


def _find(shape: Shape, name: str, bucket: Bucket | str) -> Location | None:
    """Where a delta says something. What is added may stand with the plain values."""
    for (listed, of), place in shape.buckets.items():
        if (listed, of) == (name, bucket):
            return place
    return shape.delta.get(name) if bucket == "added" else None


def _place(shape: Shape, name: str, bucket: Bucket = "added") -> Location:
    place = _find(shape, name, bucket)
    if place is None:
        raise UnchangeableInfoError(
            f"the protocol has no way to change {name} so", shape.kind.name, name
        )
    return place
