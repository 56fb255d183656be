"""What all answers to requests need: events, types by number, identifiers, filters."""

from typing import Any

from reconciler.kinds.model import ObjectType
from reconciler.server.errors import UnsupportedObjectError
from reconciler.server.psdk import constants
from reconciler.server.psdk.jvm import Sdk
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.requests import is_flag
from reconciler.server.psdk.shapes import Shape

Filters = dict[str, str | int | bool]


class Messages:
    """Reads parts of requests, and makes empty events."""

    def __init__(self, sdk: Sdk, mapper: Mapper) -> None:
        self.sdk = sdk
        self.mapper = mapper

    def event(self, name: str) -> Any:
        """The class of an event, which creates events."""
        return self.sdk.conf(f"confserver.events.{name}")

    def shape(self, number: Any) -> Shape:
        """The type with a number, or UnsupportedObjectError."""
        shape = self.mapper.shapes.by_number(int(number or 0))
        if shape is None:
            raise UnsupportedObjectError(f"no object type has number {number}")
        return shape

    def named(self, identifier: Any) -> tuple[ObjectType, int]:
        """The type and the DBID of an object that a request names."""
        number = int(identifier.getPropertyValue("type") or 0)
        return self.shape(number).kind, int(identifier.getPropertyValue("DBID") or 0)

    @staticmethod
    def filter(kind: ObjectType, pairs: Any) -> tuple[Filters, set[str]]:
        """The filter in the port's form, and the extras that the client asks for."""
        filters: Filters = {}
        extras: set[str] = set()
        for pair in pairs or ():
            key = str(pair.getStringKey())
            number = str(pair.getValueType()) in ("INT", "LONG")
            value: str | int = int(pair.getValue()) if number else str(pair.getValueAsString())
            if key in (constants.WITH_FOLDER, constants.WITH_PATH):
                extras.add(key)  # whatever its value: the SDK's Block sends 0
            elif is_flag(kind, key):
                filters[key] = value == constants.TRUE
            else:
                filters[key] = value
        return filters, extras
