"""Facts that outlive the runs: executed plans, paths of secrets, abandoned damaged runs.

A fact is stored under the digest of its bytes. ``gwe_state`` has the exclusive or of all these
digests, so that a lost fact is noticed as well as a changed fact.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeVar

from reconciler.errors import StateError
from reconciler.state.chain import digest_of
from reconciler.state.codec import decode_record, encode_record
from reconciler.state.records import Fact
from reconciler.state.session import SqlSession

Rows = Callable[..., list[tuple[Any, ...]]]
"""Answers a query, within a transaction."""

_Fact = TypeVar("_Fact", bound=Fact)


def add_facts(session: SqlSession, facts: Sequence[Fact]) -> None:
    """Stores facts, within a transaction; each of them once."""
    if not facts:
        return
    # Locked before the first fact is added: two sessions that add the same facts must not wait for
    # each other.
    session.change("UPDATE gwe_state SET next_run = next_run")
    total = _total(session.rows)
    for fact in facts:
        data = encode_record(fact)
        digest = digest_of(data)
        if session.change(
            "INSERT INTO gwe_fact VALUES (?, ?) ON CONFLICT DO NOTHING", digest, data
        ):
            total = _xor(total, digest)
    session.change("UPDATE gwe_state SET facts = ?", total)


def has_fact(rows: Rows, fact: Fact) -> bool:
    """Whether this fact is stored."""
    digest = digest_of(encode_record(fact))
    return bool(rows("SELECT 1 FROM gwe_fact WHERE digest = ?", digest))


def read_facts(rows: Rows, kind: type[_Fact]) -> list[_Fact]:
    """The facts of a kind. StateError if any fact is damaged or lost: it may be of this
    kind."""
    found = rows("SELECT digest, data FROM gwe_fact")
    whole = all(isinstance(data, bytes) and digest_of(data) == digest for digest, data in found)
    if not whole or _total(rows) != reduce(_xor, (digest for digest, _ in found), _NONE):
        raise _damaged()
    facts = (decode_record(data) for _, data in found)
    return [fact for fact in facts if isinstance(fact, kind)]


_NONE = bytes(32)


def _total(rows: Rows) -> bytes:
    (total,) = next(iter(rows("SELECT facts FROM gwe_state")), (None,))
    if total is None:
        return _NONE
    if not isinstance(total, bytes) or len(total) != len(_NONE):
        raise _damaged()
    return total


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _damaged() -> StateError:
    return StateError(
        "the records of executed plans and of secrets in the state are damaged",
        "Restore the state from a backup, or begin with an empty state.",
    )
