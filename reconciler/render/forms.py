"""The forms of output: a registry, by the name that ``--format`` takes.

Another form is a module with a class that is an ``OutputForm``, and an entry in ``FORMS``.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

# Each form imports what it needs only when it is chosen.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.compare.model import Comparison
    from reconciler.plan.model import Plan
    from reconciler.plan.site_graph import SiteGraph
    from reconciler.render.reports import ValidationReport
    from reconciler.state.store import IntactRecords, RunEntry, StoredRun


MAX_BYTES = 65_000
"""GitHub takes 65,536 characters in a comment; whoever posts it may add some of its own."""


class OutputStyle(Struct, frozen=True):
    """How much a form shows. ``quiet``: the summary and problems; ``verbose``: objects in
    sync and every option too. A form for machines shows everything. ``max_bytes``: what a
    form for comments keeps within; ``saved``: the file that holds the plan, if there is one;
    ``page``: the file that a page is written to, empty: standard output; ``graph``: the chat path,
    for a form that draws it; ``how_to_apply``: said in place of the commands that apply the plan,
    with ``{id}`` for its id, empty: the commands are shown."""

    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    max_bytes: int = MAX_BYTES
    saved: str = ""
    page: str = ""
    how_to_apply: str = ""
    graph: "SiteGraph | None" = None


class PlanForm(Protocol):
    """A form of output for plans. Prints to standard output, or writes a page."""

    def plan(self, plan: "Plan") -> None:
        """A whole plan."""


class OutputForm(PlanForm, Protocol):
    """A form of output for plans and runs."""

    def runs(self, runs: Sequence["RunEntry"], of: str = "") -> None:
        """A list of runs, in the order given. ``of``: what all of them have in common, such as
        `` of application GWE``; empty: they are all that there are."""

    def run(self, run: "StoredRun", place: str) -> None:
        """One run with what became of each object; no values. ``place``: of its state."""

    def damaged_run(self, name: str, found: "IntactRecords", place: str) -> None:
        """What can still be read of a damaged run; no values."""


def _text(style: OutputStyle) -> OutputForm:
    from reconciler.render.text_form import TextForm

    return TextForm(style)


def _json(style: OutputStyle) -> OutputForm:  # noqa: ARG001 - machines get everything
    from reconciler.render.json_form import JsonForm

    return JsonForm()


def _markdown(style: OutputStyle) -> OutputForm:
    from reconciler.render.markdown.form import MarkdownForm

    return MarkdownForm(style)


def _html(style: OutputStyle) -> OutputForm:
    from reconciler.render.html.form import HtmlForm

    return HtmlForm(style)


FORMS: Mapping[str, Callable[[OutputStyle], OutputForm]] = {
    "text": _text,
    "json": _json,
    "markdown": _markdown,
    "html": _html,
}


def _junit(style: OutputStyle) -> PlanForm:  # noqa: ARG001 - machines get everything
    from reconciler.render.junit import JUnitForm

    return JUnitForm()


DRIFT_FORMS: Mapping[str, Callable[[OutputStyle], PlanForm]] = {**FORMS, "junit": _junit}


def _validate_json(report: "ValidationReport") -> str:
    from reconciler.render.json_reports import VALIDATE

    return VALIDATE.text(report)


def _validate_junit(report: "ValidationReport") -> str:
    from reconciler.render.junit import validate_junit

    return validate_junit(report)


def _validate_sarif(report: "ValidationReport") -> str:
    from reconciler.render.sarif import validate_sarif

    return validate_sarif(report)


VALIDATION_FORMS: Mapping[str, Callable[["ValidationReport"], str]] = {
    "json": _validate_json,
    "junit": _validate_junit,
    "sarif": _validate_sarif,
}
"""The forms for machines of what ``gwe validate`` found."""


def _comparison_text(found: "Comparison", style: OutputStyle) -> None:
    from reconciler.render.comparison_text import print_comparison

    print_comparison(found, style)


def _comparison_json(found: "Comparison", style: OutputStyle) -> None:  # noqa: ARG001 - machines get everything
    from reconciler.render.comparison_json import COMPARE
    from reconciler.render.console import print_data

    print_data(COMPARE.text(found))


def _comparison_markdown(found: "Comparison", style: OutputStyle) -> None:
    from reconciler.render.console import print_data
    from reconciler.render.markdown.comparison import comparison_markdown

    print_data(comparison_markdown(found, style))


def _comparison_html(found: "Comparison", style: OutputStyle) -> None:
    from reconciler.render.html.form import write_comparison

    write_comparison(found, style)


COMPARISON_FORMS: Mapping[str, Callable[["Comparison", OutputStyle], None]] = {
    "text": _comparison_text,
    "json": _comparison_json,
    "markdown": _comparison_markdown,
    "html": _comparison_html,
}
"""The forms of what ``gwe compare`` found."""
