"""Launch files through plan, apply, drift and undo: nothing but the named values changes.

Each format has a file with comments, odd spacing and values of its own; what is expected of
it is written out.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.kinds.types.files import file_dbid
from reconciler.launch.adapter import FileSpec, LaunchFileAccessError, WithFiles
from reconciler.launch.files import Installation
from reconciler.server.delta import Delta, KeyValueDelta
from tests.conftest import examples
from tests.harness import Result, find, gwe, opened, plan_arguments, site_server

HEAD = "apiVersion: reconciler/v1\nkind: LaunchFile\nmetadata: {name: it}\n"
# Format -> file name, what is there, the manifest's values, what is then there.
FILES: dict[str, tuple[str, bytes, str, bytes]] = {
    "properties": (
        "conf/server.properties",
        b"# who we are\r\napp.name = Old\r\nport:2025\r\nother=1\r\n",
        '{app.name: "New Name", port: "2020", host: "cfg"}',
        b"# who we are\r\napp.name = New Name\r\nport:2020\r\nother=1\r\nhost=cfg\r\n",
    ),
    "ini": (
        "server.ini",
        b"; settings\n[config]\nhost = old ; kept\nport=1\n\n[other]\nhost=x\n",
        '{"[config] port": "2020", "[other] host": "y"}',
        b"; settings\n[config]\nhost = old ; kept\nport=2020\n\n[other]\nhost=y\n",
    ),
    "xml": (
        "server.xml",
        b"<?xml version=\"1.0\"?>\n<server>\n  <!-- c -->\n  <app name='Old'/>\n"
        b"  <host>old</host>\n</server>\n",
        '{"server/app/@name": "A & B", "server/host": "cfg"}',
        b"<?xml version=\"1.0\"?>\n<server>\n  <!-- c -->\n  <app name='A &amp; B'/>\n"
        b"  <host>cfg</host>\n</server>\n",
    ),
    "shell": (
        "setenv.sh",
        b'#!/bin/sh\nexport APP="Old Name" # who\nPORT=2025\nHOME_DIR=$HOME/lib\n',
        '{APP: "It\'s new", PORT: "2020"}',
        b'#!/bin/sh\nexport APP="It\'s new" # who\nPORT=2020\nHOME_DIR=$HOME/lib\n',
    ),
    "batch": (
        "setenv.bat",
        b'@echo off\r\nset "APP=Old Name"\r\nset PORT=2025\r\nrem set PORT=1\r\n',
        '{APP: "New Name", PORT: "2020"}',
        b'@echo off\r\nset "APP=New Name"\r\nset PORT=2020\r\nrem set PORT=1\r\n',
    ),
}


class Place:
    """A server, a manifest and an installation folder with a space in its name."""

    def __init__(self, folder: Path, form: str) -> None:
        name, self.before, values, self.after = FILES[form]
        self.folder = folder
        self.server = site_server(folder)
        self.installation = folder / "Web Engagement"
        self.file = self.installation / name
        self.file.parent.mkdir(parents=True)
        self.file.write_bytes(self.before)
        self.file.chmod(0o640)
        (folder / "m.yaml").write_text(f"{HEAD}spec: {{file: {name}, values: {values}}}\n")

    def run(self, command: str, *more: str) -> Result:
        options = plan_arguments(self.server, "-f", "m.yaml", "--install-dir", self.installation)
        return gwe(command, *options, *more, cwd=self.folder)

    def undo(self) -> Result:
        return gwe("undo", "last", "--auto-approve", cwd=self.folder)


@pytest.mark.parametrize("form", FILES)
def test_only_the_named_values_change_and_undo_brings_every_byte_back(
    form: str, tmp_path: Path
) -> None:
    place = Place(tmp_path, form)
    assert place.run("drift").code == 2
    assert place.file.read_bytes() == place.before
    assert place.run("apply", "--auto-approve").code == 0
    assert place.file.read_bytes() == place.after
    assert place.file.stat().st_mode & 0o777 == 0o640
    assert place.run("drift").code == 0
    assert place.run("plan", "--detailed-exitcode").code == 0
    undone = place.undo()
    assert undone.code == 0, undone.err
    assert place.file.read_bytes() == place.before
    assert place.undo().code == 0
    assert place.file.read_bytes() == place.after


def test_a_launch_file_can_be_had_as_it_was_before_a_run(tmp_path: Path) -> None:
    place = Place(tmp_path, "properties")
    assert place.run("apply", "--auto-approve").code == 0
    run = json.loads(gwe("runs", "--format", "json", cwd=tmp_path).out)["runs"][0]["run"]
    shown = gwe("runs", "show", "last", cwd=tmp_path)
    assert shown.out.splitlines()[-2:] == [
        "        saved  conf/server.properties",
        f"gwe runs file {run} PATH --out FILE writes a saved file as it was.",
    ]

    def ask(path: str, out: str) -> Result:
        return gwe("runs", "file", "last", path, "--out", out, cwd=tmp_path)

    done = ask("conf/server.properties", "old")
    assert (done.code, done.err) == (0, "")
    assert done.out == f"Wrote old: conf/server.properties as it was before run {run}.\n"
    assert (tmp_path / "old").read_bytes() == place.before
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o600
    assert place.file.read_bytes() == place.after

    again = ask("conf/server.properties", "old")
    assert again.code == 64
    assert "old exists\n  Name another file, or remove this one first." in again.err
    other = ask("conf/other", "new")
    assert other.code == 64
    assert f"the run {run} changed no launch file conf/other" in other.err
    assert "It changed conf/server.properties." in other.err
    nowhere = ask("conf/server.properties", "absent/new")
    assert nowhere.code == 1
    assert "absent/new cannot be written: No such file or directory" in nowhere.err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("form", FILES)
def test_undo_keeps_what_somebody_has_added_since(form: str, tmp_path: Path) -> None:
    place = Place(tmp_path, form)
    assert place.run("apply", "--auto-approve").code == 0
    comment = {"xml": b"<!-- theirs -->\n", "batch": b"rem theirs\r\n", "ini": b"; theirs\n"}
    added = comment.get(form, b"# theirs\n")
    place.file.write_bytes(place.file.read_bytes() + added)
    undone = place.undo()
    assert undone.code == 0, undone.err
    assert place.file.read_bytes() == place.before + added


def test_undo_leaves_a_file_out_that_is_gone(tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    assert place.run("apply", "--auto-approve").code == 0
    place.file.unlink()
    undone = place.undo()
    assert (undone.code, undone.err) == (0, "")
    assert "\n  s it  skipped: there is no file setenv.sh\n" in undone.out
    assert "Nothing to do: 1 skipped." in undone.out
    assert not place.file.exists()


def test_a_saved_plan_is_refused_where_the_file_has_changed(tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    assert place.run("plan", "--out", "p.plan").code == 0
    place.file.write_bytes(place.before.replace(b"2025", b"2026"))
    refused = gwe("apply", "p.plan", "--auto-approve", cwd=tmp_path)
    assert refused.code == 4
    assert "LaunchFile/it: /values/shell/PORT was 2025 and is 2026 now" in refused.err
    place.file.write_bytes(place.before)
    assert gwe("apply", "p.plan", "--auto-approve", cwd=tmp_path).code == 0
    assert place.file.read_bytes() == place.after


def test_a_saved_plan_belongs_to_its_installation_folder(tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    assert place.run("plan", "--out", "p.plan").code == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "setenv.sh").write_bytes(place.before)
    refused = gwe("apply", "p.plan", "--auto-approve", "--install-dir", other, cwd=tmp_path)
    assert refused.code == 4
    assert "the launch files are now those in" in refused.err
    assert (other / "setenv.sh").read_bytes() == place.before


def test_without_an_installation_folder_launch_files_are_a_notice(tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    done = gwe("plan", *plan_arguments(place.server, "-f", "m.yaml"), cwd=tmp_path)
    assert done.code == 0
    assert "LaunchFile/it: skipped, no installation folder was named" in " ".join(done.out.split())
    assert "Nothing to do" in done.out


def test_a_file_that_is_not_there_is_skipped(tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    place.file.unlink()
    done = place.run("apply", "--auto-approve")
    assert done.code == 0
    assert "there is no file setenv.sh" in done.out
    assert not place.file.exists()


@pytest.mark.parametrize("path", ["../setenv.sh", "/etc/passwd", "a/../../x.sh"])
def test_a_path_that_leaves_the_folder_is_refused(path: str, tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    (tmp_path / "setenv.sh").write_bytes(place.before)
    (tmp_path / "m.yaml").write_text(f"{HEAD}spec: {{file: {path}, values: {{PORT: '1'}}}}\n")
    refused = place.run("apply", "--auto-approve")
    assert refused.code != 0
    assert "Traceback" not in refused.err
    assert (tmp_path / "setenv.sh").read_bytes() == place.before


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    place = Place(tmp_path, "shell")
    outside = tmp_path / "outside.sh"
    outside.write_bytes(place.before)
    place.file.unlink()
    place.file.symlink_to(outside)
    refused = place.run("apply", "--auto-approve")
    assert refused.code != 0
    assert outside.read_bytes() == place.before


def test_a_launch_file_that_cannot_be_written_is_no_reason_to_leave_the_objects_out(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, "shell")
    place.file.chmod(0o444)
    with (tmp_path / "m.yaml").open("a") as file:
        file.write(
            "---\napiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Later}\n"
            "spec: {annex: {a: {b: c}}}\n"
        )
    done = place.run("apply", "--auto-approve")
    assert done.code == 5
    assert "error: LaunchFile/it: setenv.sh is read-only\n  Make it writable first.\n" in done.out
    assert "Apply: 1 applied, 1 failed." in done.out
    assert place.file.read_bytes() == place.before
    assert find(place.server, "Script", "Later").attributes["userProperties"] == {"a": {"b": "c"}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"A='x\n", "setenv.sh: "),
        (None, f"setenv.sh: {'{root}'}/setenv.sh is a link, which could lead out of the folder"),
    ],
    ids=["not of its format", "a link"],
)
def test_an_error_about_a_launch_file_names_it_once(
    content: bytes | None, message: str, tmp_path: Path
) -> None:
    place = Place(tmp_path, "shell")
    if content is None:
        place.file.unlink()
        place.file.symlink_to("elsewhere")
    else:
        place.file.write_bytes(content)
    refused = place.run("plan")
    assert refused.code == 1
    told = " ".join(refused.err.split())
    assert told.startswith(f"error: {message.format(root=place.installation)}")
    assert "setenv.sh: setenv.sh" not in told


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{file: a.txt, values: {a: b}}", "the format of a.txt cannot be told from its suffix"),
        ("{file: a.sh, format: yaml, values: {a: b}}", "format cannot be"),
        ("{file: a.sh, values: {}}", "values is empty"),
        ("{file: a.sh}", "the manifest needs values in spec or initial"),
    ],
)
def test_a_wrong_manifest_is_explained(spec: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(f"{HEAD}spec: {spec}\n")
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert refused.code == 1
    assert message in refused.err


_VALUES = (
    st.text(
        st.characters(min_codepoint=32, max_codepoint=0x17F, exclude_characters="\x7f\x85\xa0\xad"),
        min_size=1,
        max_size=12,
    )
    .map(str.strip)
    .filter(bool)
)
_KEYS = {
    "properties": "app.name",
    "ini": "[config] port",
    "xml": "server/host",
    "shell": "APP",
    "batch": "APP",
}


@pytest.mark.parametrize("form", FILES)
@settings(max_examples=examples(120, share=8))
@given(value=_VALUES)
def test_any_value_goes_in_and_comes_back_out(
    form: str, value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Through the port: what is written is read, and the old content brings every byte
    back. A value that the format cannot hold changes nothing."""
    name, before, _, _ = FILES[form]
    folder = tmp_path_factory.mktemp("inst")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(before)
    key = _KEYS[form]
    spec = FileSpec(name, form, (key,))
    with opened(_server(tmp_path_factory)) as inner:
        server = WithFiles(inner, Installation.at(folder), [spec], lambda *_: None)
        (old,) = server.read("LaunchFile")
        change = KeyValueDelta(changed={form: {key: value}})
        if old.attributes["values"][form][key] == value:
            return
        try:
            new = server.update("LaunchFile", file_dbid(name), Delta(key_values={"values": change}))
        except LaunchFileAccessError:
            assert (folder / name).read_bytes() == before
            return
        assert new.attributes["values"] == {form: {key: value}}
        back = Delta(values={"content": old.attributes["content"]})
        assert server.update("LaunchFile", file_dbid(name), back) == old
        assert (folder / name).read_bytes() == before


_SERVERS: list[Path] = []


def _server(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One server file for all examples: the files are beside it."""
    if not _SERVERS:
        _SERVERS.append(site_server(tmp_path_factory.mktemp("server")))
    return _SERVERS[0]
