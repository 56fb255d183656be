"""``gwe runs``: the list, its forms, and what pruning keeps; on both engines."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.state.opening import open_store
from reconciler.state.records import CallEnd, Record, RunFinish
from tests.harness import Result, gwe, plan_arguments
from tests.runs import Place, store_at
from tests.state.backends import PLAN, REPLACE, Backend, call, head, make_run
from tests.state.conftest import ENGINES, new_backend
from tests.terminals import InTerminal

DAY = 86_400.0
WROTE = (call(1), CallEnd(1, "answered"), RunFinish("applied", unsettled=False, ended="later"))
WROTE_NOTHING = (
    call(1),
    CallEnd(1, "refused"),
    RunFinish("nothing written", unsettled=False, ended="later", exit=1),
)


@pytest.fixture(params=ENGINES)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    with new_backend(request, tmp_path) as found:
        yield found


def runs(backend: Backend, folder: Path, *arguments: str) -> Result:
    named = {"GWE_STATE_DIR": "", "GWE_STATE": backend.where}
    return gwe("runs", *arguments, cwd=folder, env=named)


def made(backend: Backend, name: str, days: float, *records: Record, **head: str) -> None:
    """A run that was created so many days ago."""
    store = store_at(backend.where, lambda: time.time() - days * DAY)
    make_run(store, name, *records, **head)


def test_the_list_has_a_header_and_aligned_columns(backend: Backend, tmp_path: Path) -> None:
    made(backend, "a-long-name-of-a-run", 2, *WROTE)
    made(backend, "short", 1, call(1))
    made(backend, "idle", 0)
    listed = runs(backend, tmp_path)
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.splitlines() == [
        "RUN                   STATUS           DONE  APPLICATION",
        "a-long-name-of-a-run  applied          0/2   GWE",
        "short                 unfinished       0/2   GWE",
        "idle                  nothing written  0/2   GWE",
    ]


def test_the_run_that_a_run_reverts_has_a_line_of_its_own(backend: Backend, tmp_path: Path) -> None:
    first, second = "20261124-103000-41822c3d", "20261124-104500-41824e5f"
    made(backend, first, 1, *WROTE)
    store = open_store(backend.where)
    with store.create_run(replace(head(second), undoes=first), PLAN):
        pass
    assert runs(backend, tmp_path).out.splitlines() == [
        "RUN                       STATUS           DONE  APPLICATION",
        "20261124-103000-41822c3d  applied          0/2   GWE",
        "20261124-104500-41824e5f  nothing written  0/2   GWE",
        "  undoes 20261124-103000-41822c3d",
    ]


EMEA, APAC = "confserv://cfg-emea.example.com", "confservs://cfg-apac:2020,cfg-apac2:2021"
SITES = f"""\
[profiles.emea]
server = "{EMEA}"
app = "GWE_EMEA"
[profiles.apac]
server = "confserv://CFG-apac2:2021,cfg-apac"
app = "GWE_APAC"
[profiles.new]
server = "confserv://cfg-new"
"""


def of_two_sites(backend: Backend, folder: Path) -> None:
    """Runs of two sites, the older of which has the last run, and of one application more."""
    (folder / "gwe.toml").write_text(f'app = "GWE"\n{SITES}', encoding="utf-8")
    for name, server, identity, app in (
        ("one", EMEA, "confserv:cfg-emea.example.com:2020#1", "GWE_EMEA"),
        ("two", APAC, "confserv:cfg-apac,cfg-apac2:2021#2", "GWE_APAC"),
        ("three", EMEA, "confserv:CFG-EMEA.example.com#1", "GWE_2"),
    ):
        made = replace(head(name), server=server, identity=identity, app=app)
        with backend.store().create_run(made, PLAN) as journal:
            journal.append(*WROTE)


def test_runs_on_several_servers_name_their_server(backend: Backend, tmp_path: Path) -> None:
    of_two_sites(backend, tmp_path)
    listed = runs(backend, tmp_path)
    assert (listed.code, listed.err) == (0, "")
    assert listed.out.splitlines() == [
        "RUN    STATUS   DONE  APPLICATION  SERVER",
        "one    applied  0/2   GWE_EMEA     confserv://cfg-emea.example.com",
        "two    applied  0/2   GWE_APAC     confservs://cfg-apac:2020,cfg-apac2:2021",
        "three  applied  0/2   GWE_2        confserv://cfg-emea.example.com",
    ]
    table = runs(backend, tmp_path, "--format", "markdown").out
    assert "| Run | Status | Done | Application | Server | Undoes |\n" in table
    assert f"| `one` | `applied` | `0/2` | `GWE_EMEA` | `{EMEA}` |  |\n" in table
    page = runs(backend, tmp_path, "--format", "html").out
    assert f'<td data-label="Server">{EMEA}</td>' in page
    found = runs(backend, tmp_path, "--format", "json").json()["runs"]
    assert [one["server"] for one in found] == [EMEA, APAC, EMEA]


@pytest.mark.process
def test_in_a_narrow_terminal_the_server_has_a_line_of_its_own(
    tmp_path: Path, in_terminal: InTerminal
) -> None:
    backend = Backend(str(tmp_path / "state"))
    of_two_sites(backend, tmp_path)
    _, shown = in_terminal("runs", "--state-dir", backend.where, cwd=tmp_path, COLUMNS="60")
    assert shown.splitlines()[:4] == [
        "RUN    STATUS   DONE  APPLICATION",
        "one    applied  0/2   GWE_EMEA",
        f"  server {EMEA}",
        "two    applied  0/2   GWE_APAC",
    ]


@pytest.mark.process
def test_in_a_terminal_of_40_columns_the_application_has_a_line_of_its_own(
    tmp_path: Path, in_terminal: InTerminal
) -> None:
    backend = Backend(str(tmp_path / "state"))
    name = "20261124-103000-41822c3d"
    with backend.store().create_run(replace(head(name), app="Web_Engagement"), PLAN) as journal:
        journal.append(*WROTE)
    _, shown = in_terminal("runs", "--state-dir", backend.where, cwd=tmp_path, COLUMNS="40")
    assert shown.splitlines() == [
        "RUN                       STATUS   DONE",
        "20261124-103000-41822c3d  applied  0/2",
        "  application Web_Engagement",
    ]


@pytest.mark.parametrize(
    ("named", "found", "others"),
    [
        (("--profile", "emea"), ["one"], 2),
        (("--profile", "apac"), ["two"], 2),  # the same hosts, spelt otherwise
        (("--server", "confserv://cfg-emea.example.com:2020"), ["one", "three"], 1),
        (("--app", "GWE_2"), ["three"], 2),
        (("--tenant", "Resources"), ["one", "two", "three"], 0),
        (("--profile", "emea", "--app", "GWE_2"), ["three"], 2),
        ((), ["one", "two", "three"], 0),  # the app of gwe.toml names no site
    ],
)
def test_a_named_site_has_its_own_runs_only(
    backend: Backend, tmp_path: Path, named: tuple[str, ...], found: list[str], others: int
) -> None:
    of_two_sites(backend, tmp_path)
    listed = runs(backend, tmp_path, *named, "--format", "json").json()["runs"]
    assert [run["run"] for run in listed] == found
    *_, end = runs(backend, tmp_path, *named).out.splitlines()
    note = f"Not listed: {others} run{'' if others == 1 else 's'} of other sites. Without"
    assert end.startswith(note) == (others > 0)


def test_what_was_chosen_is_said_where_no_run_is_found(backend: Backend, tmp_path: Path) -> None:
    of_two_sites(backend, tmp_path)
    of = "of application GWE on confserv://cfg-new"
    assert runs(backend, tmp_path, "--profile", "new").out.splitlines() == [
        f"No runs {of} yet.",
        "Not listed: 3 runs of other sites. Without --profile, --server and --app, gwe runs lists"
        " all.",
    ]
    page = runs(backend, tmp_path, "--profile", "new", "--format", "html").out
    assert f"No runs {of} yet." in page
    emea = runs(backend, tmp_path, "--profile", "emea", "--format", "markdown").out
    assert emea.startswith(f"## 1 run\n\nOnly runs `of application GWE_EMEA on {EMEA}`\n\n| Run")


def test_a_server_that_is_none_is_refused_and_no_password_shown(tmp_path: Path) -> None:
    state = ("--state-dir", tmp_path / "state")
    refused = gwe("runs", *state, "--server", "nonsense", cwd=tmp_path)
    assert refused.code == 64
    assert "'nonsense' is not a server URL" in refused.err
    for command in (("runs",), ("runs", "show", "last"), ("undo", "last")):
        refused = gwe(*command, *state, "--server", "confserv://me:hush@cfg", cwd=tmp_path)
        assert refused.code == 64
        assert "hush" not in refused.out + refused.err


def test_last_is_the_last_run_of_the_named_site(backend: Backend, tmp_path: Path) -> None:
    of_two_sites(backend, tmp_path)
    for arguments in (("--profile", "emea", "show", "last"), ("show", "last", "--profile", "emea")):
        assert runs(backend, tmp_path, *arguments).out.startswith("Run one: applied\n")
    assert runs(backend, tmp_path, "show", "last").out.startswith("Run three: applied\n")
    assert runs(backend, tmp_path, "show", "two", "--profile", "emea").code == 0
    refused = runs(backend, tmp_path, "show", "last", "--profile", "new")
    assert refused.code == 64
    assert "there is no run of application GWE on confserv://cfg-new yet" in refused.err
    assert "gwe runs without --profile, --server and --app lists" in refused.err


def test_a_named_site_limits_what_is_pruned(backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text(SITES, encoding="utf-8")
    for name, app in (("a", "GWE_EMEA"), ("b", "GWE_2"), ("c", "GWE_2"), ("d", "GWE_2")):
        store = store_at(backend.where, lambda: time.time() - 100 * DAY)
        made = replace(head(name), server=EMEA, identity="confserv:cfg-emea.example.com#1", app=app)
        with store.create_run(made, PLAN) as journal:
            journal.append(*WROTE)
    old = ("prune", "--older-than", "90d", "--auto-approve")
    assert runs(backend, tmp_path, *old, "--profile", "emea").out == "Deleted run a.\n"
    assert runs(backend, tmp_path, *old, "--profile", "emea").out == (
        f"No run of application GWE_EMEA on {EMEA} is old enough to be deleted.\n"
    )
    assert runs(backend, tmp_path, *old).out == "Deleted run b.\nDeleted run c.\n"


def test_the_list_says_where_there_is_no_run(backend: Backend, tmp_path: Path) -> None:
    assert runs(backend, tmp_path).out == "No runs yet.\n"
    assert runs(backend, tmp_path, "--format", "json").json()["runs"] == []


def test_n_lists_the_last_runs_only(backend: Backend, tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        made(backend, name, 0)
    listed = runs(backend, tmp_path, "-n", "2").out.splitlines()
    assert [line.split()[0] for line in listed] == ["RUN", "two", "three"]
    found = runs(backend, tmp_path, "-n", "1", "--format", "json").json()["runs"]
    assert [run["run"] for run in found] == ["three"]
    assert runs(backend, tmp_path, "-n", "0").code == 64


def test_json_has_what_machines_ask_for(backend: Backend, tmp_path: Path) -> None:
    made(backend, "one", 0, *WROTE)
    (found,) = runs(backend, tmp_path, "--format", "json").json()["runs"]
    expected: dict[str, Any] = {
        "number": 1,
        "run": "one",
        "status": "applied",
        "settled": True,
        "done": 0,
        "ended": "later",
        "identity": "site",
        "app": "GWE",
        "tenant": "Resources",
        "user": "anna",
        "host": "here",
        "machine": "0f1e",
        "undoes": "",
    }
    assert {name: found[name] for name in expected} == expected


def test_prune_keeps_what_is_needed_and_says_what_it_deleted(
    backend: Backend, tmp_path: Path
) -> None:
    made(backend, "old", 100, REPLACE, *WROTE[1:], plan="of the old run")
    made(backend, "unfinished", 99, call(1))
    made(backend, "elsewhere", 98, *WROTE, identity="other")
    made(backend, "last-that-wrote", 97, *WROTE)
    made(backend, "refused", 96, *WROTE_NOTHING)
    made(backend, "newest", 95)
    prune = ("prune", "--auto-approve", "--older-than")
    assert runs(backend, tmp_path, *prune, "14w").out == "Deleted run old.\n"
    assert runs(backend, tmp_path, *prune, "90d").out == "Deleted run refused.\n"
    nothing = runs(backend, tmp_path, "prune", "--older-than", "1h")
    assert (nothing.code, nothing.out) == (0, "No run is old enough to be deleted.\n")
    kept = [run["run"] for run in runs(backend, tmp_path, "--format", "json").json()["runs"]]
    assert kept == ["unfinished", "elsewhere", "last-that-wrote", "newest"]
    store = backend.store()
    assert store.run_of_plan("of the old run", "site") == "old"
    paths = {one.path for one in store.secret_paths("site")}
    assert paths == {"/annex/s/password", "/annex/s/pin"}
    gone = runs(backend, tmp_path, "show", "old")
    assert gone.code == 64
    assert "there is no run old" in gone.err


def test_prune_without_a_terminal_lists_what_it_would_delete_and_deletes_nothing(
    backend: Backend, tmp_path: Path
) -> None:
    made(backend, "old", 100, *WROTE)
    made(backend, "of-another-server", 99, *WROTE, identity="other")
    made(backend, "newest", 0, *WROTE)
    refused = runs(backend, tmp_path, "prune", "--older-than", "90d")
    assert refused.code == 64
    assert [line.split()[0] for line in refused.out.splitlines()] == ["RUN", "old"]
    assert refused.err == (
        "error: there is no terminal to ask on\n"
        "  Nothing was deleted. --auto-approve deletes the runs that are listed above.\n"
    )
    assert [run.name for run in backend.store().list_runs()] == [
        "old",
        "of-another-server",
        "newest",
    ]


@pytest.mark.process
def test_prune_asks_before_it_deletes(tmp_path: Path, in_terminal: InTerminal) -> None:
    backend = Backend(str(tmp_path / "state"))
    made(backend, "old", 100, *WROTE)
    made(backend, "newest", 0, *WROTE)
    prune = ("runs", "prune", "--older-than", "90d", "--state-dir", backend.where)
    code, shown = in_terminal(*prune, cwd=tmp_path, answer="n\n")
    assert code == 1
    assert "Delete 1 run with all backups? [y/N]: n" in shown
    assert "Declined; nothing was deleted." in shown
    code, shown = in_terminal(*prune, cwd=tmp_path, answer="y\n")
    assert code == 0
    assert shown.endswith("Deleted run old.\n")


def test_a_damaged_run_that_tells_no_site_is_not_pruned_with_those_of_a_site(
    tmp_path: Path,
) -> None:
    backend = Backend(str(tmp_path / "state"))
    made(backend, "old", 100, *WROTE)
    made(backend, "damaged", 99, *WROTE)
    made(backend, "newest", 0, *WROTE)
    backend.execute("DELETE FROM gwe_run WHERE number = 2")
    backend.store().abandon("damaged", "now")
    (_, damaged, _) = backend.store().list_runs()
    assert damaged.head is None
    prune = ("prune", "--older-than", "90d", "--auto-approve")
    assert runs(backend, tmp_path, *prune, "--app", "GWE").out == "Deleted run old.\n"
    assert runs(backend, tmp_path, *prune).out == "Deleted run damaged.\n"


@pytest.mark.parametrize("age", ["90", "d", "-1d", "1.5d", "90 d", "1y", "999999d", ""])
def test_an_age_that_cannot_be_read_is_wrong_usage(tmp_path: Path, age: str) -> None:
    refused = gwe("runs", "prune", "--older-than", age, cwd=tmp_path)
    assert refused.code == 64
    assert "is not a number of hours, days or weeks, such as 90d" in " ".join(refused.err.split())


def test_a_plan_file_whose_run_was_pruned_is_still_applied_once(place: Place) -> None:
    arguments = plan_arguments(place.server, "-f", "manifests.yaml")
    assert gwe("plan", *arguments, "--out", "plan.json", cwd=place.folder).code == 0
    server = ("--server", f"embedded:{place.server}")
    apply = ("apply", "plan.json", *server, "--auto-approve")
    assert gwe(*apply, cwd=place.folder).code == 0
    (name,) = place.run_names
    for _ in range(2):  # the undo, and the undo of the undo, are the last that wrote
        assert gwe("undo", "last", *server, "--auto-approve", cwd=place.folder).code == 0
    store = store_at(str(place.state_dir), lambda: time.time() + 100 * DAY)
    assert name in store.prune(timedelta(days=90))
    refused = gwe(*apply, cwd=place.folder)
    assert refused.code == 4
    assert f"this plan was applied already, as run {name}" in " ".join(refused.err.split())


# The last run that wrote something


def test_undo_last_leaves_out_runs_that_changed_nothing(place: Place) -> None:
    apply = ("apply", *plan_arguments(place.server, "-f", "manifests.yaml"), "--auto-approve")
    assert gwe(*apply, cwd=place.folder).code == 0
    (wrote,) = place.run_names
    head = place.state.read_run(wrote).head
    make_run(place.state, "refused", *WROTE_NOTHING, identity=head.identity)
    make_run(place.state, "idle", identity=head.identity)
    server = ("--server", f"embedded:{place.server}")
    undone = gwe("undo", "last", *server, "--auto-approve", cwd=place.folder)
    assert undone.code == 0
    assert undone.out.splitlines()[0].split() == ["Undoes", "run", wrote]


def test_undo_of_a_run_that_changed_nothing_says_so(place: Place) -> None:
    apply = ("apply", *plan_arguments(place.server, "-f", "manifests.yaml"), "--auto-approve")
    assert gwe(*apply, cwd=place.folder).code == 0
    (wrote,) = place.runs
    with place.state.create_run(replace(wrote.head, run="refused"), wrote.plan_text) as journal:
        journal.append(*WROTE_NOTHING)
    undone = gwe("undo", "refused", "--auto-approve", cwd=place.folder)
    assert undone.code == 0
    assert "Run refused has changed nothing on the server." in " ".join(undone.out.split())
    assert undone.out.splitlines()[-1] == "Nothing to do."


def test_undo_last_means_the_last_run_of_the_named_site(place: Place) -> None:
    apply = ("apply", *plan_arguments(place.server, "-f", "manifests.yaml"), "--auto-approve")
    assert gwe(*apply, cwd=place.folder).code == 0
    (wrote,) = place.run_names
    elsewhere = replace(head("elsewhere", "other"), server="embedded:other.db")
    with place.state.create_run(elsewhere, PLAN) as journal:
        journal.append(*WROTE)
    refused = gwe("undo", "last", "--server", "confserv://cfg-new", cwd=place.folder)
    assert refused.code == 64
    assert "no run has written anything on confserv://cfg-new yet" in refused.err
    server = ("--server", f"embedded:{place.server}")
    undone = gwe("undo", "last", *server, "--auto-approve", cwd=place.folder)
    assert undone.out.splitlines()[0].split() == ["Undoes", "run", wrote]


def test_undo_last_where_no_run_changed_anything_is_wrong_usage(place: Place) -> None:
    make_run(place.state, "refused", *WROTE_NOTHING)
    refused = gwe("undo", "last", "--auto-approve", cwd=place.folder)
    assert refused.code == 64
    assert "no run has written anything yet" in refused.err
