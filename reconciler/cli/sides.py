"""The two sides of ``gwe compare``: what A and B name, and how each is reached."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from click.core import ParameterSource
from msgspec import Struct

from reconciler.cli.common import SiteFlags, StateFlags
from reconciler.cli.connection import AccountFlags, ConnectionFlags
from reconciler.cli.credentials import AccountOptions
from reconciler.cli.flags import Group, names_from, without
from reconciler.cli.session import Session
from reconciler.cli.settings import find_settings
from reconciler.diagnostics import did_you_mean
from reconciler.errors import UsageError
from reconciler.manifest.documents import SUFFIXES
from reconciler.server.connect import find_adapter
from reconciler.settings.gwe_toml import Settings, profile_names
from reconciler.settings.search import settings_folder

# ruff: noqa: PLC0415 - meanwhile a thread starts Java
if TYPE_CHECKING:
    from reconciler.engine.comparing import Source

_PROFILE = "profile:"


class NamedSide(Struct, frozen=True):
    """What A or B names: a profile of gwe.toml, the URL of a server, or a path of manifests.
    Two of the three are empty. ``name``: the name of the side in messages."""

    name: str
    profile: str = ""
    url: str = ""
    path: Path | None = None


def named_side(text: str) -> NamedSide:
    """What ``text`` names. UsageError if it names nothing, or is ambiguous."""
    if find_adapter(text) is not None or "://" in text:
        return NamedSide(text, url=text)
    profiles = profile_names(settings_folder())
    if text.startswith(_PROFILE):
        name = text.removeprefix(_PROFILE)
        return NamedSide(name, profile=name)
    path = Path(text)
    if text in profiles and path.exists():
        raise UsageError(
            f"{text} is a profile of gwe.toml and a {'folder' if path.is_dir() else 'file'} here",
            f"Write {_PROFILE}{text} for the profile, or ./{text}.",
        )
    if text in profiles:
        return NamedSide(text, profile=text)
    if text and path.exists():
        if path.is_dir() or path.suffix.lower() in SUFFIXES:
            return NamedSide(text, path=path)
        return NamedSide(text, url=f"embedded:{text}")
    known = f"Profiles: {', '.join(profiles)}." if profiles else "There is no profile here."
    name, meant = text or "an empty name", did_you_mean(text, profiles)
    raise UsageError(
        f"{name} is not a profile of gwe.toml, a file or a folder{meant}",
        f"{known} A side is a profile, the URL of a server, the file of an embedded server, or"
        " a folder that gwe export wrote.",
    )


class SideSession(Struct, frozen=True):
    """A side with its settings: those of its profile, else those of gwe.toml."""

    side: NamedSide
    settings: Settings
    session: Session | None = None

    @classmethod
    def opened(
        cls, side: NamedSide, account: AccountFlags, named_by: AccountOptions
    ) -> SideSession:
        """The session of a side, not connected yet; Java begins to start if it is needed.
        ``named_by``: the options that name the account."""
        settings = find_settings(side.profile)
        if side.path is not None:
            return cls(side, settings)
        account = without_overridden_by_side(account, settings)
        flags = ConnectionFlags(**vars(account), server=side.url)
        session = Session(flags, settings, named_by=named_by)
        session.start_early()
        return cls(side, settings, session)

    @contextmanager
    def source(self, site: SiteFlags, state: StateFlags, other: SideSession) -> Iterator[Source]:
        """The side, ready to be read. ``other``: its site is used if this side names none.
        SideError if it cannot be reached."""
        from reconciler.engine.comparing import FolderSource, LiveSource, about_side

        name, path = self.side.name, self.side.path
        if path is not None or self.session is None:
            yield FolderSource(name, path or Path())
            return
        site, there = without_overridden_by_side(site, self.settings), other.settings
        if not (site.app or self.settings.app):
            site = SiteFlags(
                app=there.app,
                tenant=site.tenant or there.tenant,
                cluster=site.cluster or there.cluster,
            )
        with about_side(name):
            engine = self.session.connect(site, without_overridden_by_side(state, self.settings))
        with engine:
            yield LiveSource(name, engine, {one.name: one.value for one in self.settings.variables})


def without_overridden_by_side(flags: Group, settings: Settings) -> Group:
    """The options, without values from the environment for which the side's profile has a setting,
    since A and B come from the command line."""
    return without(flags, settings.origin.profile_sets & names_from(ParameterSource.ENVIRONMENT))
