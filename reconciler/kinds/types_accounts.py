"""The types of people and of groups of them."""

from reconciler.kinds import enums
from reconciler.kinds.attributes import objects, reference, references, tenant_type
from reconciler.kinds.model import Attribute, ValueType

_PERSON = tenant_type(
    "Person",
    3,
    "Persons",
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
        key=("skillDBID",),
        fields=(
            reference("skillDBID", "skill", "Skill", mandatory=True),
            Attribute("level", ValueType.INTEGER),
        ),
    ),
    reference("capacityRuleDBID", "capacityRule", "Script"),
    reference("contractDBID", "contract", "ObjectiveTable"),
    key=("tenantDBID", "employeeID"),
    unique=(("userName",),),
    filters={
        "tenant_dbid": "tenantDBID",
        "employee_id": "employeeID",
        "user_name": "userName",
        "state": "state",
        "is_agent": "isAgent",
    },
)

_MEMBERS = {"Person": 3, "AccessGroup": 21}

_ACCESS_GROUP = tenant_type(
    "AccessGroup",
    21,
    "Access Groups",
    Attribute(
        "type", ValueType.ENUM, immutable=True, default=1, enumeration=enums.ACCESS_GROUP_TYPE
    ),
    objects("memberIDs", "members", _MEMBERS),
)

_ROLE = tenant_type(
    "Role",
    43,
    "Roles",
    Attribute("description"),
    objects("members", "members", _MEMBERS),
)

_SKILL = tenant_type("Skill", 13, "Skills")

_AGENT_GROUP = tenant_type(
    "AgentGroup",
    5,
    "Agent Groups",
    references("agentDBIDs", "agents", "Person"),
    references("managerDBIDs", "managers", "Person"),
    reference("capacityRuleDBID", "capacityRule", "Script"),
    reference("contractDBID", "contract", "ObjectiveTable"),
    filters={
        "tenant_dbid": "tenantDBID",
        "name": "name",
        "state": "state",
        "person_dbid": "agentDBIDs[]",
    },
)

_PLACE_GROUP = tenant_type(
    "PlaceGroup",
    6,
    "Place Groups",
    reference("capacityRuleDBID", "capacityRule", "Script"),
)

ACCOUNT_TYPES = (_PERSON, _ACCESS_GROUP, _ROLE, _SKILL, _AGENT_GROUP, _PLACE_GROUP)
