"""Which files a command has written so far, for the message of a command that ends early.

Writers record here what they write. So the message is right for every command that writes files,
and no command has to handle Ctrl-C for it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path


class WriteRecord:
    """The files and folders that were written and removed since this record was begun."""

    def __init__(self) -> None:
        self._paths: list[tuple[str, str, bool]] = []
        """Absolute path -> the path as messages show it, and whether it exists now."""

    def note(self, path: Path, *, there: bool) -> None:
        self._paths.append((os.path.abspath(path), str(path), there))

    def forget(self, path: Path) -> None:
        """Forgets the last record of a path, since the write did not happen."""
        absolute = os.path.abspath(path)
        last = max(n for n, entry in enumerate(self._paths) if entry[0] == absolute)
        del self._paths[last]

    def shown(self) -> list[str]:
        """What messages call the files, each once. Files in a new folder are left out, and so is
        what has been removed again."""
        last = {absolute: (shown, there) for absolute, shown, there in self._paths}
        return [
            shown if there else f"{shown} (removed)"
            for absolute, (shown, there) in last.items()
            if os.path.lexists(absolute) == there
            and not any(str(folder) in last for folder in Path(absolute).parents)
        ]


_RECORD: ContextVar[WriteRecord | None] = ContextVar("written", default=None)


@contextmanager
def recorded() -> Iterator[WriteRecord]:
    """A record of what is written and removed in the block. A nested block gets the same record."""
    if record := _RECORD.get():
        yield record
        return
    record = WriteRecord()
    token = _RECORD.set(record)
    try:
        yield record
    finally:
        _RECORD.reset(token)


def note_written(path: Path) -> None:
    """Records that a writer is about to write a file, or has created a folder."""
    if record := _RECORD.get():
        record.note(path, there=True)


def note_removed(path: Path) -> None:
    """Records that a writer is about to remove a file."""
    if record := _RECORD.get():
        record.note(path, there=False)


def forget_written(path: Path) -> None:
    """Forgets the last record of a path, since the write did not happen."""
    if record := _RECORD.get():
        record.forget(path)
