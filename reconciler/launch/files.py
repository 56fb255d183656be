"""The file adapter: launch files in one installation folder, read and replaced.

A path never leaves the folder. Where the system can open relative to an open folder
(Linux, macOS), each name is opened in the one before it without following links, and
the file is replaced in the folder that was opened, so that a link put there meanwhile
is not followed. Elsewhere (Windows) each name is examined before it is used: who may
write to the folder can still win that race.

A file is replaced by a new one with its mode, and with its owner and extended
attributes where that is permitted; other hard links keep the old content. It is
compared with what was expected, and its identity once more just before the rename;
a change between that last look and the rename would be lost, as no system has a
rename that compares. Nothing is lost in any other case: until the rename the old file
is whole, and a copy of it was flushed before.
"""

import contextlib
import errno
import hashlib
import os
import secrets
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.launch.errors import (
    ChangedLaunchFileError,
    LaunchFileError,
    LaunchPathError,
    MissingLaunchFileError,
)
from reconciler.launch.paths import names_of

MAX_BYTES = 10 * 1024 * 1024

_RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_BINARY = getattr(os, "O_BINARY", 0)
_CLOEXEC = getattr(os, "O_CLOEXEC", 0)
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)
# A pipe would block the open that is to find out that it is none of ours.
_READ = os.O_RDONLY | _BINARY | _CLOEXEC | _NOFOLLOW | getattr(os, "O_NONBLOCK", 0)
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY | _CLOEXEC | _NOFOLLOW
_REPARSE_POINT = 0x400  # FILE_ATTRIBUTE_REPARSE_POINT: links and junctions


@dataclass(frozen=True)
class Place:
    """What a plan for launch files is bound to: one folder of one host."""

    host: str
    folder: str


def host_name() -> str:
    """The name of this host as the system has it, in small letters; asks no network."""
    return socket.gethostname().lower()


@dataclass(frozen=True)
class Installation:
    """An installation folder. ``root`` has no links in it."""

    root: Path
    relative_opens: bool = _RELATIVE
    """Whether names are opened relative to open folders."""

    @classmethod
    def at(cls, folder: Path) -> "Installation":
        """The folder, which may be named through links. LaunchFileError if it is none."""
        try:
            root = folder.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise _failed(str(folder), "be used as an installation folder", error) from error
        if not root.is_dir():
            raise LaunchFileError(f"{folder} is no folder", "Name the installation folder.")
        return cls(root)

    def place(self) -> Place:
        """What a plan for files of this folder is bound to."""
        return Place(host_name(), str(self.root))

    def read(self, relative: str) -> bytes:
        """The content of a file.

        MissingLaunchFileError if there is none; LaunchPathError for a path that leaves
        the folder, by its text or by a link; LaunchFileError for what is no regular
        file, is larger than 10 MiB or cannot be read.
        """
        with self._folder_of(relative) as folder:
            return folder.read()[0]

    def write(
        self, relative: str, new: bytes, expected: bytes, backups: Path | None = None
    ) -> Path | None:
        """Replaces the content, and returns where the old one was saved; None where
        old and new are the same.

        ``backups``: the folder for the copy, else it stands beside the file. It is named
        by its content, so that the same content is saved once, and only its owner may
        read it. The errors of ``read``; ChangedLaunchFileError where the file does not
        hold ``expected``; LaunchFileError, with the file as it was, where it is
        read-only or a write fails.
        """
        if len(new) > MAX_BYTES:
            raise _too_large(relative)
        with self._folder_of(relative) as folder:
            old, status = folder.read()
            if old != expected:
                raise _changed(relative)
            if not status.st_mode & 0o222:
                raise LaunchFileError(f"{relative} is read-only", "Make it writable first.")
            if new == old:
                return None
            try:
                backup = _save(folder, old, backups)
                folder.replace(new, status, self._folder_of)
            except OSError as error:
                raise _failed(relative, "be written and is as it was", error) from error
            try:
                folder.flush()
            except OSError as error:
                raise _failed(relative, "be made durable, but is written", error) from error
            return backup

    @contextlib.contextmanager
    def _folder_of(self, relative: str) -> Iterator["_Folder"]:
        """The folder that holds the file, with every name on the way examined."""
        *folders, name = names_of(relative)
        path = self.root
        opened: int | None = None
        try:
            opened = self._open(path, None, relative)
            for one in folders:
                path /= one
                inner = self._open(path, opened, relative)
                if opened is not None:
                    os.close(opened)
                opened = inner
            yield _Folder(relative, path, name, opened)
        finally:
            if opened is not None:
                os.close(opened)

    def _open(self, path: Path, within: int | None, relative: str) -> int | None:
        """A folder, opened in ``within`` where there is such a thing, else examined."""
        name = path.name if within is not None else str(path)
        try:
            status = os.stat(name, dir_fd=within, follow_symlinks=False)
            _refuse_link(status, path, relative)
            if not stat.S_ISDIR(status.st_mode):
                raise LaunchFileError(f"{relative}: {path} is no folder", "Correct the path.")
            if not self.relative_opens:
                return None
            flags = os.O_RDONLY | os.O_DIRECTORY | _NOFOLLOW | _CLOEXEC
            return os.open(name, flags, dir_fd=within)
        except FileNotFoundError as error:
            raise _missing(relative, path) from error
        except OSError as error:
            raise _failed(relative, "be reached", error) from error


