"""Whatever a site looks like: it is planned, applied, and found empty, and nothing that
the plan did not list has changed."""

import os
import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.apply.executor import execute
from reconciler.kinds.fields import flatten
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.pipeline import Planned, load_manifests, prepare
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.resources import bundled_manifests
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from tests.harness import VENDOR, everything, opened, site_server

_NAMES = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "Zs", "Sm"), include_characters="._- /"),
    min_size=1,
    max_size=12,
).filter(lambda name: name == name.strip())
_VALUES = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P"))), st.integers(0, 9)
)
_OPTIONS = st.dictionaries(
    _NAMES, st.dictionaries(_NAMES, _VALUES, min_size=1, max_size=3), max_size=3
)
_VENDOR: dict[str, Any] = yaml.safe_load(VENDOR.read_text(encoding="utf-8"))


@st.composite
def sites(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A site file, and the name of its Web Engagement Server. Names, DBIDs and shape
    vary; any part of what provisioning makes may be there already, with any body."""
    folded = st.lists(_NAMES, min_size=12, max_size=12, unique_by=str.casefold)
    gwe, cluster, ixn, stat, stat_b, pool, *chats = draw(folded)
    tenant = draw(_NAMES.filter(lambda name: name.casefold() != "environment"))
    dbid = draw(st.integers(101, 5000))
    through_cluster, through_pool = draw(st.booleans()), draw(st.booleans())
    chat_servers = chats[: draw(st.integers(0, 3))]
    behind = [ixn, stat, *([pool] if through_pool else chat_servers)]
    stat_options = draw(st.sampled_from([{}, _vendor_options("Stat")]))
    applications: list[dict[str, Any]] = [
        {
            "name": gwe,
            "type": draw(st.sampled_from(["WebEngagementBackendServer", "GenericServer", "9999"])),
            "server": {"host": "host"},
            "ports": [{"id": "default", "port": "9081"}],
            "connections": [cluster] if through_cluster else behind,
            "options": draw(_OPTIONS),
        },
        {"name": ixn, "type": "InteractionServer"},
        {
            "name": stat,
            "type": "StatServer",
            "server": {"backup": stat_b},
            "options": {**draw(_OPTIONS), **stat_options},
        },
        {"name": stat_b, "type": "StatServer", "options": draw(_OPTIONS)},
        {"name": pool, "type": "ApplicationCluster", "connections": chat_servers},
    ]
    if through_cluster:
        options = draw(st.sampled_from([{}, {"chat": {"queueKey": "1:other"}}]))
        applications.append(
            {
                "name": cluster,
                "type": "ApplicationCluster",
                "connections": behind,
                "options": options,
            }
        )
    for name in chat_servers:
        endpoints = draw(st.sampled_from([{}, {"webme": "Elsewhere"}, {"other": "Elsewhere"}]))
        options = {**draw(_OPTIONS), "endpoints:1": {"default": "x"}}
        if endpoints:
            options[f"endpoints:{dbid}"] = endpoints
        applications.append({"name": name, "type": "ChatServer", "options": options})
    site: dict[str, Any] = {
        "apiVersion": "reconciler/v1",
        "kind": "Site",
        "tenant": tenant,
        "Tenant": [{"name": tenant, "dbid": dbid}],
        "Host": [{"name": "host"}],
        "Application": applications,
        "AgentGroup": draw(_some(_VENDOR["AgentGroup"])),
        "Person": _VENDOR["Person"],
        "Script": [
            *draw(_some(_VENDOR["Script"])),
            {"name": "Elsewhere", "type": "InteractionQueue"},
        ],
    }
    if draw(st.booleans()):
        case_data = {"name": draw(_NAMES), "displayName": "Case Data", "type": "Custom"}
        site["Enumerator"] = [case_data]
    return site, gwe


def _vendor_options(name: str) -> dict[str, Any]:
    options: dict[str, Any] = next(a for a in _VENDOR["Application"] if a["name"] == name)[
        "options"
    ]
    return options


def _some(entries: list[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    chosen = st.lists(st.booleans(), min_size=len(entries), max_size=len(entries))
    return chosen.map(lambda wanted: [e for e, keep in zip(entries, wanted, strict=True) if keep])


def _plan(path: Path, app: str, options: PlanOptions) -> Planned:
    with opened(path) as server:
        loaded = load_manifests([bundled_manifests()])
        return prepare(loaded, server, SiteOptions(app), options, os.environ)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(sites(), st.booleans())
def test_any_site_is_planned_applied_and_found_empty(
    drawn: tuple[dict[str, Any], str], overwrite: bool
) -> None:
    site, app = drawn
    with tempfile.TemporaryDirectory() as folder:
        text = yaml.safe_dump(site, allow_unicode=True, sort_keys=False)
        path = site_server(Path(folder), text)
        before = everything(path)
        planned = _plan(path, app, PlanOptions(overwrite=overwrite))
        assert not planned.plan.blocked
        with opened(path) as server:
            report = execute(planned.plan, planned.live, server, lambda *_: None)
        assert {outcome.status for outcome in report.outcomes} <= {"done"}
        assert _plan(path, app, PlanOptions()).plan.empty
        _check_only_the_plan_changed(planned.plan, before, everything(path))


def _check_only_the_plan_changed(
    plan: Plan, before: dict[tuple[str, int], ConfObject], after: dict[tuple[str, int], ConfObject]
) -> None:
    names = Snapshot(before.values())
    listed = {(action.object_type, action.dbid): action for action in plan.actions}
    for key, old in before.items():
        action = listed.get(key)
        if action is not None and action.action == "replace":
            assert key not in after
        elif action is not None and action.action == "update":
            kind = OBJECT_TYPES[key[0]]
            old_fields = flatten(kind, old.attributes, names)
            new_fields = flatten(kind, after[key].attributes, names)
            changed = {
                path
                for path in old_fields.keys() | new_fields.keys()
                if old_fields.get(path) != new_fields.get(path)
            }
            assert changed == {change.path for change in action.changes}
        else:
            assert after[key] == old
