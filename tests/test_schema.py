"""The written schemas are current, valid, and reach editors."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from reconciler.cli.schema import SCHEMAS, schema_texts
from reconciler.resources import bundled
from reconciler.settings.gwe_toml import read_settings
from tests.harness import gwe


def test_the_written_schemas_are_current() -> None:
    written = {file.name: file.read_text(encoding="utf-8") for file in bundled("schemas").iterdir()}
    assert written == schema_texts(), "run `gwe schema --write`"


def test_the_schemas_are_valid_json_schemas() -> None:
    files = ["manifest", "plan", "settings", "baseline", "mapping"]
    reports = ["graph", "explain", "compare", "validate", "runs", "run", "doctor"]
    results = ["apply", "recover", "accept", "export-report", "lock"]
    assert list(SCHEMAS) == [*files, *reports, *results]
    for make in SCHEMAS.values():
        schema = make()
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        Draft7Validator.check_schema(schema)


@pytest.mark.parametrize(
    ("arguments", "title"),
    [
        ([], "Manifest of the Web Engagement reconciler"),
        (["manifest"], "Manifest of the Web Engagement reconciler"),
        (["plan"], "Plan of the Web Engagement reconciler"),
        (["settings"], "Settings of the Web Engagement reconciler (gwe.toml)"),
        (["run"], "Report of gwe runs show"),
    ],
)
def test_gwe_schema_prints_the_schema_that_it_is_asked_for(
    tmp_path: Path, arguments: list[str], title: str
) -> None:
    printed = gwe("schema", *arguments, cwd=tmp_path)
    assert (printed.code, printed.err) == (0, "")
    assert json.loads(printed.out)["title"] == title


def test_gwe_schema_writes_all_schemas_to_a_folder(tmp_path: Path) -> None:
    assert gwe("schema", "--write", "--dir", "out", cwd=tmp_path).code == 0
    written = {file.name: file.read_text("utf-8") for file in (tmp_path / "out").iterdir()}
    assert written == schema_texts()


def test_the_gwe_toml_of_gwe_init_names_its_schema_and_is_valid(tmp_path: Path) -> None:
    assert gwe("init", "mine", cwd=tmp_path).code == 0
    folder = tmp_path / "mine"
    first, *_ = (folder / "gwe.toml").read_text(encoding="utf-8").splitlines()
    assert first == "#:schema schemas/settings.schema.json"
    schema = folder / first.removeprefix("#:schema ")
    assert schema.read_text(encoding="utf-8") == schema_texts()["settings.schema.json"]
    assert read_settings(folder).file == (folder / "manifests",)
