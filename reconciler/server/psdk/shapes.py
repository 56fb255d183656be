"""Where the SDK's objects and deltas hold the attributes of our table.

Derived once per type from the SDK's metadata. Some attributes of a group are inside its
``groupInfo``, some of a person inside ``agentInfo``; and a delta has separate properties for
the added, changed and deleted entries of a list.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from msgspec import Struct, field

from reconciler.kinds.model import ObjectType
from reconciler.kinds.types.table import OBJECT_TYPES, type_name
from reconciler.server.psdk.jvm import Sdk

Bucket = Literal["added", "changed", "deleted"]
_BUCKETS: Mapping[str, Bucket] = {"Add": "added", "Change": "changed", "Remove": "deleted"}


class Location(Struct, frozen=True):
    """A property: the names of the structures around it, outermost first, and its own name.
    All are Java strings."""

    holders: tuple[Any, ...]
    name: Any

    def of(self, holder: Any) -> Any:
        """The value of the property in an object; None if it is not set."""
        for name in self.holders:
            holder = holder.getPropertyValue(name)
            if holder is None:
                return None
        return holder.getPropertyValue(self.name)

    def around(self, holder: Any) -> Any:
        """The structure with the property, created if it does not exist yet."""
        for name in self.holders:
            holder = holder.getOrCreatePropertyValue(name)
        return holder


class Shape(Struct, frozen=True):
    """One type. ``attributes``: where an object holds each attribute. ``delta``: where a delta
    holds plain values; ``buckets``: where it holds the entries of lists. ``numbers``:
    attribute -> the property number in an error code."""

    kind: ObjectType
    description: Any
    delta_description: Any
    dbid: Location
    delta_dbid: Location
    attributes: Mapping[str, Location]
    delta: Mapping[str, Location]
    buckets: Mapping[tuple[str, Bucket], Location]
    numbers: Mapping[str, int] = field(default_factory=dict)

    def attribute_of(self, number: int) -> str:
        """The attribute with a property number; empty if the table has none."""
        return next((name for name, known in self.numbers.items() if known == number), "")


class Shapes:
    """The shapes of all types, for one server's metadata."""

    def __init__(self, sdk: Sdk, metadata: Any) -> None:
        self._sdk = sdk
        self.metadata = metadata
        self._shapes: dict[str, Shape] = {}

    def of(self, name: str) -> Shape:
        if name not in self._shapes:
            self._shapes[name] = self._make(OBJECT_TYPES[name])
        return self._shapes[name]

    def by_number(self, number: int) -> Shape | None:
        """The shape of the type with a number; None if our table lacks it."""
        name = type_name(number)
        return self.of(name) if name else None

    def _make(self, kind: ObjectType) -> Shape:
        description = self.metadata.getClassById(self._sdk.integer(kind.number))
        delta = description.getDelta()
        plain = dict(self._plain(description, ()))
        in_delta, buckets = self._delta(delta, ())
        known = [declared.name for declared in kind.attributes]
        numbers = {
            name: int(declared.getCfgEnum().ordinal()) for name, (_, declared) in plain.items()
        }
        return Shape(
            kind=kind,
            description=description,
            delta_description=delta,
            dbid=plain[kind.dbid][0],
            delta_dbid=in_delta[kind.dbid],
            attributes={name: plain[name][0] for name in known if name in plain},
            delta={name: in_delta[name] for name in known if name in in_delta},
            buckets=buckets,
            numbers={name: numbers[name] for name in (*known, kind.dbid) if name in numbers},
        )

    def _plain(
        self, description: Any, holders: tuple[Any, ...]
    ) -> Iterator[tuple[str, tuple[Location, Any]]]:
        """The properties of a class. Those inside its structures come first, so that the
        class's own override them."""
        own = {str(declared.getSchemaName()): declared for declared in description.getAttributes()}
        for holder in ("groupInfo", "agentInfo") if not holders else ():
            if holder in own:
                yield from self._plain(own[holder].getCfgClass(), (self._sdk.text(holder),))
        for name, declared in own.items():
            yield name, (Location(holders, self._sdk.text(name)), declared)

    def _delta(
        self, description: Any, holders: tuple[Any, ...]
    ) -> tuple[dict[str, Location], dict[tuple[str, Bucket], Location]]:
        """The plain properties of a delta, and its buckets."""
        places: dict[str, Location] = {}
        buckets: dict[tuple[str, Bucket], Location] = {}
        for declared in description.getAttributes():
            name = self._sdk.text(str(declared.getSchemaName()))
            form = str(declared.getClass().getSimpleName()).removeprefix("CfgDescriptionAttribute")
            if form == "ReferenceClass":
                inside = self._plain(declared.getCfgClass(), (*holders, name))
                inner = {key: place for key, (place, _) in inside}
                for holder in {"agentInfo"} & inner.keys():
                    info = self._inner(declared.getCfgClass(), holder)
                    around = (*holders, name, self._sdk.text(holder))
                    inner = {**{key: Location(around, n) for key, n in info.items()}, **inner}
                places = {**inner, **places}
            elif form == "ReferenceClassDelta":
                more, more_buckets = self._delta(declared.getCfgClass(), (*holders, name))
                places = {**more, **places}
                buckets.update(more_buckets)
            else:
                bucket = _BUCKETS[str(declared.getOperation())]
                buckets[str(declared.getMappingName()), bucket] = Location(holders, name)
        return places, buckets

    def _inner(self, description: Any, holder: str) -> dict[str, Any]:
        """The names of the properties of a structure inside a class."""
        inside = next(
            declared.getCfgClass()
            for declared in description.getAttributes()
            if str(declared.getSchemaName()) == holder
        )
        names = [str(one.getSchemaName()) for one in inside.getAttributes()]
        return {name: self._sdk.text(name) for name in names}
