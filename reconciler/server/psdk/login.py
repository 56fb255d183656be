"""Opens a connection to one host: TLS at once or on request, then the log-in."""

import time
from typing import Any

from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ServerError, ServerUnavailableError
from reconciler.server.psdk.address import Address
from reconciler.server.psdk.channel import Channel, Unasked
from reconciler.server.psdk.codes import to_error
from reconciler.server.psdk.endpoint import client_endpoint
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.shapes import Shapes
from reconciler.server.psdk.upgrade import Upgrade


def open_channel(
    sdk: Sdk,
    address: Address,
    options: ConnectionOptions,
    credentials: tuple[str, str],
    unasked: Unasked,
    *,
    tls: bool,
) -> Channel:
    """Connects and logs in. ``credentials``: user and password. ``unasked``: gets unsolicited
    events. ServerUnavailableError if no server answers, ConfigurationServerError if it
    refuses the log-in."""
    tls = tls and not options.tls_upgrade
    protocol = sdk.conf("ConfServerProtocol")(client_endpoint(sdk, address, options, tls=tls))
    protocol.setClientName(options.client)
    protocol.setClientApplicationType(options.client_type_number)

    def identify() -> None:
        protocol.setUserName(credentials[0])
        protocol.setUserPassword(credentials[1])

    # Where TLS is required, user and password are set only once it has started.
    upgrade = Upgrade(sdk, address, options, identify if options.tls_upgrade else lambda: None)
    protocol.setAutoUpgradeTlsConfigurator(upgrade.configurator)
    if not options.tls_upgrade:
        identify()
    milliseconds = int(options.connect_timeout * 1000)
    protocol.setTimeout(milliseconds)
    channel = Channel(sdk, address, protocol, unasked)
    try:
        _open(sdk, protocol, milliseconds)
    except sdk.error as error:
        channel.close()
        if options.tls_upgrade and not upgrade.begun and _answer_in(error) is not None:
            raise _stays_plain(address) from error
        raise _refused(sdk, address, error, tls=tls) from error
    finally:
        upgrade.end()
    if options.tls_upgrade and not upgrade.begun:
        channel.close()
        raise _stays_plain(address)
    channel.shapes = Shapes(sdk, protocol.getServerContext().getMetadata())
    return channel


def _open(sdk: Sdk, protocol: Any, milliseconds: int) -> None:
    """Opens the protocol. Polls in Python, because Python notices Ctrl-C only outside of
    Java: in a blocking call it would be noticed when the call times out."""
    opening = protocol.openAsync(sdk.java("java.lang.Long").valueOf(milliseconds))
    while not opening.isDone():
        time.sleep(_POLL_SECONDS)
    try:
        opening.get()
    except sdk.java("java.util.concurrent.ExecutionException") as error:
        raise error.getCause() from None


_POLL_SECONDS = 0.005


def _stays_plain(address: Address) -> ServerUnavailableError:
    return ServerUnavailableError(
        f"the server at {address} did not ask to change over to TLS, as --tls-upgrade wants it;"
        " no user and no password were sent",
        "Name its secure port with confservs://, or have the port set up for it.",
    )


def _answer_in(error: Exception) -> Any:
    """The error event with which a server refuses a log-in; None if there is none."""
    cause: Any = error
    while cause is not None:
        response = getattr(cause, "getResponseMessage", lambda: None)()
        if response is not None and str(response.messageName()) == "EventError":
            return response
        cause = cause.getCause()
    return None


def _refused(sdk: Sdk, address: Address, error: Exception, *, tls: bool) -> ServerError:
    answer = _answer_in(error)
    if answer is not None:
        code, text = int(answer.getErrorCode() or 0), str(answer.getDescription() or "")
        return to_error(sdk, Shapes(sdk, sdk.metadata), code, text)
    reason = sdk.reason(error)
    hint = "`gwe doctor` checks each step: name, port, TLS, log-in."
    if not tls and _SILENT in reason:
        hint = f"Does the port want TLS? Then use confservs://, or name its CA file. {hint}"
    return ServerUnavailableError(f"no Configuration Server answers at {address}: {reason}", hint)


_SILENT = "Handshake timeout"
"""The SDK's message if a server does not continue the log-in."""
