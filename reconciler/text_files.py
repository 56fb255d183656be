"""Text files that users write: read whole, as UTF-8, up to a limit of size."""

from pathlib import Path

from reconciler.diagnostics import Diagnostic, Position


def read_text(path: Path, name: str, max_bytes: int, problems: list[Diagnostic]) -> str | None:
    """The text of a file, without a byte order mark. ``name`` is what messages call the file.

    A file that is larger than ``max_bytes``, cannot be read or is not UTF-8 is a problem,
    and the result is None.
    """
    where = Position(name)
    try:
        if path.stat().st_size > max_bytes:
            problems.append(Diagnostic(f"the file is larger than {max_bytes >> 20} MiB", where))
            return None
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        problems.append(Diagnostic(f"cannot be read: {reason}", where))
        return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8-sig", "replace")
        place = position_after(before, name)
        problems.append(Diagnostic("the file is not UTF-8", place, "Save it as UTF-8."))
        return None


def position_after(before: str, name: str) -> Position:
    """The position of the character that follows the text ``before``."""
    return Position(name, before.count("\n") + 1, len(before) - before.rfind("\n"))
