"""Where the shipped manifests and schemas are, installed or in a checkout."""

from functools import cache
from pathlib import Path

BUNDLED = "bundled"
"""The name that means the bundled manifests in place of a file."""


@cache
def bundled(name: str) -> Path:
    """The folder ``manifests`` or ``schemas``: inside the installed package, or at the top
    of the repository when the package runs from a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "bundled" / name
    return installed if installed.is_dir() else package.parent / name


@cache
def bundled_manifests() -> Path:
    """The manifests that provision Web Engagement."""
    return bundled("manifests") / "web-engagement"


def manifests_name(path: Path) -> str:
    """The name of a path of manifests: the inverse of ``named_manifests``."""
    return BUNDLED if path == bundled_manifests() else str(path)


def named_manifests(name: str, folder: Path | None = None) -> Path:
    """The path for a name: that of the bundled manifests, or a path relative to ``folder``."""
    return bundled_manifests() if name == BUNDLED else (folder or Path()) / name
