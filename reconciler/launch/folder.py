"""Reads, creates and replaces one file in one folder without following links.

The folder is open if the system can open files relative to it; otherwise only its path is known.
The module does not know what a launch file is, nor whether it may be written.
"""

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from reconciler.launch.errors import (
    ChangedLaunchFileError,
    LaunchFileError,
    LaunchPathError,
    MissingLaunchFileError,
)

MAX_BYTES = 10 * 1024 * 1024
CLOEXEC = getattr(os, "O_CLOEXEC", 0)
NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

_BINARY = getattr(os, "O_BINARY", 0)
# Without O_NONBLOCK, opening a pipe would wait for its writer.
_READ = os.O_RDONLY | _BINARY | CLOEXEC | NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | CLOEXEC | NOFOLLOW
_REPARSE_POINT = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT: links and junctions


class Folder(Struct, frozen=True):
    """The folder of one file: ``opened`` is its descriptor, None if only its path is known."""

    relative: str
    path: Path
    name: str
    opened: int | None

    def _at(self, name: str) -> str:
        return name if self.opened is not None else str(self.path / name)

    def status(self, name: str) -> os.stat_result:
        """The status of the file itself, even if it is a link."""
        return os.stat(self._at(name), dir_fd=self.opened, follow_symlinks=False)

    def open(self, name: str, flags: int) -> int:
        return os.open(self._at(name), flags, 0o600, dir_fd=self.opened)

    def unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self.opened)

    def read(self) -> tuple[bytes, os.stat_result]:
        """The content of the file, and its status when it was read."""
        path = self.path / self.name
        try:
            refuse_link(self.status(self.name), path, self.relative)
            descriptor = self.open(self.name, _READ)
        except FileNotFoundError as error:
            raise missing(self.relative, path) from error
        except OSError as error:
            raise failed(self.relative, "be read", error) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
                raise LaunchFileError(f"{self.relative} is {what}", "Name a file.")
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise failed(self.relative, "be read", error) from error
        finally:
            os.close(descriptor)
        if len(content) > MAX_BYTES:
            raise too_large(self.relative)
        return content, status

    def create(self, name: str, content: bytes, like: os.stat_result | None = None) -> None:
        """Creates a file and flushes it. With ``like`` it gets the mode and owner in that status,
        and the extended attributes of the launch file. After an OSError there is no such file."""
        descriptor = self.open(name, _CREATE)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                if like:
                    self._take_over(descriptor, like)
                os.fsync(descriptor)
        except BaseException:
            with contextlib.suppress(OSError):
                self.unlink(name)
            raise

    def _take_over(self, descriptor: int, like: os.stat_result) -> None:
        """Copies owner, attributes and mode as far as the account may; access never widens."""
        mode = stat.S_IMODE(like.st_mode)
        if hasattr(os, "fchown"):
            for owner, group in ((-1, like.st_gid), (like.st_uid, -1)):
                try:
                    os.fchown(descriptor, owner, group)
                except PermissionError:
                    # With another owner, set-id bits would act for the wrong account; with
                    # another group, its rights would be the wrong group's.
                    mode &= ~(stat.S_ISUID | stat.S_ISGID | (0o070 if owner == -1 else 0))
        if hasattr(os, "listxattr"):
            with contextlib.suppress(OSError):
                source = self.open(self.name, _READ)
                try:
                    for attribute in os.listxattr(source):
                        with contextlib.suppress(OSError):
                            os.setxattr(descriptor, attribute, os.getxattr(source, attribute))
                finally:
                    os.close(source)
        if hasattr(os, "fchmod"):
            os.fchmod(descriptor, mode)

    def replace(self, new: bytes, old: os.stat_result, again: "Opener") -> None:
        """Puts the new content in place of the file that had the status ``old``. ``clear`` removes
        the temporary file that a killed process leaves."""
        temporary = f".{self.name}.{secrets.token_hex(8)}.tmp"
        self.create(temporary, new, old)
        try:
            self._refuse_moved(old, again)
            os.replace(
                self._at(temporary),
                self._at(self.name),
                src_dir_fd=self.opened,
                dst_dir_fd=self.opened,
            )
        except BaseException:
            with contextlib.suppress(OSError):
                self.unlink(temporary)
            raise

    def clear(self) -> list[str]:
        """Removes the temporary files of this file, and returns their names. OSError
        if that is not permitted."""
        name = re.escape(self.name)
        left = re.compile(rf"\.{name}\.[0-9a-f]{{16}}\.tmp")
        names = os.listdir(self.path if self.opened is None else self.opened)
        found = sorted(filter(left.fullmatch, names))
        for temporary in found:
            self.unlink(temporary)
        return found

    def _refuse_moved(self, old: os.stat_result, again: "Opener") -> None:
        """Walks the path again: it must lead to the same folder and the same file."""
        with again(self.relative) as now:
            try:
                status = now.status(self.name)
            except FileNotFoundError as error:
                raise changed(self.relative) from error
            if _identity(status) != _identity(old) or not self._same_folder(now):
                raise changed(self.relative)

    def _same_folder(self, other: "Folder") -> bool:
        if self.opened is None or other.opened is None:
            return True
        return os.path.samestat(os.fstat(self.opened), os.fstat(other.opened))

    def flush(self) -> None:
        """Flushes the folder, so that new names are durable, if the system can do that."""
        if self.opened is not None:
            _flush(self.opened)
        elif hasattr(os, "O_DIRECTORY"):
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | CLOEXEC)
            try:
                _flush(descriptor)
            finally:
                os.close(descriptor)


def _flush(folder: int) -> None:
    try:
        os.fsync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # the file system cannot do it
            raise


Opener = Callable[[str], contextlib.AbstractContextManager[Folder]]


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode


def refuse_link(status: os.stat_result, path: Path, relative: str) -> None:
    attributes = getattr(status, "st_file_attributes", 0)
    if stat.S_ISLNK(status.st_mode) or attributes & _REPARSE_POINT:
        raise LaunchPathError(
            f"{relative}: {path} is a link, which could lead out of the folder",
            "Name the link's target; if that is in another installation folder, name that folder"
            " with --install-dir.",
        )


def missing(relative: str, path: Path) -> MissingLaunchFileError:
    return MissingLaunchFileError(
        f"{relative}: {path} does not exist",
        "Launch files are edited, never created: check the path.",
    )


def changed(relative: str) -> ChangedLaunchFileError:
    return ChangedLaunchFileError(f"{relative} has been changed since it was read", "Plan again.")


def too_large(relative: str) -> LaunchFileError:
    return LaunchFileError(
        f"{relative} is larger than {MAX_BYTES >> 20} MiB",
        "Launch files are small: check the path.",
    )


def failed(relative: str, what: str, error: BaseException) -> LaunchFileError:
    number = getattr(error, "errno", None)
    hint = ""
    if number in (errno.EACCES, errno.EPERM):
        hint = "Run as the account that owns the installation."
    elif number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = "Make room and run again."
    reason = getattr(error, "strerror", None) or str(error)
    return LaunchFileError(f"{relative} cannot {what}: {reason}", hint)
