"""Makes the archive of the classes that a session needs, which Java maps at its start.

Java writes it when a process ends (class-data sharing, from Java 13 on). So a child process opens a
session with a listener of its own (``server/wire/rehearsal.py``), and ends.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.server.psdk.archive import ENDING, with_size

_SECONDS = 120
_DRAFT = ".java-"
_REHEARSAL = "reconciler.server.wire.rehearsal"


def make_archive(archive: Path, class_path: Sequence[Path]) -> Path | None:
    """Makes the archive with that name (see ``archive_for``). Returns its file; None if it could
    not be made. Takes about ten seconds."""
    try:
        archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(ENDING, _DRAFT, archive.parent)
        os.close(handle)
    except OSError:
        return None
    draft = Path(name)
    # -P: no module is imported from the working directory.
    command = [sys.executable, "-P", "-m", _REHEARSAL, name, *map(str, class_path)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603 - ourselves
        return _keep(draft, archive)
    except (OSError, subprocess.SubprocessError):
        return None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _keep(draft: Path, archive: Path) -> Path | None:
    """Renames what Java wrote, once all of it is on disk."""
    draft.chmod(0o600)
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    size = draft.stat().st_size
    if not size:  # this Java makes no archives
        return None
    made = with_size(archive, size)
    draft.replace(made)
    with suppress(OSError):
        _tidy(made)
    return made


def _tidy(made: Path) -> None:
    """Removes archives of other Javas and jars, and the drafts of killed processes."""
    for other in made.parent.glob(f"java-*{ENDING}"):
        if other != made:
            other.unlink(missing_ok=True)
    for draft in made.parent.glob(f"{_DRAFT}*"):
        if draft.stat().st_mtime < time.time() - 2 * _SECONDS:
            draft.unlink(missing_ok=True)
