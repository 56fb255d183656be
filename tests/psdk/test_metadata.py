"""The table of object types agrees with the SDK's own description of the protocol.

Each type, attribute by attribute, those of structures and of lists too. What differs on purpose
stands in ``DIFFERENT`` with its reason; an entry that is not needed any more fails.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.kinds.enums import OBJECT_TYPE
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk import constants
from reconciler.server.psdk.objects import Mapper
from reconciler.server.psdk.shapes import Shape, Shapes
from reconciler.server.psdk.unknown_properties import UnknownProperties
from tests.psdk.support import sdk

_FORMS: Mapping[str, tuple[ValueType, ...]] = {
    "Integer": (ValueType.INTEGER, ValueType.REFERENCE),
    "DateTime": (ValueType.INTEGER,),
    "String": (ValueType.TEXT,),
    "EnumItem": (ValueType.ENUM, ValueType.FLAG, ValueType.INTEGER),
    "KvList": (ValueType.KEY_VALUES,),
    "ReferenceLink": (ValueType.REFERENCE,),
    "ReferenceLinkList": (ValueType.REFERENCES,),
    "ReferenceClass": (ValueType.STRUCTURE,),
    "ReferenceClassList": (ValueType.STRUCTURES,),
}
"""The SDK's form of an attribute -> ours."""

_INSIDE = ("groupInfo", "agentInfo")
"""Structures whose fields the table lists among the attributes of the object itself."""

_SERVER = "the number of the Configuration Server, which is always 0"
_ROLE = "the field of a role's member has another name, which psdk/constants.py translates"
_SINGLE = "a structure that is no list needs no key in the table"
_THREE = "the type's description says that three fields make the key"

DIFFERENT: Mapping[str, str] = {
    "ActionCode.subcodes key": "a subcode is deleted by its name, which no other has",
    "AccessGroup.memberIDs.CSID": _SERVER,
    "AccessGroup.memberIDs key": _SERVER,
    "Folder.ownerID.CSID": _SERVER,
    "Folder.parentID.CSID": _SERVER,
    "Folder.ownerID key": _SINGLE,
    "Folder.parentID key": _SINGLE,
    "Folder.objectIDs.CSID": _SERVER,
    "Folder.objectIDs key": _SERVER,
    "Role.members.objectDBID": _ROLE,
    "Role.members.objectType": _ROLE,
    "Role.members.DBID": _ROLE,
    "Role.members.type": _ROLE,
    "Role.members key": _ROLE,
    "Switch.switchAccessCodes key": _THREE,
}


def _form(declared: Any) -> str:
    return str(declared.getClass().getSimpleName()).removeprefix("CfgDescriptionAttribute")


def _described(description: Any) -> dict[str, Any]:
    """Name -> the SDK's description of an attribute, without the DBID."""
    found: dict[str, Any] = {}
    for declared in description.getAttributes():
        name = str(declared.getSchemaName())
        if name in _INSIDE:
            found = {**_described(declared.getCfgClass()), **found}
        else:
            found[name] = declared
    return found


def _differences(
    path: str, ours: Mapping[str, Attribute], theirs: Mapping[str, Any]
) -> Iterator[str]:
    for name in ours.keys() ^ theirs.keys():
        yield f"{path}.{name}"
    for name in ours.keys() & theirs.keys():
        yield from _difference(f"{path}.{name}", ours[name], theirs[name])


def _difference(path: str, ours: Attribute, theirs: Any) -> Iterator[str]:
    form = _form(theirs)
    if ours.type not in _FORMS[form]:
        yield f"{path} type"
        return
    if form in ("ReferenceLink", "ReferenceLinkList"):
        target = str(theirs.getObjectType()).removeprefix("CFG")
        if target != ours.refers_to:
            yield f"{path} target"
    if form == "EnumItem" and ours.type is ValueType.ENUM:
        yield from _enumeration(path, ours, theirs)
    if form in ("ReferenceClass", "ReferenceClassList"):
        fields = {field.name: field for field in ours.fields}
        yield from _differences(path, fields, _described(theirs.getCfgClass()))
        keys = {str(key.getSchemaName()) for key in theirs.getKeys()}
        if keys != set(ours.key):
            yield f"{path} key"


def _enumeration(path: str, ours: Attribute, theirs: Any) -> Iterator[str]:
    """Whether the table lacks a member. The last member of each only ends the enumeration."""
    description = theirs.getEnumDescription()
    name = str(description.getName())
    if name in _PARTIAL:
        return
    members = [int(one.getDefaultValue()) for one in description.getItems()]
    missing = set(members[:-1]) - {0} - set(ours.enumeration.values())
    if name == "CfgObjectState":
        missing -= {3}  # a deleted object is gone
    if missing:
        yield f"{path} members {sorted(missing)}"
    invented = set(ours.enumeration.values()) - set(members)
    if invented:
        yield f"{path} members that the protocol lacks {sorted(invented)}"


