"""Translates single values between our attributes and the SDK's objects.

Refuses only what the protocol cannot carry; the server decides about the rest.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.kinds.model import OUTSIDE, Attribute, KeyValueList, ValueType
from reconciler.server.errors import ValueOutOfRangeError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.limits import WireLimits

FieldNames = Mapping[str, str]
"""Our name of a structure's field -> the protocol's name, where they differ."""


class ValueMapper:
    """Translates values in one JVM. ``encoding``: see ``limits.WireLimits``."""

    def __init__(self, sdk: Sdk, encoding: str = "") -> None:
        self._sdk = sdk
        limits = WireLimits(sdk, encoding)
        self.number, self.text = limits.number, limits.text
        self._collection = sdk.commons("collections.KeyValueCollection")

    def read(
        self, attribute: Attribute, value: Any, names: FieldNames, *, changes: bool = False
    ) -> Any:
        """A property's value; None if it is unset, or has the value that means unset in its type.
        ``changes``: the property is in a delta, where an empty text and a reference 0 clear the
        value."""
        if value is None:
            return None
        match attribute.type:
            case ValueType.TEXT:
                return str(value) if changes else str(value) or None
            case ValueType.FLAG:
                return {constants.FALSE: False, constants.TRUE: True}.get(int(value))
            case ValueType.INTEGER:
                return int(value)
            case ValueType.ENUM:
                number = int(value)
                return number if number or 0 in attribute.enumeration.values() else None
            case ValueType.REFERENCE:
                return int(value) if changes else int(value) or None
            case ValueType.REFERENCES:
                return [int(dbid) for dbid in value] or None
            case ValueType.KEY_VALUES:
                return self.read_key_values(value) or None
            case ValueType.STRUCTURE:
                return self._read_structure(attribute, value, names, changes=changes) or None
        entries = (self._read_structure(attribute, one, names, changes=changes) for one in value)
        return list(entries) or None

    def _read_structure(
        self, attribute: Attribute, value: Any, names: FieldNames, *, changes: bool = False
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in attribute.fields:
            name = names.get(field.name, field.name)
            inner = self.read(field, value.getPropertyValue(name), {}, changes=changes)
            if inner is not None:
                found[field.name] = inner
        return found

    def read_key_values(self, value: Any) -> dict[str, dict[str, Any]]:
        """Section -> key -> text, number or bytes. Sections without keys are left out.
        ValueOutOfRangeError for a section without a name."""
        found: dict[str, dict[str, Any]] = {}
        for pair in value:
            key, inner = str(pair.getStringKey()), pair.getTKVValue()
            if inner is None:
                found.setdefault(OUTSIDE, {})[key] = self._read_option(pair)
                continue
            if key == OUTSIDE and not inner.isEmpty():
                raise ValueOutOfRangeError("a section needs a name")
            for option in inner:
                section = found.setdefault(key, {})
                section[str(option.getStringKey())] = self._read_option(option)
        return found

    def read_sections(self, value: Any) -> dict[str, tuple[str, ...]]:
        """What a delta deletes: section -> keys; no keys means the whole section."""
        found: dict[str, tuple[str, ...]] = {}
        for pair in value:
            key, inner = str(pair.getStringKey()), pair.getTKVValue()
            if inner is None:
                found[OUTSIDE] = (*found.get(OUTSIDE, ()), key)
            else:
                found[key] = tuple(str(option.getStringKey()) for option in inner)
        return found

    @staticmethod
    def _read_option(option: Any) -> str | int | bytes:
        match str(option.getValueType()):
            case "INT" | "LONG":
                return int(option.getValue())
            case "BINARY":
                return bytes(option.getBinaryValue())
        return str(option.getValueAsString() or "")

    def read_list(
        self, attribute: Attribute, value: Any, names: FieldNames, *, changes: bool = False
    ) -> tuple[Any, ...]:
        """The entries of a list of DBIDs or of structures. ``changes``: see ``read``."""
        return tuple(self.read(attribute, value, names, changes=changes) or ())

    def read_keys(self, attribute: Attribute, value: Any, names: FieldNames) -> tuple[Any, ...]:
        """The keys of the entries that a delta deletes (``Attribute.key_of``)."""
        if attribute.type is ValueType.REFERENCES:
            return tuple(int(dbid) for dbid in value)
        text = attribute.field(attribute.key[0]).type is ValueType.TEXT
        return tuple(
            attribute.key_of(self._read_structure(attribute, entry, names))
            if hasattr(entry, "getPropertyValue")
            else str(entry)
            if text
            else int(entry)
            for entry in value
        )

    def write(
        self, attribute: Attribute, value: Any, holder: Any, name: Any, names: FieldNames
    ) -> None:
        """Sets one property of an object or structure."""
        match attribute.type:
            case ValueType.TEXT:
                holder.setPropertyValue(name, self._sdk.text(self.text(value, attribute.name)))
            case ValueType.FLAG:
                number = constants.TRUE if value else constants.FALSE
                holder.setPropertyValue(name, self._sdk.integer(number))
            case ValueType.INTEGER | ValueType.ENUM | ValueType.REFERENCE:
                holder.setPropertyValue(name, self.number(value or 0, attribute.name))
            case ValueType.KEY_VALUES:
                holder.setPropertyValue(name, self.key_values(value, attribute.name))
            case ValueType.REFERENCES:
                self.write_list(attribute, value, holder, name, names)
            case ValueType.STRUCTURE:
                inner = holder.getOrCreatePropertyValue(name)
                self._write_structure(attribute, value, inner, names)
            case ValueType.STRUCTURES:
                self.write_list(attribute, value, holder, name, names)

    def write_list(
        self, attribute: Attribute, entries: Any, holder: Any, name: Any, names: FieldNames
    ) -> None:
        """Adds entries to a list of DBIDs or of structures."""
        into = holder.getOrCreatePropertyValue(name)
        for entry in entries:
            if attribute.type is ValueType.REFERENCES:
                into.add(self.number(entry, attribute.name))
            else:
                structure = into.createStructure()
                self._write_structure(attribute, entry, structure, names)
                into.add(structure)

    def write_keys(
        self, attribute: Attribute, keys: Any, holder: Any, name: Any, names: FieldNames
    ) -> None:
        """Adds the keys of deleted entries, as structures or plain values according to the
        property."""
        into = holder.getOrCreatePropertyValue(name)
        for key in keys:
            if hasattr(into, "createStructure"):
                structure = into.createStructure()
                self._write_structure(attribute, attribute.entry_of(key), structure, names)
                into.add(structure)
            else:
                into.add(key if isinstance(key, str) else self.number(key, attribute.name))

    def _write_structure(
        self, attribute: Attribute, value: Mapping[str, Any], into: Any, names: FieldNames
    ) -> None:
        for field in attribute.fields:
            inner = value.get(field.name)
            if inner is not None:
                self.write(field, inner, into, names.get(field.name, field.name), {})

    def key_values(self, sections: KeyValueList, about: str = "") -> Any:
        """A key-value list of two levels."""
        result = self._collection()
        for section, options in sections.items():
            into = result if section == OUTSIDE else self._collection()
            for key, value in options.items():
                if isinstance(value, bytes):
                    into.addBinary(key, self._sdk.bytes(value))
                elif isinstance(value, int):
                    into.addInt(key, self.number(value, about))
                else:
                    into.addString(self.text(key, about), self.text(value, about))
            if into is not result:
                result.addList(self.text(section, about), into)
        return result

    def sections(self, deleted: Mapping[str, tuple[str, ...]]) -> Any:
        """The key-value list with the sections and keys that a delta deletes."""
        return self.key_values({name: dict.fromkeys(keys, "") for name, keys in deleted.items()})

    def flat(self, pairs: Mapping[str, str | int | bool]) -> Any:
        """A key-value list of one level: a filter, or the parameters of a request."""
        result = self._collection()
        for key, value in pairs.items():
            if isinstance(value, bool):
                result.addInt(key, constants.TRUE if value else constants.FALSE)
            elif isinstance(value, int):
                result.addInt(key, self.number(value, key))
            else:
                result.addString(key, self.text(value, key))
        return result
