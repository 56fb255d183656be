"""The SDK's description of one end of a connection: address, TLS, ADDP, encoding."""

from pathlib import Path
from typing import Any

from reconciler.errors import UsageError
from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.jvm import Sdk


def client_endpoint(sdk: Sdk, address: Address, options: ConnectionOptions, *, tls: bool) -> Any:
    """Where a client connects to. ``tls`` False: TLS starts when the server asks for it."""
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    if options.addp:
        connection.setUseAddp(True)
        connection.setAddpClientTimeout(sdk.integer(options.addp_timeout))
        connection.setAddpServerTimeout(sdk.integer(options.addp_remote_timeout))
    _set_encoding(sdk, connection, options.encoding)
    endpoint = sdk.commons("protocol.Endpoint")
    if tls or options.ca_file or options.trust_store:
        context, extended = _client_tls(sdk, options)
    else:
        context, extended = _no_tls(sdk)
    return endpoint("gwe", address.host, address.port, connection, tls, context, extended)


def _no_tls(sdk: Sdk) -> tuple[Any, Any]:
    """A context that is never made ready, so that TLS cannot start with it. Where a server
    asks for TLS, ``upgrade`` gives another one; where it gives no parameters the SDK asks
    nobody, and without any context it would trust every certificate. One that trusts
    somebody takes Java a third of a second, and most connections do not need it."""
    context = sdk.java("javax.net.ssl.SSLContext").getInstance("TLS")
    return context, _extended(sdk, mutual=False, check_name=True)


def _client_tls(sdk: Sdk, options: ConnectionOptions) -> tuple[Any, Any]:
    """Whom the client trusts, and who it is. The host name is always checked."""
    helper = sdk.commons("connection.tls.SSLContextHelper")
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    managers = trust_managers(sdk, options)
    try:
        if options.certificate:
            certificate, secret = readable_file(options.certificate), readable_file(options.key)
            key = keys.createPEMKeyManager(certificate, secret)
        else:
            key = keys.createEmptyKeyManager()
        context = helper.createSSLContext(
            sdk.array(_KEYS, [key]), sdk.array(_TRUST, managers), None
        )
    except sdk.error as error:
        raise _unusable(sdk, error) from error
    return context, _extended(sdk, mutual=False, check_name=True)


def trust_managers(sdk: Sdk, options: ConnectionOptions) -> list[Any]:
    """Whom the client trusts: a CA file, a Java store, or whom Java itself trusts."""
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


_KEYS = "javax.net.ssl.KeyManager"
_TRUST = "javax.net.ssl.TrustManager"


def _extended(sdk: Sdk, *, mutual: bool, check_name: bool) -> Any:
    none = sdk.java("java.lang.String[]")
    return sdk.commons("connection.tls.SSLExtendedOptions")(
        mutual, sdk.null(none), sdk.null(none), check_name
    )


def readable_file(path: str) -> str:
    """The path, or ServerUnavailableError where it is no file."""
    if not Path(path).is_file():
        raise ServerUnavailableError(
            f"{path or 'the key'} is no file",
            "Check --ca-file, --trust-store, --certificate and --key.",
        )
    return path


def _set_encoding(sdk: Sdk, connection: Any, encoding: str) -> None:
    """UsageError for an encoding that Java does not know."""
    if not encoding:
        return
    try:
        known = bool(sdk.java("java.nio.charset.Charset").isSupported(encoding))
    except sdk.error:  # it cannot even be the name of one
        known = False
    if not known:
        raise UsageError(
            f"{encoding!r} is no encoding that Java knows",
            "Use a name such as windows-1251, Shift_JIS or ISO-8859-15.",
        )
    connection.setStringsEncoding(encoding)


def server_endpoint(
    sdk: Sdk,
    host: str,
    port: int,
    certificate: str = "",
    key: str = "",
    ca_file: str = "",
    encoding: str = "",
) -> Any:
    """Where a server listens; over TLS where it has a certificate. With a CA file it asks
    its clients for one, too. ``encoding``: its code page; empty: it is multilingual."""
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    _set_encoding(sdk, connection, encoding)
    endpoint = sdk.commons("protocol.Endpoint")
    if not certificate:
        return endpoint("gwe", host, port, connection)
    trust = sdk.commons("connection.tls.TrustManagerHelper")
    helper = sdk.commons("connection.tls.SSLContextHelper")
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    try:
        own = keys.createPEMKeyManager(readable_file(certificate), readable_file(key))
        managers = (
            list(trust.createPEMTrustManagers(readable_file(ca_file), None))
            if ca_file
            else [trust.createDefaultTrustManager()]
        )
        context = helper.createSSLContext(
            sdk.array(_KEYS, [own]), sdk.array(_TRUST, managers), None
        )
    except sdk.error as error:
        raise ServerUnavailableError(
            f"the certificate cannot be used: {sdk.reason(error)}",
            "Check --certificate, --key and --ca-file.",
        ) from error
    extended = _extended(sdk, mutual=bool(ca_file), check_name=False)
    return endpoint("gwe", host, port, connection, True, context, extended)
