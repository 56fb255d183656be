"""The options for a session: server, account, and how to reach a real server."""

import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.cli.common import (
    ANY_PATH,
    SECONDS,
    ProfileFlags,
    SiteFlags,
    StateFlags,
    TimeoutFlags,
    WholeNumber,
)
from reconciler.cli.flags import accepting, flag
from reconciler.cli.logs import LogFlags
from reconciler.environment import TRUST_STORE_PASSWORD
from reconciler.server.connection import ConnectionOptions, options_from


class AccountFlags(LogFlags, TimeoutFlags):
    """The account, and how to reach a real server. A field that is empty or None comes from
    gwe.toml, else it has the default of ``ConnectionOptions``."""

    user: str = flag(
        "--user", envvar="GWE_USER", default="", metavar="NAME", help="User name (or GWE_USER)."
    )
    password_file: Path | None = flag(
        "--password-file",
        envvar="GWE_PASSWORD_FILE",
        type=ANY_PATH,
        metavar="FILE",
        help="File with the password. If not given: GWE_PASSWORD_FILE, GWE_PASSWORD, keyring,"
        " prompt.",
    )
    install_dir: Path | None = flag(
        "--install-dir",
        envvar="GWE_INSTALL_DIR",
        type=ANY_PATH,
        metavar="DIR",
        help="Web Engagement installation folder, with the launch files and perhaps the SDK's jars"
        " (or GWE_INSTALL_DIR).",
    )
    psdk: str | None = flag(
        "--psdk",
        envvar="GWE_PSDK",
        metavar="DIR",
        help="Folder with the Platform SDK (or GWE_PSDK).",
    )
    client: str | None = flag(
        "--client", metavar="NAME", help="Client application to log in as. Default: default."
    )
    client_type: str | None = flag(
        "--client-type",
        metavar="TYPE",
        help="Type of --client, by name or number. Default: SCE.",
    )
    ca_file: str | None = flag("--ca-file", metavar="FILE", help="Trust these certificates (PEM).")
    trust_store: str | None = flag(
        "--trust-store", metavar="FILE", help="Trust the certificates of this Java trust store."
    )
    certificate: str | None = flag(
        "--certificate", metavar="FILE", help="The client's own certificate (PEM)."
    )
    key: str | None = flag(
        "--key", metavar="FILE", help="Private key of --certificate (PEM, PKCS #8)."
    )
    tls_upgrade: bool | None = flag(
        "--tls-upgrade/--no-tls-upgrade",
        default=None,
        help="Require a plain port to upgrade to TLS, else stop. Default: off.",
    )
    encoding: str | None = flag(
        "--encoding", metavar="NAME", help="Code page of a server that is not multilingual."
    )
    addp: bool | None = flag(
        "--addp/--no-addp", default=None, help="Monitor the connection (ADDP). Default: on."
    )
    in_flight: int | None = flag(
        "--in-flight",
        type=WholeNumber(1, 256),
        metavar="N",
        help="Requests in flight at once; independent actions of an apply, too. Default: 8.",
    )
    connect_timeout: float | None = flag(
        "--connect-timeout",
        type=SECONDS,
        metavar="SECONDS",
        help="How long one host may take to accept the session. Default: 10.",
    )


class ServerFlags(ProfileFlags):
    """The server, or the profile that names it."""

    server: str = flag(
        "--server",
        envvar="GWE_SERVER",
        default="",
        metavar="URL",
        help="embedded:PATH or confserv://HOST[:PORT] (or GWE_SERVER).",
    )


class ConnectionFlags(AccountFlags, ServerFlags):
    """The server, the account, and how to reach a real server."""


takes_site = accepting(SiteFlags, ConnectionFlags, StateFlags)
"""Decorates a command that needs no site, no server or no state: see ``accepting``."""


def connect_options(
    flags: ConnectionFlags, settings: Mapping[str, object], install_dir: Path | None
) -> ConnectionOptions:
    """How to reach a real server: the command line wins over the ``connection`` table of
    gwe.toml. ``install_dir``: from the command line or gwe.toml."""
    given = {**vars(flags), "install_dir": str(install_dir or "")}
    secret = {"trust_store_password": os.environ.get(TRUST_STORE_PASSWORD, "")}
    return options_from(given, settings, secret)
