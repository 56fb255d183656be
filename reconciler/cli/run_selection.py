"""Selects runs of a state: a state that a team shares holds the runs of many sites.

A site is named on the command line, by the environment or by a profile. Settings in gwe.toml
outside of profiles do not select a site: a folder with settings shows all runs. Only ``last`` means
the last run on the server of gwe.toml, since commands in this folder use that server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from reconciler.cli.common import ApplicationFlags
from reconciler.cli.connection import ServerFlags
from reconciler.cli.settings import check_agrees, without_overridden
from reconciler.errors import UsageError
from reconciler.server.connect import from_any_folder, known_identity
from reconciler.server.identity import is_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reconciler.settings.gwe_toml import Settings
    from reconciler.state.records import RunHead
    from reconciler.state.store import RunEntry, StateStore


class RunSelection(Struct, frozen=True):
    """The runs of one site. Empty fields were not named, and do not restrict the selection.
    ``identity``: the known part of the server's identity; empty if its file cannot be read, for
    example because it is gone."""

    server: str = ""
    identity: str = ""
    app: str = ""
    tenant: str = ""

    @property
    def description(self) -> str:
        """What the selected runs have in common, to follow a noun in a sentence; empty: all runs
        are selected."""
        names = {"application": self.app, "tenant": self.tenant}
        of = [f"{what} {name}" for what, name in names.items() if name]
        on = f" on {self.server}" if self.server else ""
        return (f" of {', '.join(of)}" if of else "") + on

    def has(self, run: RunEntry) -> bool:
        """Whether a run is selected. A damaged run whose site cannot be read is selected."""
        if run.head is None:
            return True
        head = run.head
        return (
            self.app in ("", head.app)
            and self.tenant in ("", head.tenant)
            and (not self.server or self._is_on_server(head))
        )

    def _is_on_server(self, head: RunHead) -> bool:
        """Whether a run was on the server. A relative path in a run of an earlier version may be
        relative to another folder, so only the identity counts."""
        if self.identity:
            return is_at(head.identity, self.identity)
        return head.server == from_any_folder(self.server)

    def surely_has(self, run: RunEntry) -> bool:
        """Whether a run is certainly selected, for an action that cannot be undone: a damaged run
        whose site cannot be read is selected only if no site was named."""
        return self.has(run) and (run.head is not None or not self.description)

    def of(self, runs: Iterable[RunEntry]) -> list[RunEntry]:
        """The selected runs."""
        return [run for run in runs if self.has(run)]

    def find(self, store: StateStore, text: str, *, wrote: bool = False) -> str:
        """Like ``StateStore.find_run``, but ``last`` is the last run of the site."""
        if text != "last" or not self.description:
            return store.find_run(text, wrote=wrote)
        found = [run.name for run in self.of(store.list_runs()) if run.wrote or not wrote]
        if not found:
            what = "no run has written anything" if wrote else "there is no run"
            hint = "gwe runs without --profile, --server and --app lists the runs of every site."
            raise UsageError(f"{what}{self.description} yet", hint)
        return found[-1]


def named_site(
    server: ServerFlags,
    settings: Settings,
    application: ApplicationFlags | None = None,
    *,
    last: bool = False,
) -> RunSelection:
    """The site that was named. ``last``: the site for which ``last`` is resolved. UsageError if the
    environment contradicts itself, or the server is a URL of no known form."""
    check_agrees(server, settings)
    profile = settings if settings.origin.profile else None
    app = without_overridden(application or ApplicationFlags(), settings)
    url = without_overridden(server, settings).server or (
        settings.server if last or profile else ""
    )
    return RunSelection(
        url,
        known_identity(url) if url else "",  # a URL with a password is refused
        app.app or (profile.app if profile else ""),
        app.tenant or (profile.tenant if profile else ""),
    )
