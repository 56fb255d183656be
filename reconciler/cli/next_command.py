"""Commands that a user can copy from an output, with the options that they need to work."""

import shlex

import click
from click.core import ParameterSource

from reconciler.cli.flags import names_from
from reconciler.state.opening import public_name

_NAME_THE_STATE = ("profile", "state", "state_dir")


def undo_with_options(run: str) -> str:
    """The command that reverts a run whose state was named on the command line; empty where
    it was not: the environment and gwe.toml name it again."""
    context = click.get_current_context(silent=True)
    given = names_from(ParameterSource.COMMANDLINE)
    words: list[str] = []
    for name in _NAME_THE_STATE:
        if context and name in given and context.params.get(name):
            words += [f"--{name.replace('_', '-')}", public_name(str(context.params[name]))]
    return shlex.join(["gwe", "undo", run, *words]) if words else ""
