"""Where the class-data archive, which makes Java start faster, is kept.

``archive_maker`` makes it from the user's Java and jars, in the user's cache folder. Its
name is derived from them, so another Java or other jars mean another archive. The name contains the
size too, because Java ends the process if an archive is truncated.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

ENDING = ".jsa"


def archive_for(library: str, class_path: Sequence[Path]) -> Path | None:
    """The name of the archive for a Java library and jars, without its size. None if these cannot
    be read."""
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
    """The file name of an archive of ``size`` bytes."""
    return archive.with_name(f"{archive.stem}-{size}{ENDING}")


def find_whole(archive: Path) -> Path | None:
    """The file of an archive, if it exists and is complete."""
    try:
        for file in sorted(archive.parent.glob(f"{archive.stem}-*{ENDING}")):
            if file == with_size(archive, file.stat().st_size):
                return file
    except OSError:
        return None
    return None
