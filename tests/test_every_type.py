"""Objects of every type, with random values, come back whole from an export."""

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.kinds.types.folders import path_of
from reconciler.kinds.types.table import FOLDER_TYPES, OBJECT_TYPES
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.errors import (
    ConfigurationServerError,
    DependentObjectsError,
    UniquenessViolationError,
)
from reconciler.server.folders import WithFolders
from reconciler.testing.contract.every_type import SPECIAL
from reconciler.testing.contract.site import EVERY_TYPE, LEAST_OF_ALL, SITE
from tests.conftest import examples
from tests.harness import find, opened, site_server
from tests.test_export import NAMES, TEXTS, VALUES, round_trip

SITE_OF_ALL = SITE + EVERY_TYPE


def values(attribute: Attribute) -> st.SearchStrategy[Any]:
    """Values that an attribute can hold, on a server with an object 101 of every type."""
    match attribute.type:
        case ValueType.TEXT:
            return TEXTS.map(lambda text: text[: attribute.max_length])
        case ValueType.INTEGER:
            return st.integers(*(attribute.bounds or (-(2**31), 2**31 - 1)))
        case ValueType.FLAG:
            return st.booleans()
        case ValueType.ENUM:
            return st.sampled_from(sorted(set(attribute.enumeration.values())))
        case ValueType.KEY_VALUES:
            options = st.dictionaries(NAMES, VALUES, min_size=1, max_size=2)
            sections = NAMES | st.just("")  # "": the pairs outside any section
            return st.dictionaries(sections, options, max_size=2)
        case ValueType.REFERENCE:
            return st.just(101)
        case ValueType.REFERENCES:
            return st.lists(st.just(101), max_size=1)
        case ValueType.STRUCTURE:
            return structures(attribute)
        case ValueType.STRUCTURES:
            return st.lists(structures(attribute), max_size=2, unique_by=attribute.key_of)


def structures(attribute: Attribute) -> st.SearchStrategy[dict[str, Any]]:
    """Structures; a reference to several types comes with the type."""
    needed = {
        field.name: values(field)
        for field in attribute.fields
        if field.mandatory or field.name in attribute.key
    }
    free = {f.name: values(f) for f in attribute.fields if f.name not in needed}
    return st.fixed_dictionaries(needed, optional=free)


def attributes(kind: ObjectType) -> st.SearchStrategy[dict[str, Any]]:
    """The attributes of a new object of a type: what it needs, and any others."""
    types = {one.type_from for one in kind.attributes}
    special = {name: st.sampled_from(given) for name, given in SPECIAL.get(kind.name, {}).items()}
    free = {
        one.name: values(one)
        for one in kind.attributes
        if not (one.read_only or one.secret or one.name in types or one.name in special)
        and one.name not in LEAST_OF_ALL[kind.name]
    }
    needed = {name: st.just(value) for name, value in LEAST_OF_ALL[kind.name].items()}
    for one in kind.attributes:  # a reference to several types, and which
        if one.type_from:
            needed[one.type_from] = st.sampled_from(sorted(one.targets))
    return st.fixed_dictionaries(needed, optional={**free, **special})


WITH_FOLDERS = [name for name in LEAST_OF_ALL if OBJECT_TYPES[name].folder]
ACCOUNTS = [("Person", 101), ("AccessGroup", 98), ("AccessGroup", 101)]
"""Under which applications can run."""


def new_folder(server: EmbeddedServer, object_type: str, name: str) -> int:
    """The DBID of a new folder for objects of a type."""
    kind = FOLDER_TYPES[f"Folder/{object_type}"]
    owner = {kind.owner: LEAST_OF_ALL[object_type][kind.owner]} if kind.owner else {}
    return WithFolders(server).create(kind.name, {**owner, "path": path_of([name])}).dbid


