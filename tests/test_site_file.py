"""Site files: what they may say, and how each mistake in one is named."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ManifestError
from reconciler.server.embedded.sites.create import create_server, publish
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.errors import ServerUnavailableError
from reconciler.server.port import AccessEntry
from tests.harness import everything, find, opened, site_server

HEADER = """apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant:
  - {name: Resources, dbid: 101}
"""


def made(folder: Path, body: str) -> Path:
    """A server of a site with tenant Resources and the objects of ``body``."""
    return site_server(folder, HEADER + body)


def attributes(path: Path, object_type: str, name: str) -> Mapping[str, Any]:
    return find(path, object_type, name).attributes


def problems(folder: Path, text: str) -> list[str]:
    """What is said of a site file that is refused, one text a problem, without the folder."""
    site = folder / "site.yaml"
    site.write_text(text, encoding="utf-8")
    with pytest.raises(ManifestError) as caught:
        create_server(folder / "gwe.db", site)
    assert not (folder / "gwe.db").exists()
    return [str(problem).replace(f"{folder}/", "") for problem in caught.value.diagnostics]


def only(found: list[str]) -> str:
    assert len(found) == 1, found
    return found[0]


# What a site file says


def test_words_are_the_plain_names_of_the_servers_attributes(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Host:
  - {name: one.example.com, ipAddress: 192.0.2.1, os: {type: RedHatLinux, version: "7"}}
AppPrototype:
  - {name: Stat_850, type: StatServer, version: 8.5.0}
Application:
  - name: Stat
    type: StatServer
    template: Stat_850
    version: 8.5.1
    server: {host: one.example.com, port: "2060", backup: Stat_B}
    ports: [{id: default, port: "2060", protocol: http}]
    connections: [{server: Stat_B, protocol: addp, timeoutLocal: 10, mode: Both}]
    redundancyType: WarmStandby
    autoRestart: false
    options: {section: {key: text}}
    annex: {section: {key: other}}
  - {name: Stat_B, type: StatServer}
Script:
  - {name: Queue, type: InteractionQueue, index: 7, state: Disabled}
""",
    )
    host = find(path, "Host", "one.example.com")
    assert host.attributes == {
        "name": "one.example.com",
        "IPaddress": "192.0.2.1",
        "OSinfo": {"OStype": 16, "OSversion": "7"},
        "type": 1,
        "LCAPort": "4999",
        "state": 1,
    }
    backup = find(path, "Application", "Stat_B").dbid
    assert attributes(path, "Application", "Stat") == {
        "name": "Stat",
        "type": 2,
        "version": "8.5.1",
        "appPrototypeDBID": find(path, "AppPrototype", "Stat_850").dbid,
        "serverInfo": {
            "hostDBID": host.dbid,
            "port": "2060",
            "backupServerDBID": backup,
            "timeout": 10,
            "attempts": 1,
        },
        "portInfos": [{"id": "default", "port": "2060", "connProtocol": "http"}],
        "appServerDBIDs": [
            {
                "appServerDBID": backup,
                "id": "default",
                "connProtocol": "addp",
                "timoutLocal": 10,
                "mode": 4,
            }
        ],
        "tenantDBIDs": [101],
        "options": {"section": {"key": "text"}},
        "userProperties": {"section": {"key": "other"}},
        "workDirectory": ".",
        "commandLine": ".",
        "isServer": True,
        "isPrimary": True,
        "autoRestart": False,
        "startupTimeout": 90,
        "shutdownTimeout": 90,
        "redundancyType": 2,
        "startupType": 1,
        "componentType": 0,
        "state": 1,
    }
    assert attributes(path, "Script", "Queue") == {
        "tenantDBID": 101,
        "name": "Queue",
        "type": 23,
        "index": 7,
        "state": 2,
    }


