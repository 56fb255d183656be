"""Paths of launch files: relative, with ``/`` between names, and inside their folder.

Only the text of a path is checked here; ``files`` walks it without following links.
"""

from reconciler.launch.errors import LaunchPathError


def names_of(relative: str) -> tuple[str, ...]:
    """The names on a relative path: folders, then the file.

    LaunchPathError for a path that is absolute, names a drive or a stream, or contains ``..``.
    """
    if not relative or "\0" in relative:
        raise LaunchPathError(f"{relative!r} is not the path of a file", _HINT)
    if "\\" in relative:
        raise LaunchPathError(f"{relative} contains a backslash", "Separate the names with /.")
    if relative.startswith("/"):
        raise LaunchPathError(f"{relative} is an absolute path", _HINT)
    names = tuple(name for name in relative.split("/") if name != ".")
    if ".." in names:
        raise LaunchPathError(f"{relative} leaves the folder through ..", _HINT)
    if not names or "" in names:
        raise LaunchPathError(f"{relative} contains an empty name", _HINT)
    if any(":" in name for name in names):
        raise LaunchPathError(f"{relative} contains a colon: a drive or a stream", _HINT)
    return names


_HINT = "Name the file relative to the installation folder, such as conf/launcher.xml."
