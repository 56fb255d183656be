"""How often a plan asks the server: counted, not timed."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.engine.planning import Planned, prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.kinds.enums import TRANSACTION_TYPE
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.resources import bundled_manifests
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import ConfObject, ServerInfo
from reconciler.site.discovery import SiteOptions
from tests.harness import APP, VENDOR, opened, site_server


class Counting:
    """A reader that notes what it is asked."""

    def __init__(self, server: EmbeddedServer) -> None:
        self._server = server
        self.reads: list[tuple[str, Mapping[str, Any]]] = []

    def info(self) -> ServerInfo:
        return self._server.info()

    def read(self, object_type: str, filters: Mapping[str, Any] | None = None) -> list[ConfObject]:
        self.reads.append((object_type, dict(filters or {})))
        return self._server.read(object_type, filters)


def plan_counted(folder: Path, options: PlanOptions) -> tuple[Planned, Counting]:
    folder.mkdir(exist_ok=True)
    with opened(site_server(folder, VENDOR)) as server:
        counting = Counting(server)
        loaded = load_manifests([bundled_manifests()])
        return prepare(loaded, SiteAccess(counting, SiteOptions(APP)), options), counting


def test_a_plan_reads_the_objects_that_manifests_name(tmp_path: Path) -> None:
    _, counting = plan_counted(tmp_path, PlanOptions())
    assert Counter(object_type for object_type, _ in counting.reads) == {
        "Tenant": 1,
        "Application": 1,
        "Host": 1,
        "AgentGroup": 1,
        "Enumerator": 1,
        "EnumeratorValue": 1,
        "Script": 25,
        "Transaction": 1,  # the inventory
    }


def test_only_submitters_are_read_without_being_named(tmp_path: Path) -> None:
    """The vendor's tool leaves queues unbound: what a plan binds may be served already."""
    _, counting = plan_counted(tmp_path, PlanOptions())
    scripts = [filters for object_type, filters in counting.reads if object_type == "Script"]
    assert Counter(filters["script_type"] for filters in scripts) == {6: 8, 23: 8, 24: 8, 26: 1}
    assert [filters for filters in scripts if "name" not in filters] == [
        {"tenant_dbid": 101, "script_type": 26, "exclude_bytecode": True}
    ]


def test_all_replaces_together_add_one_read_per_type_that_can_refer_to_theirs(
    tmp_path: Path,
) -> None:
    plain = plan_counted(tmp_path / "plain", PlanOptions())[1]
    planned, counting = plan_counted(tmp_path / "overwrite", PlanOptions(overwrite=True))
    assert planned.plan.counts()["replace"] == 27
    added = [one for one in counting.reads if one not in plain.reads]
    assert len(added) == len(counting.reads) - len(plain.reads) == 18
    # Both tenants' lists, among them the inventories of other sets.
    lists = [
        {"object_type": TRANSACTION_TYPE["List"], "tenant_dbid": tenant} for tenant in (1, 101)
    ]
    assert [filters for _, filters in added if filters in lists] == lists
    added = [one for one in added if one[1] not in lists]
    assert all("name" not in filters for _, filters in added)
    assert len({object_type for object_type, _ in added}) == 16
    # Bodies of scripts that no manifest manages are left out.
    assert [filters for object_type, filters in added if object_type == "Script"] == [
        {"tenant_dbid": 101, "exclude_bytecode": True, "exclude_longstrings": True}
    ]


def test_what_may_refer_to_an_object_is_not_read_where_there_is_no_object(tmp_path: Path) -> None:
    manifest = tmp_path / "group.yaml"
    manifest.write_text(
        "apiVersion: reconciler/v1\nkind: AgentGroup\nmetadata: {name: New}\n", encoding="utf-8"
    )
    with opened(site_server(tmp_path, VENDOR)) as server:
        counting = Counting(server)
        options = PlanOptions(overwrite=True)
        prepare(load_manifests([manifest]), SiteAccess(counting, SiteOptions(APP)), options)
    assert {object_type for object_type, _ in counting.reads} == {
        *("Tenant", "Application", "Host", "AgentGroup"),
        "Script",  # which the options of the site's applications name
        "Transaction",  # the inventory
    }
