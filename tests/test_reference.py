"""The reference page is that of the table of types, and says what the server does."""

from pathlib import Path

from reconciler.kinds.types import OBJECT_TYPES
from scripts.reference import page

WRITTEN = Path(__file__).parent.parent / "docs" / "reference.md"


def test_the_written_reference_is_current() -> None:
    assert WRITTEN.read_text(encoding="utf-8") == page(), "run `make reference`"


def test_every_type_attribute_and_filter_stands_in_the_reference() -> None:
    sections = {
        text.partition("\n")[0]: text for text in WRITTEN.read_text("utf-8").split("\n### ")
    }
    for kind in OBJECT_TYPES.values():
        for attribute in kind.attributes:
            assert f"\n| `{attribute.name}` |" in sections[kind.name]
        for name in kind.filters:
            assert f"`{name}`" in sections[kind.name]


def test_a_line_says_all_that_the_table_of_types_does() -> None:
    lines = WRITTEN.read_text("utf-8").splitlines()
    for line in (
        "- Natural key: `name`, in the same `tenantDBID` and `type`.",
        "- Also unique, if given: `userName`, in the server.",
        "- Folder: by default `Attribute Values`, of the Enumerator in `enumeratorDBID`.",
        "- A deletion is refused while these refer to the object:"
        " `Application.serverInfo.hostDBID`.",
        "| `tenantDBID` | `tenant` | reference | mandatory; cannot change |"
        " Tenant; this object is deleted too |",
        "| `isServer` |  | flag | set by the server |  |",
        "| `password` |  | text | never read; up to 64 |  |",
        "| `agentDBIDs` | `agents` | list of references |  | Person; removed from the list |",
        "| `skillLevels.skillDBID` | `skills.skill` | reference | mandatory |"
        " Skill; the entry is removed |",
        "| `serverInfo.hostDBID` | `server.host` | reference |  | Host; refused |",
        "| 12 | UniquenessViolation | the name is taken, perhaps by an object that this account"
        " cannot read | Look for the object with an account that may read everything. |",
    ):
        assert line in lines, line
