"""Values as JSON and back. A codec says in one place how a value is written, how it is read
and checked, and what its JSON Schema is, so that the three cannot contradict each other.

Knows nothing of plans or runs. Reading is strict: a value of another type, an unknown or a
missing property is a ``CodecError``, which names the place of every mistake.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from msgspec import Struct

T = TypeVar("T")
K = TypeVar("K")
Part = TypeVar("Part", str, int)
Json = Any
"""What ``json.loads`` gives."""


class Mistake(Struct, frozen=True):
    """What is wrong with a value. ``place``: the way to it, outermost first; ``known``: the
    properties that may stand there, if an unknown one does."""

    problem: str
    place: tuple[str | int, ...] = ()
    known: tuple[str, ...] = ()


class CodecError(ValueError):
    """JSON that is not what a codec reads; its text tells the first of the mistakes."""

    def __init__(self, problem: str | Mistake, *others: Mistake) -> None:
        first = Mistake(problem) if isinstance(problem, str) else problem
        super().__init__(f"/{'/'.join(map(str, first.place))} {first.problem}")
        self.mistakes = (first, *others)

    def inside(self, part: str | int) -> Iterator[Mistake]:
        """The mistakes, seen from one step further out."""
        for one in self.mistakes:
            yield Mistake(one.problem, (part, *one.place), one.known)


class Codec(Struct, Generic[T], frozen=True):
    """How values of one type are written as JSON, read from it, and described."""

    encode: Callable[[T], Json]
    decode: Callable[[Json], T]
    schema: Mapping[str, Json]


def _plain(kind: type[T], name: str, called: str) -> Codec[T]:
    def decode(data: Json) -> T:
        if type(data) is not kind:
            raise CodecError(f"must be {called}")
        return data

    return Codec(_as_it_is, decode, {"type": name})


def _as_it_is(value: T) -> T:
    return value


TEXT = _plain(str, "string", "a text")
INTEGER = _plain(int, "integer", "an integer")
BOOLEAN = _plain(bool, "boolean", "true or false")


def or_null(codec: Codec[T], empty: T) -> Codec[T]:
    """The values of ``codec``; ``empty``, which must be false, is written as null."""
    encode = codec.encode
    return Codec(
        (lambda value: value or None)
        if encode is _as_it_is
        else lambda value: encode(value) if value else None,
        lambda data: empty if data is None else codec.decode(data),
        _with_null(codec.schema),
    )


def nullable(codec: Codec[T]) -> Codec[T | None]:
    """The values of ``codec``, and None, which is written as null."""
    return Codec(
        lambda value: None if value is None else codec.encode(value),
        lambda data: None if data is None else codec.decode(data),
        _with_null(codec.schema),
    )


def _with_null(schema: Mapping[str, Json]) -> Mapping[str, Json]:
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


OPTIONAL_TEXT = or_null(TEXT, "")
OPTIONAL_INTEGER = or_null(INTEGER, 0)


def mapped(
    codec: Codec[K], to: Callable[[K], T], back: Callable[[T], K], **schema: Json
) -> Codec[T]:
    """Values that are written in the form of ``codec``: ``back`` turns a value into that form, and
    ``to`` turns it into a value again; its ValueError becomes a CodecError. ``schema`` adds to the
    JSON Schema."""

    def decode(data: Json) -> T:
        try:
            return to(codec.decode(data))
        except CodecError:
            raise
        except ValueError as error:
            raise CodecError(str(error)) from error

    encode = back if codec.encode is _as_it_is else lambda value: codec.encode(back(value))
    return Codec(encode, decode, {**codec.schema, **schema})


def text_like(pattern: str) -> Codec[str]:
    """A text that a regular expression matches."""

    def decode(data: Json) -> str:
        text = TEXT.decode(data)
        if re.search(pattern, text) is None:
            raise CodecError(f"must match {pattern}")
        return text

    return Codec(_as_it_is, decode, {**TEXT.schema, "pattern": pattern})


def choice(*names: str) -> Codec[Any]:
    """One of several texts."""

    def decode(data: Json) -> str:
        if data not in names:
            raise CodecError(f"must be {'one of ' if len(names) > 1 else ''}{', '.join(names)}")
        return str(data)

    return Codec(_as_it_is, decode, {"enum": list(names)})


def constant(text: str) -> Codec[str]:
    """A value that is always the same text."""
    return Codec(lambda _: text, choice(text).decode, {"const": text})


def array(codec: Codec[T]) -> Codec[tuple[T, ...]]:
    """A list of values."""

    def decode(data: Json) -> tuple[T, ...]:
        if not isinstance(data, list):
            raise CodecError("must be a list")
        return tuple(_decode_all(enumerate(data), lambda _: codec).values())

    encode = codec.encode
    return Codec(
        list if encode is _as_it_is else lambda values: [encode(value) for value in values],
        decode,
        {"type": "array", "items": codec.schema},
    )


def table(codec: Codec[T], key: Codec[K], **schema: Json) -> Codec[Mapping[K, T]]:
    """A mapping; its keys are written as texts. ``schema`` adds to the description."""

    def decode(data: Json) -> dict[K, T]:
        if not isinstance(data, dict):
            raise CodecError("must be a mapping")
        keys = _decode_all(((name, name) for name in data), lambda _: key)
        values = _decode_all(data.items(), lambda _: codec)
        return dict(zip(keys.values(), values.values(), strict=True))

    pattern = key.schema.get("pattern")
    names = {"propertyNames": {"pattern": pattern}} if pattern else {}
    return Codec(
        lambda values: {key.encode(k): codec.encode(value) for k, value in values.items()},
        decode,
        {"type": "object", **names, **schema, "additionalProperties": codec.schema},
    )


class Member(Struct, frozen=True):
    """One property of an object. ``attribute``: what it is called in Python, if otherwise.
    ``otherwise``: the value of a property that may be missing; None: it may not."""

    name: str
    codec: Codec[Any]
    attribute: str = ""
    description: str = ""
    otherwise: Any = None

    @property
    def schema(self) -> Mapping[str, Json]:
        described = {"description": self.description} if self.description else {}
        return {**self.codec.schema, **described}


def record(
    make: Callable[..., T],
    *members: Member,
    get: Callable[[T, str], Any] = getattr,
    description: str = "",
) -> Codec[T]:
    """An object with these properties and no others. ``make`` takes them by attribute, ``get``
    gives them by attribute."""
    attributes = [member.attribute or member.name for member in members]
    at_once = get is getattr and len(members) > 1
    values: Callable[[T], Iterable[Any]] = (
        attrgetter(*attributes) if at_once else lambda value: [get(value, a) for a in attributes]
    )

    def decode(data: Json) -> T:
        return make(**_decode_members(data, members))

    return Codec(encoder_of(members, values), decode, object_schema(members, description))


def encoder_of(
    members: Iterable[Member], values: Callable[[T], Iterable[Any]]
) -> Callable[[T], dict[str, Json]]:
    """How an object with these properties is written. ``values`` gives those of all properties, in
    their order."""
    parts = [(member.name, member.codec.encode) for member in members]

    def encode(value: T) -> dict[str, Json]:
        return {
            name: found if encoded is _as_it_is else encoded(found)
            for (name, encoded), found in zip(parts, values(value), strict=True)
        }

    return encode


def pair(first: Member, second: Member) -> Codec[tuple[Any, Any]]:
    """A tuple of two values as an object with two properties."""
    names = (first.name, second.name)
    return record(
        lambda **values: (values[names[0]], values[names[1]]),
        first,
        second,
        get=lambda values, name: values[names.index(name)],
    )


def _decode_members(data: Json, members: Sequence[Member]) -> dict[str, Any]:
    """Attribute -> value, of an object with these properties and no others."""
    if not isinstance(data, dict):
        raise CodecError("must be a mapping")
    known = {member.name: member for member in members}
    mistakes = [
        Mistake("is not a known property", (name,), tuple(known))
        for name in data
        if name not in known
    ]
    mistakes += [
        Mistake("is missing", (member.name,))
        for member in members
        if member.name not in data and member.otherwise is None
    ]
    given = ((name, value) for name, value in data.items() if name in known)
    values = _decode_all(given, lambda name: known[name].codec, mistakes)
    return {m.attribute or m.name: values.get(m.name, m.otherwise) for m in members}


def object_schema(members: Sequence[Member], description: str = "") -> dict[str, Json]:
    """The schema of an object with these properties and no others."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "required": [member.name for member in members if member.otherwise is None],
        "additionalProperties": False,
        "properties": {member.name: member.schema for member in members},
    }


def _decode_all(
    parts: Iterable[tuple[Part, Json]],
    codec_of: Callable[[Part], Codec[T]],
    mistakes: Sequence[Mistake] = (),
) -> dict[Part, T]:
    """The decoded parts of a value. CodecError tells the mistakes in all of them, after those that
    are known already."""
    found: dict[Part, T] = {}
    others: list[Mistake] = []
    for part, data in parts:
        try:
            found[part] = codec_of(part).decode(data)
        except CodecError as error:
            others += error.inside(part)
    if mistakes or others:
        raise CodecError(*mistakes, *others)
    return found
