"""The site of the contract, and what its tests use often.

Types are numbers, as in the server: script type 23 is an interaction queue, 24 a view of
a queue, 6 enhanced routing; object type 7 is a tenant, 12 a script, 22 a folder.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.port import AccessEntry, ConfObject, Filter, Server

SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant:
  - {name: Resources, dbid: 101}
  - {name: Second, dbid: 102}
Host:
  - {name: one.example.com, dbid: 101, ipAddress: 192.0.2.1}
  - {name: two.example.com, dbid: 102, ipAddress: 192.0.2.2}
AppPrototype:
  - {name: Stat_Server_850, dbid: 101, type: StatServer, version: 8.5.0}
Application:
  - {name: Ixn, dbid: 101, type: InteractionServer, server: {host: one.example.com}}
  - name: Stat
    dbid: 102
    type: StatServer
    template: Stat_Server_850
    server: {host: one.example.com, backup: Stat_B}
    options: {Filters: {a: A, b: B}, Other: {only: "1"}}
  - {name: Stat_B, dbid: 103, type: StatServer, server: {host: two.example.com}}
  - name: GWE
    dbid: 104
    type: WebEngagementBackendServer
    connections: [{server: Ixn, protocol: addp, timeoutLocal: 10}]
Person:
  - {employeeID: "1001", dbid: 101, userName: anna, password: correct-horse, isAgent: true}
  - {employeeID: "1002", dbid: 102, userName: jun, isAgent: true}
  - {employeeID: "1003", dbid: 103, userName: kai, password: correct-horse, state: Disabled}
  - {employeeID: "1004", dbid: 104, userName: second, tenant: Second}
AgentGroup:
  - {name: Chat, dbid: 101, agents: ["1001", "1002"], managers: ["1001"], capacityRule: Rule}
Script:
  - {name: Queue, dbid: 101, type: InteractionQueue, annex: {Orchestration: {application: "script:R"}}}
  - {name: Rule, dbid: 102, type: CapacityRule}
  - {name: Queue, dbid: 103, tenant: Second, type: InteractionQueue}
Enumerator:
  - {name: CaseData, dbid: 101, displayName: Case Data, type: Custom}
  - {name: Other, dbid: 102, displayName: Other, type: Custom}
EnumeratorValue:
  - {attribute: CaseData, dbid: 101, name: Page, displayName: Current Page, isDefault: false}
"""  # noqa: E501 - a line of the site is one object

EVERY_TYPE = """
PhysicalSwitch: [{name: Office, dbid: 101, type: SIPSwitch}]
Switch: [{name: SIP, dbid: 101, physicalSwitch: Office}]
DN: [{number: "2001", dbid: 101, switch: SIP, type: Extension}]
AgentLogin: [{code: "3001", dbid: 101, switch: SIP}]
Place: [{name: Desk, dbid: 101}]
PlaceGroup: [{name: Desks, dbid: 101}]
DNGroup: [{name: Numbers, dbid: 101, type: SinglePorts}]
IVR: [{name: Voice, dbid: 101, type: MPS, version: "8"}]
IVRPort: [{number: "1", dbid: 101, ivr: Voice}]
VoicePrompt: [{name: Welcome, dbid: 101}]
AccessGroup: [{name: Staff, dbid: 101}]
Role: [{name: Supervisor, dbid: 101}]
Skill: [{name: English, dbid: 101}]
Transaction: [{name: Holidays, dbid: 101, type: List, alias: Holidays}]
ActionCode: [{name: Lunch, dbid: 101, type: NotReady, code: L}]
TimeZone: [{name: GMT, dbid: 101, nameNetscape: GMT, nameMSExplorer: GMT}]
StatDay: [{name: Monday, dbid: 101}]
StatTable: [{name: Capacity, dbid: 101, type: CapacityTable}]
ObjectiveTable: [{name: Service level, dbid: 101}]
Field: [{name: phone, dbid: 101, type: VarChar, fieldType: Phone}]
Format: [{name: Calls, dbid: 101}]
TableAccess: [{name: Numbers, dbid: 101, type: LogTable, databaseAccessPoint: Ixn, table: log}]
Filter: [{name: Recent, dbid: 101, format: Calls}]
Treatment: [{name: Busy, dbid: 101, callResult: Busy}]
CallingList: [{name: List, dbid: 101, tableAccess: Numbers}]
Campaign: [{name: Spring, dbid: 101}]
CampaignGroup: [{name: Spring chat, dbid: 101, campaign: Spring, group: Chat}]
GVPReseller: [{name: Reseller, dbid: 101}]
GVPCustomer: [{name: Customer, dbid: 101, reseller: Reseller}]
GVPIVRProfile: [{name: Profile, dbid: 101}]
AlarmCondition: [{name: Alarm, dbid: 101, detectEvent: {logEventID: 1}}]
ScheduledTask: [{name: Task, dbid: 101, type: SwapIVRURLs}]
Service: [{name: Solution, dbid: 101, type: DefaultSolution}]
"""
"""With ``SITE``, an object of DBID 101 of every type that a client can create."""

RIGHT = "correct-horse"


def script(name: str, **more: Any) -> dict[str, Any]:
    return {"tenantDBID": 101, "name": name, "type": 23, **more}


def value(name: str, **more: Any) -> dict[str, Any]:
    return {
        "tenantDBID": 101,
        "enumeratorDBID": 101,
        "name": name,
        "displayName": name,
        "isDefault": False,
        **more,
    }


