"""Whether an image can be built here: a builder, and the image that ours begins with. The build
itself fetches packages, so it is tried only where somebody has fetched that image before."""

import subprocess
from functools import cache
from pathlib import Path

BASE = "docker.io/library/python:3.13-slim"
LEFT_OUT = (
    "Left out: the test that builds the container image, since no podman, docker or buildah here"
    f" has {BASE}."
)


@cache
def builder() -> str:
    """The program that can build the image; empty: none can."""
    return next((name for name in ("podman", "docker", "buildah") if _has_base(name)), "")


def _has_base(program: str) -> bool:
    try:
        looked = subprocess.run(
            [program, "inspect", "--type=image", BASE], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return looked.returncode == 0


def build(folder: Path, name: str) -> None:
    """Builds the image of the folder's Containerfile under a name."""
    command = (builder(), "build", "--quiet", "--file", "Containerfile", "--tag", name, ".")
    subprocess.run(command, cwd=folder, check=True, timeout=900)


def run(image: str, script: str) -> subprocess.CompletedProcess[str]:
    """What a shell in a new container prints."""
    shell = ("sh", "-ec", script)
    if builder() != "buildah":
        return _run("run", "--rm", "--network", "none", image, *shell)
    container = _run("from", "--pull-never", image).stdout.strip()
    try:
        return _run("run", container, "--", *shell)
    finally:
        _run("rm", container)


def remove(image: str) -> None:
    command = ("rmi",) if builder() == "buildah" else ("image", "rm", "--force")
    assert _run(*command, image).returncode == 0


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = (builder(), *arguments)
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
