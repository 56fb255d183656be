"""``gwe embedded``: makes embedded Configuration Servers, shows and exports what they hold."""

import os
import signal
import sys
import threading
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, SECONDS
from reconciler.errors import ExitCode, ReconcilerError
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.export import export_site
from reconciler.server.embedded.sites.file import SAMPLE_SITE

_TIMEOUT = click.option(
    "--timeout",
    type=SECONDS,
    default=30.0,
    show_default=True,
    help="Seconds to wait.",
)
_PATH = click.argument("path", type=ANY_PATH)


@click.group("embedded", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Make embedded Configuration Servers, show and export what they hold.

    An embedded server is one file that behaves like a Configuration Server: use it as
    --server embedded:PATH.
    """


@command.command("init")
@_PATH
@click.option(
    "--site",
    type=ANY_PATH,
    default=SAMPLE_SITE,
    help="Site file with the objects; default: the sample site.",
)
@click.option(
    "--durable", is_flag=True, help="Every write waits for the disk, so power loss takes none."
)
def init(path: Path, site: Path, durable: bool) -> int:
    """Create the server file PATH."""
    count = create_server(path, site, durable=durable)
    click.echo(f"Created {path} with {count} objects.")
    return ExitCode.DONE


@command.command("inspect")
@_PATH
@click.option("-v", "--verbose", is_flag=True, help="Also the fields of every object.")
@click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR).")
@_TIMEOUT
def inspect(path: Path, verbose: bool, no_color: bool, timeout: float) -> int:
    """Show what the server file PATH holds, as a tree."""
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.server_tree import print_tree  # noqa: PLC0415

    server = EmbeddedServer(path, timeout=timeout)
    try:
        objects = [
            one
            for name in OBJECT_TYPES
            for one in server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
        ]
    finally:
        server.close()
    print_tree(make_console(no_color=no_color), objects, verbose=verbose)
    return ExitCode.DONE


@command.command("export")
@_PATH
@click.option("--out", type=ANY_PATH, metavar="FILE", help="Write this new file; default: print.")
@_TIMEOUT
def export(path: Path, out: Path | None, timeout: float) -> int:
    """Write the server file PATH as a site file.

    `gwe embedded init --site` makes the same server of it. Passwords are written as their
    hashes, so keep the file to yourself.
    """
    server = EmbeddedServer(path, timeout=timeout)
    try:
        text = export_site(server)
    finally:
        server.close()
    if out is None:
        click.echo(text.encode(), nl=False)
    else:
        _write_new(out, text.encode())
        click.echo(f"Exported {path} to {out}.")
    return ExitCode.DONE


@command.command("serve")
@_PATH
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=2020, show_default=True)
@click.option("--psdk", default="", metavar="DIR", help="Folder with the SDK (or GWE_PSDK).")
@click.option("--install-dir", default="", metavar="DIR", help="Or a product that has its jars.")
@click.option("--certificate", default="", metavar="FILE", help="Listen over TLS with this (PEM).")
@click.option("--key", default="", metavar="FILE", help="Its private key (PEM, PKCS #8).")
@click.option("--ca-file", default="", metavar="FILE", help="Clients need a certificate of these.")
@click.option("--encoding", default="", metavar="NAME", help="Speak a code page, not UTF-8.")
@_TIMEOUT
def serve(
    path: Path,
    host: str,
    port: int,
    psdk: str,
    install_dir: str,
    certificate: str,
    key: str,
    ca_file: str,
    encoding: str,
    timeout: float,
) -> int:
    """Offer the server file PATH on Configuration Server's own protocol.

    Any client of the vendor's Platform SDK can use it, with a user, a password and a client
    application that the file holds. Ctrl-C ends it.
    """
    from reconciler.server.psdk import jars, jvm  # noqa: PLC0415 - only with the vendor's jars
    from reconciler.server.wire.listener import Listener  # noqa: PLC0415

    found = jars.find_jars(jars.folder_of(psdk, install_dir)).check()
    listener = Listener(
        jvm.start(found.class_path),
        path,
        host=host,
        port=port,
        certificate=certificate,
        key=key,
        ca_file=ca_file,
        encoding=encoding,
        timeout=timeout,
    )
    listener.open()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    scheme = "confservs" if certificate else "confserv"
    try:
        click.echo(f"Serving {path} at {scheme}://{host}:{listener.port}. Ctrl-C ends it.")
        sys.stdout.flush()
        while not ended.wait(0.5):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    click.echo("Ended.")
    return ExitCode.DONE


def _write_new(path: Path, content: bytes) -> None:
    """Writes a file that was not there, for its owner only: all of it, or none."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise ReconcilerError(
            f"{path} exists already", "Name another file, or remove that one first."
        ) from error
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
