"""What commands that change something report as JSON at their end, each with its schema.

apply, undo, destroy, adopt   gwe-apply/1
recover                       gwe-recover/1
accept                        gwe-accept/1
export                        gwe-export-report/1
lock show                     gwe-lock/1
"""

from typing import Any, get_args

from reconciler.apply.report import Outcome, RunReport, Status
from reconciler.json_codec import (
    BOOLEAN,
    INTEGER,
    OPTIONAL_TEXT,
    TEXT,
    Codec,
    Member,
    array,
    choice,
    nullable,
    record,
)
from reconciler.kinds.fields import pointer
from reconciler.plan.file.codec import plan_id
from reconciler.render.json_reports import PROBLEM, JsonReport, report
from reconciler.render.reports import (
    ACCEPT_STATUSES,
    APPLY_STATUSES,
    ApplyResult,
    CommandResult,
    HeldLock,
)

_EXIT = Member("exit", INTEGER, description="The exit code.")
_PROBLEMS = Member("problems", array(PROBLEM), description="Why the command failed.")


def _outcome_value(outcome: Outcome, name: str) -> Any:
    return getattr(outcome.action if name in ("address", "action") else outcome, name)


_OUTCOME: Codec[Any] = record(
    dict,
    Member("address", TEXT),
    Member("action", TEXT),
    Member("status", choice(*get_args(Status))),
    Member("message", OPTIONAL_TEXT),
    Member("hint", OPTIONAL_TEXT),
    get=_outcome_value,
)


def _apply_value(result: ApplyResult, name: str) -> Any:
    found = result.report or RunReport()
    match name:
        case "run" | "state" | "outcomes" | "needs_recovery" | "journal_problem":
            return getattr(found, name)
        case "exit":
            return int(result.exit_code)
        case "plan_id":
            return plan_id(result.plan) if result.plan else ""
    return getattr(result, name)


APPLY = report(
    "apply",
    "Report of gwe apply, undo, destroy and adopt",
    Member("status", choice(*APPLY_STATUSES)),
    _EXIT,
    Member("planId", OPTIONAL_TEXT, "plan_id"),
    Member("run", OPTIONAL_TEXT, description="The name of the run; null: there was none."),
    Member("state", OPTIONAL_TEXT, description="Where the run is stored."),
    Member("needsRecovery", BOOLEAN, "needs_recovery", "Whether gwe recover has work."),
    Member("journalProblem", OPTIONAL_TEXT, "journal_problem"),
    Member("outcomes", array(_OUTCOME)),
    _PROBLEMS,
    get=_apply_value,
)


def _value(result: CommandResult, name: str) -> Any:
    return int(result.exit_code) if name == "exit" else getattr(result, name)


def _result(name: str, command: str, *members: Member) -> JsonReport:
    title = f"Report of {command}"
    return report(name, title, _EXIT, *members, _PROBLEMS, get=_value)


def _of_field(value: Any, name: str) -> Any:
    return pointer(value.path) if name == "path" else getattr(value, name)


_FIELD = Member("field", TEXT, "path", "JSON Pointer of the field; empty: the whole object.")

RECOVER = _result(
    "recover",
    "gwe recover",
    Member("runs", array(TEXT), description="The names of the runs that were finished."),
    Member("released", OPTIONAL_TEXT, description="The run whose lock was left behind."),
    Member(
        "findings",
        array(
            record(
                dict,
                Member("address", TEXT),
                Member("message", TEXT, description="What was found, and what was done."),
                Member("complete", BOOLEAN, description="Whether nothing is left to do."),
            )
        ),
    ),
)
ACCEPT = _result(
    "accept",
    "gwe accept",
    Member("status", choice(*ACCEPT_STATUSES)),
    Member("written", array(TEXT), description="The files that were written."),
    Member(
        "left",
        array(
            record(
                dict,
                Member("address", TEXT),
                _FIELD,
                Member("file", nullable(TEXT)),
                Member("line", nullable(INTEGER), description="From 1."),
                Member("why", TEXT, description="Why no edit resolves the difference."),
                get=_of_field,
            )
        ),
    ),
)
EXPORT = _result(
    "export-report",
    "gwe export",
    Member("folder", TEXT),
    Member("manifests", INTEGER, description="How many there are."),
    Member(
        "files",
        array(
            record(
                dict,
                Member("name", TEXT),
                Member("result", choice("new", "updated", "unchanged", "kept", "stale"), "word"),
                Member("remark", OPTIONAL_TEXT),
            )
        ),
    ),
    Member(
        "secrets",
        array(
            record(
                dict,
                Member("variable", TEXT, "name"),
                Member("address", TEXT),
                _FIELD,
                get=_of_field,
            )
        ),
        description="The environment variables that a plan needs.",
    ),
    Member(
        "omissions",
        array(record(dict, Member("address", TEXT), _FIELD, Member("reason", TEXT), get=_of_field)),
        description="What is not in the manifests as it is on the server.",
    ),
)


def _of_lock(lock: HeldLock, name: str) -> Any:
    return getattr(lock if name in ("object", "dbid") else lock.holder, name)


LOCK = _result(
    "lock",
    "gwe lock show",
    Member(
        "locks",
        array(
            record(
                dict,
                Member("owner", TEXT),
                Member("host", TEXT),
                Member("run", TEXT),
                Member("since", OPTIONAL_TEXT),
                Member("until", OPTIONAL_TEXT, description="Unless it is renewed."),
                Member("writing", BOOLEAN, description="The run writes, or did not finish."),
                Member("recovering", BOOLEAN, description="The run is being recovered."),
                Member("counter", nullable(INTEGER), description="Grows while it is renewed."),
                Member("state", OPTIONAL_TEXT, "place", "Where the run is stored."),
                Member("object", TEXT, description="The name of the Transaction."),
                Member("dbid", INTEGER),
                get=_of_lock,
            )
        ),
        description="Empty: nobody holds the lock.",
    ),
)

RESULTS = {
    "apply": APPLY,
    "recover": RECOVER,
    "accept": ACCEPT,
    "export-report": EXPORT,
    "lock": LOCK,
}
"""Name of a schema -> the report that it describes."""
