"""Where the archive of Java's classes is that makes Java start faster.

It is derived from the user's Java and jars and stays in the user's cache folder, under a
name of theirs: with another Java or other jars it is another archive. ``rehearsal`` makes it.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

ENDING = ".jsa"


def archive_for(library: str, class_path: Sequence[Path]) -> Path | None:
    """Where the archive of a Java and of jars is, or would be; None: they cannot be read."""
    import platformdirs  # noqa: PLC0415 - only with the vendor's jars

    told = hashlib.sha256()
    try:
        for path in (Path(library), *class_path):
            state = path.stat()
            told.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\n".encode())
    except OSError:
        return None
    folder = platformdirs.user_cache_path("gwe-reconciler", appauthor=False)
    return folder / f"java-{told.hexdigest()[:16]}{ENDING}"
