"""Typed options and ``gwe.toml`` become what the engine takes.

The command line comes first, then the environment (click looks there), then ``gwe.toml``. A
profile that is named on the command line is on the command line with all that it sets.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from click.core import ParameterSource
from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.cli.common import ManifestFlags, SiteFlags, StateFlags
from reconciler.cli.connection import ConnectionFlags, ServerFlags, connect_options
from reconciler.cli.credentials import AccountOptions, find_credentials, origin_of_account
from reconciler.cli.flags import Group, names_from, origin_of, without
from reconciler.cli.logs import start_logging
from reconciler.errors import UsageError
from reconciler.render.console import say
from reconciler.render.status import StatusLine
from reconciler.resources import bundled_manifests
from reconciler.server.connect import (
    check_has_no_password,
    head_start,
    is_relative,
    known_identity,
    relative_to,
)
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.errors import LoginIncorrectError, ServerUnavailableError
from reconciler.settings.gwe_toml import Settings, profile_names, read_settings
from reconciler.settings.search import settings_folder

# Functions import what makes and applies plans: meanwhile a thread starts Java.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.engine.reconciler import Reconciler
    from reconciler.manifest.load import Loaded
    from reconciler.site.discovery import SiteOptions
    from reconciler.state.store import StateStore


def ranked(flags: Group, settings: Settings) -> Group:
    """The options without those from the environment that a profile on the command line
    sets."""
    if "profile" not in names_from(ParameterSource.COMMANDLINE):
        return flags
    names = settings.origin.profile_sets & names_from(ParameterSource.ENVIRONMENT)
    return without(flags, names)


def load(
    flags: ManifestFlags,
    settings: Settings,
    *,
    verbose: bool = False,
    texts: Mapping[Path, str] = MappingProxyType({}),
) -> Loaded:
    """The manifests: those of --file, else of gwe.toml, else those that come with gwe.
    ``verbose`` names the files that are passed over. ``texts``: what some files are taken to hold
    instead."""
    from reconciler.manifest.cache import manifest_cache
    from reconciler.manifest.documents import ReadingOptions
    from reconciler.manifest.load import load_manifests
    from reconciler.manifest.variables import GivenValues, parse_setting

    given = ranked(flags, settings).file
    files = given or settings.file
    paths = files or [bundled_manifests()]
    values = GivenValues(
        settings.variables,
        flags.vars,
        [parse_setting(text) for text in flags.var],
        undeclared=_may_be_a_part(given, settings),
    )
    reading = ReadingOptions(texts, settings.max_file_bytes, manifest_cache(paths, os.environ))
    loaded = load_manifests(paths, values, os.environ, reading)
    for name in loaded.passed_over if verbose else ():
        say(f"Note: {name} is passed over: it ends neither in .yaml nor in .yml.", err=True)
    inputs = replace(
        loaded.inputs,
        named=bool(files),
        settings=str(settings.origin.path or ""),
        profile=settings.origin.profile,
    )
    return replace(loaded, inputs=inputs, partial=not _is_whole(files, settings))


def _may_be_a_part(given: Sequence[Path], settings: Settings) -> bool:
    """Whether the manifests of --file may be a part of those for which gwe.toml has variables."""
    part_of_set = bool(settings.file) and not _is_whole(given, settings)
    return bool(given) and (part_of_set or any(not path.is_dir() for path in given))


def _is_whole(files: Sequence[Path], settings: Settings) -> bool:
    """Whether these are all manifests of the set: those that gwe.toml names with ``file``."""
    named = {os.path.realpath(path) for path in settings.file}
    return bool(named) and named == {os.path.realpath(path) for path in files}


def named_state(flags: StateFlags, settings: Settings) -> str:
    """The folder or the URL that was named for the runs; empty: nobody named one."""
    flags = ranked(flags, settings)
    if flags.state and flags.state_dir:
        raise UsageError(
            "--state (or GWE_STATE) and --state-dir (or GWE_STATE_DIR) cannot be combined",
            "Each says where runs are stored: give one of them.",
        )
    where = str(flags.state or flags.state_dir or settings.state or settings.state_dir or "")
    if "://" in where:  # now: a command that stores nothing would not notice
        from reconciler.state.opening import check_place

        check_place(where, origin_of("--state") if flags.state else "state in gwe.toml")
    return where


def state_store(flags: StateFlags, settings: Settings) -> StateStore:
    """The store of runs: the named one, else the platform's own folder."""
    from reconciler.state.opening import default_state_folder, open_store

    return open_store(named_state(flags, settings) or str(default_state_folder()))


class RecordedServer(Struct, frozen=True):
    """The URL of a server that a plan file or a run has recorded. ``by``: which, in words."""

    url: str
    by: str

    @property
    def hint(self) -> str:
        """What to do where the URL leads to no server."""
        by = f"{self.by[0].upper()}{self.by[1:]} names {self.url}"
        if is_relative(self.url):
            by += ", as seen from the folder of that time: go there, or name"
            return f"{by} the server with --server."
        return f"{by}. If that server is elsewhere now, name it with --server."


class Session(Struct, frozen=True):
    """How one command reaches its server. ``password``: one from the command line of the
    drop-in. ``may_ask``: a person may be asked for it. ``named_by``: what names the account."""

    flags: ConnectionFlags
    settings: Settings
    password: str = ""
    may_ask: bool = True
    named_by: AccountOptions = field(default_factory=AccountOptions)

    def __repr__(self) -> str:
        return f"Session(flags={self.flags!r})"

    def start_early(self) -> None:
        """Begins to start Java where it is known already that the session needs it."""
        url = self.flags.server or self.settings.server
        if url:
            head_start(url, self.connection())

    def url(self, recorded: str = "") -> str:
        """The URL of the server. ``recorded``: that of a plan file or a run, used where no other
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
        """The account at a server and its password. May ask for it."""
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

        flags = ranked(flags, self.settings)
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
        """Says of a refused login where its user and its password came from."""
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
    session = Session(ranked(flags, settings), settings)
    session.start_early()
    return session


def find_settings(profile: str = "") -> Settings:
    """The settings for the current folder, of ``gwe.toml`` there or above. Errors: see
    ``settings_folder`` and ``read_settings``."""
    variable = origin_of("--profile")
    named_by = variable if os.environ.get(variable) == profile else ""
    return read_settings(settings_folder(), profile, named_by)


def check_agrees(flags: ServerFlags, settings: Settings) -> None:
    """UsageError if GWE_PROFILE and GWE_SERVER name different servers: neither is closer
    to the user, and the wrong choice may be production."""
    inherited, origin = names_from(ParameterSource.ENVIRONMENT), settings.origin
    if not {"profile", "server"} <= inherited or "server" not in origin.profile_sets:
        return
    one, other = (relative_to(Path(), url) for url in (flags.server, settings.server))
    if one != other:
        raise UsageError(
            f"GWE_SERVER is {flags.server}, but GWE_PROFILE is {origin.profile}, whose server is"
            f" {settings.server}",
            "Unset one of them, or choose on the command line, with --profile or --server.",
        )
