"""Manifests of kind Object, and what manifests of persons say and do not say."""

from pathlib import Path

from tests.harness import APP, find, gwe, plan_arguments, site_server

PERSON = """
apiVersion: reconciler/v1
kind: Person
metadata: {employeeID: "7001"}
spec: {userName: jan, password: {secret: true, from: env.JAN}}
"""


def _validated(tmp_path: Path, text: str) -> str:
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    checked = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert checked.code == 1
    return checked.err


def test_a_type_with_a_kind_of_its_own_is_refused_with_the_name_of_that_kind(
    tmp_path: Path,
) -> None:
    text = "apiVersion: reconciler/v1\nkind: Object\nmetadata: {type: Enumerator, name: A}\n"
    assert "Write kind: BusinessAttribute." in _validated(tmp_path, text)


def test_an_unknown_type_is_refused_with_the_types_that_are_known(tmp_path: Path) -> None:
    text = "apiVersion: reconciler/v1\nkind: Object\nmetadata: {type: TimeZon, name: A}\n"
    said = _validated(tmp_path, text)
    assert "no object type TimeZon can be described; did you mean TimeZone?" in said
    assert "DN, AgentLogin" in said


def test_an_option_that_is_no_integer_and_no_base64_is_reported_at_its_place(
    tmp_path: Path,
) -> None:
    text = (
        "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: A}\n"
        "spec: {annex: {s: {a: {integer: x}, b: {binary: '*'}}}}\n"
    )
    said = _validated(tmp_path, text)
    assert "m.yaml:4:24: integer must be a whole number" in said
    assert "binary must be bytes in Base64" in said


def test_a_password_is_set_once_shown_nowhere_and_never_compared(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    (tmp_path / "m.yaml").write_text(PERSON, encoding="utf-8")
    arguments = plan_arguments(server, "-f", "m.yaml", app=APP)
    env = {"JAN": "correct-horse"}
    planned = gwe("plan", *arguments, "--out", "p.json", cwd=tmp_path, env=env)
    assert planned.code == 0
    assert "password: (secret)" in planned.out
    assert "correct-horse" not in planned.out + (tmp_path / "p.json").read_text("utf-8")
    applied = gwe("apply", *arguments, "--auto-approve", cwd=tmp_path, env=env)
    assert (applied.code, "rewrote" in applied.out) == (0, False)
    assert find(server, "Person", "7001").attributes["userName"] == "jan"
    drift = gwe("drift", *arguments, cwd=tmp_path, env={"JAN": "another"})
    assert (drift.code, "1 in sync" in drift.out) == (0, True)
    undo = gwe("undo", "last", "--server", f"embedded:{server}", "--auto-approve", cwd=tmp_path)
    assert undo.code == 0
    assert "its password: nobody can read it, and no undo restores it" in undo.out


def test_a_person_is_corrected_and_never_replaced(tmp_path: Path) -> None:
    said = _validated(tmp_path, PERSON + "policy: {overwrite: replace}\n")
    assert "Expected: one of correct, keep." in said


def _planned(tmp_path: Path, text: str) -> str:
    """The text of a plan that something blocks."""
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    planned = gwe("plan", "-f", "m.yaml", *plan_arguments(site_server(tmp_path)), cwd=tmp_path)
    assert planned.code == 3
    return " ".join(planned.out.split())


def test_what_refers_to_an_object_that_is_blocked_is_blocked_too(tmp_path: Path) -> None:
    text = """
apiVersion: reconciler/v1
kind: Skill
metadata: {name: Chat, folder: Nowhere}
---
apiVersion: reconciler/v1
kind: Person
metadata: {employeeID: "2001"}
spec: {userName: x.y, isAgent: true, skills: [{skill: Chat}]}
---
apiVersion: reconciler/v1
kind: AccessGroup
metadata: {name: Staff}
spec: {members: [{name: "2001"}]}
"""
    said = _planned(tmp_path, text)
    assert "! 2001 blocked: it refers to Skill/Chat, which is blocked" in said
    assert "! Staff blocked: it refers to Person/2001, which is blocked" in said


def test_no_manifest_manages_the_lock_or_takes_a_script_from_its_own_kind(tmp_path: Path) -> None:
    text = """
apiVersion: reconciler/v1
kind: Transaction
metadata: {name: gwe-reconciler.lock, type: List}
spec: {alias: gwe-reconciler.lock}
---
apiVersion: reconciler/v1
kind: Script
metadata: {name: Chat}
spec: {type: InteractionQueue}
"""
    said = _planned(tmp_path, text)
    assert "blocked: Lists whose names begin with gwe-reconciler. are gwe's own" in said
    assert "declare it as kind InteractionQueue" in said
