"""Paths of launch files: relative, with ``/`` between names, and inside their folder.

Here only the text of a path is judged; ``files`` walks it without following links.
"""

from reconciler.launch.errors import LaunchPathError


def names_of(relative: str) -> tuple[str, ...]:
    """The names that a relative path leads through, the file's last.

    LaunchPathError for what is absolute, has a drive or a stream, or leads up.
    """
    if not relative or "\0" in relative:
        raise LaunchPathError(f"{relative!r} names no file", _HINT)
    if "\\" in relative:
        raise LaunchPathError(f"{relative} has a backslash", "Write / between the names.")
    if relative.startswith("/"):
        raise LaunchPathError(f"{relative} is an absolute path", _HINT)
    names = tuple(name for name in relative.split("/") if name != ".")
    if ".." in names:
        raise LaunchPathError(f"{relative} leaves the folder through ..", _HINT)
    if not names or "" in names:
        raise LaunchPathError(f"{relative} has an empty name in it", _HINT)
    if any(":" in name for name in names):
        raise LaunchPathError(f"{relative} has a colon, which names a drive or a stream", _HINT)
    return names


_HINT = "Name the file relative to the installation folder, such as conf/launcher.xml."
