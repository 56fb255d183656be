"""The page ``docs/reference.md``: every object type and rule of the embedded server.

Types come from the table of types, errors from their classes. Rules that are in no table are
texts here. ``make reference`` writes the page.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types import OBJECT_TYPES, references_to
from reconciler.server.errors import BY_NUMBER

_SHORT = 6
_LARGEST = 2**31 - 1
_REFERENCES = (ValueType.REFERENCE, ValueType.REFERENCES)

_INTRODUCTION = """\
# Reference of the embedded server

<!-- Written by `make reference` from reconciler/kinds and reconciler/server/errors.py. -->

What the [embedded server](embedded-server.md) holds and checks. Names of types and
attributes are Configuration Server's; a **word** is what manifests and site files say
instead. [Differences](differences.md) says where the real server is known, or may be, to
differ.

Every object also has a DBID, a folder, and a path: the names of its folders. The server
numbers objects of each type from 101 on, and never reuses a DBID; lower DBIDs are predefined
objects. Lengths of texts are in characters. Names are compared exactly. A *missing* text is
absent or empty.

In the tables of attributes, an empty word means that the word is the attribute's own name, and
`list of structures by X` means that an entry of the list is found by its X.
"""

_RULES = """\
## Rules that are in no table

### Values

- A create uses the defaults of the table. Attributes that only the server sets are ignored
  in a create. An update of these, or of attributes that cannot change, is error 16, unless
  it repeats the present value.
- A key-value list has two levels: sections, and options whose values are texts, integers or
  binary. A section or option without a name, or a third level, is error 17. A section
  without options is dropped.
- An attribute that the type does not have is error 31, in a create and in an update.
- An update names changes, never whole lists: options and entries are added, changed or
  deleted. Adding what exists is error 12, changing or deleting what does not exist is error
  11, an update that names nothing is error 18.
- A list of references holds each object once, a list of structures each key once (error 17).
- A password is stored as a salted hash, and never returned.

### Applications

- `isServer` follows from `type`. A server needs `workDirectory` and `commandLine`
  (error 14); a client has no `serverInfo` (error 17).
- Application Clusters and DB Servers have the start-up type Disabled; all others Automatic.
- The application that another one names in `serverInfo.backupServerDBID` is its backup. A
  backup mirrors its primary's `appServerDBIDs`, `tenantDBIDs` and `flexibleProperties`, and
  follows every change of them; its own update of them is error 16. Its `isPrimary` is false.
  When no application names it any more, it is a primary again, with the values it has.

### Tenants, hosts and Business Attributes

- Tenant Environment (DBID 1) can be neither changed nor deleted (error 9). It is read only
  with the filter `all_tenants`, or by its DBID.
- A host cannot be renamed while anything refers to it (error 16).
- A Business Attribute has at most one default value; a second one is error 12. A value that
  is created without `isDefault` becomes the default.
- Disabling a tenant or a Business Attribute disables the enabled objects that it owns, and
  what they own. Enabling it enables nothing else.

### Telephony, groups, campaigns

- The tenant of a DN and of an agent log-in is that of the switch, the tenant of an IVR port that
  of the IVR, the tenant of a campaign group that of the campaign, and the type of a switch that
  of its physical switch, whatever the create says.
- A place has no DNs for queues, routing points, trunks and other things that nobody sits at
  (error 15).
- An agent group, place group or DN group cannot be renamed while it has members (error 16).
- The fields of a format cannot be changed while a table or a filter uses it (error 16).
- Only a log table has no format (error 14). `optRecBuffSize` is greater than `minRecBuffSize`
  (error 17). The records of an objective table name values of MediaType, ServiceType and
  CustomerSegment (error 15).
- Where the application `confserv` has the option `last-login = true` in section `system`, the
  server notes when a person last logged in, through which application and from which host.

### References

- Every reference must lead to an object (error 15).
- The Business Attribute of a value, the group of a campaign group, the DNs of a place, and the
  place, skills and agent log-ins of a person must be of the same tenant; the managers of an
  agent group, of the same tenant or of Environment (error 15). A person of Environment may have
  those of any tenant.
