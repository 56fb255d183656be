"""``gwe doctor``: looks at everything between here and a plan, and says what to do next."""

from collections.abc import Iterator
from textwrap import wrap
from typing import Any, Protocol, cast

import click

from reconciler.cli import common
from reconciler.cli.session import Session, open_session
from reconciler.errors import ExitCode, ReconcilerError
from reconciler.kinds.enums import APPLICATION_TYPE, mnemonic
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.server.checks import CheckResult
from reconciler.server.connect import adapter_for
from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ConfigurationServerError, ServerError
from reconciler.server.port import ConfObject, Permission, Server, ServerInfo
from reconciler.server.snapshot import ENVIRONMENT, Snapshot
from reconciler.site.discovery import SiteOptions, discover

_STYLES = {"ok": "green", "note": "yellow", "failed": "bold red"}
_INDENT = 22
_CREATED_IN = ("Script", "AgentGroup", "Enumerator", "Transaction")
"""The types that applies create in folders of the site's tenant."""


class _Asks(Protocol):
    """A server that says what an account may do."""

    def effective_permissions(
        self, object_type: str, dbid: int, person: int | None = None
    ) -> Permission: ...


@click.command("doctor")
@common.with_options(
    *common.SITE_OPTIONS,
    click.option("--profile", envvar="GWE_PROFILE", default="", help="Profile of gwe.toml."),
    click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR)."),
)
def command(**options: Any) -> int:
    """Check the way to the server and what this account may do there. Writes nothing.

    Prints for each step what it found and, where that is not enough, what to do next.
    Exit 1 where a step failed.
    """
    session = open_session(options)
    connection = session.connection()
    failed = _print(_look(session, connection), no_color=options["no_color"])
    return ExitCode.FAILED if failed else ExitCode.DONE


def _look(session: Session, connection: ConnectionOptions) -> Iterator[CheckResult]:
    url = session.url()
    adapter = adapter_for(url)
    for finding in adapter.check_access(url, connection):
        yield finding
        if finding.state == "failed" and finding.conclusive:
            return
    who = session.user or "nobody: the session of the server itself"
    try:
        server = adapter.open(url, session.credentials(url), session.options["timeout"], connection)
    except ServerError as error:
        number = getattr(error, "number", 0)
        what = "client" if number == 7 else "log-in"
        yield CheckResult(what, "failed", error.message, error.hint)
        return
    try:
        yield CheckResult("log-in", "ok", f"as {who}")
        yield from _session(session, server, connection, real=adapter.is_real)
    except ServerError as error:
        yield CheckResult("server", "failed", error.message, error.hint)
    finally:
        server.close()


def _session(
    session: Session, server: Server, connection: ConnectionOptions, *, real: bool
) -> Iterator[CheckResult]:
    applications = server.read("Application")
    by_name = {one.attributes["name"]: one for one in applications}
    if real:
        yield _client(by_name.get(connection.client), connection)
    info = server.info()
    if real or info.proxy_of:
        yield _role_of_server(info)
    if info.mode == "Full":
        yield CheckResult("mode", "ok", "Full: the server takes writes")
    else:
        advice = "Plans work; an apply waits until the server is back in full mode."
        yield CheckResult("mode", "note", info.mode, advice)
    tenants = server.read("Tenant", {"all_tenants": 1})
    yield from _permissions(session, server, tenants)
    yield _prerequisites(session, server, [*tenants, *applications])


def _client(found: ConfObject | None, connection: ConnectionOptions) -> CheckResult:
    name = connection.client
    if found is None:
        return CheckResult("client", "note", f"this account cannot read the application {name}")
    kind = mnemonic(APPLICATION_TYPE, int(found.attributes["type"]))
    if name == "default":
        advice = "An application of its own (type GenericClient) tells gwe from people."
        return CheckResult("client", "note", f"{name}, type {kind}: shared with people", advice)
    return CheckResult("client", "ok", f"{name}, type {kind}")


def _role_of_server(info: ServerInfo) -> CheckResult:
    if info.proxy_of:
        advice = "Name the master and its backup with --server: apply refuses a proxy."
        return CheckResult("server", "failed", f"it is a proxy of {info.proxy_of}", advice)
    return CheckResult("server", "ok", "not a proxy, as far as this account can see")