_PARTIAL = ("CfgObjectType",)
"""Enumerations of which the table lists what fits: of object types those that an attribute can
name."""


_REFERENCE = "the vendor's reference of the object says another default, which is ours"
_UNKNOWN = "which of both defaults a server uses is not public"

OTHER_DEFAULT: Mapping[str, str] = {
    "Tenant.isServiceProvider": "a recording of a real server returns none",
    "Application.autoRestart": "the vendor's reference recommends that it is set",
    "Application.appServerDBIDs.mode": _UNKNOWN,
    "Service.type": _UNKNOWN,
    "Service.appServicePermissions.permissionMask": _UNKNOWN,
    "Person.isAdmin": _UNKNOWN,
    "EnumeratorValue.isDefault": "the code of a client says that a server takes none for true",
    "Campaign.callingLists.share": _UNKNOWN,
    "Campaign.campaignGroups.minRecBuffSize": _REFERENCE,
    "Campaign.campaignGroups.optRecBuffSize": _REFERENCE,
    "CampaignGroup.minRecBuffSize": _REFERENCE,
    "CampaignGroup.optRecBuffSize": _REFERENCE,
    "AlarmCondition.alarmDetectEvent.selectionMode": _UNKNOWN,
}
"""Attributes for which the protocol has another default than the table -> why."""


def _other_defaults(
    path: str, ours: Mapping[str, Attribute], theirs: Mapping[str, Any]
) -> Iterator[str]:
    """The attributes with another default. 0 is none: it is that of all other enumerations."""
    for name in ours.keys() & theirs.keys():
        own, declared = ours[name], theirs[name]
        if hasattr(declared, "hasDefaultValue") and declared.hasDefaultValue():
            default: Any = own.default or 0
            if own.type is ValueType.FLAG and own.default is not None:
                default = constants.TRUE if own.default else constants.FALSE
            if str(declared.getDefaultValue()) not in ("0", str(default)):
                yield f"{path}.{name}"
        if own.fields:
            fields = {field.name: field for field in own.fields}
            yield from _other_defaults(f"{path}.{name}", fields, _described(declared.getCfgClass()))


@pytest.mark.parametrize("kind", OBJECT_TYPES.values(), ids=OBJECT_TYPES)
def test_the_table_has_the_defaults_of_the_protocol(kind: ObjectType) -> None:
    description = sdk().metadata.getClassById(sdk().integer(kind.number))
    ours = {attribute.name: attribute for attribute in kind.attributes}
    expected = {path for path in OTHER_DEFAULT if path.split(".")[0] == kind.name}
    assert set(_other_defaults(kind.name, ours, _described(description))) == expected


_EXCLUDES = "it excludes; docs/differences.md says that such filters are missing"
_ACCOUNT = "it asks for the log-on account"
_OTHER = "it asks for what another object says, which docs/differences.md names as missing"

NO_FILTER: Mapping[str, str] = {
    "Application.account_dbid": _ACCOUNT,
    "Application.account_type": _ACCOUNT,
    "Application.no_client_dbid": _EXCLUDES,
    "Application.no_switch_dbid": _EXCLUDES,
    "Application.same_host_and_port": _OTHER,
    "Person.no_login_dbid": _EXCLUDES,
    "Person.no_place_dbid": _EXCLUDES,
    "Role.rbac_app_ns": _OTHER,
    "Service.app_type": _OTHER,
    "StatTable.group_dbid": "which type of groups it means is not public",
    "DN.no_place_dbid": _EXCLUDES,
    "AgentLogin.no_person_dbid": _EXCLUDES,
    "Place.no_dn_dbid": _EXCLUDES,
}
"""Filters of the vendor's object model that the embedded server lacks -> why."""
_EVERYWHERE = {"dbid", "name", "state", "tenant_dbid"}
_EXTRAS = {constants.WITH_FOLDER, constants.WITH_PATH}
_QUERIES = "com.genesyslab.platform.applicationblocks.com.queries."
_NO_QUERY = ("GVPReseller", "GVPCustomer", "PersonLastLogin")
"""Types for which the object model has no query of its own."""


