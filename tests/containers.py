"""Whether an image can be built here: a builder, and the image that ours begins with. The build
itself fetches packages, so it is tried only where somebody has fetched that image before."""

import subprocess
from functools import cache

BASE = "docker.io/library/python:3.13-slim"
LEFT_OUT = (
    "Left out: the test that builds the container image, since no podman or docker here has"
    f" {BASE}."
)


@cache
def builder() -> str:
    """The program that can build the image; empty: none can."""
    return next((name for name in ("podman", "docker") if _has_base(name)), "")


def _has_base(program: str) -> bool:
    try:
        looked = subprocess.run(
            [program, "image", "inspect", BASE], capture_output=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return looked.returncode == 0
