"""How a command reaches its server: turns typed options and ``gwe.toml`` into the arguments of the
engine."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from reconciler.cli.common import SiteFlags, StateFlags
from reconciler.cli.connection import ConnectionFlags, connect_options
from reconciler.cli.credentials import AccountOptions, find_credentials, origin_of_account
from reconciler.cli.logs import start_logging
from reconciler.cli.settings import check_agrees, find_settings, named_state, without_overridden
from reconciler.errors import UsageError
from reconciler.render.status import StatusLine
from reconciler.server.connect import (
    check_has_no_password,
    head_start,
    is_relative,
    known_identity,
)
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.errors import LoginIncorrectError, ServerUnavailableError
from reconciler.settings.gwe_toml import Settings, profile_names
from reconciler.settings.search import settings_folder

# Modules that make and apply plans are imported late, in functions, while a thread starts Java.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.engine.reconciler import Reconciler
    from reconciler.site.discovery import SiteOptions


class RecordedServer(Struct, frozen=True):
    """The URL of a server that a plan file or a run has recorded. ``by``: that file or run, for a
    message."""

    url: str
    by: str

    @property
    def hint(self) -> str:
        """What to do if there is no server at the URL."""
        by = f"{self.by[0].upper()}{self.by[1:]} names {self.url}"
        if is_relative(self.url):
            by += ", as seen from the folder of that time: go there, or name"
            return f"{by} the server with --server."
        return f"{by}. If that server is elsewhere now, name it with --server."


class Session(Struct, frozen=True):
    """How a command reaches its server. ``password``: from the command line of the drop-in.
    ``may_ask``: a person may be asked for it. ``named_by``: the options that name the account."""

    flags: ConnectionFlags
    settings: Settings
    password: str = ""
    may_ask: bool = True
    named_by: AccountOptions = field(default_factory=AccountOptions)

    def __repr__(self) -> str:
        return f"Session(flags={self.flags!r})"

    def start_early(self) -> None:
        """Begins to start Java if it is already known that the session needs it."""
        url = self.flags.server or self.settings.server
        if url:
            head_start(url, self.connection())

    def url(self, recorded: str = "") -> str:
        """The URL of the server. ``recorded``: the URL from a plan file or a run, used if no other
        was named. UsageError if there is none, or it has a password."""
        url = self.flags.server or self.settings.server or recorded
        if not url:
            chosen = self.settings.origin.profile
            profiles = "" if chosen else ", ".join(profile_names(settings_folder()))
            raise UsageError(
                "which server?",
                "Name it with --server (embedded:PATH), with GWE_SERVER, or in gwe.toml"
                + (
                    f"; or choose a profile of gwe.toml, with --profile: {profiles}."
                    if profiles
                    else "."
                ),
            )
        check_has_no_password(url)
        return url

    def credentials(self, url: str) -> Credentials:
        """The account at a server and its password, for which a person may be asked."""
        if self.password:
            return Credentials(self.flags.user, self.password)
        file = self.flags.password_file
        return find_credentials(
            self.flags.user, file, url, may_ask=self.may_ask, option=self.named_by.another
        )

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

        flags = without_overridden(flags, self.settings)
        return SiteOptions(
            flags.app or self.settings.app,
            flags.tenant or self.settings.tenant,
            flags.cluster or self.settings.cluster,
        )

    def connect(
        self,
        site: SiteFlags | None = None,
        state: StateFlags | None = None,
        recorded: RecordedServer | None = None,
    ) -> Reconciler:
        """Opens the session with the server. ``recorded``: see ``url``."""
        named = self.flags.server or self.settings.server
        url = self.url(recorded.url if recorded else "")
        try:
            with self.explained_login(url):
                return self._connect(url, site, state)
        except ServerUnavailableError as error:
            if recorded and not named and not known_identity(url):
                error.hint = recorded.hint
            raise

    @contextmanager
    def explained_login(self, url: str) -> Iterator[None]:
        """Adds to the error of a refused log-in where user and password came from."""
        try:
            yield
        except LoginIncorrectError as error:
            if not self.password:
                flags = self.flags
                error.hint = origin_of_account(
                    flags.user, flags.password_file, url, self.named_by, may_ask=self.may_ask
                )
            raise

    def _connect(self, url: str, site: SiteFlags | None, state: StateFlags | None) -> Reconciler:
        from reconciler.engine.reconciler import Reconciler
        from reconciler.plan.context import PlanSettings

        named, settings = self.site_options(site or SiteFlags()), self.settings
        credentials = self.credentials(url)
        with StatusLine(f"Connecting to {url}", sys.stderr):
            return Reconciler.connect(
                url,
                named,
                credentials=credentials,
                state=named_state(state or StateFlags(), settings) or None,
                connection=self.connection(),
                settings=PlanSettings(settings.limits, settings.secret_names, settings.name),
            )


def open_session(flags: ConnectionFlags) -> Session:
    """The session of a command that runs in the current folder; Java begins to start."""
    start_logging(flags)
    settings = find_settings(flags.profile)
    check_agrees(flags, settings)
    session = Session(without_overridden(flags, settings), settings)
    session.start_early()
    return session
