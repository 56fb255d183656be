"""A run that edits launch files is killed at each of its records, and at each step of the
writing itself; recover settles it, and undo brings every byte back.

At each kind of moment the process is a real one that sends itself SIGKILL; at the others there
are the files of one run at that moment (``tests.moments``). A write is a backup, a new file beside
the old one, and a rename: whatever step it dies in, each launch file is the old one or the
new one, whole.
"""

import errno
import os
import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.apply.recovery.recover import plan_of_run
from reconciler.cli.main import main
from reconciler.launch.files import host_name
from reconciler.launch.folder import Folder
from reconciler.plan.file.codec import plan_json
from reconciler.state.opening import open_store
from reconciler.state.records import (
    ActionOutcome,
    CallBegin,
    CallEnd,
    Record,
    RunFinish,
    RunHead,
)
from tests.engines import on_both_engines
from tests.harness import APP, Result, gwe, site_server
from tests.moments import Moments, found_by_commands
from tests.other_machine import OtherMachine
from tests.runs import Nursery, Place, Strike, copy_run, make_place, once_in_each

CONF, SETENV = "LaunchFile/conf", "LaunchFile/setenv"
MANIFESTS = """\
apiVersion: reconciler/v1
kind: LaunchFile
metadata: {name: conf}
spec: {file: "We b/it's.properties", values: {host: new, port: null}}
---
apiVersion: reconciler/v1
kind: LaunchFile
metadata: {name: setenv}
spec: {file: setenv.sh, values: {PORT: "2020", APP: GWE}}
"""
# File -> its bytes before the run and after it, and its mode.
FILES = {
    "We b/it's.properties": (b"# c\r\nhost : old\r\nport=1\r\n", b"# c\r\nhost : new\r\n", 0o640),
    "setenv.sh": (b"PORT=2025 # c\nX='a b'\n", b"PORT=2020 # c\nX='a b'\nAPP=GWE\n", 0o751),
}
OLD = {path: before for path, (before, _, _) in FILES.items()}
RECORDS = [
    ("run",),
    ("begin", CONF),  # 2
    ("end", 1),
    ("action", CONF),
    ("begin", SETENV),  # 5
    ("end", 2),
    ("action", SETENV),
    ("finish", "applied"),  # 8
]
NOTHING = "Nothing to recover: no run on this server is unfinished here.\n"
SETTLED = "  Recovered. The next plan shows what is left to do."
LEFT = "a new file that was not put in its place was removed"
# Where a run dies -> how many files it has changed by then, and what recover says of it.
DEATHS: list[tuple[Strike, int, list[str]]] = [
    *(
        (strike, 0, [f"{CONF}: update of unknown outcome: it was not done"])
        for strike in (
            *(Strike("record", "after", 2), Strike("backup", "before", 1)),
            *(Strike("backup", "half", 1), Strike("backup", "after", 1)),
            Strike("file", "before", 1),
        )
    ),
    *(
        (strike, 0, [f"{CONF}: update of unknown outcome: it was not done", f"{CONF}: {LEFT}"])
        for strike in (
            *(Strike("file", "half", 1), Strike("file", "after", 1)),
            Strike("rename", "before", 1),
        )
    ),
    *(
        (strike, 1, [f"{CONF}: update of unknown outcome: it was done"])
        for strike in (
            *(Strike("rename", "after", 1), Strike("record", "before", 3)),
            Strike("record", "half", 3),
        )
    ),
    (Strike("record", "after", 3), 1, []),
    (Strike("record", "half", 4), 1, []),
    (Strike("record", "after", 4), 1, []),
    (Strike("record", "half", 5), 1, []),
    (Strike("record", "after", 5), 1, [f"{SETENV}: update of unknown outcome: it was not done"]),
    (
        Strike("rename", "before", 2),
        1,
        [f"{SETENV}: update of unknown outcome: it was not done", f"{SETENV}: {LEFT}"],
    ),
    (Strike("rename", "after", 2), 2, [f"{SETENV}: update of unknown outcome: it was done"]),
    (Strike("record", "before", 6), 2, [f"{SETENV}: update of unknown outcome: it was done"]),
    (Strike("record", "after", 6), 2, []),
    (Strike("record", "after", 7), 2, []),
    (Strike("record", "half", 8), 2, []),
]


