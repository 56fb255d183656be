"""Attributes and deltas as JSON, for the embedded server's rows and the journal of a run."""

import json
from typing import Any

from msgspec import DecodeError
from msgspec.json import Decoder

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta


def encode(attributes: dict[str, Any]) -> str:
    """Attributes as JSON. A binary value is a list with one string, its hex digits: no
    other value has that shape."""
    return _ENCODER.encode(attributes)


def _encode_bytes(value: Any) -> list[str]:
    if isinstance(value, bytes):
        return [value.hex()]
    raise TypeError(f"cannot store a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_encode_bytes)


_DECODER = Decoder()


def decode(body: str) -> dict[str, Any]:
    """The attributes that ``encode`` wrote. ValueError: it is no JSON."""
    result: dict[str, Any]
    if '["' in body:
        result = json.loads(body, object_hook=_decode_bytes)
        return result
    try:
        result = _DECODER.decode(body)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    return result


def _decode_bytes(values: dict[str, Any]) -> dict[str, Any]:
    return {
        key: bytes.fromhex(value[0])
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)
        else value
        for key, value in values.items()
    }


def encode_delta(delta: Delta) -> str:
    """A delta as JSON. Binary values in its key-value lists: see ``encode``."""
    return encode(
        {
            "values": dict(delta.values),
            "key_values": {
                name: {
                    "added": encode(dict(change.added)),
                    "changed": encode(dict(change.changed)),
                    "deleted": {section: list(keys) for section, keys in change.deleted.items()},
                }
                for name, change in delta.key_values.items()
            },
            "lists": {
                name: {
                    "added": list(entries.added),
                    "changed": list(entries.changed),
                    "deleted": list(entries.deleted),
                }
                for name, entries in delta.lists.items()
            },
        }
    )


def decode_delta(text: str) -> Delta:
    """The delta that ``encode_delta`` wrote."""
    data = json.loads(text)
    key_values = {
        name: KeyValueDelta(
            decode(change["added"]),
            decode(change["changed"]),
            {section: tuple(keys) for section, keys in change["deleted"].items()},
        )
        for name, change in data["key_values"].items()
    }
    lists = {
        name: ListDelta(
            tuple(entries["added"]),
            tuple(entries["changed"]),
            tuple(tuple(key) if isinstance(key, list) else key for key in entries["deleted"]),
        )
        for name, entries in data["lists"].items()
    }
    return Delta(data["values"], key_values, lists)
