"""The URL of a PostgreSQL store: how the store is reached, and which parts may be shown.

    postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?PARAMETER=VALUE&...]

as libpq accepts it. A server on another host must show a certificate that is valid for that host:
the backups are in clear.
"""

import os
from ipaddress import ip_address
from typing import Any

import psycopg
from msgspec import Struct
from psycopg.conninfo import conninfo_to_dict

from reconciler.diagnostics import Diagnostic
from reconciler.environment import POSTGRES_PASSWORD
from reconciler.errors import RefusedError, UsageError

_VERIFIED = "verify-full"
_SECRETS = ("password", "sslpassword")


class PostgresUrl(Struct, frozen=True):
    """A URL in its parts. ``given``: the parameters of libpq that it has. Never shown."""

    given: dict[str, Any]

    def __repr__(self) -> str:
        return f"PostgresUrl({self.public})"

    @classmethod
    def parse(cls, url: str) -> "PostgresUrl":
        """UsageError if it is no such URL, RefusedError if it asks for less than a verified
        connection to another host. Neither repeats the URL: it may have a password."""
        try:
            parts = {} if _is_ambiguous(url) else conninfo_to_dict(url)
        except psycopg.Error:
            parts = {}
        given = {name: value for name, value in parts.items() if value}
        ports = [port for port in str(given.get("port", "")).split(",") if port]
        if "dbname" not in given or not all(port.isdigit() for port in ports):
            raise UsageError(
                "the URL of the state cannot be read, or names no database",
                "It is postgresql://[USER@]HOST[:PORT]/DATABASE; a special character in a part"
                " is written as % and two hex digits.",
            )
        found = cls(given)
        if not found.is_local and given.get("sslmode", _VERIFIED) != _VERIFIED:
            raise RefusedError(
                [
                    Diagnostic(
                        f"{found.public} is on another host, and sslmode={given['sslmode']}"
                        " does not verify it",
                        hint="Leave sslmode out, or write sslmode=verify-full;"
                        " ?sslrootcert=FILE names the certificate of its authority.",
                    )
                ]
            )
        return found

    @property
    def _hosts(self) -> list[str]:
        """Where libpq connects to; none: to a local socket, unless a service says."""
        address = self.given.get("hostaddr") or os.environ.get("PGHOSTADDR")
        name = self.given.get("host") or os.environ.get("PGHOST") or ""
        return [one for one in str(address or name).split(",") if one]

    @property
    def is_local(self) -> bool:
        """Whether every host is this one: a local socket or a loopback address."""
        if self.given.get("service") or os.environ.get("PGSERVICE"):
            return False  # its file may name any host
        return all(_is_this_host(one) for one in self._hosts)

    @property
    def public(self) -> str:
        """The URL with only host, port and database."""
        names = str(self.given.get("host") or os.environ.get("PGHOST") or "").split(",")
        ports = str(self.given.get("port") or os.environ.get("PGPORT") or "").split(",")
        ports += ports[-1:] * (len(names) - len(ports))
        hosts = [
            (f"[{name}]" if ":" in name else name.replace("/", "%2F")) + (port and f":{port}")
            for name, port in zip(names, ports, strict=False)
        ]
        return f"postgresql://{','.join(hosts)}/{self.given.get('dbname', '')}"

    def parameters(self, timeout: float) -> dict[str, Any]:
        """The parameters of a connection. ``timeout``: seconds to wait for it."""
        default: dict[str, Any] = {
            "connect_timeout": max(2, round(timeout)),
            "application_name": "gwe-reconciler",
            "client_encoding": "UTF8",
            # Give up a connection to a host that is gone after half a minute.
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 4,
            "tcp_user_timeout": 30_000,
        }
        if not self.is_local:
            default |= {"sslmode": _VERIFIED, "gssencmode": "disable"}
        return {**default, **self.given}

    @property
    def has_secrets(self) -> bool:
        """Whether the URL holds a password."""
        return any(self.given.get(name) for name in _SECRETS)

    def redacted(self, text: str) -> str:
        """A message of libpq on one line, without what is secret and without a full stop."""
        secrets = [self.given.get(name) for name in _SECRETS] + [os.environ.get(POSTGRES_PASSWORD)]
        for secret in secrets:
            text = text.replace(str(secret), "***") if secret else text
        return "; ".join(line.strip() for line in text.splitlines() if line.strip()).rstrip(".")


def _is_ambiguous(url: str) -> bool:
    """Whether an unescaped character in a password makes a part of it look like the host or
    the database, which are shown."""
    authority, _, path = url.partition("://")[2].partition("?")[0].partition("/")
    return authority.count("@") > 1 or "@" in path


def _is_this_host(name: str) -> bool:
    if name.startswith(("/", "@")) or name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
