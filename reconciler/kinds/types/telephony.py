"""The types of telephony: switches with their DNs and agent log-ins, places, IVRs."""

from reconciler.kinds import enums_telephony as enums
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.accounts import group_type
from reconciler.kinds.types.attributes import (
    AT_LEAST_ZERO,
    address,
    choice,
    description,
    fixed_type,
    flag,
    integer,
    name,
    reference,
    references,
    server_type,
    tenant_of,
    tenant_type,
)

_POSITIVE = (1, 2**31 - 1)

_PHYSICAL_SWITCH = server_type(
    "PhysicalSwitch",
    11,
    "Switching Offices",
    fixed_type(enums.SWITCH_TYPE),
    address(),
    reference("contactPersonDBID", "contactPerson", "Person"),
    filters={"folder_dbid": ""},
)

_SWITCH = tenant_type(
    "Switch",
    1,
    "Switches",
    name(),
    reference(
        "physSwitchDBID",
        "physicalSwitch",
        "PhysicalSwitch",
        "veto",
        mandatory=True,
        immutable=True,
    ),
    Attribute(
        "type",
        ValueType.ENUM,
        read_only=True,
        enumeration=enums.SWITCH_TYPE,
        taken_from="physSwitchDBID",
    ),
    reference("TServerDBID", "tServer", "Application"),
    choice("linkType", enums.LINK_TYPE),
    Attribute(
        "switchAccessCodes",
        ValueType.STRUCTURES,
        word="accessCodes",
        key=("switchDBID", "accessCode", "targetType"),
        fields=(
            reference("switchDBID", "switch", "Switch"),
            Attribute("accessCode", word="code"),
            choice("targetType", enums.TARGET_TYPE),
            choice("routeType", enums.ROUTE_TYPE),
            Attribute("dnSource"),
            Attribute("destinationSource"),
            Attribute("locationSource"),
            Attribute("dnisSource"),
            Attribute("reasonSource"),
            Attribute("extensionSource"),
        ),
    ),
    Attribute("DNRange", word="dnRange"),
    filters={"tserver_dbid": "TServerDBID"},
)

_DN = tenant_type(
    "DN",
    2,
    "DNs",
    reference("switchDBID", "switch", "Switch", "cascade", mandatory=True, immutable=True),
    tenant_of("switchDBID"),
    fixed_type(enums.DN_TYPE),
    Attribute("number", mandatory=True, immutable=True),
    Attribute("name"),
    Attribute("association"),
    references("destDNDBIDs", "destinationDNs", "DN"),
    flag("loginFlag"),
    Attribute("DNLoginID", word="loginID"),
    choice("registerAll", enums.DN_REGISTER, default=2),
    reference("groupDBID", "group", "DNGroup"),
    integer("trunks", bounds=AT_LEAST_ZERO),
    choice("routeType", enums.ROUTE_TYPE, default=1),
    Attribute("override"),
    flag("useOverride", default=True),
    integer("switchSpecificType", default=1, bounds=_POSITIVE),
    Attribute(
        "accessNumbers",
        ValueType.STRUCTURES,
        key=("switchDBID", "number"),
        fields=(
            reference("switchDBID", "switch", "Switch", mandatory=True),
            Attribute("number"),
        ),
    ),
    reference("siteDBID", "site", "Folder"),
    reference("contractDBID", "contract", "ObjectiveTable"),
    key=("switchDBID", "type", "number"),
    unique=(("tenantDBID", "name"),),
    owner=("switchDBID", "Switch"),
    filters={
        "switch_dbid": "switchDBID",
        "dn_type": "type",
        "dn_number": "number",
        "group_dbid": "groupDBID",
        "association": "association",
        "place_dbid": "<Place.DNDBIDs",
        "ivr_dbid": "",
    },
)

_AGENT_LOGIN = tenant_type(
    "AgentLogin",
    15,
    "Agent Logins",
    reference("switchDBID", "switch", "Switch", "cascade", mandatory=True, immutable=True),
    tenant_of("switchDBID"),
    Attribute("loginCode", word="code", mandatory=True, immutable=True),
    Attribute("override"),
    flag("useOverride", default=True),
    integer("switchSpecificType", default=1, bounds=_POSITIVE),
    # An agent's desktop reads it and sends it to the switch.
    Attribute("password", max_length=64),
    key=("switchDBID", "loginCode"),
    owner=("switchDBID", "Switch"),
    filters={"switch_dbid": "switchDBID", "login_code": "loginCode"},
)

_PLACE = tenant_type(
    "Place",
    4,
    "Places",
    references("DNDBIDs", "dns", "DN", exclusive=True),
    reference("capacityRuleDBID", "capacityRule", "Script"),
    reference("siteDBID", "site", "Folder"),
    reference("contractDBID", "contract", "ObjectiveTable"),
    filters={
        "dn_dbid": "DNDBIDs[]",
        "group_dbid": "<PlaceGroup.placeDBIDs",
        "person_dbid": "<Person.placeDBID",
    },
)

_PLACE_GROUP = group_type(
    "PlaceGroup",
    6,
    "Place Groups",
    references("placeDBIDs", "places", "Place"),
    filters={"place_dbid": "placeDBIDs[]"},
    keeps_name_with="placeDBIDs",
)

_DN_GROUP = group_type(
    "DNGroup",
    17,
    "DN Groups",
    fixed_type(enums.DN_GROUP_TYPE),
    Attribute(
        "DNs",
        ValueType.STRUCTURES,
        word="dns",
        key=("DNDBID",),
        fields=(
            reference("DNDBID", "dn", "DN", mandatory=True),
            integer("trunks", bounds=AT_LEAST_ZERO),
        ),
    ),
    filters={"dn_group_type": "type", "dn_dbid": "DNs[].DNDBID"},
    keeps_name_with="DNs",
)

_IVR = tenant_type(
    "IVR",
    33,
    "IVRs",
    description(),
    fixed_type(enums.IVR_TYPE),
    Attribute("version", mandatory=True),
    reference("IVRServerDBID", "ivrServer", "Application"),
    unique=(("name",),),
    filters={"type": "type", "ivr_server_dbid": "IVRServerDBID"},
)

_IVR_PORT = tenant_type(
    "IVRPort",
    32,
    "IVR Ports",
    reference("IVRDBID", "ivr", "IVR", "cascade", mandatory=True, immutable=True),
    tenant_of("IVRDBID"),
    Attribute("portNumber", word="number", mandatory=True, immutable=True),
    description(),
    reference("DNDBID", "dn", "DN"),
    key=("IVRDBID", "portNumber"),
    owner=("IVRDBID", "IVR"),
    filters={"ivr_dbid": "IVRDBID", "dn_dbid": "DNDBID", "port_number": "portNumber"},
)

_VOICE_PROMPT = tenant_type(
    "VoicePrompt",
    31,
    "Voice Prompts",
    name(immutable=True),
    reference("switchDBID", "switch", "Switch"),
    tenant_of("switchDBID"),
    description(),
    reference("scriptDBID", "script", "Script"),
    filters={"switch_dbid": "switchDBID", "script_dbid": "scriptDBID"},
)

TELEPHONY_TYPES = (
    _PHYSICAL_SWITCH,
    _SWITCH,
    _DN,
    _AGENT_LOGIN,
    _PLACE,
    _PLACE_GROUP,
    _DN_GROUP,
    _IVR,
    _IVR_PORT,
    _VOICE_PROMPT,
)
