"""``gwe accept``: writes the server's values into the manifests, after showing the difference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.common import ManifestFlags, OutputFlags, SiteFlags, StateFlags
from reconciler.cli.completing import complete_address
from reconciler.cli.connection import ConnectionFlags
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.loading import load
from reconciler.cli.reporting import reported
from reconciler.cli.session import open_session
from reconciler.cli.terminal import check_can_ask, confirm
from reconciler.cli.text_diff import say_diff
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ExitCode, ManifestError, UsageError
from reconciler.files.reading import is_stream
from reconciler.files.writing import rewrite_file
from reconciler.kinds.fields import pointer
from reconciler.kinds.secret_names import SecretNames
from reconciler.manifest.documents import read_manifests
from reconciler.render.console import say
from reconciler.render.reports import AcceptResult, LeftDifference

if TYPE_CHECKING:
    from reconciler.manifest.load import Loaded
    from reconciler.plan.model import Plan
    from reconciler.plan.ownership.accepting import Accepting, Left


@click.command("accept", cls=SectionedCommand)
@click.argument("addresses", nargs=-1, metavar="[ADDRESS...]", shell_complete=complete_address)
@with_flags
@click.option("--auto-approve", is_flag=True, help="Do not ask. Needed without a terminal.")
def command(
    addresses: tuple[str, ...],
    manifests: ManifestFlags,
    site: SiteFlags,
    output: OutputFlags,
    connection: ConnectionFlags,
    state: StateFlags,
    form: JsonFlags,
    auto_approve: bool,
) -> int:
    """Take what the server has into the manifests, so that it is not drift any more. ADDRESS:
    only these objects; wildcards are allowed.

    Shows the edits as a diff, and asks. Only the values change: comments, order and layout of
    the files stay. The server is not written to.

    Exits 0 when nothing differs any more, 2 when something is left that an edit in its place
    cannot resolve; each is listed with what to do.
    """

    def work() -> AcceptResult:
        session = open_session(connection)
        loaded = load(manifests, session.settings, verbose=output.verbose)
        check_can_ask(auto_approve=auto_approve)
        names = session.settings.secret_names
        paths = dict(_files(loaded))
        if not paths:
            raise UsageError(
                "no manifest was named that could be edited",
                "Name your files with -f, GWE_FILE or file in gwe.toml. gwe init DIR copies those"
                " that come with gwe.",
            )
        limit = session.settings.max_file_bytes
        texts = {name: _text(path, limit) for name, path in paths.items()}
        with session.connect(site, state) as engine:
            from reconciler.plan.ownership.accepting import accept  # noqa: PLC0415 - meanwhile Java starts
            from reconciler.plan.select import check_selects  # noqa: PLC0415

            def plan_with(changed: Mapping[str, str]) -> Plan:
                instead = {paths[name]: text for name, text in changed.items()}
                return engine.plan(load(manifests, session.settings, texts=instead))

            plan = engine.plan(loaded)
            check_selects(addresses, plan)
            accepted = accept(plan, addresses, texts, plan_with)
        _show(accepted, texts, names)
        return _written(accepted, texts, paths, ask=not auto_approve)

    return reported(form, "accept", AcceptResult, work)


def _written(
    accepted: Accepting, texts: Mapping[str, str], paths: Mapping[str, Path], *, ask: bool
) -> AcceptResult:
    """Writes the edited manifests, after asking."""
    left = [*map(_left, accepted.left)]
    if not accepted.texts:
        say("Nothing differs." if not left else "No value can be taken over.")
    elif ask and not confirm("Write these values into the manifests?"):
        say("Nothing was written.")
        return AcceptResult(ExitCode.FAILED, "declined", left=left)
    for name, text in accepted.texts.items():
        rewrite_file(paths[name], texts[name], text)
        say(f"Wrote {paths[name]}.")
    written = [str(paths[name]) for name in accepted.texts]
    code = ExitCode.CHANGES if left else ExitCode.DONE
    return AcceptResult(code, "written" if written else "nothing-to-do", written, left)


def _left(one: Left) -> LeftDifference:
    (address, path), origin = one.field, one.origin
    file, line = (origin.file, origin.line) if origin else (None, None)
    return LeftDifference(address, path, file, line, one.why)


def _files(loaded: Loaded) -> Mapping[str, Path]:
    """The manifest files that can be edited, by the names that positions use."""
    documents = [manifest.document for manifest in loaded.manifests if not manifest.bundled]
    return {one.name: one.path for one in documents if one.path and not is_stream(one.path)}


def _text(path: Path, max_bytes: int) -> str:
    text = read_manifests(path, max_bytes)
    if isinstance(text, Diagnostic):
        raise ManifestError([text])
    return text


def _show(accepted: Accepting, texts: Mapping[str, str], names: SecretNames) -> None:
    """The edits as a diff, and what is left."""
    for name, text in accepted.texts.items():
        say_diff(name, texts[name], text, names)
    for one in accepted.left:
        address, path = one.field
        place = f" ({one.origin.file}:{one.origin.line})" if one.origin else ""
        say(f"Left: {address}{' ' + pointer(path) if path else ''}{place}: {one.why}.")
