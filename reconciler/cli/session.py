"""The options of one command as a request: manifests, plan, server, and how to carry it out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.connection import connect_options
from reconciler.cli.credentials import find_credentials
from reconciler.errors import ReconcilerError, UsageError
from reconciler.resources import bundled_manifests
from reconciler.server.connect import connect, head_start
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.port import Reader, Server, read_only
from reconciler.server.proxy import check_is_master
from reconciler.settings import Settings, read_settings

# What makes and carries out plans is imported by the methods that do: meanwhile Java starts.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.apply.session import RunOptions
    from reconciler.engine import Planned
    from reconciler.launch.files import Installation
    from reconciler.manifest.load import Loaded
    from reconciler.plan.model import Plan
    from reconciler.state.folder import StateFolder


@dataclass(frozen=True)
class Session:
    """The options of one command, with ``gwe.toml`` behind them."""

    options: dict[str, Any]
    settings: Settings

    def paths(self) -> list[Path]:
        """The manifests: --file, else gwe.toml, else the bundled ones."""
        return list(self.options["file"] or self.settings.file or [bundled_manifests()])

    def load(self) -> Loaded:
        """The manifests. Called before the server is asked for anything."""
        from reconciler.manifest.load import load_manifests
        from reconciler.manifest.variables import parse_setting

        return load_manifests(
            self.paths(),
            self.settings.variables,
            self.options["vars_"],
            [parse_setting(text) for text in self.options["var"]],
            os.environ,
        )

    def plan(self, loaded: Loaded, server: Reader) -> Planned:
        """The plan for what the command was given."""
        from reconciler.engine import prepare
        from reconciler.plan.context import PlanOptions
        from reconciler.site.discovery import SiteOptions

        options = self.options
        app = options["app"] or self.settings.app
        if not app:
            raise UsageError(
                "which Web Engagement Server?", "Name its application with --app, or in gwe.toml."
            )
        site = SiteOptions(
            app,
            options["tenant"] or self.settings.tenant,
            options["cluster"] or self.settings.cluster,
        )
        wanted = PlanOptions(
            overwrite=options.get("overwrite", False),
            overwrite_only=tuple(options.get("overwrite_only", ())),
            target=tuple(options["target"]),
            exclude=tuple(options["exclude"]),
            force=options.get("force", False),
            secret_words=self.settings.secret_words,
            limits=self.settings.limits,
        )
        planned = prepare(loaded, server, site, wanted, os.environ, self.installation())
        return replace(planned, plan=replace(planned.plan, after=self._last_run(planned.plan)))

    def _last_run(self, plan: Plan) -> str:
        """The last run on the plan's server; a plan is made without the state folder too."""
        from reconciler.apply.run import last_run

        try:
            return last_run(self.state(), plan.identity)
        except ReconcilerError:
            return ""

    def installation(self, otherwise: str = "") -> Installation | None:
        """The installation folder with the launch files; None: nobody named one.
        ``otherwise``: host and folder of a plan, which is taken on that host."""
        from reconciler.launch.files import Installation, host_name

        named = self.options.get("install_dir") or self.settings.install_dir
        if named is not None:
            return Installation.at(named)
        host, _, folder = otherwise.partition(":")
        return Installation.at(Path(folder)) if folder and host == host_name() else None

    def state(self) -> StateFolder:
        """The state folder: --state-dir, else gwe.toml, else the platform's own place."""
        from reconciler.state.folder import StateFolder, default_state_folder

        chosen = self.options.get("state_dir") or self.settings.state_dir
        return StateFolder(chosen or default_state_folder())

    def keeps_state(self) -> bool:
        """Whether somebody has said where the journals are to be kept."""
        return bool(self.options.get("state_dir") or self.settings.state_dir)

    def run_options(self, plan: Plan, *, from_file: bool = False) -> RunOptions:
        """How a run of a plan is to be carried out."""
        from reconciler.apply.lock import LEASE
        from reconciler.apply.session import RunOptions

        return RunOptions(
            self.state(),
            lock=not self.options["no_lock"],
            lock_wait=self.options["lock_timeout"],
            lease=max(LEASE, 4 * self.options["timeout"]),
            skip_stale=self.options.get("skip_stale", False),
            from_file=from_file,
            installation=self.installation(plan.site.installation),
        )

    @property
    def user(self) -> str:
        """Who logs in; empty: nobody."""
        name: str = self.options["user"]
        return name

    def credentials(self, url: str) -> Credentials:
        """Who logs in at a server, and with which password. May ask for it."""
        return find_credentials(self.user, self.options["password_file"], url, may_ask=True)

    def connection(self) -> ConnectionOptions:
        """How to reach a real server."""
        installed = self.options.get("install_dir") or self.settings.install_dir
        given = {**self.options, "install_dir": str(installed or "")}
        return connect_options(given, self.settings.connection)

    def url(self, otherwise: str = "") -> str:
        """The URL of the server. ``otherwise``: the one that a plan file or a journal names,
        where nobody names another."""
        url: str = self.options["server"] or self.settings.server or otherwise
        if not url:
            raise UsageError(
                "which server?",
                "Name it with --server (embedded:PATH), with GWE_SERVER, or in gwe.toml.",
            )
        return url

    @contextmanager
    def server(self, otherwise: str = "") -> Iterator[Server]:
        """The server of the session, open, to write to. ``otherwise``: see ``url``.
        ServerIsProxyError where it is a proxy."""
        with self._opened(otherwise) as server:
            check_is_master(server.info())
            yield server

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        """The server without its write methods."""
        with self._opened("") as server:
            yield read_only(server)

    @contextmanager
    def _opened(self, otherwise: str) -> Iterator[Server]:
        url = self.url(otherwise)
        connection = self.connection()
        server = connect(url, self.credentials(url), self.options["timeout"], connection)
        try:
            yield server
        finally:
            server.close()


def open_session(options: dict[str, Any]) -> Session:
    """The session of a command run in the current folder. Where it is known already that the
    command goes to a real server, Java begins to start."""
    session = Session(options, read_settings(Path(), options["profile"]))
    url = options.get("server") or (session.settings.server if "server" in options else "")
    if url:
        head_start(url, session.connection())
    return session
