"""What to do if the operating system refuses to read or write a file that a user named."""

import errno
import os
from pathlib import Path

from reconciler.errors import FileWriteError


def reading_advice(error: OSError, path: Path) -> str:
    """What to do about a file that cannot be read; empty if the reason says enough."""
    match error.errno:
        case errno.ENOENT:
            return f"Check the name: there is no {os.path.abspath(path)}."
        case errno.EISDIR:
            return "Name a file."
        case errno.EACCES | errno.EPERM:
            return "Name a file that this user may read, or give the user the permission."
    return ""


def writing_advice(error: OSError, path: Path) -> str:
    """What to do about a file that cannot be written; empty if the reason says enough."""
    match error.errno:
        case errno.ENOTDIR:
            return "Name another path: a part of this one is a file, not a folder."
        case errno.ENOENT:
            return f"Make the folder {os.path.abspath(path.parent)} first, or name another."
        case errno.EISDIR:
            return "Name a file."
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return f"Name a folder that this user may write to; {path.parent} is none."
    return ""


def unwritable(path: Path, error: OSError, option: str = "") -> FileWriteError:
    """The error for a file that cannot be written. ``option``: the command-line option that names
    it."""
    what = f"{option} {path}".lstrip()
    return FileWriteError(
        f"{what} cannot be written: {error.strerror or error}", writing_advice(error, path)
    )
