"""Reads and replaces launch files in one installation folder.

A path never leaves the folder. If the system can open files relative to an open folder (Linux,
macOS), each name on the path is opened in the folder before it, without following links, and the
file is replaced in the folder that was opened: a link created meanwhile is not followed. Elsewhere
(Windows) each name is examined before it is used, and a process that may write to the folder can
still win that race.

A file is replaced by a new file with the same mode, and with the same owner and extended attributes
if that is permitted; other hard links keep the old content. Its content is compared with the
expected content, and its identity is checked again just before the rename. A change between that
last check and the rename is lost, since no system has a rename that compares. In all other cases
nothing is lost: until the rename the old file is whole, and its content has been saved.
"""

import contextlib
import os
import socket
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

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

SaveBackup = Callable[[str, bytes], object]
"""Gets the path of a file and its old content, and stores it: durably when it returns."""

_RELATIVE = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


def host_name() -> str:
    """The name of this host, in lower case, from the system; the network is not asked."""
    return socket.gethostname().lower()


class Installation(Struct, frozen=True):
    """An installation folder. ``root`` contains no links."""

    root: Path
    relative_opens: bool = _RELATIVE
    """Whether files are opened relative to open folders."""

    @classmethod
    def at(cls, folder: Path) -> "Installation":
        """The installation in ``folder``, whose path may contain links. LaunchFileError if it is
        not a folder."""
        try:
            root = folder.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise failed(str(folder), "be used as an installation folder", error) from error
        if not root.is_dir():
            raise LaunchFileError(f"{folder} is not a folder", "Name the installation folder.")
        return cls(root)

    def read(self, relative: str) -> bytes:
        """The content of a file.

        MissingLaunchFileError if it does not exist; LaunchPathError for a path that leaves
        the folder, by its text or through a link; LaunchFileError if it is not a regular
        file, is larger than 10 MiB or cannot be read.
        """
        with self._folder_of(relative) as folder:
            return folder.read()[0]

    def write(self, relative: str, new: bytes, expected: bytes, save_backup: SaveBackup) -> None:
        """Replaces the content, unless it is the same. ``save_backup`` stores the old content
        before that; if it raises an error, the file is unchanged.

        The errors of ``read``; ChangedLaunchFileError if the content is not ``expected``;
        LaunchFileError, with the file unchanged, if it is read-only or writing fails;
        UnflushedLaunchFileError if it was written, but could not be flushed to disk.
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
                return
            save_backup(relative, old)
            try:
                folder.replace(new, status, self._folder_of)
            except OSError as error:
                raise failed(relative, "be written and is unchanged", error) from error
            try:
                folder.flush()
            except OSError as error:
                failure = failed(relative, "be flushed to disk, but is written", error)
                raise UnflushedLaunchFileError(failure.message, failure.hint) from error

    def clear(self, relative: str) -> list[Path]:
        """Removes the temporary files that interrupted writes have left beside a file, and
        returns their paths. Nothing may be writing the file meanwhile. Errors: see ``read``, but
        the file need not exist."""
        try:
            with self._folder_of(relative) as folder:
                return [folder.path / name for name in folder.clear()]
        except MissingLaunchFileError:
            return []
        except OSError as error:
            raise failed(relative, "be cleared of temporary files", error) from error

    @contextlib.contextmanager
    def _folder_of(self, relative: str) -> Iterator["Folder"]:
        """The folder that contains the file, reached with every name on the path checked."""
        *folders, name = names_of(relative)
        path = self.root
        opened: int | None = None
        try:
            opened = self._open(path, None, relative)
            for folder in folders:
                path /= folder
                inner = self._open(path, opened, relative)
                if opened is not None:
                    os.close(opened)
                opened = inner
            yield Folder(relative, path, name, opened)
        finally:
            if opened is not None:
                os.close(opened)

    def _open(self, path: Path, within: int | None, relative: str) -> int | None:
        """A descriptor of the folder, opened relative to ``within``; None if the system cannot do
        that: then the folder was only checked."""
        name = path.name if within is not None else str(path)
        try:
            status = os.stat(name, dir_fd=within, follow_symlinks=False)
            refuse_link(status, path, relative)
            if not stat.S_ISDIR(status.st_mode):
                raise LaunchFileError(f"{relative}: {path} is not a folder", "Correct the path.")
            if not self.relative_opens:
                return None
            flags = os.O_RDONLY | os.O_DIRECTORY | NOFOLLOW | CLOEXEC
            return os.open(name, flags, dir_fd=within)
        except FileNotFoundError as error:
            raise missing(relative, path) from error
        except OSError as error:
            raise failed(relative, "be reached", error) from error
