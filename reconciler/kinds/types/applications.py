"""The types of programs: application templates, applications, and solutions made of them."""

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.attributes import (
    choice,
    description,
    extra_fields,
    fixed_type,
    flag,
    integer,
    name,
    reference,
    references,
    resources,
    server_type,
)

MIRRORED = ("appServerDBIDs", "tenantDBIDs", "flexibleProperties")
"""The attributes that a backup takes over from its primary, and cannot have of its own."""

_APP_PROTOTYPE = server_type(
    "AppPrototype",
    20,
    "Application Templates",
    name(immutable=True),
    fixed_type(enums.APPLICATION_TYPE, open_ended=True),
    Attribute("version", mandatory=True, immutable=True),
    Attribute("options", ValueType.KEY_VALUES),
    filters={"app_type": "type", "version": "version"},
)

_SERVER_INFO = Attribute(
    "serverInfo",
    ValueType.STRUCTURE,
    word="server",
    fields=(
        reference("hostDBID", "host", "Host", "veto"),
        Attribute("port", max_length=64),
        reference("backupServerDBID", "backup", "Application"),
        integer("timeout", default=10),
        integer("attempts", default=1),
    ),
)

_PORTS = Attribute(
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
        description(),
        *extra_fields(),
    ),
)

_CONNECTIONS = Attribute(
    "appServerDBIDs",
    ValueType.STRUCTURES,
    word="connections",
    key=("appServerDBID",),
    fields=(
        reference("appServerDBID", "server", "Application", "veto", mandatory=True),
        Attribute("id", default="default"),
        Attribute("connProtocol", word="protocol"),
        integer("timoutLocal", word="timeoutLocal"),
        integer("timoutRemote", word="timeoutRemote"),
        choice("mode", enums.TRACE_MODE, default=0),
        Attribute("transportParams"),
        Attribute("appParams"),
        Attribute("proxyParams"),
        description(),
        *extra_fields(),
    ),
)

_APPLICATION = server_type(
    "Application",
    9,
    "Applications",
    fixed_type(enums.APPLICATION_TYPE, open_ended=True),
    Attribute("version", mandatory=True),
    reference("appPrototypeDBID", "template", "AppPrototype", "veto", immutable=True),
    Attribute("isServer", ValueType.FLAG, read_only=True),
    Attribute("isPrimary", ValueType.FLAG, read_only=True, default=True),
    choice("componentType", enums.COMPONENT_TYPE, default=0),
    _SERVER_INFO,
    _PORTS,
    _CONNECTIONS,
    references("tenantDBIDs", "tenants", "Tenant"),
    Attribute("options", ValueType.KEY_VALUES),
    Attribute("flexibleProperties", ValueType.KEY_VALUES),
    Attribute("workDirectory"),
    Attribute("commandLine"),
    Attribute("commandLineArguments"),
    flag("autoRestart", default=True),
    integer("startupTimeout", default=90),
    integer("shutdownTimeout", default=90),
    choice("redundancyType", enums.REDUNDANCY_TYPE, default=1),
    Attribute(
        "startupType", ValueType.ENUM, read_only=True, default=1, enumeration=enums.STARTUP_TYPE
    ),
    # From releases before 5.1; it protects nothing.
    Attribute("password", max_length=64),
    resources("Script"),
    filters={
        "app_type": "type",
        "version": "version",
        "is_server": "isServer",
        "startup_type": "startupType",
        "app_prototype_dbid": "appPrototypeDBID",
        "tenant_dbid": "tenantDBIDs[]",
        "server_dbid": "appServerDBIDs[].appServerDBID",
        "host_dbid": "serverInfo.hostDBID",
        "backup_server_dbid": "serverInfo.backupServerDBID",
        "primary_server_dbid": "",
        "switch_dbid": "<Switch.TServerDBID",
        "port": "portInfos[].port",
    },
)


def _component_type() -> Attribute:
    return Attribute(
        "type",
        ValueType.ENUM,
        mandatory=True,
        enumeration=enums.APPLICATION_TYPE,
        open_ended=True,
    )


_SERVICE = server_type(
    "Service",
    8,
    "Solutions",
    fixed_type(enums.SOLUTION_TYPE, name="solutionType"),
    # The cost of a solution: from releases that had no solutions yet.
    choice("type", enums.CHARGE_TYPE, word="chargeType"),
    Attribute("abbr", word="abbreviation"),
    Attribute("version"),
    choice("startupType", enums.STARTUP_TYPE),
    reference("SCSDBID", "scs", "Application"),
    reference("assignedTenantDBID", "assignedTenant", "Tenant"),
    Attribute(
        "components",
        ValueType.STRUCTURES,
        key=("appDBID",),
        fields=(
            reference("appDBID", "application", "Application", "veto", mandatory=True),
            integer("startupPriority"),
            flag("isOptional", default=False),
        ),
    ),
    Attribute(
        "componentDefinitions",
        ValueType.STRUCTURES,
        key=("type", "version"),
        fields=(
            _component_type(),
            Attribute("version"),
            integer("startupPriority"),
            flag("isOptional", default=False),
        ),
    ),
    Attribute(
        "appServicePermissions",
        ValueType.STRUCTURES,
        word="applicationPermissions",
        key=("appType",),
        fields=(
            Attribute(
                "appType",
                ValueType.ENUM,
                mandatory=True,
                enumeration=enums.APPLICATION_TYPE,
                open_ended=True,
            ),
            integer("permissionMask"),
        ),
    ),
    # Which types a solution may list is not documented.
    resources(*enums.OBJECT_TYPE),
    filters={
        "solution_type": "solutionType",
        "type": "type",
        "folder_dbid": "",
        "app_dbid": "components[].appDBID",
        "scs_dbid": "SCSDBID",
        "tenant_dbid": "assignedTenantDBID",
    },
)

APPLICATION_TYPES = (_APP_PROTOTYPE, _APPLICATION, _SERVICE)
