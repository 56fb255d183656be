"""``gwe drift`` tells a server that somebody changed from manifests that were never applied."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler import Reconciler
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded import store
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError, ServerUnavailableError
from reconciler.site.discovery import SiteOptions
from reconciler.testing.faults import Drop, Refuse
from reconciler.testing.faulty import FaultyServer
from tests.harness import APP, opened, site_server

SALES = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Sales}
spec: {annex: {Queue: {size: '3', mode: fast}}}
"""
CARE = SALES.replace("Sales", "Care")


AT = "at 2026-11-26 10:04:05 UTC"


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the embedded server."""
    monkeypatch.setattr(store, "time", SimpleNamespace(time=lambda: 1795687445.9))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return site_server(tmp_path)


@pytest.fixture
def engine(path: Path, tmp_path: Path) -> Iterator[Reconciler]:
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=tmp_path / "state"
    ) as engine:
        yield engine


@pytest.fixture
def manifests(tmp_path: Path) -> Path:
    file = tmp_path / "manifests.yaml"
    file.write_text(f"{SALES}---\n{CARE}", encoding="utf-8")
    return file


def reasons(plan: Plan) -> dict[str, str]:
    return {action.name: action.reason for action in plan.writes}


def edit(path: Path, name: str, user: str = "", **options: str) -> None:
    """Another client changes options of a queue."""
    with closing(EmbeddedServer(path, user=user, password="password" if user else "")) as server:
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
    said = " ".join(drift.notices)
    assert "last applied" not in said
    assert "not applied in this form" not in said


def test_a_changed_and_a_deleted_object(engine: Reconciler, path: Path, manifests: Path) -> None:
    run = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", size="4")
    remove(path, "Care")
    drift = engine.drift(manifests)
    assert reasons(drift) == {
        "Care": f"deleted on the server since run {run}, {AT}",
        "Sales": f"changed on the server since run {run}; last updated {AT}",
    }
    assert drift.notices[-1] == (
        "2 objects were changed on the server since they were last applied."
    )


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
        f" 2 fields not applied yet by the run on record; last updated {AT}"
    }
    assert drift.notices[-1] == ("1 object was changed on the server since it was last applied.")


def test_a_new_manifest(engine: Reconciler, manifests: Path) -> None:
    engine.apply(engine.plan(manifests))
    manifests.write_text(f"{SALES}---\n{SALES.replace('Sales', 'New')}", encoding="utf-8")
    assert reasons(engine.drift(manifests)) == {"New": "not applied yet by the run on record"}


def test_an_undone_run(engine: Reconciler, manifests: Path) -> None:
    run = engine.apply(engine.plan(manifests)).run
    undo = engine.apply(engine.undo(run)).run
    assert reasons(engine.drift(manifests)) == {
        "Care": f"deleted by run {undo}",
        "Sales": f"deleted by run {undo}",
    }


def test_an_object_that_was_in_sync_already(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    """No run wrote it; but it was as the same manifests want it when the run was planned."""
    engine.apply(engine.plan(manifests))
    remove(path, "Sales")
    second = engine.apply(engine.plan(manifests)).run
    edit(path, "Care", size="4")
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=path.parent / "state"
    ) as again:
        assert reasons(again.drift(manifests)) == {
            "Care": f"changed on the server since run {second}; last updated {AT}"
        }


def test_the_latest_run_that_wrote_a_field_counts(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    engine.apply(engine.plan(manifests))
    manifests.write_text(SALES.replace("'3'", "'5'"), encoding="utf-8")
    second = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", size="3")
    assert reasons(engine.drift(manifests)) == {
        "Sales": f"changed on the server since run {second}; last updated {AT}"
    }


def test_who_changed_an_object_is_named(engine: Reconciler, path: Path, manifests: Path) -> None:
    run = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", user="default", size="4")
    edit(path, "Care", user="default", size="4")
    edit(path, "Care", mode="slow")
    assert reasons(engine.drift(manifests)) == {
        "Care": f"changed on the server since run {run}; last updated {AT}",
        "Sales": f"changed on the server since run {run}; last updated by default {AT}",
    }


def test_of_an_object_that_was_in_sync_before_it_was_deleted(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    """No run wrote it: its DBID is that of the plan that left it as it was."""
    engine.apply(engine.plan(manifests))
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=path.parent / "other"
    ) as other:
        manifests.write_text(f"{SALES}---\n{SALES.replace('Sales', 'New')}", encoding="utf-8")
        run = other.apply(other.plan(manifests)).run
        remove(path, "Sales")
        assert reasons(other.drift(manifests)) == {
            "Sales": f"deleted on the server since run {run}, {AT}"
        }


def test_an_object_that_came_again_after_a_run_took_it_away(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    """What was written before went with the object: only its removal still counts."""
    run = engine.apply(engine.plan(manifests)).run
    undo = engine.apply(engine.undo(run)).run
    with opened(path) as server:
        server.create("Script", {"tenantDBID": 101, "name": "Sales", "type": 23})
    drift = engine.drift(manifests)
    assert reasons(drift)["Sales"] == f"deleted by run {undo}"


def test_a_file_of_before_there_were_times_says_who_alone(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    run = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", user="default", size="4")
    engine.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ALTER TABLE change DROP COLUMN time")
    path.chmod(0o400)
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=path.parent / "state"
    ) as again:
        assert reasons(again.drift(manifests)) == {
            "Sales": f"changed on the server since run {run}; last updated by default"
        }
    path.chmod(0o600)
    edit(path, "Sales", user="default", size="5")
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=path.parent / "state"
    ) as again:
        assert reasons(again.drift(manifests)) == {
            "Sales": f"changed on the server since run {run}; last updated by default {AT}"
        }


def test_where_no_history_can_be_read_nothing_is_claimed(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    run = engine.apply(engine.plan(manifests)).run
    edit(path, "Sales", user="default", size="4")
    refusing = FaultyServer(EmbeddedServer(path), [Refuse("history", error=NoPermissionError)])
    with Reconciler(refusing, engine._site, engine._place) as again:
        assert reasons(again.drift(manifests)) == {
            "Sales": f"changed on the server since run {run}"
        }
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM change")
    assert reasons(engine.drift(manifests)) == {"Sales": f"changed on the server since run {run}"}


def test_a_server_that_does_not_answer_for_its_history_fails_the_drift(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    engine.apply(engine.plan(manifests))
    edit(path, "Sales", size="4")
    silent = FaultyServer(EmbeddedServer(path), [Drop("history")])
    with (
        Reconciler(silent, engine._site, engine._place) as again,
        pytest.raises(ServerUnavailableError),
    ):
        again.drift(manifests)


def test_no_history_is_read_of_what_nobody_changed(
    engine: Reconciler, path: Path, manifests: Path
) -> None:
    engine.apply(engine.plan(manifests))
    manifests.write_text(SALES.replace("fast", "slow"), encoding="utf-8")
    watched = FaultyServer(EmbeddedServer(path))
    with Reconciler(watched, engine._site, engine._place) as again:
        assert len(again.drift(manifests).writes) == 1
    assert not [call for call in watched.calls if call.name == "history"]
