"""Manifests in any number, and server files that hold what they declare."""

from collections.abc import Iterator
from pathlib import Path

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.embedded.adapter import EmbeddedServer

ROUTINGS = 50
ENHANCED_ROUTING, QUEUE, VIEW = 6, 23, 24
MANIFEST = """\
apiVersion: reconciler/v1
kind: {kind}
metadata: {{name: {name}}}
spec: {{annex: {{{section}: {{{option}: "{value}"}}}}}}
"""

Declared = tuple[str, int, str, str, str, str]
"""Kind, script type and name, and section, name and value of the only option."""


def objects(count: int) -> Iterator[Declared]:
    """A queue and its view in turn, and the routing scripts to which the queues refer."""
    for number in range(ROUTINGS):
        yield "EnhancedRouting", ENHANCED_ROUTING, f"R{number}", "Application", "url", "http://r"
    for number in range((count - ROUTINGS) // 2):
        routing = f"script:R{number % ROUTINGS}"
        yield "InteractionQueue", QUEUE, f"Q{number}", "Orchestration", "application", routing
        yield "InteractionQueueView", VIEW, f"Q{number}.View", "View", "Queue", f"Q{number}"


def queues(count: int, first: int = 0) -> Iterator[Declared]:
    """Queues that refer to nothing. ``first``: the number of the first."""
    for number in range(first, first + count):
        name = f"Q{number:06}"
        yield "InteractionQueue", QUEUE, name, "Orchestration", "priority", "5"


def write_manifests(folder: Path, declared: Iterator[Declared], per_file: int = 1_000) -> None:
    folder.mkdir()
    written = [
        MANIFEST.format(kind=kind, name=name, section=section, option=option, value=value)
        for kind, _, name, section, option, value in declared
    ]
    for start in range(0, len(written), per_file):
        text = "---\n".join(written[start : start + per_file])
        (folder / f"{start:06}.yaml").write_text(text, encoding="utf-8")


def fill(path: Path, declared: Iterator[Declared]) -> None:
    """Creates the objects on a server, in one transaction."""
    server, kind = EmbeddedServer(path), OBJECT_TYPES["Script"]
    with server.store.writing():
        folder = server.engine.folders().default(kind, ("Tenant", 101))
        for _, script_type, name, section, option, value in declared:
            attributes = {
                "tenantDBID": 101,
                "name": name,
                "type": script_type,
                "userProperties": {section: {option: value}},
            }
            server.insert(kind, validation.complete(kind, attributes), folder)
    server.close()
