"""``gwe drop-in``: installs the scripts of the drop-in in place of the vendor's."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.cli.help import SectionedGroup
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, ReconcilerError, RefusedError, UsageError
from reconciler.files.writing import write_file
from reconciler.render.console import say

TOOL = "webengagement_provisioning"
SCRIPTS = (f"{TOOL}.sh", f"{TOOL}.bat")
KEPT = ".vendor"
SOURCE = Path(__file__).parent / "scripts"


@click.group("drop-in", cls=SectionedGroup)
def command() -> None:
    """Replace the vendor's Provisioning Tool."""


@command.command("install")
@click.argument("folder", type=ANY_PATH, metavar="DIR")
@click.option(
    "--force",
    is_flag=True,
    help=f"Replace existing scripts that differ from gwe's; each is kept with the suffix {KEPT}.",
)
def install(folder: Path, force: bool) -> int:
    """Install webengagement_provisioning.sh and .bat in DIR, the folder tools/provisioning of
    a Web Engagement installation. Nothing else there is touched.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder} is not a folder",
            "Name the folder tools/provisioning of the Web Engagement installation.",
        )
    try:
        _check_replaceable(folder, force=force)
        for name in SCRIPTS:
            for line in _put(SOURCE / name, folder / name):
                say(line)
    except OSError as error:
        raise ReconcilerError(
            f"{error.filename or folder} cannot be read or written: {error.strerror}"
        ) from error
    say(f"The installation folder is {folder.resolve().parent.parent}.")
    if shutil.which(TOOL) is None:
        what = "In the environment that calls the script, set GWE_PYTHON to"
        say(f"{TOOL} is not on PATH. {what}")
        say(f"  {sys.executable}")
    return ExitCode.DONE


def _check_replaceable(folder: Path, *, force: bool) -> None:
    """RefusedError if files that others wrote would be replaced and ``force`` was not given."""
    others = [
        folder / name
        for name in SCRIPTS
        if os.path.lexists(folder / name) and not _same(SOURCE / name, folder / name)
    ]
    blocking = [one for one in others if not one.is_file()] or (others if not force else [])
    if blocking:
        raise RefusedError(
            [
                Diagnostic(
                    f"{one} exists and differs from gwe's script",
                    hint=f"--force replaces it and keeps it as {_kept_as(one).name}."
                    if one.is_file()
                    else "It is not an ordinary file: move it away first.",
                )
                for one in blocking
            ]
        )


def _put(ours: Path, target: Path) -> Sequence[str]:
    """Installs one script, whole or not at all. Returns what was done."""
    if _same(ours, target):
        return [f"{target} is installed already."]
    done = [f"Installed {target}."]
    if target.exists():
        kept = _kept_as(target)
        if not kept.exists():
            write_file(kept, target.read_bytes())
            shutil.copystat(target, kept)
        done.append(f"The previous file is kept as {kept}.")
    write_file(target, ours.read_bytes(), mode=0o755)
    return done


def _kept_as(target: Path) -> Path:
    """The path for the backup copy of a file: a path that is free, or that has the same content
    already."""
    kept = target.with_name(f"{target.name}{KEPT}")
    number = 1
    while os.path.lexists(kept) and not _same(target, kept):
        number += 1
        kept = target.with_name(f"{target.name}{KEPT}.{number}")
    return kept


def _same(one: Path, other: Path) -> bool:
    return other.is_file() and one.read_bytes() == other.read_bytes()
