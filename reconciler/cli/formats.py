"""The option ``--format``, and how long the output may be."""

from dataclasses import dataclass, replace

import click

from reconciler.cli.flags import flag
from reconciler.render.forms import (
    DRIFT_FORMS,
    FORMS,
    MAX_BYTES,
    OutputForm,
    OutputStyle,
    PlanForm,
)


def format_flag(*forms: str) -> str:
    """The option ``--format`` of a command that has these forms."""
    option: str = flag(
        "--format",
        type=click.Choice(forms),
        default="text",
        show_default=True,
        help="Form of the output.",
    )
    return option


@dataclass(frozen=True)
class JsonFlags:
    """The form of the output, of a command that has text and JSON."""

    format: str = format_flag("text", "json")


@dataclass(frozen=True)
class SizeFlags:
    """How long the output may be."""

    max_bytes: int = flag(
        "--max-bytes",
        type=click.IntRange(min=16_000),
        default=MAX_BYTES,
        show_default=True,
        metavar="N",
        help="How long Markdown may be. What is left out is counted.",
    )


@dataclass(frozen=True)
class FormatFlags(SizeFlags):
    """The form of the output."""

    format: str = format_flag(*FORMS)

    def opened(self, style: OutputStyle, saved: str = "") -> OutputForm:
        """The form that was asked for. ``saved``: the file that holds the plan, if any."""
        return FORMS[self.format](replace(style, max_bytes=self.max_bytes, saved=saved))


@dataclass(frozen=True)
class DriftFormatFlags(SizeFlags):
    """The form of the output of ``gwe drift``."""

    format: str = format_flag(*DRIFT_FORMS)

    def opened(self, style: OutputStyle) -> PlanForm:
        """The form that was asked for."""
        return DRIFT_FORMS[self.format](replace(style, max_bytes=self.max_bytes))
