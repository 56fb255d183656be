"""The public names: these, and no others."""

import inspect
import subprocess
import sys

import reconciler
from reconciler.errors import ReconcilerError

PUBLIC = {
    "Action",
    "Blocked",
    "Change",
    "Comparison",
    "ConfigurationServerError",
    "ConnectionOptions",
    "Create",
    "Credentials",
    "DamagedRun",
    "DamagedRunError",
    "Delete",
    "Diagnostic",
    "ExitCode",
    "Export",
    "InSync",
    "InterruptedRunError",
    "JournalError",
    "Keep",
    "Limits",
    "LockHeldError",
    "LockLostError",
    "ManifestError",
    "ObjectDifference",
    "Omission",
    "Outcome",
    "OutcomeUnknownError",
    "Plan",
    "PlanFile",
    "PlanFileError",
    "PlanSettings",
    "Position",
    "Progress",
    "Reconciler",
    "ReconcilerError",
    "Recovered",
    "Recovery",
    "RefusedError",
    "Replace",
    "RunHeldError",
    "RunOnceError",
    "RunReport",
    "RunSummary",
    "SecretNames",
    "SecretVariable",
    "ServerError",
    "ServerIsProxyError",
    "ServerUnavailableError",
    "SideError",
    "SideMark",
    "SiteOptions",
    "Skip",
    "StalePlanError",
    "StateError",
    "StateFolderError",
    "Uncompared",
    "UnrecoveredError",
    "Update",
    "UsageError",
    "changes_of",
    "load_plan",
    "save_plan",
}


def test_the_public_names_are_these() -> None:
    assert set(reconciler.__all__) == PUBLIC
    assert set(dir(reconciler)) > PUBLIC
    assert not hasattr(reconciler, "prepare")


def test_every_public_name_says_what_it_is_for() -> None:
    for name in PUBLIC:
        assert inspect.getdoc(getattr(reconciler, name)), name


def test_every_public_error_is_of_the_one_tree() -> None:
    for name in PUBLIC:
        if name.endswith("Error"):
            assert issubclass(getattr(reconciler, name), ReconcilerError), name


def _modules_after(program: str) -> set[str]:
    """The modules of a fresh process that ran ``program``."""
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    return set(done.stdout.splitlines()[-1].split())


def test_the_import_of_the_package_and_the_help_of_gwe_load_no_engine() -> None:
    assert {m for m in _modules_after("import reconciler") if m.startswith("reconciler")} == {
        "reconciler"
    }
    help_ = "import reconciler.cli.main as m; m.main(['--help'])"
    assert {m for m in _modules_after(help_) if m.startswith("reconciler")} == {
        "reconciler",
        "reconciler.cli",
        "reconciler.cli.completing",
        "reconciler.cli.examples",
        "reconciler.cli.help",
        "reconciler.cli.main",
    }
