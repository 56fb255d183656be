"""The page of object types: every attribute, filter and deletion, from the table of types."""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES, references_to
from scripts.reference.markdown import code

_SHORT = 6
_LARGEST = 2**31 - 1
_REFERENCES = (ValueType.REFERENCE, ValueType.REFERENCES)

_INTRODUCTION = """\
# Object types

What the [embedded server](../embedded-server.md) holds, type by type. Names of types and
attributes are Configuration Server's; a **word** is what manifests and site files say
instead. [Rules](../server-rules.md) says what is checked beyond these tables, and
[Differences](../differences.md) where the real server is known, or may be, to differ.

Every object also has a DBID, a folder, and a path: the names of its folders. The server
numbers objects of each type from 101 on, and never reuses a DBID; lower DBIDs are predefined
objects. Lengths of texts are in characters. Names are compared exactly. A *missing* text is
absent or empty.

In the tables of attributes, an empty word means that the word is the attribute's own name, and
`list of structures by X` means that an entry of the list is found by its X. The last column says
what happens to the reference if the object that it leads to is deleted; *refused*: that object
cannot be deleted.
"""


def page() -> str:
    """Markdown."""
    parts = [_INTRODUCTION, _contents(OBJECT_TYPES.values())]
    parts += [_type(kind) for kind in OBJECT_TYPES.values()]
    return "\n".join(parts)


def _contents(kinds: Iterable[ObjectType]) -> str:
    rows = [
        f"| {kind.number} | [{kind.name}](#{kind.name.lower()}) | {_key(kind.key)} |"
        for kind in sorted(kinds, key=lambda kind: kind.number)
    ]
    return "\n".join(["| number | type | natural key |", "| --- | --- | --- |", *rows, ""])


def _type(kind: ObjectType) -> str:
    facts = [
        f"- Number {kind.number}.",
        *(["- Only the server writes these objects."] if kind.written_by_server else []),
        f"- Natural key: {_key(kind.key)}.",
        *(f"- Also unique, if given: {_key(names)}." for names in kind.unique),
        f"- Folder: {_folder(kind)}.",
        f"- Filters: {_filters(kind)}.",
        *_deletion(kind),
    ]
    rows = [
        "| attribute | word | type | rules | refers to; when that is deleted |",
        "| --- | --- | --- | --- | --- |",
    ]
    members: list[str] = []
    for attribute in kind.attributes:
        rows.append(_row(attribute, attribute.name, attribute.word, ""))
        members += _members(attribute, attribute.name)
        for inner in attribute.fields:
            name, word = f"{attribute.name}.{inner.name}", f"{attribute.word}.{inner.word}"
            needed = inner.mandatory or inner.name in attribute.key
            listed = attribute.type is ValueType.STRUCTURES
            gone = "the entry is removed" if listed and needed else ""
            rows.append(_row(inner, name, word, gone))
            members += _members(inner, name)
    return "\n".join([f"## {kind.name}\n", *facts, "", *rows, "", *members])


def _key(names: tuple[str, ...]) -> str:
    *scope, name = names
    where = (
        f"in the same {' and '.join(f'`{part}`' for part in scope)}" if scope else "in the server"
    )
    return f"`{name}`, {where}"


def _folder(kind: ObjectType) -> str:
    if not kind.folder:
        return "another folder of the same owner and type"
    owner = f"the {kind.owner_type} in `{kind.owner}`" if kind.owner else "tenant Environment"
    return f"by default `{kind.folder}`, of {owner}"


def _filters(kind: ObjectType) -> str:
    named = ["`dbid` (all others are then ignored)"]
    for name, attribute in kind.filters.items():
        if attribute in ("", name):
            named.append(f"`{name}`")
        elif attribute.startswith("<"):
            named.append(f"`{name}` (the object that refers to this one in `{attribute[1:]}`)")
        else:
            named.append(f"`{name}` = `{attribute}`")
    return ", ".join(named)


def _deletion(kind: ObjectType) -> Iterator[str]:
    """What a deletion does to the objects that refer to the deleted one."""
    says = {
        "veto": "A deletion is refused while these refer to the object",
        "cascade": "A deletion also deletes objects that refer to the object in",
        "clear": "A deletion clears",
    }
    for policy, text in says.items():
        found = [
            f"`{owner.name}.{attribute.name}{f'.{inner.name}' if inner else ''}`"
            for owner, attribute, inner in references_to(kind.name)
            if (inner or attribute).on_delete == policy and owner.name in OBJECT_TYPES
        ]
        if found:
            yield f"- {text}: {', '.join(found)}."


def _row(attribute: Attribute, name: str, word: str, cleared: str) -> str:
    cells = (
        f"`{name}`",
        f"`{word}`" if word != name else "",
        _value_type(attribute),
        "; ".join(_rules(attribute)),
        _target(attribute, cleared),
    )
    return f"| {' | '.join(cells)} |"


def _value_type(attribute: Attribute) -> str:
    if attribute.type is ValueType.ENUM:
        known = attribute.enumeration
        return _numbered(known) if len(known) <= _SHORT else f"one of {len(known)}, below"
    if attribute.type is ValueType.STRUCTURES:
        return f"list of structures by {' and '.join(f'`{name}`' for name in attribute.key)}"
    kind: str = attribute.type.value
    return kind


def _rules(attribute: Attribute) -> Iterator[str]:
    if attribute.read_only:
        yield "set by the server"
    if attribute.mandatory:
        yield "mandatory"
    if attribute.immutable:
        yield "cannot change"
    if attribute.secret:
        yield "clients cannot read it"
    if attribute.taken_from:
        yield f"that of the object in `{attribute.taken_from}`, if there is one"
    if attribute.exclusive:
        yield "no two objects refer to the same one"
    if attribute.bounds:
        least, greatest = attribute.bounds
        yield f"at least {least}" if greatest == _LARGEST else f"from {least} to {greatest}"
    if attribute.default is not None:
        yield f"default {code(_default(attribute))}"
    if attribute.type is ValueType.TEXT:
        yield f"up to {attribute.max_length}"


def _default(attribute: Attribute) -> str:
    if isinstance(attribute.default, Mapping):
        parts = ((attribute.field(name), value) for name, value in attribute.default.items())
        return ", ".join(f"{one.name}: {_named(one, value)}" for one, value in parts)
    return _named(attribute, attribute.default)


def _named(attribute: Attribute, value: object) -> str:
    for name, number in attribute.enumeration.items():
        if number == value:
            return name
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _target(attribute: Attribute, cleared: str) -> str:
    if attribute.type not in _REFERENCES:
        return ""
    gone = "removed from the list" if attribute.type is ValueType.REFERENCES else "cleared"
    does = {"veto": "refused", "cascade": "this object is deleted too", "clear": cleared or gone}
    target = " or ".join(attribute.targets.values()) or attribute.refers_to
    if len(attribute.targets) == len(OBJECT_TYPES):
        target = "any type"
    return f"{target}; {does[attribute.on_delete]}"


def _members(attribute: Attribute, name: str) -> Iterator[str]:
    if len(attribute.enumeration) > _SHORT:
        more = "; the server knows more, by number" if attribute.open_ended else ""
        yield f"`{name}`: {_numbered(attribute.enumeration)}{more}.\n"


def _numbered(enumeration: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in enumeration.items())
