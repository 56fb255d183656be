"""A live server becomes manifests: a plan for them is empty, the same server gives the same
bytes, and so does another server that is made from them."""

import os
import tempfile
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from reconciler.engine.exporting import export_site, read_site
from reconciler.engine.planning import Planned, prepare
from reconciler.engine.progress import Progress
from reconciler.engine.site_access import SiteAccess
from reconciler.errors import NothingToExportError
from reconciler.export.model import Export, Omission
from reconciler.export.selection import ExportRequest
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.flatten import flatten
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions, PlanSettings
from reconciler.plan.identity import address_of
from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    PastChange,
    Reader,
    Server,
    ServerInfo,
    read_only,
)
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.site.find import find_site
from reconciler.testing.contract.site import LEAST_OF_ALL
from tests.conftest import examples
from tests.harness import APP, BARE, VENDOR, opened, site_server
from tests.runs import execute_quietly
from tests.test_every_type import SITE_OF_ALL, attributes
from tests.worlds import World, provisioned, worlds

ALL = ExportRequest(everything=True)
THE_SITE = ExportRequest()


def opened_site(folder: str, site: str) -> AbstractContextManager[Server]:
    """A new server with a site, open."""
    return opened(site_server(Path(folder), site))


def export(
    server: Reader, app: str = APP, request: ExportRequest = THE_SITE, *parameters: str
) -> Export:
    access = SiteAccess(read_only(server), SiteOptions(app))
    read = read_site(access, request, {}, PlanSettings(), Progress())
    return export_site(read, request, parameters)


def write(made: Export, folder: Path) -> Path:
    folder.mkdir()
    for name, text in made.files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def plan_for(made: Export, server: Server, app: str, secrets: dict[str, str]) -> Planned:
    with tempfile.TemporaryDirectory() as name:
        folder = write(made, Path(name) / "out")
        loaded = load_manifests([folder])
        environment = {**os.environ, **secrets}
        access = SiteAccess(server, SiteOptions(app), environment=environment)
        return prepare(loaded, access, PlanOptions())


def values_of(server: Server, app: str) -> dict[tuple[str, FieldPath], Any]:
    """Address and path -> value, of all fields of all objects."""
    _, site = find_site(server, SiteOptions(app), None)
    live = Snapshot(
        one
        for name in OBJECT_TYPES
        for one in server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
    )
    return {
        (address_of(one, live, site.tenant_dbid)[1], path): value
        for one in live
        for path, value in flatten(OBJECT_TYPES[one.type], one.attributes, live).items()
    }


def secrets_of(made: Export, server: Server, app: str) -> dict[str, str]:
    """The values of the secrets, as whoever set them on the server knows them."""
    values = values_of(server, app) if made.secrets else {}
    return {one.name: str(values[one.address, one.path]) for one in made.secrets}


def check_nothing_is_left_to_do(server: Server, app: str, request: ExportRequest) -> Export:
    """The export is the same twice, and a plan for it is empty and blocks nothing."""
    made = export(server, app, request)
    assert export(server, app, request) == made
    plan = plan_for(made, server, app, secrets_of(made, server, app)).plan
    assert (plan.empty, plan.blocked) == (True, ())
    assert plan.actions
    return made


def apply_all(made: Export, server: Server, app: str, secrets: dict[str, str]) -> None:
    planned = plan_for(made, server, app, secrets)
    assert planned.plan.blocked == ()
    report = execute_quietly(planned.plan, planned.live, server)
    assert {outcome.status for outcome in report.outcomes} <= {"done"}, report


# Any site


@pytest.mark.long
@settings(max_examples=examples(24, share=6), suppress_health_check=[HealthCheck.too_slow])
@given(provisioned(), st.booleans())
def test_a_plan_for_the_export_of_any_site_is_empty(world: World, everything: bool) -> None:
    note(world.display())
    with (
        tempfile.TemporaryDirectory() as name,
        opened_site(name, world.site) as server,
        suppress(NothingToExportError),
    ):
        check_nothing_is_left_to_do(server, world.app, ALL if everything else THE_SITE)


