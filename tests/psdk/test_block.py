"""A program on the vendor's Configuration Object Model, against ``gwe embedded serve``.

Every type that a client may create makes a full round: create, read with folder and path, change,
read, delete, read nothing. A type that is new in the table needs only its entry in the table of
least values (``reconciler/testing/contract/site.py``).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.psdk.objects import Mapper
from reconciler.testing.contract.every_type import all_values, kept
from reconciler.testing.contract.site import EVERY_TYPE, LEAST_OF_ALL, SITE, scripts_folder
from tests.harness import opened, site_server
from tests.psdk.block import Block, annexed, holder_of_annex
from tests.psdk.byhand import conf, number
from tests.psdk.support import listening, sdk

NOT_CREATED = {"Folder", "PersonLastLogin"}
"""Types with rules of their own: tests of their own, below."""

NEEDED_BY_THE_BLOCK: Mapping[str, Mapping[str, Any]] = {
    "Host": {"type": 1, "LCAPort": "4999"},
    "DN": {"routeType": 1},
    "AgentLogin": {"switchSpecificType": 1},
    "TimeZone": {"isDSTObserved": False},
    "StatDay": {"isDayOfWeek": True, "day": 1},
    "Field": {"isPrimaryKey": False, "isUnique": False, "isNullable": True},
    "TableAccess": {"isCachable": False},
    "Treatment": {"recActionCode": 1},
    "GVPReseller": {"displayName": "New", "isParentNSP": False},
    "GVPCustomer": {
        "resellerDBID": 101,
        "displayName": "New",
        "channel": "New",
        "isProvisioned": True,
        "isAdminCustomer": False,
    },
    "GVPIVRProfile": {"displayName": "New"},
}
"""What the Block itself asks for before it sends a create, although the server does not."""

FALSE, TRUE = 1, 2


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A server with an object of every type: its port, and its file."""
    path = site_server(tmp_path_factory.mktemp("block"), SITE + EVERY_TYPE)
    with listening(path) as port:
        yield port, path


def fill(raw: Any, values: Any) -> None:
    """Sets properties of an object of the Block; those of a group are inside ``groupInfo``."""
    own = {str(declared.getSchemaName()) for declared in raw.getClassInfo().getAttributes()}
    for name, value in values.items():
        holder = raw if name in own else raw.getOrCreatePropertyValue("groupInfo")
        if isinstance(value, dict):
            fill(holder.getOrCreatePropertyValue(name), value)
        elif isinstance(value, bool):
            holder.setPropertyValue(name, number(TRUE if value else FALSE))
        else:
            holder.setPropertyValue(name, number(value) if isinstance(value, int) else value)


def held(raw: Any, name: str) -> Any:
    """A property as it was read."""
    own = {str(declared.getSchemaName()) for declared in raw.getClassInfo().getAttributes()}
    return (raw if name in own else raw.getPropertyValue("groupInfo")).getPropertyValue(name)


def test_the_rounds_are_made_for_every_type() -> None:
    assert {*LEAST_OF_ALL, *NOT_CREATED} == {*OBJECT_TYPES}


@pytest.mark.parametrize("object_type", LEAST_OF_ALL)
def test_an_object_makes_a_full_round(served: tuple[int, Path], object_type: str) -> None:
    least = {**LEAST_OF_ALL[object_type], **NEEDED_BY_THE_BLOCK.get(object_type, {})}
    with Block(served[0]) as block:
        new = block.new(object_type)
        fill(new.getRawObjectData(), least)
        new.save()
        dbid = int(new.getObjectDbid())
        assert dbid > 101
        (read,) = block.read(object_type, dbid=dbid)
        assert str(read.getObjectPath()) == OBJECT_TYPES[object_type].folder
        assert read.getFolderId() > 0
        for name, value in least.items():
            if isinstance(value, str):
                assert held(read.getRawObjectData(), name) == value
        holder_of_annex(read).setUserProperties(annexed(key="first"))
        read.save()
        (again,) = block.read(object_type, dbid=dbid)
        annex = holder_of_annex(again).getUserProperties()
        assert annex.getList("section").getString("key") == "first"
        holder_of_annex(again).setUserProperties(annexed(other="second"))
        again.save()
        again.refresh()
        section = holder_of_annex(again).getUserProperties().getList("section")
        assert (section.getString("key"), section.getString("other")) == (None, "second")
        again.delete()
        assert block.read(object_type, dbid=dbid) == []