def test_an_application_gets_what_a_server_needs_and_a_client_does_not(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Application:
  - {name: Chat, type: ChatServer}
  - {name: Agent, type: InteractionWorkspace}
""",
    )
    chat = attributes(path, "Application", "Chat")
    assert (chat["version"], chat["workDirectory"], chat["commandLine"]) == ("8.5.0", ".", ".")
    assert (chat["tenantDBIDs"], chat["isServer"]) == ([101], True)
    agent = attributes(path, "Application", "Agent")
    assert (agent["version"], agent["isServer"]) == ("8.5.0", False)
    assert agent.keys().isdisjoint({"tenantDBIDs", "workDirectory", "commandLine"})


def test_a_type_of_application_that_has_no_name_here_is_a_number(tmp_path: Path) -> None:
    path = made(tmp_path, "Application: [{name: New, type: 199}]\n")
    assert attributes(path, "Application", "New")["type"] == 199


def test_references_are_names_and_lead_forwards_and_to_other_tenants(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
AgentGroup:
  - {name: Chat, agents: ["1002", "1001"], managers: ["Environment:boss", "1001"]}
Person:
  - {employeeID: "1001", userName: anna}
  - {employeeID: "1002", userName: jun}
  - {tenant: Environment, employeeID: boss, userName: boss}
EnumeratorValue:
  - {attribute: "Environment:Colour", tenant: Environment, name: red, displayName: Red}
  - {attribute: Colour, name: blue, displayName: Blue}
Enumerator:
  - {name: Colour, displayName: Colour, type: Custom}
  - {name: Colour, dbid: 300, tenant: Environment, displayName: Colour, type: Role}
""",
    )
    persons = {
        one.attributes["userName"]: dbid
        for (kind, dbid), one in everything(path).items()
        if kind == "Person"
    }
    group = attributes(path, "AgentGroup", "Chat")
    assert group["agentDBIDs"] == [persons["jun"], persons["anna"]]
    assert group["managerDBIDs"] == [persons["boss"], persons["anna"]]
    assert attributes(path, "EnumeratorValue", "red")["enumeratorDBID"] == 300
    assert attributes(path, "EnumeratorValue", "blue")["enumeratorDBID"] == 101


def test_a_name_with_a_colon_is_found_before_another_tenants_object(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Person:
  - {employeeID: "Environment:x", dbid: 301, userName: own}
  - {employeeID: x, dbid: 302, userName: other, tenant: Environment}
AgentGroup:
  - {name: Chat, agents: ["Environment:x"]}
""",
    )
    assert attributes(path, "AgentGroup", "Chat")["agentDBIDs"] == [301]


def test_one_tenant_needs_no_naming_and_none_means_environment(tmp_path: Path) -> None:
    body = "Script: [{name: Queue, type: InteractionQueue}]\n"
    (tmp_path / "one").mkdir()
    one = site_server(tmp_path / "one", HEADER.replace("tenant: Resources\n", "") + body)
    assert attributes(one, "Script", "Queue")["tenantDBID"] == 101
    (tmp_path / "none").mkdir()
    none = site_server(tmp_path / "none", "apiVersion: reconciler/v1\nkind: Site\n" + body)
    assert attributes(none, "Script", "Queue")["tenantDBID"] == 1


def test_dbids_are_as_given_and_the_others_are_the_free_ones_from_101_on(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Script:
  - {name: a, type: VoiceFile}
  - {name: b, dbid: 102, type: VoiceFile}
  - {name: c, type: VoiceFile}
  - {name: d, dbid: 7, type: VoiceFile}
  - {name: e, dbid: 500, type: VoiceFile}
""",
    )
    found = {
        one.attributes["name"]: dbid
        for (kind, dbid), one in everything(path).items()
        if kind == "Script"
    }
    assert found == {"a": 101, "b": 102, "c": 103, "d": 7, "e": 500}
    with opened(path) as server:
        created = server.create("Script", {"tenantDBID": 101, "name": "f", "type": 7})
    assert created.dbid == 501


