"""Digest, id and signature of a plan. Pure.

``digest`` covers the whole file: an edited or damaged file is refused, and a plan is applied once.
``id`` covers which values would be written to which objects: a plan that is made again after a
merge has the same id if it would do the same. A signature proves that the file was made with the
key.
"""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.json import Encoder

from reconciler.kinds.fields import FieldPath, SecretText, Value
from reconciler.plan.actions import Create, Replace, Write, changes_of
from reconciler.plan.model import Plan

SEALS = ("id", "digest", "signature")
"""The properties of a plan file that are computed from all others."""

_OF_ACTION = (
    *(
        "address",
        "action",
        "type",
        "name",
        "dbid",
        "folder",
        "fields",
        "permissions",
        "loses",
        "restores",
    ),
)
_OF_SITE = ("app", "cluster", "tenant", "roles", "installation")
_WRITING = ("create", "update", "replace", "delete")


def digest_of(data: Mapping[str, Any]) -> str:
    """The digest of a plan's JSON, 64 hex digits."""
    return _sha256({name: value for name, value in data.items() if name not in SEALS})


def id_of(data: Mapping[str, Any]) -> str:
    """What the plan would do, and to which server and site, in 32 hex digits. Neither the
    files that declare a value nor notices, kept fields, times or versions count."""
    content = {
        "identity": data["identity"],
        "site": {name: data["site"][name] for name in _OF_SITE},
        "consent": data["consent"],
        "undoes": data["undoes"],
        "actions": list(_written(data["actions"])),
    }
    return _sha256(content)[:32]


def _written(actions: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for action in actions:
        if action["action"] in _WRITING:
            digests = action["fingerprint"]["fields"]
            changes = [
                [
                    *(change[name] for name in ("path", "before", "after", "source")),
                    digests.get(change["path"]),
                ]
                for change in action["changes"]
            ]
            yield {**{name: action[name] for name in _OF_ACTION}, "changes": changes}


def write_the_same(one: Plan, other: Plan) -> bool:
    """Whether two plans do the same to the same objects. Secrets, which a plan file does not
    hold, are not compared."""
    return len(one.writes) == len(other.writes) and all(
        _same_write(first, second) for first, second in zip(one.writes, other.writes, strict=True)
    )


def _same_write(one: Write, other: Write) -> bool:
    first, second = _values(one), _values(other)
    return (
        _target(one) == _target(other)
        and first.keys() == second.keys()
        and all(
            value == second[path]
            or isinstance(value, SecretText)
            or isinstance(second[path], SecretText)
            or one.hides(path)
            or other.hides(path)
            for path, value in first.items()
        )
    )


def _target(action: Write) -> tuple[object, ...]:
    permissions = action.permissions if isinstance(action, Create) else ()
    place = (action.address, action.name, action.dbid, action.folder)
    return action.action, action.object_type, *place, permissions


def _values(action: Write) -> dict[FieldPath, Value | None]:
    fields = action.fields if isinstance(action, Create | Replace) else {}
    return {**fields, **{change.path: change.after for change in changes_of(action)}}


def signature_of(digest: str, key: str) -> str:
    """The signature of a plan with that digest (HMAC-SHA256), 64 hex digits."""
    secret = key.encode("utf-8", "surrogateescape")  # a variable may hold any bytes
    return hmac.new(secret, digest.encode(), hashlib.sha256).hexdigest()


def is_signed(data: Mapping[str, Any], key: str) -> bool:
    """Whether a plan's JSON carries the signature that ``key`` makes for its digest."""
    found = str(data.get("signature", "")).encode("utf-8", "surrogatepass")
    return hmac.compare_digest(found, signature_of(data["digest"], key).encode())


def _sha256(content: Any) -> str:
    return hashlib.sha256(_ENCODER.encode(content)).hexdigest()


_ENCODER = Encoder(order="sorted")
"""Writes what ``json.dumps`` writes with sorted keys and no blanks, several times faster."""