class Web:
    """A place, and an installation folder with launch files beside it."""

    def __init__(self, place: Place, nursery: Nursery) -> None:
        self.place = place
        self.root = place.folder / "Web Engagement"
        self._nursery = nursery
        for name, (before, _, mode) in FILES.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(before)
            path.chmod(mode)

    def gwe(self, command: str, *more: str, strike: Strike | None = None) -> Result:
        server = ("--server", f"embedded:{self.place.server}")
        return self._nursery.gwe(command, *server, *more, place=self.place, strike=strike)

    def apply(self, strike: Strike | None = None) -> Result:
        options = ("--app", APP, "-f", "manifests.yaml", "--install-dir", str(self.root))
        return self.gwe("apply", *options, "--auto-approve", strike=strike)

    def undo(self, run: str, strike: Strike | None = None) -> Result:
        return self.gwe("undo", run, "--auto-approve", strike=strike)

    def recovered(self, *more: str) -> list[str]:
        """What recover says, but for the name of the run."""
        result = self.gwe("recover", *more)
        assert (result.code, result.err) == (0, "")
        return result.out.splitlines()[1:]

    def holds(self, changed: int) -> None:
        """Asserts that so many files are changed, the others are as they were, and that
        there is nothing else in the folder."""
        found = {}
        for path in self.root.rglob("*"):
            if path.is_file():
                name = path.relative_to(self.root).as_posix()
                found[name] = (path.read_bytes(), path.stat().st_mode & 0o7777)
        assert found == {
            name: (after if number < changed else before, mode)
            for number, (name, (before, after, mode)) in enumerate(FILES.items())
        }

    def backups(self, run: str) -> dict[str, bytes]:
        """Path of a launch file -> the old content that the run has saved."""
        found = self.place.state.read_run(run).backups
        return {backup.path: self.place.state.backup(backup.digest) for backup in found}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site_server(tmp_path_factory.mktemp("template"))


@pytest.fixture
def web(tmp_path: Path, template: Path, nursery: Nursery, database: str) -> Web:
    return Web(make_place(tmp_path / "place", template, MANIFESTS, database), nursery)


def _in_words(web: Web, run: str) -> list[tuple[object, ...]]:
    return [_words(record) for record in web.place.records(run)]


def _words(record: Record) -> tuple[object, ...]:
    match record:
        case RunHead():
            return ("run",)
        case CallBegin():
            return "begin", record.address
        case CallEnd():
            return "end", record.step
        case ActionOutcome():
            return "action", record.address
        case RunFinish():
            return "finish", record.status


@on_both_engines()
def test_a_run_that_nobody_kills_writes_these_records_and_saves_the_old_contents(web: Web) -> None:
    assert web.apply().code == 0
    web.holds(2)
    (run,) = web.place.runs
    assert _in_words(web, run.name) == RECORDS
    assert web.backups(run.name) == OLD
    assert web.gwe("recover").out == NOTHING


REALLY = [
    *(Strike("record", "after", 2), Strike("record", "half", 3), Strike("record", "before", 6)),
    *(Strike("backup", "half", 1), Strike("file", "half", 1), Strike("rename", "before", 1)),
    *(Strike("rename", "after", 1), Strike("record", "half", 8)),
]


@pytest.fixture(scope="module")
def applies(
    tmp_path_factory: pytest.TempPathFactory, template: Path, nursery: Nursery
) -> tuple[Web, Moments]:
    """Applies that are killed; the place of each is this one."""
    web = Web(make_place(tmp_path_factory.mktemp("stage") / "place", template, MANIFESTS), nursery)
    return web, Moments(web.place, lambda strike: web.apply(strike).code, REALLY)


@on_both_engines("strike, changed, said", DEATHS, ids=lambda strike, *_: str(strike))
def test_a_killed_run_is_recovered_then_taken_back_then_done(
    web: Web, applies: tuple[Web, Moments], strike: Strike, changed: int, said: list[str]
) -> None:
    if web.place.database:
        assert web.apply(strike).code == -9
    else:
        web, moments = applies
        moments.kill(strike)
    _check_is_recovered_taken_back_and_done(web, changed, said)


