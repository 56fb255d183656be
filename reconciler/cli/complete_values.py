"""The values that a shell offers for options and arguments: profiles, runs, addresses.

If something cannot be read, no values are offered: a message in the middle of a command line would
not help.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import click

from reconciler.cli.completing import Values
from reconciler.cli.flags import Group
from reconciler.errors import ReconcilerError

# A completion imports only what its own values need; the completion of a command's name imports
# nothing.
# ruff: noqa: PLC0415
_Read = Callable[[click.Context], Iterable[str]]


def _profiles(context: click.Context) -> Iterable[str]:  # noqa: ARG001 - as all of them
    from reconciler.settings.gwe_toml import profile_names
    from reconciler.settings.search import settings_folder

    return profile_names(settings_folder())


def _runs(context: click.Context) -> Iterable[str]:
    from reconciler.cli.common import StateFlags
    from reconciler.cli.settings import find_settings, state_store

    settings = find_settings(context.params.get("profile") or "")
    store = state_store(_given(StateFlags, context), settings)
    return ["last", *(run.name for run in reversed(store.list_runs()))]


def _addresses(context: click.Context) -> Iterable[str]:
    from reconciler.cli.common import ManifestFlags
    from reconciler.cli.loading import load
    from reconciler.cli.settings import find_settings
    from reconciler.manifest.bind import bind

    settings = find_settings(context.params.get("profile") or "")
    loaded = load(_given(ManifestFlags, context), settings)
    return bind(loaded.manifests, loaded.variables, os.environ).addresses


def _kinds(context: click.Context) -> Iterable[str]:  # noqa: ARG001
    from reconciler.kinds.manifests import MANIFEST_KINDS, OBJECT_KINDS
    from reconciler.kinds.types.folders import FOLDER

    own = [name for name, kind in MANIFEST_KINDS.items() if kind.binding == "object"]
    return [*own, *OBJECT_KINDS, FOLDER]


def _parameters(context: click.Context) -> Iterable[str]:  # noqa: ARG001
    from reconciler.export.values import PARAMETERS

    return [*PARAMETERS, ",".join(PARAMETERS)]


def _given(group: type[Group], context: click.Context) -> Group:
    """The options of a group that are on the command line already."""
    given: dict[str, Any] = {name: context.params.get(name) for name in group.options}
    return group(**{name: value for name, value in given.items() if value})


def _or_nothing(read: _Read) -> _Read:
    def values(context: click.Context) -> Iterable[str]:
        with suppress(ReconcilerError, OSError):
            return list(read(context))
        return ()

    return values


VALUES: Values = {
    "profile": _or_nothing(_profiles),
    "run": _or_nothing(_runs),
    "address": _or_nothing(_addresses),
    "kind": _or_nothing(_kinds),
    "parameter": _or_nothing(_parameters),
}
