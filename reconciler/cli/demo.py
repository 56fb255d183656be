"""``gwe demo``: shows the main commands on a sample site, step by step."""

import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click

from reconciler.cli.common import ANY_PATH
from reconciler.cli.help import SectionedCommand
from reconciler.cli.main import run_command
from reconciler.errors import ExitCode, ReconcilerError, UsageError
from reconciler.files.writing import make_folder
from reconciler.files.written import note_written
from reconciler.render.console import say, say_command
from reconciler.resources import BUNDLED
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer

APP = "Web_Engagement_Server"
SERVER_FILE = "gwe.db"
STATE = "state"
QUEUE = "Webengagement_Chat"


@click.command("demo", cls=SectionedCommand)
@click.option(
    "--dir",
    "folder",
    type=ANY_PATH,
    help="An empty or new folder to work in. Default: a new temporary folder.",
)
def command(folder: Path | None) -> int:
    """Try the main commands on a sample site: plan, apply, plan again, drift, repair.

    Creates an embedded Configuration Server in a folder of its own. At the end it prints the
    folder and commands to continue by hand.
    """
    place, program = _folder(folder), _program()
    file = Path(SERVER_FILE)
    site = ["-f", BUNDLED, "--server", f"embedded:{file}", "--app", APP]
    # The demo ignores the folder and the environment that it was started from.
    os.chdir(place)
    for name in [name for name in os.environ if name.startswith("GWE_")]:
        del os.environ[name]

    _say("A contact centre before Web Engagement is provisioned:")
    _run(["embedded", "init", SERVER_FILE], ExitCode.DONE)
    _say("What apply would do:")
    _run(["plan", *site], ExitCode.DONE)
    _say("Apply it (without --auto-approve, apply asks first):")
    apply = ["apply", *site, "--state-dir", STATE, "--auto-approve", "--quiet"]
    _run(apply, ExitCode.DONE)
    _say("The same plan again is empty:")
    _run(["plan", *site, "--detailed-exitcode"], ExitCode.DONE)
    _say(f"Meanwhile, somebody removes the routing strategy from the queue {QUEUE}.")
    _tamper(file)
    _say("Drift finds it, and exits with 2:")
    _run(["drift", *site, "--state-dir", STATE], ExitCode.CHANGES)
    _say("Repair it:")
    _run(apply, ExitCode.DONE)
    _run(["drift", *site, "--state-dir", STATE, "--quiet"], ExitCode.DONE)
    _say("Continue by hand:")
    say_command(f"  cd {shlex.quote(str(place))}")
    for line in (
        f"embedded inspect {SERVER_FILE}",
        f"plan {shlex.join(site)} --verbose",
        f"plan {shlex.join(site)} --overwrite",
        f"runs --state-dir {STATE}",
        "init my-site",
    ):
        say_command(f"  {program} {line}")
    return ExitCode.DONE


def _folder(folder: Path | None) -> Path:
    if folder is None:
        made = Path(tempfile.mkdtemp(prefix="gwe-demo-"))
        note_written(made)
        return made
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not an empty folder", "Name a new folder.")
    make_folder(folder)
    return folder


def _program() -> str:
    """The command that starts this gwe from any folder: its name if a shell finds it by that, else
    its absolute path. It may have been started by a path relative to the current folder."""
    ours = Path(os.path.abspath(sys.argv[0]))
    found = shutil.which("gwe")
    if found and Path(found).absolute() == ours:
        return "gwe"
    if ours.stem == "gwe" and ours.exists():
        return shlex.quote(str(ours))
    return f"{shlex.quote(sys.executable)} -m reconciler"


def _say(text: str) -> None:
    say()
    say(f"# {text}")


def _run(arguments: Sequence[str], expected: ExitCode) -> None:
    """Prints a command and runs it."""
    say_command(f"$ gwe {shlex.join(arguments)}")
    sys.stdout.flush()
    code = run_command(list(arguments))
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
