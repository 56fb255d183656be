"""Where the archive of Java's classes is that makes Java start faster.

It is derived from the user's Java and jars and stays in the user's cache folder, under a
name of theirs: with another Java or other jars it is another archive. The size is part of
the name, because Java ends the process on an archive that was cut short. ``archive_maker``
makes it.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

ENDING = ".jsa"


def archive_for(library: str, class_path: Sequence[Path]) -> Path | None:
    """What an archive of a Java and of jars is called, but for its size; None: they cannot be
    read."""
    import platformdirs  # noqa: PLC0415 - only with the vendor's jars

    digest = hashlib.sha256()
    try:
        for path in (Path(library), *class_path):
            state = path.stat()
            digest.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\n".encode())
    except OSError:
        return None
    folder = platformdirs.user_cache_path("gwe-reconciler", appauthor=False)
    return folder / f"java-{digest.hexdigest()[:16]}{ENDING}"


def with_size(archive: Path, size: int) -> Path:
    """The file of an archive of so many bytes."""
    return archive.with_name(f"{archive.stem}-{size}{ENDING}")


def find_whole(archive: Path) -> Path | None:
    """The file of an archive, with all of its bytes; None where there is none."""
    try:
        for one in sorted(archive.parent.glob(f"{archive.stem}-*{ENDING}")):
            if one == with_size(archive, one.stat().st_size):
                return one
    except OSError:
        return None
    return None
