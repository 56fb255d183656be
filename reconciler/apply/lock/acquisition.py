"""Acquires the lock, or takes it over from an owner that no longer renews it.

Whoever creates the lock object has the lock. A run may take it over after it has seen the
counter unchanged for a whole lease on its own clock. It writes its name into the lock, reads
the lock once more, deletes the object by the DBID that it read, and creates its own; if any
of these is refused, another run was faster. An owner that resumes at that moment marks the lock as
writing, then reads it too: at least one of the two sees the other and backs off.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.lock import Clock, Lock, release_or_warn
from reconciler.apply.lock.lock_object import (
    LIST,
    LOCK_NAME,
    SECTION,
    TAKER,
    Holder,
    find_locks,
    holder_of,
    lock_held,
    options_of,
    update_holder,
)
from reconciler.diagnostics import Diagnostic
from reconciler.errors import RefusedError
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import (
    NoPermissionError,
    ObjectNotFoundError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject, Server
from reconciler.server.snapshot import ENVIRONMENT


class LockRequest(Struct, frozen=True):
    """The lock that a run asks for. ``holder``: who is to hold it; ``tenants``: the DBIDs of the
    tenants that it may be in, the preferred first; ``wait``: for how many seconds the run waits
    for another owner.

    Where ``holder`` recovers a run, its lock is taken over from the process of that run. A process
    of this machine is known to be dead. ``elsewhere``: it was on another machine, and may still
    work although it no longer holds its run; it counts as dead once the lock's counter has not
    moved for a whole lease, which is longer than any call takes."""

    holder: Holder
    tenants: Sequence[int]
    wait: float = 0.0
    elsewhere: bool = False


def acquire(
    server: Server,
    request: LockRequest,
    clock: Clock,
    interrupts: Interrupts,
    warn: Callable[[str], None],
) -> tuple[Lock, str]:
    """Acquires the lock; returns it with a warning if it is not in tenant Environment.

    While it waits, it takes over a lock that was not renewed for its lease, and lets Ctrl-C
    through, which ``interrupts`` otherwise holds back.

    LockHeldError if another run holds it; RefusedError if the account may not create it. On
    these, on Ctrl-C and on every other error the lock is not held: an object that may have
    been created is deleted. ``warn`` is called if that is not possible, or if it takes time to find
    out whether a process on another machine is dead.
    """
    acquisition = _Acquisition(server, request, clock, warn)
    try:
        with interrupts.allowed():
            found = acquisition.acquire(request.wait)
    except BaseException:
        release_or_warn(acquisition.undo, interrupts, warn)
        raise
    return found


def wait_until_presumed_dead(lease: float, clock: Clock, warn: Callable[[str], None]) -> None:
    """Waits for a whole lease, after which a run on another machine counts as dead. For runs
    without a lock, whose counter would show whether they are alive."""
    warn(
        "The run was on another machine, and no lock tells whether it still works there."
        f" Waiting {lease:g} s, which is longer than any call of it takes."
    )
    clock.sleep(lease)


class _Watch:
    """Watches whether the owner of the lock is still alive: then the counter in the lock grows.
    ``has_moved``: another lock or another counter was seen since the first look."""

    def __init__(self) -> None:
        self._seen: tuple[int, int | None] | None = None
        self._since = 0.0
        self.has_moved = False

    def quiet_for(self, dbid: int, counter: int | None, now: float) -> float:
        """The seconds for which the lock has been seen unchanged."""
        if (dbid, counter) != self._seen:
            self.has_moved = self._seen is not None
            self._seen, self._since = (dbid, counter), now
        return now - self._since


class _Acquisition:
    def __init__(
        self,
        server: Server,
        request: LockRequest,
        clock: Clock,
        warn: Callable[[str], None],
    ) -> None:
        self._server = server
        holder = request.holder
        self._holder = replace(
            holder, since=clock.timestamp(0), until=clock.timestamp(holder.lease)
        )
        self._tenants = tuple(dict.fromkeys(request.tenants))
        self._clock = clock
        self._warn = warn
        self._recovers = holder.recovering
        self._elsewhere = holder.recovering and request.elsewhere
        self._may_exist = False
        """A lock object of this holder was created, or may have been."""

    def undo(self) -> None:
        """Deletes the lock object that was created, even if its DBID is not known. The lock of a
        run that did not finish stays."""
        if self._may_exist and not self._recovers:
            for one in find_locks(self._server, self._tenants):
                if holder_of(one).is_same(self._holder):
                    self._take_away(one)

    def acquire(self, wait: float) -> tuple[Lock, str]:
        begun = self._clock.monotonic()
        watch = _Watch()
        refused = 0
        while True:
            one = next(iter(find_locks(self._server, self._tenants)), None)
            now = self._clock.monotonic()
            if one is None:
                made = self._create()
                if made is not None:
                    if self._elsewhere:
                        wait_until_presumed_dead(self._holder.lease, self._clock, self._warn)
                    return made
                refused += 1
                if refused == 1:
                    continue  # a lock that was created just now can be read
            else:
                refused = 0
                held = holder_of(one)
                quiet = watch.quiet_for(one.dbid, held.counter, now)
                if self._recovers and held.run == self._holder.run:
                    if quiet >= held.lease or not self._may_live_elsewhere(held):
                        resumed = self._resume(one)
                        if resumed:
                            return resumed, ""
                        continue
                    if not watch.has_moved:  # while its counter stands still, waiting has a limit
                        self._wait_for(held, quiet)
                        continue
                elif quiet >= held.lease and not held.writing:
                    self._take_over(one)
                    continue
            if now - begun >= wait:
                raise lock_held(one)
            self._clock.sleep(min(1.0, max(wait - (now - begun), 0.01)))

    def _may_live_elsewhere(self, held: Holder) -> bool:
        """Whether a process on another machine may still hold the lock of the run."""
        return self._elsewhere or held.machine != self._holder.machine

    def _wait_for(self, held: Holder, quiet: float) -> None:
        if not quiet:
            self._warn(
                f"Run {held.run} was on another machine, {held.host}. Waiting {held.lease:g} s"
                " to see that it does nothing there any more."
            )
        self._clock.sleep(min(1.0, max(held.lease - quiet, 0.01)))

    def _resume(self, one: ConfObject) -> Lock | None:
        """The lock of a run that is recovered, now in this holder's name; None: it is gone."""
        held = holder_of(one)
        new = replace(
            self._holder,
            lease=held.lease,
            writing=True,
            counter=(held.counter or 0) + 1,
        )
        try:
            update_holder(self._server, one.dbid, options_of(one), new)
        except ObjectNotFoundError:
            return None
        return Lock(self._server, one.dbid, new, self._clock)

    def _create(self) -> tuple[Lock, str] | None:
        """A new lock with its warning, or None if there is a lock after all."""
        for tenant in self._tenants:
            attributes: dict[str, Any] = {
                "tenantDBID": tenant,
                "name": LOCK_NAME,
                "alias": LOCK_NAME,
                "type": LIST,
                "description": "Held while gwe-reconciler writes",
                "userProperties": {SECTION: self._holder.options()},
            }
            self._may_exist = True
            try:
                made = self._server.create("Transaction", attributes)
            except (UniquenessViolationError, NoPermissionError) as error:
                self._may_exist = False
                if isinstance(error, NoPermissionError):
                    continue
                return None
            lock = Lock(self._server, made.dbid, self._holder, self._clock)
            others = [one for one in self._tenants if one != tenant]
            if others and find_locks(self._server, others):
                lock.release()  # another run has just created one in another tenant
                self._may_exist = False
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

    def _take_over(self, one: ConfObject) -> None:
        """Deletes the lock of an owner that does not renew it, if that is still so."""
        held = holder_of(one)
        options = options_of(one)
        mark = {SECTION: {TAKER: self._holder.run}}
        delta = KeyValueDelta(changed=mark) if TAKER in options else KeyValueDelta(added=mark)
        try:
            if held.taker != self._holder.run:
                annex = Delta(key_values={"userProperties": delta})
                self._server.update("Transaction", one.dbid, annex)
        except (ObjectNotFoundError, UniquenessViolationError):
            return  # it is gone, or another run is taking it over: look again
        for now in self._server.read("Transaction", {"dbid": one.dbid}):
            if replace(holder_of(now), taker=held.taker) == held:
                self._take_away(now)

    def _take_away(self, one: ConfObject) -> None:
        # If another run was faster, the next look shows which.
        with suppress(ObjectNotFoundError):
            self._server.delete("Transaction", one.dbid)


def _elsewhere(tenant: int) -> str:
    return (
        f"The lock is in the tenant with DBID {tenant}, since this account may not create it"
        " in Environment: runs for other tenants do not see it."
    )
