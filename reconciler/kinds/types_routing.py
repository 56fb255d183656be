"""The types of routing: scripts, attributes with their values, campaigns."""

from reconciler.kinds import enums
from reconciler.kinds.attributes import OF_A_TENANT, annex, name, reference, state, tenant
from reconciler.kinds.model import Attribute, ObjectType, ValueType

_SCRIPT = ObjectType(
    "Script",
    12,
    key=("tenantDBID", "name"),
    folder="Scripts",
    attributes=(
        tenant(),
        name(),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.SCRIPT_TYPE,
        ),
        Attribute("index", ValueType.INTEGER),
        state(),
        annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "script_type": "type",
        "state": "state",
        "exclude_bytecode": "",
        "exclude_longstrings": "",
    },
)

_TRANSACTION = ObjectType(
    "Transaction",
    16,
    key=("tenantDBID", "type", "name"),
    unique=(("tenantDBID", "type", "alias"),),
    folder="Transactions",
    attributes=(
        tenant(),
        name(),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.TRANSACTION_TYPE,
        ),
        Attribute("alias", mandatory=True),
        Attribute("recordPeriod", ValueType.INTEGER),
        Attribute("description"),
        state(),
        annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "object_type": "type",
        "alias": "alias",
        "state": "state",
    },
)

_OBJECTIVE_TABLE = ObjectType(
    "ObjectiveTable",
    37,
    key=("tenantDBID", "name"),
    folder="Objective Tables",
    attributes=(
        tenant(),
        name(),
        Attribute("description"),
        Attribute("type", ValueType.ENUM, default=1, enumeration=enums.OBJECTIVE_TABLE_TYPE),
        state(),
        annex(),
    ),
    filters=OF_A_TENANT,
)

_CAMPAIGN = ObjectType(
    "Campaign",
    27,
    key=("tenantDBID", "name"),
    folder="Campaigns",
    attributes=(
        tenant(),
        name(),
        Attribute("description"),
        reference("scriptDBID", "script", "Script"),
        state(),
        annex(),
    ),
    filters=OF_A_TENANT,
)

_GROUPS = {"AgentGroup": 5, "PlaceGroup": 6}

_CAMPAIGN_GROUP = ObjectType(
    "CampaignGroup",
    38,
    key=("campaignDBID", "name"),
    folder="Campaign Groups",
    attributes=(
        tenant(),
        Attribute(
            "campaignDBID",
            ValueType.REFERENCE,
            word="campaign",
            mandatory=True,
            immutable=True,
            refers_to="Campaign",
            on_delete="cascade",
        ),
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
        state(),
        annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "campaign_dbid": "campaignDBID",
        "group_dbid": "groupDBID",
        "group_type": "groupType",
        "name": "name",
        "state": "state",
    },
)

_ENUMERATOR = ObjectType(
    "Enumerator",
    35,
    key=("tenantDBID", "name"),
    folder="Business Attributes",
    attributes=(
        tenant(),
        name(immutable=True),
        Attribute("displayName", mandatory=True),
        Attribute(
            "type",
            ValueType.ENUM,
            mandatory=True,
            immutable=True,
            enumeration=enums.ENUMERATOR_TYPE,
        ),
        Attribute("description"),
        state(),
        annex(),
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
        tenant(),
        Attribute(
            "enumeratorDBID",
            ValueType.REFERENCE,
            word="attribute",
            mandatory=True,
            immutable=True,
            refers_to="Enumerator",
            on_delete="cascade",
        ),
        name(immutable=True),
        Attribute("displayName", mandatory=True),
        # The server takes a missing flag for true and then refuses a second default.
        Attribute("isDefault", ValueType.FLAG, default=True),
        Attribute("description"),
        state(),
        annex(),
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

ROUTING_TYPES = (
    _SCRIPT,
    _TRANSACTION,
    _OBJECTIVE_TABLE,
    _CAMPAIGN,
    _CAMPAIGN_GROUP,
    _ENUMERATOR,
    _ENUMERATOR_VALUE,
)
