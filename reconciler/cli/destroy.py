"""``gwe destroy``: deletes all that is in the inventory."""

from functools import partial
from pathlib import Path

import click

from reconciler.cli.common import (
    ANY_PATH,
    LockFlags,
    ManifestFlags,
    OutputFlags,
    RunFlags,
    SiteFlags,
    StateFlags,
)
from reconciler.cli.completing import complete_address
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.reporting import check_one_output, reported
from reconciler.cli.session import open_session
from reconciler.cli.settings import named_state
from reconciler.cli.status import reading_shown
from reconciler.cli.terminal import confirm_name, is_interactive
from reconciler.errors import UsageError
from reconciler.render.reports import ApplyResult


@click.command("destroy", cls=SectionedCommand)
@click.option(
    "--exclude",
    multiple=True,
    metavar="ADDRESS",
    shell_complete=complete_address,
    help="Leave out these objects and what depends on them; repeatable.",
)
@click.option(
    "--force",
    is_flag=True,
    help="Also delete objects that another Web Engagement site may use, and exceed the limits"
    " of gwe.toml.",
)
@click.option("--confirm", "confirmed", metavar="NAME", help="The site's name, instead of asking.")
@click.option("--out", type=ANY_PATH, metavar="FILE", help="Save the plan; write nothing.")
@with_flags
def command(
    exclude: tuple[str, ...],
    force: bool,
    confirmed: str | None,
    out: Path | None,
    manifests: ManifestFlags,
    site: SiteFlags,
    state: StateFlags,
    lock: LockFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    form: JsonFlags,
) -> int:
    """Delete all objects that gwe created or adopted for this site, and take the options out of
    applications that it added there. What others own stays, and so does what the manifests
    protect.

    The plan is shown. Then the name of the site must be typed: that of the application of its
    Web Engagement Server. gwe undo brings back what can be; the plan lists what cannot.
    """

    def work() -> ApplyResult:
        session = open_session(connection)
        # Imported late, while a thread starts Java.
        from reconciler.cli.execution import ApplyConditions, show_and_apply, show_and_save_only  # noqa: PLC0415

        loaded = load(manifests, session.settings, verbose=output.verbose)
        name = session.site_options(site).app
        if out is None:
            _check_confirmed(confirmed, name)
        with session.connect(site, state) as engine:
            engine.check_writable()
            with reading_shown():
                plan = engine.destroy(loaded, exclude=exclude, force=force)
            if out is None:
                question = f"Type {name} to delete all of that"
                conditions = ApplyConditions(
                    RunFlags(**vars(state), **vars(lock), auto_approve=confirmed is not None),
                    keeps_state=bool(named_state(state, session.settings)),
                    approve=partial(confirm_name, question, name),
                )
                return show_and_apply(plan, engine, output, conditions)
        return show_and_save_only(plan, output, out)

    check_one_output(form, out)
    return reported(form, "apply", ApplyResult, work)


def _check_confirmed(confirmed: str | None, name: str) -> None:
    """UsageError if the given name is not the site's, or nobody can be asked for it."""
    if confirmed is None and not is_interactive():
        raise UsageError(
            "there is no terminal to ask on",
            "Review gwe destroy --out FILE, then give the site's name with --confirm NAME.",
        )
    if confirmed is not None and confirmed != name:
        raise UsageError(
            f"--confirm is {confirmed}, and the site is {name or 'not named'}",
            "Nothing was deleted. Give the name of the site that is to be destroyed.",
        )