def test_folders_are_made_as_they_are_named(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Script:
  - {name: a, type: VoiceFile, folder: Chat/In}
  - {name: b, type: VoiceFile, folder: Chat}
  - {name: c, type: VoiceFile, folder: Chat/In}
  - {name: d, type: VoiceFile}
  - {name: e, type: VoiceFile, folder: In}
  - {name: f, type: VoiceFile, folder: Chat, tenant: Environment}
Application:
  - {name: Chat, type: ChatServer, folder: Chat}
""",
    )
    found = {name: find(path, "Script", name) for name in "abcdef"}
    assert {name: one.path for name, one in found.items()} == {
        "a": "Scripts/Chat/In",
        "b": "Scripts/Chat",
        "c": "Scripts/Chat/In",
        "d": "Scripts",
        "e": "Scripts/In",
        "f": "Scripts/Chat",
    }
    assert found["a"].folder == found["c"].folder
    assert found["b"].folder != found["f"].folder
    assert find(path, "Application", "Chat").path == "Applications/Chat"


def test_option_values_keep_their_type_and_their_characters(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        r"""
Script:
  - name: Queue
    type: InteractionQueue
    annex:
      texts: {quoted: "10", zero: 0123, plus: +49891234, time: 22:30, word: on, under: 1_000,
              flag: true, float: 1.50, empty: '', unicode: "\u20ac", date: 2024-01-31}
      integers: {ten: 10, none: 0, negative: -5}
      binary: {bytes: {binary: 00ff7f}, none: {binary: ""}}
""",
    )
    assert attributes(path, "Script", "Queue")["userProperties"] == {
        "texts": {
            "quoted": "10",
            "zero": "0123",
            "plus": "+49891234",
            "time": "22:30",
            "word": "on",
            "under": "1_000",
            "flag": "true",
            "float": "1.50",
            "empty": "",
            "unicode": "€",
            "date": "2024-01-31",
        },
        "integers": {"ten": 10, "none": 0, "negative": -5},
        "binary": {"bytes": b"\x00\xff\x7f", "none": b""},
    }


def test_texts_that_look_like_other_values_stay_texts(tmp_path: Path) -> None:
    path = made(tmp_path, "Script: [{name: 123, type: VoiceFile}, {name: true, type: VoiceFile}]\n")
    assert attributes(path, "Script", "123")["name"] == "123"
    assert attributes(path, "Script", "true")["name"] == "true"


def test_every_server_holds_the_predefined_objects(tmp_path: Path) -> None:
    path = made(tmp_path, "")
    known = {
        (kind, dbid): one.attributes.get("name", one.attributes.get("userName"))
        for (kind, dbid), one in everything(path).items()
        if kind not in ("Folder", "Enumerator", "EnumeratorValue")
    }
    attributes = [one for (kind, _), one in everything(path).items() if kind == "Enumerator"]
    assert {str(one.attributes["name"]) for one in attributes} == {
        *("MediaType", "ServiceType", "CustomerSegment", "InteractionType", "InteractionSubtype"),
        *("CategoryStructure", "ScreeningRules", "EmailAccounts", "StopProcessingReason"),
        *("Language", "DispositionCode", "ReasonCode"),
        *("InteractionAttributes", "ContactAttributes"),
    }
    assert known == {
        ("Tenant", 1): "Environment",
        ("Tenant", 101): "Resources",
        ("AppPrototype", 99): "Configuration_Server",
        ("AppPrototype", 100): "Configuration_Manager",
        ("Application", 99): "confserv",
        ("Application", 100): "default",
        ("Person", 100): "default",
        ("AccessGroup", 97): "EVERYONE",
        ("AccessGroup", 98): "SYSTEM",
        ("AccessGroup", 99): "Super Administrators",
        ("TimeZone", 1): "GMT",
    }


def test_an_object_takes_the_place_of_a_predefined_one(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Application:
  - {name: default, type: SCE, version: 9.0.0}
Person:
  - {tenant: Environment, employeeID: default, userName: root}
""",
    )
    default = find(path, "Application", "default")
    assert (default.dbid, default.attributes["version"]) == (100, "9.0.0")
    assert "appPrototypeDBID" not in default.attributes
    assert everything(path)["Person", 100].attributes["userName"] == "root"


def test_without_predefined_objects_a_site_holds_its_own_only(tmp_path: Path) -> None:
    text = """apiVersion: reconciler/v1
kind: Site
predefined: false
Tenant:
  - {name: Root, dbid: 1}
"""
    path = site_server(tmp_path, text)
    known = [key for key in everything(path) if key[0] != "Folder"]
    assert known == [("Tenant", 1)]
    (tmp_path / "gwe.db").unlink()
    said = problems(tmp_path, text.replace("Root, dbid: 1", "T").replace("false", "[x]"))
    assert only(said) == "site.yaml:3:1: predefined must be true or false, not ['x']"


def test_environment_keeps_its_dbid(tmp_path: Path) -> None:
    body = "  - {name: Environment, dbid: 7}\n"
    assert only(problems(tmp_path, HEADER + body)) == (
        "site.yaml:6:25: Tenant Environment must have DBID 1"
    )


def test_every_object_of_the_sample_site_lives_in_a_folder(tmp_path: Path) -> None:
    create_server(tmp_path / "gwe.db", SAMPLE_SITE)
    found = everything(tmp_path / "gwe.db")
    assert len(found) > 50
    homeless = [
        (kind, dbid)
        for (kind, dbid), one in found.items()
        if kind != "Folder" and (kind, dbid) != ("Tenant", 1) and not one.path
    ]
    assert homeless == []