def _filters_of(query: Any) -> set[str]:
    """The keys of the filter of a query in which every property is set."""
    for method in query.getClass().getMethods():
        name, kinds = str(method.getName()), method.getParameterTypes()
        if not name.startswith("set") or name.startswith("setDo") or len(kinds) != 1:
            continue
        kind = str(kinds[0].getName())
        if kind == "java.lang.String":
            value: Any = "x"
        elif kind == "int":
            value = 1
        else:
            value = sdk().java(kind).valueOf(sdk().integer(1))
        getattr(query, name)(value)
    return {str(key) for key in query.getFilter().keySet()} - _EXTRAS


@pytest.mark.parametrize("kind", OBJECT_TYPES.values(), ids=OBJECT_TYPES)
def test_the_server_has_the_filters_of_the_vendors_object_model(kind: ObjectType) -> None:
    if kind.name in _NO_QUERY:
        with pytest.raises(ServerUnavailableError):
            sdk().java(f"{_QUERIES}Cfg{kind.name}Query")
        return
    theirs = _filters_of(sdk().java(f"{_QUERIES}Cfg{kind.name}Query")())
    missing = {f"{kind.name}.{key}" for key in theirs - _EVERYWHERE - kind.filters.keys()}
    assert missing == {path for path in NO_FILTER if path.split(".")[0] == kind.name}


@pytest.mark.parametrize("kind", OBJECT_TYPES.values(), ids=OBJECT_TYPES)
def test_the_table_has_every_attribute_that_the_protocol_has(kind: ObjectType) -> None:
    description = sdk().metadata.getClassById(sdk().integer(kind.number))
    assert str(description.getName()) == f"Cfg{kind.name}"
    theirs = _described(description)
    if kind.dbid == "DBID":
        theirs.pop("DBID")
    ours = {attribute.name: attribute for attribute in kind.attributes}
    expected = {path for path in DIFFERENT if path.split(".")[0] == kind.name}
    assert set(_differences(kind.name, ours, theirs)) == expected


def test_the_table_has_every_type_that_the_protocol_has() -> None:
    numbers = {name: kind.number for name, kind in OBJECT_TYPES.items()}
    assert numbers == OBJECT_TYPE
    for number in range(1, 100):
        known = sdk().metadata.getClassById(sdk().integer(number)) is not None
        assert known == (number in OBJECT_TYPE.values())


_LISTS = (ValueType.KEY_VALUES, ValueType.REFERENCES, ValueType.STRUCTURES)

NOT_IN_A_DELTA: Mapping[str, str] = {}
"""Attributes that no update can change, though the table does not call them fixed -> why."""


@pytest.mark.parametrize("kind", OBJECT_TYPES.values(), ids=OBJECT_TYPES)
def test_every_attribute_that_can_change_has_its_place_in_the_delta(kind: ObjectType) -> None:
    shape = Shapes(sdk(), sdk().metadata).of(kind.name)
    assert [*shape.attributes] == [attribute.name for attribute in kind.attributes]
    missing = set()
    for attribute in kind.attributes:
        changes = attribute.name in shape.delta or (attribute.name, "added") in shape.buckets
        if attribute.type in _LISTS:
            changes = changes and (attribute.name, "deleted") in shape.buckets
        if not (changes or attribute.immutable or attribute.read_only):
            missing.add(f"{kind.name}.{attribute.name}")
    assert missing == {path for path in NOT_IN_A_DELTA if path.split(".")[0] == kind.name}


def test_a_property_that_the_table_lacks_is_known_to_be_there_once_it_has_a_value() -> None:
    """As on a server that is newer than the table: here the table is made older."""
    shape = Shapes(sdk(), sdk().metadata).of("Application")
    whole, older = UnknownProperties(sdk(), shape), UnknownProperties(sdk(), _older(shape))
    mapper = Mapper(sdk(), sdk().metadata)
    values = {"name": "A", "version": "8.5", "portInfos": [{"id": "default", "port": "2020"}]}
    assert older.of(mapper.write(shape, 101, {"name": "A"})) == ()
    assert older.of(mapper.write(shape, 101, values)) == ("version", "portInfos.port")
    assert whole.of(mapper.write(shape, 101, values)) == ()


def _older(shape: Shape) -> Shape:
    """The shape by a table without ``version`` and without the field ``port`` of ports."""
    kept = []
    for one in shape.kind.attributes:
        fields = tuple(field for field in one.fields if field.name != "port")
        if one.name != "version":
            kept.append(replace(one, fields=fields) if one.name == "portInfos" else one)
    places = {name: place for name, place in shape.attributes.items() if name != "version"}
    return replace(shape, kind=replace(shape.kind, attributes=tuple(kept)), attributes=places)