@dataclass(frozen=True)
class _Folder:
    """The folder of one file: open, or known by its path only."""

    relative: str
    path: Path
    name: str
    opened: int | None

    def _at(self, name: str) -> str:
        return name if self.opened is not None else str(self.path / name)

    def status(self, name: str) -> os.stat_result:
        """Of the file itself, not of what it links to."""
        return os.stat(self._at(name), dir_fd=self.opened, follow_symlinks=False)

    def open(self, name: str, flags: int) -> int:
        return os.open(self._at(name), flags, 0o600, dir_fd=self.opened)

    def unlink(self, name: str) -> None:
        os.unlink(self._at(name), dir_fd=self.opened)

    def read(self) -> tuple[bytes, os.stat_result]:
        """The content, and the status that it had."""
        path = self.path / self.name
        try:
            _refuse_link(self.status(self.name), path, self.relative)
            descriptor = self.open(self.name, _READ)
        except FileNotFoundError as error:
            raise _missing(self.relative, path) from error
        except OSError as error:
            raise _failed(self.relative, "be read", error) from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                what = "a folder" if stat.S_ISDIR(status.st_mode) else "no regular file"
                raise LaunchFileError(f"{self.relative} is {what}", "Name a file.")
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise _failed(self.relative, "be read", error) from error
        finally:
            os.close(descriptor)
        if len(content) > MAX_BYTES:
            raise _too_large(self.relative)
        return content, status

    def create(self, name: str, content: bytes, like: os.stat_result | None = None) -> None:
        """A new file, flushed; with ``like``, it has that mode and owner, and the
        extended attributes of the launch file. OSError leaves no file behind."""
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
        """What the account may not set stays its own, but never gets wider access."""
        mode = stat.S_IMODE(like.st_mode)
        if hasattr(os, "fchown"):
            for owner, group in ((-1, like.st_gid), (like.st_uid, -1)):
                try:
                    os.fchown(descriptor, owner, group)
                except PermissionError:
                    # Set-id bits would act for somebody else, and the group's rights
                    # would be another group's.
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

    def replace(self, new: bytes, old: os.stat_result, again: "_Opener") -> None:
        """The new content in the place of the file that had the status ``old``."""
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

    def _refuse_moved(self, old: os.stat_result, again: "_Opener") -> None:
        """Walks the path once more: it must lead to the same folder and the same file."""
        with again(self.relative) as now:
            try:
                status = now.status(self.name)
            except FileNotFoundError as error:
                raise _changed(self.relative) from error
            if _identity(status) != _identity(old) or not self._same_folder(now):
                raise _changed(self.relative)

    def _same_folder(self, other: "_Folder") -> bool:
        if self.opened is None or other.opened is None:
            return True
        return os.path.samestat(os.fstat(self.opened), os.fstat(other.opened))

    def flush(self) -> None:
        """Makes new names in the folder durable, where folders can be flushed."""
        if self.opened is not None:
            os.fsync(self.opened)
        elif hasattr(os, "O_DIRECTORY"):
            descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | _CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


_Opener = Callable[[str], contextlib.AbstractContextManager[_Folder]]


def _save(folder: _Folder, content: bytes, backups: Path | None) -> Path:
    """A flushed copy of the old content, beside the file or in ``backups``."""
    digest = hashlib.sha256(folder.relative.encode("utf-8", "replace") + b"\0" + content)
    name = f"{folder.name}.{digest.hexdigest()[:16]}.bak"
    beside = _Folder(folder.relative, folder.path, name, folder.opened)
    if backups is not None:
        backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = _Folder(folder.relative, backups, name, None)
    try:
        beside.create(name, content)
        beside.flush()
    except FileExistsError:
        if beside.read()[0] != content:
            raise LaunchFileError(
                f"{beside.path / name} is there already, with another content",
                "Move it away and run again.",
            ) from None
    return beside.path / name


def _identity(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_mode


def _refuse_link(status: os.stat_result, path: Path, relative: str) -> None:
    attributes = getattr(status, "st_file_attributes", 0)
    if stat.S_ISLNK(status.st_mode) or attributes & _REPARSE_POINT:
        raise LaunchPathError(
            f"{relative}: {path} is a link, which could lead out of the folder",
            "Name the file that it leads to, in its own installation folder.",
        )


def _missing(relative: str, path: Path) -> MissingLaunchFileError:
    return MissingLaunchFileError(
        f"{relative}: there is no {path}", "Launch files are edited, never created: check the path."
    )


def _changed(relative: str) -> ChangedLaunchFileError:
    return ChangedLaunchFileError(
        f"{relative} was changed by somebody else since it was read", "Plan again."
    )


def _too_large(relative: str) -> LaunchFileError:
    return LaunchFileError(
        f"{relative} is larger than {MAX_BYTES >> 20} MiB",
        "Launch files are small: check the path.",
    )


def _failed(relative: str, what: str, error: BaseException) -> LaunchFileError:
    number = getattr(error, "errno", None)
    hint = ""
    if number in (errno.EACCES, errno.EPERM):
        hint = "Run as the account that owns the installation."
    elif number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        hint = "Make room and run again."
    reason = getattr(error, "strerror", None) or str(error)
    return LaunchFileError(f"{relative} cannot {what}: {reason}", hint)
