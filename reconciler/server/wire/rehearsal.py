"""A program that holds one session with a listener, and lets Java archive its classes.

``server/psdk/archive_maker.py`` starts it as a process of its own. Arguments: the archive to
write, and the class path.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from reconciler.server.connection import ConnectionOptions
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.psdk import jvm
from reconciler.server.psdk.adapter import PsdkServer
from reconciler.server.psdk.address import parse_url
from reconciler.server.wire.endpoint import ListenAddress
from reconciler.server.wire.listener import Listener


def _main(draft: str, class_path: Sequence[Path]) -> None:
    """Starts Java, makes the calls of a plan, and ends Java, which then writes the archive."""
    sdk = jvm.start(class_path, f"-XX:ArchiveClassesAtExit={draft}")
    with tempfile.TemporaryDirectory(prefix="gwe-") as folder:
        path = Path(folder) / "gwe.db"
        create_server(path, SAMPLE_SITE)
        listener = Listener(sdk, path, ListenAddress(port=0))
        listener.open()
        url = parse_url(f"confserv://127.0.0.1:{listener.port}")
        server = PsdkServer(sdk, url, ConnectionOptions(), user="default", password="password")  # noqa: S106
        server.info()
        for object_type in ("Application", "Script", "AgentGroup", "EnumeratorValue"):
            server.read(object_type)
        server.close()
        listener.close()
    jvm.end()


if __name__ == "__main__":
    _main(sys.argv[1], [Path(jar) for jar in sys.argv[2:]])
