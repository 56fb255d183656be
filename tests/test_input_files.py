"""Files that users name: what is read, what is refused, and what a plan is written over."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.diagnostics import Diagnostic
from reconciler.errors import ReconcilerError, UsageError
from reconciler.files.reading import read_content, read_text
from reconciler.files.writing import replace_file
from tests.harness import BARE, Result, gwe, plan_arguments, site_server

GROUP = "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: %s}\n"


def said(result: Result) -> str:
    return " ".join((result.out + result.err).split())


# Read


def test_a_file_is_read_without_its_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfa\r\n")
    assert read_text(tmp_path / "a", 100) == "a\r\n"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux")
def test_a_file_that_holds_more_than_its_size_says_is_read_whole_up_to_the_limit() -> None:
    """The files of the kernel say that they hold nothing, as a file does that grows meanwhile."""
    environ = Path("/proc/self/environ")
    assert environ.stat().st_size == 0
    with environ.open("rb") as file:
        whole = file.read()
    assert read_content(environ, len(whole) + 1) == whole
    assert read_content(environ, 5) == whole[:5]


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").symlink_to("a")
    assert read_text(tmp_path / "b", 100) == "a"


def test_a_file_up_to_its_limit_is_read_and_not_a_byte_more(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x" * 2048)
    assert read_text(tmp_path / "a", 2048) == "x" * 2048
    problem = read_text(tmp_path / "a", 2047)
    assert isinstance(problem, Diagnostic)
    assert problem.summary == "cannot be read: it is larger than 1 KiB"


def link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("other"))
    path.symlink_to("other")


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "it is a named pipe"),
    "link to a pipe": (link_to_a_pipe, "it is a named pipe"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "it is a device"),
    "folder": (Path.mkdir, "Is a directory"),
    "loop": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "nothing": (lambda path: path.symlink_to("absent"), "No such file or directory"),
    "Latin-1": (lambda path: path.write_bytes(b"\xfc"), "it is not UTF-8"),
    "UTF-16": (lambda path: path.write_bytes("a".encode("utf-16")), "it is UTF-16, not UTF-8"),
}


@pytest.mark.parametrize(("make", "reason"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_is_no_text_file_is_refused_at_once(
    make: Callable[[Path], object], reason: str, tmp_path: Path
) -> None:
    make(tmp_path / "file")
    problem = read_text(tmp_path / "file", 100)
    assert isinstance(problem, Diagnostic)
    assert problem.summary == f"cannot be read: {reason}"


def test_a_path_with_nul_is_refused() -> None:
    problem = read_text(Path("a\0b"), 100)
    assert isinstance(problem, Diagnostic)
    assert problem.summary == "cannot be read: embedded null byte"


@pytest.mark.parametrize(
    "arguments",
    [
        ("validate", "-f", "pipe"),
        ("validate", "--vars", "pipe"),
        ("show", "pipe"),
        ("apply", "pipe", "--auto-approve"),
        ("embedded", "init", "new.db", "--site", "pipe"),
        ("plan", "--server", "embedded:gwe.db", "--user", "u", "--password-file", "pipe"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_every_option_for_a_file_refuses_a_named_pipe_and_says_what_it_takes(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    site_server(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    refused = gwe(*arguments, cwd=tmp_path)
    assert refused.code in (1, 64)
    assert "pipe: cannot be read" in said(refused) or "pipe cannot be read" in said(refused)
    assert "it is a named pipe" in said(refused)
    assert "Name a regular file, or - to read standard input." in said(refused)


def test_a_gwe_toml_that_is_a_named_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gwe.toml")
    refused = gwe("validate", cwd=tmp_path)
    assert refused.code == 1
    assert "gwe.toml: cannot be read: it is a named pipe" in said(refused)


def test_a_manifest_comes_from_standard_input(tmp_path: Path) -> None:
    valid = gwe("validate", "-f", "-", cwd=tmp_path, stdin=GROUP % "A")
    assert (valid.code, valid.out) == (0, "1 manifest, no problem found.\n")
    wrong = gwe("validate", "-f", "-", cwd=tmp_path, stdin=GROUP % "A" + "spce: 1\n")
    assert wrong.code == 1
    assert "error: standard input:4:1: unknown field spce" in wrong.err


def test_standard_input_is_read_by_one_option_only(tmp_path: Path) -> None:
    refused = gwe("validate", "-f", "-", "--vars", "-", cwd=tmp_path, stdin=GROUP % "A")
    assert refused.code == 1
    assert "standard input: cannot be read: it is empty" in refused.err
    assert "Pipe the text into gwe. Only one option can read it, and only once." in refused.err


def test_a_manifest_comes_from_a_process_substitution(tmp_path: Path) -> None:
    read, write = os.pipe()
    try:
        os.write(write, (GROUP % "A").encode())
        os.close(write)
        valid = gwe("validate", "-f", f"/dev/fd/{read}", cwd=tmp_path)
    finally:
        os.close(read)
    assert (valid.code, valid.out) == (0, "1 manifest, no problem found.\n")


def test_a_password_file_of_windows_holds_the_password(tmp_path: Path) -> None:
    server = site_server(tmp_path, BARE)
    (tmp_path / "password").write_bytes(b"\xef\xbb\xbfpassword\r\n")
    options = ("--user", "default", "--password-file", "password", "--quiet")
    assert gwe("plan", *plan_arguments(server, *options), cwd=tmp_path).code == 0


def test_links_that_lead_back_end_the_search_for_manifests(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "one.yaml").write_text(GROUP % name)
        for link in ("x", "y", "z"):
            (folder / name / link).symlink_to("..")
    valid = gwe("validate", "-f", "manifests", cwd=tmp_path)
    assert (valid.code, valid.out) == (0, "2 manifests, no problem found.\n")


# Limits


def test_of_many_problems_a_hundred_are_printed_and_the_rest_is_counted(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        GROUP % "A" + "".join(f"field{number}: 1\n" for number in range(1_250))
    )
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert refused.code == 1
    assert refused.err.count("error: ") == 100
    assert refused.err.endswith("and 1,150 more\n1,250 problems.\n")


OPTIONS = GROUP % "A" + "spec:\n  annex:\n    s:\n"
VARIABLE = "apiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\nspec:\n"

ENORMOUS = {
    "values": ("- a\n" * 2_000_000, "the file has more than 50,000 keys and values"),
    "documents": ("---\n" * 2_000_000, "the file has more than 50,000 keys and values"),
    "aliases": (f"a: &a 1\nb: [{'*a,' * 1_000_000}]", "aliases expand to more than 10,000"),
    "brackets": ("[" * 10_000_000, "exceeded maximum nesting depth"),
    "tokens": (f"{OPTIONS}      a: '{'${x}' * 500_000}'\n", "more than 20,000,000 characters"),
    "expansion": (
        f"{VARIABLE}  v: {{description: d, default: {'x' * 100_000}}}\n---\n{OPTIONS}"
        + "".join(f"      a{number}: '{'${var.v}' * 100}'\n" for number in range(1_000)),
        "more than 20,000,000 characters",
    ),
    "pointers": (
        f"{OPTIONS}      a: b\npolicy:\n  satisfiedBy:\n"
        + "".join(f"    /annex/s/{number}: [x]\n" for number in range(51)),
        "satisfiedBy has too many fields",
    ),
    "items": (
        GROUP % "A" + "spec:\n  agents:\n" + "  - 7\n  - x\n" * 12_000,
        "agents has the same item twice",
    ),
}


@pytest.mark.long
@pytest.mark.parametrize(("text", "problem"), ENORMOUS.values(), ids=ENORMOUS.keys())
def test_a_file_that_asks_for_too_much_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(text)
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert refused.code == 1
    assert problem in said(refused)


def test_a_plan_file_with_more_values_than_the_memory_holds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text("[" + "[]," * 1_000_000 + "[]]")
    refused = gwe("show", "plan.json", cwd=tmp_path)
    assert refused.code == 1
    assert "plan.json has more than 1,000,000 values" in said(refused)


# Written

OLD_PLAN = b'{\n  "format": "gwe-plan/1",\n'


def planned(folder: Path, out: str, *more: str) -> Result:
    server = site_server(folder, BARE)
    (folder / "m.yaml").write_text(GROUP % "A")
    return gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--out", out, *more), cwd=folder)


@pytest.mark.parametrize("before", [None, b"", OLD_PLAN], ids=["new", "empty", "plan"])
def test_a_plan_is_written_as_a_new_file_or_over_an_empty_one_or_an_older_plan(
    before: bytes | None, tmp_path: Path
) -> None:
    path = tmp_path / "plan.json"
    if before is not None:
        path.write_bytes(before)
        path.chmod(0o666)
    assert planned(tmp_path, "plan.json").code == 0
    assert json.loads(path.read_bytes())["format"] == "gwe-plan/2"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_plan_is_not_written_over_a_manifest(tmp_path: Path) -> None:
    refused = planned(tmp_path, "m.yaml")
    assert refused.code == 64
    assert "m.yaml exists and is not a plan file" in said(refused)
    assert (tmp_path / "m.yaml").read_text() == GROUP % "A"


TAKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "pipe": (os.mkfifo, "no regular file"),
    "link to a plan": (lambda path: path.symlink_to("other"), "a link"),
    "link to nothing": (lambda path: path.symlink_to("nothing"), "a link"),
    "folder": (Path.mkdir, "a folder"),
}


@pytest.mark.parametrize(("make", "kind"), TAKEN.values(), ids=TAKEN.keys())
def test_a_plan_is_not_written_through_links_or_to_what_is_no_file(
    make: Callable[[Path], object], kind: str, tmp_path: Path
) -> None:
    path, other = tmp_path / "plan.json", tmp_path / "other"
    other.write_bytes(OLD_PLAN)
    make(path)
    before = path.lstat()
    with pytest.raises(ReconcilerError, match=f"cannot be written: it is {kind}"):
        replace_file(path, b"new", lambda _: True, "plan file")
    assert path.lstat() == before
    assert other.read_bytes() == OLD_PLAN
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other", "plan.json"]


def test_a_device_is_not_replaced_by_a_plan() -> None:
    with pytest.raises(UsageError, match="/dev/null cannot be written: it is no regular file"):
        replace_file(Path("/dev/null"), b"new", lambda _: True, "plan file")


def test_a_link_prepared_in_the_folder_of_a_plan_leads_no_text_elsewhere(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("mine")
    for pid in range(os.getpid() - 2, os.getpid() + 3):
        (tmp_path / f".plan.json.{pid}").symlink_to(other)
    assert planned(tmp_path, "plan.json").code == 0
    assert other.read_text() == "mine"


def test_a_plan_on_standard_output_is_the_file_and_the_text_goes_to_standard_error(
    tmp_path: Path,
) -> None:
    written = planned(tmp_path, "-")
    assert written.code == 0
    assert json.loads(written.out)["format"] == "gwe-plan/2"
    assert "Plan: 1 to create" in written.err
    shown = gwe("show", "-", cwd=tmp_path, stdin=written.out)
    assert (shown.code, "Plan: 1 to create" in shown.out) == (0, True)


def test_a_plan_to_the_pipe_of_standard_output_is_refused_and_does_not_hang(
    tmp_path: Path,
) -> None:
    server = site_server(tmp_path, BARE)
    (tmp_path / "m.yaml").write_text(GROUP % "A")
    options = plan_arguments(server, "-f", "m.yaml", "--out", "/dev/stdout")
    done = subprocess.run(
        [sys.executable, "-m", "reconciler", "plan", *map(str, options)],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 64
    assert b"or - for standard output" in done.stderr


# Names

QUEUE = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Q}\n"
APPLICATION = (
    "apiVersion: reconciler/v1\nkind: ApplicationOptions\nmetadata: {name: o}\n"
    "target: {application: %s}\nspec: {options: {s: {o: v}}}\n"
)
VALUE = (
    "apiVersion: reconciler/v1\nkind: BusinessAttributeValue\n"
    "metadata: {name: v, attribute: %s}\nspec: {displayName: %s}\n"
)

NO_NAMES = {
    "line feed": (GROUP % r'"A\n"', r"metadata.name holds a line feed (U+000A): 'A\n'"),
    "NUL": (GROUP % r'"A\0B"', r"metadata.name holds a control character (U+0000): 'A\x00B'"),
    "escape": (GROUP % r'"\e[2J"', r"metadata.name holds a control character (U+001B): '\x1b[2J'"),
    "C1": (GROUP % r'"\x9b2J"', r"holds a control character (U+009B): '\x9b2J'"),
    "zero width": (GROUP % r'"\u200b"', r"holds zero width space (U+200B): '\u200b'"),
    "direction": (GROUP % r'"a\u202eb"', r"right-to-left override (U+202E): 'a\u202eb'"),
    "filler": (GROUP % r'"\u3164"', r"holds hangul filler (U+3164): '\u3164'"),
    "blank before": (GROUP % "' A'", "metadata.name has blanks around it: ' A'"),
    "no-break space after": (GROUP % r'"A\u00a0"', r"has blanks around it: 'A\xa0'"),
    "only blanks": (GROUP % "'  '", "metadata.name is empty"),
    "folder": (GROUP % "A, folder: 'a/b /c'", "a folder of metadata.folder has blanks"),
    "tenant": (GROUP % "A, tenant: ' T'", "metadata.tenant has blanks around it: ' T'"),
    "attribute": (VALUE % ("'A '", "v"), "metadata.attribute has blanks around it: 'A '"),
    "display name": (VALUE % ("A", "' v'"), "spec.displayName has blanks around it: ' v'"),
    "application": (APPLICATION % r'"A\t"', r"target.application holds a tab (U+0009): 'A\t'"),
    "agent": (GROUP % "A" + "spec: {agents: [a, 'b ']}\n", "item 2 of agents has blanks"),
    "section": (
        QUEUE + "spec: {annex: {' s': {o: v}}}\n",
        "the name of a section has blanks around it: ' s'",
    ),
    "option": (
        QUEUE + 'spec: {annex: {s: {"o\\n": v}}}\n',
        r"the name of an option holds a line feed (U+000A): 'o\n'",
    ),
    "variable": (
        VARIABLE + '  v: {description: d, default: "A\\n"}\n---\n' + GROUP % "'${var.v}'",
        r"m.yaml:9:12: metadata.name holds a line feed (U+000A): 'A\n'",
    ),
}


@pytest.mark.parametrize(("text", "problem"), NO_NAMES.values(), ids=NO_NAMES.keys())
def test_a_name_with_what_nobody_sees_is_refused_and_shown(
    text: str, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "m.yaml").write_text(text)
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert refused.code == 1
    assert problem in said(refused)


def test_a_name_below_a_bar_is_told_how_to_be_written(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata:\n  name: |\n    A\n"
    )
    refused = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert "m.yaml:4:3: metadata.name holds a line feed (U+000A): 'A\\n'" in said(refused)
    assert "write the name on the line of its key" in said(refused)


@pytest.mark.parametrize(
    "name", ["Ärger 漢字", "a\u00a0b", "e\u0301", "❤\ufe0f", "a/b", "'${site.cluster.name}'"]
)
def test_a_name_in_any_script_is_a_name(name: str, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(GROUP % name)
    assert gwe("validate", "-f", "m.yaml", cwd=tmp_path).code == 0


def test_an_option_of_any_name_can_be_taken_away(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(QUEUE + 'spec: {annex: {"s ": {"o\\n": null}}}\n')
    assert gwe("validate", "-f", "m.yaml", cwd=tmp_path).code == 0