@once_in_each(lambda web, *told: found_by_commands(web.place, repr(told)))
def _check_is_recovered_taken_back_and_done(web: Web, changed: int, said: list[str]) -> None:
    for number, (name, (before, after, mode)) in enumerate(FILES.items()):
        assert (web.root / name).read_bytes() == (after if number < changed else before)
        assert (web.root / name).stat().st_mode & 0o7777 == mode
    refused = web.apply()
    if changed < len(FILES):  # else there is nothing to write, and to refuse
        assert refused.code == 4
        assert "Run gwe recover first" in refused.err

    assert web.recovered() == [*(f"  {one}" for one in said), SETTLED]
    web.holds(changed)
    (run,) = web.place.runs
    assert (run.finished, run.status) == (True, "recovered")
    saved = web.backups(run.name)
    assert saved == dict([*OLD.items()][: len(saved)])
    assert len(saved) >= changed
    assert web.place.locks() == []
    assert web.gwe("recover").out == NOTHING

    assert web.undo(run.name).code == 0
    web.holds(0)
    assert web.apply().code == 0
    web.holds(2)


@pytest.mark.parametrize(
    ("strike", "changed"),
    [(Strike("rename", "before", 1), 0), (Strike("rename", "after", 1), 1)],
    ids=["before the rename", "after it"],
)
def test_recover_in_reverse_leaves_a_launch_file_to_the_undo(
    web: Web, strike: Strike, changed: int
) -> None:
    """There is nothing half done about a file."""
    assert web.apply(strike).code == -9
    assert web.recovered("--reverse")[-1] == SETTLED
    web.holds(changed)
    (run,) = web.place.runs
    assert web.undo(run.name).code == 0
    web.holds(0)


@on_both_engines(
    "strike, left",
    [
        (Strike("record", "after", 2), 2),
        (Strike("rename", "before", 1), 2),
        (Strike("rename", "after", 1), 1),
        (Strike("record", "before", 3), 1),
        (Strike("record", "after", 5), 1),
        (Strike("record", "before", 6), 0),
    ],
    ids=lambda strike, _: str(strike),
)
def test_a_killed_undo_is_recovered_and_ends_where_the_run_began(
    web: Web, strike: Strike, left: int
) -> None:
    """The undo takes the files back in the other order."""
    assert web.apply().code == 0
    (run,) = web.place.runs
    assert web.undo(run.name, strike).code == -9
    assert web.recovered()[-1] == SETTLED
    web.holds(left)
    assert web.undo(run.name).code == 0
    web.holds(0)


@on_both_engines()
def test_a_recover_that_is_killed_can_be_run_again(web: Web) -> None:
    assert web.apply(Strike("rename", "before", 1)).code == -9
    for number in (1, 2):
        assert web.gwe("recover", strike=Strike("record", "before", number)).code == -9
    again = web.gwe("recover")
    assert (again.code, again.err) == (0, "")
    web.holds(0)
    assert web.apply().code == 0
    web.holds(2)


def test_what_somebody_changed_after_the_crash_is_not_taken_for_the_runs(web: Web) -> None:
    assert web.apply(Strike("record", "before", 3)).code == -9
    path = web.root / "We b/it's.properties"
    theirs = b"# c\r\nhost : theirs\r\n"
    path.write_bytes(theirs)
    assert web.recovered() == [f"  {CONF}: update of unknown outcome: it was done", SETTLED]
    (run,) = web.place.runs
    assert web.undo(run.name).code == 0
    assert path.read_bytes() == b"# c\r\nhost : theirs\r\nport : 1\r\n"


def test_what_somebody_added_after_a_killed_undo_survives_the_redo(web: Web) -> None:
    """The plan of an undo does not say what content it has written."""
    assert web.apply().code == 0
    assert web.undo("last", Strike("rename", "after", 1)).code == -9
    path = web.root / "setenv.sh"
    assert path.read_bytes() == b"PORT=2025 # c\nX='a b'\n"
    path.write_bytes(b"PORT=2025 # c\nX='a b'\n# theirs\n")
    assert web.recovered()[-1] == SETTLED
    assert web.undo("last").code == 0
    assert path.read_bytes() == b"PORT=2020 # c\nX='a b'\n# theirs\nAPP=GWE\n"


