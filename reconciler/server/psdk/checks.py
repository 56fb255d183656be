"""Checks everything that a log-in to a real Configuration Server needs.

Java and the SDK come first, then every host of the URL: name, port, TLS. The hosts are checked
without Java, so that one call of ``gwe doctor`` finds what is wrong with either.
"""

import platform
import socket
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from reconciler.server.checks import CheckResult
from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerError
from reconciler.server.psdk import jars, jvm
from reconciler.server.psdk.address import Address, ServerUrl
from reconciler.server.psdk.archive import archive_for, find_whole
from reconciler.server.psdk.archive_maker import make_archive


def check_access(url: ServerUrl, options: ConnectionOptions) -> Iterator[CheckResult]:
    """Java and the SDK, then each host. It is enough if one host passes."""
    yield from _environment(options)
    reached = False
    for address in url.hosts:
        results = list(_host(address, url, options))
        yield from (replace(result, conclusive=False) for result in results)
        reached = reached or all(result.state != "failed" for result in results)
    if not reached:
        yield CheckResult("hosts", "failed", "no host can be reached", "See the lines above.")


def _environment(options: ConnectionOptions) -> Iterator[CheckResult]:
    try:
        jpype = jvm.load_jpype()
        yield CheckResult("JPype1", "ok", str(getattr(jpype, "__version__", "installed")))
        library = jvm.java_library(jpype)
        found = jars.find_jars(jars.folder_of(options.psdk, options.install_dir))
        if found.missing:
            lines = "; ".join(f"{lack.jar} ({lack.class_name})" for lack in found.missing)
            advice = "Put these jars in that folder; gwe downloads none."
            yield CheckResult("Platform SDK", "failed", f"{found.folder} lacks {lines}", advice)
            return
        sdk = jvm.start(found.class_path)
        bits = platform.architecture()[0]
        yield CheckResult("Java", "ok", f"{sdk.java_version}, {bits}, {library}")
        elsewhere = sum(jar.parent != found.folder for jar in found.class_path)
        text = f"{len(found.class_path) - elsewhere} jars in {found.folder}"
        text += f", {elsewhere} from elsewhere" if elsewhere else ""
        _ = sdk.metadata  # fails where a class cannot be loaded
        yield CheckResult("Platform SDK", "ok", text)
        yield _archive(library, found.class_path)
    except ServerError as error:
        yield CheckResult("Java and SDK", "failed", error.message, error.hint)


def _archive(library: str, class_path: Sequence[Path]) -> CheckResult:
    """Makes the archive with which Java starts faster, unless a complete one exists."""
    name = archive_for(library, class_path)
    archive = None if name is None else find_whole(name) or make_archive(name, class_path)
    if archive is not None:
        return CheckResult("start", "ok", f"Java's classes are prepared in {archive}")
    return CheckResult("start", "note", "Java starts without prepared classes, a little slower")


def _host(address: Address, url: ServerUrl, options: ConnectionOptions) -> Iterator[CheckResult]:
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError as error:
        advice = "Check the spelling of the host, and the name service of this machine."
        text = f"{address.host}: {error.strerror or error}"
        yield CheckResult("name", "failed", text, advice)
        return
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    yield CheckResult("name", "ok", f"{address.host} is {addresses}")
    try:
        connection = socket.create_connection((address.host, address.port), options.connect_timeout)
    except OSError as error:
        advice = "Is the server up, and does a firewall let this machine through?"
        text = f"{address}: {error.strerror or error}"
        yield CheckResult("port", "failed", text, advice)
        return
    with connection:
        yield CheckResult("port", "ok", f"{address} answers")
        if options.tls_upgrade:
            yield CheckResult("TLS", "note", "the port is to change over to it: checked at log-in")
        elif not url.tls:
            advice = "Where the server has a secure port: confservs://"
            yield CheckResult("TLS", "note", "not used: what is sent can be read", advice)
        elif options.trust_store:
            yield CheckResult("TLS", "note", "with a Java trust store: checked at log-in")
        else:
            yield _tls(address, options, connection)


def _tls(address: Address, options: ConnectionOptions, connection: socket.socket) -> CheckResult:
    try:
        context = ssl.create_default_context(cafile=options.ca_file or None)
        if options.certificate:
            context.load_cert_chain(options.certificate, options.key or None)
        with context.wrap_socket(connection, server_hostname=address.host) as secure:
            certificate = secure.getpeercert() or {}
            until = certificate.get("notAfter", "an unknown date")
            return CheckResult("TLS", "ok", f"{secure.version()}, certificate valid until {until}")
    except ssl.SSLCertVerificationError as error:
        advice = "Name the authority that signed it with --ca-file or --trust-store."
        return CheckResult("TLS", "failed", f"not trusted: {error.verify_message}", advice)
    except (OSError, ValueError) as error:
        advice = "Is this the secure port? A plain one is confserv://"
        return CheckResult("TLS", "failed", str(error), advice)
