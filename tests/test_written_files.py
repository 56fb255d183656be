"""What a command that writes files says where Ctrl-C or an error ends it: which it has written."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.cli.export_folder import RECORD, write_folder
from tests.harness import APP, VENDOR, Result, gwe, site_server

QUEUE = "apiVersion:   reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Q}\n"
AGAIN = "  If anything is missing, run the command again.\n"
Strike = Callable[[int], None]


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Strike:
    """Ctrl-C comes when that many files have got their content."""
    replace = os.replace

    def strike(count: int) -> None:
        left = [count]

        def struck(*names: str) -> None:
            replace(*names)
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", struck)

    return strike


def messy(folder: Path) -> None:
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.yaml").write_text(QUEUE)


def export(folder: Path, *more: str) -> Result:
    where = ("--server", "embedded:gwe.db", "--app", APP)
    return gwe("export", "site", *where, *more, cwd=folder)


def test_ctrl_c_between_files_names_those_that_were_formatted(
    tmp_path: Path, interrupt: Strike
) -> None:
    messy(tmp_path / "m")
    interrupt(2)
    done = gwe("fmt", "m", cwd=tmp_path)
    assert done.code == 5
    assert done.err.endswith(f"error: interrupted; written so far: m/a.yaml, m/b.yaml\n{AGAIN}")
    assert (tmp_path / "m" / "c.yaml").read_text() == QUEUE


def test_ctrl_c_before_the_first_file_says_that_nothing_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    messy(tmp_path / "m")

    def struck(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", struck)
    done = gwe("fmt", "m", cwd=tmp_path)
    assert (done.code, done.err.strip()) == (1, "Interrupted; nothing was written.")
    assert sorted(os.listdir(tmp_path / "m")) == ["a.yaml", "b.yaml", "c.yaml"]


@pytest.mark.parametrize(
    ("arguments", "count", "written"),
    [
        (("init", "mine"), 9, "mine"),
        (("schema", "--write", "--dir", "new/schemas"), 2, "new"),
        (("schema", "--write", "--dir", "there"), 1, "there/manifest.schema.json"),
        (("drop-in", "install", "there"), 1, "there/webengagement_provisioning.sh"),
        (("plan", "-f", "bundled", "--out", "site.plan"), 1, "site.plan"),
        (("plan", "-f", "bundled", "--format", "html", "--out", "p.html"), 1, "p.html"),
        (("embedded", "export", "gwe.db", "--out", "site.yaml"), 1, "site.yaml"),
    ],
    ids=lambda value: "-".join(value[:1]) if isinstance(value, tuple) else "",
)
def test_whatever_writes_files_names_them_when_ctrl_c_ends_it(
    tmp_path: Path, interrupt: Strike, arguments: tuple[str, ...], count: int, written: str
) -> None:
    (tmp_path / "there").mkdir()
    site_server(tmp_path)
    interrupt(count)
    named = {"GWE_SERVER": "embedded:gwe.db", "GWE_APP": APP}
    done = gwe(*arguments, cwd=tmp_path, env=named)
    assert done.code == 5
    assert done.err.endswith(f"error: interrupted; written so far: {written}\n{AGAIN}")


def test_ctrl_c_in_the_demo_names_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def struck(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.cli.demo._tamper", struck)
    done = gwe("demo", "--dir", "try", cwd=tmp_path)
    assert done.code == 5
    assert done.err.endswith(f"error: interrupted; written so far: try\n{AGAIN}")


def test_ctrl_c_in_a_snapshot_names_the_file_that_is_continued(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site_server(tmp_path)

    def struck(*_: object) -> None:
        raise KeyboardInterrupt

    command = ("snapshot", "copy.db", "--from", "embedded:gwe.db")
    with monkeypatch.context() as patched:
        patched.setattr("reconciler.server.embedded.copies.ServerCopy.findings", struck)
        done = gwe(*command, cwd=tmp_path)
    assert done.code == 5
    assert done.err.endswith(f"error: interrupted; written so far: copy.db.partial\n{AGAIN}")
    assert gwe(*command, cwd=tmp_path).code == 0


def test_an_init_that_was_cut_off_is_finished_by_the_same_command(
    tmp_path: Path, interrupt: Strike
) -> None:
    assert gwe("init", "whole", cwd=tmp_path).code == 0
    for count in (1, 4, 20):
        interrupt(count)
        assert gwe("init", f"cut{count}", cwd=tmp_path).code == 5
    interrupt(0)
    for count in (1, 4, 20):
        assert gwe("init", f"cut{count}", cwd=tmp_path).code == 0
        assert contents(tmp_path / f"cut{count}") == contents(tmp_path / "whole")


def test_an_update_that_was_cut_off_is_finished_by_the_same_command(
    tmp_path: Path, interrupt: Strike
) -> None:
    """Also where what was cut off is the last part of gwe init."""
    assert gwe("init", "whole", cwd=tmp_path).code == 0
    interrupt(len(contents(tmp_path / "whole")) - 3)
    assert gwe("init", "cut", cwd=tmp_path).code == 5
    interrupt(0)
    refused = gwe("init", "cut", cwd=tmp_path)
    assert "gwe init --update cut merges" in refused.err
    assert gwe("init", "--update", "cut", cwd=tmp_path).code == 0
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_an_export_that_was_cut_off_is_made_again_although_the_server_has_changed(
    tmp_path: Path, interrupt: Strike, count: int
) -> None:
    """``count``: the record that announces the files, two files, the record of what was written."""
    folder = tmp_path / "site"
    write_folder(folder, {"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"}, merge=False)
    interrupt(count)
    with pytest.raises(KeyboardInterrupt):
        write_folder(folder, {"a.yaml": "a: 2\n", "b.yaml": "b: 2\n"}, merge=True)
    interrupt(0)
    results = write_folder(folder, {"a.yaml": "a: 3\n", "b.yaml": "b: 3\n"}, merge=True)
    assert [one.word for one in results] == ["updated", "updated"]
    assert (folder / "a.yaml").read_text() + (folder / "b.yaml").read_text() == "a: 3\nb: 3\n"
    (folder / "a.yaml").write_text("a: 2\n")
    again = write_folder(folder, {"a.yaml": "a: 4\n", "b.yaml": "b: 4\n"}, merge=True)
    assert [one.word for one in again] == ["kept", "updated"]


def test_ctrl_c_in_an_export_names_the_files_of_the_export(
    tmp_path: Path, interrupt: Strike
) -> None:
    site_server(tmp_path, VENDOR)
    (tmp_path / "site").mkdir()
    interrupt(2)
    done = export(tmp_path, "--kind", "InteractionQueue")
    assert done.code == 5
    names = f"site/{RECORD}, site/interaction-queue.yaml"
    assert done.err.endswith(f"error: interrupted; written so far: {names}\n{AGAIN}")


@pytest.mark.parametrize("name", [RECORD, "interaction-queue.yaml"])
def test_an_export_does_not_wait_at_a_named_pipe(tmp_path: Path, name: str) -> None:
    site_server(tmp_path, VENDOR)
    (tmp_path / "site").mkdir()
    os.mkfifo(tmp_path / "site" / name)
    done = export(tmp_path, "--kind", "InteractionQueue")
    assert done.code == 1
    assert f"error: site/{name} cannot be " in done.err
    assert os.listdir(tmp_path / "site") == [name]


def test_a_link_in_the_folder_of_an_export_leads_no_manifest_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_folder(folder, {"a.yaml": "a: 1\n"}, merge=False)
    (folder / "a.yaml").rename(tmp_path / "elsewhere.yaml")
    (folder / "a.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    (result,) = write_folder(folder, {"a.yaml": "a: 2\n"}, merge=True)
    assert result.word == "kept"
    assert (tmp_path / "elsewhere.yaml").read_text() == "a: 1\n"


def test_the_rights_of_what_is_written_are_those_of_before_or_the_usual(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    before = os.umask(0o027)
    try:
        write_folder(folder, {"a.yaml": "a: 1\n"}, merge=False)
        assert (folder / "a.yaml").stat().st_mode & 0o777 == 0o640
        (folder / "a.yaml").chmod(0o600)
        write_folder(folder, {"a.yaml": "a: 2\n"}, merge=True)
    finally:
        os.umask(before)
    assert (folder / "a.yaml").stat().st_mode & 0o777 == 0o600