- A DN is at one place, and an agent log-in belongs to one person (error 12).
- A deletion is refused (error 13) where the tables say so. Else it deletes what the tables
  say, and clears all other references to the object. All of it happens, or nothing.

### Folders

- Each owner - Environment, a tenant, a Business Attribute - has one default folder for each
  type that it can own. Default folders are created and deleted with their owner, never alone
  (error 13).
- An object is created in its owner's default folder, or in the folder that the create
  names, which must be for the type and of the same owner (error 15).
- A folder is created in the default folder of its owner and type, or in another folder of
  that owner and type. It holds objects of the type, and folders for it.
- A configuration unit is a folder of folders (type 22): directly below a tenant, or in another
  unit. It holds folders of every type, and of the same owner.
- An object moves into a folder when an update of the folder adds it to `objectIDs`.
- A folder with members cannot be deleted (error 13).

### Accounts and permissions

- A session without a user may do everything: it has the file anyway. A user must be an
  enabled person (error 8), with the right password (error 4).
- A list of permissions names persons and access groups, and what each may do:
  Read 1, Create 2, Change 4, Execute 8, Delete 16, ReadPermissions 32,
  ChangePermissions 64. 127 is everything, 0 nothing; 128 (NoPropagation) keeps an entry from
  being inherited.
- An object without a list of its own inherits that of its folder; else of the folders around
  it, of their owner, of that owner's folder, and so on up to tenant Environment. Only the
  nearest list counts. A new object has no list of its own.
- A person has the permissions of its own entries and of its access groups' entries. Everybody
  is a member of EVERYONE.
- On a new server's Environment, EVERYONE has Read and Execute, and Super Administrators have
  everything.
- Objects that an account may not read are absent from every read; a call that names one is
  error 10. Any other missing permission is error 9. A create needs Create on the folder.

### Modes

- In mode ReadOnly nobody can write; in mode Emergency, only Super Administrators and
  sessions without a user can. All other writes are error 29. Reads go on. The mode is kept in
  the file.

### Notifications

- A subscription gets every change after it began, in order, including those by other
  processes: created with the object's attributes, updated with the delta, deleted; and who
  did it. It can be narrowed to a type, a tenant, an object. The consequences of an update
  for other objects are notified as updates of these, without a delta.
- At least the last 1000 changes are kept. A subscription that missed older ones gets error 27
  once, and later changes after that.
"""


def page() -> str:
    """The text of ``docs/reference.md``."""
    parts = [_INTRODUCTION, "## Object types\n", _contents(OBJECT_TYPES.values())]
    parts += [_type(kind) for kind in OBJECT_TYPES.values()]
    parts += [_RULES, _errors()]
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
    return "\n".join([f"### {kind.name}\n", *facts, "", *rows, "", *members])


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
            named.append(f"`{name}` (that refers to it in `{attribute[1:]}`)")
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
        yield "never read"
    if attribute.taken_from:
        yield f"taken from `{attribute.taken_from}`, where that is set"
    if attribute.exclusive:
        yield "a target has one such object"
    if attribute.bounds:
        least, greatest = attribute.bounds
        yield f"at least {least}" if greatest == _LARGEST else f"from {least} to {greatest}"
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


def _errors() -> str:
    rows = [
        f"| {number} | {error.__name__.removesuffix('Error')} | {error.meaning} | {error.advice} |"
        for number, error in sorted(BY_NUMBER.items())
    ]
    head = ["## Errors\n", "| number | name | meaning | what to do |", "| --- | --- | --- | --- |"]
    tail = [
        "",
        "Numbers are Configuration Server's `CfgErrorType`. The embedded server itself never",
        "answers with 38; it answers with 7 and 35 only through `gwe embedded serve`.",
        "",
    ]
    return "\n".join([*head, *rows, *tail])


if __name__ == "__main__":
    sys.stdout.write(page())
