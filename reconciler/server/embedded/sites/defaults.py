"""What a site file may leave out about an application."""

from typing import Any

from reconciler.kinds.enums import CLIENT_APPLICATION_TYPES
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.yaml.documents import as_text

_OF_ALL = {"version": "8.5.0"}
_OF_SERVERS = {"workDirectory": ".", "commandLine": "."}


def application_defaults(type_word: Any, default_tenant: str) -> dict[str, Any]:
    """The default words of an application of a type."""
    attribute = OBJECT_TYPES["Application"].attribute("type")
    word = as_text(type_word)
    number = attribute.enumeration.get(word) if attribute else None
    if number in CLIENT_APPLICATION_TYPES or word in map(str, CLIENT_APPLICATION_TYPES):
        return dict(_OF_ALL)
    return {**_OF_ALL, "tenants": [default_tenant], **_OF_SERVERS}
