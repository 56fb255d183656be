"""``gwe init``: a folder to start from."""

import shutil
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.errors import ExitCode, ReconcilerError, UsageError
from reconciler.render.console import say
from reconciler.resources import bundled, bundled_manifests
from reconciler.settings import FILE_NAME

_SETTINGS = """\
#:schema schemas/settings.schema.json
# What gwe reads when it runs in this folder. Options on the command line win.
# server = "embedded:gwe.db"
# app = "Web_Engagement_Server"
file = ["manifests/web-engagement"]

# Values of the variables that manifests/web-engagement/variables.yaml declares.
[vars]

# Another environment, chosen with --profile NAME. The same settings as above.
# [profiles.test]
# server = "embedded:test.db"
"""


@click.command("init")
@click.argument("folder", type=ANY_PATH)
def command(folder: Path) -> int:
    """Make FOLDER with the bundled manifests, the schemas and a gwe.toml.

    The manifests are yours from then on: edit them and keep them in version control.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an empty folder", "Name a new folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(bundled_manifests(), folder / "manifests" / "web-engagement")
        shutil.copytree(bundled("schemas"), folder / "schemas")
        (folder / FILE_NAME).write_text(_SETTINGS, encoding="utf-8")
    except OSError as error:
        raise ReconcilerError(f"{folder} cannot be written: {error.strerror}") from error
    say(f"Made {folder} with manifests, schemas and {FILE_NAME}.")
    say(f"Next: cd {folder}, edit {FILE_NAME}, then gwe validate and gwe plan.")
    return ExitCode.DONE
