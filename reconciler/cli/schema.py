"""``gwe schema``: the JSON Schemas, printed or written."""

import json
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.errors import ExitCode, ReconcilerError, UsageError
from reconciler.kinds.schema import manifest_schema
from reconciler.plan.codec import plan_schema
from reconciler.resources import bundled

FILES = {"manifest.schema.json": manifest_schema, "plan.schema.json": plan_schema}


def schema_texts() -> dict[str, str]:
    """The text of every schema file, by name."""
    return {
        name: json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
        for name, make in FILES.items()
    }


@click.command("schema")
@click.argument(
    "name", type=click.Choice(["manifest", "plan"]), default="manifest", metavar="[manifest|plan]"
)
@click.option("--write", is_flag=True, help="Write the files instead of printing.")
@click.option(
    "--dir",
    "folder",
    type=ANY_PATH,
    help="Where --write puts them; default: the schemas folder of gwe itself.",
)
def command(name: str, write: bool, folder: Path | None) -> int:
    """Print the JSON Schema of manifests or of plan files, or write both to a folder."""
    texts = schema_texts()
    if folder is not None and not write:
        raise UsageError("--dir says where --write puts the files", "Add --write.")
    if not write:
        click.echo(texts[f"{name}.schema.json"], nl=False)
        return ExitCode.DONE
    target = folder or bundled("schemas")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            (target / file).write_text(text, encoding="utf-8")
            click.echo(f"Wrote {target / file}")
    except OSError as error:
        raise ReconcilerError(f"{target} cannot be written: {error.strerror}") from error
    return ExitCode.DONE
