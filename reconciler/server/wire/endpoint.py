"""The SDK's description of the address that the listener listens at."""

from typing import Any

from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.endpoint import (
    extended_options,
    readable_file,
    set_encoding,
    tls_context,
)
from reconciler.server.psdk.jvm import Sdk


def server_endpoint(
    sdk: Sdk,
    host: str,
    port: int,
    certificate: str = "",
    key: str = "",
    ca_file: str = "",
    encoding: str = "",
) -> Any:
    """The address to listen at. With a certificate and its key (PEM files): over TLS. With a
    CA file too: clients need a certificate of it. ``encoding``: the code page; empty: the
    server is multilingual.

    ServerUnavailableError for certificates that cannot be used, UsageError for an encoding
    that Java does not know.
    """
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    set_encoding(sdk, connection, encoding)
    endpoint = sdk.commons("protocol.Endpoint")
    if not certificate:
        return endpoint("gwe", host, port, connection)
    trust = sdk.commons("connection.tls.TrustManagerHelper")
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    try:
        own = keys.createPEMKeyManager(readable_file(certificate), readable_file(key))
        managers = (
            list(trust.createPEMTrustManagers(readable_file(ca_file), None))
            if ca_file
            else [trust.createDefaultTrustManager()]
        )
        context = tls_context(sdk, own, managers)
    except sdk.error as error:
        raise ServerUnavailableError(
            f"the certificate cannot be used: {sdk.reason(error)}",
            "Check --certificate, --key and --ca-file.",
        ) from error
    extended = extended_options(sdk, mutual=bool(ca_file), check_name=False)
    return endpoint("gwe", host, port, connection, True, context, extended)
