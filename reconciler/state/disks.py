"""What the system reports about the disk that a folder is on."""

import re
import sys
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""The list of mounts; see proc_pid_mountinfo(5)."""

_LOCAL = {
    *("bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "jfs", "reiserfs", "xfs", "zfs"),
    *("overlay", "ramfs", "tmpfs"),
    *("exfat", "vfat"),
}
"""File systems that are on this host alone, where processes can share memory."""


def is_local(folder: Path) -> bool:
    """Whether a folder is known to be on a file system of this host alone. False if it is on a
    network, or the system does not tell: only Linux does."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        place = f"{folder.resolve()}/"
    except OSError:
        return False
    deepest, kind = "", ""
    for line in lines:
        mount, _, source = line.partition(" - ")
        point = _unescaped(mount.split()[4]).rstrip("/") + "/"
        # The last of several mounts at a mount point hides the others.
        if place.startswith(point) and len(point) >= len(deepest):
            deepest, kind = point, source.split()[0]
    return kind in _LOCAL


def _unescaped(text: str) -> str:
    """A path from the list of mounts, where a blank is written ``\\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def disk_of(folder: Path) -> str:
    """The disk that a folder is on, with its free space, for a message."""
    import shutil  # noqa: PLC0415 - only for messages

    try:
        place = folder.resolve()
        point = next(one for one in (place, *place.parents) if one.is_mount() or one == one.parent)
        free = shutil.disk_usage(place).free
    except OSError:
        return f"the disk of {folder}"
    return f"the disk at {point} ({free // 1024:,} KiB are free)"
