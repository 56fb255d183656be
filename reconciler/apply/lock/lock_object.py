"""The lock object: a List object in Configuration Server, whose annex says who holds it."""

import math
import shlex
from collections.abc import Mapping, Sequence

from msgspec import Struct

from reconciler.errors import LockHeldError
from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.kinds.predefined import OWN_OBJECTS
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.port import ConfObject, Filter, Reader, Server

LOCK_NAME = f"{OWN_OBJECTS}lock"
LEASE = 60.0
"""Seconds after which a lock whose counter does not change may be taken over."""

SECTION = "lock"
TAKER = "taker"
LIST = TRANSACTION_TYPE["List"]
_WRITING = "writing"
_RECOVERING = "recovering"
_LONGEST_LEASE = 86_400.0


class Holder(Struct, frozen=True):
    """Who holds the lock, as its annex says. ``writing``: the run has begun to write, or did
    not finish; ``recovering``: it did not finish, and the holder recovers it. ``lease`` in
    seconds; ``since`` and ``until`` are times of day to display. ``counter``: None if the lock has
    no number there, so that its age is unknown. ``taker``: the run that is about to take the lock
    over; ``machine``: the id of the host; ``place``: where the state of the run is, without
    credentials. It is only displayed: nothing connects to it."""

    owner: str
    host: str
    run: str
    since: str = ""
    until: str = ""
    lease: float = LEASE
    writing: bool = False
    recovering: bool = False
    counter: int | None = 0
    taker: str = ""
    place: str = ""
    machine: str = ""

    def options(self) -> dict[str, str]:
        """The holder as the options of the lock object."""
        return {
            "owner": self.owner,
            "host": self.host,
            "machine": self.machine,
            "run": self.run,
            "place": self.place,
            "since": self.since,
            "until": self.until,
            "lease": f"{self.lease:g}",
            "state": self._state,
            "counter": str(self.counter or 0),
            TAKER: self.taker,
        }

    @property
    def _state(self) -> str:
        if self.recovering:
            return _RECOVERING
        return _WRITING if self.writing else "checking"

    def display(self) -> str:
        """The holder, for a sentence."""
        since = f" since {self.since}" if self.since else ""
        return f"{self.owner} on {self.host}{since}, run {self.run}"

    def run_display(self) -> str:
        """The run and its holder, as the subject of a sentence."""
        since = f" since {self.since}" if self.since else ""
        return f"the run {self.run} ({self.owner} on {self.host}{since})"

    def recovery(self) -> str:
        """The command that recovers the run, with its state, and the host, for a sentence."""
        place = self.place.removeprefix(f"{self.host}:")  # a folder is shown with its host
        state = f" --state {shlex.quote(place)}" if place else ""
        return f"gwe recover{state} on {self.host}"

    def is_same(self, other: "Holder") -> bool:
        """Whether both are the same run in the same process, which applies or recovers it."""
        return self._process == other._process

    @property
    def _process(self) -> tuple[object, ...]:
        return self.run, self.host, self.machine, self.recovering


def options_of(one: ConfObject) -> dict[str, str]:
    """The options of a lock object, as texts."""
    found = (one.attributes.get("userProperties") or {}).get(SECTION, {})
    return {key: str(value) for key, value in found.items()}


def holder_of(one: ConfObject) -> Holder:
    """The holder that a lock object names."""
    options = options_of(one)
    return Holder(
        owner=options.get("owner", "somebody"),
        host=options.get("host", "another host"),
        run=options.get("run", ""),
        since=options.get("since", ""),
        until=options.get("until", ""),
        lease=_lease(options.get("lease", "")),
        writing=options.get("state") in (_WRITING, _RECOVERING),
        recovering=options.get("state") == _RECOVERING,
        counter=_counter(options.get("counter", "")),
        taker=options.get(TAKER, ""),
        place=options.get("place", ""),
        machine=options.get("machine", ""),
    )


def lock_held(one: ConfObject | None) -> LockHeldError:
    """The message about the lock of another run. None: this account cannot read it."""
    if one is None:
        return LockHeldError(
            f"another run holds the lock {LOCK_NAME}, and this account cannot read it",
            "Try again later, or look with another account.",
        )
    held = holder_of(one)
    if held.recovering:
        return LockHeldError(
            f"the run {held.run} is being recovered by {held.owner} on {held.host} since"
            f" {held.since}",
            f"Wait for it; if that process is dead, use {held.recovery()},"
            f" or gwe lock release --abandon {held.run}.",
        )
    if held.writing:
        return LockHeldError(
            f"{held.run_display()} is writing or did not finish",
            f"Wait for it; if it is dead, use {held.recovery()},"
            f" or gwe lock release --abandon {held.run}.",
        )
    return LockHeldError(
        f"the lock is held by {held.display()}",
        f"Wait with --lock-timeout SECONDS: a lock that is not renewed for {held.lease:g} s is"
        " taken over.",
    )


def _lease(text: str) -> float:
    """The lease of a lock in seconds, or the usual lease if the lock has no valid number."""
    try:
        found = float(text)
    except ValueError:
        return LEASE
    return found if math.isfinite(found) and 0 < found <= _LONGEST_LEASE else LEASE


def _counter(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def update_holder(server: Server, dbid: int, before: Mapping[str, str], holder: Holder) -> None:
    """Writes into the lock object what differs between its options and the holder."""
    options = holder.options()
    changed = {key: value for key, value in options.items() if before.get(key, value) != value}
    added = {key: value for key, value in options.items() if key not in before}
    delta = KeyValueDelta(
        added={SECTION: added} if added else {}, changed={SECTION: changed} if changed else {}
    )
    server.update("Transaction", dbid, Delta(key_values={"userProperties": delta}))


def find_locks(server: Reader, tenants: Sequence[int] = ()) -> list[ConfObject]:
    """The lock objects that this account can read in the given tenants, or in all tenants."""
    key: Filter = {"object_type": LIST, "name": LOCK_NAME}
    scopes: list[Filter] = [{"tenant_dbid": one} for one in dict.fromkeys(tenants)] or [{}]
    return [one for scope in scopes for one in server.read("Transaction", {**scope, **key})]