@pytest.mark.long
@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=examples(12),
)
@given(
    st.fixed_dictionaries({name: attributes(OBJECT_TYPES[name]) for name in LEAST_OF_ALL}),
    st.dictionaries(st.sampled_from(WITH_FOLDERS), NAMES),
    st.dictionaries(st.sampled_from([101, 102]), st.sampled_from(ACCOUNTS)),
)
def test_a_site_of_all_types_comes_back_whole(
    objects: dict[str, dict[str, Any]],
    folders: dict[str, str],
    accounts: dict[int, tuple[str, int]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = site_server(Path(folder), SITE_OF_ALL)
        with opened(path) as server:
            for name, given_ in objects.items():
                into = new_folder(server, name, folders[name]) if name in folders else None
                # What two objects cannot share, such as a place's DN, stays with the first.
                with suppress(UniquenessViolationError):
                    server.create(name, given_, into)
            for application, account in accounts.items():
                server.accounts.set_of_application(application, account)
        again = round_trip(path, times=1)
        with opened(again) as server:
            for application, account in accounts.items():
                assert server.accounts.of_application(application) == account


def test_a_deleted_switch_takes_its_dns_and_agent_log_ins_and_nothing_else(tmp_path: Path) -> None:
    with opened(site_server(tmp_path, SAMPLE_SITE)) as server:
        switch = find(server.store.path, "Switch", "SIP_Switch").dbid
        office = find(server.store.path, "PhysicalSwitch", "SIP_Office").dbid
        with pytest.raises(DependentObjectsError, match="SIP_Switch"):
            server.delete("PhysicalSwitch", office)
        server.delete("Switch", switch)
        assert (server.read("DN"), server.read("AgentLogin")) == ([], [])
        assert [one.attributes["name"] for one in server.read("Place")] == [
            "Desk_1",
            "Desk_2",
            "Desk_3",
        ]
        assert not any(one.attributes.get("DNDBIDs") for one in server.read("Place"))
        assert not any(one.attributes.get("agentLogins") for one in server.read("Person"))
        server.delete("PhysicalSwitch", office)


# Folders of folders


def test_a_configuration_unit_holds_folders_of_every_type_and_comes_back(tmp_path: Path) -> None:
    owner = {"type": 7, "DBID": 101}
    path = site_server(tmp_path)
    with opened(path) as server:

        def folder(name: str, holds: int, into: int | None = None, **more: Any) -> int:
            given_ = {"name": name, "type": holds, "ownerID": owner, **more}
            return server.create("Folder", given_, into).dbid

        emea = folder("EMEA", 22, folderClass=2, customType=5)
        berlin = folder("Berlin", 22, emea)
        scripts = folder("Scripts", 12, berlin)
        inner = folder("Chat", 12, scripts)
        queue = {"tenantDBID": 101, "name": "Q", "type": 23}
        made = server.create("Script", queue, inner)
        assert made.path == "EMEA/Berlin/Scripts/Chat"
        with pytest.raises(DependentObjectsError):
            server.delete("Folder", berlin)
        with pytest.raises(ConfigurationServerError):
            server.create("Script", {**queue, "name": "R"}, emea)
        with pytest.raises(ConfigurationServerError):
            folder("Deeper", 22, scripts)
    again = round_trip(path)
    assert find(again, "Script", "Q").path == made.path
    unit = find(again, "Folder", "EMEA").attributes
    assert (unit["parentID"], unit["folderClass"], unit["customType"]) == (owner, 2, 5)


def test_an_empty_unit_can_be_deleted_and_is_no_default_folder(tmp_path: Path) -> None:
    with opened(site_server(tmp_path)) as server:
        given_ = {"name": "EMEA", "type": 22, "ownerID": {"type": 7, "DBID": 101}}
        unit = server.create("Folder", given_).dbid
        assert server.read("Folder", {"name": "EMEA", "default_folder": 1}) == []
        server.delete("Folder", unit)
        with pytest.raises(ConfigurationServerError):
            server.create("Folder", {**given_, "ownerID": {"type": 12, "DBID": 101}})


# What a site file says of predefined objects, and what only the server writes


def test_a_site_file_names_the_first_person(tmp_path: Path) -> None:
    site = f"""{SITE}
  - {{attribute: Other, name: More, displayName: More, isDefault: false}}
"""
    person = '  - {employeeID: "0", dbid: 100, userName: admin, password: secret-word, tenant: Environment}\n'  # noqa: E501 - a line of a site file
    path = site_server(tmp_path, site.replace("Person:\n", "Person:\n" + person))
    with opened(path) as server:
        first = server.read("Person", {"dbid": 100})[0]
        assert (first.attributes["employeeID"], first.attributes["userName"]) == ("0", "admin")
        assert server.read("Person", {"user_name": "default"}) == []
        (admins,) = server.read("AccessGroup", {"dbid": 99})
        assert admins.attributes["memberIDs"] == [{"type": 3, "DBID": 100}]
    EmbeddedServer(path, user="admin", password="secret-word").close()  # noqa: S106
    round_trip(path)


def test_the_last_log_in_of_a_person_is_kept_where_the_server_is_told_to(tmp_path: Path) -> None:
    path = site_server(tmp_path, SITE)
    session = EmbeddedServer(path, user="anna", password="correct-horse")  # noqa: S106
    session.note_login(100, "desk")
    with opened(path) as server:
        assert server.read("PersonLastLogin") == []
        on = KeyValueDelta(added={"system": {"last-login": "true"}})
        server.update("Application", 99, Delta(key_values={"options": on}))
        for host in ("desk", "home"):
            session.note_login(100, host)
        (last,) = server.read("PersonLastLogin")
        assert last.dbid == last.attributes["personDBID"] == 101
        assert (last.attributes["applicationDBID"], last.attributes["hostName"]) == (100, "home")
        assert last.attributes["lastLoginTime"] > 1_700_000_000
        with pytest.raises(ConfigurationServerError):
            server.update("PersonLastLogin", 101, Delta(values={"hostName": "x"}))
        with pytest.raises(ConfigurationServerError):
            server.delete("PersonLastLogin", 101)
        server.delete("Person", 101)
        assert server.read("PersonLastLogin") == []
    session.close()
