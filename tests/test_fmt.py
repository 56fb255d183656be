"""``gwe fmt``: one layout for all manifests, which never changes what they say."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.cli import fmt
from reconciler.diagnostics import Diagnostic
from reconciler.errors import FileWriteError
from reconciler.files.writing import rewrite_file
from reconciler.manifest.formatting import formatter
from reconciler.manifest.formatting.formatter import formatted
from reconciler.manifest.formatting.layout import page_lines
from reconciler.manifest.formatting.tree import Page
from reconciler.resources import bundled_manifests
from reconciler.text.yaml import yaml_text
from reconciler.yaml.strict import load_text
from tests.harness import APP, VENDOR, gwe, site_server
from tests.test_yaml_text import TEXTS, VALUES

_LINES = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["", "# alone", "  # deeper", " # behind"])),
    max_size=6,
)
_WORDS = ("metadata", "spec", "initial", "policy", "target", "name", "annex", "agents", "x")
_MANIFESTS = st.dictionaries(st.sampled_from(_WORDS) | TEXTS, VALUES, min_size=1, max_size=5).map(
    lambda data: {**data, "kind": "AgentGroup", "apiVersion": "reconciler/v1"}
)


def form(text: str) -> str:
    """The canonical form of a text that has one."""
    problems: list[Diagnostic] = []
    made = formatted(text, "it", problems)
    assert problems == []
    return made


def refusal(text: str) -> str:
    """Why a text is left as it is."""
    problems: list[Diagnostic] = []
    assert formatted(text, "it", problems) == text
    return str(problems[0])


def data(text: str) -> str:
    problems: list[Diagnostic] = []
    documents = load_text(text, "it", problems)
    assume(not problems)
    return json.dumps([one.data for one in documents], sort_keys=True)


@given(
    st.lists(_MANIFESTS, min_size=1, max_size=3),
    st.sampled_from([True, False, None]),
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.sampled_from([20, 80, 1000]),
    st.integers(2, 5),
    _LINES,
)
def test_what_manifests_say_stays_and_formatting_twice_changes_nothing(
    documents: list[dict[Any, Any]],
    flow: bool | None,
    style: str | None,
    width: int,
    indent: int,
    added: list[tuple[int, str]],
) -> None:
    text = (
        yaml.safe_dump_all(
            documents,
            default_flow_style=flow,
            default_style=style,
            width=width,
            indent=indent,
            sort_keys=False,
            allow_unicode=True,
        )
        .replace("!!null ", "")
        .replace("!!bool ", "")
        .replace("!!int ", "")
    )
    lines = text.split("\n")
    for at, line in added:
        where = at % len(lines)
        if line == " # behind":
            lines[where] += line
        else:
            lines.insert(where, line)
    text = "\n".join(lines)
    before = data(text)
    problems: list[Diagnostic] = []
    made = formatted(text, "it", problems)
    if problems:
        assert "inside empty brackets" in problems[0].summary
        return
    assert data(made) == before
    assert made.count("#") == text.count("#")
    assert formatted(made, "it", problems) == made


@given(st.dictionaries(st.sampled_from("abc"), TEXTS | st.lists(TEXTS), min_size=1))
def test_what_gwe_writes_as_yaml_is_formatted(document: dict[str, Any]) -> None:
    assert form(yaml_text(document)) == yaml_text(document)


UNTIDY = """\
# Queues of the sales team.

kind: InteractionQueue
# The version of the format.
apiVersion:   reconciler/v1
metadata:
    name: 'Sales'   # as Workspace shows it
    # Other queues are elsewhere.
policy: {protect: true}
spec:
    annex: {Limits:
      # what waits
      {waiting: "30", # at noon
       code: 0123}}
    state: Enabled


# The end.
"""
TIDY = """\
# Queues of the sales team.

# The version of the format.
apiVersion: reconciler/v1
kind: InteractionQueue
metadata:
  name: "Sales"  # as Workspace shows it
  # Other queues are elsewhere.
spec:
  annex:
    # what waits
    Limits:
      waiting: "30"  # at noon
      code: "0123"
  state: Enabled
policy: {protect: true}

