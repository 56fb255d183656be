"""The engine as programs use it: what it returns, refuses and tells. The way through the
command line is tried everywhere else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import (
    ExitCode,
    Limits,
    LockHeldError,
    ManifestError,
    Outcome,
    PlanSettings,
    Progress,
    Reconciler,
    ReconcilerError,
    Recovered,
    RefusedError,
    RunOnceError,
    RunSummary,
    ServerIsProxyError,
    ServerUnavailableError,
    UsageError,
    changes_of,
    load_plan,
    save_plan,
)
from reconciler.engine.running import RunPlace
from reconciler.server.connection import ConnectionOptions, Credentials
from reconciler.server.delta import Delta, ListDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import open_store
from reconciler.testing.faults import LoseAnswer
from reconciler.testing.faulty import FaultyServer
from tests.harness import APP, BARE, everything, gwe, opened, plan_arguments, site_server
from tests.state.backends import call, make_run

HEAD = "apiVersion: reconciler/v1\nkind: InteractionQueue\n"
QUEUE = f"{HEAD}metadata: {{name: New}}\nspec: {{annex: {{Queue: {{size: '${{var.size}}'}}}}}}\n"
VARIABLE = """\
---
apiVersion: reconciler/v1
kind: Variables
metadata: {name: v}
spec: {size: {description: Of the queue.}}
"""
SECRET = "{secret: true, from: env.LOGIN}"  # noqa: S105 - the name of one
SEVERAL = "---\n".join(f"{HEAD}metadata: {{name: Q{number}}}\n" for number in range(4))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return site_server(tmp_path)


@pytest.fixture
def engine(path: Path, tmp_path: Path) -> Iterator[Reconciler]:
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=tmp_path / "state"
    ) as engine:
        yield engine


def manifest(folder: Path, text: str) -> Path:
    file = folder / "manifests.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_variables_have_the_values_that_the_program_gives(
    engine: Reconciler, tmp_path: Path
) -> None:
    file = manifest(tmp_path, QUEUE + VARIABLE)
    plan = engine.plan(file, variables={"size": "7"})
    (change,) = changes_of(plan.actions[0])
    assert (plan.actions[0].address, change.after) == ("InteractionQueue/New", "7")
    assert engine.plan([str(file)], variables={"size": "7"}) == plan
    with pytest.raises(ManifestError, match="variable size needs a value"):
        engine.plan(file)


def test_an_apply_leaves_no_drift_and_names_its_run(engine: Reconciler, path: Path) -> None:
    assert not engine.drift().empty
    report = engine.apply(engine.plan())
    assert report.exit_code is ExitCode.DONE
    assert [run.name for run in engine.runs()] == [report.run]
    assert engine.drift().empty
    before = everything(path)
    again = engine.apply(engine.plan())
    assert (again.run, again.outcomes, again.exit_code) == ("", [], ExitCode.DONE)
    assert everything(path) == before
    assert len(engine.runs()) == 1


def test_what_reads_has_no_way_to_write(engine: Reconciler) -> None:
    reader = engine.reader
    assert reader.read("Application")
    for name in ("create", "update", "delete", "set_permissions", "close"):
        assert not hasattr(reader, name)


def test_a_blocked_plan_is_returned_and_applying_it_is_refused(
    tmp_path: Path,
) -> None:
    taken = BARE.read_text(encoding="utf-8") + "Script: [{name: Q1, type: BusinessProcess}]\n"
    path = site_server(tmp_path, taken)
    before = everything(path)
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=tmp_path / "state"
    ) as engine:
        plan = engine.plan(manifest(tmp_path, SEVERAL))
        assert [action.address for action in plan.blocked] == ["InteractionQueue/Q1"]
        with pytest.raises(RefusedError, match="InteractionQueue/Q1 is blocked: the name is taken"):
            engine.apply(plan)
        assert list(engine.runs()) == []
    assert everything(path) == before


def test_a_plan_beyond_the_limits_is_refused_and_force_allows_it(
    path: Path, tmp_path: Path
) -> None:
    file, url = manifest(tmp_path, SEVERAL), f"embedded:{path}"
    with Reconciler.connect(
        url, SiteOptions(APP), state=tmp_path / "s", settings=PlanSettings(Limits(count=3))
    ) as engine:
        engine.apply(engine.plan(file))
        plan = engine.plan(file, overwrite=True)
        assert not plan.applyable
        with pytest.raises(RefusedError, match="4 existing managed objects would be replaced"):
            engine.apply(plan)
        forced = engine.plan(file, overwrite=True, force=True)
        assert engine.apply(forced).exit_code is ExitCode.DONE


def test_a_plan_file_needs_its_secret_and_is_applied_once(
    engine: Reconciler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, saved = manifest(tmp_path, QUEUE.replace("'${var.size}'", SECRET)), tmp_path / "a.plan"
    monkeypatch.setenv("LOGIN", "hidden")
    save_plan(engine.plan(file), saved)
    assert "hidden" not in saved.read_text(encoding="utf-8")
    monkeypatch.delenv("LOGIN")
    with pytest.raises(ReconcilerError, match="the environment variable LOGIN is not set"):
        load_plan(saved)
    monkeypatch.setenv("LOGIN", "hidden")
    assert engine.apply(load_plan(saved)).exit_code is ExitCode.DONE
    queue = engine.reader.read("Script", {"name": "New"})[0]
    assert queue.attributes["userProperties"] == {"Queue": {"size": "hidden"}}
    with pytest.raises(RunOnceError, match="this plan was applied already"):
        engine.apply(load_plan(saved))


def test_the_progress_hears_of_every_outcome_and_can_stop_the_run(
    path: Path, tmp_path: Path
) -> None:
    heard: list[tuple[str, str, int, int]] = []

    class Impatient(Progress):
        def outcome(self, outcome: Outcome, number: int, total: int) -> None:
            heard.append((outcome.action.name, outcome.status, number, total))

        def stopping(self) -> bool:
            return len(heard) == 2

    alone = ConnectionOptions(in_flight=1)
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=tmp_path / "state", connection=alone
    ) as engine:
        report = engine.apply(engine.plan(manifest(tmp_path, SEVERAL)), progress=Impatient())
    assert heard == [
        ("Q0", "done", 1, 4),
        ("Q1", "done", 2, 4),
        ("Q2", "not-started", 3, 4),
        ("Q3", "not-started", 4, 4),
    ]
    assert report.exit_code is ExitCode.PARTIAL
    assert not report.needs_recovery


def test_a_run_with_a_lost_answer_is_recovered_and_then_undone(path: Path, tmp_path: Path) -> None:
    before = everything(path)
    state = open_store(str(tmp_path / "state"))
    lost = LoseAnswer("create", object_type="Script", at=2)
    faulty = FaultyServer(EmbeddedServer(path), [lost])
    with Reconciler(faulty, SiteOptions(APP), RunPlace(state, in_flight=1)) as engine:
        report = engine.apply(engine.plan(manifest(tmp_path, SEVERAL)))
        assert [one.status for one in report.outcomes] == ["done", "unknown", *["not-started"] * 2]
        assert report.needs_recovery
        with pytest.raises(RefusedError, match=f"the run {report.run} did not finish"):
            engine.undo(report.run)

        heard: list[str] = []

        class Heard(Progress):
            def recovering(self, run: RunSummary) -> None:
                heard.append(run.name)

            def recovered(self, finding: Recovered) -> None:
                heard.append(finding.address)

            def settled(self, run: RunSummary) -> None:
                heard.append(f"settled {run.name}")

        done = engine.recover(progress=Heard())
        assert heard == [report.run, "InteractionQueue/Q1", f"settled {report.run}"]
        assert (done.runs, done.released) == ((report.run,), "")
        assert [one.address for one in done.findings] == ["InteractionQueue/Q1"]
        assert engine.recover().runs == ()
        plan = engine.undo(report.run)
        assert [action.action for action in plan.actions] == ["delete"] * 2
        assert engine.apply(plan).exit_code is ExitCode.DONE
    assert everything(path) == before


def test_while_a_run_is_unfinished_plans_say_so_and_an_apply_is_refused_before_it_asks(
    engine: Reconciler, tmp_path: Path
) -> None:
    identity = engine.reader.info().identity
    make_run(open_store(str(tmp_path / "state")), "broken", call(1), identity=identity)
    assert engine.unfinished() == ["broken"]
    with pytest.raises(LockHeldError, match="the run broken did not finish on this server"):
        engine.check_none_unfinished()
    server = tmp_path / "gwe.db"
    for command in ("plan", "drift"):
        said = gwe(command, *plan_arguments(server), "--state-dir", "state", cwd=tmp_path).err
        assert "Note: the run broken did not finish on this server." in " ".join(said.split())
    finished = gwe("lock", "release", "--abandon", "broken", "--server", f"embedded:{server}",
                   "--state-dir", "state", cwd=tmp_path)  # fmt: skip
    assert finished.code == 0
    assert engine.unfinished() == []


def test_runs_are_those_of_the_server_of_the_session(engine: Reconciler, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    url = f"embedded:{site_server(folder)}"
    report = engine.apply(engine.plan())
    with Reconciler.connect(url, SiteOptions(APP), state=tmp_path / "state") as other:
        assert list(other.runs()) == []
        with pytest.raises(RefusedError, match="was on another server"):
            other.undo("last")
        with pytest.raises(RefusedError, match="the plan was made for another server"):
            other.check_writable(engine.undo(report.run))


def test_a_proxy_is_read_and_not_written(tmp_path: Path) -> None:
    text = BARE.read_text(encoding="utf-8").replace(
        "Application:\n", "Application:\n  - {name: master, dbid: 901, type: 21}\n", 1
    )
    path = site_server(tmp_path, text.replace("type: 21", "type: ConfigurationServer"))
    with opened(path) as server:
        connection = {"appServerDBID": 901, "id": "default"}
        server.update("Application", 99, Delta(lists={"appServerDBIDs": ListDelta((connection,))}))
    before = everything(path)
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(APP), state=tmp_path / "state"
    ) as engine:
        plan = engine.plan()
        for write in (lambda: engine.apply(plan), engine.recover, lambda: engine.writer):
            with pytest.raises(ServerIsProxyError):
                write()
    assert everything(path) == before


def test_a_session_that_cannot_be_opened_or_is_closed_is_said_so(
    engine: Reconciler, path: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="http: is not a known scheme of server URLs"):
        Reconciler.connect("http://x")
    with pytest.raises(ServerUnavailableError):
        Reconciler.connect(f"embedded:{tmp_path / 'absent.db'}")
    with (
        Reconciler.connect(f"embedded:{path}") as unnamed,
        pytest.raises(UsageError, match="which"),
    ):
        unnamed.plan()
    engine.close()
    engine.close()
    with pytest.raises(UsageError, match="the session with the server is closed"):
        engine.plan()


def test_launch_files_and_jars_are_looked_for_in_the_installation_of_the_connection(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[ConnectionOptions] = []

    def connect(_url: str, _who: Credentials, options: ConnectionOptions) -> Server:
        asked.append(options)
        return EmbeddedServer(path)

    monkeypatch.setattr("reconciler.engine.site_session.connect", connect)
    connection = ConnectionOptions(client="gwe", install_dir="installed")
    with Reconciler.connect("confserv://cs", connection=connection) as engine:
        assert engine._place.install_dir == Path("installed")
    assert asked == [connection]
