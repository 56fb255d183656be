"""What a run and its recovery have in common: journal, lock, and live objects read again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field

from reconciler.apply.calls import Calls
from reconciler.apply.interrupts import Interrupts
from reconciler.apply.lock.acquisition import Resumption, acquire
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
    ``site`` are what the plan depends on, as it is now. In ``live`` objects that the plan renames
    have their new names already (``plan.renames``)."""

    server: Server
    lock: RunLock
    calls: Calls
    live: Snapshot
    site: SiteMark


@contextmanager
def run_session(
    plan: Plan,
    server: Server,
    journal: RunJournal,
    options: RunOptions,
    context: RunContext,
    warn: Callable[[str], None],
    *,
    resumes_at: int = 0,
    elsewhere: bool = False,
    check: Callable[[], None] = lambda: None,
    interrupts: Interrupts | None = None,
) -> Iterator[RunSession]:
    """Acquires the lock and reads again what the plan depends on. At the end the lock is
    released, unless ``keep`` is set in it: then it stays, with the run's name.

    ``check`` is called with the lock held, before anything is read.
    ``resumes_at``: the number of the next step of a run that is recovered. Its own lock is
    taken over, and stays until somebody sets ``keep`` to False. ``elsewhere``: see
    ``lock.acquisition.Resumption``. ``interrupts``: Ctrl-C comes through until the session is
    there, and while the lock is released.
    """
    interrupts = interrupts or Interrupts()
    server = WithFolders(_with_files(server, plan, options.installation, journal))
    resumes = Resumption(elsewhere, warn) if resumes_at else None
    with _locked(server, plan, options, context, warn, resumes, interrupts) as lock:
        if resumes_at:
            lock.keep = True
        with interrupts.allowed():
            if resumes_at:
                lock.start_writing()
            check()
            live, site = read_again(plan, server, options.installation)
            live = with_new_names(live, renames_in(plan.writes))
        calls = Calls(server, journal, lock, first_step=resumes_at or 1)
        yield RunSession(server, lock, calls, live, site)


def _with_files(
    server: Server, plan: Plan, installation: Installation | None, journal: RunJournal
) -> Server:
    """The server, answering for the launch files of the plan as well."""
    if installation is None:
        return server
    return WithFiles(server, installation, file_specs(plan), journal.save_backup)


@contextmanager
def _locked(
    server: Server,
    plan: Plan,
    options: RunOptions,
    context: RunContext,
    warn: Callable[[str], None],
    resumes: Resumption | None,
    interrupts: Interrupts,
) -> Iterator[RunLock]:
    lock: RunLock = NoLock()
    if options.lock:
        holder = Holder(
            context.user,
            context.host,
            context.name,
            lease=options.lease,
            recovering=resumes is not None,
            place=options.state.place,
            machine=context.machine,
        )
        tenants = (ENVIRONMENT, plan.site.tenant_dbid)
        lock, warning = acquire(
            server,
            holder,
            tenants,
            context.clock,
            wait=options.lock_wait,
            resumes=resumes,
            interrupts=interrupts,
            warn=warn,
        )
        if warning:
            warn(warning)
    elif resumes:
        resumes.wait_unseen(context.clock, options.lease)
    try:
        yield lock
    finally:
        if not lock.keep:
            release_or_warn(lock.release, interrupts, warn)
