"""Names that no manifest may have unless it means them exactly: ``metadata.exact``."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.kinds.names import name_advice
from reconciler.server.embedded.adapter import EmbeddedServer
from tests.conftest import examples
from tests.harness import APP, BARE, find, gwe, opened, plan_arguments, site_server
from tests.test_export_to_manifests import (
    ALL,
    EMPTY,
    SITE,
    apply_all,
    check_nothing_is_left_to_do,
    export,
    opened_site,
    secrets_of,
)

QUEUE = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: "%s"%s}
"""


def plan(server: Path, *manifests: str, command: str = "plan", code: int = 0) -> str:
    (server.parent / "m.yaml").write_text("---\n".join(manifests), encoding="utf-8")
    more = ("--auto-approve",) if command == "apply" else ()
    done = gwe(command, *plan_arguments(server, "-f", "m.yaml", *more), cwd=server.parent)
    assert done.code == code, done
    return " ".join((done.out + done.err).split())


@pytest.mark.parametrize(
    "name",
    ["Sales ", " Sales", "Sa\\u200bles", "Sales\\ufe0f", "S\\u0378", "Sa\\x7fles", "a\\nb", "  "],
)
def test_a_name_that_nobody_can_read_is_written_where_it_is_meant(
    tmp_path: Path, name: str
) -> None:
    server = site_server(tmp_path)
    assert "metadata.name" in plan(server, QUEUE % (name, ""), code=1)
    plan(server, QUEUE % (name, ", exact: true"), command="apply")
    written = name.encode().decode("unicode_escape")
    assert find(server, "Script", written).attributes["name"] == written
    assert "1 in sync" in plan(server, QUEUE % (name, ", exact: true"))


@pytest.mark.parametrize(
    ("name", "todo"), [("Sales ", "Write it without."), (" ", "Write the name.")]
)
def test_the_advice_about_a_name_fits_its_problem(name: str, todo: str) -> None:
    assert name_advice(name).startswith(todo)


def test_exact_false_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    assert "has blanks around it" in plan(
        site_server(tmp_path), QUEUE % ("Sales ", ", exact: false"), code=1
    )


def test_an_object_beside_a_name_that_is_alike_is_created_where_it_is_meant(
    tmp_path: Path,
) -> None:
    server = site_server(tmp_path)
    plan(server, QUEUE % ("Sales", ""), command="apply")
    assert "differs from 'sales' only in case" in plan(server, QUEUE % ("sales", ""), code=3)
    plan(server, QUEUE % ("sales", ", exact: true"), command="apply")
    names = {one.attributes["name"] for one in opened_scripts(server)}
    assert {"Sales", "sales"} <= names


def opened_scripts(path: Path) -> list[Any]:
    with opened(path) as server:
        return server.read("Script")


