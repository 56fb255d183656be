"""The file adapter: inside its folder only, and whatever happens, nothing is lost."""

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconciler.errors import ExitCode, JournalError
from reconciler.launch import files as files_module
from reconciler.launch import folder as folder_module
from reconciler.launch.adapter import installation_label
from reconciler.launch.errors import (
    ChangedLaunchFileError,
    LaunchFileError,
    LaunchPathError,
    MissingLaunchFileError,
    UnflushedLaunchFileError,
)
from reconciler.launch.files import Installation, host_name
from reconciler.launch.formats import Format, edit

OLD = b"host = old\r\nport = 1\r\n"
NEW = b"host = new\r\nport = 1\r\n"


@pytest.fixture(params=[True, False], ids=["relative opens", "paths only"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Installation:
    """A folder with conf/launcher.properties, and a file outside of it."""
    (tmp_path / "web/conf").mkdir(parents=True)
    (tmp_path / "web/conf/launcher.properties").write_bytes(OLD)
    (tmp_path / "secret.properties").write_bytes(b"outside\n")
    root = Installation.at(tmp_path / "web").root
    return Installation(root, relative_opens=request.param)


FILE = "conf/launcher.properties"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def unsaved(_path: str, _content: bytes) -> None:
    """Saves no backup."""


def never(_path: str, _content: bytes) -> None:
    """Is never asked to save a backup."""
    pytest.fail("a backup of a file that is not written")


# Reading and writing


def test_an_edited_file_replaces_the_old_one_which_is_saved(installation: Installation) -> None:
    old = installation.read(FILE)
    assert old == OLD
    new = edit(old, Format.PROPERTIES, {"host": "new"})
    saved: list[tuple[str, bytes]] = []
    installation.write(FILE, new, old, lambda *given: saved.append(given))
    assert installation.read(FILE) == NEW
    assert saved == [(FILE, OLD)]
    assert names(installation.root / "conf") == ["launcher.properties"]


def test_the_old_content_is_saved_before_the_file_is_touched(installation: Installation) -> None:
    def save(path: str, content: bytes) -> None:
        assert installation.read(path) == content == OLD
        raise JournalError("the journal cannot be written")

    with pytest.raises(JournalError):
        installation.write(FILE, NEW, OLD, save)
    assert installation.read(FILE) == OLD
    assert names(installation.root / "conf") == ["launcher.properties"]


def test_writing_what_is_there_writes_nothing(installation: Installation) -> None:
    before = (installation.root / FILE).stat()
    installation.write(FILE, OLD, OLD, never)
    after = (installation.root / FILE).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(installation.root / "conf") == ["launcher.properties"]


def test_the_mode_and_the_owner_stay(installation: Installation) -> None:
    path = installation.root / FILE
    path.chmod(0o751)
    owner = (4321, 8765) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(path, *owner)
    installation.write(FILE, NEW, OLD, unsaved)
    status = path.stat()
    assert stat.S_IMODE(status.st_mode) == 0o751
    assert (status.st_uid, status.st_gid) == owner


def test_another_hard_link_keeps_the_old_content(
    installation: Installation, tmp_path: Path
) -> None:
    (tmp_path / "shared").hardlink_to(installation.root / FILE)
    installation.write(FILE, NEW, OLD, unsaved)
    assert (tmp_path / "shared").read_bytes() == OLD
    assert installation.read(FILE) == NEW


def test_an_owner_that_may_not_be_set_gives_nobody_more_access(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int, owner: int, group: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    path = installation.root / FILE
    path.chmod(0o4764)
    installation.write(FILE, NEW, OLD, unsaved)
    assert stat.S_IMODE(path.stat().st_mode) == 0o704


def test_extended_attributes_stay(installation: Installation) -> None:
    path = installation.root / FILE
    try:
        os.setxattr(path, "user.origin", b"site")
    except OSError:
        pytest.skip("the file system has no extended attributes")
    installation.write(FILE, NEW, OLD, unsaved)
    assert os.getxattr(path, "user.origin") == b"site"


def test_a_folder_may_be_named_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "8.5.1").mkdir()
    (tmp_path / "8.5.1/a.ini").write_bytes(OLD)
    (tmp_path / "current").symlink_to("8.5.1")
    installation = Installation.at(tmp_path / "current")
    assert installation.read("a.ini") == OLD
    folder = (tmp_path / "8.5.1").resolve()
    assert installation_label(installation) == f"{socket.gethostname().lower()}:{folder}"


def test_the_host_has_a_name_in_small_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "GWE-Host1")
    assert host_name() == "gwe-host1"


@pytest.mark.parametrize("name", ["none", "a.ini"])
def test_what_is_no_folder_is_no_installation(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.ini").write_bytes(OLD)
    with pytest.raises(LaunchFileError):
        Installation.at(tmp_path / name)


# Paths


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "'' is not the path of a file"),
        (".", ". contains an empty name"),
        ("../secret.properties", "../secret.properties leaves the folder through .."),
        ("conf/../../secret.properties", "leaves the folder through .."),
        ("conf/../conf/launcher.properties", "leaves the folder through .."),
        ("/etc/passwd", "/etc/passwd is an absolute path"),
        ("//host/share/x", "is an absolute path"),
        ("C:/x.ini", "contains a colon: a drive or a stream"),
        ("C:x.ini", "contains a colon"),
        ("conf/launcher.properties:stream", "contains a colon"),
        ("conf\\launcher.properties", "contains a backslash"),
        ("..\\secret.properties", "contains a backslash"),
        ("conf//launcher.properties", "contains an empty name"),
        ("conf/launcher.properties/", "contains an empty name"),
        ("conf/\0", "is not the path of a file"),
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused(
    installation: Installation, path: str, why: str
) -> None:
    with pytest.raises(LaunchPathError) as caught:
        installation.read(path)
    assert why in caught.value.message
    assert caught.value.hint
    with pytest.raises(LaunchPathError):
        installation.write(path, NEW, OLD, never)


def test_a_dot_in_a_path_is_the_folder_itself(installation: Installation) -> None:
    assert installation.read("./conf/./launcher.properties") == OLD


@pytest.mark.parametrize(
    ("link", "target", "path"),
    [
        ("out", "..", "out/secret.properties"),
        ("link.ini", "../secret.properties", "link.ini"),
        ("absolute", "/", "absolute/etc/passwd"),
        ("inside.ini", "conf/launcher.properties", "inside.ini"),
        ("dangling.ini", "nowhere", "dangling.ini"),
        ("dangling", "nowhere", "dangling/x.ini"),
        ("loop", "loop", "loop"),
    ],
)
def test_no_link_is_followed(installation: Installation, link: str, target: str, path: str) -> None:
    (installation.root / link).symlink_to(target)
    with pytest.raises(LaunchPathError, match="is a link"):
        installation.read(path)
    with pytest.raises(LaunchPathError, match="is a link"):
        installation.write(path, NEW, b"outside\n", never)
    assert (installation.root.parent / "secret.properties").read_bytes() == b"outside\n"
    assert not (installation.root / "nowhere").exists()


def test_a_root_that_became_a_link_is_not_followed(installation: Installation) -> None:
    installation.root.rename(installation.root.with_name("moved"))
    installation.root.symlink_to("moved")
    with pytest.raises(LaunchPathError, match="is a link"):
        installation.read(FILE)


def swap_before(
    monkeypatch: pytest.MonkeyPatch, name: str, swap: Iterator[None], only: str = ""
) -> None:
    """Runs ``swap`` once, just before the first ``os.<name>`` (of a path with ``only``)."""
    real = getattr(os, name)

    def swapping(path: object, *arguments: object, **options: object) -> object:
        if only in str(path):
            next(swap, None)
        return real(path, *arguments, **options)

    monkeypatch.setattr(os, name, swapping)


def test_a_folder_swapped_for_a_link_between_look_and_open_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "web/conf").mkdir(parents=True)
    (tmp_path / "web/conf/a.ini").write_bytes(OLD)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/a.ini").write_bytes(OLD)
    installation = Installation.at(tmp_path / "web")

    def swap() -> Iterator[None]:
        (tmp_path / "web/conf").rename(tmp_path / "web/old")
        (tmp_path / "web/conf").symlink_to(tmp_path / "outside")
        yield

    swap_before(monkeypatch, "open", swap(), only="conf")
    with pytest.raises(LaunchFileError):
        installation.read("conf/a.ini")


