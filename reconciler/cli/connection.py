"""The options that say how to reach a real Configuration Server."""

import os
from collections.abc import Mapping
from typing import Any

import click

from reconciler.server.connection import ConnectionOptions, options_from

PSDK_OPTIONS = (
    click.option("--psdk", metavar="DIR", help="Folder with the Platform SDK (or GWE_PSDK)."),
    click.option(
        "--client", metavar="NAME", help="Client application to log in as; default: default."
    ),
    click.option("--client-type", metavar="TYPE", help="Its type, name or number; default: SCE."),
    click.option("--ca-file", metavar="FILE", help="Trust these certificates (PEM)."),
    click.option("--trust-store", metavar="FILE", help="Trust what this Java store trusts."),
    click.option("--certificate", metavar="FILE", help="The client's own certificate (PEM)."),
    click.option("--key", metavar="FILE", help="Its private key (PEM, PKCS #8)."),
    click.option(
        "--tls-upgrade/--no-tls-upgrade",
        default=None,
        help="The port changes over to TLS; refuse to go on without.",
    ),
    click.option(
        "--encoding", metavar="NAME", help="Of a server that is not multilingual: a code page."
    ),
    click.option("--addp/--no-addp", default=None, help="Watch the connection; default: on."),
    click.option(
        "--in-flight",
        type=click.IntRange(1, 256),
        metavar="N",
        help="Requests that may be out at once; default: 8.",
    ),
    click.option(
        "--connect-timeout",
        type=click.FloatRange(min=0, max=86_400, min_open=True),
        metavar="SECONDS",
        help="For one host to let us in; default: 10.",
    ),
)
"""None where the command line does not say it: then gwe.toml, then the default."""


def connect_options(given: Mapping[str, Any], settings: Mapping[str, Any]) -> ConnectionOptions:
    """How to connect: the command line first, then the ``connection`` table of gwe.toml."""
    secret = {"trust_store_password": os.environ.get("GWE_TRUST_STORE_PASSWORD", "")}
    return options_from(given, settings, secret)
