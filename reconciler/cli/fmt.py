"""``gwe fmt``: rewrites manifests in canonical form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from msgspec import Struct

from reconciler.cli.common import ANY_PATH, ProfileFlags
from reconciler.cli.connection import takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.settings import find_settings
from reconciler.cli.text_diff import say_diff
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, ManifestError, UsageError
from reconciler.files.reading import is_stream
from reconciler.files.writing import rewrite_file
from reconciler.manifest.documents import is_bundled, manifest_files, read_manifests
from reconciler.manifest.formatting.formatter import formatted
from reconciler.render.console import print_data, say
from reconciler.settings.gwe_toml import Settings

_NOTHING_WRITTEN = (
    "Nothing was written, since not every file can be formatted. Correct what is listed, or name"
    " only files that can be formatted."
)


class _File(Struct, frozen=True):
    """A file of manifests: its present text, and the text in canonical form."""

    path: Path
    name: str
    old: str
    new: str

    @property
    def differs(self) -> bool:
        return self.old != self.new


@click.command("fmt", cls=SectionedCommand)
@takes_site
@click.argument("paths", nargs=-1, metavar="[PATH...]", type=ANY_PATH)
@with_flags
@click.option("--check", is_flag=True, help="Write nothing; exit 2 if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def command(paths: tuple[Path, ...], settings: ProfileFlags, check: bool, diff: bool) -> int:
    """Bring manifests into their canonical form. PATH: a file or a folder; by default what
    gwe.toml names. - reads standard input, and prints the result.

    Indentation, quotes and the order of keys become the same in all manifests. What they say,
    their comments, and what is written on one line in brackets stay. A file that cannot be
    formatted is reported, and then no file is written.
    """
    found = find_settings(settings.profile)
    limit = found.max_file_bytes
    files = _read(paths or _of_settings(found), limit, writing=not check and not diff)
    changed = [file for file in files if file.differs]
    if diff:
        names = found.secret_names
        for file in changed:
            say_diff(file.name, file.old, file.new, names)
    if not check and not diff:
        _write(files)
    elif not diff:
        for file in changed:
            say(f"{file.name} is not formatted.")
    if not any(is_stream(file.path) for file in files):
        say(_summary(len(changed), len(files), written=not check and not diff))
    return ExitCode.CHANGES if check and changed else ExitCode.DONE


def _of_settings(settings: Settings) -> Sequence[Path]:
    """The manifests that gwe.toml names, without those that come with gwe."""
    paths = [path for path in settings.file if not is_bundled(path)]
    if not paths:
        raise UsageError(
            "which manifests?",
            "Name files or folders: gwe fmt manifests. Or name them in gwe.toml, with file.",
        )
    return paths


def _read(paths: Sequence[Path], max_bytes: int, *, writing: bool) -> list[_File]:
    """The files with their canonical form. ManifestError lists every problem, and says that no file
    was written if files were to be written."""
    problems: list[Diagnostic] = []
    files = list(_formatted(paths, max_bytes, problems))
    if problems:
        raise ManifestError(problems, _NOTHING_WRITTEN if writing else "")
    return files


def _formatted(
    paths: Sequence[Path], max_bytes: int, problems: list[Diagnostic]
) -> Iterator[_File]:
    for path, name in manifest_files(paths, problems, []):
        text = read_manifests(path, max_bytes, name)
        if isinstance(text, Diagnostic):
            problems.append(text)
        else:
            yield _File(path, name, text, formatted(text, name, problems))


def _write(files: Sequence[_File]) -> None:
    """Writes the files that change."""
    for file in files:
        if is_stream(file.path):
            print_data(file.new)
        elif file.differs:
            rewrite_file(file.path, file.old, file.new)
            say(f"Formatted {file.name}.")


def _summary(changed: int, count: int, *, written: bool) -> str:
    files = f"{count} file{'' if count == 1 else 's'}"
    if not changed:
        return f"{files}, nothing to change."
    return f"{changed} of {files} {'changed' if written else 'would change'}."
