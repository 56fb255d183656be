"""Writes files that users name: each is written whole or not at all.

The text is written to a new file with an unpredictable name, which is then renamed. No link is
followed, so nobody can prepare a path through which another file is overwritten; only a file that
was read and is rewritten may be a link.
"""

import codecs
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from reconciler.errors import FileWriteError, UsageError
from reconciler.files.errors import unwritable, writing_advice
from reconciler.files.reading import canonical_path, read_content
from reconciler.files.written import forget_written, note_removed, note_written

_HEAD = 4096
_OWNER_ONLY = 0o600
_AS_USUAL = 0o666
"""The mode of a new file, before the umask is applied."""
_CREATE = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


def replace_file(
    path: Path,
    content: bytes,
    may_replace: Callable[[bytes], bool],
    what: str,
    advice: str = "Name a new file.",
) -> None:
    """Writes a file, readable by its owner only. ``may_replace``: whether an existing file may
    be replaced, by its first bytes; an empty file may always. ``what``: the name of such a file in
    messages; ``advice``: what to name instead of something that is no file.

    UsageError if there is anything else at the path, FileWriteError if it cannot be written. After
    an error, everything is as it was.
    """
    try:
        if reason := _unsuitable(path):
            raise UsageError(f"{path} cannot be written: {reason}", advice)
        head = read_content(path, _HEAD) if os.path.lexists(path) else b""
        if head and not may_replace(head):
            raise UsageError(
                f"{path} exists and is not a {what}",
                "Name another file, or remove this one first.",
            )
        _write(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def write_new_file(path: Path, content: bytes) -> None:
    """Writes a file that does not exist yet, readable by its owner only. UsageError if something is
    there, FileWriteError if it cannot be written."""
    if os.path.lexists(path):
        raise UsageError(f"{path} exists", "Name another file, or remove this one first.")
    try:
        _write(path, content)
    except OSError as error:
        raise unwritable(path, error) from error


def write_file(path: Path, content: bytes, mode: int | None = None) -> None:
    """Writes a file with the usual mode of new files, or in place of another file, whose mode it
    keeps. ``mode`` overrides both. Missing folders are created.

    FileWriteError if it cannot be written, or something is there that is no regular file.
    """
    make_folder(path.parent)
    try:
        if reason := _unsuitable(path):
            raise FileWriteError(
                f"{path} cannot be written: {reason}", "Move it away, then run the command again."
            )
        if mode is None and os.path.lexists(path):
            mode = stat.S_IMODE(os.lstat(path).st_mode)
        _write(path, content, _AS_USUAL, mode)
    except OSError as error:
        raise unwritable(path, error) from error


def rewrite_file(path: Path, old: str, new: str) -> None:
    """Rewrites a text file that was read as ``old``. Its mode, its byte order mark and a link to it
    are kept.

    FileWriteError if it cannot be written, or somebody has changed it meanwhile; then it is
    as it was.
    """
    real = Path(canonical_path(path))
    expected = old.encode()
    try:
        content = read_content(real, len(codecs.BOM_UTF8) + len(expected) + 1)
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        if content != mark + expected:
            raise FileWriteError(f"{path} was changed since it was read", "Run the command again.")
        _write(real, mark + new.encode(), mode=stat.S_IMODE(real.stat().st_mode), shown=path)
    except OSError as error:
        raise unwritable(path, error) from error


def remove_file(path: Path) -> None:
    """Removes a file. FileWriteError if that is not possible."""
    note_removed(path)
    try:
        path.unlink()
    except OSError as error:
        forget_written(path)
        raise FileWriteError(
            f"{path} cannot be removed: {error.strerror or error}", writing_advice(error, path)
        ) from error


def make_folder(path: Path) -> None:
    """Creates a folder and its missing parents. FileWriteError if that is not possible."""
    try:
        missing = [one for one in (path, *path.parents) if not one.exists()]
        if missing:
            note_written(missing[-1])
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


def _unsuitable(path: Path) -> str:
    """Why what is at a path cannot be replaced by a file; empty: it can."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISREG(mode):
        return ""
    if stat.S_ISDIR(mode):
        return "it is a folder"
    return "it is a link" if stat.S_ISLNK(mode) else "it is no regular file"


def _write(
    path: Path,
    content: bytes,
    created: int = _OWNER_ONLY,
    mode: int | None = None,
    shown: Path | None = None,
) -> None:
    """Writes a file under a temporary name, then renames it. ``created``: the mode it is created
    with; ``mode``: its final mode, whatever the umask; ``shown``: what messages call it."""
    draft = path.parent / f".gwe.{token_hex(8)}"
    shown = shown or path
    descriptor = os.open(draft, _CREATE, created if mode is None else _OWNER_ONLY)
    note_written(shown)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(draft, mode)
        os.replace(draft, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft)
            forget_written(shown)  # the file was not renamed yet
        raise
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    """Makes the new name survive a power loss, if the system supports that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
