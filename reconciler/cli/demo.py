"""``gwe demo``: the main job on a sample site, told step by step."""

import os
import shlex
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.cli.main import main
from reconciler.errors import ExitCode, ReconcilerError, UsageError
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer

APP = "Web_Engagement_Server"
SERVER_FILE = "gwe.db"
STATE = "state"
QUEUE = "Webengagement_Chat"


@click.command("demo")
@click.option(
    "--dir",
    "folder",
    type=ANY_PATH,
    help="An empty or new folder to work in; default: a new temporary one.",
)
def command(folder: Path | None) -> int:
    """Run the main job on a sample site: plan, apply, plan again, drift, repair.

    Makes an embedded Configuration Server in a folder of its own, and names the folder
    and the commands to go on by hand at the end.
    """
    place = _folder(folder)
    file = Path(SERVER_FILE)
    site = ["--server", f"embedded:{file}", "--app", APP]
    # Nothing of the folder or the environment that the demo was started from counts.
    os.chdir(place)
    for name in [name for name in os.environ if name.startswith("GWE_")]:
        del os.environ[name]

    _say("A contact centre before Web Engagement is provisioned:")
    _run(["embedded", "init", SERVER_FILE], ExitCode.DONE)
    _say("What would be done:")
    _run(["plan", *site], ExitCode.DONE)
    _say("Apply it (in real life it asks first):")
    apply = ["apply", *site, "--state-dir", STATE, "--auto-approve", "--quiet"]
    _run(apply, ExitCode.DONE)
    _say("The same plan again is empty:")
    _run(["plan", *site, "--detailed-exitcode"], ExitCode.DONE)
    _say(f"Behind our back, somebody takes the routing strategy off the queue {QUEUE}.")
    _tamper(file)
    _say("Drift finds it, and exits with 2:")
    _run(["drift", *site], ExitCode.CHANGES)
    _say("Repair it:")
    _run(apply, ExitCode.DONE)
    _run(["drift", *site, "--quiet"], ExitCode.DONE)
    _say("Go on by hand:")
    click.echo(f"  cd {shlex.quote(str(place))}")
    for line in (
        f"gwe embedded inspect {SERVER_FILE}",
        f"gwe plan --server embedded:{SERVER_FILE} --app {APP} --verbose",
        f"gwe plan --server embedded:{SERVER_FILE} --app {APP} --overwrite",
        f"gwe runs --state-dir {STATE}",
        "gwe init my-site",
    ):
        click.echo(f"  {line}")
    return ExitCode.DONE


def _folder(folder: Path | None) -> Path:
    if folder is None:
        return Path(tempfile.mkdtemp(prefix="gwe-demo-"))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an empty folder", "Name a new folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReconcilerError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


def _say(text: str) -> None:
    click.echo(f"\n# {text}")


def _run(arguments: Sequence[str], expected: ExitCode) -> None:
    """Runs one command as the user would, and shows it."""
    click.echo(f"$ gwe {shlex.join(arguments)}")
    sys.stdout.flush()
    code = main(list(arguments))
    if code != expected:
        raise ReconcilerError(f"gwe {arguments[0]} ended with {code} instead of {int(expected)}")


def _tamper(file: Path) -> None:
    server = EmbeddedServer(file)
    try:
        queue = server.read("Script", {"name": QUEUE})[0]
        orchestration = KeyValueDelta(deleted={"Orchestration": ("application",)})
        server.update("Script", queue.dbid, Delta(key_values={"userProperties": orchestration}))
    finally:
        server.close()
