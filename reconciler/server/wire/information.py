"""Answers requests for information: brief forms of objects, and locales."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.model import ObjectType
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import LocaleNotFoundError, UnsupportedObjectError
from reconciler.server.psdk import constants
from reconciler.server.wire.messages import Messages

_DEFAULT_LOCALE = 0
"""The identifier with which a client asks for the locale of the server, whichever it is."""


class InformationAnswers:
    """Answers such requests of all clients."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages
        self._sdk = messages.sdk
        self.by_name = {
            "RequestGetBriefInfo": self._briefs,
            "RequestGetLocaleSets": self._locales,
            "RequestReadLocale": self._locale,
        }

    def _briefs(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:
        kind = self._messages.shape(request.getObjectType()).kind
        metadata = self._messages.mapper.shapes.metadata
        description = metadata.getCfgClass(f"Cfg{kind.name}Brief")
        if description is None:
            raise UnsupportedObjectError(
                f"the protocol has no brief form of {kind.name}", kind.name
            )
        found = server.read(kind.name, self._messages.filter(kind, request.getFilter())[0])
        tenants = {
            tenant.dbid: tenant.attributes["name"]
            for tenant in server.read("Tenant", {"all_tenants": 1})
        }
        for listed in found:
            values = {**listed.attributes, "tenantName": tenants.get(listed.tenant, "")}
            event = self._messages.event("EventBriefInfo").create()
            event.setObjectType(kind.number)
            event.setObjectCount(len(found))
            event.setBriefObject(self._brief(description, kind, listed.dbid, values))
            yield event
        yield self._messages.event("EventObjectsSent").create(self._sdk.integer(kind.number))

    def _brief(
        self, description: Any, kind: ObjectType, dbid: int, values: Mapping[str, Any]
    ) -> Any:
        """The brief form of an object: its identifier, texts and flags."""
        brief = self._sdk.conf("obj.ConfObjectBrief")(description)
        for attribute in description.getAttributes():
            name = str(attribute.getSchemaName())
            value = values.get(name)
            if name == "ID":
                inner = brief.getOrCreatePropertyValue("ID")
                inner.setPropertyValue("DBID", self._sdk.integer(dbid))
                inner.setPropertyValue("type", self._sdk.integer(kind.number))
            elif isinstance(value, str):
                brief.setPropertyValue(name, value)
            elif isinstance(value, bool):
                flag = constants.TRUE if value else constants.FALSE
                brief.setPropertyValue(name, self._sdk.integer(flag))
        return brief

    def _locales(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:  # noqa: ARG002
        yield self._messages.event("EventLocaleSets").create(
            self._sdk.integers([constants.ENGLISH])
        )

    def _locale(self, server: EmbeddedServer, request: Any) -> Iterator[Any]:  # noqa: ARG002
        asked = int(request.getLocaleId() or 0)
        if asked not in (_DEFAULT_LOCALE, constants.ENGLISH):
            raise LocaleNotFoundError(f"this server has no locale {asked}")
        event = self._messages.event("EventLocaleRead").create()
        event.setLocaleId(constants.ENGLISH)
        yield event
