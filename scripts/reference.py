"""The page ``docs/reference.md``: every object type and rule of the embedded server.

Types come from the table of types, errors from their classes; the rules that stand in no
table are texts here. ``make reference`` writes the page.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES, references_to
from reconciler.server.errors import BY_NUMBER

_SHORT = 6
_REFERENCES = (ValueType.REFERENCE, ValueType.REFERENCES)

_INTRODUCTION = """\
# Reference of the embedded server

<!-- Written by `make reference` from reconciler/kinds and reconciler/server/errors.py. -->

What the [embedded server](embedded-server.md) holds and checks. Names of types and
attributes are Configuration Server's; a **word** is what manifests and site files say
instead. [Differences](differences.md) says where the real server is known, or may be, to
differ.

Of every object the server also has the DBID, the folder, and the path of the folder's
names. A DBID is a whole number from 101 on, given by the server, never used again for the
type; lower ones are predefined objects. Texts are at most as long as the table says, in
characters; names are compared exactly. A *missing* text is one that is absent or empty.
"""

_RULES = """\
## Rules that are in no table

### Values

- A create gets the defaults of the table. What only the server sets is ignored in a create
  and refused in an update (error 16), as is what cannot change; an update that repeats the
  present value passes.
- A key-value list has two levels: sections, and in each options whose values are texts,
  integers or binary. A section or an option without a name, or a third level, is error 17.
  A section without options is dropped.
- An update names changes, never whole lists: options and entries are added, changed or
  deleted. Adding what is there is error 12, changing or deleting what is not is error 11,
  an update that names nothing is error 18.
- No list of references holds an object twice; no list of structures has a key twice
  (error 17).
- A password is stored as a salted hash and never read.

### Applications

- `isServer` follows from `type`. A server needs `workDirectory` and `commandLine`
  (error 14); a client has no `serverInfo` (error 17).
- Application Clusters and DB Servers have the start-up type Disabled; all others Automatic.
- A backup, which is what another application's `serverInfo.backupServerDBID` names, has
  its primary's `appServerDBIDs`, `tenantDBIDs` and `flexibleProperties`: they follow every
  change of the primary, and an update of them on the backup is error 16. Its `isPrimary` is
  false for as long. When no application names it any more, it is a primary again and keeps
  what it has.

### Tenants, hosts and Business Attributes

- Tenant Environment (DBID 1) can be neither changed nor deleted (error 9), and is read only
  where the filter `all_tenants` is set, or by its DBID.
- The name of a host is frozen while anything refers to the host (error 16).
- An attribute has at most one default value; a second one is error 12. A value that does
  not say `isDefault` becomes the default.
- Disabling a tenant or a Business Attribute disables the enabled objects that belong to it,
  and what belongs to these. Enabling it enables nothing else.

### References

- Every reference must lead to an object (error 15).
- A value's attribute, a campaign group's campaign and its group must be of the same tenant;
  the managers of an agent group of the same tenant or of Environment (error 15).
- A deletion is refused (error 13) where the tables say so; else it deletes what the tables
  say, and clears every other reference to the object. All of it happens, or nothing.

### Folders

- Each owner - Environment, a tenant, a Business Attribute - has one default folder for each
  type that it can own. They are made with the owner, and go with it and not before
  (error 13).
- An object is created in its owner's default folder, or in the folder that the create
  names; that one must be for the type and of the same owner (error 15).
- A folder is created in the default folder of its owner and type, or in a folder of that
  owner and type. It is for one type and holds such objects, and folders for them.
- An object moves where a folder's update adds it to `objectIDs`.
- A folder with members cannot be deleted (error 13).

### Accounts and permissions

- A session without a user may do everything: it has the file. A session with a user is that
  of an enabled person whose password is right (error 4, else 8).
- A list of permissions names persons and access groups, and what each may do:
  Read 1, Create 2, Change 4, Execute 8, Delete 16, ReadPermissions 32,
  ChangePermissions 64; 127 is everything, 0 nothing; 128 (NoPropagation) keeps an entry to
  the object itself.
- An object without a list of its own has that of its folder; then of the folders around it,
  of their owner, of that owner's folder, and so on up to tenant Environment. The nearest
  list counts, whole. A new object has none of its own.
- A person has the permissions of its own entries together with those of the access groups
  that it is a member of, and of EVERYONE, whose members are all.
- A new server gives, on Environment, EVERYONE Read and Execute, and Super Administrators
  everything.
- What may not be read is absent from every read; a call that names it is error 10. Any other
  missing permission is error 9. A create needs Create on the folder.

### Modes

- In mode ReadOnly nobody writes; in mode Emergency only Super Administrators and sessions
  without a user do. Anything else is error 29. Reads go on. The mode is kept in the file.

### Notifications

