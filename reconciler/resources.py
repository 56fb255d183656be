"""Where the shipped manifests and schemas are, installed or in a checkout."""

from pathlib import Path


def bundled(name: str) -> Path:
    """The folder ``manifests`` or ``schemas``: inside the installed package, or at the top
    of the repository when the package runs from a checkout."""
    package = Path(__file__).resolve().parent
    installed = package / "bundled" / name
    return installed if installed.is_dir() else package.parent / name


def bundled_manifests() -> Path:
    """The manifests that provision Web Engagement, used when ``-f`` is not given."""
    return bundled("manifests") / "web-engagement"