def test_two_manifests_of_alike_names_need_the_word_in_one_of_them(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    exact, plain = QUEUE % ("sales", ", exact: true"), QUEUE % ("Sales", "")
    assert "is declared twice" in plan(server, QUEUE % ("sales", ""), plain, code=1)
    assert "2 to create" in plan(server, exact, plain)
    assert "is declared twice" in plan(server, exact, exact, code=1)
    assert "is declared twice" in plan(server, exact, QUEUE % ("sales", ""), code=1)


ATTRIBUTES = """
Enumerator:
  - {name: First, displayName: Second, type: 4}
  - {name: Second, displayName: Third, type: 4}
EnumeratorValue:
  - {attribute: Second, name: inside, displayName: Inside}
"""
VALUE = """\
apiVersion: reconciler/v1
kind: BusinessAttributeValue
metadata: {attribute: Second, name: new%s}
spec: {displayName: New}
"""


def test_a_business_attribute_is_found_by_its_name_where_that_is_meant(tmp_path: Path) -> None:
    site = "apiVersion: reconciler/v1\nkind: Site\ntenant: Resources\nextends: %s\n%s"
    server = site_server(tmp_path, site % (BARE, ATTRIBUTES))
    assert "is the name or the display name of" in plan(server, VALUE % "", code=3)
    plan(server, VALUE % ", exact: true", command="apply")
    second = find(server, "Enumerator", "Second").dbid
    assert find(server, "EnumeratorValue", "new").attributes["enumeratorDBID"] == second


HOSTILE = [
    ("Script", {"tenantDBID": 101, "name": "Sales ", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": "Sales", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": "sales", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": "Zero\u200bwidth", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": "cafe\u0301", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": "caf\u00e9", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": "two\nlines", "type": 23}),
    ("Script", {"tenantDBID": 101, "name": " ", "type": 23}),
    ("Skill", {"tenantDBID": 101, "name": "Blank", "userProperties": {" s ": {"o\t": " v "}}}),
    ("Enumerator", {"tenantDBID": 101, "name": "First", "displayName": "Second", "type": 4}),
    ("Enumerator", {"tenantDBID": 101, "name": "Second", "displayName": "Third ", "type": 4}),
    ("Enumerator", {"tenantDBID": 101, "name": "third", "displayName": "First", "type": 4}),
]


def hostile(server: EmbeddedServer) -> None:
    for object_type, attributes in HOSTILE:
        server.create(object_type, attributes)
    (second,) = server.read("Enumerator", {"name": "Second"})
    for name in ("value", "Value", "value "):
        attributes = {"tenantDBID": 101, "enumeratorDBID": second.dbid, "name": name}
        server.create("EnumeratorValue", {**attributes, "displayName": name, "isDefault": False})


def test_every_name_that_a_server_holds_is_exported_planned_empty_and_comes_back(
    tmp_path: Path,
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    with (
        opened(site_server(tmp_path / "one", SITE)) as server,
        opened(site_server(tmp_path / "other", EMPTY)) as empty,
    ):
        before = export(server, APP, ALL).omissions
        hostile(server)
        made = check_nothing_is_left_to_do(server, APP, ALL)
        assert made.omissions == before
        apply_all(made, empty, APP, secrets_of(made, server, APP))
        assert export(empty, APP, ALL).files == made.files
        names = {one.attributes["name"] for one in empty.read("Script")}
    assert {"Sales ", "Sales", "sales", "Zero\u200bwidth", "cafe\u0301", "caf\u00e9", " "} <= names


def test_the_word_stands_only_where_it_is_needed(tmp_path: Path) -> None:
    """An object that is refused for another reason is exported as without it."""
    with opened(site_server(tmp_path, SITE)) as server:
        annex = {"Orchestration": {"application": "script:Nowhere", "other": "1"}}
        plain = {"tenantDBID": 101, "name": "Plain", "type": 23, "userProperties": annex}
        server.create("Script", plain)
        server.create("Script", {**plain, "name": "Blank "})
        made = check_nothing_is_left_to_do(server, APP, ALL)
    queues = made.files["interaction-queue.yaml"].split("---\n")
    (of_plain,) = (one for one in queues if "name: Plain" in one)
    (of_blank,) = (one for one in queues if "Blank" in one)
    assert "exact" not in of_plain
    assert "exact: true" in of_blank
    refused = {one.address: one.reason for one in made.omissions if "Nowhere" in one.reason}
    assert sorted(refused) == ["InteractionQueue/Blank%20", "InteractionQueue/Plain"]


# Few characters, so that names often are alike: case, blanks, Unicode forms, and what is unseen.
NAMES = st.lists(
    st.text("aA\u00e9e\u0301 \u00a0\u200b\t\n/:*$#'{", min_size=1, max_size=4),
    min_size=1,
    max_size=4,
    unique=True,
)


@pytest.mark.long
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=examples(24, share=8))
@given(NAMES, NAMES, NAMES)
def test_whatever_objects_are_called_they_are_exported_and_come_back(
    scripts: list[str], attributes: list[str], values: list[str]
) -> None:
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        opened_site(one, SITE) as server,
        opened_site(other, EMPTY) as empty,
    ):
        before = export(server, APP, ALL).omissions
        for name in scripts:
            annex = {name: {name: name}}
            script = {"tenantDBID": 101, "name": name, "type": 23, "userProperties": annex}
            server.create("Script", script)
        for name, shown in zip(attributes, reversed(attributes), strict=True):
            attribute = {"tenantDBID": 101, "name": name, "displayName": shown, "type": 4}
            made = server.create("Enumerator", attribute)
            for value in values:
                server.create(
                    "EnumeratorValue",
                    {
                        "tenantDBID": 101,
                        "enumeratorDBID": made.dbid,
                        "name": value,
                        "displayName": shown,
                        "isDefault": False,
                    },
                )
        exported = check_nothing_is_left_to_do(server, APP, ALL)
        assert exported.omissions == before
        apply_all(exported, empty, APP, secrets_of(exported, server, APP))
        assert export(empty, APP, ALL).files == exported.files
