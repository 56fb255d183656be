"""A Configuration Server that answers filters more loosely than the embedded server.

What a real server does with a filter that it does not know, and whether it compares names with
their case, is not documented. So a reader must compare the answer.
"""

from collections.abc import Collection
from typing import Any

from reconciler.kinds.types.table import ALL_TYPES
from reconciler.server.port import ConfObject, Filter, Reader, ServerInfo


class LenientReader:
    """Answers from ``reader``. ``any_case``: texts are found whatever their case; ``ignored``:
    filters that are not applied."""

    def __init__(
        self, reader: Reader, *, any_case: bool = False, ignored: Collection[str] = ()
    ) -> None:
        self._reader = reader
        self._any_case = any_case
        self._ignored = ignored

    def info(self) -> ServerInfo:
        return self._reader.info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        wanted = {
            name: value for name, value in (filters or {}).items() if name not in self._ignored
        }
        texts: dict[str, str] = {}
        if self._any_case:
            texts = {name: value for name, value in wanted.items() if isinstance(value, str)}
        exact = {name: value for name, value in wanted.items() if name not in texts}
        paths = ALL_TYPES[object_type].filters
        return [
            one
            for one in self._reader.read(object_type, exact)
            if all(_alike(one.attributes.get(paths[name]), text) for name, text in texts.items())
        ]


def _alike(held: Any, text: str) -> bool:
    return str(held).casefold() == text.casefold()
