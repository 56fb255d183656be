"""The types of people and of groups of them."""

from reconciler.kinds import enums
from reconciler.kinds.attributes import (
    OF_A_TENANT,
    annex,
    name,
    objects,
    reference,
    references,
    state,
    tenant,
)
from reconciler.kinds.model import Attribute, ObjectType, ValueType

_PERSON = ObjectType(
    "Person",
    3,
    key=("tenantDBID", "employeeID"),
    unique=(("userName",),),
    folder="Persons",
    attributes=(
        tenant(),
        Attribute("employeeID", mandatory=True, max_length=64),
        Attribute("userName", mandatory=True),
        Attribute("firstName", max_length=64),
        Attribute("lastName", max_length=64),
        Attribute("emailAddress"),
        Attribute("externalID"),
        Attribute("password", max_length=64, secret=True),
        Attribute("isAgent", ValueType.FLAG, immutable=True, default=False),
        Attribute("isExternalAuth", ValueType.FLAG, default=False),
        Attribute(
            "skillLevels",
            ValueType.STRUCTURES,
            word="skills",
            key="skillDBID",
            fields=(
                reference("skillDBID", "skill", "Skill", mandatory=True),
                Attribute("level", ValueType.INTEGER),
            ),
        ),
        reference("capacityRuleDBID", "capacityRule", "Script"),
        reference("contractDBID", "contract", "ObjectiveTable"),
        state(),
        annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "employee_id": "employeeID",
        "user_name": "userName",
        "state": "state",
        "is_agent": "isAgent",
    },
)

_MEMBERS = {"Person": 3, "AccessGroup": 21}

_ACCESS_GROUP = ObjectType(
    "AccessGroup",
    21,
    key=("tenantDBID", "name"),
    folder="Access Groups",
    attributes=(
        tenant(),
        name(),
        Attribute(
            "type",
            ValueType.ENUM,
            immutable=True,
            default=1,
            enumeration=enums.ACCESS_GROUP_TYPE,
        ),
        objects("memberIDs", "members", _MEMBERS),
        state(),
        annex(),
    ),
    filters=OF_A_TENANT,
)

_ROLE = ObjectType(
    "Role",
    43,
    key=("tenantDBID", "name"),
    folder="Roles",
    attributes=(
        tenant(),
        name(),
        Attribute("description"),
        objects("members", "members", _MEMBERS),
        state(),
        annex(),
    ),
    filters=OF_A_TENANT,
)

_SKILL = ObjectType(
    "Skill",
    13,
    key=("tenantDBID", "name"),
    folder="Skills",
    attributes=(tenant(), name(), state(), annex()),
    filters=OF_A_TENANT,
)

_AGENT_GROUP = ObjectType(
    "AgentGroup",
    5,
    key=("tenantDBID", "name"),
    folder="Agent Groups",
    attributes=(
        tenant(),
        name(),
        references("agentDBIDs", "agents", "Person"),
        references("managerDBIDs", "managers", "Person"),
        reference("capacityRuleDBID", "capacityRule", "Script"),
        reference("contractDBID", "contract", "ObjectiveTable"),
        state(),
        annex(),
    ),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "state": "state",
        "person_dbid": "agentDBIDs[]",
    },
)

_PLACE_GROUP = ObjectType(
    "PlaceGroup",
    6,
    key=("tenantDBID", "name"),
    folder="Place Groups",
    attributes=(
        tenant(),
        name(),
        reference("capacityRuleDBID", "capacityRule", "Script"),
        state(),
        annex(),
    ),
    filters=OF_A_TENANT,
)

ACCOUNT_TYPES = (_PERSON, _ACCESS_GROUP, _ROLE, _SKILL, _AGENT_GROUP, _PLACE_GROUP)