def application(name: str, **more: Any) -> dict[str, Any]:
    """The attributes that a Stat Server needs."""
    return {
        "name": name,
        "type": 2,
        "version": "8.5.0",
        "workDirectory": ".",
        "commandLine": ".",
        **more,
    }


LEAST: Mapping[str, Mapping[str, Any]] = {
    "Tenant": {"name": "New"},
    "Host": {"name": "new.example.com"},
    "AppPrototype": {"name": "New", "type": 2, "version": "8.5.0"},
    "Application": application("New"),
    "Person": {"tenantDBID": 101, "employeeID": "New", "userName": "New"},
    "AgentGroup": {"tenantDBID": 101, "name": "New"},
    "Script": script("New"),
    "Enumerator": {"tenantDBID": 101, "name": "New", "displayName": "New", "type": 4},
    "EnumeratorValue": value("New"),
}
"""Objects of the types of a site: what a create needs at least."""

PLAIN: Mapping[str, Mapping[str, Any]] = {
    "AccessGroup": {"tenantDBID": 101, "name": "New"},
    "PlaceGroup": {"tenantDBID": 101, "name": "New"},
    "Role": {"tenantDBID": 101, "name": "New"},
    "Skill": {"tenantDBID": 101, "name": "New"},
    "Transaction": {"tenantDBID": 101, "name": "New", "type": 21, "alias": "New"},
    "ObjectiveTable": {"tenantDBID": 101, "name": "New"},
    "Campaign": {"tenantDBID": 101, "name": "New"},
    "Service": {"name": "New", "solutionType": 1},
}
"""The same for types of which the site has no object."""

OF_A_TENANT = [object_type for object_type in PLAIN if object_type != "Service"]

_NEW = {"tenantDBID": 101, "name": "New"}
_ON_SWITCH = {"switchDBID": 101, "tenantDBID": 101}

LEAST_OF_ALL: Mapping[str, Mapping[str, Any]] = {
    **LEAST,
    **PLAIN,
    "PhysicalSwitch": {"name": "New", "type": 72},
    "Switch": {**_NEW, "physSwitchDBID": 101},
    "DN": {**_ON_SWITCH, "type": 1, "number": "New"},
    "AgentLogin": {**_ON_SWITCH, "loginCode": "New"},
    "Place": _NEW,
    "DNGroup": {**_NEW, "type": 1},
    "IVR": {**_NEW, "type": 18, "version": "8"},
    "IVRPort": {"IVRDBID": 101, "tenantDBID": 101, "portNumber": "New"},
    "VoicePrompt": _NEW,
    "ActionCode": {**_NEW, "type": 9, "code": "New"},
    "TimeZone": {**_NEW, "nameNetscape": "New", "nameMSExplorer": "New"},
    "StatDay": _NEW,
    "StatTable": {**_NEW, "type": 1},
    "Field": {**_NEW, "type": 1, "fieldType": 2},
    "Format": _NEW,
    "TableAccess": {
        **_NEW,
        "type": 1,
        "dbAccessDBID": 101,
        "formatDBID": 101,
        "dbTableName": "new",
    },
    "Filter": {**_NEW, "formatDBID": 101},
    "Treatment": {**_NEW, "callResult": 6},
    "CallingList": {**_NEW, "tableAccessDBID": 101},
    "CampaignGroup": {**_NEW, "campaignDBID": 101, "groupDBID": 101},
    "GVPReseller": _NEW,
    "GVPCustomer": _NEW,
    "GVPIVRProfile": _NEW,
    "AlarmCondition": {"name": "New", "alarmDetectEvent": {"logEventID": 1}},
    "ScheduledTask": {"name": "New", "type": 1},
}
"""What a create of each type needs at least, on a server with ``SITE`` and ``EVERY_TYPE``."""


PERSON_101, PERSON_102 = {"type": 3, "DBID": 101}, {"type": 3, "DBID": 102}


def campaign_group(name: str, **more: Any) -> dict[str, Any]:
    return {"tenantDBID": 101, "name": name, "campaignDBID": 101, "groupDBID": 101, **more}


def get(server: Server, object_type: str, dbid: int) -> ConfObject:
    (found,) = server.read(object_type, {"dbid": dbid})
    return found


def annex(section: str, options: Any, bucket: str = "added") -> Delta:
    change: dict[str, Any] = {bucket: {section: options}}
    return Delta(key_values={"userProperties": KeyValueDelta(**change)})


def names(objects: list[ConfObject]) -> list[str]:
    return [str(one.attributes["name"]) for one in objects]


def ordinary(server: Server, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
    """A read, without the predefined Business Attributes, their values and time zones."""
    predefined = {"Enumerator", "EnumeratorValue", "TimeZone"}
    found = server.read(object_type, filters)
    return [one for one in found if one.dbid > 100 or object_type not in predefined]


EVERYONE = 97
SUPER_ADMINISTRATORS = 99
"""The DBIDs of two access groups that every server has."""


def to_anna(mask: int) -> list[AccessEntry]:
    return [AccessEntry("Person", 101, mask)]


def dbids(server: Server, object_type: str = "Script") -> list[int]:
    return [one.dbid for one in ordinary(server, object_type)]


def scripts_folder(server: Server) -> int:
    return get(server, "Script", 101).folder
