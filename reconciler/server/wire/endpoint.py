"""The SDK's description of the address that the listener listens at."""

from typing import Any

from msgspec import Struct

from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk.endpoint import (
    extended_options,
    readable_file,
    set_encoding,
    tls_context,
)
from reconciler.server.psdk.jvm import Sdk


class ListenAddress(Struct, frozen=True):
    """Where to listen, and how. ``port`` 0: any free port. With a certificate and its key (PEM
    files): over TLS. With a CA file too: clients need a certificate of that CA. ``encoding``: the
    code page; empty: the server is multilingual."""

    host: str = "127.0.0.1"
    port: int = 2020
    certificate: str = ""
    key: str = ""
    ca_file: str = ""
    encoding: str = ""


def server_endpoint(sdk: Sdk, address: ListenAddress) -> Any:
    """The address in the SDK's form.

    ServerUnavailableError for certificates that cannot be used, UsageError for an encoding
    that Java does not know.
    """
    connection = sdk.commons("connection.configuration.PropertyConfiguration")()
    set_encoding(sdk, connection, address.encoding)
    endpoint = sdk.commons("protocol.Endpoint")
    if not address.certificate:
        return endpoint("gwe", address.host, address.port, connection)
    trust = sdk.commons("connection.tls.TrustManagerHelper")
    keys = sdk.commons("connection.tls.KeyManagerHelper")
    try:
        own = keys.createPEMKeyManager(
            readable_file(address.certificate), readable_file(address.key)
        )
        managers = (
            list(trust.createPEMTrustManagers(readable_file(address.ca_file), None))
            if address.ca_file
            else [trust.createDefaultTrustManager()]
        )
        context = tls_context(sdk, own, managers)
    except sdk.error as error:
        raise ServerUnavailableError(
            f"the certificate cannot be used: {sdk.reason(error)}",
            "Check --certificate, --key and --ca-file.",
        ) from error
    extended = extended_options(sdk, mutual=bool(address.ca_file), check_name=False)
    return endpoint("gwe", address.host, address.port, connection, True, context, extended)
