"""The id of this machine: it stays when the host gets another name."""

import socket
from hashlib import sha256
from pathlib import Path

FILES = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def machine_id() -> str:
    """A digest of the id that the system gave this machine (machine-id(5)), since the id
    itself is not to be published. Without an id, as in most containers, the name of the host is
    used."""
    for file in FILES:
        try:
            found = file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            continue
        if found and found != "uninitialized":
            return _digest("machine", found)
    return _digest("host", socket.gethostname().lower())


def _digest(kind: str, text: str) -> str:
    return sha256(f"gwe-reconciler {kind} {text}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
