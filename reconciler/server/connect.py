"""From a server URL to an open server."""

from dataclasses import dataclass
from pathlib import Path

from reconciler.errors import UsageError
from reconciler.server.port import Server

_FORMS = "A server is embedded:PATH."


@dataclass(frozen=True)
class Credentials:
    """Who logs in. Never shown."""

    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"Credentials(user={self.user!r})"


def connect(url: str, credentials: Credentials, timeout: float) -> Server:
    """Opens the server behind a URL. ``timeout``: seconds that one call may take.

    UsageError for a URL of no known form, ServerError where it cannot be opened.
    """
    scheme, colon, rest = url.partition(":")
    if not colon or not rest:
        raise UsageError(f"{url!r} is no server URL", _FORMS)
    if scheme == "embedded":
        from reconciler.server.embedded.adapter import EmbeddedServer  # noqa: PLC0415 - sqlite3

        return EmbeddedServer(
            Path(rest),
            user=credentials.user,
            password=credentials.password,
            timeout=timeout,
        )
    raise UsageError(f"no server is reached through {scheme}:", _FORMS)