def test_a_file_swapped_for_a_link_between_look_and_open_is_not_followed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def swap() -> Iterator[None]:
        (installation.root / FILE).unlink()
        (installation.root / FILE).symlink_to(installation.root.parent / "secret.properties")
        yield

    swap_before(monkeypatch, "open", swap(), only="launcher.properties")
    with pytest.raises(LaunchFileError):
        installation.read(FILE)


def test_a_folder_swapped_for_a_link_before_the_rename_is_noticed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = installation.root.parent / "outside"
    outside.mkdir()
    (outside / "launcher.properties").write_bytes(OLD)
    conf = installation.root / "conf"

    def swap() -> Iterator[None]:
        conf.rename(installation.root / "old")
        conf.symlink_to(outside)
        yield

    swap_before(monkeypatch, "fsync", swap())
    with pytest.raises(LaunchFileError):
        installation.write(FILE, NEW, OLD, unsaved)
    assert (outside / "launcher.properties").read_bytes() == OLD
    assert names(outside) == ["launcher.properties"]
    assert (installation.root / "old/launcher.properties").read_bytes() == OLD


# What is not there, or no file


def test_a_missing_file_is_not_created(installation: Installation) -> None:
    for path in ("conf/none.ini", "none/a.ini"):
        with pytest.raises(MissingLaunchFileError) as caught:
            installation.read(path)
        assert caught.value.hint == "Launch files are edited, never created: check the path."
        with pytest.raises(MissingLaunchFileError):
            installation.write(path, NEW, b"", never)
    assert names(installation.root / "conf") == ["launcher.properties"]