@pytest.mark.long
@settings(max_examples=examples(24, share=6), suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_a_plan_for_the_export_of_any_objects_is_empty(world: World) -> None:
    note(world.display())
    with tempfile.TemporaryDirectory() as name, opened_site(name, world.site) as server:
        made = check_nothing_is_left_to_do(server, world.app, ALL)
        for one in made.omissions:
            event(one.reason)


SITE = SITE_OF_ALL.replace(
    "connections: [{server: Ixn,", "connections: [{server: Stat}, {server: Ixn,"
)


def test_names_are_not_meant_exactly_for_a_value_that_is_left_out(tmp_path: Path) -> None:
    """An option without a visible name, whose value no manifest can say either."""
    with opened_site(str(tmp_path), SITE) as server:
        options = {"a": {"b": "c", "\x08": 2**63 - 1}}
        new = {"tenantDBID": 101, "name": "New", "alias": "New", "type": 21}
        server.create("Transaction", {**new, "userProperties": options})
        made = export(server, APP, ALL)
    assert made.files["transaction.yaml"].endswith(
        "  name: New\nspec:\n  alias: New\n  annex:\n    a:\n      b: c\n"
    )
    left_out = [one.path for one in made.omissions if one.address == "Transaction/List/New"]
    assert left_out == [("annex", "a", "\x08", "integer")]


# Another server


def test_a_server_that_is_made_from_an_export_exports_the_same(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "to").mkdir()
    with opened(site_server(tmp_path / "from", VENDOR)) as server:
        made = export(server)
    with opened(site_server(tmp_path / "to", BARE)) as empty:
        apply_all(made, empty, APP, {})
        assert export(empty) == made


_PREREQUISITES = ("apiVersion", "kind", "tenant", "Tenant", "Host", "Application", "Folder")


def in_default_folders(world: World) -> World:
    """The same site without folders of its own."""
    site = yaml.safe_load(world.site)
    for objects in site.values():
        for one in objects if isinstance(objects, list) else ():
            one.pop("folder", None)
    return replace(world, site=yaml.safe_dump(site, allow_unicode=True, sort_keys=False))


def bare(world: World) -> str:
    """The site without what is provisioned: its applications have no options."""
    site = {word: one for word, one in yaml.safe_load(world.site).items() if word in _PREREQUISITES}
    for one in site["Application"]:
        one.pop("options", None)
    text: str = yaml.safe_dump(site, allow_unicode=True, sort_keys=False)
    return text


@pytest.mark.long
@settings(max_examples=examples(24, share=6), suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(provisioned(), worlds()), st.booleans())
def test_any_site_that_is_made_from_an_export_exports_the_same(
    world: World, everything: bool
) -> None:
    world = in_default_folders(world)
    note(world.display())
    request = ALL if everything else THE_SITE
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        opened_site(one, world.site) as server,
        opened_site(other, bare(world)) as empty,
        suppress(NothingToExportError),
    ):
        made = export(server, world.app, request)
        apply_all(made, empty, world.app, secrets_of(made, server, world.app))
        assert export(empty, world.app, request).files == made.files


# What an account cannot read


@dataclass
class Blind:
    """A reader that hides some objects. ``hidden``: their types and names."""

    server: Server
    hidden: set[tuple[str, str]]

    def info(self) -> ServerInfo:
        return self.server.info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        return [
            one
            for one in self.server.read(object_type, filters)
            if not {
                (one.type, value) for value in one.attributes.values() if isinstance(value, str)
            }
            & self.hidden
        ]

    def permissions(self, object_type: str, dbid: int) -> list[AccessEntry]:
        return self.server.permissions(object_type, dbid)

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        return self.server.history(object_type, dbid)


def test_what_refers_to_an_unreadable_object_is_exported_without_it(tmp_path: Path) -> None:
    with opened(site_server(tmp_path, VENDOR)) as server:
        blind = Blind(server, {("Person", "7001"), ("Enumerator", "CaseData")})
        made = export(blind)
        agent = server.read("Person", {"employee_id": "7001"})[0].dbid
        loaded = load_manifests([write(made, tmp_path / "out")])
        plan = prepare(loaded, SiteAccess(blind, SiteOptions(APP)), PlanOptions()).plan
    assert made.omissions == (
        Omission(
            "AgentGroup/Web Engagement Chat",
            ("agents", f"#{agent}"),
            "it refers to an object that this account cannot read",
        ),
    )
    assert "agents" not in made.files["agent-group.yaml"]
    assert (plan.empty, plan.blocked) == (True, ())


def test_an_object_that_cannot_do_without_what_is_unreadable_is_left_out_and_said(
    tmp_path: Path,
) -> None:
    with opened(site_server(tmp_path, SITE)) as server:
        (switch,) = server.read("Switch")
        (office,) = server.read("PhysicalSwitch")
        blind = Blind(server, {("PhysicalSwitch", office.attributes["name"])})
        made = export(blind, APP, ExportRequest(kinds=("Object/Switch",)))
    address = f"Object/Switch/{switch.attributes['name']}"
    assert made.files == {}
    assert {(one.address, one.path, one.reason) for one in made.omissions} == {
        (address, ("physicalSwitch",), "it refers to an object that this account cannot read"),
        (address, (), "it cannot be declared without physicalSwitch"),
        (address, (), "the manifest needs physicalSwitch in spec or initial"),
    }


EMPTY = SITE[: SITE.index("Person:\n")]
"""A server with tenants, hosts and applications, and nothing else."""


@pytest.mark.long
@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=examples(18, share=6),
)
@given(st.fixed_dictionaries({name: attributes(OBJECT_TYPES[name]) for name in LEAST_OF_ALL}))
def test_the_export_of_objects_of_every_type_plans_nothing_and_makes_them_whole_elsewhere(
    objects: dict[str, dict[str, Any]],
) -> None:
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        opened_site(one, SITE) as server,
        opened_site(other, EMPTY) as empty,
    ):
        for name, given_ in objects.items():
            # What two objects cannot share, or a rule forbids, stays away.
            with suppress(ConfigurationServerError):
                server.create(name, given_)
        made = check_nothing_is_left_to_do(server, APP, ALL)
        apply_all(made, empty, APP, secrets_of(made, server, APP))
        assert export(empty, APP, ALL).files == made.files