# extends


def test_an_object_takes_the_place_of_the_one_with_its_natural_key(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        HEADER
        + """
Script:
  - {name: Queue, dbid: 110, type: InteractionQueue, annex: {s: {k: v}}, folder: Chat}
  - {name: Other, dbid: 111, type: VoiceFile}
Enumerator:
  - {name: A, displayName: A, type: Custom}
  - {name: B, displayName: B, type: Custom}
EnumeratorValue:
  - {attribute: A, name: x, displayName: of A, isDefault: false}
  - {attribute: B, name: x, displayName: of B, isDefault: false}
""",
        encoding="utf-8",
    )
    path = site_server(
        tmp_path,
        """apiVersion: reconciler/v1
kind: Site
extends: base.yaml
tenant: Resources
Script:
  - {name: Queue, type: EnhancedRouting}
  - {name: Queue, type: VoiceFile, tenant: Environment}
EnumeratorValue:
  - {attribute: B, name: x, displayName: replaced, isDefault: false}
""",
    )
    found = everything(path)
    queues = {
        one.tenant: one
        for (kind, _), one in found.items()
        if kind == "Script" and one.attributes["name"] == "Queue"
    }
    assert queues[101].attributes == {
        "tenantDBID": 101,
        "name": "Queue",
        "type": 6,
        "state": 1,
    }
    assert queues[101].path == "Scripts"
    assert queues[1].attributes["type"] == 7
    assert found["Script", 111].attributes["name"] == "Other"
    values = [one for (kind, _), one in found.items() if kind == "EnumeratorValue"]
    shown = [one.attributes["displayName"] for one in values if one.tenant == 101]
    assert shown == ["of A", "replaced"]


def test_extends_leads_on_from_the_folder_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "first.yaml").write_text(HEADER, encoding="utf-8")
    (tmp_path / "deep" / "second.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Site\nextends: first.yaml\ntenant: Resources\n"
        "Script: [{name: a, type: VoiceFile}]\n",
        encoding="utf-8",
    )
    path = site_server(
        tmp_path,
        "apiVersion: reconciler/v1\nkind: Site\nextends: deep/second.yaml\ntenant: Resources\n"
        "Script: [{name: b, type: VoiceFile}]\n",
    )
    assert attributes(path, "Script", "a")["tenantDBID"] == 101
    assert attributes(path, "Script", "b")["tenantDBID"] == 101


@pytest.mark.parametrize("second", ["site.yaml", "other.yaml"])
def test_a_site_file_that_extends_itself_is_refused(tmp_path: Path, second: str) -> None:
    text = "apiVersion: reconciler/v1\nkind: Site\nextends: {}\nTenant: [{{name: T}}]\n"
    (tmp_path / "other.yaml").write_text(text.format("site.yaml"), encoding="utf-8")
    found = only(problems(tmp_path, text.format(second)))
    assert "extends itself" in found
    assert re.match(r"(site|other)\.yaml\b", found)


def test_a_base_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, HEADER.replace("tenant:", "extends: none.yaml\ntenant:"))
    assert "none.yaml: cannot be read: No such file or directory" in only(found)
    found = problems(tmp_path, HEADER.replace("tenant:", "extends: [a.yaml]\ntenant:"))
    assert re.match(r"site\.yaml:\d+:\d+: .*extends", only(found))


