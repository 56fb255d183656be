"""Writes a file whole or not at all, and never over what somebody else keeps there.

The text goes into a new file of an unpredictable name, which then takes the name asked for. No
link is followed, so nobody can prepare a path that leads the text over another file.
"""

import codecs
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reconciler.errors import ReconcilerError, UsageError
from reconciler.files.errors import unwritable
from reconciler.files.reading import canonical_path

_HEAD = 4096
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def replace_file(
    path: Path,
    content: bytes,
    may_replace: Callable[[bytes], bool],
    what: str,
    advice: str = "Name a new file.",
) -> None:
    """Writes a file, readable by its owner only. ``may_replace``: whether an existing file may
    be replaced, by its first bytes; an empty file may always. ``what``: what such a file is
    called in messages; ``advice``: what to name in place of what is no file.

    UsageError where there is anything else at the path, ReconcilerError where it cannot be
    written. Then everything is as it was.
    """
    try:
        _check_replaceable(path, may_replace, what, advice)
        _write(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def write_new_file(path: Path, content: bytes) -> None:
    """Writes a file that is not there yet, readable by its owner only. UsageError where something
    is there, ReconcilerError where it cannot be written."""
    if os.path.lexists(path):
        raise UsageError(f"{path} exists", "Name another file, or remove this one first.")
    try:
        _write(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def rewrite_file(path: Path, text: str) -> None:
    """Writes an existing text file anew. Its mode and its byte order mark stay, and a link leads
    to it as before. ReconcilerError where it cannot be written; then it is as it was."""
    real = Path(canonical_path(path))
    try:
        with open(real, "rb") as file:
            mark = file.read(len(codecs.BOM_UTF8))
        content = (mark if mark == codecs.BOM_UTF8 else b"") + text.encode()
        _write(real, content, stat.S_IMODE(real.stat().st_mode))
    except OSError as error:
        raise unwritable(path, error) from error


def _check_replaceable(
    path: Path, may_replace: Callable[[bytes], bool], what: str, advice: str
) -> None:
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise ReconcilerError(f"{path} cannot be written: it is a folder", "Name a file in it.")
    if not stat.S_ISREG(mode):
        kind = "a link" if stat.S_ISLNK(mode) else "no regular file"
        raise UsageError(f"{path} cannot be written: it is {kind}", advice)
    descriptor = os.open(path, _READ)
    with os.fdopen(descriptor, "rb") as file:
        head = file.read(_HEAD)
    if head and not may_replace(head):
        raise UsageError(
            f"{path} exists and is not a {what}",
            "Name another file, or remove this one first.",
        )


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    # mkstemp opens exclusively, through no link, and for the owner only.
    descriptor, draft = tempfile.mkstemp(prefix=".gwe.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(draft, mode)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Makes the new name survive a power loss, where the system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
