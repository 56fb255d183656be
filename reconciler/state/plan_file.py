"""Saves plan files, over nothing but older plan files, and reads them with their text.

The text is needed besides the plan: a plan that was applied already is recognised by the digest of
its text.
"""

import re
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from reconciler.diagnostics import Diagnostic
from reconciler.errors import PlanFileError, RefusedError
from reconciler.files.reading import read_text, shown_path
from reconciler.files.writing import replace_file
from reconciler.plan.file.codec import plan_json, read_plan
from reconciler.plan.model import Plan
from reconciler.plan.secrets import saving_advice, unsaveable

MAX_BYTES = 16 * 1024 * 1024
MAX_VALUES = 1_000_000
"""How many values a plan file may have: a text of the permitted size could hold so many that they
fill the memory."""

_ADVICE = "Plan files are made by gwe plan --out FILE."
_BEGINNING = re.compile(rb'\s*\{\s*"format"\s*:\s*"gwe-plan/')


class PlanFile(Struct, frozen=True):
    """A plan that was read from a file, and the text of that file. It is applied once."""

    plan: Plan
    text: str


def save_plan(plan: Plan, path: str | Path, key: str = "") -> None:
    """Writes a plan file, for its owner only: a new file, or in place of an empty file or an older
    plan. ``key``: signs it.

    RefusedError if the plan holds a secret in clear, UsageError if there is anything
    else at the path, ReconcilerError if it cannot be written.
    """
    advice = "Name a new file with --out, or - for standard output."
    replace_file(Path(path), plan_text(plan, key).encode(), _is_plan, "plan file", advice)


def plan_text(plan: Plan, key: str = "") -> str:
    """The text of a plan file. RefusedError if the plan holds a secret in clear, or is larger than
    a plan file may be."""
    _check_holds_no_secret(plan)
    text = plan_json(plan, key)
    if len(text.encode()) > MAX_BYTES or _values(text) > MAX_VALUES:
        summary = f"the plan is too large for a plan file ({MAX_BYTES >> 20} MiB)"
        raise RefusedError([Diagnostic(summary, hint="Plan a part of it with --target.")])
    return text


def _values(text: str) -> int:
    """An upper bound for the number of values in the JSON text."""
    return sum(map(text.count, ",[{"))


def _is_plan(beginning: bytes) -> bool:
    return _BEGINNING.match(beginning) is not None


def read_plan_file(
    path: Path, resolve: Callable[[str], str] | None = None, key: str = ""
) -> PlanFile:
    """The plan in a file. ``resolve`` returns the value of a secret (``env.NAME``); without it
    secrets stay empty, which is enough to show the plan but not to apply it. ``key``: what the
    file must be signed with; empty: it need not be signed.

    PlanFileError if the file cannot be read or holds no plan.
    """
    name = shown_path(path)
    text = read_text(path, MAX_BYTES)
    if isinstance(text, Diagnostic):
        hint = f"{text.hint} {_ADVICE}".strip()
        raise PlanFileError(f"the plan file {name} {text.summary}", hint)
    if _values(text) > MAX_VALUES:
        raise PlanFileError(f"{name} has more than {MAX_VALUES:,} values", _ADVICE)
    plan = read_plan(text, name, resolve, key)
    missing = unsaveable(plan) if resolve else []
    if missing:
        raise PlanFileError(
            f"{name} lacks the secrets that it would write: {', '.join(missing)}",
            "Declare them as {secret: true, from: env.NAME} and save the plan with --out.",
        )
    return PlanFile(plan, text)


def _check_holds_no_secret(plan: Plan) -> None:
    hidden = unsaveable(plan)
    if hidden:
        raise RefusedError(
            [
                Diagnostic(
                    f"a plan file cannot hold a secret: {', '.join(hidden)}",
                    hint=saving_advice(plan),
                )
            ]
        )