# The end.
"""


def test_an_untidy_manifest_becomes_a_tidy_one() -> None:
    assert form(UNTIDY) == TIDY
    assert form(TIDY) == TIDY


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a: on\nb: 22:30\nc: 2026-11-26\nd: y\n",
            'a: "on"\nb: "22:30"\nc: "2026-11-26"\nd: "y"\n',
        ),
        ("a: -5\nb: true\nc: null\nd: 0\n", "a: -5\nb: true\nc: null\nd: 0\n"),
        ("a: '5'\nb: 'true'\nc: ''\n", 'a: "5"\nb: "true"\nc: ""\n'),
        ("a: 'it''s'\nb: \"say \\\"x\\\"\"\n", 'a: "it\'s"\nb: \'say "x"\'\n'),
        ('a: "\\t"\nb: "x\\ny"\n', 'a: "\\t"\nb: "x\\ny"\n'),
        ("on: 1\n0123: 2\n", '"on": 1\n"0123": 2\n'),
    ],
)
def test_a_text_that_another_reader_mistakes_gets_quotes_and_no_value_changes_its_type(
    text: str, expected: str
) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "a:\n- 1\n-   - 2\n    - x: 1\n      w: 2\n",
            "a:\n  - 1\n  - - 2\n    - x: 1\n      w: 2\n",
        ),
        ("a: [ x,w ]\nb: {c:   d}\n", "a: [x, w]\nb: {c: d}\n"),
        ("a: [x,\n  w]\n", "a:\n  - x\n  - w\n"),
        ("a: {\n}\n", "a: {}\n"),
        ("a: [" + ", ".join(["x" * 30] * 4) + "]\n", "a:\n" + f"  - {'x' * 30}\n" * 4),
        ("\n\na: 1\n\n\n\nb: 2\n\n", "a: 1\n\nb: 2\n"),
        ("a:\n\n  b: 1\n", "a:\n  b: 1\n"),
        ("--- # one\na: 1\n\n---\n\nb: 2\n...\n", "---  # one\na: 1\n---\nb: 2\n"),
        ("a: 1", "a: 1\n"),
        ("# nothing\n", "# nothing\n"),
        ("", ""),
    ],
)
def test_layout_is_the_same_everywhere(text: str, expected: str) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: |\n    x\n      y\n\nb: 1\n", "a: |\n  x\n    y\n\nb: 1\n"),
        ("a: |+\n    x\n\nb: 1\n", "a: |+\n  x\n\nb: 1\n"),
        ("a: |4\n      x\n    y\n", "a: |2\n    x\n  y\n"),
        ("a: >- # why\n    x\n    y\n", "a: >-  # why\n  x\n  y\n"),
        ("a: |\n  # no comment\n", "a: |\n  # no comment\n"),
        ("a: |\n  x", "a: |-\n  x\n"),
        ('a: "x\n      y\n\n      z" # why\n', 'a: "x\n  y\n\n  z"  # why\n'),
        ("a: x\n      y\n", "a: x\n  y\n"),
        ('a: "x\\\n    \xa0y"\n', 'a: "x\\\n  \xa0y"\n'),
    ],
)
def test_a_text_of_several_lines_keeps_its_lines(text: str, expected: str) -> None:
    assert form(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: # of a\n    b: 1\n    # end of a\nc: 2\n", "a:  # of a\n  b: 1\n  # end of a\nc: 2\n"),
        ("a:\n# of b\n  b: 1\n", "a:\n  # of b\n  b: 1\n"),
        ("a:\n  # of a\n  b\n", "# of a\na: b\n"),
        ("- # of the list\n  - 1\n-\n  # of b\n  b: 1\n", None),
        ("a: {b: 1} # of a\n", "a: {b: 1}  # of a\n"),
        ("a: [x, # of x\n  w\n  ] # of a\nb: 1\n", "a:\n  - x  # of x\n  - w\n# of a\nb: 1\n"),
        ("a: [x,\n  # last\n  ]\nb: 1\n", "a:\n  - x\n  # last\nb: 1\n"),
        ("a: 1\n# end\n---\n# begin\nb: 2\n", "a: 1\n# end\n---\n# begin\nb: 2\n"),
        ("a: '#'\nb: x#y\n", 'a: "#"\nb: x#y\n'),
    ],
)
def test_a_comment_stays_with_what_it_is_about(text: str, expected: str | None) -> None:
    expected = expected or "-  # of the list\n  - 1\n-\n  # of b\n  b: 1\n"
    assert form(text) == expected
    assert form(expected) == expected


def test_keys_that_gwe_knows_are_sorted_and_all_others_stay() -> None:
    text = """\
policy: {protect: true, whole: [/annex]}
spec:
  annex: {z: {b: "1", a: "2"}, a: {x: "1"}}
  agents: [b, a]
metadata: {folder: Sales, name: Q}
unknown: 1
kind: AgentGroup
apiVersion: reconciler/v1
"""
    assert (
        form(text)
        == """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Q, folder: Sales}
spec:
  agents: [b, a]
  annex: {z: {b: "1", a: "2"}, a: {x: "1"}}
