"""Makes the archive of the classes that a session needs, ready to be mapped by Java.

Java writes it when a process ends (class-data sharing, Java 13 and later), so a child process
rehearses: it holds a session with a listener of its own over the loopback, and ends.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.psdk import jvm
from reconciler.server.psdk.adapter import PsdkServer
from reconciler.server.psdk.address import Options, parse_url
from reconciler.server.psdk.archive import ENDING, with_size
from reconciler.server.psdk.listener import Listener

_SECONDS = 120
_DRAFT = ".java-"


def make_archive(archive: Path, class_path: Sequence[Path]) -> Path | None:
    """Makes the archive that is called so; the file, None where there is none. Takes some ten
    seconds."""
    try:
        archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(ENDING, _DRAFT, archive.parent)
        os.close(handle)
    except OSError:
        return None
    draft = Path(name)
    # -P: nothing of the working directory is run.
    command = [sys.executable, "-P", "-m", __name__, name, *map(str, class_path)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)  # noqa: S603 - ourselves
        return _keep(draft, archive)
    except (OSError, subprocess.SubprocessError):
        return None
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _keep(draft: Path, archive: Path) -> Path | None:
    """Gives what Java wrote its name, when all of it is on the disk."""
    draft.chmod(0o600)
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    size = draft.stat().st_size
    if not size:  # a Java that makes none
        return None
    made = with_size(archive, size)
    draft.replace(made)
    with suppress(OSError):
        _tidy(made)
    return made


def _tidy(made: Path) -> None:
    """Removes what other Javas and other jars had, and what a process that was killed left."""
    for other in made.parent.glob(f"java-*{ENDING}"):
        if other != made:
            other.unlink(missing_ok=True)
    for left in made.parent.glob(f"{_DRAFT}*"):
        if left.stat().st_mtime < time.time() - 2 * _SECONDS:
            left.unlink(missing_ok=True)


def _main(draft: str, class_path: Sequence[Path]) -> None:
    """The child: starts Java, uses what a plan uses, and lets Java end."""
    sdk = jvm.start(class_path, f"-XX:ArchiveClassesAtExit={draft}")
    with tempfile.TemporaryDirectory(prefix="gwe-") as folder:
        path = Path(folder) / "gwe.db"
        create_server(path, SAMPLE_SITE)
        listener = Listener(sdk, path, port=0)
        listener.open()
        url = parse_url(f"confserv://127.0.0.1:{listener.port}")
        server = PsdkServer(sdk, url, Options(), user="default", password="password")  # noqa: S106
        server.info()
        for object_type in ("Application", "Script", "AgentGroup", "EnumeratorValue"):
            server.read(object_type)
        server.close()
        listener.close()
    jvm.end()


if __name__ == "__main__":
    _main(sys.argv[1], [Path(one) for one in sys.argv[2:]])
