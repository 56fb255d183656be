"""The chain of a run's records: digests that show damage.

The digest of a record covers its number, its bytes and the digest of its predecessor; for the first
record, the run and its plan. The run's row has the number and the digest of the last record, and a
seal over the whole row. So a record that is missing, changed, exchanged or taken from another run
is noticed, and so is the loss of the last records. Whoever can write to the store can recompute the
digests: this detects damage, not forgery.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import astuple


def digest_of(*parts: bytes | str | int) -> bytes:
    """A digest of the parts and of where each of them ends."""
    found: list[bytes] = []
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogatepass")
        found += (len(data).to_bytes(8, "big"), data)
    return hashlib.sha256(b"".join(found)).digest()


class StoredRecord(Struct, frozen=True):
    """One record as it is kept."""

    number: int
    data: bytes
    digest: bytes


class RunRow(Struct, frozen=True):
    """The row of a run. ``created``: seconds since 1970; ``summary``: what lists say of it."""

    number: int
    name: str
    created: int
    plan_digest: bytes
    last_number: int
    last_digest: bytes
    summary: bytes

    @classmethod
    def new(cls, number: int, name: str, created: int, plan: bytes) -> "RunRow":
        """The row of a run without records."""
        plan_digest = digest_of(plan)
        first = digest_of("run", number, name, plan_digest)
        return cls(number, name, created, plan_digest, 0, first, b"")

    @classmethod
    def stored(cls, values: Sequence[Any]) -> "RunRow | None":
        """The row that ``values`` store; None if they are damaged."""
        *rest, seal = values
        types = (int, str, int, bytes, int, bytes, bytes)
        if tuple(type(value) for value in rest) != types:
            return None
        row = cls(*rest)
        return row if row.values[-1] == seal else None

    @property
    def values(self) -> tuple[Any, ...]:
        """The columns of the row, with its seal at the end."""
        columns = astuple(self)
        return (*columns, digest_of(*columns))

    @property
    def start(self) -> bytes:
        """The digest that comes before the first record."""
        return digest_of("run", self.number, self.name, self.plan_digest)


def link(previous: bytes, number: int, data: bytes) -> StoredRecord:
    """The record that follows the one with the digest ``previous``."""
    return StoredRecord(number, data, digest_of(previous, number, data))


def examine(
    row: RunRow | None, plan: bytes | None, stored: Mapping[int, StoredRecord]
) -> tuple[list[StoredRecord], list[str]]:
    """The records of a run that are not known to be damaged, in order, and what is wrong with the
    others. ``row``: None if the row itself is damaged or missing."""
    whole: list[StoredRecord] = []
    problems: list[str] = []
    total = row.last_number if row else max(stored, default=0)
    if plan is None or (row and digest_of(plan) != row.plan_digest):
        problems.append("its plan is " + ("missing" if plan is None else "damaged"))
    previous = row.start if row else None
    for number in range(1, total + 1):
        record = stored.get(number)
        if record is None:
            problems.append(f"record {number} of {total} is missing")
        elif previous is not None and link(previous, number, record.data) != record:
            problems.append(f"record {number} of {total} is damaged")
        else:  # even if there is nothing to check it against
            whole.append(record)
        previous = record.digest if record else None
    if row and previous != row.last_digest and not problems:
        problems.append(f"record {total} of {total} is damaged")
    extra = sorted(number for number in stored if not 0 < number <= total)
    problems += [f"record {number} is not one of its {total} records" for number in extra]
    return whole, problems
