"""The types that the whole server shares: tenants, folders, hosts, applications."""

from reconciler.kinds import enums
from reconciler.kinds.attributes import (
    annex,
    fixed_type,
    name,
    reference,
    references,
    state,
)
from reconciler.kinds.model import Attribute, ObjectType, ValueType

_TENANT = ObjectType(
    "Tenant",
    7,
    key=("name",),
    folder="Tenants",
    owner="",
    attributes=(
        name(),
        Attribute("isServiceProvider", ValueType.FLAG, read_only=True, default=False),
        Attribute("chargeableNumber", max_length=64),
        reference("defaultCapacityRuleDBID", "defaultCapacityRule", "Script"),
        reference("defaultContractDBID", "defaultContract", "ObjectiveTable"),
        reference("parentTenantDBID", "parentTenant", "Tenant"),
        state(),
        annex(),
    ),
    filters={"name": "name", "state": "state", "all_tenants": ""},
)

_FOLDER = ObjectType(
    "Folder",
    22,
    key=("parentID", "type", "name"),
    owner="",
    attributes=(
        name(),
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
        # An object that an update adds moves into the folder.
        Attribute(
            "objectIDs",
            ValueType.STRUCTURES,
            word="members",
            key=("type", "DBID"),
            fields=(
                Attribute("type", ValueType.INTEGER, mandatory=True),
                Attribute("DBID", ValueType.INTEGER, mandatory=True),
            ),
        ),
        state(),
        annex(),
    ),
    filters={
        "name": "name",
        "type": "type",
        "state": "state",
        "folder_class": "folderClass",
        "owner_dbid": "ownerID.DBID",
        "owner_type": "ownerID.type",
        "default_folder": "",
        "object_type": "",
        "object_dbid": "",
    },
)

_HOST = ObjectType(
    "Host",
    10,
    key=("name",),
    unique=(("IPaddress",),),
    folder="Hosts",
    owner="",
    attributes=(
        name(),
        Attribute("IPaddress", word="ipAddress", max_length=64),
        fixed_type(enums.HOST_TYPE, default=1),
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
        reference("SCSDBID", "scs", "Application"),
        state(),
        annex(),
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
        name(immutable=True),
        fixed_type(enums.APPLICATION_TYPE, open_ended=True),
        Attribute("version", mandatory=True, immutable=True),
        Attribute("options", ValueType.KEY_VALUES),
        state(),
        annex(),
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
        name(),
        fixed_type(enums.APPLICATION_TYPE, open_ended=True),
        Attribute("version", mandatory=True),
        reference("appPrototypeDBID", "template", "AppPrototype", "veto", immutable=True),
        Attribute("isServer", ValueType.FLAG, read_only=True),
        Attribute("isPrimary", ValueType.FLAG, read_only=True, default=True),
        Attribute(
            "serverInfo",
            ValueType.STRUCTURE,
            word="server",
            fields=(
                reference("hostDBID", "host", "Host", "veto"),
                Attribute("port", max_length=64),
                reference("backupServerDBID", "backup", "Application"),
                Attribute("timeout", ValueType.INTEGER, default=10),
                Attribute("attempts", ValueType.INTEGER, default=1),
            ),
        ),
        Attribute(
            "portInfos",
            ValueType.STRUCTURES,
            word="ports",
            key=("id",),
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
            key=("appServerDBID",),
            fields=(
                reference("appServerDBID", "server", "Application", "veto", mandatory=True),
                Attribute("id", default="default"),
                Attribute("connProtocol", word="protocol"),
                Attribute("timoutLocal", ValueType.INTEGER, word="timeoutLocal"),
                Attribute("timoutRemote", ValueType.INTEGER, word="timeoutRemote"),
                Attribute("mode", ValueType.ENUM, enumeration=enums.TRACE_MODE),
                Attribute("transportParams"),
                Attribute("appParams"),
            ),
        ),
        references("tenantDBIDs", "tenants", "Tenant"),
        Attribute("options", ValueType.KEY_VALUES),
        annex(),
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
        state(),
    ),
    filters={
        "name": "name",
        "app_type": "type",
        "state": "state",
        "version": "version",
        "is_server": "isServer",
        "startup_type": "startupType",
        "app_prototype_dbid": "appPrototypeDBID",
        "tenant_dbid": "tenantDBIDs[]",
        "server_dbid": "appServerDBIDs[].appServerDBID",
        "host_dbid": "serverInfo.hostDBID",
        "backup_server_dbid": "serverInfo.backupServerDBID",
        "primary_server_dbid": "",
        "port": "portInfos[].port",
    },
)

_SERVICE = ObjectType(
    "Service",
    8,
    key=("name",),
    folder="Solutions",
    owner="",
    attributes=(
        name(),
        fixed_type(enums.SOLUTION_TYPE, open_ended=True),
        Attribute("version"),
        reference("SCSDBID", "scs", "Application"),
        reference("assignedTenantDBID", "assignedTenant", "Tenant"),
        Attribute(
            "components",
            ValueType.STRUCTURES,
            key=("appDBID",),
            fields=(
                reference("appDBID", "application", "Application", "veto", mandatory=True),
                Attribute("startupPriority", ValueType.INTEGER),
                Attribute("isOptional", ValueType.FLAG, default=False),
            ),
        ),
        state(),
        annex(),
    ),
    filters={"name": "name", "solution_type": "type", "state": "state"},
)

ENVIRONMENT_TYPES = (_TENANT, _FOLDER, _HOST, _APP_PROTOTYPE, _APPLICATION, _SERVICE)
