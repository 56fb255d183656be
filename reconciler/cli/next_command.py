"""Commands for a user to copy from the output, with all options that they need."""

import shlex
from collections.abc import Iterator

import click
from click.core import ParameterSource

from reconciler.cli.common import SiteFlags, StateFlags
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import names_from
from reconciler.cli.logs import LogFlags
from reconciler.state.opening import public_name

_NAME_THE_STATE = frozenset({"profile", "state", "state_dir"})
_NAME_THE_SITE = (
    frozenset(name for group in (ConnectionFlags, SiteFlags, StateFlags) for name in group.options)
    - LogFlags.options.keys()
)


def undo_with_options(run: str) -> str:
    """The command that reverts a run whose state was named on the command line; empty if the
    environment or gwe.toml named it, since they will name it again."""
    words = list(_given_again(_NAME_THE_STATE))
    return shlex.join(["gwe", "undo", run, *words]) if words else ""


def on_the_same_site(*words: str) -> str:
    """The command with these words, and with the server, site and state from the command line of
    the running command. What comes from the environment or gwe.toml need not be repeated."""
    return shlex.join(["gwe", *words, *_given_again(_NAME_THE_SITE)])


def _given_again(names: frozenset[str]) -> Iterator[str]:
    """The options from the command line of the running command, as words, without the password of a
    URL."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    given = names & names_from(ParameterSource.COMMANDLINE)
    for option in context.command.params:
        if option.name not in given or not isinstance(option, click.Option):
            continue
        value = context.params[option.name]
        if option.is_flag:
            yield (option.opts if value else option.secondary_opts)[0]
        else:
            yield from (option.opts[0], public_name(str(value)))
