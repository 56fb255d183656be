"""A small model of a Configuration Server, to compare real servers with.

Written from ``reference/configuration-server.md`` 1 and 2, not from the code of any adapter.
It knows six types. For each call it foretells the errors that may be answered (the reference
does not say which error comes first if several apply) and the objects afterwards.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.server import errors
from reconciler.server.delta import Delta, KeyValueDelta, ListDelta

Errors = set[type[errors.ConfigurationServerError]]
Object = dict[str, Any]


class Kind(Struct, frozen=True):
    """A type, as the reference describes it: mandatory, optional and fixed attributes, unique
    sets of attributes, and references by attribute."""

    mandatory: tuple[str, ...]
    optional: tuple[str, ...]
    fixed: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...]
    scalars: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)


TENANT, NAME, ALL = "tenantDBID", "name", "userProperties"
TIMES = {"startupTimeout": 90, "shutdownTimeout": 90, "redundancyType": 1, "startupType": 1}

KINDS: Mapping[str, Kind] = {
    # 1.7
    "Script": Kind(
        (TENANT, NAME, "type"),
        ("index", ALL),
        (TENANT, "type"),
        ((TENANT, NAME),),
        {TENANT: "Tenant"},
    ),
    # 1.4
    "AgentGroup": Kind(
        (TENANT, NAME),
        ("agentDBIDs", "managerDBIDs", "capacityRuleDBID", ALL),
        (TENANT,),
        ((TENANT, NAME),),
        {TENANT: "Tenant", "capacityRuleDBID": "Script"},
        {"agentDBIDs": "Person", "managerDBIDs": "Person"},
    ),
    # 1.5
    "Enumerator": Kind(
        (TENANT, NAME, "displayName", "type"),
        (ALL,),
        (TENANT, NAME, "type"),
        ((TENANT, NAME),),
        {TENANT: "Tenant"},
    ),
    # 1.6
    "EnumeratorValue": Kind(
        (TENANT, "enumeratorDBID", NAME, "displayName"),
        ("isDefault", ALL),
        (TENANT, "enumeratorDBID", NAME),
        (("enumeratorDBID", NAME),),
        {TENANT: "Tenant", "enumeratorDBID": "Enumerator"},
        defaults={"isDefault": True},
    ),
    # 1.10
    "Person": Kind(
        (TENANT, "employeeID", "userName"),
        (ALL,),
        (TENANT,),
        ((TENANT, "employeeID"), ("userName",)),
        {TENANT: "Tenant"},
        defaults={"isAgent": False, "isExternalAuth": False},
    ),
    # 1.8, a Stat Server
    "Application": Kind(
        (NAME, "type", "version", "workDirectory", "commandLine"),
        ("appServerDBIDs", ALL),
        ("type",),
        ((NAME,),),
        lists={"appServerDBIDs": "Application"},
        defaults={"isServer": True, "isPrimary": True, "autoRestart": True, **TIMES},
    ),
}


class ModelServer:
    """``objects``: (type, DBID) -> attributes. A call returns the errors that may be answered;
    if there are none, it takes effect."""

    def __init__(self, tenants: set[int]) -> None:
        self.objects: dict[tuple[str, int], Object] = {("Tenant", one): {} for one in tenants}

    def create(self, name: str, given: Object) -> tuple[Errors, Object]:
        """The errors that may be answered, and the new object, which ``add`` adds."""
        kind, wrong = KINDS[name], Errors()
        made: Object = {**kind.defaults, "state": 1, **given}
        if not set(given) <= {*kind.mandatory, *kind.optional}:
            wrong.add(errors.UnsupportedPropertyError)
        if any(made.get(one) in (None, "") for one in kind.mandatory):
            wrong.add(errors.IncompleteObjectDataError)
        for one in kind.lists:
            keys = [key_of(entry) for entry in made.get(one, [])]
            if len(set(keys)) < len(keys):
                wrong.add(errors.ValueOutOfRangeError)
        return wrong | self._misfits(name, 0, made), made

    def add(self, name: str, dbid: int, made: Object) -> None:
        self.objects[name, dbid] = made

    def update(self, name: str, dbid: int, delta: Delta) -> Errors:
        live = self.objects.get((name, dbid))
        if live is None:
            return {errors.ObjectNotFoundError}
        kind, wrong = KINDS[name], Errors()
        after = {**live, **delta.values}
        if not delta:
            wrong.add(errors.UnspecifiedModificationError)
        if set(kind.fixed) & set(delta.values):
            wrong.add(errors.UnchangeableInfoError)
        if any(delta.values.get(one) == "" for one in kind.mandatory):
            wrong.add(errors.IncompleteObjectDataError)
        if live.get("agentDBIDs") and after.get("name") != live.get("name"):
            wrong.add(errors.UnchangeableInfoError)  # a group with agents keeps its name
        for one, options in delta.key_values.items():
            after[one] = _options(live.get(one, {}), options, wrong)
        for one, entries in delta.lists.items():
            after[one] = _entries(live.get(one, []), entries, wrong)
        wrong |= self._misfits(name, dbid, after)
        if after == live and not wrong:
            wrong.add(errors.UnspecifiedModificationError)
        if not wrong:
            self.objects[name, dbid] = after
        return wrong

    def delete(self, name: str, dbid: int) -> Errors:
        if (name, dbid) not in self.objects:
            return {errors.ObjectNotFoundError}
        for other, one in self._of("Application"):
            connected = [entry["appServerDBID"] for entry in one.get("appServerDBIDs", [])]
            if name == "Application" and other != dbid and dbid in connected:
                return {errors.DependentObjectsError}
        del self.objects[name, dbid]
        for other, one in list(self._of("EnumeratorValue")):
            if name == "Enumerator" and one["enumeratorDBID"] == dbid:
                del self.objects["EnumeratorValue", other]
        for _, one in self._of("AgentGroup"):
            if name == "Person":
                for members in ("agentDBIDs", "managerDBIDs"):
                    one[members] = [each for each in one.get(members, []) if each != dbid]
            if name == "Script" and one.get("capacityRuleDBID") == dbid:
                del one["capacityRuleDBID"]
        return Errors()

    def _of(self, name: str) -> Iterator[tuple[int, Object]]:
        return ((dbid, one) for (kind, dbid), one in self.objects.items() if kind == name)

    def _misfits(self, name: str, dbid: int, one: Object) -> Errors:
        """The errors that an object would cause among the others."""
        kind, wrong = KINDS[name], Errors()
        others = [other for number, other in self._of(name) if number != dbid]
        for key in kind.unique:
            if [one.get(part) for part in key] in [[o.get(part) for part in key] for o in others]:
                wrong.add(errors.UniquenessViolationError)
        if one.get("isDefault") and any(
            other["isDefault"] and other["enumeratorDBID"] == one.get("enumeratorDBID")
            for other in others
        ):
            wrong.add(errors.UniquenessViolationError)
        targets = [(kind.scalars[each], one.get(each)) for each in kind.scalars]
        for each, target in kind.lists.items():
            targets += [(target, key_of(entry)) for entry in one.get(each, [])]
        if any(target[1] and target not in self.objects for target in targets):
            wrong.add(errors.IncorrectReferencesError)
        of_one_tenant: list[Any] = [("Enumerator", one.get("enumeratorDBID"))]
        of_one_tenant += [("Person", manager) for manager in one.get("managerDBIDs", [])]
        for target in of_one_tenant:
            if self.objects.get(target, one).get(TENANT) != one.get(TENANT):
                wrong.add(errors.IncorrectReferencesError)
        return wrong


def key_of(entry: Any) -> int:
    """The key of a list's entry (2.2): of a connection, the application."""
    return int(entry["appServerDBID"] if isinstance(entry, Mapping) else entry)


