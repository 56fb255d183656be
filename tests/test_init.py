"""``gwe init``: a folder to start from, and its update after an upgrade of gwe."""

import errno
import os
import subprocess
from pathlib import Path

import pytest

from reconciler.cli import init_files
from tests.harness import gwe

QUEUE = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata:
  name: Q
# The queue of the site.
spec:
  annex:
    Orchestration:
      application: script:R
"""
MINE = "mine/manifests/web-engagement"


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of manifests that come with a gwe; to change it is to upgrade."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.yaml").write_text(QUEUE.replace("name: Q", f"name: {name}"))
    monkeypatch.setattr(init_files, "bundled_manifests", lambda: folder)
    assert gwe("init", "mine", cwd=tmp_path).code == 0
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.process
def test_a_new_git_repository_becomes_a_site_that_validates(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", "."], cwd=folder, check=True)
    (folder / "README.md").write_text("# Ours\n")
    result = gwe("init", ".", cwd=folder)
    assert (result.code, result.out.splitlines()) == (
        0,
        [
            "Made . with manifests, schemas and gwe.toml.",
            "Next: edit gwe.toml, then gwe validate and gwe plan.",
        ],
    )
    assert (folder / "README.md").read_text() == "# Ours\n"
    ignored = (folder / ".gitignore").read_text().splitlines()
    assert {"*.plan", "*.db", "psdk/", "password*"} <= set(ignored)
    assert gwe("validate", cwd=folder).out == "39 manifests, no problem found.\n"


def test_the_readme_has_a_title_and_three_paragraphs(shipped: Path, tmp_path: Path) -> None:
    title, *paragraphs = (tmp_path / "mine" / "README.md").read_text().strip().split("\n\n")
    assert title.startswith("# ")
    assert len(paragraphs) == 3


@pytest.mark.parametrize("name", ["notes.txt", "manifests", "gwe.toml"])
def test_a_folder_with_files_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / name).touch()
    result = gwe("init", "full", cwd=tmp_path)
    assert (result.code, result.out) == (64, "")
    assert f"full exists and holds {name}" in result.err
    assert [one.name for one in (tmp_path / "full").iterdir()] == [name]


def test_a_folder_that_init_made_is_told_of_update(shipped: Path, tmp_path: Path) -> None:
    result = gwe("init", "mine", cwd=tmp_path)
    assert (result.code, result.out) == (64, "")
    assert "mine was made by gwe init already" in result.err
    assert "gwe init --update mine merges the manifests of this version into it." in result.err


def test_nothing_new_means_nothing_to_do(shipped: Path, tmp_path: Path) -> None:
    edit(tmp_path / MINE / "a.yaml", "script:R", "script:Ours")
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert (result.code, result.out) == (
        0,
        "mine has the manifests and schemas of this version already.\n",
    )
    assert "script:Ours" in (tmp_path / MINE / "a.yaml").read_text()


@pytest.mark.process
def test_an_update_keeps_edits_and_takes_what_is_new(shipped: Path, tmp_path: Path) -> None:
    edit(tmp_path / MINE / "a.yaml", "script:R", "script:Ours")
    edit(shipped / "a.yaml", "name: a", "name: A")
    edit(shipped / "b.yaml", "script:R", "script:New")
    (shipped / "c.yaml").unlink()
    (shipped / "d.yaml").write_text(QUEUE)
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert (result.code, result.out.splitlines()) == (
        0,
        [
            "merged    manifests/web-engagement/a.yaml",
            "updated   manifests/web-engagement/b.yaml",
            "removed   manifests/web-engagement/c.yaml",
            "added     manifests/web-engagement/d.yaml",
            "Next: review the changes (git diff), then gwe validate and gwe plan.",
        ],
    )
    merged = (tmp_path / MINE / "a.yaml").read_text()
    assert "name: A" in merged
    assert "script:Ours" in merged
    assert "script:New" in (tmp_path / MINE / "b.yaml").read_text()
    assert not (tmp_path / MINE / "c.yaml").exists()
    assert (tmp_path / MINE / "d.yaml").read_text() == QUEUE
    again = gwe("init", "--update", "mine", cwd=tmp_path)
    assert "of this version already" in again.out


@pytest.mark.process
def test_lines_that_both_have_changed_are_marked_as_git_marks_them(
    shipped: Path, tmp_path: Path
) -> None:
    edit(tmp_path / MINE / "a.yaml", "script:R", "script:Ours")
    edit(shipped / "a.yaml", "script:R", "script:Theirs")
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert result.code == 1
    assert result.out.splitlines() == [
        "CONFLICT  manifests/web-engagement/a.yaml: line 9",
        "1 file with conflicts: at each of these lines, keep what is right of the text between"
        " <<<<<<< and >>>>>>>, and delete the marks. Then gwe validate.",
    ]
    text = (tmp_path / MINE / "a.yaml").read_text()
    assert "<<<<<<< yours\n      application: script:Ours\n=======\n" in text
    assert "script:Theirs\n>>>>>>> gwe " in text


@pytest.mark.process
def test_conflicts_that_are_left_are_listed_and_nothing_is_merged_into_them(
    shipped: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        edit(tmp_path / MINE / f"{name}.yaml", "script:R", "script:Ours")
        edit(shipped / f"{name}.yaml", "script:R", "script:Theirs")
    assert gwe("init", "--update", "mine", cwd=tmp_path).code == 1
    edit(shipped / "c.yaml", "script:R", "script:New")
    marked = (tmp_path / MINE / "a.yaml").read_text()
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert (result.code, result.out) == (1, "")
    hint = (
        "  Of the text between <<<<<<< and >>>>>>>, keep what is right; then delete these marks.\n"
    )
    assert result.err == (
        f"error: {MINE}/a.yaml:9:1: a merge has left a conflict here\n{hint}"
        f"error: {MINE}/b.yaml:9:1: a merge has left a conflict here\n{hint}"
        "2 problems.\n"
        "Nothing was written, since 2 files still hold conflicts. Solve them, then run gwe init"
        " --update mine again.\n"
    )
    assert (tmp_path / MINE / "a.yaml").read_text() == marked
    assert "script:R" in (tmp_path / MINE / "c.yaml").read_text()


def test_a_gwe_toml_with_a_conflict_is_told_what_the_marks_are(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text(
        'app = "A"\n<<<<<<< HEAD\ntenant = "B"\n=======\ntenant = "C"\n>>>>>>> theirs\n'
    )
    result = gwe("validate", cwd=tmp_path)
    assert result.code == 1
    assert "gwe.toml:2:1: a merge has left a conflict here\n" in result.err


def test_what_the_site_has_removed_or_gwe_no_longer_has_is_said(
    shipped: Path, tmp_path: Path
) -> None:
    (tmp_path / MINE / "a.yaml").unlink()
    edit(shipped / "a.yaml", "script:R", "script:New")
    edit(tmp_path / MINE / "b.yaml", "script:R", "script:Ours")
    (shipped / "b.yaml").unlink()
    lines = gwe("init", "--update", "mine", cwd=tmp_path).out.splitlines()
    assert lines[0].endswith("a.yaml: it has changed in gwe, but you have removed it")
    assert lines[1].endswith("b.yaml: it no longer comes with gwe, and you have edited it")
    assert not (tmp_path / MINE / "a.yaml").exists()
    assert "script:Ours" in (tmp_path / MINE / "b.yaml").read_text()


@pytest.mark.process
def test_without_git_nothing_is_written(shipped: Path, tmp_path: Path) -> None:
    edit(tmp_path / MINE / "b.yaml", "script:R", "script:Ours")
    for name in ("a", "b"):
        edit(shipped / f"{name}.yaml", "script:R", "script:New")
    result = gwe("init", "--update", "mine", cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert (result.code, result.out) == (1, "")
    assert result.err == (
        "error: gwe init --update needs git, which is not installed:"
        " manifests/web-engagement/b.yaml has changed both here and in gwe\n"
        "  Nothing was written. Install git, then run the command again.\n"
    )
    assert "script:R" in (tmp_path / MINE / "a.yaml").read_text()
    assert "script:Ours" in (tmp_path / MINE / "b.yaml").read_text()


@pytest.mark.process
def test_a_git_that_does_not_run_is_not_taken_for_a_merge(shipped: Path, tmp_path: Path) -> None:
    """As on a Mac without its developer tools: the program is there, and exits with 1."""
    edit(tmp_path / MINE / "b.yaml", "script:R", "script:Ours")
    edit(shipped / "b.yaml", "script:R", "script:New")
    git = tmp_path / "git"
    git.write_text("#!/bin/sh\necho 'no developer tools' >&2\nexit 1\n")
    git.chmod(0o755)
    result = gwe("init", "--update", "mine", cwd=tmp_path, env={"PATH": str(tmp_path)})
    assert (result.code, result.out) == (1, "")
    assert "needs git, which does not run (no developer tools): manifests/" in result.err
    assert "script:Ours" in (tmp_path / MINE / "b.yaml").read_text()


def test_a_folder_that_gwe_init_did_not_make_cannot_be_updated(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    result = gwe("init", "--update", "other", cwd=tmp_path)
    assert (result.code, result.out) == (64, "")
    assert "other has no folder .gwe/base" in result.err


def test_a_folder_to_update_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for name, said in (("absent", "does not exist"), ("file", "is a file, not a folder")):
        result = gwe("init", "--update", name, cwd=tmp_path)
        assert result.code == 64
        assert result.err == f"error: {name} {said}\n  Name the folder that gwe init made.\n"


def test_a_folder_that_cannot_be_made_is_told_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = gwe("init", "file/new", cwd=tmp_path)
    assert result.code == 1
    assert "error: file/new cannot be written: Not a directory" in result.err
    assert "Name another path: a part of this one is a file, not a folder." in result.err


@pytest.mark.process
def test_the_line_ends_the_byte_order_mark_and_the_mode_of_a_file_survive_a_merge(
    shipped: Path, tmp_path: Path
) -> None:
    for name in ("a", "b"):
        file = tmp_path / MINE / f"{name}.yaml"
        edited = file.read_text() + ("# Ours.\n" if name == "a" else "")
        file.write_bytes(b"\xef\xbb\xbf" + edited.replace("\n", "\r\n").encode())
        file.chmod(0o640)
        edit(shipped / f"{name}.yaml", f"name: {name}", "name: new")
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert result.out.splitlines()[:2] == [
        "merged    manifests/web-engagement/a.yaml",
        "updated   manifests/web-engagement/b.yaml",
    ]
    for name, end in (("a", "# Ours.\n"), ("b", "")):
        file = tmp_path / MINE / f"{name}.yaml"
        expected = QUEUE.replace("name: Q", "name: new") + end
        assert file.read_bytes() == b"\xef\xbb\xbf" + expected.replace("\n", "\r\n").encode()
        assert file.stat().st_mode & 0o777 == 0o640


def test_an_update_that_cannot_write_a_file_leaves_it_whole_and_says_what_was_written(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        edit(shipped / f"{name}.yaml", "script:R", "script:New")
    full = iter([None, OSError(errno.ENOSPC, "No space left on device")])

    def flush(_: int) -> None:
        if error := next(full):
            raise error

    monkeypatch.setattr("reconciler.files.writing._flush_folder", lambda _: None)
    monkeypatch.setattr(os, "fsync", flush)
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert result.code == 5
    assert result.err == (
        f"error: {MINE}/b.yaml cannot be written: No space left on device\n"
        f"  Written so far: {MINE}/a.yaml.\n"
    )
    assert "script:R" in (tmp_path / MINE / "b.yaml").read_text()


def test_an_update_does_not_wait_at_a_named_pipe(shipped: Path, tmp_path: Path) -> None:
    (tmp_path / MINE / "a.yaml").unlink()
    os.mkfifo(tmp_path / MINE / "a.yaml")
    result = gwe("init", "--update", "mine", cwd=tmp_path)
    assert result.err == (
        f"error: {MINE}/a.yaml cannot be read: it is a named pipe\n"
        "  Nothing was written. Name a regular file, or - to read standard input.\n"
    )
