"""Where ``gwe.toml`` is: in the working folder, or in a folder above it.

The file can name a server and jars to load, so it is taken only from a folder in which nobody
else can put one.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from reconciler.errors import UsageError

FILE_NAME = "gwe.toml"


def settings_folder() -> Path:
    """The nearest folder with a ``gwe.toml``, from the working folder upwards, as a path
    relative to the working folder; the working folder itself where there is none.

    The search ends with a folder that holds ``.git``, with the home folder, and with the root
    of a file system. UsageError where the file's folder belongs to another user or is
    writable for everyone.
    """
    start = Path.cwd()
    for folder in _searched(start):
        if (folder / FILE_NAME).exists():
            _check_is_ours(folder)
            return Path(os.path.relpath(folder, start))
    return Path()


def _searched(start: Path) -> Iterator[Path]:
    home = Path(os.path.realpath(os.path.expanduser("~")))
    for folder in (start, *start.parents):
        yield folder
        if folder == home or (folder / ".git").exists() or os.path.ismount(folder):
            return


def _check_is_ours(folder: Path) -> None:
    """UsageError where somebody else could have written the file. An administrator could
    in any folder, so one of theirs is accepted. Windows keeps no such bits."""
    if not hasattr(os, "getuid"):
        return
    found = folder.stat()
    if found.st_uid not in (os.getuid(), 0):
        reason, remedy = "the folder belongs to another user", "take the folder over (chown)"
    elif found.st_mode & stat.S_IWOTH:
        reason, remedy = "everyone may write to its folder", f"run chmod o-w {folder}"
    else:
        return
    raise UsageError(
        f"{folder / FILE_NAME} is not used: {reason}",
        "The file can name a server and code to load, so it must be yours."
        f" To use it, {remedy}; else remove it.",
    )
