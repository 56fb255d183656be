"""An export holds the whole server: what is made of it is the same, and exports the same."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import ManifestError
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.create import create_server
from reconciler.server.embedded.sites.describe import Contents
from reconciler.server.embedded.sites.export import export_site
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.errors import LoginIncorrectError
from reconciler.server.port import AccessEntry
from tests.conftest import examples
from tests.harness import BARE, everything, find, gwe, opened, site_server

TESTS = Path(__file__).parent
SITES = [
    SAMPLE_SITE,
    *sorted(TESTS.glob("sites/*.yaml")),
    *sorted(TESTS.glob("scenarios/*/site.yaml")),
]


def shape(site: Path) -> frozenset[Any]:
    """What an export could tell one site file from another by: which words the objects of
    each type have together, and what kind of value each has."""
    data = yaml.load(site.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return frozenset(
        (word, _outline(one))
        for word, value in data.items()
        for one in (value if isinstance(value, list) else [value])
    )


def _outline(value: Any, *, words: bool = True) -> Any:
    """The kind of a value. ``words``: its keys are words of site files; those of options are
    names like any other."""
    match value:
        case dict():
            return frozenset(
                (
                    key if words else "",
                    _outline(one, words=words and key not in ("options", "annex")),
                )
                for key, one in value.items()
            )
        case list():
            return frozenset(_outline(one, words=words) for one in value)
    return type(value).__name__


ONE_OF_EACH_SHAPE = list({shape(one): one for one in reversed(SITES)}.values())[::-1]


def with_every_object() -> list[Path]:
    """Sites that have an object of every shape together; in `make explore` every shape of a
    site."""
    found, left = [], {site: shape(site) for site in ONE_OF_EACH_SHAPE}
    while left:
        site = max(left, key=lambda site: (len(left[site]), str(site)))
        seen = left.pop(site)
        found.append(site)
        if examples(2) < 2:
            left = {site: more - seen for site, more in left.items() if more - seen}
    return found


HEADER = """apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant:
  - {name: Resources, dbid: 101}
