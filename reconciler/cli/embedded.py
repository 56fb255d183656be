"""``gwe embedded``: creates, shows, exports and serves embedded Configuration Servers."""

import signal
import sys
import threading
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH, ColorFlags, TimeoutFlags, WholeNumber
from reconciler.cli.flags import FlagGroup, flag, with_flags
from reconciler.cli.help import SectionedGroup
from reconciler.errors import ExitCode
from reconciler.files.writing import write_new_file
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.render.console import print_data, say
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.export import export_site
from reconciler.server.embedded.sites.file import SAMPLE_SITE

_PATH = click.argument("path", type=ANY_PATH)


@click.group("embedded", cls=SectionedGroup)
def command() -> None:
    """Create embedded Configuration Servers; show, export or serve their objects.

    An embedded server is a file that behaves like a Configuration Server: use it as
    --server embedded:PATH.
    """


@command.command("init")
@_PATH
@click.option(
    "--site",
    type=ANY_PATH,
    default=SAMPLE_SITE,
    help="Site file with the objects. Default: the sample site.",
)
@click.option(
    "--durable", is_flag=True, help="Flush every write to disk, so that a power loss loses none."
)
def init(path: Path, site: Path, durable: bool) -> int:
    """Create the server file PATH."""
    count = create_server(path, site, durable=durable)
    say(f"Created {path} with {count} objects.")
    return ExitCode.DONE


@command.command("inspect")
@_PATH
@click.option("-v", "--verbose", is_flag=True, help="Also the fields of every object.")
@with_flags
def inspect(path: Path, verbose: bool, color: ColorFlags, waiting: TimeoutFlags) -> int:
    """Show the objects in the server file PATH as a tree."""
    from reconciler.render.console import make_console  # noqa: PLC0415 - rich is slow to import
    from reconciler.render.server_tree import print_tree  # noqa: PLC0415

    server = EmbeddedServer(path, timeout=waiting.timeout)
    try:
        objects = [
            one
            for name in OBJECT_TYPES
            for one in server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
        ]
    finally:
        server.close()
    print_tree(make_console(no_color=color.no_color), objects, verbose=verbose)
    return ExitCode.DONE


@command.command("export")
@_PATH
@click.option(
    "--out", type=ANY_PATH, metavar="FILE", help="Write to this new file instead of printing."
)
@with_flags
def export(path: Path, out: Path | None, waiting: TimeoutFlags) -> int:
    """Export the server file PATH as a YAML site file.

    gwe embedded init --site makes the same server from it. The export contains password
    hashes, so keep it to yourself. For manifests of a server's objects, see gwe export.
    """
    server = EmbeddedServer(path, timeout=waiting.timeout)
    try:
        text = export_site(server)
    finally:
        server.close()
    if out is None:
        print_data(text)
    else:
        write_new_file(out, text.encode())
        say(f"Exported {path} to {out}.")
    return ExitCode.DONE


class ListenFlags(FlagGroup):
    """Where and how to listen."""

    host: str = flag(
        "--host",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="Address to listen on.",
    )
    port: int = flag(
        "--port",
        type=WholeNumber(1, 65535),
        default=2020,
        show_default=True,
        metavar="N",
        help="Port to listen on.",
    )
    psdk: str = flag(
        "--psdk", default="", metavar="DIR", help="Folder with the Platform SDK (or GWE_PSDK)."
    )
    install_dir: str = flag(
        "--install-dir",
        default="",
        metavar="DIR",
        help="In place of --psdk: folder of an installed product that includes the SDK's jars.",
    )
    certificate: str = flag(
        "--certificate", default="", metavar="FILE", help="Use TLS with this certificate (PEM)."
    )
    key: str = flag(
        "--key", default="", metavar="FILE", help="Private key of --certificate (PEM, PKCS #8)."
    )
    ca_file: str = flag(
        "--ca-file",
        default="",
        metavar="FILE",
        help="Require client certificates that are issued by these CAs (PEM).",
    )
    encoding: str = flag(
        "--encoding", default="", metavar="NAME", help="Code page to use instead of UTF-8."
    )


@command.command("serve")
@_PATH
@with_flags
def serve(path: Path, listen: ListenFlags, waiting: TimeoutFlags) -> int:
    """Serve the server file PATH over Configuration Server's own protocol.

    Any client of the vendor's Platform SDK can use it, with a user, a password and a client
    application from the file. Ctrl-C ends it.
    """
    from reconciler.server.psdk import jars, jvm  # noqa: PLC0415 - only with the vendor's jars
    from reconciler.server.wire.endpoint import ListenAddress  # noqa: PLC0415
    from reconciler.server.wire.listener import Listener  # noqa: PLC0415

    EmbeddedServer(path).close()  # mistakes in the file are reported before Java starts
    found = jars.find_jars(jars.folder_of(listen.psdk, listen.install_dir)).check()
    address = ListenAddress(
        host=listen.host,
        port=listen.port,
        certificate=listen.certificate,
        key=listen.key,
        ca_file=listen.ca_file,
        encoding=listen.encoding,
    )
    listener = Listener(jvm.start(found.class_path), path, address, waiting.timeout)
    listener.open()
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    scheme = "confservs" if listen.certificate else "confserv"
    try:
        say(f"Serving {path} at {scheme}://{listen.host}:{listener.port}. Ctrl-C ends it.")
        sys.stdout.flush()
        while not ended.wait(0.5):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()
    say("Ended.")
    return ExitCode.DONE
