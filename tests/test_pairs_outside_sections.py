"""Pairs of a key-value list that are outside any section: no manifest declares them, nothing
loses them in silence."""

from pathlib import Path

import pytest

from tests.harness import APP, BARE, everything, gwe, plan_arguments, site_server

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
AgentGroup:
  - name: Chat
    annex:
      "": {{loose: a, number: 7, bytes: {{binary: 00ff}}}}
      section: {{key: b}}
"""
GROUP = (
    f"{HEAD}kind: AgentGroup\nmetadata: {{name: Chat}}\nspec: {{annex: {{section: {{key: c}}}}}}\n"
)
LOOSE = {"loose": "a", "number": 7, "bytes": b"\0\xff"}


def annex(server: Path) -> dict[str, dict[str, object]]:
    (group,) = [one for one in everything(server).values() if one.type == "AgentGroup"]
    found: dict[str, dict[str, object]] = group.attributes["userProperties"]
    return found


def test_a_site_file_has_them_under_the_empty_name_and_an_export_too(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    assert annex(server) == {"": LOOSE, "section": {"key": "b"}}
    exported = gwe("embedded", "export", server, cwd=tmp_path)
    (tmp_path / "again").mkdir()
    assert annex(site_server(tmp_path / "again", exported.out)) == annex(server)


def test_an_update_leaves_them(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(GROUP, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml")
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 0
    assert annex(server) == {"": LOOSE, "section": {"key": "c"}}


def test_a_replace_says_what_it_loses_and_an_undo_brings_it_back(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(GROUP, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml")
    shown = gwe("plan", *options, "--overwrite", cwd=tmp_path)
    assert "        - annex//loose: a\n" in shown.out
    done = gwe("apply", *options, "--overwrite", "--auto-approve", "--force", cwd=tmp_path)
    assert done.code == 0, done
    assert annex(server) == {"section": {"key": "c"}}
    undone = gwe("undo", "last", *plan_arguments(server), "--auto-approve", cwd=tmp_path)
    assert undone.code == 0, undone
    assert annex(server) == {"": LOOSE, "section": {"key": "b"}}


def test_an_export_to_manifests_says_that_it_leaves_them_out(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    where = ("--server", f"embedded:{server}", "--app", APP)
    shown = gwe("export", "-", "--kind", "AgentGroup", *where, cwd=tmp_path)
    assert "loose" not in shown.out
    assert "annex//loose" in shown.err


@pytest.mark.parametrize("block", ["spec", "initial"])
def test_a_manifest_cannot_declare_them(tmp_path: Path, block: str) -> None:
    text = f'{HEAD}kind: AgentGroup\nmetadata: {{name: A}}\n{block}: {{annex: {{"": {{a: b}}}}}}\n'
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    shown = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert shown.code == 1
    assert "the name of a section or option is empty" in shown.err
