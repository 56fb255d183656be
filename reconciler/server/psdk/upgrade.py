"""TLS upgrade on a plain port: which certificates the SDK then trusts.

A server that requires it answers the first request with error 38 and the security parameters
of its port. The SDK then starts TLS on the same connection. By default it would trust every
certificate; here it is configured to trust only the client's, whatever the server's parameters say.
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
    """The TLS upgrade of one connection. ``begun``: the server asked for it. ``on_begin`` is
    called just before TLS starts."""

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
        # Java calls it: Python must not collect it.
        self.configurator = sdk.implement(
            sdk.commons("connection.tls.TLSConfigurator"), configure=self._configure
        )

    def _configure(self, configuration: Any, endpoint: Any, parameters: Any) -> None:  # noqa: ARG002
        """Called by Java before TLS starts, with a configuration from the server's parameters."""
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
        """A temporary PEM file with the certificates of --trust-store, else Java's own: the SDK
        requires all certificates in one format."""
        found = [
            base64.encodebytes(bytes(issuer.getEncoded())).decode("ascii")
            for manager in trust_managers(self._sdk, self._options)
            for issuer in manager.getAcceptedIssuers()
        ]
        text = "".join(
            f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n" for body in found
        )
        handle, self._bundle = tempfile.mkstemp(prefix="gwe-trust-", suffix=".pem")
        os.close(handle)
        Path(self._bundle).write_text(text, encoding="ascii")
        return self._bundle

    def end(self) -> None:
        """Removes the temporary file. Called when the connection is open or has failed."""
        if self._bundle:
            with suppress(OSError):
                Path(self._bundle).unlink()
