"""Every object type: created, read, changed and deleted with a value in each of its attributes.

The values are derived from the table of types; ``SPECIAL`` has those that rules restrict.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.delta import Delta
from reconciler.server.differences import difference
from reconciler.server.errors import (
    NoPermissionError,
    UniquenessViolationError,
    UnsupportedPropertyError,
)
from reconciler.server.port import Server
from reconciler.testing.contract.fixtures import NewServer
from reconciler.testing.contract.site import EVERY_TYPE, LEAST_OF_ALL, SITE, get

_RECORD = {"serviceTypeDBID": 21, "customerSegmentDBID": 22}

SPECIAL: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "Application": {
        "flexibleProperties": ({}, {}),  # a Stat Server has none
        "serverInfo": tuple(
            {"hostDBID": 101 + one, "port": str(one), "timeout": 10 + one, "attempts": 1 + one}
            for one in (0, 1)
        ),
        "portInfos": (
            [{"id": "default", "port": "1", "description": "d"}],
            [{"id": "default", "port": "2"}, {"id": "other", "port": "3"}],
        ),
    },
    "CampaignGroup": {"minRecBuffSize": (1, 2), "optRecBuffSize": (10, 11)},
    "ObjectiveTable": {
        "objectiveRecords": (
            [{"mediaTypeDBID": 1, **_RECORD, "objectiveThreshold": 20}],
            [
                {"mediaTypeDBID": 1, **_RECORD, "objectiveThreshold": 30, "contractDBID": 101},
                {"mediaTypeDBID": 2, **_RECORD},
            ],
        )
    },
}
"""Type -> attribute -> its first and its second value, if rules restrict the values."""


@pytest.fixture
def full_server(new_server: NewServer) -> Server:
    """A server with an object of every type."""
    return new_server(SITE + EVERY_TYPE).connect()


def all_values(kind: ObjectType, which: int) -> dict[str, Any]:
    """Values for all attributes of a new object. ``which``: 0 or 1, the first or the second."""
    types = {one.type_from for one in kind.attributes}
    given = dict(LEAST_OF_ALL[kind.name])
    for attribute in kind.attributes:
        special = SPECIAL.get(kind.name, {}).get(attribute.name)
        fixed = attribute.read_only or attribute.immutable or attribute.name in kind.key
        if special:
            given[attribute.name] = special[which]
        elif attribute.type is ValueType.STRUCTURE or not (
            fixed or attribute.name in types or attribute.name in given
        ):
            given[attribute.name] = _value(attribute, which)
    return given


def _value(attribute: Attribute, which: int) -> Any:
    match attribute.type:
        case ValueType.TEXT:
            return f"{attribute.name} {which}"
        case ValueType.INTEGER:
            return (attribute.bounds or (1, 2))[0] + which
        case ValueType.FLAG:
            return which == 0
        case ValueType.ENUM:
            return sorted(attribute.enumeration.values())[which]
        case ValueType.KEY_VALUES:
            return {"section": {"text": f"t{which}", "number": which, "bytes": bytes([which])}}
        case ValueType.REFERENCE:
            return 101
        case ValueType.REFERENCES:
            return [101]
        case ValueType.STRUCTURE:
            return _structure(attribute, which)
        case ValueType.STRUCTURES:
            return [_structure(attribute, which)]


def _structure(attribute: Attribute, which: int) -> dict[str, Any]:
    types = {field.type_from for field in attribute.fields}
    keep = {*attribute.key, *types}
    return {
        field.name: _value(field, 0 if field.name in keep else which) for field in attribute.fields
    }


def kept(kind: ObjectType, values: Mapping[str, Any]) -> dict[str, Any]:
    """What a read returns of some values: no secrets, and no empty lists."""
    secret = {attribute.name for attribute in kind.attributes if attribute.secret}
    return {name: value for name, value in values.items() if name not in secret and value != {}}


@pytest.mark.parametrize("object_type", LEAST_OF_ALL)
def test_every_attribute_of_a_type_is_kept_and_can_be_changed(
    full_server: Server, object_type: str
) -> None:
    kind = OBJECT_TYPES[object_type]
    first, second = kept(kind, all_values(kind, 0)), kept(kind, all_values(kind, 1))
    created = full_server.create(object_type, all_values(kind, 0))
    assert created.attributes.items() >= first.items()
    assert get(full_server, object_type, created.dbid) == created
    wanted = {**created.attributes, **second}
    updated = full_server.update(
        object_type, created.dbid, difference(kind, created.attributes, wanted)
    )
    assert kept(kind, updated.attributes).items() >= second.items()
    assert get(full_server, object_type, created.dbid) == updated
    full_server.delete(object_type, created.dbid)
    assert full_server.read(object_type, {"dbid": created.dbid}) == []


@pytest.mark.parametrize("object_type", LEAST_OF_ALL)
def test_no_two_objects_of_a_type_have_one_key(full_server: Server, object_type: str) -> None:
    full_server.create(object_type, LEAST_OF_ALL[object_type])
    with pytest.raises(UniquenessViolationError) as caught:
        full_server.create(object_type, LEAST_OF_ALL[object_type])
    assert caught.value.object_type == object_type


@pytest.mark.parametrize("object_type", LEAST_OF_ALL)
def test_an_object_is_in_the_default_folder_of_its_type(
    full_server: Server, object_type: str
) -> None:
    created = full_server.create(object_type, LEAST_OF_ALL[object_type])
    assert created.path == OBJECT_TYPES[object_type].folder


@pytest.mark.parametrize("object_type", LEAST_OF_ALL)
def test_an_attribute_that_the_type_lacks_is_refused_by_name(
    full_server: Server, object_type: str
) -> None:
    with pytest.raises(UnsupportedPropertyError) as caught:
        full_server.create(object_type, {**LEAST_OF_ALL[object_type], "colour": "red"})
    assert "colour" in str(caught.value)
    with pytest.raises(UnsupportedPropertyError) as caught:
        full_server.update(object_type, 101, Delta(values={"colour": "red"}))
    assert "colour" in str(caught.value)


def test_a_switch_has_the_type_of_its_physical_switch(full_server: Server) -> None:
    given = {**LEAST_OF_ALL["Switch"], "type": 5}
    assert full_server.create("Switch", given).attributes["type"] == 72


@pytest.mark.parametrize(
    ("object_type", "owner"),
    [("DN", "switchDBID"), ("AgentLogin", "switchDBID"), ("IVRPort", "IVRDBID")],
)
def test_what_belongs_to_an_object_has_its_tenant(
    full_server: Server, object_type: str, owner: str
) -> None:
    for tenant in ({}, {"tenantDBID": 102}):
        given = {**LEAST_OF_ALL[object_type], **tenant}
        if not tenant:
            del given["tenantDBID"]
        created = full_server.create(object_type, given)
        assert (created.attributes["tenantDBID"], created.attributes[owner]) == (101, 101)
        full_server.delete(object_type, created.dbid)


def test_only_the_server_writes_when_people_logged_in_last(full_server: Server) -> None:
    given = {"personDBID": 101, "lastLoginTime": 1, "applicationDBID": 101}
    with pytest.raises(NoPermissionError):
        full_server.create("PersonLastLogin", given)