- A subscription tells every change after it began, in order, also those that other
  processes make: created with the object's attributes, updated with the delta, deleted; and
  who did it. It can be narrowed to a type, a tenant, an object. What an update does to other
  objects is told as updates of these, without a delta.
- At least the last 1000 changes are kept. Who has missed older ones gets error 27 once, and
  then what comes after.
"""


def page() -> str:
    """The whole page, as it stands in ``docs/reference.md``."""
    parts = [_INTRODUCTION, "## Object types\n", _contents(OBJECT_TYPES.values())]
    parts += [_type(kind) for kind in OBJECT_TYPES.values()]
    parts += [_RULES, _errors()]
    return "\n".join(parts)


def _contents(kinds: Iterable[ObjectType]) -> str:
    rows = [
        f"| {kind.number} | [{kind.name}](#{kind.name.lower()}) | {_key(kind.key)} |"
        for kind in sorted(kinds, key=lambda one: one.number)
    ]
    return "\n".join(["| number | type | natural key |", "| --- | --- | --- |", *rows, ""])


def _type(kind: ObjectType) -> str:
    facts = [
        f"- Number {kind.number}.",
        f"- Natural key: {_key(kind.key)}.",
        *(f"- Also unique where it is given: {_key(names)}." for names in kind.unique),
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
            gone = "the entry goes" if attribute.type is ValueType.STRUCTURES else ""
            rows.append(_row(inner, name, word, gone))
            members += _members(inner, name)
    return "\n".join([f"### {kind.name}\n", *facts, "", *rows, "", *members])


def _key(names: tuple[str, ...]) -> str:
    *scope, name = names
    where = f"in the same {' and '.join(f'`{one}`' for one in scope)}" if scope else "in the server"
    return f"`{name}`, {where}"


def _folder(kind: ObjectType) -> str:
    if not kind.folder:
        return "another folder of the same owner and type"
    owner = f"the {kind.owner_type} in `{kind.owner}`" if kind.owner else "tenant Environment"
    return f"by default `{kind.folder}`, of {owner}"


def _filters(kind: ObjectType) -> str:
    named = ["`dbid` (every other one is then ignored)"]
    for name, attribute in kind.filters.items():
        if attribute in ("", name):
            named.append(f"`{name}`")
        else:
            named.append(f"`{name}` = `{attribute}`")
    return ", ".join(named)


def _deletion(kind: ObjectType) -> Iterator[str]:
    """What refers to objects of the type, by what their deletion does to it."""
    says = {
        "veto": "A deletion is refused while these refer to it",
        "cascade": "A deletion deletes what refers to it in",
        "clear": "A deletion clears",
    }
    for policy, text in says.items():
        found = [
            f"`{owner.name}.{attribute.name}{f'.{inner.name}' if inner else ''}`"
            for owner, attribute, inner in references_to(kind.name)
            if (inner or attribute).on_delete == policy
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
        of = attribute.field(attribute.key).type_from
        key = f"`{of}` and `{attribute.key}`" if of else f"`{attribute.key}`"
        return f"list of structures by {key}"
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
        yield "never read"
    if attribute.default is not None:
        yield f"default {_default(attribute)}"
    if attribute.type is ValueType.TEXT:
        yield f"up to {attribute.max_length}"


def _default(attribute: Attribute) -> str:
    for name, number in attribute.enumeration.items():
        if number == attribute.default:
            return name
    if isinstance(attribute.default, bool):
        return "true" if attribute.default else "false"
    return str(attribute.default)


def _target(attribute: Attribute, cleared: str) -> str:
    if attribute.type not in _REFERENCES:
        return ""
    gone = "it goes from the list" if attribute.type is ValueType.REFERENCES else "cleared"
    does = {"veto": "refused", "cascade": "this object too", "clear": cleared or gone}
    target = " or ".join(attribute.targets.values()) or attribute.refers_to
    return f"{target}; {does[attribute.on_delete]}"


def _members(attribute: Attribute, name: str) -> Iterator[str]:
    if len(attribute.enumeration) > _SHORT:
        more = "; the server knows more, by number" if attribute.open_ended else ""
        yield f"`{name}`: {_numbered(attribute.enumeration)}{more}.\n"


def _numbered(enumeration: Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in enumeration.items())


def _errors() -> str:
    rows = [
        f"| {number} | {error.__name__.removesuffix('Error')} | {error.meaning} | {error.advice} |"
        for number, error in sorted(BY_NUMBER.items())
    ]
    head = ["## Errors\n", "| number | name | meaning | what to do |", "| --- | --- | --- | --- |"]
    tail = [
        "",
        "Numbers are Configuration Server's `CfgErrorType`. The embedded server never answers 7,",
        "38 or 40: these come from a real one.",
        "",
    ]
    return "\n".join([*head, *rows, *tail])


if __name__ == "__main__":
    sys.stdout.write(page())
