"""The types of people and of groups of them."""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.kinds import enums
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.attributes import (
    AT_LEAST_ZERO,
    address,
    choice,
    description,
    flag,
    integer,
    objects,
    reference,
    references,
    tenant_type,
)

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
    flag("changePasswordOnNextLogin"),
    integer("passwordHashAlgorithm"),
    Attribute("PasswordUpdatingDate", ValueType.INTEGER, read_only=True),
    Attribute("isAgent", ValueType.FLAG, immutable=True, default=False),
    flag("isExternalAuth", default=False),
    flag("isAdmin"),
    Attribute(
        "skillLevels",
        ValueType.STRUCTURES,
        word="skills",
        key=("skillDBID",),
        fields=(
            reference("skillDBID", "skill", "Skill", mandatory=True),
            integer("level", bounds=AT_LEAST_ZERO),
        ),
    ),
    Attribute(
        "agentLogins",
        ValueType.STRUCTURES,
        key=("agentLoginDBID",),
        exclusive=True,
        fields=(
            reference("agentLoginDBID", "agentLogin", "AgentLogin", mandatory=True),
            integer("wrapupTime", bounds=AT_LEAST_ZERO),
        ),
    ),
    reference("placeDBID", "place", "Place"),
    reference("capacityRuleDBID", "capacityRule", "Script"),
    reference("siteDBID", "site", "Folder"),
    reference("contractDBID", "contract", "ObjectiveTable"),
    Attribute(
        "appRanks",
        ValueType.STRUCTURES,
        word="ranks",
        key=("appType",),
        fields=(
            Attribute(
                "appType",
                ValueType.ENUM,
                mandatory=True,
                enumeration=enums.APPLICATION_TYPE,
                open_ended=True,
            ),
            choice("appRank", enums.RANK, word="rank"),
        ),
    ),
    references("assignedTenantDBIDs", "assignedTenants", "Tenant"),
    address(),
    Attribute(
        "phones",
        ValueType.STRUCTURE,
        fields=tuple(
            Attribute(kind)
            for kind in ("office", "home", "mobile", "pager", "fax", "modem", "phonesComment")
        ),
    ),
    Attribute("birthdate"),
    Attribute("comment"),
    key=("tenantDBID", "employeeID"),
    unique=(("userName",),),
    filters={
        "employee_id": "employeeID",
        "user_name": "userName",
        "first_name": "firstName",
        "last_name": "lastName",
        "is_agent": "isAgent",
        "skill_dbid": "skillLevels[].skillDBID",
        "login_dbid": "agentLogins[].agentLoginDBID",
        "switch_dbid": "",
        "group_dbid": "<AgentGroup.agentDBIDs",
    },
)

_MEMBERS = {"Person": 3, "AccessGroup": 21}


def group_type(
    type_name: str,
    number: int,
    folder: str,
    *own: Attribute,
    filters: Mapping[str, str] | None = None,
    keeps_name_with: str = "",
) -> ObjectType:
    """A group of agents, places, DNs, or people with the same permissions. The attributes that all
    groups have are in the protocol's ``CfgGroup``. ``keeps_name_with``: its members, if it keeps
    its name while it has any."""
    group = tenant_type(
        type_name,
        number,
        folder,
        *own,
        references("managerDBIDs", "managers", "Person"),
        references("routeDNDBIDs", "routeDNs", "DN"),
        reference("capacityTableDBID", "capacityTable", "StatTable"),
        reference("quotaTableDBID", "quotaTable", "StatTable"),
        reference("capacityRuleDBID", "capacityRule", "Script"),
        reference("siteDBID", "site", "Folder"),
        reference("contractDBID", "contract", "ObjectiveTable"),
        filters=filters,
    )
    return replace(group, keeps_name_with=keeps_name_with)


_ACCESS_GROUP = group_type(
    "AccessGroup",
    21,
    "Access Groups",
    Attribute(
        "type", ValueType.ENUM, immutable=True, default=1, enumeration=enums.ACCESS_GROUP_TYPE
    ),
    objects("memberIDs", "members", _MEMBERS),
    filters={"person_dbid": ""},
)

_ROLE = tenant_type("Role", 43, "Roles", description(), objects("members", "members", _MEMBERS))

_SKILL = tenant_type("Skill", 13, "Skills")

_AGENT_GROUP = group_type(
    "AgentGroup",
    5,
    "Agent Groups",
    references("agentDBIDs", "agents", "Person"),
    filters={"person_dbid": "agentDBIDs[]"},
    keeps_name_with="agentDBIDs",
)

_PERSON_LAST_LOGIN = ObjectType(
    "PersonLastLogin",
    44,
    key=("personDBID",),
    dbid="personDBID",
    owner="",
    written_by_server=True,
    attributes=(
        reference("personDBID", "person", "Person", "cascade"),
        integer("lastLoginTime"),
        reference("applicationDBID", "application", "Application"),
        Attribute("hostName", word="host"),
    ),
)

ACCOUNT_TYPES = (_PERSON, _ACCESS_GROUP, _ROLE, _SKILL, _AGENT_GROUP)
LOGIN_TYPES = (_PERSON_LAST_LOGIN,)
