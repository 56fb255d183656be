"""The table of object types. Facts: attributes, keys, mutability, references.

``OBJECT_TYPES[name]`` is the whole interface. Numbers are Configuration Server's
``CfgObjectType``; attribute names are its own; ``word`` is ours where it is plainer.
"""

from collections.abc import Mapping

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ObjectType, OnDelete, ValueType


def _name(*, immutable: bool = False) -> Attribute:
    return Attribute("name", mandatory=True, immutable=immutable)


def _tenant() -> Attribute:
    return Attribute(
        "tenantDBID",
        ValueType.REFERENCE,
        word="tenant",
        mandatory=True,
        immutable=True,
        refers_to="Tenant",
        on_delete="cascade",
    )


def _state() -> Attribute:
    return Attribute("state", ValueType.ENUM, default=1, enumeration=enums.STATE)


def _annex() -> Attribute:
    return Attribute("userProperties", ValueType.KEY_VALUES, word="annex")


def _reference(
    name: str,
    word: str,
    refers_to: str,
    on_delete: OnDelete = "clear",
    *,
    immutable: bool = False,
    mandatory: bool = False,
) -> Attribute:
    return Attribute(
        name,
        ValueType.REFERENCE,
        word=word,
        refers_to=refers_to,
        on_delete=on_delete,
        immutable=immutable,
        mandatory=mandatory,
    )


def _references(name: str, word: str, refers_to: str, on_delete: OnDelete = "clear") -> Attribute:
    return Attribute(
        name,
        ValueType.REFERENCES,
        word=word,
        refers_to=refers_to,
        on_delete=on_delete,
    )


_TENANT = ObjectType(
    "Tenant",
    7,
    key=("name",),
    folder="Tenants",
    owner="",
    attributes=(
        _name(),
        Attribute("isServiceProvider", ValueType.FLAG, read_only=True, default=False),
        Attribute("chargeableNumber", max_length=64),
        _reference("defaultCapacityRuleDBID", "defaultCapacityRule", "Script"),
        _reference("parentTenantDBID", "parentTenant", "Tenant"),
        _state(),
        _annex(),
    ),
    filters={"name": "name", "state": "state", "all_tenants": ""},
)

_FOLDER = ObjectType(
    "Folder",
    22,
    key=("parentID", "type", "name"),
    owner="",
    attributes=(
        _name(),
        Attribute("type", ValueType.INTEGER, mandatory=True, immutable=True),
        Attribute(
            "folderClass",
            ValueType.ENUM,
            default=1,
            immutable=True,
            enumeration=enums.FOLDER_CLASS,
        ),
        Attribute(
            "ownerID",
            ValueType.STRUCTURE,
            word="owner",
            mandatory=True,
            immutable=True,
            fields=(Attribute("type", ValueType.INTEGER), Attribute("DBID", ValueType.INTEGER)),
        ),
        Attribute(
            "parentID",
            ValueType.STRUCTURE,
            word="parent",
            read_only=True,
            fields=(Attribute("type", ValueType.INTEGER), Attribute("DBID", ValueType.INTEGER)),
        ),
        Attribute("description"),
        _state(),
        _annex(),
    ),
    filters={"name": "name", "type": "type", "state": "state"},
)

_HOST = ObjectType(
    "Host",
    10,
    key=("name",),
    folder="Hosts",
    owner="",
    attributes=(
        _name(),
        Attribute("IPaddress", word="ipAddress", max_length=64),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            default=1,
            enumeration=enums.HOST_TYPE,
        ),
        Attribute(
            "OSinfo",
            ValueType.STRUCTURE,
            word="os",
            fields=(
                Attribute("OStype", ValueType.ENUM, word="type", enumeration=enums.OS_TYPE),
                Attribute("OSversion", word="version"),
            ),
        ),
        Attribute("LCAPort", word="lcaPort", mandatory=True, default="4999"),
        _reference("SCSDBID", "scs", "Application"),
        _state(),
        _annex(),
    ),
    filters={"name": "name", "state": "state"},
)

_APP_PROTOTYPE = ObjectType(
    "AppPrototype",
    20,
    key=("name",),
    folder="Application Templates",
    owner="",
    attributes=(
        _name(immutable=True),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.APPLICATION_TYPE,
            open_ended=True,
        ),
        Attribute("version", mandatory=True, immutable=True),
        Attribute("options", ValueType.KEY_VALUES),
        _state(),
        _annex(),
    ),
    filters={"name": "name", "app_type": "type", "version": "version", "state": "state"},
)

