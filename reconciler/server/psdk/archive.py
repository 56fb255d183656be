"""A faster start of Java: an archive of the classes that a session needs, ready to be mapped.

Java makes it itself when a process ends (class-data sharing, Java 13 and later), so a child
process does: it holds a session with a listener of its own over the loopback and ends.
The archive is derived from the user's Java and jars and stays in the user's cache folder,
under a name of theirs: with another Java or other jars it is another archive.
"""

import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_SECONDS = 120
_ENDING = ".jsa"


def archive_for(library: str, class_path: Sequence[Path]) -> Path | None:
    """Where the archive of a Java and of jars is, or would be; None: they cannot be read."""
    import platformdirs  # noqa: PLC0415 - only with the vendor's jars

    told = hashlib.sha256()
    try:
        for path in (Path(library), *class_path):
            state = path.stat()
            told.update(f"{path}\0{state.st_mtime_ns}\0{state.st_size}\n".encode())
    except OSError:
        return None
    folder = platformdirs.user_cache_path("gwe-reconciler", appauthor=False)
    return folder / f"java-{told.hexdigest()[:16]}{_ENDING}"


def make_archive(archive: Path, class_path: Sequence[Path]) -> bool:
    """Makes the archive; whether there is one now. Takes some ten seconds."""
    draft = archive.with_name(f".{archive.name}")
    command = [sys.executable, "-m", __name__, str(draft), *map(str, class_path)]
    try:
        archive.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft.unlink(missing_ok=True)
        subprocess.run(command, check=False, capture_output=True, timeout=_SECONDS)  # noqa: S603 - ourselves
        draft.replace(archive)
        for other in archive.parent.glob(f"java-*{_ENDING}"):
            if other != archive:
                other.unlink()
    except (OSError, subprocess.TimeoutExpired):
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        return archive.exists()
    return True


def _main(draft: str, class_path: Sequence[Path]) -> None:
    """The child: starts Java, uses what a plan uses, and lets Java end."""
    from reconciler.server.embedded.sites.create import create_server  # noqa: PLC0415
    from reconciler.server.embedded.sites.file import SAMPLE_SITE  # noqa: PLC0415
    from reconciler.server.psdk import jvm  # noqa: PLC0415
    from reconciler.server.psdk.adapter import PsdkServer  # noqa: PLC0415
    from reconciler.server.psdk.address import Options, parse_url  # noqa: PLC0415
    from reconciler.server.psdk.listener import Listener  # noqa: PLC0415

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
