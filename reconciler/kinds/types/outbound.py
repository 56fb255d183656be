"""The types of outbound campaigns, from the fields of a calling list to the campaign groups."""

from reconciler.kinds import enums as common
from reconciler.kinds import enums_outbound as enums
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.attributes import (
    choice,
    description,
    fixed_type,
    flag,
    integer,
    name,
    reference,
    references,
    tenant_of,
    tenant_type,
)

_FIELD = tenant_type(
    "Field",
    23,
    "Fields",
    name(immutable=True),
    fixed_type(enums.DATA_TYPE),
    fixed_type(enums.FIELD_TYPE, name="fieldType", word="fieldType"),
    description(),
    integer("length", immutable=True),
    Attribute("defaultValue"),
    flag("isPrimaryKey", immutable=True),
    flag("isUnique", immutable=True),
    flag("isNullable", immutable=True),
    key=("tenantDBID", "fieldType", "name"),
    filters={"type": "type", "field_type": "fieldType", "format_dbid": "<Format.fieldDBIDs"},
)

_FORMAT = tenant_type(
    "Format",
    24,
    "Formats",
    name(immutable=True),
    description(),
    references("fieldDBIDs", "fields", "Field", "veto"),
    filters={"field_dbid": "fieldDBIDs[]"},
)

_TABLE_ACCESS = tenant_type(
    "TableAccess",
    25,
    "Table Access",
    fixed_type(enums.TABLE_TYPE),
    description(),
    reference("dbAccessDBID", "databaseAccessPoint", "Application", "veto", mandatory=True),
    reference("formatDBID", "format", "Format", "veto", immutable=True),
    Attribute("dbTableName", word="table", mandatory=True),
    flag("isCachable"),
    integer("updateTimeout"),
    filters={
        "type": "type",
        "dbaccess_dbid": "dbAccessDBID",
        "format_dbid": "formatDBID",
        "db_table_name": "dbTableName",
    },
)

_FILTER = tenant_type(
    "Filter",
    29,
    "Filters",
    description(),
    reference("formatDBID", "format", "Format", "veto", mandatory=True, immutable=True),
    filters={"format_dbid": "formatDBID"},
)

_TREATMENT = tenant_type(
    "Treatment",
    28,
    "Treatments",
    description(),
    Attribute("callResult", ValueType.ENUM, mandatory=True, enumeration=enums.CALL_STATE),
    choice("recActionCode", enums.RECORD_ACTION, word="recordAction"),
    integer("attempts"),
    integer("dateTime"),
    integer("cycleAttempt"),
    integer("interval"),
    integer("increment"),
    choice("callActionCode", enums.CALL_ACTION, word="callAction"),
    reference("destDNDBID", "destinationDN", "DN"),
    integer("range"),
    filters={
        "call_result": "callResult",
        "rec_action_code": "recActionCode",
        "call_action_code": "callActionCode",
        "dest_dn_dbid": "destDNDBID",
    },
)

_CALLING_LIST = tenant_type(
    "CallingList",
    26,
    "Calling Lists",
    description(),
    reference("tableAccessDBID", "tableAccess", "TableAccess", "veto", mandatory=True),
    reference("filterDBID", "filter", "Filter"),
    references("treatmentDBIDs", "treatments", "Treatment"),
    reference("logTableAccessDBID", "logTableAccess", "TableAccess", "veto"),
    integer("timeFrom", default=28800),
    integer("timeUntil", default=79200),
    integer("maxAttempts", default=10),
    reference("scriptDBID", "script", "Script"),
    unique=(("name",),),
    filters={
        "table_access_dbid": "tableAccessDBID",
        "filter_dbid": "filterDBID",
        "treatment_dbid": "treatmentDBIDs[]",
        "log_table_access_dbid": "logTableAccessDBID",
        "script_dbid": "scriptDBID",
    },
)

_GROUPS = {group: common.OBJECT_TYPE[group] for group in ("AgentGroup", "PlaceGroup")}


def _group(on_delete: str = "clear") -> tuple[Attribute, Attribute]:
    """The agent group or place group that works for a campaign, and which type of group it is."""
    return (
        Attribute(
            "groupDBID",
            ValueType.REFERENCE,
            word="group",
            mandatory=True,
            refers_to="AgentGroup",
            type_from="groupType",
            targets={number: target for target, number in _GROUPS.items()},
            on_delete="cascade" if on_delete == "cascade" else "clear",
        ),
        choice("groupType", _GROUPS, default=_GROUPS["AgentGroup"]),
    )


_DIALING = (
    choice("dialMode", enums.DIAL_MODE, default=1),
    reference("origDNDBID", "originationDN", "DN"),
    integer("numOfChannels", default=10),
    choice("operationMode", enums.OPERATION_MODE, default=1),
    integer("minRecBuffSize", default=4),
    integer("optRecBuffSize", default=6),
    choice("optMethod", enums.OPTIMIZATION_METHOD, default=1),
    integer("optMethodValue", default=80),
    reference("scriptDBID", "script", "Script"),
    reference("trunkGroupDNDBID", "trunkGroupDN", "DN"),
)

_CAMPAIGN = tenant_type(
    "Campaign",
    27,
    "Campaigns",
    description(),
    Attribute(
        "callingLists",
        ValueType.STRUCTURES,
        key=("callingListDBID",),
        fields=(
            reference("callingListDBID", "callingList", "CallingList", mandatory=True),
            integer("share", default=10),
            flag("isActive", default=True),
        ),
    ),
    # Not in use since release 7.5, when campaign groups became objects.
    Attribute(
        "campaignGroups",
        ValueType.STRUCTURES,
        key=("groupType", "groupDBID"),
        fields=(
            *_group(),
            description(),
            reference("dialerDBID", "dialer", "Application"),
            reference("statServerDBID", "statServer", "Application"),
            flag("isActive", default=True),
            *_DIALING,
        ),
    ),
    reference("scriptDBID", "script", "Script"),
    filters={
        "group_dbid": "campaignGroups[].groupDBID",
        "calling_list_dbid": "callingLists[].callingListDBID",
        "script_dbid": "scriptDBID",
    },
)

_CAMPAIGN_GROUP = tenant_type(
    "CampaignGroup",
    38,
    "Campaign Groups",
    reference("campaignDBID", "campaign", "Campaign", "cascade", mandatory=True, immutable=True),
    tenant_of("campaignDBID"),
    name(),
    *_group("cascade"),
    description(),
    references("serverDBIDs", "servers", "Application"),
    reference("IVRProfileDBID", "ivrProfile", "GVPIVRProfile"),
    integer("maxQueueSize"),
    reference("interactionQueueDBID", "interactionQueue", "Script"),
    *_DIALING,
    key=("campaignDBID", "name"),
    filters={
        "campaign_dbid": "campaignDBID",
        "group_dbid": "groupDBID",
        "group_type": "groupType",
    },
)

OUTBOUND_TYPES = (
    _FIELD,
    _FORMAT,
    _TABLE_ACCESS,
    _FILTER,
    _TREATMENT,
    _CALLING_LIST,
    _CAMPAIGN,
    _CAMPAIGN_GROUP,
)
