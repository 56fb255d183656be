"""Objects of an embedded server in the words of a site file. Pure, except ``Contents.of``.

The inverse of ``words`` and ``folders``: what these supply by default is left out.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from reconciler.kinds.enums import mnemonic
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES, TYPES_BY_NUMBER
from reconciler.server.embedded import logon_accounts
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.engine import complete
from reconciler.server.embedded.folders import FOLDER_TYPE
from reconciler.server.embedded.logon_accounts import LogonAccount
from reconciler.server.embedded.sites.defaults import application_defaults
from reconciler.server.embedded.sites.file import LISTED_TYPES
from reconciler.server.embedded.sites.folders import FOLDER, FOLDER_WORDS, owner_word
from reconciler.server.embedded.sites.names import Named, SiteNames
from reconciler.server.embedded.sites.words import ACCOUNTS, LOG_ON_AS, Access
from reconciler.server.encoding import decode
from reconciler.server.port import ObjectKey
from reconciler.server.snapshot import ENVIRONMENT

_ACCOUNT_WORDS = {name: word for word, name in ACCOUNTS.items()}
_PLAIN_INTEGERS = 10**18
"""The limit of integers that ``yaml.strict`` reads."""


class Home(Struct, frozen=True):
    """The tenant of those objects of a site file that name no tenant."""

    name: str
    dbid: int


class StoredRow(Struct, frozen=True):
    """One object with everything that is stored, secrets included."""

    dbid: int
    tenant: int
    folder: int
    attributes: Mapping[str, Any]


class Contents(Struct, frozen=True):
    """Everything in a server: rows by type, ordered by tenant and DBID; permissions; and the
    accounts of server applications, by DBID."""

    rows: Mapping[str, list[StoredRow]]
    permissions: Mapping[ObjectKey, Access]
    accounts: Mapping[int, LogonAccount]

    @staticmethod
    def of(server: EmbeddedServer) -> "Contents":
        permissions: dict[ObjectKey, Access] = {}
        with server.store.reading():
            rows = {
                name: sorted(
                    (
                        StoredRow(dbid, tenant, folder, decode(body))
                        for dbid, tenant, folder, body in server.store.rows(name)
                    ),
                    key=lambda row: (row.tenant, row.dbid),
                )
                for name in LISTED_TYPES
            }
            for name, dbid, account_type, account, mask in server.store.permissions():
                permissions.setdefault((name, dbid), []).append((account_type, account, mask))
            accounts = logon_accounts.chosen(server.store)
        return Contents(rows, permissions, accounts)

    def keys(self) -> set[tuple[Any, ...]]:
        """Type, DBID and natural key of every object except folders."""
        return {
            (kind.name, row.dbid, *(row.attributes.get(name) for name in kind.key))
            for kind in LISTED_TYPES.values()
            for row in self.rows[kind.name]
            if kind is not FOLDER
        }


class SiteWriter:
    """Turns a server's objects into entries of a site file."""

    def __init__(self, contents: Contents, home: Home) -> None:
        self._contents = contents
        self._home = home
        tenants = {row.dbid: str(row.attributes["name"]) for row in contents.rows["Tenant"]}
        self._tenants = tenants
        self._names = SiteNames(
            Named(
                kind.name,
                tenants.get(row.tenant, ""),
                str(row.attributes.get(kind.name_attribute, "")),
                row.dbid,
            )
            for kind in LISTED_TYPES.values()
            if kind is not FOLDER
            for row in contents.rows[kind.name]
        )
        self._folders = {row.dbid: row.attributes for row in contents.rows["Folder"]}
        self._owner_tenants = {
            (name, row.dbid): row.tenant for name, rows in contents.rows.items() for row in rows
        }

    def entries(self) -> dict[ObjectKey, dict[str, Any]]:
        """The words of every object, by type and DBID."""
        return {
            (kind.name, row.dbid): self._folder(row) if kind is FOLDER else self._object(kind, row)
            for kind in LISTED_TYPES.values()
            for row in self._contents.rows[kind.name]
        }

    def _object(self, kind: ObjectType, row: StoredRow) -> dict[str, Any]:
        tenant = row.tenant or ENVIRONMENT
        defaults = self._application_defaults(row) if kind.name == "Application" else {}
        required = {
            item.name: row.attributes.get(item.name)
            for item in kind.attributes
            if item.mandatory and item.default is None
        }
        supplied = complete(kind, {**required, **defaults})
        words: dict[str, Any] = {"name": None} if kind.attribute("name") else {}
        words["dbid"] = row.dbid
        words |= self._place(row.folder)
        for attribute in kind.attributes:
            value = self._stored(attribute, row.attributes.get(attribute.name))
            written = attribute.name in required.keys() - defaults.keys()
            if attribute.read_only or (
                attribute.name == "tenantDBID" and tenant == self._home.dbid
            ):
                continue
            if value is None and attribute.name in defaults:
                words[attribute.word] = None
            elif value is not None and (written or value != supplied.get(attribute.name)):
                inside = attribute.beside(row.attributes)
                words[attribute.word] = self._value(inside, value, tenant)
        if kind.name == "Application" and row.dbid in self._contents.accounts:
            account_type, account = self._contents.accounts[row.dbid]
            named = self._reference(account_type, account, tenant)
            words[LOG_ON_AS] = {_ACCOUNT_WORDS[account_type]: named}
        return words | self._permissions((kind.name, row.dbid), tenant)

    def _application_defaults(self, row: StoredRow) -> dict[str, Any]:
        """The attributes that a site file supplies to an application of this type."""
        words = application_defaults(row.attributes["type"], self._home.name)
        kind = OBJECT_TYPES["Application"]
        found = {item.name: words[item.word] for item in kind.attributes if item.word in words}
        if "tenantDBIDs" in found:
            found["tenantDBIDs"] = [self._home.dbid]
        return found

    def _stored(self, attribute: Attribute, value: Any) -> Any:
        """A value in canonical form; None if it counts as unset."""
        if attribute.type is ValueType.KEY_VALUES and value:
            return {section: options for section, options in value.items() if options}
        nothing = value == "" or (attribute.type is ValueType.REFERENCE and not value)
        return None if nothing else value

    def _folder(self, row: StoredRow) -> dict[str, Any]:
        held, owner = TYPES_BY_NUMBER[row.attributes["type"]], row.attributes["ownerID"]
        owner_type = TYPES_BY_NUMBER[owner["type"]].name
        tenant = self._owner_tenants.get((owner_type, owner["DBID"]), 0)
        tenant = owner["DBID"] if owner_type == "Tenant" else tenant
        words: dict[str, Any] = {
            "name": row.attributes["name"],
            "dbid": row.dbid,
            "type": held.name,
        }
        if (held.owner or held is FOLDER) and tenant != self._home.dbid:
            words["tenant"] = self._tenants.get(tenant, "")
        if owner_word(held):
            words[owner_word(held)] = self._reference(owner_type, owner["DBID"], tenant)
        if row.attributes["parentID"] == owner and held is not FOLDER:
            words["default"] = True
        words |= self._place(row.attributes["parentID"]["DBID"] if _in_folder(row) else 0)
        for attribute in FOLDER.attributes:
            value = self._stored(attribute, row.attributes.get(attribute.name))
            plain = attribute.word in FOLDER_WORDS and attribute.name != "name"
            if plain and value is not None and value != attribute.default:
                words[attribute.word] = self._value(attribute, value, tenant)
        return words | self._permissions(("Folder", row.dbid), tenant or ENVIRONMENT)

    def _place(self, folder: int) -> dict[str, Any]:
        """The words that give the folder of an object; none for its default folder."""
        names: list[str] = []
        units: list[str] = []
        while folder in self._folders:
            found = self._folders[folder]
            (units if found["type"] == FOLDER_TYPE else names).insert(0, found["name"])
            parent = found["parentID"]
            folder = parent["DBID"] if parent["type"] == FOLDER_TYPE else 0
        below = names if units else names[1:]
        paths = {"unit": units, "folder": below}
        return {word: _joined(path) for word, path in paths.items() if path}

    def _permissions(self, key: ObjectKey, tenant: int) -> dict[str, Any]:
        entries = [
            {_ACCOUNT_WORDS[kind]: self._reference(kind, dbid, tenant), "mask": mask}
            for kind, dbid, mask in self._contents.permissions.get(key, [])
        ]
        return {"permissions": entries} if entries else {}

    def _value(self, attribute: Attribute, value: Any, tenant: int) -> Any:
        match attribute.type:
            case ValueType.KEY_VALUES:
                return {
                    section: {key: _option(item) for key, item in options.items()}
                    for section, options in value.items()
                }
            case ValueType.REFERENCE:
                return self._reference(attribute.refers_to, value, tenant)
            case ValueType.REFERENCES:
                return [self._reference(attribute.refers_to, item, tenant) for item in value]
            case ValueType.STRUCTURE:
                return self._structure(attribute, value, tenant)
            case ValueType.STRUCTURES:
                return [self._entry(attribute, item, tenant) for item in value]
            case ValueType.ENUM:
                return mnemonic(attribute.enumeration, value)
            case ValueType.INTEGER:
                return _integer(value)
        return {"hash": value} if attribute.secret else value

    def _reference(self, object_type: str, dbid: int, tenant: int) -> Any:
        """The name of an object; its DBID where its name is ambiguous."""
        name = self._names.name(object_type, dbid, tenant)
        known = self._names.dbid(object_type, name, tenant) == dbid
        return name if known else {"dbid": dbid}

    def _structure(
        self, attribute: Attribute, value: Mapping[str, Any], tenant: int
    ) -> dict[str, Any]:
        words: dict[str, Any] = {}
        for field in attribute.fields:
            item = value.get(field.name)
            if item is not None and item != field.default:
                words[field.word] = self._value(field.beside(value), item, tenant)
        return words

    def _entry(self, attribute: Attribute, value: Mapping[str, Any], tenant: int) -> Any:
        """An entry of a list of structures; only its key, if it has nothing else."""
        words = self._structure(attribute, value, tenant)
        key = attribute.field(attribute.key[-1]).word
        alone = {*words} == {key} and not isinstance(words[key], dict)
        return words[key] if alone else words


def _in_folder(row: StoredRow) -> bool:
    """Whether a folder is in another one."""
    return bool(row.attributes["parentID"]["type"] == FOLDER_TYPE)


def _joined(names: list[str]) -> Any:
    return names if any("/" in name for name in names) else "/".join(names)


def _option(value: str | int | bytes) -> Any:
    if isinstance(value, bytes):
        return {"binary": value.hex()}
    return _integer(value) if isinstance(value, int) else value


def _integer(value: int) -> Any:
    return value if abs(value) < _PLAIN_INTEGERS else {"integer": str(value)}
