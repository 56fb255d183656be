"""The forms of output: a registry, by the name that ``--format`` takes.

Another form is a module with a class that is an ``OutputForm``, and an entry in ``FORMS``.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconciler.render.output_form import OutputForm, OutputStyle, PlanForm

# Each form imports what it needs only when it is chosen.
# ruff: noqa: PLC0415
if TYPE_CHECKING:
    from reconciler.compare.model import Comparison
    from reconciler.render.reports import ValidationReport


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
"""The machine-readable forms of the results of ``gwe validate``."""


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
"""The forms of the results of ``gwe compare``."""
