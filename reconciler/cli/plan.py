"""``gwe plan``: what apply would do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import (
    ANY_PATH,
    FormatFlags,
    ManifestFlags,
    OutputFlags,
    OverwriteFlags,
    SelectionFlags,
    SiteFlags,
    StateFlags,
)
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.expected import check_expected
from reconciler.cli.flags import flag, with_flags
from reconciler.cli.session import load, open_session
from reconciler.errors import ExitCode
from reconciler.render.console import say
from reconciler.render.forms import FORMS

if TYPE_CHECKING:
    from reconciler.engine.reconciler import Reconciler
    from reconciler.manifest.load import Loaded
    from reconciler.plan.model import Plan


@dataclass(frozen=True)
class PlanFlags:
    """What ``gwe plan`` does beside showing the plan."""

    out: Path | None = flag(
        "--out",
        type=ANY_PATH,
        metavar="FILE",
        help="Also save the plan, for gwe show and gwe apply.",
    )
    expect: str = flag(
        "--expect",
        default="",
        metavar="ID",
        help="Exit 4 unless the plan has this id, which gwe plan --out and gwe show print.",
    )
    detailed_exitcode: bool = flag(
        "--detailed-exitcode", is_flag=True, help="Exit 2 when the plan is not empty, else 0."
    )


def make_plan(
    engine: Reconciler, loaded: Loaded, overwrite: OverwriteFlags, selection: SelectionFlags
) -> Plan:
    """The plan that the options ask for."""
    return engine.plan(
        loaded,
        overwrite=overwrite.overwrite,
        overwrite_only=overwrite.overwrite_only,
        target=selection.target,
        exclude=selection.exclude,
        force=overwrite.force,
    )


def save(plan: Plan, path: Path, *, quiet: bool = False) -> None:
    """Writes a plan file and, unless ``quiet``, says so."""
    from reconciler.engine.run_context import plan_key  # noqa: PLC0415 - only for --out
    from reconciler.plan.codec import plan_id  # noqa: PLC0415
    from reconciler.state.plan_file import save_plan  # noqa: PLC0415

    save_plan(plan, path, plan_key())
    if not quiet:
        say(f"Saved the plan as {path}.")
        say(f"Plan id: {plan_id(plan)}")


@click.command("plan")
@with_flags
def command(
    manifests: ManifestFlags,
    site: SiteFlags,
    overwrite: OverwriteFlags,
    selection: SelectionFlags,
    more: PlanFlags,
    form: FormatFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    state: StateFlags,
) -> int:
    """Show what apply would do. Writes nothing.

    Exits 0 when a plan was made (see --detailed-exitcode), 3 when an action is blocked
    or a prerequisite is missing.
    """
    session = open_session(connection)
    loaded = load(manifests, session.settings, verbose=output.verbose)
    with session.connect(site, state) as engine:
        plan = make_plan(engine, loaded, overwrite, selection)
    FORMS[form.format](output.style()).plan(plan)
    if more.out is not None:
        save(plan, more.out, quiet=form.format != "text")
    check_expected(plan, more.expect)
    if not plan.applyable:
        return ExitCode.REFUSED
    if more.detailed_exitcode and not plan.empty:
        return ExitCode.CHANGES
    return ExitCode.DONE