def _permissions(
    session: Session, server: Server, tenants: list[ConfObject]
) -> Iterator[CheckResult]:
    asks: _Asks | None = getattr(server, "effective_permissions", None) and cast("_Asks", server)
    wanted = session.options["tenant"] or session.settings.tenant
    tenant = next(
        (t for t in tenants if t.attributes["name"] == wanted or (not wanted and t.dbid > 1)), None
    )
    if tenant is None:
        text = f"no tenant {wanted} can be read" if wanted else "no tenant can be read"
        advice = "Grant the account Read on the tenant and on Environment."
        yield CheckResult("permissions", "failed", text, advice)
        return
    if not any(one.dbid == ENVIRONMENT for one in tenants):
        advice = "Grant the account Read on it: applications and hosts belong to it."
        yield CheckResult("permissions", "note", "tenant Environment cannot be read", advice)
    user = session.user
    persons = server.read("Person", {"user_name": user}) if user else []
    if asks is None or (user and not persons):
        yield CheckResult("permissions", "note", "the account cannot read itself: not looked at")
        return
    lacking = []
    try:
        for name in _CREATED_IN:
            owner = {"owner_type": OBJECT_TYPES["Tenant"].number, "owner_dbid": tenant.dbid}
            kind = {"type": OBJECT_TYPES[name].number, "default_folder": True}
            for folder in server.read("Folder", {**owner, **kind}):
                person = persons[0].dbid if persons else None
                granted = asks.effective_permissions("Folder", folder.dbid, person)
                missing = (Permission.CREATE | Permission.CHANGE | Permission.DELETE) & ~granted
                if missing:
                    lacking.append(f"{OBJECT_TYPES[name].folder}: {_named(missing)}")
    except ConfigurationServerError as error:
        yield CheckResult("permissions", "note", f"not looked at: {error.message}")
        return
    where = tenant.attributes["name"]
    if lacking:
        advice = "Plans work; for an apply grant these on the folders."
        yield CheckResult(
            "permissions", "note", f"in {where} missing: {'; '.join(lacking)}", advice
        )
    else:
        yield CheckResult(
            "permissions", "ok", f"create, change and delete in the folders of {where}"
        )


def _named(missing: Permission) -> str:
    return ", ".join(one.name.lower() for one in Permission if one in missing and one.name)


def _prerequisites(session: Session, server: Server, found: list[ConfObject]) -> CheckResult:
    app = session.options["app"] or session.settings.app
    if not app:
        return CheckResult("site", "note", "not looked at", "Name its application with --app.")
    site = SiteOptions(
        app,
        session.options["tenant"] or session.settings.tenant,
        session.options["cluster"] or session.settings.cluster,
    )
    try:
        discovered = discover(Snapshot([*found, *server.read("Host")]), site)
    except ReconcilerError as error:
        problems = error.diagnostics
        text = "; ".join(one.summary for one in problems)
        return CheckResult(
            "site", "failed", text, next((one.hint for one in problems if one.hint), "")
        )
    return CheckResult("site", "ok", f"{app} in tenant {discovered.tenant_name}, complete")


def _print(findings: Iterator[CheckResult], *, no_color: bool) -> bool:
    """Prints each line as soon as it is known. Whether one of them failed."""
    from rich.text import Text  # noqa: PLC0415 - rich is slow to import

    from reconciler.render.console import clean, make_console  # noqa: PLC0415

    console = make_console(no_color=no_color)
    failed = False
    for one in findings:
        failed = failed or one.state == "failed"
        width = max(console.width - _INDENT, _INDENT)
        lines = wrap(clean(one.found), width)
        if one.next_step:
            lines += wrap(f"-> {clean(one.next_step)}", width, subsequent_indent="   ")
        line = Text(f"{one.state:<8}", style=_STYLES[one.state])
        line.append(f"{one.what:<14}", style="not bold default")
        line.append(f"\n{' ' * _INDENT}".join(lines), style="not bold default")
        console.print(line, soft_wrap=True)
    return failed
