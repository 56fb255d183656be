"""The generated pages are those of the program, and leave nothing out."""

import re
import shutil
import subprocess
import tomllib

import pytest

from reconciler.cli.drop_in.arguments import USAGE
from reconciler.cli.main import COMMANDS
from reconciler.kinds.manifests import MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.settings.schema import settings_schema
from scripts.reference import ROOT, generated_files, written_files
from scripts.reference.command_line import all_commands
from scripts.reference.environment import INTERNAL
from scripts.reference.markdown import code, prose, table

PAGES = ROOT / "docs" / "reference"


def _page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


def _sections(name: str) -> dict[str, str]:
    """Heading -> the text below it."""
    return {text.partition("\n")[0]: text for text in _page(name).split("\n## ")}


def test_the_written_pages_are_current() -> None:
    assert written_files() == generated_files(), "run `make reference`"


def test_every_type_attribute_and_filter_stands_on_its_page() -> None:
    sections = _sections("object-types")
    for kind in OBJECT_TYPES.values():
        for attribute in kind.attributes:
            assert f"\n| `{attribute.name}` |" in sections[kind.name]
        for name in kind.filters:
            assert f"`{name}`" in sections[kind.name]


def test_a_line_says_all_that_the_table_of_types_does() -> None:
    lines = [*_page("object-types").splitlines(), *_page("errors").splitlines()]
    for line in (
        "- Natural key: `name`, in the same `tenantDBID` and `type`.",
        "- Also unique, if given: `userName`, in the server.",
        "- Folder: by default `Attribute Values`, of the Enumerator in `enumeratorDBID`.",
        "- A deletion is refused while these refer to the object:"
        " `Application.serverInfo.hostDBID`.",
        "| `tenantDBID` | `tenant` | reference | mandatory; cannot change |"
        " Tenant; this object is deleted too |",
        "| `isServer` |  | flag | set by the server |  |",
        "| `password` |  | text | clients cannot read it; up to 64 |  |",
        "| `agentDBIDs` | `agents` | list of references |  | Person; removed from the list |",
        "| `skillLevels.skillDBID` | `skills.skill` | reference | mandatory |"
        " Skill; the entry is removed |",
        "| `serverInfo.hostDBID` | `server.host` | reference |  | Host; refused |",
        "| 12 | UniquenessViolation | the name is taken, perhaps by an object that this account"
        " cannot read | Look for the object with an account that may read everything. |",
    ):
        assert line in lines, line


def test_every_command_stands_on_the_page_with_its_examples_and_options() -> None:
    sections = _sections("commands")
    assert {f"gwe {name}" for name in COMMANDS} <= set(sections)
    for one in all_commands()[1:]:
        text = sections[one.path]
        assert all(f"\n{line}\n" in text for line in one.examples)
        for option in (option for _, found in one.options for option in found):
            described = table(("", ""), [(code(option.names), prose(option.text))]).splitlines()
            assert f"`{option.name}`" in text or described[-1] in text
            assert described[-1] in text or described[-1] in sections["Shared options"]


def test_lines_of_the_page_of_commands_read_as_help_does() -> None:
    page = _page("commands")
    for line in (
        "| `--skip-stale` | Skip actions whose live objects have changed since the plan. |",
        "| `--app NAME` | Application of the Web Engagement Server (or `GWE_APP`). |",
        "| <code>--format [text&#124;json&#124;markdown&#124;html]</code> | Form of the output."
        r" \[default: text] |",
        "| [`gwe runs show`](#gwe-runs-show) | Show a run: who, where, when, and what became of"
        " every object. |",
        "gwe runs show 20261124-1015        # the beginning of its name",
    ):
        assert f"\n{line}\n" in page, line


def test_every_setting_stands_on_the_page_with_its_option() -> None:
    sections = _sections("settings")
    keys = settings_schema()["properties"]
    for key, one in keys.items():
        inner = one.get("properties", {})
        heading = f"[{key}]" if key != "profiles" else "[profiles.NAME]"
        assert heading in sections or f"\n| `{key}` |" in sections["At the top"]
        assert all(f"\n| `{name}` |" in sections[heading] for name in inner)
    assert (
        "| `app` | a string | The Web Engagement Server's application. | `--app`, `GWE_APP` |"
        in (sections["At the top"].splitlines())
    )


