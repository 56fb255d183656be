"""Finds the ``gwe.toml`` of a command, and decides which settings and options count.

The command line wins over the environment (click reads it), which wins over ``gwe.toml``. If the
command line names a profile, all settings of the profile count as given on the command line.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from click.core import ParameterSource

from reconciler.cli.common import StateFlags
from reconciler.cli.connection import ServerFlags
from reconciler.cli.flags import Group, names_from, origin_of, without
from reconciler.errors import UsageError
from reconciler.server.connect import relative_to
from reconciler.settings.gwe_toml import Settings, read_settings
from reconciler.settings.search import settings_folder

# Few commands need a store of runs before they have made a plan.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.state.store import StateStore


def find_settings(profile: str = "") -> Settings:
    """The settings for the current folder, of ``gwe.toml`` there or above. Errors: see
    ``settings_folder`` and ``read_settings``."""
    variable = origin_of("--profile")
    named_by = variable if os.environ.get(variable) == profile else ""
    return read_settings(settings_folder(), profile, named_by)


def without_overridden(flags: Group, settings: Settings) -> Group:
    """The options, without values from the environment for which a profile on the command line has
    a setting."""
    if "profile" not in names_from(ParameterSource.COMMANDLINE):
        return flags
    names = settings.origin.profile_sets & names_from(ParameterSource.ENVIRONMENT)
    return without(flags, names)


def check_agrees(flags: ServerFlags, settings: Settings) -> None:
    """UsageError if GWE_PROFILE and GWE_SERVER name different servers: neither has precedence, and
    the wrong choice may be production."""
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


def named_state(flags: StateFlags, settings: Settings) -> str:
    """The folder or the URL that was named for the runs; empty: none was named."""
    flags = without_overridden(flags, settings)
    if flags.state and flags.state_dir:
        raise UsageError(
            "--state (or GWE_STATE) and --state-dir (or GWE_STATE_DIR) cannot be combined",
            "Each says where runs are stored: give one of them.",
        )
    where = str(flags.state or flags.state_dir or settings.state or settings.state_dir or "")
    if "://" in where:  # checked now, since a command that stores nothing would not notice
        from reconciler.state.opening import check_place

        check_place(where, origin_of("--state") if flags.state else "state in gwe.toml")
    return where


def state_store(flags: StateFlags, settings: Settings) -> StateStore:
    """The store of runs: the named store, else the platform's own folder."""
    from reconciler.state.opening import default_state_folder, open_store

    return open_store(named_state(flags, settings) or str(default_state_folder()))
