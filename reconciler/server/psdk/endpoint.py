"""The SDK's description of one end of a connection: address, TLS, ADDP, encoding."""

from pathlib import Path
from typing import Any

from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.address import Address, Options
from reconciler.server.psdk.jvm import Sdk


def client_endpoint(sdk: Sdk, address: Address, options: Options, *, tls: bool) -> Any:
    """Where a client connects to."""
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    if options.addp:
        connection.setUseAddp(True)
        connection.setAddpClientTimeout(sdk.integer(options.addp_timeout))
        connection.setAddpServerTimeout(sdk.integer(options.addp_remote_timeout))
    if options.encoding:
        connection.setStringsEncoding(options.encoding)
    endpoint = sdk.commons("protocol.Endpoint")
    name = "gwe"
    if not tls:
        return endpoint(name, address.host, address.port, connection)
    context, extended = _client_tls(sdk, options)
    return endpoint(name, address.host, address.port, connection, True, context, extended)


def _client_tls(sdk: Sdk, options: Options) -> tuple[Any, Any]:
    """Whom the client trusts, and who it is. The host name is always checked."""
    helper = sdk.commons("connection.tls.SSLContextHelper")
    trust = sdk.commons("connection.tls.TrustManagerHelper")
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    try:
        if options.ca_file:
            managers = list(trust.createPEMTrustManagers(_file(options.ca_file), None))
        elif options.trust_store:
            password = sdk.text(options.trust_store_password).toCharArray()
            store = _file(options.trust_store)
            managers = [trust.createJKSTrustManager(store, password, None)]
        else:
            managers = [trust.createDefaultTrustManager()]
        if options.certificate:
            key = keys.createPEMKeyManager(_file(options.certificate), _file(options.key))
        else:
            key = keys.createEmptyKeyManager()
        context = helper.createSSLContext(
            sdk.array(_KEYS, [key]), sdk.array(_TRUST, managers), None
        )
    except sdk.error as error:
        raise ServerUnavailableError(
            f"the certificates cannot be used: {sdk.reason(error)}",
            "Check --ca-file, --trust-store, --certificate and --key.",
        ) from error
    return context, _extended(sdk, mutual=False, check_name=True)


_KEYS = "javax.net.ssl.KeyManager"
_TRUST = "javax.net.ssl.TrustManager"


def _extended(sdk: Sdk, *, mutual: bool, check_name: bool) -> Any:
    none = sdk.java("java.lang.String[]")
    return sdk.commons("connection.tls.SSLExtendedOptions")(
        mutual, sdk.null(none), sdk.null(none), check_name
    )


def _file(path: str) -> str:
    if not Path(path).is_file():
        raise ServerUnavailableError(
            f"{path or 'the key'} is no file",
            "Check --ca-file, --trust-store, --certificate and --key.",
        )
    return path


def server_endpoint(
    sdk: Sdk, host: str, port: int, certificate: str = "", key: str = "", ca_file: str = ""
) -> Any:
    """Where a server listens; over TLS where it has a certificate. With a CA file it asks
    its clients for one, too."""
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    endpoint = sdk.commons("protocol.Endpoint")
    if not certificate:
        return endpoint("gwe", host, port, connection)
    trust = sdk.commons("connection.tls.TrustManagerHelper")
    helper = sdk.commons("connection.tls.SSLContextHelper")
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    try:
        own = keys.createPEMKeyManager(_file(certificate), _file(key))
        managers = (
            list(trust.createPEMTrustManagers(_file(ca_file), None))
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
