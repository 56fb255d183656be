"""``gwe export``: manifests of what is on a server."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, ChoiceFlags, SiteFlags, StateFlags
from reconciler.cli.completing import complete_parameter
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.export_folder import FileResult, check_folder, write_folder
from reconciler.cli.flags import FlagGroup, flag, with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.next_command import on_the_same_site
from reconciler.cli.reporting import check_one_output, reported
from reconciler.cli.session import open_session
from reconciler.diagnostics import counted
from reconciler.errors import ExitCode
from reconciler.export.model import Export
from reconciler.files.reading import STANDARD_STREAM
from reconciler.render.console import print_data, say, say_command
from reconciler.render.export_report import omission_lines, secret_lines
from reconciler.render.reports import ExportResult


class FormFlags(FlagGroup):
    """How the manifests are written."""

    parameterise: tuple[str, ...] = flag(
        "--parameterise",
        multiple=True,
        metavar="WHAT",
        shell_complete=complete_parameter,
        help="Make variables of values that differ between sites: tenant, host, app, cluster;"
        " repeatable, or with commas.",
    )
    merge: bool = flag(
        "--merge",
        is_flag=True,
        help="Update the files in FOLDER that nobody has edited since the last export; keep the"
        " others.",
    )


@click.command("export", cls=SectionedCommand)
@click.argument("folder", type=ANY_PATH)
@with_flags
@click.option("-q", "--quiet", is_flag=True, help="Only the summary and problems.")
def command(
    folder: Path,
    choice: ChoiceFlags,
    written: FormFlags,
    site: SiteFlags,
    quiet: bool,
    connection: ConnectionFlags,
    state: StateFlags,
    form: JsonFlags,
) -> int:
    """Write manifests of what is on a server into FOLDER, one file for each kind. FOLDER may
    be -: standard output.

    Without --kind, --name and --all: what belongs to the Web Engagement site, with the values
    that it has there. A plan for these manifests is empty; what manifests cannot say is listed.
    Writes nothing to the server. (gwe embedded export is another command: it writes a whole
    embedded server, with its DBIDs, as a site file.)
    """

    def work() -> ExportResult:
        if folder != STANDARD_STREAM:
            check_folder(folder)
        session = open_session(connection)
        with session.connect(site, state) as engine:
            from reconciler.cli.status import reading_shown  # noqa: PLC0415 - meanwhile Java starts

            with reading_shown() as progress:
                made = engine.export(
                    kinds=choice.kind,
                    names=choice.name,
                    everything=choice.all,
                    parameterise=[
                        one for text in written.parameterise for one in text.split(",") if one
                    ],
                    variables={one.name: one.value for one in session.settings.variables},
                    progress=progress,
                )
        if folder == STANDARD_STREAM:
            print_data("---\n".join(made.files.values()))
            _say_rest(made, err=True)
            return ExportResult(ExitCode.DONE)
        results = write_folder(folder, made.files, merge=written.merge)
        _say_exported(made, folder, results, quiet=quiet)
        return ExportResult(
            ExitCode.DONE, str(folder), made.objects, results, made.secrets, made.omissions
        )

    check_one_output(form, folder, "the folder")
    return reported(form, "export-report", ExportResult, work)


def _say_exported(
    made: Export, folder: Path, results: Sequence[FileResult], *, quiet: bool
) -> None:
    """What was written into the folder, and what to do next."""
    kept = sum(one.word == "kept" for one in results)
    but = f", but for what is in {counted(kept, 'file')} that it kept" if kept else ""
    where = folder.resolve() if folder.name in ("", "..") else folder  # "to .." is no sentence
    say(f"Exported {counted(made.objects, 'manifest')} to {where}{but}.")
    _say_files(results, quiet=quiet)
    _say_rest(made)
    if kept:
        say(
            "What is in kept files was not exported. Export into another folder to see all of it,"
            " or take the server's values of what they declare:"
        )
        say_command(f"  {on_the_same_site('accept', '-f', str(folder))}")
    elif not quiet:
        then = "With the variables set, their plan" if made.secrets else "Their plan"
        say(f"Next: review the files and commit them. {then} is empty:")
        say_command(f"  {on_the_same_site('plan', '-f', str(folder))}")


def _say_files(results: Iterable[FileResult], *, quiet: bool) -> None:
    for one in results:
        if one.remark or not quiet:
            say(f"  {one.word:<9} {one.name}{f': {one.remark}' if one.remark else ''}")


def _say_rest(made: Export, *, err: bool = False) -> None:
    """Prints what must be set before a plan, and what the manifests leave out."""
    for title, lines in (
        ("Set these environment variables before a plan:", secret_lines(made.secrets)),
        ("Not in the manifests as it is on the server:", omission_lines(made.omissions)),
    ):
        for number, line in enumerate(lines):
            if not number:
                say(title, err=err)
            say(f"  {line}", err=err)
