"""How often a plan asks the server: counted, not timed."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.engine.planning import Planned, prepare
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
    with opened(site_server(folder, VENDOR)) as server:
        counting = Counting(server)
        loaded = load_manifests([bundled_manifests()])
        return prepare(loaded, counting, SiteOptions(APP), options, os.environ), counting


def test_a_plan_reads_once_per_type_and_tenant_and_the_script_names_once(tmp_path: Path) -> None:
    _, counting = plan_counted(tmp_path, PlanOptions())
    assert Counter(object_type for object_type, _ in counting.reads) == {
        "Tenant": 1,
        "Application": 1,
        "Host": 1,
        "AgentGroup": 1,
        "Enumerator": 1,
        "EnumeratorValue": 1,
        "Script": 4,
        "Transaction": 1,  # the inventory
    }


def test_only_the_read_of_script_names_leaves_anything_out(tmp_path: Path) -> None:
    _, counting = plan_counted(tmp_path, PlanOptions())
    scripts = [filters for object_type, filters in counting.reads if object_type == "Script"]
    assert sorted(filters.get("script_type", 0) for filters in scripts) == [0, 6, 23, 24]
    assert [f for f in scripts if "exclude_bytecode" in f] == [
        {"tenant_dbid": 101, "exclude_bytecode": True}
    ]


def test_all_replaces_together_add_one_read_per_type_that_can_refer_to_theirs(
    tmp_path: Path,
) -> None:
    planned, counting = plan_counted(tmp_path, PlanOptions(overwrite=True))
    assert planned.plan.counts()["replace"] == 27
    reads = Counter(object_type for object_type, _ in counting.reads)
    assert {name: reads[name] for name in ("Campaign", "CampaignGroup", "PlaceGroup")} == {
        "Campaign": 1,
        "CampaignGroup": 1,
        "PlaceGroup": 1,
    }
    persons = [filters for object_type, filters in counting.reads if object_type == "Person"]
    assert sorted(filters["tenant_dbid"] for filters in persons) == [1, 101]
    assert len(counting.reads) == 29
