"""``gwe drift`` tells a server that somebody changed from manifests that were never applied."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import Reconciler
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta
from tests.harness import APP, opened, site_server

SALES = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Sales}
spec: {annex: {Queue: {size: '3', mode: fast}}}
"""
CARE = SALES.replace("Sales", "Care")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return site_server(tmp_path)


@pytest.fixture
def engine(path: Path, tmp_path: Path) -> Iterator[Reconciler]:
    with Reconciler.connect(f"embedded:{path}", app=APP, state=tmp_path / "state") as engine:
        yield engine


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    file = tmp_path / "manifests.yaml"
    file.write_text(f"{SALES}---\n{CARE}", encoding="utf-8")
    return file


def reasons(plan: Plan) -> dict[str, str]:
    return {action.name: action.reason for action in plan.writes}


def edit(path: Path, name: str, **options: str) -> None:
    """Another client changes options of a queue."""
    with opened(path) as server:
        (queue,) = (one for one in server.read("Script") if one.attributes["name"] == name)
        changed = KeyValueDelta(changed={"Queue": options})
        server.update("Script", queue.dbid, Delta(key_values={"userProperties": changed}))


def remove(path: Path, name: str) -> None:
    """Another client deletes a queue."""
    with opened(path) as server:
        (queue,) = (one for one in server.read("Script") if one.attributes["name"] == name)
        server.delete("Script", queue.dbid)


def test_before_any_run_nothing_is_said(engine: Reconciler, manifests: Path) -> None:
    drift = engine.drift(manifests)
    assert reasons(drift) == {"Care": "", "Sales": ""}
    assert not any("since a run" in notice for notice in drift.notices)


def test_a_changed_and_a_deleted_object(engine: Reconciler, path: Path, manifests: Path) -> None:
    run = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", size="4")
    remove(path, "Care")
    drift = engine.drift(manifests)
    assert reasons(drift) == {
        "Care": f"deleted on the server since run {run}",
        "Sales": f"changed on the server since run {run}",
    }
    assert drift.notices[-1] == "2 objects were changed on the server since a run."


def test_an_edited_manifest(engine: Reconciler, manifests: Path) -> None:
    run = engine.apply(engine.plan(manifests)).run
    manifests.write_text(SALES.replace("fast", "slow"), encoding="utf-8")
    drift = engine.drift(manifests)
    assert reasons(drift) == {"Sales": f"not applied since run {run} wrote something else"}
    assert drift.notices[-1] == "1 manifest was not applied in this form."


def test_a_field_of_each_sort_in_one_object(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    run = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", size="4")
    added = "fast, colour: red, shape: round"
    manifests.write_text(SALES.replace("fast", added), encoding="utf-8")
    drift = engine.drift(manifests)
    assert reasons(drift) == {
        "Sales": f"1 field changed on the server since run {run};"
        " 2 fields not applied yet by the run on record"
    }
    assert drift.notices[-1] == "1 object was changed on the server since a run."


def test_a_new_manifest(engine: Reconciler, manifests: Path) -> None:
    engine.apply(engine.plan(manifests))
    manifests.write_text(f"{SALES}---\n{SALES.replace('Sales', 'New')}", encoding="utf-8")
    assert reasons(engine.drift(manifests)) == {"New": "not applied yet by the run on record"}


def test_an_undone_run(engine: Reconciler, manifests: Path) -> None:
    run = engine.apply(engine.plan(manifests)).run
    undo = engine.apply(engine.undo(run)).run
    assert reasons(engine.drift(manifests)) == {
        "Care": f"taken away by run {undo}",
        "Sales": f"taken away by run {undo}",
    }


def test_an_object_that_was_in_sync_already(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    """No run wrote it; but it was as the same manifests want it when the run was planned."""
    engine.apply(engine.plan(manifests))
    remove(path, "Sales")
    second = engine.apply(engine.plan(manifests)).run
    edit(path, "Care", size="4")
    with Reconciler.connect(f"embedded:{path}", app=APP, state=path.parent / "state") as again:
        assert reasons(again.drift(manifests)) == {
            "Care": f"changed on the server since run {second}"
        }


def test_the_latest_run_that_wrote_a_field_counts(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    engine.apply(engine.plan(manifests))
    manifests.write_text(SALES.replace("'3'", "'5'"), encoding="utf-8")
    second = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", size="3")
    assert reasons(engine.drift(manifests)) == {
        "Sales": f"changed on the server since run {second}"
    }
