"""Makes the archive of the classes that a session needs, ready to be mapped by Java.

Java writes it when a process ends (class-data sharing, Java 13 and later), so a child process
holds one session with a listener of its own (``server/wire/rehearsal.py``) and ends.
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
    """Makes the archive that is called so; the file, None where there is none. Takes some ten
    seconds."""
    try:
        archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(ENDING, _DRAFT, archive.parent)
        os.close(handle)
    except OSError:
        return None
    draft = Path(name)
    # -P: nothing of the working directory is run.
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
    """Gives what Java wrote its name, when all of it is on the disk."""
    draft.chmod(0o600)
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    size = draft.stat().st_size
    if not size:  # a Java that makes none
        return None
    made = with_size(archive, size)
    draft.replace(made)
    with suppress(OSError):
        _tidy(made)
    return made


def _tidy(made: Path) -> None:
    """Removes what other Javas and other jars had, and what a process that was killed left."""
    for other in made.parent.glob(f"java-*{ENDING}"):
        if other != made:
            other.unlink(missing_ok=True)
    for left in made.parent.glob(f"{_DRAFT}*"):
        if left.stat().st_mtime < time.time() - 2 * _SECONDS:
            left.unlink(missing_ok=True)
