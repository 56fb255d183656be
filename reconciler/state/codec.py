"""Encodes the records of a run as the bytes that a store keeps, and decodes them.

The bytes are JSON: the name of the kind of record, and its fields. Attributes are written by
``server.encoding``, secrets in clear.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, get_args

from msgspec import Struct, field
from msgspec.structs import FieldInfo, astuple, fields

from reconciler.errors import JournalFormatError
from reconciler.server.encoding import decode, encode_bytes
from reconciler.server.port import AccessEntry, ConfObject
from reconciler.state.records import (
    AbandonedRun,
    ActionOutcome,
    CallBegin,
    CallEnd,
    ExecutedPlan,
    Fact,
    Record,
    RunFinish,
    RunHead,
    RunSummary,
    SecretPath,
)


def _object_data(one: ConfObject | None) -> dict[str, Any] | None:
    if one is None:
        return None
    data = {name: getattr(one, name) for name in ("type", "dbid", "folder", "path")}
    return {**data, "attributes": dict(one.attributes)}


def _object_of(data: Mapping[str, Any] | None) -> ConfObject | None:
    return None if data is None else _some_object_of(data)


def _some_object_of(data: Mapping[str, Any]) -> ConfObject:
    attributes = _attributes_of(data["attributes"])
    return ConfObject(data["type"], data["dbid"], attributes, data["folder"], data["path"])


def _attributes_of(data: Any) -> dict[str, Any]:
    """Attributes with their binary values, which the JSON has in the form of ``encode``."""
    return decode(json.dumps(data))


class _Form(Struct, frozen=True):
    """The JSON form of the values of a field."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


_OBJECT = _Form(_object_data, _object_of)
_OBJECTS = _Form(
    lambda objects: [_object_data(one) for one in objects],
    lambda data: tuple(_some_object_of(one) for one in data),
)
_ATTRIBUTES = _Form(dict, _attributes_of)
_ACCESS = _Form(
    lambda entries: [[one.account_type, one.account, one.mask] for one in entries],
    lambda data: tuple(AccessEntry(*one) for one in data),
)
_TEXTS = _Form(list, lambda data: tuple(str(one) for one in data))


class _Codec(Struct, frozen=True, dict=True):
    """Translates the records of one class. Fields without a form are plain JSON values;
    those that have their default are left out."""

    cls: type[Any]
    forms: Mapping[str, _Form] = field(default_factory=dict)

    @cached_property
    def _fields(self) -> tuple[FieldInfo, ...]:
        return fields(self.cls)

    @cached_property
    def _parts(self) -> list[tuple[str, Any, _Form | None]]:
        """The name, the default and the form of each field."""
        return [(one.name, one.default, self.forms.get(one.name)) for one in self._fields]

    def data(self, record: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for (name, default, form), value in zip(self._parts, astuple(record), strict=True):
            if value != default:
                found[name] = form.encode(value) if form else value
        return found

    def record(self, data: Mapping[str, Any]) -> Any:
        known = {one.name: one for one in self._fields}
        missing = {name for name, one in known.items() if one.required}
        if not missing <= data.keys() <= known.keys():
            raise ValueError("other fields")
        return self.cls(**{name: self._value(known[name], value) for name, value in data.items()})

    def _value(self, one: FieldInfo, value: Any) -> Any:
        form = self.forms.get(one.name)
        if form:
            return form.decode(value)
        allowed: Sequence[Any] = get_args(one.type)
        if value not in allowed if allowed else type(value) is not one.type:
            raise ValueError(f"{one.name} holds another kind of value")
        return value


def _nested(cls: type[Any]) -> _Form:
    codec = _Codec(cls)
    return _Form(codec.data, codec.record)


_CODECS: Mapping[str, _Codec] = {
    "run": _Codec(RunHead),
    "begin": _Codec(
        CallBegin,
        {
            "before": _OBJECT,
            "permissions": _ACCESS,
            "referrers": _OBJECTS,
            "makes": _ATTRIBUTES,
            "secrets": _TEXTS,
        },
    ),
    "end": _Codec(CallEnd, {"after": _OBJECT, "secrets": _TEXTS}),
    "action": _Codec(ActionOutcome),
    "finish": _Codec(RunFinish),
    "summary": _Codec(RunSummary, {"head": _nested(RunHead), "ending": _nested(RunFinish)}),
    "executed-plan": _Codec(ExecutedPlan),
    "secret-path": _Codec(SecretPath),
    "abandoned-run": _Codec(AbandonedRun),
}
_NAMES = {codec.cls: name for name, codec in _CODECS.items()}


def encode_record(record: Record | RunSummary | Fact) -> bytes:
    """The bytes that are stored for a record."""
    name = _NAMES[type(record)]
    return encode_bytes({"record": name, **_CODECS[name].data(record)})


def decode_record(data: bytes) -> Record | RunSummary | Fact:
    """The record that ``encode_record`` wrote. JournalFormatError for anything else."""
    try:
        values = json.loads(data.decode("utf-8", "surrogatepass"))
        found: Record | RunSummary | Fact = _CODECS[values.pop("record")].record(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise unknown_form() from error
    return found


def unknown_form() -> JournalFormatError:
    return JournalFormatError(
        "a record of the journal has a form that this version of gwe does not know",
        "Use the version of gwe that wrote it, or a newer version.",
    )