def test_a_file_that_is_gone_after_the_crash_is_left_alone(web: Web) -> None:
    assert web.apply(Strike("record", "before", 3)).code == -9
    (web.root / "We b/it's.properties").unlink()
    assert web.recovered() == [f"  {CONF}: update of unknown outcome: it was not done", SETTLED]
    (run,) = web.place.runs
    assert web.undo(run.name).code == 0
    assert not (web.root / "We b/it's.properties").exists()


# Faults that a process lives to tell


def _main(web: Web, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Runs a command in this process, where calls can be made to fail."""
    monkeypatch.chdir(web.place.folder)
    monkeypatch.setenv("GWE_STATE_DIR", str(web.place.state_dir))
    return main([arguments[0], "--server", f"embedded:{web.place.server}", *arguments[1:]])


APPLY = ("apply", "--app", APP, "-f", "manifests.yaml", "--install-dir", "Web Engagement")


def test_a_rename_that_fails_leaves_the_old_file_and_the_run_goes_on(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = os.replace

    def fail(source: str, target: str, **folders: int | None) -> None:
        if target == "it's.properties":
            raise OSError(errno.EIO, "Input/output error")
        real(source, target, **folders)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        assert _main(web, monkeypatch, *APPLY, "--auto-approve") == 5
    told = " ".join(capsys.readouterr().out.split())
    path = "We b/it's.properties"
    assert (
        f"error: LaunchFile/conf: {path} cannot be written and is unchanged: Input/output error"
        in told
    )
    assert "Apply: 1 applied, 1 failed." in told
    (run,) = web.place.runs
    results = [(step.address, step.result) for step in run.steps]
    assert results == [(CONF, "refused"), (SETENV, "answered")]
    assert (web.root / path).read_bytes() == FILES[path][0]
    assert web.apply().code == 0
    web.holds(2)


def test_a_file_that_is_written_but_not_flushed_is_settled_by_recover_and_taken_back(
    web: Web, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = Folder.flush

    def fail(folder: Folder) -> None:
        if folder.name == "it's.properties":
            raise OSError(errno.EIO, "Input/output error")
        real(folder)

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "flush", fail)
        assert _main(web, monkeypatch, *APPLY, "--auto-approve") == 5
    told = " ".join(capsys.readouterr().out.split())
    assert "cannot be flushed to disk, but is written: Input/output error" in told
    web.holds(1)
    assert web.recovered() == [f"  {CONF}: update of unknown outcome: it was done", SETTLED]
    (run,) = web.place.runs
    assert web.undo(run.name).code == 0
    web.holds(0)


def test_what_somebody_writes_behind_the_rename_is_not_taken_for_the_runs(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = web.root / "setenv.sh", Folder.flush

    def write(folder: Folder) -> None:
        real(folder)
        if folder.name == "setenv.sh":
            path.write_bytes(path.read_bytes() + b"# theirs\n")

    with monkeypatch.context() as patch:
        patch.setattr(Folder, "flush", write)
        assert _main(web, monkeypatch, *APPLY, "--auto-approve") == 0
    assert web.undo("last").code == 0
    assert path.read_bytes() == FILES["setenv.sh"][0] + b"# theirs\n"


@pytest.mark.parametrize(
    ("signals", "side", "changed", "recovered"),
    [
        (("SIGINT",), "before", 1, []),
        (("SIGINT",), "after", 1, []),
        (("SIGINT", "SIGINT"), "before", 0, ["was not done"]),
        (("SIGINT", "SIGINT"), "after", 1, ["was done"]),
    ],
)
def test_ctrl_c_at_the_rename_finishes_the_file_or_stops_with_nothing_left_over(
    web: Web, signals: tuple[str, ...], side: str, changed: int, recovered: list[str]
) -> None:
    assert web.apply(Strike("rename", side, 1, signals)).code == 5
    web.holds(changed)
    said = [one for one in web.gwe("recover").out.splitlines() if CONF in one]
    assert said == [f"  {CONF}: update of unknown outcome: it {one}" for one in recovered]
    assert web.undo("last").code == (0 if changed else 64)  # 64: no run has written anything
    web.holds(0)


# Another folder, another host


@pytest.mark.parametrize("command", ["recover", "undo"])
def test_a_run_is_settled_and_taken_back_in_its_own_folder_only(web: Web, command: str) -> None:
    assert web.apply(Strike("record", "before", 3) if command == "recover" else None).code != 1
    (run,) = web.place.runs
    other = web.place.folder / "other"
    shutil.copytree(web.root, other)
    arguments = ["recover"] if command == "recover" else ["undo", run.name, "--auto-approve"]
    (web.place.folder / "gwe.toml").write_text("install_dir = 'other'\n")
    before = web.place.records(run.name)
    refused = web.gwe(*arguments)
    assert refused.code == 3
    assert f"the launch files of run {run.name} are those of " in refused.err
    assert "Name no other folder with GWE_INSTALL_DIR or install_dir" in " ".join(
        refused.err.split()
    )
    assert web.place.records(run.name) == before
    changed = 1 if command == "recover" else 2
    web.holds(changed)
    (web.place.folder / "gwe.toml").unlink()
    assert web.gwe(*arguments).code == 0
    web.holds(1 if command == "recover" else 0)


def _on(web: Web, *arguments: str) -> Result:
    """A command in this process, which may be taken for that of another machine."""
    return gwe(*arguments, "--server", f"embedded:{web.place.server}", cwd=web.place.folder)


def test_on_another_machine_the_servers_part_is_recovered_and_the_files_are_not(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert web.apply(Strike("record", "before", 3)).code < 0
    (run,) = web.place.runs
    with monkeypatch.context() as patched:
        machine = OtherMachine(patched)
        partly = _on(web, "recover")
        assert machine.slept == 120
    assert partly.code == 5
    said = " ".join(partly.err.split())
    assert f"not recovered: {CONF}. Launch files are recovered on their own host," in said
    assert f"Run gwe recover on {run.head.host}; the run's state is " in said
    assert "Waiting 120 s to see that it does nothing there any more." in said
    (left,) = web.place.runs
    assert not left.finished
    assert [step.unknown for step in left.steps] == [True]
    web.holds(1)
    assert web.place.locks() != []
    with monkeypatch.context() as patched:
        OtherMachine(patched)
        options = ("--app", APP, "-f", "manifests.yaml", "--install-dir", str(web.root))
        assert _on(web, "apply", *options, "--auto-approve").code == 4
        # It is the run's host with another id, and somebody says so.
        assert _on(web, "recover", "--same-host").code == 0
    web.holds(1)
    assert web.place.runs[0].finished
    assert web.place.locks() == []


def test_a_run_that_was_writing_no_file_is_recovered_whole_on_another_machine(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert web.apply(Strike("record", "after", 3)).code < 0
    OtherMachine(monkeypatch)
    assert _on(web, "recover").code == 0
    assert web.place.runs[0].finished
    web.holds(1)


def test_launch_files_are_taken_back_on_their_own_machine_only(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert web.apply().code == 0
    (run,) = web.place.runs
    OtherMachine(monkeypatch)
    refused = _on(web, "undo", run.name, "--auto-approve")
    assert refused.code == 3
    said = " ".join(refused.err.split())
    assert f"the run {run.name} wrote launch files on another host, {run.head.host}" in said
    assert f"Run it on {run.head.host}." in said
    web.holds(2)
    assert _on(web, "undo", run.name, "--auto-approve", "--same-host").code == 0
    web.holds(0)


def test_a_host_that_was_renamed_is_the_same_machine(web: Web) -> None:
    assert web.apply(Strike("record", "before", 3)).code < 0
    (run,) = web.place.runs
    old = open_store(str(web.place.state_dir.rename(web.place.folder / "old state")))
    plan = plan_of_run(run)
    host, _, folder = plan.site.installation.partition(":")
    assert host == host_name()
    named = replace(plan.site, installation=f"old-name:{folder}")
    text = plan_json(replace(plan, site=named))
    copy_run(old, web.place.state, run.name, text, host="old-name")
    assert web.gwe("recover").code == 0
    assert web.undo(run.name).code == 0
    web.holds(0)
