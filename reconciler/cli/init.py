"""``gwe init``: a folder to start from, and its update after an upgrade of gwe."""

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.cli.help import SectionedCommand
from reconciler.cli.init_files import (
    BASE,
    FRESH,
    copied_files,
    has_text,
    starting_files,
    write_all,
)
from reconciler.cli.init_update import update
from reconciler.diagnostics import counted
from reconciler.errors import ExitCode, UsageError
from reconciler.render.console import say
from reconciler.settings.search import FILE_NAME


@click.command("init", cls=SectionedCommand)
@click.argument("folder", type=ANY_PATH)
@click.option(
    "--update",
    "updating",
    is_flag=True,
    help="Merge the manifests of this version of gwe into FOLDER, which an earlier gwe init made."
    " Needs git where both have changed a file.",
)
def command(folder: Path, updating: bool) -> int:
    """Make FOLDER with the bundled manifests, the schemas and a gwe.toml. FOLDER may be a new
    git repository.

    The manifests are yours from then on: edit them and keep them in version control. After an
    upgrade of gwe, --update merges what is new into them, as git does: it marks conflicts and
    exits 1 if there are any, also where those of an earlier update are left.
    """
    return _update(folder) if updating else _make(folder)


def _make(folder: Path) -> int:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", "Name a new or empty folder.")
    if (folder / BASE).exists():
        raise UsageError(
            f"{folder} was made by gwe init already",
            f"gwe init --update {shlex.quote(str(folder))} merges the manifests of this version"
            " into it.",
        )
    starting, copied = starting_files(), copied_files()
    if others := list(_others(folder, {**starting, **copied})):
        raise UsageError(
            f"{folder} exists and holds {min(others)}",
            "Name a new or empty folder, or a git repository without files.",
        )
    write_all(folder, {k: v for k, v in starting.items() if not (folder / k).exists()})
    write_all(folder, copied)
    write_all(folder / BASE, copied)  # written last: if it exists, all others are complete
    say(f"Made {folder} with manifests, schemas and {FILE_NAME}.")
    step = "" if folder.resolve() == Path.cwd() else f"cd {folder}, "
    say(f"Next: {step}edit {FILE_NAME}, then gwe validate and gwe plan.")
    return ExitCode.DONE


def _others(folder: Path, ours: Mapping[str, str]) -> Iterator[str]:
    """What the folder contains besides the files of an empty repository and what an interrupted gwe
    init has written: nothing else may be there."""
    made = {Path(name).parts[0] for name in (*ours, BASE)}
    for entry in folder.iterdir() if folder.exists() else ():
        if entry.name in FRESH:
            continue
        files = [entry, *entry.rglob("*")] if entry.name in made else [entry]
        texts = {one: ours.get(one.relative_to(folder).as_posix()) for one in files}
        if entry.name not in made or not all(
            has_text(one, text) if text is not None else one.is_dir() for one, text in texts.items()
        ):
            yield entry.name


def _update(folder: Path) -> int:
    results = update(folder)
    for one in results:
        say(f"{one.word:<9} {one.name}{f': {one.reason}' if one.reason else ''}")
    conflicts = sum(bool(one.conflicts) for one in results)
    if not results:
        say(f"{folder} has the manifests and schemas of this version already.")
    elif conflicts:
        say(
            f"{counted(conflicts, 'file')} with conflicts: at each of these lines, keep what is"
            " right of the text between <<<<<<< and >>>>>>>, and delete the marks. Then gwe"
            " validate."
        )
    else:
        say("Next: review the changes (git diff), then gwe validate and gwe plan.")
    return ExitCode.FAILED if conflicts else ExitCode.DONE
