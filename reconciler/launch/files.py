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
import hashlib
import os
import socket
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reconciler.launch.errors import (
    LaunchFileError,
    MissingLaunchFileError,
    UnflushedLaunchFileError,
)
from reconciler.launch.folder import (
    CLOEXEC,
    MAX_BYTES,
    NOFOLLOW,
    Folder,
    changed,
    failed,
    missing,
    refuse_link,
    too_large,
)
from reconciler.launch.paths import names_of

_RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


@dataclass(frozen=True)
class InstallationPlace:
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
            raise failed(str(folder), "be used as an installation folder", error) from error
        if not root.is_dir():
            raise LaunchFileError(f"{folder} is no folder", "Name the installation folder.")
        return cls(root)

    def place(self) -> InstallationPlace:
        """What a plan for files of this folder is bound to."""
        return InstallationPlace(host_name(), str(self.root))

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
        read-only or a write fails; UnflushedLaunchFileError where it is written.
        """
        if len(new) > MAX_BYTES:
            raise too_large(relative)
        with self._folder_of(relative) as folder:
            old, status = folder.read()
            if old != expected:
                raise changed(relative)
            if not status.st_mode & 0o222:
                raise LaunchFileError(f"{relative} is read-only", "Make it writable first.")
            if new == old:
                return None
            try:
                backup = _save(folder, old, backups)
                folder.replace(new, status, self._folder_of)
            except OSError as error:
                raise failed(relative, "be written and is as it was", error) from error
            try:
                folder.flush()
            except OSError as error:
                failure = failed(relative, "be made durable, but is written", error)
                raise UnflushedLaunchFileError(failure.message, failure.hint) from error
            return backup

    def clear(self, relative: str, backups: Path | None = None) -> list[Path]:
        """Removes the new files that writes which died have left beside a file and in
        ``backups``; what they were. For who knows that nobody writes the file now. The
        errors of ``read``, but that it need not be there."""
        try:
            with self._folder_of(relative) as folder:
                places = [folder]
                if backups is not None:
                    places.append(Folder(relative, backups, folder.name, None))
                return [one.path / name for one in places for name in one.clear()]
        except MissingLaunchFileError:
            return []
        except OSError as error:
            raise failed(relative, "be cleared of what a run has left", error) from error

    @contextlib.contextmanager
    def _folder_of(self, relative: str) -> Iterator["Folder"]:
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
            yield Folder(relative, path, name, opened)
        finally:
            if opened is not None:
                os.close(opened)

    def _open(self, path: Path, within: int | None, relative: str) -> int | None:
        """A folder, opened in ``within`` where there is such a thing, else examined."""
        name = path.name if within is not None else str(path)
        try:
            status = os.stat(name, dir_fd=within, follow_symlinks=False)
            refuse_link(status, path, relative)
            if not stat.S_ISDIR(status.st_mode):
                raise LaunchFileError(f"{relative}: {path} is no folder", "Correct the path.")
            if not self.relative_opens:
                return None
            flags = os.O_RDONLY | os.O_DIRECTORY | NOFOLLOW | CLOEXEC
            return os.open(name, flags, dir_fd=within)
        except FileNotFoundError as error:
            raise missing(relative, path) from error
        except OSError as error:
            raise failed(relative, "be reached", error) from error


def _save(folder: Folder, content: bytes, backups: Path | None) -> Path:
    """A flushed copy of the old content, beside the file or in ``backups``."""
    digest = hashlib.sha256(folder.relative.encode("utf-8", "replace") + b"\0" + content)
    name = f"{folder.name}.{digest.hexdigest()[:16]}.bak"
    beside = Folder(folder.relative, folder.path, name, folder.opened)
    if backups is not None:
        backups.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = Folder(folder.relative, backups, name, None)
    try:
        saved = beside.read()[0]
    except MissingLaunchFileError:
        beside.save(content)
    else:
        if saved != content:
            raise LaunchFileError(
                f"{beside.path / name} is there already, with another content",
                "Move it away and run again.",
            )
    return beside.path / name
