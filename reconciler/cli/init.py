"""``gwe init``: a folder to start from, and its update after an upgrade of gwe."""

import shlex
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.cli.help import SectionedCommand
from reconciler.cli.init_files import BASE, FRESH, copied_files, starting_files, write_all
from reconciler.cli.init_update import update
from reconciler.diagnostics import counted
from reconciler.errors import ExitCode, UsageError
from reconciler.files.errors import unwritable
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
    try:
        return _update(folder) if updating else _make(folder)
    except OSError as error:
        raise unwritable(Path(error.filename or folder), error) from error


def _make(folder: Path) -> int:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder", "Name a new or empty folder.")
    others = (
        [one.name for one in folder.iterdir() if one.name not in FRESH] if folder.exists() else []
    )
    if (folder / BASE).exists():
        raise UsageError(
            f"{folder} was made by gwe init already",
            f"gwe init --update {shlex.quote(str(folder))} merges the manifests of this version"
            " into it.",
        )
    if others:
        raise UsageError(
            f"{folder} exists and holds {min(others)}",
            "Name a new or empty folder, or a git repository without files.",
        )
    copied = copied_files()
    write_all(folder, {**copied, **{f"{BASE}/{name}": text for name, text in copied.items()}})
    write_all(folder, {k: v for k, v in starting_files().items() if not (folder / k).exists()})
    say(f"Made {folder} with manifests, schemas and {FILE_NAME}.")
    step = "" if folder.resolve() == Path.cwd() else f"cd {folder}, "
    say(f"Next: {step}edit {FILE_NAME}, then gwe validate and gwe plan.")
    return ExitCode.DONE


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
