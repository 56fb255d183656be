"""Makes the archive of the classes that a session needs, ready to be mapped by Java.

Java writes it when a process ends (class-data sharing, Java 13 and later), so a child process
rehearses: it holds a session with a listener of its own over the loopback, and ends.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.psdk import jvm
from reconciler.server.psdk.adapter import PsdkServer
from reconciler.server.psdk.address import Options, parse_url
from reconciler.server.psdk.archive import ENDING
from reconciler.server.psdk.listener import Listener

_SECONDS = 120


def make_archive(archive: Path, class_path: Sequence[Path]) -> bool:
    """Makes the archive; whether there is one now. Takes some ten seconds."""
    draft = archive.with_name(f".{archive.name}")
    command = [sys.executable, "-m", __name__, str(draft), *map(str, class_path)]
    try:
        archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        subprocess.run(command, check=False, capture_output=True, timeout=_SECONDS)  # noqa: S603 - ourselves
        draft.replace(archive)
        for other in archive.parent.glob(f"java-*{ENDING}"):
            if other != archive:
                other.unlink()
    except (OSError, subprocess.TimeoutExpired):
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return archive.exists()
    return True


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