"""


def exported(path: Path) -> str:
    with opened(path) as server:
        return export_site(server)


def listed(path: Path) -> Any:
    """An export as data."""
    return yaml.safe_load(exported(path))


def stored(path: Path) -> dict[str, Any]:
    """All that a server file holds, without the password that every new one has."""
    with opened(path) as server:
        contents = Contents.of(server)
    rows = {
        name: [(one.dbid, one.tenant, one.folder, dict(one.attributes)) for one in found]
        for name, found in contents.rows.items()
    }
    for dbid, _, _, attributes in rows["Person"]:
        if dbid == 100:
            attributes.pop("password", None)
    return {**rows, "permissions": contents.permissions}


def log_in(path: Path, user: str, password: str) -> None:
    EmbeddedServer(path, user=user, password=password).close()


def round_trip(path: Path, times: int = 2) -> Path:
    """The server that an export makes: the same, and with the same export, as often as one
    is made of it. Once is enough where there are many servers to look at."""
    first, before = path, exported(path)
    for turn in ("second", "third")[:times]:
        site = path.with_name(f"{turn}.yaml")
        site.write_text(before, encoding="utf-8")
        path = site.with_suffix(".db")
        create_server(path, site)
        assert exported(path) == before
        assert stored(path) == stored(first)
    return path


@pytest.fixture
def changed(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """The sample server, to be changed and then exported as ``gwe.db``."""
    with opened(site_server(tmp_path, SAMPLE_SITE)) as server:
        yield server


@pytest.mark.long
@pytest.mark.parametrize(
    "site", with_every_object(), ids=lambda site: str(site.relative_to(site.parents[1]))
)
def test_a_site_with_objects_of_every_shape_comes_back_whole(tmp_path: Path, site: Path) -> None:
    round_trip(site_server(tmp_path, site), times=1)


PACKING = "".join(map(chr, range(0x17, 0x20)))
"""What the server refuses in some texts, since its protocol has it between them."""
TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=PACKING), max_size=30
) | st.sampled_from(
    ["5", "05", "-0", "true", "True", "null", "~", "", " ", "a ", "- a", "a: b", "a #b", "<<", "=",
     "yes", "1.5", "22:30", "0x1f", "2024-01-31", "*a", "&a", "!t", "!!str a", "[", "{}", "---",
     "...", "a\nb", "\n", "a\r\nb", "\t", "\x85", "\u2028", "\ufeff", "\x00", "\x7f", "'", '"',
     "\\", "%a", "@a", "`", "binary", "a" * 200 + " b" * 200]
)  # fmt: skip
NAMES = TEXTS.filter(bool)
VALUES = TEXTS | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=20)


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(40))
@given(
    st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, min_size=1, max_size=4), max_size=3),
    st.lists(NAMES.map(lambda name: name[:255]), min_size=2, max_size=2, unique=True),
    NAMES.map(lambda name: name[:255]),
    TEXTS.map(lambda text: text[:255]),
)
def test_any_value_and_name_comes_back(
    annex: dict[str, dict[str, Any]], names: list[str], folder: str, text: str
) -> None:
    with tempfile.TemporaryDirectory() as made:
        path = site_server(Path(made))
        with opened(path) as server:
            scripts = server.read("Folder", {"type": 12})
            home = next(one for one in scripts if one.attributes["ownerID"]["DBID"] == 101)
            inner = server.create(
                "Folder",
                {"name": folder, "type": 12, "ownerID": {"type": 7, "DBID": 101}},
                home.dbid,
            )
            script = server.create(
                "Script",
                {"tenantDBID": 101, "name": names[0], "type": 7, "userProperties": annex},
                inner.dbid,
            )
            server.create(
                "Enumerator",
                {"tenantDBID": 101, "name": names[1], "displayName": "x", "type": 4,
                 "description": text},
            )  # fmt: skip
            server.create(
                "AgentGroup",
                {"tenantDBID": 101, "name": names[1], "capacityRuleDBID": script.dbid},
            )
        assert find(round_trip(path, times=1), "Script", names[0]).attributes == script.attributes


# Folders and DBIDs


def test_folders_keep_their_dbids_even_those_that_hold_nothing(changed: EmbeddedServer) -> None:
    tenant = changed.create("Tenant", {"name": "Late"})
    owner = {"type": 7, "DBID": tenant.dbid}
    outer = next(
        one for one in changed.read("Folder", {"type": 12}) if one.attributes["ownerID"] == owner
    )
    wanted = {"name": "A/B", "type": 12, "ownerID": owner, "description": "why", "state": 2}
    inner = changed.create("Folder", wanted, outer.dbid)
    script = {"tenantDBID": tenant.dbid, "name": "s", "type": 7}
    changed.create("Script", script, inner.dbid)
    changed.update("Folder", outer.dbid, Delta({"name": "My scripts"}))
    entries = listed(changed.store.path)
    assert {
        "name": "A/B",
        "dbid": inner.dbid,
        "type": "Script",
        "tenant": "Late",
        "description": "why",
        "state": "Disabled",
    } in entries["Folder"]
    assert {
        "name": "s", "dbid": 104, "folder": ["A/B"], "tenant": "Late", "type": "VoiceFile",
    } in entries["Script"]  # fmt: skip
    path = round_trip(changed.store.path)
    assert everything(path)["Script", 104].path == "My scripts/A/B"


def test_dbids_are_always_written_and_objects_come_by_tenant_and_dbid(
    changed: EmbeddedServer,
) -> None:
    changed.create("Script", {"tenantDBID": 1, "name": "last", "type": 7})
    entries = listed(changed.store.path)
    assert list(entries) == [
        "apiVersion", "kind", "tenant", "Tenant", "Folder", "Host", "AppPrototype",
        "Application", "Person", "Skill", "AgentGroup", "Script", "Enumerator",
        "EnumeratorValue", "PhysicalSwitch", "Switch", "DN", "AgentLogin", "Place",
    ]  # fmt: skip
    assert [(one.get("tenant"), one["name"], one["dbid"]) for one in entries["Script"]] == [
        ("Environment", "Environment_Chat", 103),
        ("Environment", "last", 104),
        (None, "Inbound_Chat", 101),
        (None, "Inbound_Chat.Routing", 102),
    ]
    round_trip(changed.store.path)


# References


def test_a_reference_that_no_name_leads_to_is_a_dbid(tmp_path: Path) -> None:
    path = site_server(
        tmp_path,
        HEADER
        + """
Person:
  - {employeeID: "Environment:x", dbid: 301, userName: own}
  - {employeeID: x, dbid: 302, userName: other, tenant: Environment}
AgentGroup:
  - {name: Chat, agents: ["Environment:x", {dbid: 302}, "Environment:default"]}
