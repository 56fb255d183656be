"""Where ``gwe.toml`` is: in the working folder, or in a folder above it.

The file can name a server and jars to load, so it is used only if nobody else can have written it.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from reconciler.errors import UsageError

FILE_NAME = "gwe.toml"


def settings_folder() -> Path:
    """The nearest folder with a ``gwe.toml``, from the working folder upwards, as a path
    relative to the working folder; the working folder itself if there is none.

    The search ends with a folder that holds ``.git``, with the home folder, and with the root
    of a file system. UsageError if the file or its folder belongs to another user, or others
    may write to it.
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
    """UsageError if somebody else could have written the file, or put it there. Administrators can
    write anywhere, so their files are accepted. Windows has no such mode bits."""
    if hasattr(os, "getuid"):
        ours = {os.getuid(), 0}
        _check_writers(folder / FILE_NAME, folder, "the folder", "its folder", ours)
        _check_writers(folder / FILE_NAME, folder / FILE_NAME, "the file", "it", ours)


def check_beside_script(folder: Path) -> None:
    """UsageError if the ``gwe.toml`` in the folder of the started script may be written by users
    who may not write the script. The owner of the folder may write both."""
    if hasattr(os, "getuid"):
        ours = {os.getuid(), 0, folder.stat().st_uid}
        _check_writers(folder / FILE_NAME, folder / FILE_NAME, "the file", "it", ours)


def _check_writers(file: Path, path: Path, subject: str, called: str, ours: set[int]) -> None:
    """UsageError if users other than ``ours`` may write to ``path``: the file or its folder.
    ``subject`` and ``called``: what it is called in messages."""
    found = path.stat()
    if found.st_uid not in ours:
        reason, remedy = f"{subject} belongs to another user", f"take {subject} over (chown)"
    elif found.st_mode & stat.S_IWOTH:
        reason, remedy = f"everyone may write to {called}", f"run chmod o-w {path}"
    elif found.st_mode & stat.S_IWGRP and not _is_own_group(found.st_gid):
        reason, remedy = f"its group may write to {called}", f"run chmod g-w {path}"
    else:
        return
    raise UsageError(
        f"{file} is not used: {reason}",
        "The file can name a server and code to load, so it must be yours."
        f" To use it, {remedy}; else remove it.",
    )


def _is_own_group(group: int) -> bool:
    """Whether nobody but this user, or an administrator, is in a group. Many systems give each user
    a group of the same name, and let that group write to all files of the user (umask 002)."""
    if group == 0:
        return True
    import grp  # noqa: PLC0415 - not on Windows
    import pwd  # noqa: PLC0415

    try:
        user, found = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return found.gr_name == user.pw_name and set(found.gr_mem) <= {user.pw_name}
