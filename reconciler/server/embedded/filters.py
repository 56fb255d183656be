"""The filters of a read as SQL conditions.

Filters that contain the whole natural key find their object by key; others scan all objects
of the type.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from reconciler.kinds.model import ObjectType
from reconciler.kinds.types.table import type_name
from reconciler.server import validation
from reconciler.server.errors import UnsupportedPropertyError, ValueOutOfRangeError
from reconciler.server.port import Filter
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.server.values import is_integer

_IN_FOLDER = "AND folder = ?"

_COMPUTED = {
    "Folder.default_folder": (
        "AND (json_extract(body, '$.parentID') = json_extract(body, '$.ownerID')"
        " AND json_extract(body, '$.type') <> 22) = ?"
    ),
    "Application.primary_server_dbid": (
        "AND dbid IN (SELECT json_extract(body, '$.serverInfo.backupServerDBID')"
        " FROM object WHERE type = 'Application' AND dbid = ?)"
    ),
    "Service.folder_dbid": _IN_FOLDER,
    "PhysicalSwitch.folder_dbid": _IN_FOLDER,
    "AccessGroup.person_dbid": (
        "AND EXISTS (SELECT 1 FROM json_each(body, '$.memberIDs')"
        " WHERE json_extract(value, '$.type') = 3 AND json_extract(value, '$.DBID') = ?)"
    ),
    "Person.switch_dbid": (
        "AND EXISTS (SELECT 1 FROM json_each(body, '$.agentLogins')"
        " WHERE json_extract(value, '$.agentLoginDBID') IN (SELECT dbid FROM object"
        " WHERE type = 'AgentLogin' AND json_extract(body, '$.switchDBID') = ?))"
    ),
    "DN.ivr_dbid": (
        "AND dbid IN (SELECT json_extract(body, '$.DNDBID')"
        " FROM object WHERE type = 'IVRPort' AND json_extract(body, '$.IVRDBID') = ?)"
    ),
}
"""Filters that do not compare an attribute: type and filter -> condition."""

_REFERRED_TO = (
    "AND dbid IN (SELECT target FROM reference"
    " WHERE type = ? AND dbid = ? AND attribute = ? AND target_type = ?)"
)
"""The objects that one object refers to in one attribute."""

LONG = 255
"""``exclude_longstrings`` empties texts that are longer than this."""


class Conditions(Struct):
    """SQL that continues ``WHERE type = ?``, with its parameters; and whether binary values and
    long texts are left out of the objects."""

    where: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)
    exclude_bytecode: bool = False
    exclude_longstrings: bool = False

    def add(self, condition: str, *parameters: Any) -> None:
        self.where.append(condition)
        self.parameters += parameters

    @property
    def excludes(self) -> bool:
        """Whether a part of the objects is left out."""
        return self.exclude_bytecode or self.exclude_longstrings

    def shortened(self, sections: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """A key-value list without the values that are left out."""
        kept: dict[str, dict[str, Any]] = {}
        for section, options in sections.items():
            for key, value in options.items():
                if self.exclude_bytecode and isinstance(value, bytes):
                    continue
                long = self.exclude_longstrings and isinstance(value, str) and len(value) > LONG
                kept.setdefault(section, {})[key] = "" if long else value
        return kept


def conditions(kind: ObjectType, filters: Filter) -> Conditions:
    """The conditions of a read's filters. With a ``dbid``, all others are ignored."""
    for key, value in filters.items():
        if key != "dbid" and key not in kind.filters:
            raise UnsupportedPropertyError(f"there is no filter {key}", kind.name, key)
        if isinstance(value, int) and not isinstance(value, bool) and not is_integer(value):
            raise ValueOutOfRangeError(f"{key} cannot be {value}", kind.name, key)
    found = Conditions(
        exclude_bytecode=bool(filters.get("exclude_bytecode")),
        exclude_longstrings=bool(filters.get("exclude_longstrings")),
    )
    if "dbid" in filters:
        found.add("AND dbid = ?", filters["dbid"])
        return found
    if kind.name == "Tenant" and not filters.get("all_tenants"):
        found.add("AND dbid <> ?", ENVIRONMENT)
    _by_key(kind, filters, found)
    for key, value in filters.items():
        path = kind.filters[key]
        computed = _COMPUTED.get(f"{kind.name}.{key}")
        if computed:
            found.add(computed, value)
        elif path.startswith("<"):
            holder, attribute = path[1:].split(".")
            found.add(_REFERRED_TO, holder, value, attribute, kind.name)
        elif path:
            found.add(_condition(path), value)
    if kind.name == "Folder" and {"object_type", "object_dbid"} & filters.keys():
        _holding(filters, found)
    return found


def _by_key(kind: ObjectType, filters: Filter, found: Conditions) -> None:
    given = {kind.filters[key]: value for key, value in filters.items()}
    if all(isinstance(given.get(name), str | int) for name in kind.key):
        (key, *_) = validation.unique_keys(kind, {name: given[name] for name in kind.key})
        known = "AND dbid IN (SELECT dbid FROM unique_key WHERE type = ? AND key = ?)"
        found.add(known, kind.name, key)


def _holding(filters: Filter, found: Conditions) -> None:
    """Adds the condition that selects the folder that contains a given object."""
    name, dbid = type_name(int(filters.get("object_type", 0))), filters.get("object_dbid")
    if not name or dbid is None:
        raise ValueOutOfRangeError(
            "object_type and object_dbid must both be given", "Folder", "object_dbid"
        )
    found.add("AND dbid IN (SELECT folder FROM object WHERE type = ? AND dbid = ?)", name, dbid)


def _condition(path: str) -> str:
    """The SQL for a path of ``ObjectType.filters``, such as ``name``, ``serverInfo.hostDBID``,
    ``tenantDBIDs[]`` (any entry) or ``appServerDBIDs[].appServerDBID``."""
    if path == "tenantDBID":
        return "AND tenant = ?"
    listed, bracket, rest = path.partition("[]")
    if not bracket:
        return f"AND json_extract(body, '$.{path}') = ?"
    item = f"json_extract(value, '${rest}')" if rest else "value"
    each = f"json_each(body, '$.{listed}')"
    return f"AND EXISTS (SELECT 1 FROM {each} WHERE {item} = ?)"  # noqa: S608 - of our table
