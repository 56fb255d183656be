"""Plan files: written whole or not at all, and read with their text.

The text matters beside the plan: its digest is what a plan that ran already is known by.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostic
from reconciler.errors import PlanFileError, ReconcilerError, RefusedError, UsageError
from reconciler.plan.codec import plan_json, read_plan
from reconciler.plan.model import Plan
from reconciler.plan.secrets import unsaveable


@dataclass(frozen=True)
class PlanFile:
    """A plan that was read from a file, and the text of that file. It is applied once."""

    plan: Plan
    text: str


def save_plan(plan: Plan, path: str | Path, key: str = "") -> None:
    """Writes a plan file, in place of an older one. ``key``: signs it.

    RefusedError where the plan holds a secret in clear, UsageError where the path is that of
    a binary file, such as a server file, ReconcilerError where it cannot be written.
    """
    path = Path(path)
    _check_holds_no_secret(plan)
    if not path.name or path.is_dir():
        raise ReconcilerError(f"{path} cannot be written: it is a folder")
    _check_is_text(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(plan_json(plan, key), encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        raise ReconcilerError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def read_plan_file(
    path: Path, resolve: Callable[[str], str] | None = None, key: str = ""
) -> PlanFile:
    """The plan in a file. ``resolve`` returns the value of a secret (``env.NAME``); without it
    secrets stay empty, which is enough to show the plan but not to apply it. ``key``: what the
    file must be signed with; empty: it need not be signed.

    UsageError where the file cannot be read, PlanFileError where it holds no plan.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise UsageError(
            f"the plan file {path} cannot be read: {reason}",
            "Plan files are made by gwe plan --out FILE.",
        ) from error
    plan = read_plan(text, str(path), resolve, key)
    missing = unsaveable(plan) if resolve else []
    if missing:
        raise PlanFileError(
            f"{path} lacks the secrets that it would write: {', '.join(missing)}",
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
                    hint="Declare it as {secret: true, from: env.NAME}.",
                )
            ]
        )


def _check_is_text(path: Path) -> None:
    """UsageError where there is a binary file already."""
    with suppress(OSError), path.open("rb") as file:
        if b"\0" in file.read(200):
            raise UsageError(
                f"{path} exists and is not a plan file", "Name another file with --out."
            )
