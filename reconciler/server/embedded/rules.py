"""Rules of single object types that the table of types does not state.

Source: the descriptions of the types in the Platform SDK's reference. Functions run inside a
transaction of the store.
"""

from collections.abc import Mapping

from reconciler.kinds.enums_outbound import TABLE_TYPE
from reconciler.kinds.enums_telephony import DN_TYPE
from reconciler.kinds.model import Attributes, ObjectType, ValueType
from reconciler.server.delta import Delta
from reconciler.server.embedded.store import Store
from reconciler.server.encoding import decode
from reconciler.server.errors import (
    IncompleteObjectDataError,
    IncorrectReferencesError,
    UnchangeableInfoError,
    UniquenessViolationError,
    ValueOutOfRangeError,
)
from reconciler.server.snapshot import ENVIRONMENT

_INSIDE_TENANT: Mapping[tuple[str, str], bool] = {
    ("EnumeratorValue", "enumeratorDBID"): False,
    ("AgentGroup", "managerDBIDs"): True,
    ("CampaignGroup", "groupDBID"): False,
    ("Person", "placeDBID"): False,
    ("Person", "skillLevels"): False,
    ("Person", "agentLogins"): False,
    ("Place", "DNDBIDs"): False,
}
"""References that stay inside a tenant -> whether they may also refer to objects of Environment."""

_PLACE_DN_TYPES = {
    DN_TYPE[name]
    for name in DN_TYPE.keys()
    - {"ACDQueue", "RoutingPoint", "VirtACDQueue", "VirtRoutingPoint", "RoutingQueue"}
    - {"Trunk", "TrunkGroup", "TieLine", "TieLineGroup", "ExtRoutingPoint"}
    - {"DestinationLabel", "ServiceNumber", "AccessResource"}
}
"""The types of DNs that a Place can have."""

_OF_ATTRIBUTE = {
    "mediaTypeDBID": "MediaType",
    "serviceTypeDBID": "ServiceType",
    "customerSegmentDBID": "CustomerSegment",
}
"""The fields of an objective record -> the Business Attribute that their value belongs to."""


def may_cross(kind: ObjectType, name: str, attributes: Attributes, tenant: int) -> bool:
    """Whether an object of ``tenant`` (0: of no tenant) may be referred to. A person of tenant
    Environment works for all tenants."""
    environment = _INSIDE_TENANT.get((kind.name, name))
    own = attributes.get("tenantDBID")
    if environment is None or tenant == own or (kind.name, own) == ("Person", ENVIRONMENT):
        return True
    return environment and tenant == ENVIRONMENT


def check(store: Store, kind: ObjectType, dbid: int, attributes: Attributes) -> None:
    """Refuses what the type forbids. ``dbid`` 0: the object does not exist yet."""
    _check_exclusive(store, kind, dbid, attributes)
    match kind.name:
        case "Place":
            _check_place(store, attributes)
        case "TableAccess":
            if not attributes.get("formatDBID") and attributes["type"] != TABLE_TYPE["LogTable"]:
                raise IncompleteObjectDataError(
                    "formatDBID is missing; only a log table has no format",
                    kind.name,
                    "formatDBID",
                )
        case "ObjectiveTable":
            _check_objective_records(store, attributes)
        case "CampaignGroup":
            if attributes["optRecBuffSize"] <= attributes["minRecBuffSize"]:
                raise ValueOutOfRangeError(
                    "optRecBuffSize must be greater than minRecBuffSize",
                    kind.name,
                    "optRecBuffSize",
                )


def _check_exclusive(store: Store, kind: ObjectType, dbid: int, attributes: Attributes) -> None:
    """Refuses a second object that refers to a target which belongs to one object only."""
    for attribute in kind.attributes:
        if not attribute.exclusive:
            continue
        listed = attribute.type is ValueType.REFERENCES
        target_type = attribute.refers_to if listed else attribute.field(attribute.key[0]).refers_to
        for entry in attributes.get(attribute.name) or ():
            target = attribute.key_of(entry)
            for holder, other, name in store.referrers(target_type, target):
                if (holder, name) == (kind.name, attribute.name) and other != dbid:
                    raise UniquenessViolationError(
                        f"{target_type} {target} belongs to {kind.name} {other} already",
                        kind.name,
                        attribute.name,
                    )


def _check_place(store: Store, attributes: Attributes) -> None:
    for target in attributes.get("DNDBIDs") or ():
        row = store.row("DN", target)
        if row and decode(row[3])["type"] not in _PLACE_DN_TYPES:
            raise IncorrectReferencesError(
                f"DN {target} is of a type that no place can have", "Place", "DNDBIDs"
            )


def _check_objective_records(store: Store, attributes: Attributes) -> None:
    for record in attributes.get("objectiveRecords") or ():
        for field, attribute in _OF_ATTRIBUTE.items():
            value = store.row("EnumeratorValue", record[field])
            owner = decode(value[3])["enumeratorDBID"] if value else 0
            row = store.row("Enumerator", owner)
            if row and decode(row[3])["name"] != attribute:
                raise IncorrectReferencesError(
                    f"{field} must be a value of {attribute}", "ObjectiveTable", "objectiveRecords"
                )


def check_frozen(store: Store, kind: ObjectType, dbid: int, live: Attributes, delta: Delta) -> None:
    """Refuses a change of what other objects depend on."""
    renamed = delta.values.get("name", live.get("name")) != live.get("name")
    if kind.name == "Host" and renamed and store.referrers("Host", dbid):
        raise UnchangeableInfoError(
            "the host cannot be renamed while servers run on it", "Host", "name"
        )
    if kind.keeps_name_with and renamed and live.get(kind.keeps_name_with):
        raise UnchangeableInfoError(
            "the group cannot be renamed while it has members", kind.name, "name"
        )
    used = {"TableAccess", "Filter"} & {name for name, *_ in store.referrers(kind.name, dbid)}
    if kind.name == "Format" and "fieldDBIDs" in delta.lists and used:
        raise UnchangeableInfoError(
            "the fields of a format cannot be changed while a table or a filter uses it",
            "Format",
            "fieldDBIDs",
        )