# Mistakes. The first line after the header is line 6.


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("Skript: [{name: a}]\n", 6, ["Skript is not an object type; did you mean Script?"]),
        ("Script: {name: a}\n", 6, ["Script", "list"]),
        ("Script: [a]\n", 6, ["mapping"]),
        (
            "Script:\n  - {name: a, type: VoiceFile, colour: red}\n",
            7,
            ["Script a: Script has no colour\n", "Known: "],
        ),
        (
            "Script:\n  - {name: a, type: VoicFile}\n",
            7,
            ["Script a: type cannot be 'VoicFile'; did you mean VoiceFile?\n  Known: DataColl"],
        ),
        (
            "Script:\n  - {name: a, typ: VoiceFile}\n",
            7,
            ["Script a: Script has no typ; did you mean type?\n  Known: "],
        ),
        (
            "Application:\n  - {name: a, type: ChatSrver}\n",
            7,
            ["Application a: type cannot be 'ChatSrver'; did you mean ChatServer?\n  Known: "],
        ),
        (
            "Application:\n  - {name: a, type: ChatServer, server: {hosst: b}}\n",
            7,
            ["server has no hosst; did you mean host?\n  Known: host"],
        ),
        ("Script:\n  - {name: a, type: 99}\n", 7, ["Script a", "type", "99"]),
        ("Script:\n  - {name: a, type: VoiceFile, index: ten}\n", 7, ["index", "'ten'"]),
        ("Script:\n  - {name: a, type: VoiceFile, index: --5}\n", 7, ["index", "'--5'"]),
        ("Script:\n  - {name: a, type: VoiceFile, index: " + "9" * 5000 + "}\n", 7, ["index"]),
        (
            "Script:\n  - {name: a, type: VoiceFile, index: {integer: ten}}\n",
            7,
            ["Script a: index must be a whole number"],
        ),
        ("Script:\n  - {name: [a], type: VoiceFile}\n", 7, ["name", "must be a string"]),
        ("Script:\n  - {name: null, type: VoiceFile}\n", 7, ["name", "cannot be null"]),
        ("Script:\n  - {name: a}\n", 7, ["Script a", "type is missing"]),
        ("Script:\n  - {type: VoiceFile}\n", 7, ["Script", "name is missing"]),
        ("Script:\n  - {name: a, type: VoiceFile, dbid: x}\n", 7, ["Script a", "dbid"]),
        ("Script:\n  - {name: a, type: VoiceFile, dbid: -5}\n", 7, ["Script a", "dbid"]),
        ("Script:\n  - {name: a, type: VoiceFile, dbid: true}\n", 7, ["Script a", "dbid"]),
        ("Script:\n  - {name: a, type: VoiceFile, tenant: None}\n", 7, ["Script a", "None"]),
        ("Script:\n  - {name: a, type: VoiceFile, annex: x}\n", 7, ["Script a", "annex"]),
        ("Script:\n  - {name: a, type: VoiceFile, annex: {s: x}}\n", 7, ["Script a", "[s]"]),
        ("Script:\n  - {name: a, type: VoiceFile, annex: {s: {k: [x]}}}\n", 7, ["s/k"]),
        ("Script:\n  - {name: a, type: VoiceFile, annex: {s: {k: null}}}\n", 7, ["s/k"]),
        ("Script:\n  - {name: a, type: VoiceFile, annex: {s: {k: {binary: zz}}}}\n", 7, ["s/k"]),
        ('Script:\n  - {name: "a\\ud800", type: VoiceFile}\n', 7, ["invalid Unicode"]),
        ("Person:\n  - {employeeID: a, userName: a, isAgent: yes}\n", 7, ["isAgent", "'yes'"]),
        ("Person:\n  - {employeeID: a, userName: default}\n", 7, ["Person a", "exists"]),
        ("AgentGroup:\n  - {name: a, agents: x}\n", 7, ["AgentGroup a", "list"]),
        ("AgentGroup:\n  - {name: a, agents: [none]}\n", 7, ["AgentGroup a", "Person", "none"]),
        ("AgentGroup:\n  - {name: a, agents: [N:x]}\n", 7, ["AgentGroup a", "Person", "N:x"]),
        ("EnumeratorValue:\n  - {attribute: A, name: a, displayName: a}\n", 7, ["Enumerator", "A"]),
        ("Application:\n  - {name: a, type: SCE, template: None}\n", 7, ["AppPrototype", "None"]),
        ("Application:\n  - {name: a, type: ChatServer, server: x}\n", 7, ["server", "mapping"]),
        ("Application:\n  - {name: a, type: ChatServer, server: {x: y}}\n", 7, ["server", "x"]),
        ("Application:\n  - {name: a, type: ChatServer, ports: [{id: b}]}\n", 7, ["port"]),
        ("Application:\n  - {name: a, type: ChatServer, connections: [x]}\n", 7, ["named x"]),
        ("Application:\n  - {name: a, type: ChatServer, connections: [{id: b}]}\n", 7, ["server"]),
        ("Application:\n  - {name: a, type: ChatServer, connections: [a, a]}\n", 7, ["same"]),
        ("Tenant:\n", 6, ["duplicate key 'Tenant'"]),
    ],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path, body: str, line: int, said: list[str]
) -> None:
    found = problems(tmp_path, HEADER + body)
    assert any(re.match(rf"site\.yaml:{line}:\d+: ", one) for one in found), found
    for word in said:
        assert any(word in one for one in found), found


