"""Recognises a damaged server file, whose rows may hold anything.

An object is checked when it leaves a transaction. Inside a transaction, code trusts the rows: if it
fails, ``find_damage`` tells whether the file is the reason.
"""

import sqlite3
from collections.abc import Mapping
from functools import cache
from typing import Any

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.encoding import decode
from reconciler.server.values import problem_of

_CLASSES: Mapping[ValueType, type] = {
    ValueType.TEXT: str,
    ValueType.FLAG: bool,
    ValueType.INTEGER: int,
    ValueType.REFERENCE: int,
    ValueType.ENUM: int,
    ValueType.KEY_VALUES: dict,
    ValueType.REFERENCES: list,
    ValueType.STRUCTURE: dict,
    ValueType.STRUCTURES: list,
}
_NESTED = (ValueType.KEY_VALUES, ValueType.STRUCTURE, ValueType.STRUCTURES, ValueType.REFERENCES)


class RowChecker:
    """Checks the rows of one type: that they hold what the type's attributes can hold.
    ``secrets`` and ``key_values``: the names of its attributes that nobody can read, and of those
    with options."""

    def __init__(self, kind: ObjectType) -> None:
        self.kind = kind
        self._classes = {one.name: _CLASSES[one.type] for one in kind.attributes}
        self._mandatory = frozenset(one.name for one in kind.attributes if one.mandatory)
        self._nested = [one for one in kind.attributes if one.type in _NESTED]
        self.secrets = [one.name for one in kind.attributes if one.secret]
        self.key_values = frozenset(
            one.name for one in kind.attributes if one.type is ValueType.KEY_VALUES
        )

    def is_sound(self, row: tuple[Any, ...], attributes: Any) -> bool:
        """Whether a row (DBID, tenant, folder, body) and the attributes in its body can be what
        was written."""
        if type(attributes) is not dict or not self._mandatory <= attributes.keys():
            return False
        dbid, tenant, folder, _ = row
        if not type(dbid) is type(tenant) is type(folder) is int:
            return False
        classes = self._classes
        for name, value in attributes.items():
            if type(value) is not classes.get(name):
                return False
        for one in self._nested:
            if one.name in attributes and _problem(one, attributes[one.name]):
                return False
        return True


@cache
def checker_of(object_type: str) -> RowChecker:
    """The checker of a type, made once. A create needs it too, for the object that it returns."""
    return RowChecker(OBJECT_TYPES[object_type])


def _problem(attribute: Attribute, value: Any) -> str:
    if attribute.type is ValueType.KEY_VALUES:
        return "" if all(type(options) is dict for options in value.values()) else "no options"
    return problem_of(attribute, value)


_COLUMNS = {
    "meta": (str, str),
    "unique_key": (str, str, int),
    "reference": (str, int, str, str, int),
    "permission": (str, int, str, int, int),
    "counter": (str, int),
}


def find_damage(connection: sqlite3.Connection) -> str:
    """What is damaged in a server file; empty: nothing that can be recognised."""
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            return str(found).splitlines()[-1]
        for table, classes in _COLUMNS.items():
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608 - our own names
                if tuple(map(type, row)) != classes:
                    return f"a row of the table {table}"
        keys = {key for (key,) in connection.execute("SELECT key FROM meta")}
        return "the settings of the server" if "uuid" not in keys else _damaged_object(connection)
    except (sqlite3.Error, TypeError, ValueError) as error:
        return str(error)


def _damaged_object(connection: sqlite3.Connection) -> str:
    checkers = {name: checker_of(name) for name in OBJECT_TYPES}
    folders = {
        0,
        *(dbid for (dbid,) in connection.execute("SELECT dbid FROM object WHERE type = 'Folder'")),
    }
    for name, *row in connection.execute("SELECT type, dbid, tenant, folder, body FROM object"):
        if name not in checkers:
            return f"an object of type {name!r}"
        try:
            sound = checkers[name].is_sound(tuple(row), decode(row[3])) and row[2] in folders
        except (ValueError, TypeError, RecursionError):
            sound = False
        if not sound:
            return f"{name} {row[0]}"
    return ""
