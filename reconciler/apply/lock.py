"""One writer at a time: a List object in Configuration Server itself is the lock.

Its unique name is the test-and-set: who creates it has it. The owner counts a number up
in it while it works, looks before each write whether it is still there, and deletes it at
the end. A contender may take it over once it has seen the number unchanged for a whole
lease on its own clock: it deletes the object by the DBID that it read and creates its own;
where one of the two is refused, somebody else was faster. A run that has begun to write
leaves its name in the lock, and nobody takes that over but ``gwe recover``.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcilerError, RefusedError
from reconciler.exits import ExitCode
from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import (
    NoPermissionError,
    ObjectNotFoundError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject, Filter, Reader, Server
from reconciler.server.snapshot import ENVIRONMENT

LOCK_NAME = "gwe-reconciler.lock"
LEASE = 60.0
"""Seconds after which a lock that does not move may be taken over."""

_SECTION = "lock"
_LIST = TRANSACTION_TYPE["List"]


class LockHeldError(ReconcilerError):
    """Somebody else has the lock."""

    exit_code = ExitCode.STALE


class LockLostError(ReconcilerError):
    """The lock is gone or somebody else's: nothing may be written any more."""

    exit_code = ExitCode.STALE


@dataclass(frozen=True)
class Holder:
    """Who has the lock, as its annex says. ``writing``: it has begun to write, or did not
    finish. ``lease`` in seconds; ``since`` and ``until`` are for people to read."""

    owner: str
    host: str
    run: str
    since: str = ""
    until: str = ""
    lease: float = LEASE
    writing: bool = False
    counter: int = 0

    def options(self) -> dict[str, str]:
        """The holder as the options of the lock object."""
        return {
            "owner": self.owner,
            "host": self.host,
            "run": self.run,
            "since": self.since,
            "until": self.until,
            "lease": f"{self.lease:g}",
            "state": "writing" if self.writing else "checking",
            "counter": str(self.counter),
        }

    def said(self) -> str:
        """Who that is, for a sentence."""
        since = f" since {self.since}" if self.since else ""
        return f"{self.owner} on {self.host}{since}, run {self.run}"


def holder_of(one: ConfObject) -> Holder:
    """The holder that a lock object names. What is missing in it stays empty."""
    found = (one.attributes.get("userProperties") or {}).get(_SECTION, {})
    options = {key: str(value) for key, value in found.items()}
    return Holder(
        owner=options.get("owner", "somebody"),
        host=options.get("host", "another host"),
        run=options.get("run", ""),
        since=options.get("since", ""),
        until=options.get("until", ""),
        lease=_number(options.get("lease", ""), LEASE),
        writing=options.get("state") == "writing",
        counter=int(_number(options.get("counter", ""), 0)),
    )


def _number(text: str, default: float) -> float:
    try:
        return float(text)
    except ValueError:
        return default


def find_locks(server: Reader, tenants: Sequence[int] = ()) -> list[ConfObject]:
    """The lock objects that this account can read: in one of the tenants; none given: in
    any."""
    key: Filter = {"object_type": _LIST, "name": LOCK_NAME}
    scopes: list[Filter] = [{"tenant_dbid": one} for one in dict.fromkeys(tenants)] or [{}]
    return [one for scope in scopes for one in server.read("Transaction", {**scope, **key})]


class Confirmation(Protocol):
    """What every write asks first."""

    def confirm(self) -> None:
        """LockLostError where the lock is no longer ours."""

    def start_writing(self) -> None:
        """Says in the lock that the run has begun to write."""

    def release(self) -> None:
        """Gives the lock back, if it is still ours."""


class NoLock:
    """Locks nothing: for ``--no-lock``."""

    def confirm(self) -> None:
        """Nothing to confirm."""

    def start_writing(self) -> None:
        """Nothing to say it in."""

    def release(self) -> None:
        """Nothing to give back."""


@dataclass(frozen=True)
class Clock:
    """Time as the lock sees it: seconds that only grow, a wait, and the hour for people."""

    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    hour: Callable[[float], str]
    """The time of day in so many seconds from now."""


class Lock:
    """A lock that we have."""

    def __init__(self, server: Server, dbid: int, holder: Holder, clock: Clock) -> None:
        self._server = server
        self._dbid = dbid
        self._holder = holder
        self._clock = clock
        self._renewed = clock.monotonic()

    def confirm(self) -> None:
        found = self._server.read("Transaction", {"dbid": self._dbid})
        held = holder_of(found[0]) if found else None
        if held is None or (held.run, held.host) != (self._holder.run, self._holder.host):
            now = f": it is {held.said()} now" if held else ""
            raise LockLostError(
                f"the lock was taken from this run{now}",
                "Nothing more was written. Look at gwe runs, and make a new plan.",
            )
        if self._clock.monotonic() - self._renewed > self._holder.lease / 4:
            self._write(self._holder)

    def start_writing(self) -> None:
        if not self._holder.writing:
            self.confirm()
            self._write(replace(self._holder, writing=True))

    def release(self) -> None:
        with suppress(LockLostError, ObjectNotFoundError):  # it is somebody else's already
            self.confirm()
            self._server.delete("Transaction", self._dbid)

    def _write(self, holder: Holder) -> None:
        """Counts up, and says what has changed."""
        lease = holder.lease
        until = self._clock.hour(lease)
        changed = replace(holder, counter=holder.counter + 1, until=until)
        before, after = self._holder.options(), changed.options()
        options = {key: value for key, value in after.items() if before[key] != value}
        delta = KeyValueDelta(changed={_SECTION: options})
        try:
            self._server.update(
                "Transaction", self._dbid, Delta(key_values={"userProperties": delta})
            )
        except ObjectNotFoundError as error:
            raise LockLostError("the lock was taken from this run") from error
        self._holder = changed
        self._renewed = self._clock.monotonic()


