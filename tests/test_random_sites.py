"""Whatever a site looks like and whatever manifests say: it is planned, applied, and found
empty, and nothing that the plan did not list has changed."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.engine.planning import Planned, prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.manifest.load import load_manifests
from reconciler.plan.actions import Update, changes_of
from reconciler.plan.context import PlanOptions
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions
from tests.conftest import examples
from tests.harness import everything, opened, site_server
from tests.runs import execute_quietly
from tests.unchanged import check_only_the_plan_changed
from tests.worlds import World, provisioned, worlds


def plan_for(world: World, server: Server, folder: Path, options: PlanOptions) -> Planned:
    """The plan for a world."""
    loaded = load_manifests([world.manifests_in(folder)])
    return prepare(loaded, SiteAccess(server, SiteOptions(world.app)), options)


def without_blocked(
    world: World, server: Server, folder: Path, options: PlanOptions
) -> PlanOptions:
    """The options with which nothing is blocked: as who uses ``--exclude`` has them."""
    blocked = plan_for(world, server, folder, options).plan.blocked
    if blocked:
        event("something is blocked")
    return replace(options, exclude=tuple(one.address for one in blocked))


def _check_it_settles(world: World, options: PlanOptions) -> None:
    note(f"{options}\n{world.display()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = site_server(folder, world.site)
        before = everything(path)
        with opened(path) as server:
            options = without_blocked(world, server, folder, options)
            planned = plan_for(world, server, folder, options)
            for action in planned.plan.actions:
                event(action.action)
                assert not isinstance(action, Update) or action.changes
                assert all(change.before != change.after for change in changes_of(action))
            report = execute_quietly(planned.plan, planned.live, server)
            assert {outcome.status for outcome in report.outcomes} <= {"done"}
            again = plan_for(world, server, folder, options.without_overwrite())
        assert again.plan.empty
        check_only_the_plan_changed(planned.plan, before, everything(path))


@pytest.mark.long
@settings(max_examples=examples(40, share=8), suppress_health_check=[HealthCheck.too_slow])
@given(provisioned(), st.booleans())
def test_any_site_is_provisioned_and_found_empty(world: World, overwrite: bool) -> None:
    _check_it_settles(world, PlanOptions(overwrite=overwrite))


@pytest.mark.long
@settings(max_examples=examples(100, share=8), suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), st.sampled_from(["", "overwrite", "reset"]))
def test_any_manifests_are_applied_and_found_empty(world: World, mode: str) -> None:
    overwrite, reset = mode != "", mode == "reset"
    _check_it_settles(world, PlanOptions(overwrite=overwrite, reset_initial=reset, force=True))
