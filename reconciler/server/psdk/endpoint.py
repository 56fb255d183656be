"""Builds the SDK's ``Endpoint`` of a connection: address, TLS, ADDP, encoding. This module builds
the client's endpoint, ``server/wire/endpoint.py`` the listener's."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.errors import UsageError
from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.jvm import Sdk


def client_endpoint(sdk: Sdk, address: Address, options: ConnectionOptions, *, tls: bool) -> Any:
    """The address that a client connects to. ``tls`` False: the connection begins plain, and
    TLS starts only if the server asks for it."""
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    if options.addp:
        connection.setUseAddp(True)
        connection.setAddpClientTimeout(sdk.integer(options.addp_timeout))
        connection.setAddpServerTimeout(sdk.integer(options.addp_remote_timeout))
    set_encoding(sdk, connection, options.encoding)
    endpoint = sdk.commons("protocol.Endpoint")
    if tls or options.ca_file or options.trust_store:
        context, extended = _client_tls(sdk, options)
    else:
        context, extended = _no_tls(sdk)
    return endpoint("gwe", address.host, address.port, connection, tls, context, extended)


def _no_tls(sdk: Sdk) -> tuple[Any, Any]:
    """A context that is never initialised, so TLS cannot start with it.

    If the server asks for TLS with its parameters, ``upgrade`` supplies a real context. If it
    asks without parameters, the SDK uses this one; without this context it would trust every
    certificate. A real context costs Java a third of a second, which most connections do not
    need."""
    context = sdk.java("javax.net.ssl.SSLContext").getInstance("TLS")
    return context, extended_options(sdk, mutual=False, check_name=True)


def _client_tls(sdk: Sdk, options: ConnectionOptions) -> tuple[Any, Any]:
    """The certificates that the client trusts, and its own. Checks the host name."""
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    managers = trust_managers(sdk, options)
    try:
        if options.certificate:
            certificate, secret = readable_file(options.certificate), readable_file(options.key)
            key = keys.createPEMKeyManager(certificate, secret)
        else:
            key = keys.createEmptyKeyManager()
        context = tls_context(sdk, key, managers)
    except sdk.error as error:
        raise _unusable(sdk, error) from error
    return context, extended_options(sdk, mutual=False, check_name=True)


def tls_context(sdk: Sdk, key_manager: Any, managers: Sequence[Any]) -> Any:
    """An initialised context. Java's error if it cannot be made."""
    keys = sdk.array("javax.net.ssl.KeyManager", [key_manager])
    trust = sdk.array("javax.net.ssl.TrustManager", managers)
    return sdk.commons("connection.tls.SSLContextHelper").createSSLContext(keys, trust, None)


def trust_managers(sdk: Sdk, options: ConnectionOptions) -> list[Any]:
    """The certificates that the client trusts: of a CA file, of a Java store, or Java's own."""
    trust = sdk.commons("connection.tls.TrustManagerHelper")
    try:
        if options.ca_file:
            return list(trust.createPEMTrustManagers(readable_file(options.ca_file), None))
        if options.trust_store:
            password = sdk.text(options.trust_store_password).toCharArray()
            store = readable_file(options.trust_store)
            return [trust.createJKSTrustManager(store, password, None)]
        return [trust.createDefaultTrustManager()]
    except sdk.error as error:
        raise _unusable(sdk, error) from error


def _unusable(sdk: Sdk, error: Exception) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"the certificates cannot be used: {sdk.reason(error)}",
        "Check --ca-file, --trust-store, --certificate and --key.",
    )


def extended_options(sdk: Sdk, *, mutual: bool, check_name: bool) -> Any:
    """``mutual``: the other end needs a certificate too. ``check_name``: the host name must be the
    name in the certificate."""
    none = sdk.java("java.lang.String[]")
    return sdk.commons("connection.tls.SSLExtendedOptions")(
        mutual, sdk.null(none), sdk.null(none), check_name
    )


def readable_file(path: str) -> str:
    """The path, or ServerUnavailableError if there is no such file."""
    if not Path(path).is_file():
        raise ServerUnavailableError(
            f"{path or 'the key'} is not a file",
            "Check --ca-file, --trust-store, --certificate and --key.",
        )
    return path


def set_encoding(sdk: Sdk, connection: Any, encoding: str) -> None:
    """Sets the code page of a connection, unless it is empty. UsageError for a code page that Java
    does not know."""
    if not encoding:
        return
    try:
        known = bool(sdk.java("java.nio.charset.Charset").isSupported(encoding))
    except sdk.error:  # not even a well-formed name
        known = False
    if not known:
        raise UsageError(
            f"Java knows no encoding {encoding!r}",
            "Use a name such as windows-1251, Shift_JIS or ISO-8859-15.",
        )
    connection.setStringsEncoding(encoding)
