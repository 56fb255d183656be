"""The page of object types: every attribute, filter and deletion, from the table of types."""

from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES, references_to
from scripts.reference.markdown import code

_SHORT = 6
_LARGEST = 2**31 - 1
_REFERENCES = (ValueType.REFERENCE, ValueType.REFERENCES)

_INTRODUCTION = """\
# Object types

The object types that the [embedded server](../embedded-server.md) holds. Names of types and
attributes are Configuration Server's; a **word** is what manifests and site files say
instead. [Rules](../server-rules.md) says what is checked beyond these tables, and
[Differences](../differences.md) where the real server differs or may differ.

Every object also has a DBID and, unless the line *Folder* says none, a folder and a path: the
names of its folders. The server numbers objects of each type from 101 on, and never reuses a
DBID; objects with a lower DBID are predefined. No two objects of a type have the same *natural
key*; names are compared exactly.

In the tables of attributes:

- An empty word means that the word is the attribute's own name.
- A *flag* is true or false, and a *reference* is the DBID of another object. An entry of a
  `list of structures by X` is found by its X.
- Where two names have the same number, the server keeps only the number, and gwe shows the first
  name.
- `up to 255` is the greatest length of a text, in characters. A mandatory text must not be empty.
- The last column names the type that a reference leads to, and what happens if that object is
  deleted. *cleared*: the attribute then refers to nothing. *refused*: the object cannot be deleted
  as long as the reference leads to it.
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
        members += _members(kind, attribute, attribute.name)
        for inner in attribute.fields:
            name, word = f"{attribute.name}.{inner.name}", f"{attribute.word}.{inner.word}"
            needed = inner.mandatory or inner.name in attribute.key
            listed = attribute.type is ValueType.STRUCTURES
            gone = "the entry is removed" if listed and needed else ""
            rows.append(_row(inner, name, word, gone))
            members += _members(kind, inner, name)
    return "\n".join([f"## {kind.name}\n", *facts, "", *rows, "", *members])


def _key(names: tuple[str, ...]) -> str:
    *scope, name = names
    where = (
        f"in the same {' and '.join(f'`{part}`' for part in scope)}" if scope else "in the server"
    )
    return f"`{name}`, {where}"


def _folder(kind: ObjectType) -> str:
    if not kind.folder:
        return "none" if kind.written_by_server else "another folder of the same owner and type"
    owner = f"the {kind.owner_type} in `{kind.owner}`" if kind.owner else "tenant Environment"
    return f"by default `{kind.folder}`, of {owner}"


def _filters(kind: ObjectType) -> str:
    named = ["`dbid` (all others are then ignored)"]
    for name, attribute in kind.filters.items():
        if attribute in ("", name):
            named.append(f"`{name}`")
        elif attribute.startswith("<"):
            owner, _, path = attribute[1:].partition(".")
            named.append(
                f"`{name}` (the DBID of the {owner} that refers to the object in `{path}`)"
            )
        else:
            named.append(f"`{name}` = `{attribute}`")
    return ", ".join(named)


def _deletion(kind: ObjectType) -> Iterator[str]:
    """What a deletion does to the objects that refer to the deleted one."""
    says = {
        "veto": "A deletion is refused while these refer to the object",
        "cascade": "A deletion also deletes objects that refer to the object in",
        "clear": "A deletion removes the references to the object in",
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
        return _numbered(known) if len(known) <= _SHORT else f"one of {len(known)}, see below"
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
        yield f"taken from the object in `{attribute.taken_from}`, if there is one"
    if attribute.exclusive:
        yield "no two objects may refer to the same object"
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


def _members(kind: ObjectType, attribute: Attribute, name: str) -> Iterator[str]:
    """The members of a long enumeration, or the place above that lists them. ``name``: that of
    the attribute, with a dot where it is inside another."""
    known = attribute.enumeration
    if len(known) <= _SHORT:
        return
    more = "; any other type is given by its number" if attribute.open_ended else ""
    for owner, above, listed in _long_enumerations():
        if (owner, above) == (kind.name, name):
            break
        if listed.items() <= known.items():
            own = dict(known.items() - listed.items())
            also = f"{_numbered(own)}, or " if own else ""
            yield f"`{name}`: {also}as [`{owner}.{above}`](#{owner.lower()}){more}.\n"
            return
    yield f"`{name}`: {_numbered(known)}{more}.\n"


def _long_enumerations() -> Iterator[tuple[str, str, Mapping[str, int]]]:
    """The type, the attribute and the enumeration of all that are listed, in the page's order."""
    for kind in OBJECT_TYPES.values():
        for attribute in kind.attributes:
            for one in (attribute, *attribute.fields):
                name = one.name if one is attribute else f"{attribute.name}.{one.name}"
                if len(one.enumeration) > _SHORT:
                    yield kind.name, name, one.enumeration


def _numbered(enumeration: Mapping[str, int]) -> str:
    ordered = sorted(enumeration.items(), key=lambda member: member[1])
    return ", ".join(f"{number} {name}" for name, number in ordered)
