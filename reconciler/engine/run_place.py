"""Where runs are stored, how they lock, and what a recovery reports: all that a session needs to
know of runs before it starts a run. So planning imports none of the modules that apply.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.errors import ReconcilerError, StateError
from reconciler.plan.known_secrets import KnownSecret, KnownSecrets

if TYPE_CHECKING:
    from reconciler.apply.report import Recovered
    from reconciler.launch.files import Installation
    from reconciler.plan.model import Plan
    from reconciler.state.store import StateStore, StoredRun

_PAST_RUNS = 20
"""How many runs at most are read to find out why an object differs."""


class RunPlace(Struct, frozen=True):
    """Where runs are stored, and where they find launch files. ``timeout``: seconds that one
    call to the server may take; ``in_flight``: how many calls may await an answer at once."""

    state: StateStore
    install_dir: Path | None = None
    timeout: float = 30.0
    in_flight: int = 8

    def installation(
        self, plan: Plan | None = None, *, own_host: bool = False
    ) -> Installation | None:
        """The installation folder: the folder that was named, else the folder that ``plan`` was
        made with, but only on the same host. ``own_host``: this is that host, whatever its name is
        now. LaunchFileError if what was named is no folder."""
        if self.install_dir is None and plan is None:
            return None
        from reconciler.launch.files import Installation, host_name  # noqa: PLC0415 - see above

        if self.install_dir is not None:
            return Installation.at(self.install_dir)
        host, _, folder = (plan.site.installation if plan else "").partition(":")
        here = own_host or host == host_name()
        return Installation.at(Path(folder)) if folder and here else None

    def known_secrets(self, identity: str) -> KnownSecrets:
        """What runs on a server have written as secrets. StateError if the state cannot be read: a
        plan might then show a secret."""
        try:
            found = self.state.secret_paths(identity)
        except StateError as error:
            raise StateError(
                "no plan is made, since the state, which says what is secret, cannot be read:"
                f" {error.message}",
                error.hint,
            ) from error
        return KnownSecrets(
            KnownSecret(fact.address, fact.path, fact.object_type, fact.dbid) for fact in found
        )

    def last_run(self, identity: str) -> str:
        """The last run that wrote to a server; empty if there is none, or the state cannot be read:
        a plan can be made without it."""
        try:
            runs = self.state.list_runs(identity)
        except ReconcilerError:
            return ""
        return next((run.name for run in reversed(runs) if run.begun), "")

    def unfinished(self, identity: str) -> list[str]:
        """The names of the runs on a server that did not finish; none if the state cannot be
        read."""
        from reconciler.state.store import left_unfinished  # noqa: PLC0415 - see above

        with suppress(ReconcilerError):
            return [run.name for run in left_unfinished(self.state, identity)]
        return []

    def past_runs(self, plan: Plan) -> Iterator[tuple[StoredRun, Plan]]:
        """The last finished runs that may have written what ``plan`` is about, each with the plan
        that it applied, latest first. A run that cannot be read is skipped."""
        from reconciler.apply.recovery.recover import plan_of_run  # noqa: PLC0415 - only drift needs it

        try:
            runs = self.state.list_runs(plan.identity)
        except ReconcilerError:
            return
        wrote = (run for run in reversed(runs) if run.finished and run.wrote)
        tenants = (run for run in wrote if run.head and run.head.tenant == plan.site.tenant)
        for entry in islice(tenants, _PAST_RUNS):
            with suppress(ReconcilerError):
                run = self.state.read_run(entry.name)
                yield run, plan_of_run(run)


class LockOptions(Struct, frozen=True):
    """Whether a run takes the lock, and how many seconds it waits for it."""

    take: bool = True
    wait: float = 0.0


class Recovery(Struct, frozen=True):
    """What a recovery did. ``runs``: the names of the runs that it settled; ``findings``:
    what it found of their actions; ``released``: the settled run whose lock had been left
    behind and was released; empty: there was none."""

    runs: tuple[str, ...]
    findings: tuple[Recovered, ...]
    released: str
