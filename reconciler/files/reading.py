"""Reads files that users name: whole, as UTF-8, up to a size limit.

Regular files can be read, standard input (``-``) and open descriptors (``/dev/fd/N``, which a shell
passes for ``<(command)``). A device or a named pipe is refused: a read might never end.
"""

import errno
import os
import re
import stat
import sys
from pathlib import Path

from reconciler.diagnostics import Diagnostic, Position
from reconciler.files.errors import reading_advice

STANDARD_STREAM = Path("-")
"""Standard input for a file to read, standard output for a file to write."""

MAX_BYTES = 10 * 1024 * 1024
"""How large a file of YAML may be."""

_PART_BYTES = 64 * 1024
"""How many bytes are read at once of a file that is larger than its status says."""

_INPUTS = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/([0-9]{1,9})")
_KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_OPEN = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(
    path: Path, max_bytes: int, name: str = "", too_large: str = "Is it the right file?"
) -> str | Diagnostic:
    """The text of a file, without a byte order mark; or why there is none, as a problem whose
    summary begins with "cannot be read". ``name``: what messages call the file, if not its path.
    ``too_large``: what to do about a larger file.
    """
    name = name or shown_path(path)
    try:
        raw = read_content(path, max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        hint = reading_advice(error, path) if isinstance(error, OSError) else ""
        if isinstance(error, _UnsuitableFileError):
            hint = _HINT
        return Diagnostic(f"cannot be read: {reason}", Position(name), hint)
    if not raw and str(path) in _INPUTS:
        hint = "Pipe the text into gwe. Only one option can read it, and only once."
        return Diagnostic("cannot be read: it is empty", Position(name), hint)
    if len(raw) > max_bytes:
        reason = f"it is larger than {_size(max_bytes)}"
        return Diagnostic(f"cannot be read: {reason}", Position(name), too_large)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = position_after(raw[: error.start].decode("utf-8-sig", "replace"), name)
        found = "it is UTF-16, not UTF-8" if raw.startswith(_UTF_16) else "it is not UTF-8"
        return Diagnostic(f"cannot be read: {found}", place, "Save it as UTF-8.")


def read_content(path: Path, limit: int) -> bytes:
    """What is in a file, up to a number of bytes. OSError, also if it is neither a regular file nor
    a stream: its ``strerror`` then says what it is, such as "it is a named pipe"."""
    name = str(path)
    if name in _INPUTS:
        if sys.stdin is None:
            raise OSError(errno.EBADF, "it is closed")
        return sys.stdin.buffer.read(limit)
    if shared := _DESCRIPTOR.fullmatch(name):
        with os.fdopen(os.dup(int(shared[1])), "rb") as file:
            return file.read(limit)
    # The status is checked first, since opening a device can have effects, and again after opening,
    # since another file may have the name now.
    _check_regular(os.stat(path))
    descriptor = os.open(path, _OPEN)
    try:
        status = os.fstat(descriptor)
        _check_regular(status)
        return _content(descriptor, status.st_size, limit)
    finally:
        os.close(descriptor)


def is_stream(path: Path) -> bool:
    """Whether a path names standard input or an open descriptor."""
    return str(path) in _INPUTS or _DESCRIPTOR.fullmatch(str(path)) is not None


def shown_path(path: Path) -> str:
    """What messages call a file."""
    return "standard input" if path == STANDARD_STREAM else str(path)


def canonical_path(path: Path) -> str:
    """The path that is the same for all names of a file, even if the file cannot be read."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return str(path)


def position_after(before: str, name: str) -> Position:
    """The position of the character that follows the text ``before``."""
    return Position(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


_HINT = "Name a regular file, or - to read standard input."


class _UnsuitableFileError(OSError):
    """A file of a kind that is not read."""


def _content(descriptor: int, size: int, limit: int) -> bytes:
    """What is in an open file, up to a number of bytes. Uses no file object, which would cost more
    than reading a small file. ``size``: that in its status; the file may grow meanwhile, and some
    system files have a size of 0 there."""
    content = os.read(descriptor, min(limit, size + 1))
    if len(content) == size:
        return content
    parts, left = [content], limit - len(content)
    while left and (part := os.read(descriptor, min(left, _PART_BYTES))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _check_regular(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    for is_kind, name in _KINDS:
        if is_kind(status.st_mode):
            raise _UnsuitableFileError(errno.EINVAL, f"it is {name}")


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
