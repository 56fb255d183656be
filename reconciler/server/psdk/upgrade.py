"""The change-over to TLS on a plain port: how the SDK asks what to trust, and what it is told.

A server that wants it answers the first request with error 38 and the security parameters
of its port. The SDK then starts TLS on the same connection, and trusts every certificate
unless it is told otherwise: it is told here, whatever the server's parameters say.
"""

import base64
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from reconciler.server.connection import ConnectionOptions
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.endpoint import readable_file, trust_managers
from reconciler.server.psdk.jvm import Sdk

_PEM = "PEM"
"""The SDK's name for certificates in PEM files."""


class Upgrade:
    """What one connection does when the server asks for TLS. ``begun``: it was asked."""

    def __init__(
        self, sdk: Sdk, address: Address, options: ConnectionOptions, on_begin: Callable[[], None]
    ) -> None:
        self._sdk = sdk
        self._address = address
        self._options = options
        self._on_begin = on_begin
        self._bundle = ""
        self._certificate = readable_file(options.certificate) if options.certificate else ""
        self._key = readable_file(options.key) if options.certificate else ""
        self.begun = False
        # Kept: Java holds it, and Python must not let it go.
        self.configurator = sdk.implement(
            sdk.commons("connection.tls.TLSConfigurator"), configure=self._configure
        )

    def _configure(self, configuration: Any, endpoint: Any, parameters: Any) -> None:  # noqa: ARG002
        """Called by Java with what the server's parameters amount to, before TLS starts."""
        options = self._options
        configuration.setProvider(_PEM)
        configuration.setTrustedCaCertificate(options.ca_file or self._trusted())
        configuration.setTargetNameCheckEnabled(True)
        configuration.setExpectedHostname(self._address.host)
        if self._certificate:
            configuration.setCertificate(self._certificate)
            configuration.setCertificateKey(self._key)
        self.begun = True
        self._on_begin()

    def _trusted(self) -> str:
        """A file with what the Java store holds, or with what Java itself trusts: the SDK
        takes one form of certificates for both ends only."""
        found = [
            base64.encodebytes(bytes(one.getEncoded())).decode("ascii")
            for manager in trust_managers(self._sdk, self._options)
            for one in manager.getAcceptedIssuers()
        ]
        text = "".join(
            f"-----BEGIN CERTIFICATE-----\n{one}-----END CERTIFICATE-----\n" for one in found
        )
        handle, self._bundle = tempfile.mkstemp(prefix="gwe-trust-", suffix=".pem")
        os.close(handle)
        Path(self._bundle).write_text(text, encoding="ascii")
        return self._bundle

    def end(self) -> None:
        """Removes what was written for it. Called when the connection is open, or is not."""
        if self._bundle:
            with suppress(OSError):
                Path(self._bundle).unlink()