def missing(found: Mapping[str, Any], expected: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The attributes that are not as expected: what was found, and what was expected."""
    return {
        name: (found.get(name), value)
        for name, value in expected.items()
        if found.get(name) != value
    }


@pytest.mark.parametrize("object_type", LEAST_OF_ALL)
def test_every_attribute_makes_the_round(served: tuple[int, Path], object_type: str) -> None:
    """Each has a value in the create and another value in the update. The Block itself makes the
    delta, from the object that it read and what the program has changed in it."""
    kind = OBJECT_TYPES[object_type]
    needed = NEEDED_BY_THE_BLOCK.get(object_type, {})
    first, second = ({**needed, **all_values(kind, which)} for which in (0, 1))
    with Block(served[0]) as block:
        mapper = Mapper(sdk(), sdk().metadata)
        shape = mapper.shapes.of(object_type)
        new = block.new(object_type, mapper.write(shape, 0, first))
        new.save()
        dbid = int(new.getObjectDbid())
        (read,) = block.read(object_type, dbid=dbid)
        assert missing(mapper.read(shape, read.getRawObjectData())[1], kept(kind, first)) == {}
        wanted = mapper.write(shape, dbid, {**first, **second})
        changed = {str(one.getSchemaName()) for one in wanted.getClassInfo().getAttributes()}
        for name in changed - {"DBID"}:
            value = wanted.getPropertyValue(name)
            if value is not None:
                read.getRawObjectData().setPropertyValue(name, value)
        read.save()
        (again,) = block.read(object_type, dbid=dbid)
        found = mapper.read(shape, again.getRawObjectData())[1]
        assert missing(found, kept(kind, {**first, **second})) == {}
        again.delete()


def test_a_folder_makes_a_full_round(served: tuple[int, Path]) -> None:
    port, path = served
    with opened(path) as server:
        scripts = scripts_folder(server)
    with Block(port) as block:
        new = block.new("Folder")
        owner = {"CSID": 0, "DBID": 101, "type": OBJECT_TYPES["Tenant"].number}
        fill(new.getRawObjectData(), {"name": "New", "type": 12, "ownerID": owner})
        new.setFolderId(number(scripts))
        new.save()
        dbid = int(new.getObjectDbid())
        (read,) = block.read("Folder", dbid=dbid)
        assert (str(read.getName()), int(read.getFolderId())) == ("New", scripts)
        read.setName("Newer")
        read.save()
        (again,) = block.read("Folder", dbid=dbid)
        assert str(again.getName()) == "Newer"
        again.delete()
        assert block.read("Folder", dbid=dbid) == []


def test_the_event_of_an_alarm_condition_says_that_it_names_no_application(
    served: tuple[int, Path],
) -> None:
    """A client that repeats what it declared compares with this value."""
    with Block(served[0]) as block:
        (alarm,) = block.read("AlarmCondition", name="Alarm")
        assert alarm.getAlarmDetectEvent().getAppType() == conf("types.CfgAppType").CFGNoApplication


def test_a_campaign_group_keeps_its_group_where_a_client_says_another_type_alone(
    served: tuple[int, Path],
) -> None:
    """As in a recording of a real server: the update is taken."""
    kinds = conf("types.CfgObjectType")
    with Block(served[0]) as block:
        (group,) = block.read("CampaignGroup", name="Spring chat")
        group.setGroupType(kinds.CFGPlaceGroup)
        group.setDescription("Chat in spring")
        group.save()
        (again,) = block.read("CampaignGroup", name="Spring chat")
        assert str(again.getDescription()) == "Chat in spring"
        assert (again.getGroupType(), int(again.getGroupDBID())) == (kinds.CFGAgentGroup, 101)


def test_a_client_finds_the_predefined_time_zone(served: tuple[int, Path]) -> None:
    with Block(served[0]) as block:
        (zone,) = block.read("TimeZone", name="GMT", tenant_dbid=1)
        assert (str(zone.getObjectPath()), int(zone.getObjectDbid())) == ("Time Zones", 1)


def test_last_log_ins_are_read_only(served: tuple[int, Path]) -> None:
    with Block(served[0]) as block:
        assert block.read("PersonLastLogin") == []
        new = block.new("PersonLastLogin")
        fill(new.getRawObjectData(), {"personDBID": 101})
        with pytest.raises(sdk().error) as caught:
            new.save()
        assert "only the server itself writes" in sdk().reason(caught.value)


def test_folder_and_path_come_with_every_object_of_a_query(served: tuple[int, Path]) -> None:
    """The query carries the value 0 under both keys: the keys ask, not their values."""
    with Block(served[0]) as block:
        extras = block.query(12).getExtraFilter()
        assert {str(key): int(extras[key]) for key in extras} == {
            "read_folder_dbid": 0,
            "object_path": 0,
        }
        found = block.read("Script", tenant_dbid=101)
        assert [(str(one.getName()), str(one.getObjectPath())) for one in found] == [
            ("Queue", "Scripts"),
            ("Rule", "Scripts"),
        ]
        with opened(served[1]) as server:
            assert {int(one.getFolderId()) for one in found} == {scripts_folder(server)}