def test_a_place_is_exact_to_the_column(tmp_path: Path) -> None:
    assert problems(tmp_path, HEADER + "Skript: [{name: a}]\n")[0].startswith("site.yaml:6:1: ")
    body = "Script:\n    - {name: a, type: VoiceFile}\n    - {name: a, type: VoiceFile}\n"
    found = only(problems(tmp_path, HEADER + body))
    assert found == "site.yaml:8:7: Script a is described twice, first at site.yaml:7:7"


def test_an_object_described_twice_names_both_places(tmp_path: Path) -> None:
    body = """Script:
  - {name: a, type: VoiceFile}
  - {name: b, type: VoiceFile}
  - {name: a, type: Schedule, tenant: Resources}
Person:
  - {employeeID: a, userName: a}
  - {employeeID: a, userName: b}
"""
    first, second = problems(tmp_path, HEADER + body)
    assert first == "site.yaml:9:5: Script a is described twice, first at site.yaml:7:5"
    assert second == "site.yaml:12:5: Person a is described twice, first at site.yaml:11:5"


def test_a_taken_dbid_is_named(tmp_path: Path) -> None:
    body = """Script:
  - {name: a, dbid: 7, type: VoiceFile}
  - {name: b, dbid: 7, type: VoiceFile}
"""
    found = only(problems(tmp_path, HEADER + body))
    assert found.startswith("site.yaml:8:15: Script b: DBID 7 is taken")


def test_a_second_default_value_is_named(tmp_path: Path) -> None:
    body = """Enumerator:
  - {name: A, displayName: A, type: Custom}
EnumeratorValue:
  - {attribute: A, name: x, displayName: x}
  - {attribute: A, name: y, displayName: y}
"""
    found = only(problems(tmp_path, HEADER + body))
    assert found.startswith("site.yaml:10:5: EnumeratorValue y: 'x' is the default value already")


def test_every_mistake_is_named_not_the_first(tmp_path: Path) -> None:
    body = """Skript:
  - {name: a}
Script:
  - {name: b, type: VoiceFile, colour: red}
  - {name: c, type: Voice}
  - {name: d, type: VoiceFile, tenant: None}
  - {name: e, type: VoiceFile}
  - {name: e, type: VoiceFile}
AgentGroup:
  - {name: f, agents: [none]}
  - {name: g, annex: {s: {k: [x]}}}
"""
    found = problems(tmp_path, HEADER + body)
    lines = sorted({int(one.split(":")[1]) for one in found})
    assert lines == [6, 9, 10, 11, 13, 15, 16], found
    assert len(found) == 7


def test_every_mistake_of_one_object_is_named(tmp_path: Path) -> None:
    body = "Script:\n  - {name: b, type: Voice, colour: red, index: ten, capacity: x}\n"
    found = "\n".join(problems(tmp_path, HEADER + body))
    for word in ("'Voice'", "colour", "'ten'", "capacity"):
        assert word in found


def test_mistakes_of_a_base_are_named_in_the_base(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(
        HEADER + "Script:\n  - {name: a, type: VoiceFile, colour: red}\n", encoding="utf-8"
    )
    text = "apiVersion: reconciler/v1\nkind: Site\nextends: base.yaml\ntenant: Resources\n"
    found = only(problems(tmp_path, text))
    assert found.startswith("base.yaml:7:32: Script a: Script has no colour")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no object"),
        ("# nothing\n", "holds no object"),
        ("apiVersion: reconciler/v1\nkind: Site\n", "holds no object"),
        ("apiVersion: reconciler/v1\nkind: Site\nScript: []\n", "holds no object"),
        ("- kind: Site\n", "not a site file"),
        ("text\n", "not a site file"),
        ("kind: AgentGroup\nmetadata: {name: x}\n", "not a site file"),
        ("Tenant: [{name: T}]\n", "not a site file"),
        ("apiVersion: reconciler/v9\nkind: Site\nTenant: [{name: T}]\n", "reconciler/v9"),
        ("kind: Site\nTenant: [{name: T\n", "not valid YAML"),
        ("kind: Site\nkind: Site\nTenant: [{name: T}]\n", "duplicate key 'kind'"),
        ("kind: Site\nTenant: [{name: T, state: }]\n", "the value is missing"),
    ],
)
def test_what_is_no_site_file_is_refused(tmp_path: Path, text: str, said: str) -> None:
    found = problems(tmp_path, text)
    assert any(said in one for one in found), found
    assert all(one.startswith("site.yaml") for one in found)


