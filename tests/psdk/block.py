"""The vendor's Configuration Object Model, as a program uses it: queries, objects, saves.

Its queries carry ``read_folder_dbid`` and ``object_path`` with the value 0, which the server must
take as a wish for both.
"""

from typing import Any

from reconciler.kinds.types.table import OBJECT_TYPES
from tests.psdk.byhand import Client, conf, java, kv, number

BLOCK = "com.genesyslab.platform.applicationblocks.com."


class Block:
    """A session of the Block."""

    def __init__(self, port: int) -> None:
        self._client = Client(port, "default", "password")

    def __enter__(self) -> "Block":
        factory = java(BLOCK + "ConfServiceFactory")
        self.service = factory.createConfService(self._client.protocol)
        self._client.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.__exit__()
        java(BLOCK + "ConfServiceFactory").releaseConfService(self.service)

    def query(self, object_type: int, **filters: str | int) -> Any:
        """A query for a number of a type."""
        kind = conf("types.CfgObjectType").valueOf(number(object_type))
        query = java(BLOCK + "CfgFilterBasedQuery")(kind)
        for key, value in filters.items():
            query.setProperty(key, number(value) if isinstance(value, int) else value)
        return query

    def read(self, object_type: str, **filters: str | int) -> list[Any]:
        """The objects that match."""
        query = self.query(OBJECT_TYPES[object_type].number, **filters)
        found = self.service.retrieveMultipleObjects(_class(object_type).class_, query)
        return list(found or ())

    def new(self, object_type: str, data: Any = None) -> Any:
        """An object that is not saved yet. ``data``: the object of the protocol inside it."""
        if data is None:
            return _class(object_type)(self.service)
        return _class(object_type)(self.service, data, False, None)


def _class(object_type: str) -> Any:
    return java(f"{BLOCK}objects.Cfg{object_type}")


def holder_of_annex(one: Any) -> Any:
    """What holds the annex of an object: of a group, the structure inside it."""
    return one.getGroupInfo() if hasattr(one, "getGroupInfo") else one


def annexed(**options: str) -> Any:
    """An annex with one section."""
    return kv(section=kv(**options))
