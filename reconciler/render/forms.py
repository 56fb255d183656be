"""The forms of output: a registry, by the name that ``--format`` takes.

Another form is a module with a class that is an ``OutputForm``, and an entry in ``FORMS``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

# Each form imports what it needs only when it is chosen.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.plan.model import Plan
    from reconciler.state.runs import Run


@dataclass(frozen=True)
class OutputStyle:
    """How much a form shows. ``quiet``: the summary and problems; ``verbose``: objects in
    sync and every option too. A form for machines shows everything."""

    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


class OutputForm(Protocol):
    """One form of output. Prints to standard output."""

    def plan(self, plan: "Plan") -> None:
        """A whole plan."""

    def runs(self, runs: Sequence["Run"]) -> None:
        """A list of runs, in the order given."""

    def run(self, run: "Run", folder: Path) -> None:
        """One run with what became of each object; no values. ``folder``: its journal's."""


def _text(style: OutputStyle) -> OutputForm:
    from reconciler.render.text_form import TextForm

    return TextForm(style)


def _json(style: OutputStyle) -> OutputForm:  # noqa: ARG001 - machines get everything
    from reconciler.render.json_form import JsonForm

    return JsonForm()


FORMS: Mapping[str, Callable[[OutputStyle], OutputForm]] = {"text": _text, "json": _json}
