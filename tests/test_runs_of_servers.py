"""Runs of several folders in one state: which server each was on, told by its identity."""

import json
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.server.connect import is_relative, known_identity
from reconciler.state.opening import open_store
from reconciler.state.store import StateStore
from tests.harness import APP, Result, gwe, site_server
from tests.runs import store_at
from tests.state.backends import PLAN, head
from tests.test_runs_command import WROTE

QUEUE = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Queue}\n"


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two folders, a and b, each with a server gwe.db of its own, a manifest and a gwe.toml."""
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        site_server(folder)
        (folder / "gwe.toml").write_text(f'server = "embedded:gwe.db"\napp = "{APP}"\n')
        (folder / "queue.yaml").write_text(QUEUE)
    return tmp_path


def run(folder: Path, *arguments: str, answer: str | None = None) -> Result:
    state = {"GWE_STATE_DIR": str(folder.parent / "state")}
    return gwe(*arguments, cwd=folder, env=state, stdin=answer)


def apply(folder: Path) -> str:
    """The name of the run that creates the queue of the folder's manifest."""
    done = run(folder, "apply", "-f", "queue.yaml", "--auto-approve")
    assert done.code == 0, done.out + done.err
    return listed(folder)[-1]


def listed(folder: Path, *arguments: str) -> list[str]:
    found = json.loads(run(folder, "runs", *arguments, "--format", "json").out)["runs"]
    return [one["run"] for one in found]


def earlier(folder: Path, name: str, url: str, of: Path, plan: str = PLAN) -> None:
    """A run of an earlier version on the server of a folder, with the URL as it was given."""
    made = replace(head(name, known_identity(f"embedded:{of}/gwe.db")), server=url)
    with _old_store(folder).create_run(made, plan) as journal:
        journal.append(*WROTE)


def _old_store(folder: Path) -> StateStore:
    """The state, ten seconds ago."""
    return store_at(str(folder.parent / "state"), lambda: time.time() - 10)


def words(text: str) -> str:
    return " ".join(text.split())


