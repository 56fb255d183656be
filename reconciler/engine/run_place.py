"""Where runs are stored, how they lock, and what a recovery tells: all that a session needs to
know of runs before it makes one. Plans import nothing of what applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.errors import ReconcilerError, StateError
from reconciler.plan.known_secrets import KnownSecret, KnownSecrets

if TYPE_CHECKING:
    from reconciler.apply.recover_actions import Recovered
    from reconciler.launch.files import Installation
    from reconciler.plan.model import Plan
    from reconciler.state.store import StateStore


@dataclass(frozen=True)
class RunPlace:
    """Where runs are stored, and where they find launch files. ``timeout``: seconds that one
    call to the server may take; ``in_flight``: how many calls may await an answer at once."""

    state: StateStore
    install_dir: Path | None = None
    timeout: float = 30.0
    in_flight: int = 8

    def installation(
        self, plan: Plan | None = None, *, own_host: bool = False
    ) -> Installation | None:
        """The installation folder: the named one, else the one that ``plan`` was made with,
        on its host only. ``own_host``: this is that host, whatever it is called now.
        LaunchFileError where the named one is no folder."""
        if self.install_dir is None and plan is None:
            return None
        from reconciler.launch.files import Installation, host_name  # noqa: PLC0415 - see above

        if self.install_dir is not None:
            return Installation.at(self.install_dir)
        host, _, folder = (plan.site.installation if plan else "").partition(":")
        here = own_host or host == host_name()
        return Installation.at(Path(folder)) if folder and here else None

    def known_secrets(self, identity: str) -> KnownSecrets:
        """What runs on a server have written as secrets. StateError where the state cannot be
        read: no plan is shown that might show one."""
        try:
            found = self.state.secret_paths(identity)
        except StateError as error:
            raise StateError(
                "no plan is made while the state, which knows what is secret, cannot be read:"
                f" {error.message}",
                error.hint,
            ) from error
        return KnownSecrets(
            KnownSecret(fact.address, fact.path, fact.object_type, fact.dbid) for fact in found
        )

    def last_run(self, identity: str) -> str:
        """The last run that wrote to a server; empty where there is none, or where the state
        cannot be read: plans are made without it too."""
        try:
            runs = self.state.list_runs(identity)
        except ReconcilerError:
            return ""
        return next((run.name for run in reversed(runs) if run.begun), "")


@dataclass(frozen=True)
class LockOptions:
    """Whether a run takes the lock, and how many seconds it waits for it."""

    take: bool = True
    wait: float = 0.0


@dataclass(frozen=True)
class Recovery:
    """What a recovery did. ``runs``: the names of the runs that it settled; ``findings``:
    what it found of their actions; ``released``: the settled run whose lock had been left
    behind and was released; empty: there was none."""

    runs: tuple[str, ...]
    findings: tuple[Recovered, ...]
    released: str
