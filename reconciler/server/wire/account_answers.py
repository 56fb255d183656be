"""Answers requests about accounts: the accounts of applications, and passwords."""

import time
from collections.abc import Iterator
from typing import Any

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import ValueOutOfRangeError
from reconciler.server.psdk.requests import Requests
from reconciler.server.wire import handshake
from reconciler.server.wire.messages import Messages


class AccountAnswers:
    """Answers such requests of all clients."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._requests = Requests(messages.mapper)
        self.by_name = {
            "RequestReadAccount": self._read,
            "RequestUpdateAccount": self._update,
            "RequestAuthenticate": self._authenticate,
            "RequestChangePassword": self._change_password,
        }

    def _read(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        account_type, dbid = server.accounts.of_application(self._application(request))
        event = self._messages.event("EventAccountRead").create()
        number = OBJECT_TYPES[account_type].number
        event.setAccountID(self._requests.identifier("CfgID", number, dbid))
        yield event

    def _update(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        kind, dbid = self._messages.named(request.getAccountID())
        server.accounts.set_of_application(self._application(request), (kind.name, dbid))
        event = self._messages.event("EventAccountUpdated").create()
        event.setApplicationID(request.getApplicationID())
        event.setAccountID(request.getAccountID())
        event.setTime(int(time.time()))
        yield event

    def _application(self, request: Any) -> int:
        kind, dbid = self._messages.named(request.getApplicationID())
        if kind.name != "Application":
            raise ValueOutOfRangeError("only an application has an account", kind.name)
        return dbid

    def _authenticate(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        password = handshake.password_of(self._messages.sdk, request)
        server.accounts.authenticate(str(request.getUserName() or ""), password)
        yield self._messages.event("EventAuthenticated").create()

    def _change_password(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        sdk = self._messages.sdk
        server.accounts.change_password(
            str(request.getUserName() or ""),
            handshake.password_of(sdk, request),
            handshake.password_of(sdk, request, "NewUserPassword"),
        )
        yield self._messages.event("EventPasswordChanged").create()
