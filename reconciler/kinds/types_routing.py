"""The types of routing: scripts, Business Attributes with their values, campaigns."""

from reconciler.kinds import enums
from reconciler.kinds.attributes import fixed_type, name, reference, tenant_type
from reconciler.kinds.model import Attribute, ValueType

_SCRIPT = tenant_type(
    "Script",
    12,
    "Scripts",
    fixed_type(enums.SCRIPT_TYPE),
    Attribute("index", ValueType.INTEGER),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "script_type": "type",
        "state": "state",
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
    Attribute("recordPeriod", ValueType.INTEGER),
    Attribute("description"),
    key=("tenantDBID", "type", "name"),
    unique=(("tenantDBID", "type", "alias"),),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "object_type": "type",
        "alias": "alias",
        "state": "state",
    },
)

_OBJECTIVE_TABLE = tenant_type(
    "ObjectiveTable",
    37,
    "Objective Tables",
    Attribute("description"),
    Attribute("type", ValueType.ENUM, default=1, enumeration=enums.OBJECTIVE_TABLE_TYPE),
)

_CAMPAIGN = tenant_type(
    "Campaign",
    27,
    "Campaigns",
    Attribute("description"),
    reference("scriptDBID", "script", "Script"),
)

_GROUPS = {"AgentGroup": 5, "PlaceGroup": 6}

_CAMPAIGN_GROUP = tenant_type(
    "CampaignGroup",
    38,
    "Campaign Groups",
    reference("campaignDBID", "campaign", "Campaign", "cascade", mandatory=True, immutable=True),
    name(),
    Attribute(
        "groupDBID",
        ValueType.REFERENCE,
        word="group",
        mandatory=True,
        refers_to="AgentGroup",
        type_from="groupType",
        targets={number: target for target, number in _GROUPS.items()},
        on_delete="cascade",
    ),
    Attribute("groupType", ValueType.ENUM, default=5, enumeration=_GROUPS),
    Attribute("description"),
    reference("scriptDBID", "script", "Script"),
    reference("interactionQueueDBID", "interactionQueue", "Script"),
    key=("campaignDBID", "name"),
    filters={
        "tenant_dbid": "tenantDBID",
        "campaign_dbid": "campaignDBID",
        "group_dbid": "groupDBID",
        "group_type": "groupType",
        "name": "name",
        "state": "state",
    },
)

_ENUMERATOR = tenant_type(
    "Enumerator",
    35,
    "Business Attributes",
    name(immutable=True),
    Attribute("displayName", mandatory=True),
    fixed_type(enums.ENUMERATOR_TYPE),
    Attribute("description"),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "display_name": "displayName",
        "enumerator_type": "type",
        "state": "state",
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
    Attribute("description"),
    key=("enumeratorDBID", "name"),
    owner=("enumeratorDBID", "Enumerator"),
    filters={
        "tenant_dbid": "tenantDBID",
        "enumerator_dbid": "enumeratorDBID",
        "name": "name",
        "display_name": "displayName",
        "default_value": "isDefault",
        "state": "state",
    },
)

ROUTING_TYPES = (
    _SCRIPT,
    _TRANSACTION,
    _OBJECTIVE_TABLE,
    _CAMPAIGN,
    _CAMPAIGN_GROUP,
    _ENUMERATOR,
    _ENUMERATOR_VALUE,
)
