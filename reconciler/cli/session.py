"""Typed options and ``gwe.toml`` become what the engine takes.

The command line comes first, then the environment (click looks there), then ``gwe.toml``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.common import ManifestFlags, SiteFlags, StateFlags
from reconciler.cli.connection import ConnectionFlags, connect_options
from reconciler.cli.credentials import find_credentials
from reconciler.errors import UsageError
from reconciler.render.console import say
from reconciler.resources import bundled_manifests
from reconciler.server.connect import head_start
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.settings import Settings, read_settings

# Functions import what makes and applies plans: meanwhile a thread starts Java.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.engine.reconciler import Reconciler
    from reconciler.manifest.load import Loaded
    from reconciler.site.discovery import SiteOptions
    from reconciler.state.store import StateStore


def load(flags: ManifestFlags, settings: Settings, *, verbose: bool = False) -> Loaded:
    """The manifests: those of --file, else of gwe.toml, else those that come with gwe.
    ``verbose`` names the files that are passed over."""
    from reconciler.manifest.load import load_manifests
    from reconciler.manifest.variables import parse_setting

    loaded = load_manifests(
        flags.file or settings.file or [bundled_manifests()],
        settings.variables,
        flags.vars,
        [parse_setting(text) for text in flags.var],
        os.environ,
    )
    for name in loaded.passed_over if verbose else ():
        say(f"Note: {name} is passed over: it ends neither in .yaml nor in .yml.", err=True)
    return loaded


def named_state(flags: StateFlags, settings: Settings) -> str:
    """The folder or the URL that was named for the runs; empty: nobody named one."""
    if flags.state and flags.state_dir:
        raise UsageError(
            "--state (or GWE_STATE) and --state-dir (or GWE_STATE_DIR) cannot be combined",
            "Each says where runs are stored: give one of them.",
        )
    return str(flags.state or flags.state_dir or settings.state or settings.state_dir or "")


def state_store(flags: StateFlags, settings: Settings) -> StateStore:
    """The store of runs: the named one, else the platform's own folder."""
    from reconciler.state.opening import default_state_folder, open_store

    return open_store(named_state(flags, settings) or str(default_state_folder()))


@dataclass(frozen=True)
class Session:
    """How one command reaches its server. ``password``: one from the command line of the
    drop-in. ``may_ask``: a person may be asked for it."""

    flags: ConnectionFlags
    settings: Settings
    password: str = field(default="", repr=False)
    may_ask: bool = True

    def start_early(self) -> None:
        """Begins to start Java where it is known already that the session needs it."""
        url = self.flags.server or self.settings.server
        if url:
            head_start(url, self.connection())

    def url(self, otherwise: str = "") -> str:
        """The URL of the server. ``otherwise``: that of a plan file or a journal, used where
        no other was named. UsageError where there is none."""
        url = self.flags.server or self.settings.server or otherwise
        if not url:
            raise UsageError(
                "which server?",
                "Name it with --server (embedded:PATH), with GWE_SERVER, or in gwe.toml.",
            )
        return url

    def credentials(self, url: str) -> Credentials:
        """The account at a server and its password. May ask for it."""
        if self.password:
            return Credentials(self.flags.user, self.password)
        file = self.flags.password_file
        return find_credentials(self.flags.user, file, url, may_ask=self.may_ask)

    @property
    def install_dir(self) -> Path | None:
        """The named installation folder."""
        return self.flags.install_dir or self.settings.install_dir

    def connection(self) -> ConnectionOptions:
        """How to reach a real server."""
        return connect_options(self.flags, self.settings.connection, self.install_dir)

    def site_options(self, flags: SiteFlags) -> SiteOptions:
        """The site that was named."""
        from reconciler.site.discovery import SiteOptions

        return SiteOptions(
            flags.app or self.settings.app,
            flags.tenant or self.settings.tenant,
            flags.cluster or self.settings.cluster,
        )

    def connect(
        self, site: SiteFlags | None = None, state: StateFlags | None = None, otherwise: str = ""
    ) -> Reconciler:
        """Opens the session with the server. ``otherwise``: see ``url``."""
        from reconciler.engine.reconciler import Reconciler

        url = self.url(otherwise)
        named = self.site_options(site or SiteFlags())
        return Reconciler.connect(
            url,
            app=named.app,
            tenant=named.tenant,
            cluster=named.cluster,
            credentials=self.credentials(url),
            state=named_state(state or StateFlags(), self.settings) or None,
            install_dir=self.install_dir,
            timeout=self.flags.timeout,
            connection=self.connection(),
            limits=self.settings.limits,
            secret_words=self.settings.secret_words,
        )


def open_session(flags: ConnectionFlags) -> Session:
    """The session of a command that runs in the current folder; Java begins to start."""
    session = Session(flags, read_settings(Path(), flags.profile))
    session.start_early()
    return session