def test_the_examples_of_settings_are_settings() -> None:
    from jsonschema import validate  # noqa: PLC0415 - slow to import

    found = re.findall(r"```(?:toml|text)\n(.*?)```", _page("settings"), re.DOTALL)
    assert len(found) == 2
    for text in found:
        validate(tomllib.loads(text), settings_schema())


def test_every_variable_that_the_program_names_stands_on_the_page() -> None:
    files = [path for path in (ROOT / "reconciler").rglob("*.*") if path.suffix != ".pyc"]
    texts = "".join(path.read_text(encoding="utf-8", errors="replace") for path in files)
    named = set(re.findall(r"\bGWE_[A-Z][A-Z_]*[A-Z]\b", texts))
    assert len(named) > 15
    page = _page("environment")
    assert {name for name in named - INTERNAL if f"| `{name}` |" not in page} == set()


def test_every_kind_stands_on_the_page_with_its_fields() -> None:
    sections = _sections("kinds")
    for kind in MANIFEST_KINDS.values():
        text = sections[kind.name]
        for word in (*(f"metadata.{word}" for word in kind.key), *kind.fields):
            prefix = "spec." if word in kind.spec_only else ""
            assert f"\n| `{prefix}{word}` |" in text, (kind.name, word)
    assert all(
        f"\n| [`{name}`](object-types.md#{name.lower()}) |" in sections["Object"]
        for name in OBJECT_KINDS
    )


def test_lines_of_the_page_of_kinds_say_what_the_schema_does() -> None:
    lines = _page("kinds").splitlines()
    for line in (
        "| `displayName` | required; a text |  |",
        "| `skills[].skill` | required; a name | The name of a Skill. |",
        "| `spec.file` | required; a name | Path below the installation folder, separated by /. |",
        "| `ensure` | present or absent | absent: the object must not exist, and is deleted if it"
        " does. |",
        "| `protect` | true or false | Never replaced or deleted. | all objects |",
        "Object type [Script](object-types.md#script), type InteractionQueue; a create also sends"
        " `state: Enabled`; `--overwrite`: `replace`.",
    ):
        assert line in lines, line


@pytest.mark.skipif(not shutil.which("man"), reason="this machine has no man")
@pytest.mark.parametrize(
    "name", ["gwe.1", "gwe-plan.1", "gwe-drop-in-install.1", "webengagement_provisioning.1"]
)
def test_a_manual_page_is_read_by_man_without_a_warning(name: str) -> None:
    done = subprocess.run(
        ["man", "--warnings=w", "--local-file", ROOT / "man" / name],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stderr == ""
    assert "SYNOPSIS\n" in done.stdout


def test_a_manual_page_shows_what_help_does() -> None:
    page = (ROOT / "man" / "gwe-drop-in-install.1").read_text(encoding="utf-8")
    for line in (
        ".SH NAME",
        ".B gwe drop\\-in install [OPTIONS] DIR",
        "gwe drop\\-in install \\(aqC:\\eGCTI\\eWeb Engagement\\etools\\eprovisioning\\(aq",
        ".SH SEE ALSO",
        ".BR gwe\\-drop\\-in (1)",
    ):
        assert f"{line}\n" in page, line


def test_the_drop_in_has_a_manual_page_too() -> None:
    page = (ROOT / "man" / "webengagement_provisioning.1").read_text(encoding="utf-8")
    assert (
        ".B webengagement_provisioning \\-host HOST \\-port PORT [\\-user USER]"
        " [\\-password PASSWORD] \\-app APPLICATION [\\-overwrite]\n"
    ) in page
    assert ".TP\n.B \\-user\nuser name (or GWE_USER)\n" in page
    assert ".TP\n.B \\-h, \\-help\nshow this text\n" in page
    assert page.count(".TP\n") == USAGE.count("\n  -")


def test_text_of_the_program_becomes_markdown_that_shows_it() -> None:
    assert prose("See gwe plan --out, --app and *.yaml in [x] of gwe.toml.") == (
        r"See `gwe plan --out`, `--app` and \*.yaml in \[x] of `gwe.toml`."
    )
    assert prose("embedded:PATH or confserv://HOST[:PORT].") == (
        "`embedded:PATH` or `confserv://HOST[:PORT]`."
    )
    assert prose(
        "List them: `Host: [{name: HOST}]`; see confserv://A:1,B:2, or set --var NAME=VALUE."
    ) == ("List them: `Host: [{name: HOST}]`; see `confserv://A:1,B:2`, or set `--var NAME=VALUE`.")
    assert code("say `unit: PATH`") == "`` say `unit: PATH` ``"
    assert table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |\n"