def test_a_folder_or_a_pipe_is_no_launch_file(installation: Installation) -> None:
    with pytest.raises(LaunchFileError, match="conf is a folder"):
        installation.read("conf")
    os.mkfifo(installation.root / "pipe.ini")
    with pytest.raises(LaunchFileError, match=r"pipe\.ini is not a regular file"):
        installation.read("pipe.ini")
    with pytest.raises(LaunchFileError, match=r"launcher\.properties is not a folder"):
        installation.read(FILE + "/x")


def test_a_file_over_10_mib_is_refused_and_one_of_10_mib_is_read(
    installation: Installation,
) -> None:
    path = installation.root / "big.ini"
    limit = 10 * 1024 * 1024
    path.write_bytes(b"x" * limit)
    assert len(installation.read("big.ini")) == limit
    with path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(LaunchFileError, match=r"big\.ini is larger than 10 MiB"):
        installation.read("big.ini")
    with pytest.raises(LaunchFileError, match="is larger than 10 MiB"):
        installation.write(FILE, b"x" * (limit + 1), OLD, never)
    assert installation.read(FILE) == OLD


def test_a_read_only_file_is_left_alone(installation: Installation) -> None:
    (installation.root / FILE).chmod(0o444)
    with pytest.raises(LaunchFileError, match="is read-only") as caught:
        installation.write(FILE, NEW, OLD, unsaved)
    assert caught.value.hint == "Make it writable first."
    assert installation.read(FILE) == OLD
    assert names(installation.root / "conf") == ["launcher.properties"]


# Somebody else writes too


def test_a_file_that_somebody_changed_is_left_alone(installation: Installation) -> None:
    (installation.root / FILE).write_bytes(b"host = other\n")
    with pytest.raises(ChangedLaunchFileError) as caught:
        installation.write(FILE, NEW, OLD, unsaved)
    assert caught.value.exit_code is ExitCode.STALE
    assert caught.value.message == f"{FILE} has been changed since it was read"
    assert caught.value.hint == "Plan again."
    assert installation.read(FILE) == b"host = other\n"
    assert names(installation.root / "conf") == ["launcher.properties"]


@pytest.mark.parametrize("how", ["write", "replace", "unlink"])
def test_a_change_while_the_new_file_is_written_is_noticed(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, how: str
) -> None:
    path = installation.root / FILE
    other = OLD.replace(b"old", b"odd")

    def swap() -> Iterator[None]:
        if how == "write":
            path.write_bytes(other)
        elif how == "replace":
            (tmp_path / "other").write_bytes(other)
            (tmp_path / "other").rename(path)
        else:
            path.unlink()
        yield

    swap_before(monkeypatch, "fsync", swap())
    with pytest.raises(ChangedLaunchFileError):
        installation.write(FILE, NEW, OLD, unsaved)
    assert names(installation.root / "conf") == ([path.name] if how != "unlink" else [])
    if how != "unlink":
        assert path.read_bytes() == other


# Failures


_WITHOUT_ROOM = """\
import json, resource, sys
from pathlib import Path
from reconciler.launch.errors import LaunchFileError
from reconciler.launch.files import Installation
limit, relative, root, new, old = json.loads(sys.argv[1])
installation = Installation(Path(root), relative_opens=relative)
contents = [one.encode("latin-1") for one in (new, old)]
sys.dont_write_bytecode = True  # it would be cut off as well
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    installation.write(FILE, *contents, lambda *_: None)
except LaunchFileError as error:
    print(json.dumps([error.message, error.hint]))
"""