def test_a_site_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for wrong in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(ManifestError, match="cannot be read") as caught:
            create_server(tmp_path / "gwe.db", wrong)
        assert str(wrong) in str(caught.value)
    (tmp_path / "latin.yaml").write_bytes(b"kind: Site # \xe9\n")
    with pytest.raises(ManifestError, match=r"latin\.yaml:1:14: cannot be read: it is not UTF-8"):
        create_server(tmp_path / "gwe.db", tmp_path / "latin.yaml")


# Folders as entries


def test_a_folder_entry_makes_a_folder_below_the_default_one(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Folder:
  - {name: In, dbid: 501, type: Script, folder: Chat}
  - {name: Chat, dbid: 500, type: Script, description: for chat, annex: {s: {k: v}}}
  - {name: Chat, type: Script, tenant: Environment}
  - {name: Rest, type: Host, state: Disabled}
  - {name: Values, type: EnumeratorValue, attribute: Colour}
  - {name: a/b, type: Person}
Script:
  - {name: a, type: VoiceFile, folder: Chat/In}
Person:
  - {employeeID: p, userName: p, folder: [a/b, c]}
Enumerator:
  - {name: Colour, displayName: Colour, type: Custom}
EnumeratorValue:
  - {attribute: Colour, name: red, displayName: Red, folder: Values}
""",
    )
    found = everything(path)
    assert found["Folder", 501].attributes["parentID"] == {"type": 22, "DBID": 500}
    assert found["Folder", 500].attributes["description"] == "for chat"
    assert found["Folder", 500].attributes["userProperties"] == {"s": {"k": "v"}}
    assert found["Script", 101].folder == 501
    assert find(path, "EnumeratorValue", "red").path == "Attribute Values/Values"
    assert next(o for (k, d), o in found.items() if (k, d) == ("Person", 101)).path == (
        "Persons/a/b/c"
    )
    assert find(path, "Folder", "Rest").attributes["state"] == 2
    chats = [one for one in found.values() if one.attributes.get("name") == "Chat"]
    assert sorted(one.attributes["ownerID"]["DBID"] for one in chats) == [1, 101]


def test_a_default_folder_can_be_described(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Folder:
  - {name: Hardware, dbid: 700, type: Host, default: true}
  - {name: Scripts, dbid: 701, type: Script, default: true, permissions: [{person: p, mask: 1}]}
Host: [{name: h}]
Script: [{name: s, type: VoiceFile, folder: Sub}]
Person: [{employeeID: p, userName: p}]
""",
    )
    host = find(path, "Host", "h")
    assert (host.folder, host.path) == (700, "Hardware")
    assert find(path, "Script", "s").path == "Scripts/Sub"
    assert find(path, "Folder", "Sub").attributes["parentID"] == {"type": 22, "DBID": 701}
    hosts = [
        key
        for key, one in everything(path).items()
        if key[0] == "Folder" and one.attributes["type"] == 10
    ]
    assert hosts == [("Folder", 700)]
    with opened(path) as server:
        assert server.permissions("Folder", 701) == [AccessEntry("Person", 101, 1)]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "{name: a, type: Skript}",
            "7:15: Folder a: type must be the type of the objects in the folder, not 'Skript';"
            " did you mean Script?\n  Known: ",
        ),
        ("{name: a}", "7:5: Folder a: type must be the type of the objects"),
        ("{type: Script}", "7:5: Folder: name is missing"),
        ("{name: a, type: Script, tenant: None}", "7:29: Folder a: no Tenant is named None"),
        ("{name: a, type: Host, tenant: Resources}", "7:27: Folder a: folders of Host objects"),
        ("{name: a, type: EnumeratorValue}", "7:5: Folder a: attribute is missing"),
        (
            "{name: a, type: EnumeratorValue, attribute: N}",
            "7:38: Folder a: no Enumerator is named N",
        ),
        (
            "{name: a, dbid: 500, type: 12, owner: {type: 7, DBID: 101}}",
            "7:36: Folder a: a folder of Script objects has no owner\n  Known: name, description",
        ),
        ("{name: a, type: Script, default: 5}", "7:29: Folder a: default must be true or false"),
        (
            "{name: a, type: Script, default: true, folder: x}",
            "7:44: Folder a: a default folder is in no other folder",
        ),
        ("{name: a, type: Script, folder: {x: y}}", "7:29: Folder a: folder must be a path"),
        ("{name: a, type: Script, dbid: 101}", "7:29: Folder a: DBID 101 is taken"),
    ],
)
def test_a_mistake_of_a_folder_entry_is_named(tmp_path: Path, entry: str, said: str) -> None:
    found = only(problems(tmp_path, HEADER + f"Folder:\n  - {entry}\n"))
    assert found.startswith(f"site.yaml:{said}")


