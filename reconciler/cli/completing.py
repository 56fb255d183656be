"""What a shell completes: which sort of values an option or argument has.

``complete_values`` finds the values. ``main`` puts its functions into the context of a command line
that a shell asks about; a command that runs needs none of them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Literal

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMPLETING = "_GWE_COMPLETE"
"""The environment variable with which a shell asks for completions."""

Sort = Literal["profile", "run", "address", "kind", "parameter"]
Values = Mapping[Sort, Callable[[click.Context], Iterable[str]]]
"""Sort -> the possible values, given the rest of the command line."""
Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


def _completer(sort: Sort) -> Completer:
    def complete(
        context: click.Context,
        parameter: click.Parameter,  # noqa: ARG001 - click's signature
        incomplete: str,
    ) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for a shell

        values: Values = context.obj
        return [CompletionItem(one) for one in values[sort](context) if one.startswith(incomplete)]

    return complete


complete_profile = _completer("profile")
complete_run = _completer("run")
complete_address = _completer("address")
complete_kind = _completer("kind")
complete_parameter = _completer("parameter")


def complete_side(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> "list[CompletionItem]":
    """The profiles, and the shell's own completion of files."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - only for a shell

    return [*complete_profile(context, parameter, incomplete), CompletionItem(incomplete, "file")]
