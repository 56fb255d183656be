"""``gwe doctor``: checks all that a plan needs, and says what to do if something is missing."""

from collections.abc import Iterator
from typing import Protocol, cast

import click

from reconciler.cli.common import ColorFlags, SiteFlags
from reconciler.cli.connection import ConnectionFlags, takes_site
from reconciler.cli.flags import with_flags
from reconciler.cli.formats import JsonFlags
from reconciler.cli.help import SectionedCommand
from reconciler.cli.session import Session, open_session
from reconciler.errors import ExitCode, ReconcilerError
from reconciler.kinds.enums import APPLICATION_TYPE, mnemonic
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.render.console import print_data
from reconciler.server.checks import CheckResult
from reconciler.server.connect import adapter_for, connect
from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ConfigurationServerError, ServerError
from reconciler.server.port import ConfObject, Permission, Server, ServerInfo
from reconciler.server.snapshot import ENVIRONMENT, Snapshot
from reconciler.site.discovery import SiteOptions, discover

_CREATED_IN = ("Script", "AgentGroup", "Enumerator", "Transaction")
"""Types whose objects apply creates, in folders of the site's tenant."""


class _KnowsPermissions(Protocol):
    """A server that computes what an account may do."""

    def effective_permissions(
        self, object_type: str, dbid: int, person: int | None = None
    ) -> Permission: ...


@click.command("doctor", cls=SectionedCommand)
@takes_site
@with_flags
def command(
    site: SiteFlags, connection: ConnectionFlags, form: JsonFlags, color: ColorFlags
) -> int:
    """Check connectivity and permissions. Writes nothing.

    Prints the result of each check and, where something is missing, what to do next.
    Exits 1 when a check failed.
    """
    session = open_session(connection)
    # Imported late, while a thread starts Java.
    from reconciler.render.check_results import print_check_results  # noqa: PLC0415
    from reconciler.render.json_reports import DOCTOR  # noqa: PLC0415
    from reconciler.render.reports import CheckReport  # noqa: PLC0415

    checks = _check(session, site)
    if form.format == "json":
        report = CheckReport(tuple(checks))
        print_data(DOCTOR.text(report))
    else:
        report = CheckReport(tuple(print_check_results(checks, no_color=color.no_color)))
    return ExitCode.FAILED if report.failed else ExitCode.DONE


def _check(session: Session, site: SiteFlags) -> Iterator[CheckResult]:
    url, connection = session.url(), session.connection()
    adapter = adapter_for(url)
    accessible = True
    for result in adapter.check_access(url, connection):
        yield result
        accessible &= result.state != "failed" or not result.conclusive
    if not accessible:
        return
    user = session.flags.user
    try:
        with session.explained_login(url):
            credentials = session.credentials(url)
            server = connect(url, credentials, connection)
    except ServerError as error:
        number = getattr(error, "number", 0)
        what = "client" if number == 7 else "log-in"
        yield CheckResult(what, "failed", error.message, error.hint)
        return
    try:
        yield CheckResult("log-in", "ok", f"as {user}" if user else "without an account")
        wanted = session.site_options(site)
        yield from _check_server(user, wanted, server, connection, real=adapter.is_real)
    except ServerError as error:
        yield CheckResult("server", "failed", error.message, error.hint)
    finally:
        server.close()


def _check_server(
    user: str, site: SiteOptions, server: Server, connection: ConnectionOptions, *, real: bool
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
        advice = "Plan works; apply has to wait until the server is back in full mode."
        yield CheckResult("mode", "note", info.mode, advice)
    tenants = server.read("Tenant", {"all_tenants": 1})
    yield from _permissions(user, site.tenant, server, tenants)
    yield _prerequisites(site, server, [*tenants, *applications])


def _client(found: ConfObject | None, connection: ConnectionOptions) -> CheckResult:
    name = connection.client
    if found is None:
        return CheckResult("client", "note", f"this account cannot read the application {name}")
    kind = mnemonic(APPLICATION_TYPE, int(found.attributes["type"]))
    if name == "default":
        advice = "With an application of its own (type GenericClient) gwe can be told from people."
        return CheckResult("client", "note", f"{name}, type {kind}: people use it too", advice)
    return CheckResult("client", "ok", f"{name}, type {kind}")


def _role_of_server(info: ServerInfo) -> CheckResult:
    if info.proxy_of:
        advice = "Name the master and its backup with --server: apply refuses a proxy."
        return CheckResult("server", "failed", f"it is a proxy of {info.proxy_of}", advice)
    return CheckResult("server", "ok", "not a proxy, as far as this account can see")


def _permissions(
    user: str, wanted: str, server: Server, tenants: list[ConfObject]
) -> Iterator[CheckResult]:
    known = hasattr(server, "effective_permissions")
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
    persons = server.read("Person", {"user_name": user}) if user else []
    if not known or (user and not persons):
        yield CheckResult("permissions", "note", "not checked: the account cannot read itself")
        return
    asked = cast("_KnowsPermissions", server)
    lacking = []
    try:
        for name in _CREATED_IN:
            owner = {"owner_type": OBJECT_TYPES["Tenant"].number, "owner_dbid": tenant.dbid}
            kind = {"type": OBJECT_TYPES[name].number, "default_folder": True}
            for folder in server.read("Folder", {**owner, **kind}):
                person = persons[0].dbid if persons else None
                granted = asked.effective_permissions("Folder", folder.dbid, person)
                missing = (Permission.CREATE | Permission.CHANGE | Permission.DELETE) & ~granted
                if missing:
                    lacking.append(f"{OBJECT_TYPES[name].folder}: {_named(missing)}")
    except ConfigurationServerError as error:
        yield CheckResult("permissions", "note", f"not checked: {error.message}")
        return
    where = tenant.attributes["name"]
    if lacking:
        advice = "Plan works; for apply, grant these on the folders."
        text = f"missing in {where}: {'; '.join(lacking)}"
        yield CheckResult("permissions", "note", text, advice)
    else:
        yield CheckResult(
            "permissions", "ok", f"create, change and delete in the folders of {where}"
        )


def _named(missing: Permission) -> str:
    return ", ".join(one.name.lower() for one in Permission if one in missing and one.name)


def _prerequisites(site: SiteOptions, server: Server, found: list[ConfObject]) -> CheckResult:
    if not site.app:
        return CheckResult("site", "note", "not checked", "Name its application with --app.")
    try:
        discovered = discover(Snapshot([*found, *server.read("Host")]), site)
    except ReconcilerError as error:
        text = "; ".join(problem.summary for problem in error.diagnostics)
        hints = [problem.hint for problem in error.diagnostics if problem.hint]
        return CheckResult("site", "failed", text, hints[0] if hints else "")
    return CheckResult("site", "ok", f"{site.app} in tenant {discovered.tenant_name}, complete")
