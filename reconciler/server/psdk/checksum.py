"""Compares two answers of a server without keeping either."""

import json
from collections.abc import Iterable
from hashlib import blake2b

from reconciler.server.port import ConfObject


def checksum(objects: Iterable[ConfObject]) -> int:
    """A number that is the same for the same objects, in whatever order they come: the sum of
    their digests. So the checksum of an answer is the sum of those of its parts."""
    return sum(int.from_bytes(blake2b(_text(one), digest_size=16).digest()) for one in objects)


def _text(one: ConfObject) -> bytes:
    parts = (one.type, one.dbid, one.attributes, one.folder, one.path, one.unknown)
    return json.dumps(parts, sort_keys=True, default=bytes.hex).encode()