""",
    )
    assert find(path, "AgentGroup", "Chat").attributes["agentDBIDs"] == [301, 302, 100]
    assert listed(path)["AgentGroup"][0]["agents"] == [
        "Environment:x",
        {"dbid": 302},
        "Environment:default",
    ]
    round_trip(path)


def test_what_the_loader_would_add_and_the_server_lacks_is_null(changed: EmbeddedServer) -> None:
    changed.create(
        "Application",
        {"name": "bare", "type": 2, "version": "9", "workDirectory": ".", "commandLine": "."},
    )
    entry = next(one for one in listed(changed.store.path)["Application"] if one["name"] == "bare")
    assert entry == {
        "name": "bare",
        "dbid": 120,
        "type": "StatServer",
        "version": "9",
        "tenants": None,
    }
    round_trip(changed.store.path)


def test_a_backup_comes_back_as_its_primary_made_it(changed: EmbeddedServer) -> None:
    backup = find(changed.store.path, "Application", "Stat_Server_B")
    assert backup.attributes["isPrimary"] is False
    again = find(round_trip(changed.store.path), "Application", "Stat_Server_B")
    assert again.attributes == backup.attributes


# Passwords


def test_passwords_are_carried_over_as_hashes(tmp_path: Path) -> None:
    body = 'Person: [{employeeID: a, userName: a, password: "s3cret word"}]\n'
    path = site_server(tmp_path, HEADER + body)
    assert "s3cret" not in exported(path)
    again = round_trip(path)
    log_in(again, "a", "s3cret word")
    with pytest.raises(LoginIncorrectError):
        log_in(again, "a", "else")


@pytest.mark.parametrize("text", ["plain:00:11", "scrypt:zz:00", "scrypt:00:11", "", "5"])
def test_a_hash_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    body = f"Person:\n  - {{employeeID: a, userName: a, password: {{hash: '{text}'}}}}\n"
    with pytest.raises(
        ManifestError, match=r"site\.yaml:7:34: .*password: the hash is not of the form"
    ):
        site_server(tmp_path, HEADER + body)


# Predefined objects


def test_predefined_objects_are_left_out_where_nobody_changed_them(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Site\nTenant: [{name: Environment}]\n", encoding="utf-8"
    )
    create_server(tmp_path / "gwe.db", tmp_path / "site.yaml")
    assert listed(tmp_path / "gwe.db") == {
        "apiVersion": "reconciler/v1",
        "kind": "Site",
        "tenant": "Environment",
        "Tenant": [{"name": "Environment", "dbid": 1}],
    }
    round_trip(tmp_path / "gwe.db")


def test_a_changed_predefined_object_takes_the_others_place(changed: EmbeddedServer) -> None:
    changed.update("Person", 100, Delta({"password": "new"}))
    added = KeyValueDelta(added={"security": {"on": "true"}})
    changed.update("Application", 99, Delta(key_values={"options": added}))
    entries = listed(changed.store.path)
    assert [one["dbid"] for one in entries["Person"]] == [100, 101, 102, 103, 104]
    assert entries["Application"][0]["options"] == {"security": {"on": "true"}}
    assert entries["Application"][0]["name"] == "confserv"
    assert "predefined" not in entries
    again = round_trip(changed.store.path)
    log_in(again, "default", "new")


def test_a_predefined_object_that_was_deleted_does_not_come_back(changed: EmbeddedServer) -> None:
    changed.delete("Application", 100)
    entries = listed(changed.store.path)
    assert entries["predefined"] is False
    assert entries["Tenant"][0] == {
        "name": "Environment",
        "dbid": 1,
        "permissions": [
            {"group": "EVERYONE", "mask": 9},
            {"group": "Super Administrators", "mask": 127},
        ],
    }
    again = round_trip(changed.store.path)
    assert ("Application", 100) not in everything(again)


def test_a_renamed_predefined_object_keeps_its_dbid(changed: EmbeddedServer) -> None:
    changed.update("Person", 100, Delta({"employeeID": "root", "userName": "root"}))
    again = round_trip(changed.store.path)
    assert find(again, "Person", "root").dbid == 100
    assert len([1 for kind, _ in everything(again) if kind == "Person"]) == 5


# Permissions


def test_permissions_are_carried_over(changed: EmbeddedServer) -> None:
    entries = [AccessEntry("AccessGroup", 99, 127), AccessEntry("Person", 101, 1)]
    changed.set_permissions("Script", 101, entries)
    changed.set_permissions("Folder", 124, entries[1:])
    changed.set_permissions("Tenant", 1, entries[:1])
    script = next(one for one in listed(changed.store.path)["Script"] if one["dbid"] == 101)
    assert script["permissions"] == [
        {"group": "Environment:Super Administrators", "mask": 127},
        {"person": "1001", "mask": 1},
    ]
    with opened(round_trip(changed.store.path)) as server:
        assert server.permissions("Script", 101) == entries
        assert server.permissions("Folder", 124) == entries[1:]
        assert server.permissions("Tenant", 1) == entries[:1]


# The command


def test_the_command_prints_or_writes_what_init_takes(tmp_path: Path) -> None:
    create_server(tmp_path / "gwe.db", BARE)
    printed = gwe("embedded", "export", "gwe.db", cwd=tmp_path)
    assert (printed.code, printed.err) == (0, "")
    written = gwe("embedded", "export", "gwe.db", "--out", "out.yaml", cwd=tmp_path)
    assert (written.code, written.out, written.err) == (0, "Exported gwe.db to out.yaml.\n", "")
    out = tmp_path / "out.yaml"
    assert out.read_text(encoding="utf-8") == printed.out == exported(tmp_path / "gwe.db")
    assert out.stat().st_mode & 0o777 == 0o600
    made = gwe("embedded", "init", "again.db", "--site", "out.yaml", cwd=tmp_path)
    assert made.code == 0
    assert stored(tmp_path / "again.db") == stored(tmp_path / "gwe.db")


def test_the_command_leaves_an_existing_file_alone(tmp_path: Path) -> None:
    create_server(tmp_path / "gwe.db", BARE)
    (tmp_path / "out.yaml").write_text("precious", encoding="utf-8")
    refused = gwe("embedded", "export", "gwe.db", "--out", "out.yaml", cwd=tmp_path)
    assert (refused.code, refused.out) == (64, "")
    assert "out.yaml exists\n" in refused.err
    assert (tmp_path / "out.yaml").read_text(encoding="utf-8") == "precious"


def test_the_command_explains_wrong_paths(tmp_path: Path) -> None:
    create_server(tmp_path / "gwe.db", BARE)
    (tmp_path / "notes.txt").write_text("notes", encoding="utf-8")
    for path, said in (
        ("none.db", "none.db does not exist"),
        (".", "is a folder"),
        ("notes.txt", "notes.txt is not an embedded Configuration Server"),
    ):
        shown = gwe("embedded", "export", path, "--out", "out.yaml", cwd=tmp_path)
        assert (shown.code, shown.out) == (1, "")
        assert said in shown.err
    shown = gwe("embedded", "export", "gwe.db", "--out", "none/out.yaml", cwd=tmp_path)
    assert shown.code == 1
    assert "none/out.yaml cannot be written: No such file or directory" in shown.err
    assert sorted(os.listdir(tmp_path)) == ["gwe.db", "notes.txt"]


def test_members_of_two_types_and_groups_of_places_come_back(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        HEADER
        + """Person: [{employeeID: E1, dbid: 101, userName: anna}]
