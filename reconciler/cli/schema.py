"""``gwe schema``: the JSON Schemas, printed or written."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.cli.common import ANY_PATH
from reconciler.cli.help import SectionedCommand
from reconciler.compare.mapping import mapping_schema
from reconciler.errors import ExitCode, UsageError
from reconciler.files.writing import write_file
from reconciler.kinds.schema.manifests import manifest_schema
from reconciler.plan.file.codec import plan_schema
from reconciler.plan.ownership.baseline import baseline_schema
from reconciler.render.comparison_json import COMPARE
from reconciler.render.console import print_data, say
from reconciler.render.explanation import EXPLAIN
from reconciler.render.graphs.json_text import GRAPH
from reconciler.render.json_reports import REPORTS
from reconciler.render.result_reports import RESULTS
from reconciler.resources import bundled
from reconciler.settings.schema import settings_schema
from reconciler.text.visible import json_text

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "manifest": manifest_schema,
    "plan": plan_schema,
    "settings": settings_schema,
    "baseline": baseline_schema,
    "mapping": mapping_schema,
    "graph": GRAPH.schema,
    "explain": EXPLAIN.schema,
    "compare": COMPARE.schema,
    **{name: report.schema for name, report in {**REPORTS, **RESULTS}.items()},
}


def schema_texts() -> dict[str, str]:
    """File name -> text, of every schema."""
    return {f"{name}.schema.json": json_text(make()) for name, make in SCHEMAS.items()}


@click.command("schema", cls=SectionedCommand)
@click.argument("name", type=click.Choice([*SCHEMAS]), default="manifest", metavar="[NAME]")
@click.option("--write", is_flag=True, help="Write the files instead of printing.")
@click.option(
    "--dir",
    "folder",
    type=ANY_PATH,
    help="Where --write puts them; default: the schemas folder of gwe itself.",
)
def command(name: str, write: bool, folder: Path | None) -> int:
    """Print a JSON Schema, or write all of them to a folder.

    NAME: manifest (the default), plan (plan files; also plan, drift and show --format json),
    settings (gwe.toml), baseline (gwe drift --baseline), mapping (gwe compare --mapping), or a
    report that --format json prints: validate, apply (also of undo, destroy and adopt), runs, run
    (of gwe runs show), doctor, graph, explain, compare, recover, accept, export-report, lock (of
    gwe lock show)."""
    if folder is not None and not write:
        raise UsageError("--dir can be used only with --write", "Add --write.")
    if not write:
        print_data(json_text(SCHEMAS[name]()))
        return ExitCode.DONE
    target = folder or bundled("schemas")
    for file, text in schema_texts().items():
        write_file(target / file, text.encode())
        say(f"Wrote {target / file}")
    return ExitCode.DONE
