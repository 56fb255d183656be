"""The public names, which ``reconciler`` offers as its own. All other names may change, except
those that ``docs/testing-your-client.md`` lists."""

from reconciler.apply.report import Outcome, Recovered, RunReport
from reconciler.compare.model import Comparison, ObjectDifference, SideMark, Uncompared
from reconciler.diagnostics import Diagnostic, Position
from reconciler.engine.progress import Progress
from reconciler.engine.reconciler import Reconciler
from reconciler.engine.run_place import Recovery
from reconciler.engine.running import load_plan
from reconciler.errors import (
    DamagedRunError,
    ExitCode,
    InterruptedRunError,
    JournalError,
    LockHeldError,
    LockLostError,
    ManifestError,
    PlanFileError,
    ReconcilerError,
    RefusedError,
    RunHeldError,
    RunOnceError,
    SideError,
    StalePlanError,
    StateError,
    StateFolderError,
    UnrecoveredError,
    UsageError,
)
from reconciler.export.model import Export, Omission, SecretVariable
from reconciler.kinds.secret_names import SecretNames
from reconciler.plan.actions import (
    Action,
    Blocked,
    Create,
    Delete,
    InSync,
    Keep,
    Replace,
    Skip,
    Update,
    changes_of,
)
from reconciler.plan.changes import Change
from reconciler.plan.context import PlanSettings
from reconciler.plan.guards import Limits
from reconciler.plan.model import Plan
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.errors import (
    ConfigurationServerError,
    OutcomeUnknownError,
    ServerError,
    ServerIsProxyError,
    ServerUnavailableError,
)
from reconciler.site.discovery import SiteOptions
from reconciler.state.plan_file import PlanFile, save_plan
from reconciler.state.records import RunSummary
from reconciler.state.store import DamagedRun

__all__ = [
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
]