def written_without_room(
    limit: int, installation: Installation, new: bytes, old: bytes
) -> list[str]:
    """What a failed write says, message and hint, where no file may grow over ``limit``
    bytes: the system itself refuses the write. In a process of its own, since the limit is
    one of the whole process, and of the file that its output goes to."""
    texts = [one.decode("latin-1") for one in (new, old)]
    request = [
        *(limit, installation.relative_opens, str(installation.root)),
        *texts,
    ]
    done = subprocess.run(
        [sys.executable, "-c", f"FILE = {FILE!r}\n{_WITHOUT_ROOM}", json.dumps(request)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    said: list[str] = json.loads(done.stdout)
    return said


def test_when_there_is_no_room_the_old_file_is_whole(installation: Installation) -> None:
    message, hint = written_without_room(1000, installation, OLD * 100, OLD)
    assert message == f"{FILE} cannot be written and is unchanged: File too large"
    assert hint == "Make room and run again."
    assert installation.read(FILE) == OLD
    assert names(installation.root / "conf") == ["launcher.properties"]


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
def test_a_failing_call_leaves_the_old_file_and_no_other(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    installation.write(FILE, NEW, OLD, unsaved)
    installation.write(FILE, OLD, NEW, unsaved)

    def fail(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(LaunchFileError, match="cannot be written and is unchanged: Input/output"):
        installation.write(FILE, NEW, OLD, unsaved)
    assert installation.read(FILE) == OLD
    assert names(installation.root / "conf") == ["launcher.properties"]


def test_a_folder_that_cannot_be_flushed_is_said_after_the_file_is_written(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_folder: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    installation.write(FILE, NEW, OLD, unsaved)
    installation.write(FILE, OLD, NEW, unsaved)
    monkeypatch.setattr(folder_module.Folder, "flush", fail)
    with pytest.raises(UnflushedLaunchFileError, match="cannot be flushed to disk, but is written"):
        installation.write(FILE, NEW, OLD, unsaved)
    assert installation.read(FILE) == NEW


def _noting(calls: list[str], name: str) -> Callable[..., object]:
    real = getattr(os, name)

    def noting(*arguments: object, **options: object) -> object:
        calls.append(name)
        return real(*arguments, **options)

    return noting


def test_the_new_file_is_flushed_before_it_takes_the_place_of_the_old_file(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace"):
        monkeypatch.setattr(os, name, _noting(calls, name))
    installation.write(FILE, NEW, OLD, unsaved)
    assert calls == ["fsync", "replace", "fsync"]


def test_what_a_write_that_died_has_left_is_removed_and_nothing_else(
    installation: Installation,
) -> None:
    installation.write(FILE, NEW, OLD, unsaved)
    assert installation.clear(FILE) == []
    digits = "0123456789abcdef"
    left = [installation.root / f"conf/.launcher.properties.{digits}.tmp"]
    theirs = [
        installation.root / "conf/.launcher.properties.tmp",
        installation.root / f"conf/.other.properties.{digits}.tmp",
        installation.root / f"conf/launcher.properties.{digits}.tmp",
        installation.root / f"conf/.launcher.properties.{digits}.tmp.old",
    ]
    for path in (*left, *theirs):
        path.write_bytes(b"half")
    assert installation.clear(FILE) == left
    assert [path for path in (*left, *theirs) if path.exists()] == theirs
    assert installation.read(FILE) == NEW
    assert installation.clear("none/a.ini") == []
    with pytest.raises(LaunchPathError):
        installation.clear("../a.ini")


def test_a_file_that_may_not_be_read_says_what_to_do(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(folder_module.Folder, "open", refuse)
    with pytest.raises(LaunchFileError) as caught:
        installation.read(FILE)
    assert caught.value.message == f"{FILE} cannot be read: Permission denied"
    assert caught.value.hint == "Run as the account that owns the installation."


def test_no_descriptor_stays_open(installation: Installation) -> None:
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    installation.write(FILE, NEW, OLD, unsaved)
    for path in ("conf", "none/x", FILE + "/x"):
        with pytest.raises(LaunchFileError):
            installation.read(path)
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    assert after == before


def test_relative_opens_are_used_where_the_system_has_them(tmp_path: Path) -> None:
    here = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
    assert Installation.at(tmp_path).relative_opens is here
    assert files_module.MAX_BYTES == 10485760
