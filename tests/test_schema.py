"""The written schemas are those of the table of kinds."""

from reconciler.cli.schema import schema_texts
from reconciler.resources import bundled


def test_the_written_schemas_are_current() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in bundled("schemas").iterdir()}
    assert written == schema_texts(), "run `gwe schema --write`"
