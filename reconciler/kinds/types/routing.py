"""The types of routing: scripts, Business Attributes with their values, codes, calendars."""

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.attributes import (
    AT_LEAST_ZERO,
    choice,
    description,
    fixed_type,
    flag,
    integer,
    name,
    reference,
    references,
    resources,
    tenant_type,
)

_SCRIPT = tenant_type(
    "Script",
    12,
    "Scripts",
    fixed_type(enums.SCRIPT_TYPE),
    integer("index"),
    reference("contactPersonDBID", "contactPerson", "Person"),
    resources("AppPrototype", "Script"),
    filters={
        "script_type": "type",
        "capacity_tenant_dbid": "<Tenant.defaultCapacityRuleDBID",
        "capacity_agent_dbid": "<Person.capacityRuleDBID",
        "capacity_agent_group_dbid": "<AgentGroup.capacityRuleDBID",
        "capacity_place_dbid": "<Place.capacityRuleDBID",
        "capacity_place_group_dbid": "<PlaceGroup.capacityRuleDBID",
        "exclude_bytecode": "",
        "exclude_longstrings": "",
    },
)

_TRANSACTION = tenant_type(
    "Transaction",
    16,
    "Transactions",
    fixed_type(enums.TRANSACTION_TYPE),
    Attribute("alias", mandatory=True),
    integer("recordPeriod"),
    description(),
    key=("tenantDBID", "type", "name"),
    unique=(("tenantDBID", "type", "alias"),),
    filters={
        "object_type": "type",
        "alias": "alias",
    },
)

_ACTION_CODE = tenant_type(
    "ActionCode",
    14,
    "Action Codes",
    name(),
    fixed_type(enums.ACTION_CODE_TYPE),
    Attribute("code", mandatory=True),
    Attribute(
        "subcodes",
        ValueType.STRUCTURES,
        key=("name",),
        fields=(Attribute("name", mandatory=True), Attribute("code", mandatory=True)),
    ),
    key=("tenantDBID", "type", "name"),
    unique=(("tenantDBID", "type", "code"),),
    filters={"code_type": "type"},
)

_TIME_ZONE = tenant_type(
    "TimeZone",
    30,
    "Time Zones",
    description(),
    # In half hours, from -24 to 24.
    integer("offset", bounds=(-24, 24)),
    flag("isDSTObserved", "daylightSaving"),
    # Packed: month, week, day and time in the bits of one number.
    integer("DSTStartDate", "daylightSavingStart"),
    integer("DSTStopDate", "daylightSavingStop"),
    integer("DSTOffset", "daylightSavingOffset"),
    Attribute("nameNetscape", mandatory=True),
    Attribute("nameMSExplorer", mandatory=True),
    filters={
        "offset": "offset",
        "name_netscape": "nameNetscape",
        "name_msexplorer": "nameMSExplorer",
    },
)

_MINUTES = (0, 24 * 60)

_STAT_DAY = tenant_type(
    "StatDay",
    18,
    "Statistical Days",
    flag("isDayOfWeek", immutable=True),
    integer("day", immutable=True),
    integer("date", immutable=True),
    integer("startTime", bounds=_MINUTES),
    integer("endTime", bounds=_MINUTES),
    integer("minValue", bounds=AT_LEAST_ZERO),
    integer("maxValue", bounds=AT_LEAST_ZERO),
    integer("targetValue"),
    integer("intervalLength", default=15, immutable=True),
    Attribute(
        "statIntervals",
        ValueType.STRUCTURES,
        word="intervals",
        key=("intervalCount",),
        fields=(
            Attribute("intervalCount", ValueType.INTEGER, word="interval", mandatory=True),
            *(integer(f"statValue{number}") for number in range(1, 5)),
        ),
    ),
    choice("type", enums.STAT_DAY_TYPE),
    flag("useFlatRate"),
    integer("flatRate"),
    filters={"statday_type": "type", "table_dbid": "<StatTable.statDayDBIDs"},
)

_STAT_TABLE = tenant_type(
    "StatTable",
    19,
    "Statistical Tables",
    fixed_type(enums.STAT_TABLE_TYPE),
    references("statDayDBIDs", "days", "StatDay"),
    integer("waitThreshold"),
    flag("useFlatRate"),
    integer("flatRate"),
    integer("agentHourlyRate"),
    filters={"table_type": "type", "stat_day_dbid": "statDayDBIDs[]"},
)


def _of_attribute(name: str, word: str) -> Attribute:
    """A reference to a value of the Business Attribute that ``word`` names."""
    return reference(name, word, "EnumeratorValue", mandatory=True)


_OBJECTIVE_TABLE = tenant_type(
    "ObjectiveTable",
    37,
    "Objective Tables",
    description(),
    choice("type", enums.OBJECTIVE_TABLE_TYPE, default=1),
    Attribute(
        "objectiveRecords",
        ValueType.STRUCTURES,
        word="records",
        key=("mediaTypeDBID", "serviceTypeDBID", "customerSegmentDBID"),
        fields=(
            _of_attribute("mediaTypeDBID", "mediaType"),
            _of_attribute("serviceTypeDBID", "serviceType"),
            _of_attribute("customerSegmentDBID", "customerSegment"),
            integer("objectiveThreshold", "threshold"),
            integer("objectiveDelta", "delta"),
            reference("contractDBID", "contract", "StatTable"),
        ),
    ),
    integer("prepaidCost"),
    reference("timeZoneDBID", "timeZone", "TimeZone"),
    integer("timeStart"),
    integer("timeEnd"),
)

_ENUMERATOR = tenant_type(
    "Enumerator",
    35,
    "Business Attributes",
    name(immutable=True),
    Attribute("displayName", mandatory=True),
    fixed_type(enums.ENUMERATOR_TYPE),
    description(),
    filters={
        "display_name": "displayName",
        "enumerator_type": "type",
    },
)

_ENUMERATOR_VALUE = tenant_type(
    "EnumeratorValue",
    36,
    "Attribute Values",
    reference(
        "enumeratorDBID", "attribute", "Enumerator", "cascade", mandatory=True, immutable=True
    ),
    name(immutable=True),
    Attribute("displayName", mandatory=True),
    # The server takes a missing flag for true, and then refuses a second default value.
    Attribute("isDefault", ValueType.FLAG, default=True),
    description(),
    key=("enumeratorDBID", "name"),
    owner=("enumeratorDBID", "Enumerator"),
    filters={
        "enumerator_dbid": "enumeratorDBID",
        "name": "name",
        "display_name": "displayName",
        "default_value": "isDefault",
    },
)

ROUTING_TYPES = (
    _SCRIPT,
    _TRANSACTION,
    _ENUMERATOR,
    _ENUMERATOR_VALUE,
    _ACTION_CODE,
    _TIME_ZONE,
    _STAT_DAY,
    _STAT_TABLE,
    _OBJECTIVE_TABLE,
)
