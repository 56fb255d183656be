"""Attributes and deltas as JSON, for the embedded server's rows and the journal of a run."""

import json
from typing import Any

from msgspec import DecodeError
from msgspec.json import Decoder, Encoder

from reconciler.server.delta import Delta, KeyValueDelta, ListDelta


def encode(attributes: dict[str, Any]) -> str:
    """Attributes as JSON. A binary value is a list with one string, its hex digits: no
    other value has that shape."""
    return encode_bytes(attributes).decode("utf-8", "surrogatepass")


def encode_bytes(values: dict[str, Any]) -> bytes:
    """What ``encode`` writes, in UTF-8. A lone surrogate, which a server may hold, has a form of
    its own there."""
    try:
        return _FAST_ENCODER.encode(values) if _is_plain(values) else _encoded_by_python(values)
    except (UnicodeEncodeError, TypeError):  # a lone surrogate, or a key of a class of its own
        return _encoded_by_python(values)


def _encoded_by_python(values: dict[str, Any]) -> bytes:
    return _ENCODER.encode(values).encode("utf-8", "surrogatepass")


def _is_plain(values: dict[str, Any]) -> bool:
    """Whether no value is binary, nor of a class of its own, such as the text of a secret."""
    for value in values.values():
        kind = type(value)
        if kind in _PLAIN:
            continue
        if kind is dict:
            plain = _is_plain(value)
        elif kind is list or kind is tuple:
            plain = all(
                type(one) in _PLAIN or (type(one) is dict and _is_plain(one)) for one in value
            )
        else:
            plain = False
        if not plain:
            return False
    return True


_PLAIN = frozenset({str, int, bool, type(None)})


def _encode_bytes(value: Any) -> list[str]:
    if isinstance(value, bytes):
        return [value.hex()]
    raise TypeError(f"cannot store a {type(value).__name__}")


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_encode_bytes)
_FAST_ENCODER = Encoder()
"""Writes the same where all values are plain, in an eighth of the time."""

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