def _options(live: Object, delta: KeyValueDelta, wrong: Errors) -> Object:
    after = {section: dict(options) for section, options in live.items()}
    for section, keys in delta.deleted.items():
        if section not in after:
            wrong.add(errors.ListItemNotFoundError)
        for key in keys or list(after.get(section, {})):
            if after.get(section, {}).pop(key, None) is None:
                wrong.add(errors.ListItemNotFoundError)
    for section, options in delta.changed.items():
        if not options.keys() <= after.get(section, {}).keys():
            wrong.add(errors.ListItemNotFoundError)
        after.setdefault(section, {}).update(options)
    for section, options in delta.added.items():
        if options.keys() & after.get(section, {}).keys():
            wrong.add(errors.UniquenessViolationError)
        after.setdefault(section, {}).update(options)
    return {section: options for section, options in after.items() if options}


def _entries(live: list[Any], delta: ListDelta, wrong: Errors) -> list[Any]:
    after = {key_of(entry): entry for entry in live}
    for key in delta.deleted:
        if after.pop(key, None) is None:
            wrong.add(errors.ListItemNotFoundError)
    for entry in delta.changed:
        if key_of(entry) not in after:
            wrong.add(errors.ListItemNotFoundError)
        held = after.get(key_of(entry), {})
        after[key_of(entry)] = {**held, **entry} if isinstance(entry, Mapping) else entry
    for entry in delta.added:
        if key_of(entry) in after:
            wrong.add(errors.UniquenessViolationError)
        after[key_of(entry)] = entry
    return list(after.values())
