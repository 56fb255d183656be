"""What a run and its recovery have in common: journal, lock, and live objects read again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from reconciler.apply.calls import Calls
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.acquisition import LockRequest, acquire
from reconciler.apply.lock.lock import Clock, NoLock, RunLock, release_or_warn
from reconciler.apply.lock.lock_object import LEASE, Holder
from reconciler.apply.reread import file_specs, read_again
from reconciler.launch.adapter import WithFiles
from reconciler.launch.files import Installation
from reconciler.plan.guards import Limits
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.renames import renames_in, with_new_names
from reconciler.server.folders import WithFolders
from reconciler.server.port import Server
from reconciler.server.snapshot import ENVIRONMENT, Snapshot
from reconciler.state.records import RunHead
from reconciler.state.store import RunJournal, StateStore


class RunContext(Struct, frozen=True):
    """Who runs, where and when. ``name``: the name of the run; ``process``: its number in
    the operating system; ``started``: a time of day to display; ``machine``: the id of the
    host."""

    name: str
    user: str
    host: str
    process: int
    started: str
    clock: Clock
    machine: str = ""

    def is_machine_of(self, run: RunHead) -> bool:
        """Whether a run was on this machine."""
        if run.machine and self.machine:
            return run.machine == self.machine
        return run.host.lower() == self.host.lower()


class RunOptions(Struct, frozen=True):
    """How a run is executed. ``lock_wait`` and ``lease`` in seconds. ``from_file``: the plan
    is a file, which is run once. ``in_flight``: how many actions may be written at once.
    ``installation``: where the launch files are. ``limits``: how
    much the plan may destroy. ``confirm`` is called right before the first write."""

    state: StateStore
    lock: bool = True
    lock_wait: float = 0.0
    lease: float = LEASE
    skip_stale: bool = False
    from_file: bool = False
    in_flight: int = 1
    installation: Installation | None = None
    limits: Limits = field(default_factory=Limits)
    confirm: Callable[[], None] = lambda: None


class RunSession(Struct, frozen=True):
    """A run that holds its lock. ``server`` answers for folders and launch files too; ``live`` and
    ``site`` are what the plan depends on, as it is now. In ``live``, objects that the plan renames
    have their new names already (``plan.renames``)."""

    server: Server
    lock: RunLock
    calls: Calls
    live: Snapshot
    site: SiteMark


def lock_request(
    plan: Plan,
    options: RunOptions,
    context: RunContext,
    *,
    recovering: bool = False,
    elsewhere: bool = False,
) -> LockRequest | None:
    """The lock that a run asks for; None: it takes no lock. ``recovering``: the run of this name
    did not finish; ``elsewhere``: it was on another machine."""
    if not options.lock:
        return None
    holder = Holder(
        context.user,
        context.host,
        context.name,
        lease=options.lease,
        recovering=recovering,
        place=options.state.place,
        machine=context.machine,
    )
    tenants = (ENVIRONMENT, plan.site.tenant_dbid)
    return LockRequest(holder, tenants, options.lock_wait, elsewhere)


@contextmanager
def held_lock(
    server: Server,
    request: LockRequest | None,
    clock: Clock,
    interrupts: Interrupts,
    warn: Callable[[str], None],
) -> Iterator[RunLock]:
    """Acquires the lock, and releases it at the end unless its ``keep`` is set: then it stays, with
    the run's name. Parameters and errors: see ``lock.acquisition.acquire``."""
    lock: RunLock = NoLock()
    if request is not None:
        lock, warning = acquire(server, request, clock, interrupts, warn)
        if warning:
            warn(warning)
    try:
        yield lock
    finally:
        if not lock.keep:
            release_or_warn(lock.release, interrupts, warn)


def open_session(
    plan: Plan,
    server: Server,
    journal: RunJournal,
    lock: RunLock,
    installation: Installation | None,
    *,
    first_step: int = 1,
) -> RunSession:
    """Reads again what the plan depends on. ``lock``: the lock that the run holds;
    ``first_step``: the number of the next step in the journal."""
    if installation is not None:
        server = WithFiles(server, installation, file_specs(plan), journal.save_backup)
    server = WithFolders(server)
    live, site = read_again(plan, server, installation)
    live = with_new_names(live, renames_in(plan.writes))
    return RunSession(server, lock, Calls(server, journal, lock, first_step=first_step), live, site)