AccessGroup:
  - {name: E1, dbid: 101}
  - {name: Both, dbid: 102, members: [E1, {type: AccessGroup, name: E1}]}
PlaceGroup: [{name: Places, dbid: 101}]
Campaign: [{name: C, dbid: 101}]
CampaignGroup: [{campaign: C, name: G, dbid: 101, group: Places, groupType: PlaceGroup}]
"""
    )
    path = site_server(tmp_path, site)
    assert listed(path)["AccessGroup"][-1] == {
        "name": "Both",
        "dbid": 102,
        "members": ["E1", {"type": "AccessGroup", "name": "E1"}],
    }
    (group,) = listed(path)["CampaignGroup"]
    assert (group["group"], group["groupType"]) == ("Places", "PlaceGroup")
    with opened(path) as server:
        (both,) = server.read("AccessGroup", {"dbid": 102})
    assert both.attributes["memberIDs"] == [{"type": 3, "DBID": 101}, {"type": 21, "DBID": 101}]
    again = tmp_path / "again"
    again.mkdir()
    (again / "site.yaml").write_text(exported(path))
    assert exported(site_server(again, again / "site.yaml")) == exported(path)


def test_a_member_of_an_unknown_type_is_a_mistake_of_the_site_file(tmp_path: Path) -> None:
    site = tmp_path / "site.yaml"
    site.write_text(
        HEADER + "AccessGroup: [{name: G, dbid: 101, members: [{type: Host, name: default}]}]\n"
    )
    with pytest.raises(
        ManifestError, match=r"type cannot be 'Host'\n  Known: Person, AccessGroup\."
    ):
        site_server(tmp_path, site)
