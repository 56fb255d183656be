"""``gwe validate``: checks manifests without a server."""

import os
from pathlib import Path

import click

from reconciler.cli.common import ManifestFlags, ProfileFlags
from reconciler.cli.connection import takes_site
from reconciler.cli.flags import FlagGroup, with_flags
from reconciler.cli.formats import format_flag
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.settings import find_settings
from reconciler.diagnostics import counted
from reconciler.errors import ExitCode, ManifestError
from reconciler.manifest.bind import bind
from reconciler.render.console import print_data, say
from reconciler.render.forms import VALIDATION_FORMS
from reconciler.render.reports import ValidationReport


class ValidateFlags(FlagGroup):
    """The form of the report."""

    format: str = format_flag("text", *VALIDATION_FORMS)


@click.command("validate", cls=SectionedCommand)
@takes_site
@with_flags
@click.option("-q", "--quiet", is_flag=True, help="Print nothing when there is no problem.")
@click.option("-v", "--verbose", is_flag=True, help="Also name the files that are skipped.")
def command(
    manifests: ManifestFlags,
    settings: ProfileFlags,
    form: ValidateFlags,
    quiet: bool,
    verbose: bool,
) -> int:
    """Check manifests without a server: syntax, schema, variables and policies.

    Reports every problem with its file, line and column, and exits 1 if there is one. The values of
    secrets are not looked at: the variables that they come from need not be set.
    """
    try:
        loaded = load(manifests, find_settings(settings.profile), verbose=verbose)
        bind(loaded.manifests, loaded.variables, os.environ)
    except ManifestError as error:
        _print_report(form, ValidationReport(None, error.diagnostics, _repository()))
        raise
    count = len(loaded.manifests)
    _print_report(form, ValidationReport(count, checked=loaded.inputs.manifests))
    if form.format == "text" and not quiet:
        say(f"{counted(count, 'manifest')}, no problem found.")
        if not loaded.inputs.named:
            say(
                "They are those that come with gwe, since no others were named with -f, GWE_FILE or"
                " file in gwe.toml.",
                err=True,
            )
    return ExitCode.DONE


def _print_report(form: ValidateFlags, report: ValidationReport) -> None:
    """Prints a report for machines, if one was asked for."""
    if form.format != "text":
        print_data(VALIDATION_FORMS[form.format](report))


def _repository() -> Path:
    """The folder of the repository that the command runs in, else the working folder."""
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
