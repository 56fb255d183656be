"""The values that a shell offers for options and arguments: profiles, runs, addresses.

What cannot be read offers nothing: a message in the middle of a command line helps nobody.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.flags import Group
from reconciler.errors import ReconcilerError

# A completion imports what it needs; commands that run need none of it.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _completer(values: Callable[[click.Context], Iterable[str]]) -> Completer:
    def complete(
        context: click.Context,
        parameter: click.Parameter,  # noqa: ARG001 - click's signature
        incomplete: str,
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        with suppress(ReconcilerError, OSError):
            return [CompletionItem(one) for one in values(context) if one.startswith(incomplete)]
        return []

    return complete


def _profiles(context: click.Context) -> Iterable[str]:  # noqa: ARG001 - as all of them
    from reconciler.settings.gwe_toml import profile_names
    from reconciler.settings.search import settings_folder

    return profile_names(settings_folder())


def _runs(context: click.Context) -> Iterable[str]:
    from reconciler.cli.common import StateFlags
    from reconciler.cli.session import find_settings, state_store

    settings = find_settings(context.params.get("profile") or "")
    store = state_store(_given(StateFlags, context), settings)
    return ["last", *(run.name for run in reversed(store.list_runs()))]


def _addresses(context: click.Context) -> Iterable[str]:
    from reconciler.cli.common import ManifestFlags
    from reconciler.cli.session import find_settings, load
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


def complete_side(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """The profiles, and what the shell knows of files."""
    from click.shell_completion import CompletionItem

    return [*complete_profile(context, parameter, incomplete), CompletionItem(incomplete, "file")]


def _given(group: type[Group], context: click.Context) -> Group:
    """The options of a group as far as they are on the command line already."""
    given: dict[str, Any] = {name: context.params.get(name) for name in group.options}
    return group(**{name: value for name, value in given.items() if value})


complete_profile = _completer(_profiles)
complete_run = _completer(_runs)
complete_address = _completer(_addresses)
complete_kind = _completer(_kinds)
complete_parameter = _completer(_parameters)