# Permissions


def test_permissions_are_entries_of_accounts_and_masks(tmp_path: Path) -> None:
    path = made(
        tmp_path,
        """
Script:
  - name: s
    type: VoiceFile
    permissions:
      - {person: p, mask: 5}
      - {group: "Environment:Super Administrators", mask: 127}
Person: [{employeeID: p, userName: p}]
""",
    )
    with opened(path) as server:
        assert server.permissions("Script", 101) == [
            AccessEntry("AccessGroup", 99, 127),
            AccessEntry("Person", 101, 5),
        ]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ("x", "Script a: permissions must be a list"),
        ("[x]", "Script a: an entry must have person or group, and mask"),
        ("[{person: p}]", "Script a: an entry must have person or group, and mask"),
        (
            "[{person: p, group: g, mask: 1}]",
            "Script a: an entry must have person or group, and mask",
        ),
        ("[{group: g, mask: 1}]", "Script a: no AccessGroup is named g"),
        ("[{person: p, mask: 256}]", "Script a: mask must be a whole number from 0 to 255"),
        ("[{person: p, mask: 1}, {person: p, mask: 2}]", "Script a: the person is listed twice"),
    ],
)
def test_a_mistake_of_permissions_is_named(tmp_path: Path, entries: str, said: str) -> None:
    body = f"""Script:
  - {{name: a, type: VoiceFile, permissions: {entries}}}
Person: [{{employeeID: p, userName: p}}]
"""
    found = only(problems(tmp_path, HEADER + body))
    assert re.match(rf"site\.yaml:7:\d+: {said}", found), found


# More mistakes


def test_each_mistake_stands_at_its_word(tmp_path: Path) -> None:
    body = """Script:
  - {name: a, type: Voice, annex: {s: {k: [x], l: {binary: zz}}}}
AgentGroup:
  - name: g
    agents: [none,
             default, other]
Application:
  - name: b
    type: ChatServer
    server: {host: none, x: y}
    ports: [{id: b}]
"""
    places = [one.split(" ")[0] for one in problems(tmp_path, HEADER + body)]
    assert places == [
        "site.yaml:7:15:", "site.yaml:7:40:", "site.yaml:7:48:", "site.yaml:10:14:",
        "site.yaml:11:14:", "site.yaml:11:23:", "site.yaml:15:14:", "site.yaml:15:26:",
        "site.yaml:16:13:",
    ]  # fmt: skip


def test_references_into_a_base_that_cannot_be_read_are_not_called_unknown(tmp_path: Path) -> None:
    text = HEADER.replace("tenant:", "extends: none.yaml\ntenant:")
    body = "AgentGroup: [{name: g, agents: [x], colour: red}]\n"
    first, second = problems(tmp_path, text + body)
    assert first.startswith("none.yaml: cannot be read")
    assert "has no colour" in second


def test_null_says_nothing(tmp_path: Path) -> None:
    path = made(
        tmp_path, "Application: [{name: a, type: ChatServer, tenants: null, state: null}]\n"
    )
    assert "tenantDBIDs" not in attributes(path, "Application", "a")
    assert attributes(path, "Application", "a")["state"] == 1


# Making the file


def test_where_files_cannot_be_linked_the_second_of_two_is_refused_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "gwe.db"
    assert create_server(path) > 40
    before = path.read_bytes()
    assert os.listdir(tmp_path) == ["gwe.db"]
    monkeypatch.setattr(Path, "exists", lambda _: False)  # it came after we looked
    with pytest.raises(ServerUnavailableError, match="exists already"):
        publish(path, path)
    assert path.read_bytes() == before


def test_a_full_disk_is_explained_and_leaves_nothing(tmp_path: Path) -> None:
    script = (
        "import resource, runpy, sys\n"
        "limit = int(sys.argv.pop(1))\n"
        "sys.dont_write_bytecode = True  # it would be cut off as well\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "runpy.run_module('reconciler', run_name='__main__')\n"
    )
    for limit in ("2000", "50000"):
        done = subprocess.run(
            [sys.executable, "-c", script, limit, "embedded", "init", "gwe.db"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "gwe.db cannot be created: " in done.stderr
        assert ".gwe.db" not in done.stderr
        assert os.listdir(tmp_path) == []