policy: {whole: [/annex], protect: true}
unknown: 1
"""
    )


def test_variables_stay_in_their_order() -> None:
    text = "kind: Variables\nspec:\n  b: {default: x, description: w}\n  a: {description: z}\n"
    expected = "kind: Variables\nspec:\n  b: {description: w, default: x}\n  a: {description: z}\n"
    assert form(text) == expected


def test_a_document_with_anchors_keeps_its_order() -> None:
    text = "spec: &s\n    agents: [&a b, *a]\nkind: AgentGroup\ninitial: *s\n"
    assert form(text) == "spec: &s\n  agents: [&a b, *a]\nkind: AgentGroup\ninitial: *s\n"


def test_line_ends_of_windows_stay() -> None:
    assert form("a:   1 # x\r\nb: |\r\n    y\r\n") == "a: 1  # x\r\nb: |\r\n  y\r\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [\n  # nothing yet\n]\n", "there is a comment inside empty brackets"),
        ("%YAML 1.1\n---\na: 1\n", "it has a directive (%)"),
        ("hello\n", "a document is a single value, which no manifest is"),
        ('a: "x\\ \n  y"\n', "its layout cannot be changed without changing what it says"),
    ],
)
def test_what_cannot_be_formatted_stays_and_says_why(text: str, reason: str) -> None:
    assert refusal(text).startswith(f"it: cannot be formatted: {reason}\n")


@pytest.mark.parametrize("line", ["# about a", "a: 1"])
def test_a_result_that_lacks_a_comment_or_a_value_is_not_written(
    line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(page: Page, *, first: bool) -> list[str]:
        return [one for one in page_lines(page, first=first) if one != line]

    monkeypatch.setattr(formatter, "page_lines", without)
    reason = "its layout cannot be changed without changing what it says"
    assert reason in refusal("# about a\na:   1\n")


def test_what_is_no_strict_yaml_is_reported_with_its_position() -> None:
    assert refusal("a: 1\na: 2\n").startswith("it:2:1: duplicate key 'a', first at it:1:1")


@pytest.mark.parametrize("file", sorted(bundled_manifests().rglob("*.yaml")), ids=lambda f: f.name)
def test_the_manifests_that_come_with_gwe_are_formatted(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert form(text) == text


def test_what_gwe_exports_is_formatted(tmp_path: Path) -> None:
    server = site_server(tmp_path, VENDOR)
    done = gwe(
        "export", "out", "--all", "--server", f"embedded:{server}", "--app", APP, cwd=tmp_path
    )
    assert done.code == 0, done.err
    checked = gwe("fmt", "--check", "out", cwd=tmp_path)
    assert (checked.code, checked.err) == (0, "")


def test_a_plan_of_formatted_manifests_is_the_plan_of_before(tmp_path: Path) -> None:
    server = site_server(tmp_path, VENDOR)
    (tmp_path / "queue.yaml").write_text(UNTIDY, encoding="utf-8")

    def plan_id() -> str:
        done = gwe(
            *("plan", "-f", "queue.yaml", "--server", f"embedded:{server}", "--app", APP),
            *("--format", "json", "--state-dir", "state"),
            cwd=tmp_path,
        )
        assert done.code == 0, done.err
        return str(done.json()["id"])

    before = plan_id()
    assert gwe("fmt", "queue.yaml", cwd=tmp_path).code == 0
    assert (tmp_path / "queue.yaml").read_text(encoding="utf-8") == TIDY
    assert plan_id() == before


def written(folder: Path, **texts: str) -> Path:
    (folder / "m").mkdir()
    for name, text in texts.items():
        (folder / "m" / f"{name}.yaml").write_bytes(text.encode())
    return folder


def test_files_are_written_only_where_they_change(tmp_path: Path) -> None:
    written(tmp_path, good=TIDY, bad=UNTIDY)
    before = (tmp_path / "m" / "good.yaml").stat().st_mtime_ns
    done = gwe("fmt", "m", cwd=tmp_path)
    assert (done.code, done.out) == (0, "Formatted m/bad.yaml.\n1 of 2 files changed.\n")
    assert (tmp_path / "m" / "bad.yaml").read_text(encoding="utf-8") == TIDY
    assert (tmp_path / "m" / "good.yaml").stat().st_mtime_ns == before
    assert gwe("fmt", "m", cwd=tmp_path).out == "2 files, nothing to change.\n"


def test_a_byte_order_mark_and_the_mode_of_a_file_stay(tmp_path: Path) -> None:
    written(tmp_path, bad="\ufeffa:   1\r\n")
    file = tmp_path / "m" / "bad.yaml"
    file.chmod(0o640)
    assert gwe("fmt", "m", cwd=tmp_path).code == 0
    assert file.read_bytes() == b"\xef\xbb\xbfa: 1\r\n"
    assert file.stat().st_mode & 0o777 == 0o640


def test_check_writes_nothing_and_exits_2_where_a_file_would_change(tmp_path: Path) -> None:
    written(tmp_path, good=TIDY, bad=UNTIDY)
    done = gwe("fmt", "--check", "m", cwd=tmp_path)
    assert done.code == 2
    assert done.out == "m/bad.yaml is not formatted.\n1 of 2 files would change.\n"
    assert (tmp_path / "m" / "bad.yaml").read_text(encoding="utf-8") == UNTIDY
    assert gwe("fmt", "--check", "m/good.yaml", cwd=tmp_path).code == 0


def test_diff_shows_what_would_change_and_no_secret(tmp_path: Path) -> None:
    text = "a:\n  b:\n      dbPassword:   'it''s mine' # never\n      on: it's mine\n"
    written(tmp_path, bad=text)
    done = gwe("fmt", "--diff", "m", cwd=tmp_path)
    assert (done.code, done.out) == (
        0,
        "--- m/bad.yaml\n"
        "+++ m/bad.yaml\n"
        "@@ -1,4 +1,4 @@\n"
        " a:\n"
        "   b:\n"
        "-      dbPassword:   '(secret)' # never\n"
        "-      on: (secret)\n"
        '+    dbPassword: "(secret)"  # never\n'
        '+    "on": (secret)\n'
        "\n"
        "1 of 1 file would change.\n",
    )
    assert (tmp_path / "m" / "bad.yaml").read_text(encoding="utf-8") == text
    assert gwe("fmt", "--diff", "--check", "m", cwd=tmp_path).code == 2


def test_where_a_file_has_a_mistake_no_file_is_written(tmp_path: Path) -> None:
    written(tmp_path, bad=UNTIDY, wrong="a: ~\n")
    done = gwe("fmt", "m", cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "m/wrong.yaml:1:4: ~ is not allowed" in done.err
    nothing = (
        "\nNothing was written, since not every file can be formatted. Correct what is listed, or"
        " name only files that can be formatted.\n"
    )
    assert done.err.endswith(nothing)
    assert "problems." not in done.err
    assert (tmp_path / "m" / "bad.yaml").read_text(encoding="utf-8") == UNTIDY
    assert "Nothing was written" not in gwe("fmt", "--check", "m", cwd=tmp_path).err


@pytest.mark.parametrize(
    ("name", "code", "out", "hint"),
    [
        ("a", 1, "", "Free some space."),
        (
            "c",
            5,
            "Formatted m/a.yaml.\nFormatted m/b.yaml.\n",
            "Free some space. Written so far: m/a.yaml, m/b.yaml.",
        ),
    ],
)
def test_an_error_while_files_are_written_says_which_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, code: int, out: str, hint: str
) -> None:
    def full_at(path: Path, old: str, new: str) -> None:
        if path.stem == name:
            raise FileWriteError(f"{path} cannot be written: full", "Free some space.")
        rewrite_file(path, old, new)

    monkeypatch.setattr(fmt, "rewrite_file", full_at)
    written(tmp_path, a=UNTIDY, b=UNTIDY, c=UNTIDY)
    done = gwe("fmt", "m", cwd=tmp_path)
    assert (done.code, done.out) == (code, out)
    assert done.err == f"error: m/{name}.yaml cannot be written: full\n  {hint}\n"


def test_a_file_that_somebody_changes_meanwhile_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed_before(path: Path, old: str, new: str) -> None:
        path.write_text(UNTIDY + "# Mine.\n")
        rewrite_file(path, old, new)

    monkeypatch.setattr(fmt, "rewrite_file", changed_before)
    written(tmp_path, a=UNTIDY)
    done = gwe("fmt", "m", cwd=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert done.err == ("error: m/a.yaml was changed since it was read\n  Run the command again.\n")
    assert (tmp_path / "m" / "a.yaml").read_text() == UNTIDY + "# Mine.\n"


def test_standard_input_becomes_standard_output(tmp_path: Path) -> None:
    done = gwe("fmt", "-", cwd=tmp_path, stdin=UNTIDY)
    assert (done.code, done.out) == (0, TIDY)


def test_without_a_path_gwe_toml_says_what_is_formatted(tmp_path: Path) -> None:
    written(tmp_path, bad=UNTIDY)
    done = gwe("fmt", cwd=tmp_path)
    assert done.code == 64
    assert "Name files or folders: gwe fmt manifests." in done.err
    (tmp_path / "gwe.toml").write_text('file = ["bundled", "m"]\n', encoding="utf-8")
    assert gwe("fmt", cwd=tmp_path).out == "Formatted m/bad.yaml.\n1 of 1 file changed.\n"
