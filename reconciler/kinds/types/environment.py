"""The types that the whole server shares: tenants, folders, hosts, alarms, scheduled tasks."""

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.attributes import (
    address,
    annex,
    choice,
    description,
    fixed_type,
    flag,
    integer,
    name,
    reference,
    references,
    resources,
    server_type,
    state,
)

_TENANT = ObjectType(
    "Tenant",
    7,
    key=("name",),
    folder="Tenants",
    owner="",
    attributes=(
        name(),
        # Servers ignore it and do not return it.
        Attribute("isServiceProvider", ValueType.FLAG, read_only=True),
        # A client sets it at creation and gets it back; the server never checks it.
        Attribute("password", max_length=64),
        address(),
        Attribute("chargeableNumber", max_length=64),
        reference("defaultCapacityRuleDBID", "defaultCapacityRule", "Script"),
        reference("defaultContractDBID", "defaultContract", "ObjectiveTable"),
        reference("parentTenantDBID", "parentTenant", "Tenant"),
        reference("tenantPersonDBID", "tenantPerson", "Person"),
        reference("providerPersonDBID", "providerPerson", "Person"),
        Attribute(
            "serviceInfo",
            ValueType.STRUCTURES,
            word="services",
            key=("serviceDBID",),
            fields=(
                reference("serviceDBID", "service", "Service", mandatory=True),
                flag("isChargeable", default=True),
            ),
        ),
        flag("isSuperTenant"),
        references("tenantDBIDs", "tenants", "Tenant"),
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
        integer("customType"),
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
        description(),
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
        resources(
            "Folder",
            "ObjectiveTable",
            "GVPReseller",
            "GVPCustomer",
            "GVPIVRProfile",
            "TimeZone",
            "Host",
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

_HOST = server_type(
    "Host",
    10,
    "Hosts",
    Attribute("IPaddress", word="ipAddress", max_length=64),
    Attribute("HWID", word="hardwareID"),
    fixed_type(enums.HOST_TYPE, default=1),
    Attribute(
        "OSinfo",
        ValueType.STRUCTURE,
        word="os",
        default={"OStype": 0},
        fields=(
            choice("OStype", enums.OS_TYPE, word="type", default=0),
            Attribute("OSversion", word="version"),
        ),
    ),
    Attribute("LCAPort", word="lcaPort", mandatory=True, default="4999"),
    reference("SCSDBID", "scs", "Application"),
    address(),
    reference("contactPersonDBID", "contactPerson", "Person"),
    Attribute("comment"),
    resources("Application", "Script", "Enumerator", "EnumeratorValue"),
    unique=(("IPaddress",),),
    filters={"host_type": "type", "os_type": "OSinfo.OStype", "scs_dbid": "SCSDBID"},
)


def _event(name: str, word: str, *, mandatory: bool = False) -> Attribute:
    """The log event that raises or clears an alarm."""
    return Attribute(
        name,
        ValueType.STRUCTURE,
        word=word,
        mandatory=mandatory,
        fields=(
            integer("logEventID"),
            choice("selectionMode", enums.SELECTION_MODE),
            Attribute(
                "appType",
                ValueType.ENUM,
                enumeration=enums.EVENT_APPLICATION_TYPE,
                open_ended=True,
                default=enums.EVENT_APPLICATION_TYPE["NoApplication"],
            ),
            reference("appDBID", "application", "Application"),
        ),
    )


_ALARM_CONDITION = server_type(
    "AlarmCondition",
    34,
    "Alarm Conditions",
    description(),
    choice("category", enums.ALARM_CATEGORY, default=2),
    _event("alarmDetectEvent", "detectEvent", mandatory=True),
    _event("alarmRemovalEvent", "removalEvent"),
    reference("alarmDetectScriptDBID", "detectScript", "Script"),
    integer("clearanceTimeout", default=86400),
    references("reactionScriptDBIDs", "reactionScripts", "Script"),
    references("clearanceScriptDBIDs", "clearanceScripts", "Script"),
    flag("isMasked", default=False),
)

_SCHEDULED_TASK = server_type(
    "ScheduledTask",
    42,
    "Scheduled Tasks",
    fixed_type(enums.TASK_TYPE),
    description(),
    integer("startTime"),
    resources("Host", "Switch", "GVPCustomer", "GVPIVRProfile"),
    filters={"task_type": "type"},
)

ENVIRONMENT_TYPES = (_TENANT, _FOLDER, _HOST)
ALARM_TYPES = (_ALARM_CONDITION, _SCHEDULED_TASK)