def acquire(
    server: Server,
    holder: Holder,
    tenants: Sequence[int],
    clock: Clock,
    *,
    wait: float = 0.0,
    ours: str = "",
) -> tuple[Lock, str]:
    """Takes the lock, and a warning where it stands in another place than tenant
    Environment. Waits up to ``wait`` seconds for somebody who has it, and takes a lock
    over that has not moved for its lease meanwhile. ``ours``: a run whose process is
    known to be dead: its lock is taken over at once.

    LockHeldError where somebody has it; RefusedError where the account may not make it.
    """
    return _Contender(server, holder, tenants, clock, ours).acquire(wait)


class _Contender:
    def __init__(
        self,
        server: Server,
        holder: Holder,
        tenants: Sequence[int],
        clock: Clock,
        ours: str,
    ) -> None:
        self._server = server
        self._holder = replace(holder, since=clock.hour(0), until=clock.hour(holder.lease))
        self._tenants = tuple(dict.fromkeys(tenants))
        self._clock = clock
        self._ours = ours

    def acquire(self, wait: float) -> tuple[Lock, str]:
        begun = self._clock.monotonic()
        seen: tuple[int, int] = (0, -1)
        since = begun
        while True:
            made = self._create()
            if made is not None:
                return made
            one = next(iter(find_locks(self._server, self._tenants)), None)
            now = self._clock.monotonic()
            if one is not None:
                held = holder_of(one)
                if self._ours and held.run == self._ours:
                    self._take_away(one)
                    continue
                if (one.dbid, held.counter) != seen:
                    seen, since = (one.dbid, held.counter), now
                elif now - since >= held.lease and not held.writing:
                    self._take_away(one)
                    continue
            if now - begun >= wait:
                raise _held(one)
            self._clock.sleep(min(1.0, max(wait - (now - begun), 0.01)))

    def _create(self) -> tuple[Lock, str] | None:
        """Our lock with a warning, or None where there is one."""
        if find_locks(self._server, self._tenants):
            return None
        for tenant in self._tenants:
            attributes: dict[str, Any] = {
                "tenantDBID": tenant,
                "name": LOCK_NAME,
                "alias": LOCK_NAME,
                "type": _LIST,
                "description": "Held while gwe-reconciler writes",
                "userProperties": {_SECTION: self._holder.options()},
            }
            try:
                made = self._server.create("Transaction", attributes)
            except UniquenessViolationError:
                return None
            except NoPermissionError:
                continue
            lock = Lock(self._server, made.dbid, self._holder, self._clock)
            others = [one for one in self._tenants if one != tenant]
            if others and find_locks(self._server, others):
                lock.release()  # another account has made one in another tenant just now
                return None
            return lock, "" if tenant == ENVIRONMENT else _elsewhere(tenant)
        raise RefusedError(
            [
                Diagnostic(
                    "this account may not create the lock, a List object"
                    f" {LOCK_NAME} in tenant Environment or in the site's",
                    hint="Grant it Create on the folder Transactions, or use --no-lock"
                    " and make sure that nobody else applies.",
                )
            ]
        )

    def _take_away(self, one: ConfObject) -> None:
        # Where somebody else was faster, the next look shows who has it.
        with suppress(ObjectNotFoundError):
            self._server.delete("Transaction", one.dbid)


def _elsewhere(tenant: int) -> str:
    return (
        f"The lock stands in the tenant with DBID {tenant}, since this account may not create"
        " it in Environment: runs for other tenants do not see it."
    )


def _held(one: ConfObject | None) -> LockHeldError:
    if one is None:
        return LockHeldError(
            f"somebody has the lock {LOCK_NAME}, and this account cannot read it",
            "Try again later, or look with another account.",
        )
    held = holder_of(one)
    if held.writing:
        return LockHeldError(
            f"{held.said()}, is writing or did not finish",
            f"Wait for it; if it is dead, use gwe recover on {held.host},"
            f" or gwe lock release --abandon {held.run}.",
        )
    return LockHeldError(
        f"the lock is held by {held.said()}",
        f"Wait with --lock-timeout SECONDS: after {held.lease:g} s without a sign of life it is"
        " taken over.",
    )