def test_a_server_has_its_own_runs_from_whatever_folder_it_is_named(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    first = apply(a)
    second = apply(b)
    for url in ("embedded:../a/gwe.db", f"embedded:{a}/gwe.db"):
        assert listed(b, "--server", url) == [first]
    assert listed(b, "--server", "embedded:gwe.db") == [second]
    assert listed(a, "--server", "embedded:gwe.db") == [first]
    undone = run(b, "undo", "last", "--server", "embedded:../a/gwe.db", "--auto-approve")
    assert undone.code == 0, undone.err
    assert undone.out.splitlines()[0].split() == ["Undoes", "run", first]


def test_a_run_records_a_url_that_leads_to_its_server_from_every_folder(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    name = apply(a)
    (found,) = json.loads(run(b, "runs", "--format", "json").out)["runs"]
    assert found["server"] == f"embedded:{a}/gwe.db"
    (b / "gwe.toml").unlink()
    undone = run(b, "undo", name, "--auto-approve")
    assert undone.code == 0, undone.err


def test_the_relative_url_of_an_earlier_version_leads_to_no_server_by_accident(
    folders: Path,
) -> None:
    a, b = folders / "a", folders / "b"
    earlier(a, "of-a", "embedded:gwe.db", of=a)
    earlier(a, "of-b", "embedded:gwe.db", of=b)
    for folder, name in ((a, "of-a"), (b, "of-b")):
        assert listed(folder, "--server", "embedded:gwe.db") == [name]
    (b / "gwe.db").unlink()
    assert listed(b, "--server", "embedded:gwe.db") == []
    refused = run(b, "undo", "of-a", "--server", "embedded:c.db", "--auto-approve")
    assert "gwe embedded init" in refused.err  # the server was named by hand


def test_the_runs_of_a_server_that_is_gone_are_found_by_its_absolute_path(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    name = apply(a)
    (a / "gwe.db").unlink()
    assert listed(b, "--server", "embedded:../a/gwe.db") == [name]
    site_server(a)  # another server under the same name
    assert listed(b, "--server", "embedded:../a/gwe.db") == []
    refused = run(a, "undo", name, "--auto-approve")
    assert refused.code == 3
    here = f"embedded:{a}/gwe.db"
    assert f"was on another server, {here} as it was then, not on {here}" in words(refused.err)


def test_last_is_the_last_run_on_the_server_of_the_folder(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    first = apply(a)
    second = apply(b)
    assert run(a, "runs", "show", "last").out.startswith(f"Run {first}: applied\n")
    assert run(b, "runs", "show", "last").out.startswith(f"Run {second}: applied\n")
    undone = run(a, "undo", "last", "--auto-approve")
    assert undone.out.splitlines()[0].split() == ["Undoes", "run", first]
    (a / "gwe.toml").unlink()
    last = listed(a)[-1]
    assert run(a, "runs", "show", "last").out.startswith(f"Run {last}: applied\n")


def test_a_run_on_another_server_is_refused_with_the_paths_of_both(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    name = apply(a)
    refused = run(b, "undo", name, "--auto-approve")
    assert refused.code == 3
    urls = f"embedded:{a}/gwe.db, not on embedded:{b}/gwe.db"
    assert f"was on another server, {urls}" in words(refused.err)
    plan = open_store(str(folders / "state")).read_run(name).plan_text
    earlier(a, "of-a", "embedded:gwe.db", of=a, plan=plan)
    refused = run(b, "undo", "of-a", "--auto-approve")
    urls = f"embedded:gwe.db as seen from the folder of that time, not on embedded:{b}/gwe.db"
    assert f"was on another server, {urls}" in words(refused.err)


def test_a_plan_for_a_relative_url_does_not_name_a_server_of_another_folder(
    folders: Path,
) -> None:
    a, b = folders / "a", folders / "b"
    assert run(a, "plan", "-f", "queue.yaml", "--out", "n.plan").code == 0
    assert json.loads((a / "n.plan").read_text())["server"] == "embedded:gwe.db"
    apply = ("apply", "../a/n.plan", "--auto-approve")
    (b / "gwe.toml").unlink()
    refused = run(b, *apply)
    assert refused.code == 3
    urls = f"embedded:gwe.db as seen from the folder of that time, not for embedded:{b}/gwe.db"
    assert f"the plan was made for another server, {urls}" in words(refused.err)
    (b / "gwe.db").unlink()
    refused = run(b, *apply)
    assert refused.code == 1
    assert "the embedded server gwe.db does not exist" in refused.err
    assert "gwe embedded init" not in refused.err
    advice = "The plan names embedded:gwe.db, as seen from the folder of that time: go there, or"
    assert f"{advice} name the server with --server." in words(refused.err)
    assert run(b, *apply, "--server", "embedded:../a/gwe.db").code == 0


def test_the_server_of_a_run_that_is_gone_is_not_to_be_made_anew(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    name = apply(a)
    (b / "gwe.toml").unlink()
    (a / "gwe.db").unlink()
    refused = run(b, "undo", name, "--auto-approve")
    assert "gwe embedded init" not in refused.err
    advice = f"The run {name} names embedded:{a}/gwe.db. If that server is elsewhere now, name it"
    assert f"{advice} with --server." in words(refused.err)


def test_the_list_names_the_servers_where_the_state_has_several(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    apply(a)
    assert "SERVER" not in run(b, "runs").out
    apply(b)
    assert f"embedded:{b}/gwe.db" in run(a, "runs", "-n", "1").out
    assert "embedded:" not in run(a, "runs", "--server", "embedded:gwe.db").out


def test_a_server_is_pruned_of_its_own_runs_only(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    for name, of in (("a-1", a), ("b-1", b), ("a-2", a), ("b-2", b)):
        earlier(a, name, "embedded:gwe.db", of=of)
    prune = ("runs", "prune", "--older-than", "0d", "--server", "embedded:gwe.db")
    assert run(a, *prune, "--auto-approve").out == "Deleted run a-1.\n"
    assert listed(a) == ["b-1", "a-2", "b-2"]


def test_a_run_that_has_ended_or_was_on_another_server_is_not_abandoned(folders: Path) -> None:
    a, b = folders / "a", folders / "b"
    name = apply(a)
    abandon = ("lock", "release", "--abandon", name)
    refused = run(a, *abandon)
    assert (refused.code, refused.out) == (3, "")
    assert f"the run {name} has ended: applied There is nothing to abandon." in words(refused.err)
    refused = run(b, *abandon)
    assert (refused.code, refused.out) == (3, "")
    assert f"the run {name} was on another server, embedded:{a}/gwe.db" in words(refused.err)
    assert open_store(str(folders / "state")).list_runs()[0].status == "applied"


@pytest.mark.parametrize(
    ("url", "relative"),
    [
        ("embedded:gwe.db", True),
        ("embedded:../a/gwe.db", True),
        ("embedded:../../../../../../../../gwe.db", True),
        ("embedded:/srv/../gwe.db", False),
        ("confserv://host:2020", False),
    ],
)
def test_a_url_with_a_relative_path_depends_on_the_folder(url: str, relative: bool) -> None:
    assert is_relative(url) is relative
