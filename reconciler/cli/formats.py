"""The option ``--format``, how long the output may be, and the file of a page."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from reconciler.cli.common import ANY_PATH, WholeNumber
from reconciler.cli.flags import FlagGroup, flag
from reconciler.errors import UsageError
from reconciler.files.reading import STANDARD_STREAM
from reconciler.render.forms import COMPARISON_FORMS, DRIFT_FORMS, FORMS
from reconciler.render.output_form import MAX_BYTES, OutputForm, OutputStyle, PlanForm

if TYPE_CHECKING:
    from reconciler.plan.chat.site_graph import SiteGraph


MAX_WORDS = 2_000
"""The largest number of bytes of ``--how-to-apply``."""


def format_flag(*forms: str) -> str:
    """The option ``--format`` for a command with these forms of output."""
    option: str = flag(
        "--format",
        type=click.Choice(forms),
        default="text",
        show_default=True,
        help="Form of the output.",
    )
    return option


class JsonFlags(FlagGroup):
    """The form of the output of a command that has text and JSON."""

    format: str = format_flag("text", "json")


class SizeFlags(FlagGroup):
    """How long the output may be."""

    max_bytes: int = flag(
        "--max-bytes",
        type=WholeNumber(min=16_000),
        default=MAX_BYTES,
        show_default=True,
        metavar="N",
        help="How long Markdown may be. What is left out is counted.",
    )


class FormatFlags(SizeFlags):
    """The form of the output of ``gwe runs``."""

    format: str = format_flag(*FORMS)

    def opened(self, page: Path | None = None) -> OutputForm:
        """The form that was asked for. ``page``: the file for an HTML page; None: standard
        output."""
        return FORMS[self.format](OutputStyle(max_bytes=self.max_bytes, page=_page_name(page)))


class ComparisonFormatFlags(SizeFlags):
    """The form of the output of ``gwe compare``."""

    format: str = format_flag(*COMPARISON_FORMS)

    def style(self, style: OutputStyle, page: Path | None) -> OutputStyle:
        """``style``, completed with the options of this form. ``page``: the file for an HTML page;
        None: standard output."""
        return replace(style, max_bytes=self.max_bytes, page=_page_name(page))


class PlanFormatFlags(SizeFlags):
    """The form of the output of a command that shows a plan."""

    format: str = format_flag(*FORMS)
    how_to_apply: str = flag(
        "--how-to-apply",
        metavar="TEXT",
        default="",
        help="What Markdown and a page say in place of the commands that apply the plan; {id} in"
        " it is the plan's id.",
    )

    @property
    def draws(self) -> bool:
        """Whether the form draws the chat path."""
        return self.format == "html"

    def opened(
        self,
        style: OutputStyle,
        saved: str = "",
        page: Path | None = None,
        graph: SiteGraph | None = None,
    ) -> PlanForm:
        """The form that was asked for. ``saved``: the file that holds the plan, if any;
        ``page``: the file for an HTML page, None: standard output; ``graph``: the chat path, if it
        is known. UsageError for a long ``--how-to-apply``, for which a comment may have no room."""
        if len(self.how_to_apply.encode()) > MAX_WORDS:
            raise UsageError(
                f"--how-to-apply has more than {MAX_WORDS:,} bytes",
                "Name a page there that says more.",
            )
        name = _page_name(page)
        return DRIFT_FORMS[self.format](
            replace(
                style,
                max_bytes=self.max_bytes,
                saved=saved,
                page=name,
                how_to_apply=self.how_to_apply,
                graph=graph,
            )
        )


class DriftFormatFlags(PlanFormatFlags):
    """The form of the output of ``gwe drift``."""

    format: str = format_flag(*DRIFT_FORMS)


class PageFlags(FlagGroup):
    """Where a page is written."""

    out: Path | None = flag(
        "--out",
        type=ANY_PATH,
        metavar="FILE",
        help="File for the page of --format html; - writes it to standard output.",
    )


def _page_name(page: Path | None) -> str:
    return str(page) if page and page != STANDARD_STREAM else ""


def check_page(
    form: FormatFlags | PlanFormatFlags | ComparisonFormatFlags, out: Path | None
) -> None:
    """UsageError if a page would be printed on a terminal."""
    if form.format == "html" and out is None and sys.stdout.isatty():
        raise UsageError(
            "an HTML page cannot be shown in a terminal",
            "Name its file with --out FILE, and open it in a browser.",
        )


def check_out(
    form: FormatFlags | PlanFormatFlags | ComparisonFormatFlags, out: Path | None
) -> None:
    """UsageError if a page would be printed on a terminal, or if a file is named for a form other
    than a page."""
    if out is not None and form.format != "html":
        raise UsageError(
            f"--out is for --format html; {form.format} goes to standard output",
            f"Give --format html too, or write > {out} in place of --out.",
        )
    check_page(form, out)