_APPLICATION = ObjectType(
    "Application",
    9,
    key=("name",),
    folder="Applications",
    owner="",
    attributes=(
        _name(),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.APPLICATION_TYPE,
            open_ended=True,
        ),
        Attribute("version", mandatory=True),
        _reference("appPrototypeDBID", "template", "AppPrototype", "veto", immutable=True),
        Attribute("isServer", ValueType.FLAG, read_only=True),
        Attribute("isPrimary", ValueType.FLAG, read_only=True, default=True),
        Attribute(
            "serverInfo",
            ValueType.STRUCTURE,
            word="server",
            fields=(
                _reference("hostDBID", "host", "Host", "veto"),
                Attribute("port", max_length=64),
                _reference("backupServerDBID", "backup", "Application"),
                Attribute("timeout", ValueType.INTEGER, default=10),
                Attribute("attempts", ValueType.INTEGER, default=1),
            ),
        ),
        Attribute(
            "portInfos",
            ValueType.STRUCTURES,
            word="ports",
            key="id",
            fields=(
                Attribute("id", mandatory=True, default="default"),
                Attribute("port", mandatory=True),
                Attribute("connProtocol", word="protocol"),
                Attribute("transportParams"),
                Attribute("appParams"),
                Attribute("description"),
            ),
        ),
        Attribute(
            "appServerDBIDs",
            ValueType.STRUCTURES,
            word="connections",
            key="appServerDBID",
            fields=(
                _reference("appServerDBID", "server", "Application", "veto", mandatory=True),
                Attribute("id", default="default"),
                Attribute("connProtocol", word="protocol"),
                Attribute("timoutLocal", ValueType.INTEGER, word="timeoutLocal"),
                Attribute("timoutRemote", ValueType.INTEGER, word="timeoutRemote"),
                Attribute("mode", ValueType.ENUM, enumeration=enums.TRACE_MODE),
                Attribute("transportParams"),
                Attribute("appParams"),
            ),
        ),
        _references("tenantDBIDs", "tenants", "Tenant"),
        Attribute("options", ValueType.KEY_VALUES),
        _annex(),
        Attribute("flexibleProperties", ValueType.KEY_VALUES),
        Attribute("workDirectory"),
        Attribute("commandLine"),
        Attribute("commandLineArguments"),
        Attribute("autoRestart", ValueType.FLAG, default=True),
        Attribute("startupTimeout", ValueType.INTEGER, default=90),
        Attribute("shutdownTimeout", ValueType.INTEGER, default=90),
        Attribute("redundancyType", ValueType.ENUM, default=1, enumeration=enums.REDUNDANCY_TYPE),
        Attribute(
            "startupType",
            ValueType.ENUM,
            read_only=True,
            default=1,
            enumeration=enums.STARTUP_TYPE,
        ),
        _state(),
    ),
    filters={"name": "name", "app_type": "type", "state": "state", "version": "version"},
)

_PERSON = ObjectType(
    "Person",
    3,
    key=("tenantDBID", "employeeID"),
    unique=(("userName",),),
    folder="Persons",
    attributes=(
        _tenant(),
        Attribute("employeeID", mandatory=True, max_length=64),
        Attribute("userName", mandatory=True),
        Attribute("firstName", max_length=64),
        Attribute("lastName", max_length=64),
        Attribute("emailAddress"),
        Attribute("externalID"),
        Attribute("password", max_length=64, secret=True),
        Attribute("isAgent", ValueType.FLAG, immutable=True, default=False),
        Attribute("isExternalAuth", ValueType.FLAG, default=False),
        _reference("capacityRuleDBID", "capacityRule", "Script"),
        _state(),
        _annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "employee_id": "employeeID",
        "user_name": "userName",
        "state": "state",
        "is_agent": "isAgent",
    },
)

_AGENT_GROUP = ObjectType(
    "AgentGroup",
    5,
    key=("tenantDBID", "name"),
    folder="Agent Groups",
    attributes=(
        _tenant(),
        _name(),
        _references("agentDBIDs", "agents", "Person"),
        _references("managerDBIDs", "managers", "Person"),
        _reference("capacityRuleDBID", "capacityRule", "Script"),
        _state(),
        _annex(),
    ),
    filters={"tenant_dbid": "tenantDBID", "name": "name", "state": "state"},
)

_SCRIPT = ObjectType(
    "Script",
    12,
    key=("tenantDBID", "name"),
    folder="Scripts",
    attributes=(
        _tenant(),
        _name(),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.SCRIPT_TYPE,
        ),
        Attribute("index", ValueType.INTEGER),
        _state(),
        _annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "script_type": "type",
        "state": "state",
        "exclude_bytecode": "",
    },
)

_ENUMERATOR = ObjectType(
    "Enumerator",
    35,
    key=("tenantDBID", "name"),
    folder="Business Attributes",
    attributes=(
        _tenant(),
        _name(immutable=True),
        Attribute("displayName", mandatory=True),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.ENUMERATOR_TYPE,
        ),
        Attribute("description"),
        _state(),
        _annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "display_name": "displayName",
        "enumerator_type": "type",
        "state": "state",
    },
)

_ENUMERATOR_VALUE = ObjectType(
    "EnumeratorValue",
    36,
    key=("enumeratorDBID", "name"),
    folder="Attribute Values",
    owner="enumeratorDBID",
    owner_type="Enumerator",
    attributes=(
        _tenant(),
        Attribute(
            "enumeratorDBID",
            ValueType.REFERENCE,
            word="attribute",
            mandatory=True,
            immutable=True,
            refers_to="Enumerator",
            on_delete="cascade",
        ),
        _name(immutable=True),
        Attribute("displayName", mandatory=True),
        # The server takes a missing flag for true and then refuses a second default.
        Attribute("isDefault", ValueType.FLAG, default=True),
        Attribute("description"),
        _state(),
        _annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "enumerator_dbid": "enumeratorDBID",
        "name": "name",
        "display_name": "displayName",
        "default_value": "isDefault",
        "state": "state",
    },
)

OBJECT_TYPES: Mapping[str, ObjectType] = {
    entry.name: entry
    for entry in (
        _TENANT,
        _FOLDER,
        _HOST,
        _APP_PROTOTYPE,
        _APPLICATION,
        _PERSON,
        _AGENT_GROUP,
        _SCRIPT,
        _ENUMERATOR,
        _ENUMERATOR_VALUE,
    )
}


def references_to(target: str) -> list[tuple[ObjectType, Attribute, Attribute | None]]:
    """Every attribute that can refer to objects of type ``target``: the type, the
    attribute, and the field where the attribute is a structure."""
    found: list[tuple[ObjectType, Attribute, Attribute | None]] = []
    for entry in OBJECT_TYPES.values():
        for attribute in entry.attributes:
            if attribute.refers_to == target:
                found.append((entry, attribute, None))
            found.extend((entry, attribute, f) for f in attribute.fields if f.refers_to == target)
    return found
