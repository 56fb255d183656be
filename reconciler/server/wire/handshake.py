"""The log-in of a client: protocol version, client application, account.

A refusal has Configuration Server's error number: 4 for a wrong user name or password, 7 for
a client application that does not exist or has another type, 8 for a disabled account, 9 (we
believe) for an account without Execute on the client application, 40 for a password that must
be changed first.
"""

from collections.abc import Callable
from typing import Any

from reconciler.kinds.enums import CLIENT_APPLICATION_TYPES, STATE
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.logon_accounts import SYSTEM, LogonAccount
from reconciler.server.errors import (
    AppSecurityViolationError,
    LoginIncorrectError,
    NoPermissionError,
    ObjectNotFoundError,
    ServerError,
)
from reconciler.server.port import ConfObject, Permission
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk

OpenServer = Callable[..., EmbeddedServer]
"""(user, password, account) -> a session with the embedded server: as the user, else as the
account, else as the server itself, which may do everything. All may be left out."""


def version_event(sdk: Sdk, request: Any, encoding: int) -> Any:
    """The answer to the first request: the client's own version, and our encoding."""
    event = sdk.conf("confserver.runtime.channel.EventProtocolVersion").create()
    event.setOldProtocolVersion(request.getProtocolVersion() or constants.PROTOCOL_VERSION)
    event.setServerEncoding(sdk.integer(encoding))
    return event


def log_in(sdk: Sdk, request: Any, host: str, open_server: OpenServer) -> EmbeddedServer:
    """A session for the client, which runs on ``host``; or the ServerError that refuses it. A
    log-in that brings a new password changes the password first."""
    user, password = str(request.getUserName() or ""), password_of(sdk, request)
    name, number = str(request.getClientName() or ""), int(request.getClientType() or 0)
    own = open_server()
    try:
        client = _client_application(own, name, number)
        if not user:
            return open_server(account=_account_of(own, client))
        if str(request.messageName()) == "RequestRegisterClient2":
            new = password_of(sdk, request, "NewUserPassword")
            own.accounts.change_password(user, password, new)
            password = new
    finally:
        own.close()
    server = open_server(user, password)
    try:
        _check_may_execute(server, client)
        server.note_login(client.dbid, host)
    except ServerError:
        server.close()
        raise
    return server


def _client_application(server: EmbeddedServer, name: str, number: int) -> ConfObject:
    """The client application; AppSecurityViolationError if it may not be used."""
    found = server.read("Application", {"name": name})
    if not found or found[0].attributes["type"] != number:
        raise AppSecurityViolationError(
            f"no application {name!r} of type {number} is known", "Application", "name"
        )
    if found[0].attributes.get("state") != STATE["Enabled"]:
        raise AppSecurityViolationError(
            f"the application {name} is disabled", "Application", "state"
        )
    return found[0]


def _account_of(server: EmbeddedServer, client: ConfObject) -> LogonAccount | None:
    """The account that a server application runs under; None: SYSTEM, which may do everything.
    LoginIncorrectError for a client application, which must name a user."""
    if client.attributes["type"] in CLIENT_APPLICATION_TYPES:
        name = client.attributes["name"]
        raise LoginIncorrectError(
            f"the client application {name} must log in with a user", "Person"
        )
    account = server.accounts.of_application(client.dbid)
    return None if account == SYSTEM else account


def _check_may_execute(server: EmbeddedServer, client: ConfObject) -> None:
    """NoPermissionError if the user may not log in with the client application."""
    try:
        granted = server.effective_permissions("Application", client.dbid)
    except ObjectNotFoundError:
        granted = Permission(0)
    if not granted & Permission.EXECUTE:
        name = client.attributes["name"]
        raise NoPermissionError(f"the permission to execute {name} is missing", "Application")


def password_of(sdk: Sdk, request: Any, attribute: str = "UserPassword") -> str:
    """A password in a request, which the SDK deciphers."""
    secured = request.getMessageAttribute(attribute)
    if secured is None:
        return ""
    cipher = sdk.conf("runtime.channel.AesUtil")
    charset = sdk.java("java.nio.charset.StandardCharsets").UTF_8
    encoded = cipher.getEncodedString(secured, charset)
    return str(cipher().decrypt(encoded, "UTF-8") or "") if encoded else ""


def registered_event(sdk: Sdk, request: Any, session: int, server_dbid: int, encoding: int) -> Any:
    """The answer to a log-in."""
    event = sdk.conf("confserver.runtime.channel.EventClientRegistered").create()
    event.setSessionId(session)
    event.setProtocolVersion(request.getProtocolVersion() or constants.PROTOCOL_VERSION)
    event.setOldProtocolVersion(request.getOldProtocolVersion() or constants.PROTOCOL_VERSION)
    event.setServerDbid(server_dbid)
    event.setServerEncoding(sdk.integer(encoding))
    return event
