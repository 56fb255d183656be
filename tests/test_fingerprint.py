"""What an action was decided by: what makes it stale, and in which words it is told."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.calls import Calls
from reconciler.apply.lock.lock import NoLock
from reconciler.errors import ExitCode, JournalError, LockLostError, StateFolderError
from reconciler.plan.actions import ActionName, Delete, Fingerprint, Keep, Subject, Update
from reconciler.plan.changes import Change
from reconciler.plan.fingerprint import fingerprint, stale_fields, with_fingerprints
from reconciler.plan.model import Plan, SiteMark
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError, ServerUnavailableError
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.state import journal_writer
from reconciler.state.journal_writer import SqlJournal
from reconciler.state.opening import open_store
from reconciler.state.records import CallBegin, CallEnd, Record, RunFinish, RunSummary
from reconciler.state.store import NullJournal
from tests.actions import make_action
from tests.harness import find, gwe, opened, plan_arguments, site_server, state_folder
from tests.runs import execute_quietly
from tests.test_plan_file import said

ANNEX = "userProperties"


def group(
    annex: dict[str, dict[str, Any]], dbid: int = 5, folder: int = 9, **more: Any
) -> ConfObject:
    attributes = {"tenantDBID": 101, "name": "Group", "state": 1, ANNEX: annex, **more}
    return ConfObject("AgentGroup", dbid, attributes, folder)


def person(dbid: int, number: str) -> ConfObject:
    attributes = {"tenantDBID": 101, "employeeID": number, "userName": f"u{number}", "state": 1}
    return ConfObject("Person", dbid, attributes)


TENANT = ConfObject("Tenant", 101, {"name": "Resources", "state": 1})
LIVE = group({"s": {"a": "1", "b": "2"}, "t": {"pwd": "old"}})


def world(*objects: ConfObject) -> Snapshot:
    return Snapshot([TENANT, *objects])


def planned(kind: ActionName, live: Snapshot, **more: Any) -> Any:
    action = make_action(
        kind,
        "AgentGroup/Group",
        object_type="AgentGroup",
        name="Group",
        tenant=101,
        dbid=0 if kind == "create" else 5,
        **more,
    )
    return replace(action, fingerprint=fingerprint(action, live))


A, S = ("annex", "s", "a"), ("annex", "s")
CHANGE = Change(A, "1", "x", unit=A)


def test_an_update_is_decided_by_the_fields_at_and_below_its_units_alone() -> None:
    one = planned("update", world(LIVE), units=(A,), changes=(CHANGE,)).fingerprint
    assert list(one.fields) == ["/annex/s/a"]
    whole = planned("update", world(LIVE), units=(S,), changes=(CHANGE,)).fingerprint
    assert list(whole.fields) == ["/annex/s/a", "/annex/s/b"]
    assert (one.folder, one.parent, one.sources) == (0, 0, {})


def test_a_unit_does_not_cover_a_name_that_only_begins_like_it() -> None:
    live = world(group({"s": {"a": "1"}, "sa": {"a": "1"}}))
    assert list(planned("update", live, units=(S,)).fingerprint.fields) == ["/annex/s/a"]


@pytest.mark.parametrize("kind", ["replace", "delete"])
def test_a_replace_and_a_delete_are_decided_by_the_whole_object_and_its_folder(
    kind: ActionName,
) -> None:
    one = planned(kind, world(LIVE)).fingerprint
    assert list(one.fields) == [
        "/tenant",
        "/name",
        "/state",
        "/annex/s/a",
        "/annex/s/b",
        "/annex/t/pwd",
    ]
    assert one.folder == 9


def test_the_same_object_moves_nothing() -> None:
    actions = [planned("update", world(LIVE), units=(S,))]
    actions += [planned(kind, world(LIVE)) for kind in ("replace", "delete")]
    assert [stale_fields(action, world(LIVE)) for action in actions] == [[], [], []]


@pytest.mark.parametrize(
    ("annex", "told"),
    [
        ({"s": {"a": "9", "b": "2"}}, ["/annex/s/a was 1 and is 9 now"]),
        ({"s": {"a": "1", "b": "9"}}, ["/annex/s/b is 9 now"]),
        ({"s": {"a": "1"}}, ["/annex/s/b is gone"]),
        ({"s": {"b": "2"}}, ["/annex/s/a is gone"]),
        ({}, ["/annex/s/a is gone", "/annex/s/b is gone"]),
        ({"s": {"a": "1", "b": "2", "c": "3"}}, ["/annex/s/c has appeared: 3"]),
        ({"s": {"a": 1, "b": "2"}}, ['/annex/s/a was "1" and is 1 now']),
        ({"s": {"a": b"1", "b": "2"}}, ["/annex/s/a was 1 and is (1 bytes) now"]),
        ({"s": {"a": "", "b": "2"}}, ['/annex/s/a was "1" and is "" now']),
        (
            {"s": {"a": "9", "c": "3"}},
            ["/annex/s/a was 1 and is 9 now", "/annex/s/b is gone", "/annex/s/c has appeared: 3"],
        ),
        ({"s": {"a": "1", "b": "2"}, "u": {"x": "y"}}, []),
    ],
)
def test_what_has_moved_under_an_update_is_told_in_sentences(
    annex: dict[str, dict[str, Any]], told: list[str]
) -> None:
    action = planned("update", world(LIVE), units=(S,), changes=(CHANGE,))
    assert stale_fields(action, world(group(annex))) == told


def test_a_secret_that_has_moved_is_told_without_its_values() -> None:
    action = planned("replace", world(LIVE))
    now = group({"s": {"a": "1", "b": "2"}, "t": {"pwd": "new", "token": "fresh"}})
    assert stale_fields(action, world(now)) == [
        "/annex/t/pwd is another secret now",
        "/annex/t/token has appeared: another secret",
    ]


def test_an_object_that_is_gone_and_one_in_another_folder_are_told() -> None:
    action = planned("replace", world(LIVE))
    assert stale_fields(action, world()) == ["it is gone"]
    elsewhere = replace(LIVE, folder=10)
    assert stale_fields(action, world(elsewhere)) == ["it is in another folder"]
    assert stale_fields(planned("update", world(LIVE), units=(S,)), world(elsewhere)) == []


def test_references_are_compared_by_dbid_whatever_else_has_been_read() -> None:
    live = group({}, agentDBIDs=[7])
    action = planned("replace", world(live, person(7, "7001")))
    assert stale_fields(action, world(live)) == []
    assert stale_fields(action, world(live, person(7, "renumbered"))) == []
    more = group({}, agentDBIDs=[7, 8])
    assert stale_fields(action, world(more, person(7, "7001"), person(8, "7002"))) == [
        "/agents/7002 has appeared: 7002"
    ]


def test_a_reference_to_another_object_of_the_same_name_has_moved() -> None:
    action = planned("replace", world(group({}, agentDBIDs=[7]), person(7, "7001")))
    now = world(group({}, agentDBIDs=[8]), person(8, "7001"))
    assert stale_fields(action, now) == [
        "/agents/#7 is gone",
        "/agents/7001 has appeared: 7001",
    ]


def created(**more: Any) -> Any:
    fields = {("tenant",): "Resources", ("name",): "Group"}
    return planned("create", world(), fields=fields, **more)


def test_a_create_is_decided_by_its_free_name_and_its_tenant() -> None:
    action = created()
    assert action.fingerprint == Fingerprint(parent=101)
    assert stale_fields(action, world()) == []
    assert stale_fields(action, world(LIVE)) == ["it exists now, with DBID 5"]
    assert stale_fields(action, Snapshot()) == ["what it belongs to had DBID 101 and is gone"]


def test_a_create_in_a_tenant_that_was_made_again_has_moved() -> None:
    other = ConfObject("Tenant", 102, {"name": "Resources", "state": 1})
    assert stale_fields(created(), Snapshot([other])) == [
        "what it belongs to had DBID 101 and has 102 now"
    ]


def test_only_actions_that_write_get_a_fingerprint() -> None:
    subject = Subject("a", "AgentGroup", "AgentGroup", dbid=5)
    kept, written = with_fingerprints([Keep(subject), Delete(subject)], world(LIVE))
    assert kept == Keep(subject)
    assert isinstance(written, Delete)
    assert written.fingerprint.folder == 9


def test_the_same_value_elsewhere_has_another_digest() -> None:
    same = {"s": {"a": "1", "b": "1"}, "t": {"pwd": "1", "token": "1"}}
    first = planned("delete", world(group(same))).fingerprint.fields
    other = fingerprint(
        Delete(replace(planned("delete", world(group(same))).subject, dbid=6)),
        world(group(same, dbid=6)),
    ).fields
    assert first["/annex/s/a"] != other["/annex/s/a"]
    assert first["/annex/t/pwd"] not in (first["/annex/t/token"], other["/annex/t/pwd"])
    assert {len(one) for one in first.values()} == {16}


def application(dbid: int, name: str, value: str) -> ConfObject:
    options = {"S": {"a": value}}
    return ConfObject("Application", dbid, {"name": name, "type": 2, "options": options})


COPY = Change(("options", "S", "a"), None, "v", unit=("options", "S", "a"), source=8)


def copying(live: Snapshot) -> Update:
    action: Update = make_action(
        "update",
        "Application/B",
        object_type="Application",
        dbid=7,
        changes=(COPY,),
        units=(("options", "S", "a"),),
    )
    return replace(action, fingerprint=fingerprint(action, live))


def bare(dbid: int, name: str) -> ConfObject:
    return ConfObject("Application", dbid, {"name": name, "type": 2})


def test_what_is_copied_from_another_application_has_to_stay_there() -> None:
    action = copying(world(bare(7, "B"), application(8, "A", "v")))
    assert stale_fields(action, world(bare(7, "B"), application(8, "A", "v"))) == []
    assert stale_fields(action, world(bare(7, "B"), application(8, "A", "w"))) == [
        "/options/S/a is w now in A"
    ]
    assert stale_fields(action, world(bare(7, "B"), bare(8, "A"))) == ["/options/S/a is gone in A"]
    assert stale_fields(action, world(bare(7, "B"))) == [
        "the application with DBID 8, which values come from, is gone"
    ]


def test_an_object_that_lost_its_name_to_another_one_is_dropped_without_the_other() -> None:
    live = world(group({}, dbid=5))
    live.put(group({}, dbid=6))  # another client has made one of its name
    live.drop("AgentGroup", 5)
    found = live.find("AgentGroup", 101, "Group")
    assert found is not None
    assert found.dbid == 6
    live.drop("AgentGroup", 6)
    assert live.find("AgentGroup", 101, "Group") is None


# What a run says of what it has done when something breaks in between

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""\
{HEAD}kind: Site
extends: {Path(__file__).parent / "sites" / "bare.yaml"}
tenant: Resources
Person:
  - {{employeeID: "7001", userName: anna}}
AgentGroup:
  - {{name: Group, annex: {{s: {{a: live}}}}, permissions: [{{person: "7001", mask: 3}}]}}
"""
GROUP = (
    f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\nspec: {{annex: {{s: {{a: wanted}}}}}}\n"
)


def queues(*names: str, annex: str = "") -> str:
    spec = f"spec: {{annex: {annex}}}\n" if annex else ""
    return "---\n".join(
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: {name}}}\n{spec}" for name in names
    )


def ready(folder: Path, manifest: str) -> tuple[Path, Sequence[str | Path]]:
    server = site_server(folder, SITE)
    (folder / "m.yaml").write_text(manifest, encoding="utf-8")
    return server, plan_arguments(server, "-f", "m.yaml", "--auto-approve")


class LosesLock(NoLock):
    """A lock that is lost after so many writes."""

    def __init__(self, writes: int) -> None:
        self._left = writes

    def confirm(self, *, always: bool = False) -> None:  # noqa: ARG002 - of the port
        self._left -= 1
        if self._left < 0:
            raise LockLostError("another run has taken the lock over")


class LosesJournal(NullJournal):
    """A journal whose disk is full after so many calls."""

    def __init__(self, calls: int) -> None:
        self._left = calls

    def append(self, *records: Record) -> None:
        self._left -= sum(isinstance(record, CallBegin) for record in records)
        if self._left < 0 and isinstance(records[0], CallBegin):
            raise JournalError("the journal cannot be written")


class CannotSetPermissions(EmbeddedServer):
    def set_permissions(self, *_: Any) -> None:
        raise ServerUnavailableError("the connection broke")


def replace_plan(path: Path) -> tuple[Plan, Snapshot]:
    with opened(path) as server:
        one = next(o for o in server.read("AgentGroup") if o.attributes["name"] == "Group")
        live = Snapshot([*server.read("Tenant", {"all_tenants": 1}), one])
    fields = {("tenant",): "Resources", ("name",): "Group", ("annex", "s", "a"): "wanted"}
    action = make_action(
        "replace",
        "AgentGroup/Group",
        object_type="AgentGroup",
        name="Group",
        tenant=101,
        dbid=one.dbid,
        fields=fields,
    )
    action = replace(action, fingerprint=fingerprint(action, live))
    return Plan("s", "i", SiteMark("GWE", "Resources", 101), (action,)), live


@pytest.mark.parametrize("lost", ["lock", "journal", "connection"])
def test_a_replace_whose_permissions_could_not_be_set_is_told_as_written(
    lost: str, tmp_path: Path
) -> None:
    """Its permissions are lost: the report must not say that nothing was written."""
    path = site_server(tmp_path, SITE)
    group_before = find(path, "AgentGroup", "Group")
    with opened(path) as server:
        assert len(server.permissions("AgentGroup", group_before.dbid)) == 1
    plan, live = replace_plan(path)
    server = CannotSetPermissions(path) if lost == "connection" else EmbeddedServer(path)
    # Of the journal, the create is sent without its begin, and the third call is refused.
    journal = LosesJournal(1 if lost == "journal" else 9)
    calls = Calls(server, journal, LosesLock(1 if lost == "lock" else 9))
    report = execute_quietly(plan, live, server, calls=calls)
    server.close()
    assert find(path, "AgentGroup", "Group").dbid != group_before.dbid
    (outcome,) = report.outcomes
    assert outcome.status != "done"
    assert outcome.wrote is True
    assert report.exit_code == ExitCode.PARTIAL


def test_the_old_object_that_is_there_again_without_its_permissions_is_not_told_as_lost(
    tmp_path: Path,
) -> None:
    class Breaks(EmbeddedServer):
        failed = False

        def create(
            self, object_type: str, attributes: Any, folder: int | None = None
        ) -> ConfObject:
            if not self.failed:
                self.failed = True
                raise NoPermissionError("no")
            return super().create(object_type, attributes, folder)

        def set_permissions(self, *_: Any) -> None:
            raise NoPermissionError("no permissions")

    path = site_server(tmp_path, SITE)
    plan, live = replace_plan(path)
    server = Breaks(path)
    (outcome,) = execute_quietly(plan, live, server).outcomes
    server.close()
    assert find(path, "AgentGroup", "Group").attributes[ANNEX] == {"s": {"a": "live"}}
    assert "could not be created again" not in outcome.message
    assert "permissions" in outcome.message


@pytest.mark.parametrize("at", [1, 2])
def test_a_second_ctrl_c_while_an_outcome_is_told_is_no_run_that_wrote_nothing(
    at: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, options = ready(tmp_path, queues("A", "B", "C"))
    told: list[str] = []

    def interrupted(*_: Any) -> None:
        told.append("outcome")
        if len(told) == at:
            raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.cli.execution.print_outcome", interrupted)
    # Together all three would be done when the second of them is told.
    done = gwe("apply", *options, "--in-flight", "1", cwd=tmp_path)
    assert find(server, "Script", "A").dbid == 101
    assert "nothing was written" not in said(done)
    assert done.code == 5


def test_a_second_ctrl_c_while_the_lock_is_given_back_is_no_run_that_wrote_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, options = ready(tmp_path, queues("A"))

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("reconciler.apply.lock.lock.Lock.release", interrupted)
    done = gwe("apply", *options, cwd=tmp_path)
    assert find(server, "Script", "A").dbid == 101
    assert "nothing was written" not in said(done)


def test_a_run_whose_journal_broke_at_its_end_points_to_recover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next apply refuses until ``gwe recover``: the report must say so itself."""
    server, options = ready(tmp_path, queues("A"))
    encode = journal_writer.encode_record

    def full(record: Record) -> bytes:
        if isinstance(record, CallEnd):
            raise StateFolderError("No space left on device")
        return encode(record)

    with monkeypatch.context() as disk:
        disk.setattr(journal_writer, "encode_record", full)
        done = gwe("apply", *options, cwd=tmp_path)
    assert find(server, "Script", "A").dbid == 101
    (tmp_path / "m.yaml").write_text(queues("B"), encoding="utf-8")
    again = gwe("apply", *options, cwd=tmp_path)
    assert (again.code, "did not finish" in said(again)) == (4, True)
    assert "gwe recover" in said(done)
    assert done.code == 5


def test_a_run_that_was_refused_as_stale_does_not_end_as_done_in_its_journal(
    tmp_path: Path,
) -> None:
    server, _ = ready(tmp_path, queues("A"))
    saved = plan_arguments(server, "-f", "m.yaml", "--out", "p")
    assert gwe("plan", *saved, cwd=tmp_path).code == 0
    with opened(server) as other:
        other.create("Script", {"tenantDBID": 101, "name": "A", "type": 22})
    assert gwe("apply", "p", "--auto-approve", cwd=tmp_path).code == 4
    (run,) = open_store(str(state_folder(tmp_path))).list_runs()
    assert isinstance(run, RunSummary)
    assert run.ending is not None
    assert (run.ending.status, run.ending.exit) == ("nothing written", 4)


def test_a_run_that_still_goes_on_is_not_told_as_one_that_did_not_finish(tmp_path: Path) -> None:
    """Another process on the same host writes: it is to be waited for, not recovered."""
    server, options = ready(tmp_path, queues("A"))
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    store = open_store(str(state_folder(tmp_path)))
    (tmp_path / "m.yaml").write_text(queues("B"), encoding="utf-8")
    with store.hold(store.find_run("last")) as journal:
        journal.append(RunFinish("partly applied", unsettled=True, ended=""))
        refused = gwe("apply", *options, cwd=tmp_path)
    assert refused.code == 4
    assert "did not finish" not in said(refused)
    assert "--abandon" not in said(refused)
    assert server.exists()


def test_undo_of_an_undo_keeps_a_value_that_looks_like_a_dbid(tmp_path: Path) -> None:
    """``#123`` in an annex is a text, not a reference that leads nowhere."""
    server, options = ready(tmp_path, queues("A", annex='{s: {dial: "#123", b: c}}'))
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    assert gwe("undo", "last", "--auto-approve", cwd=tmp_path).code == 0
    again = gwe("undo", "last", "--auto-approve", cwd=tmp_path)
    assert again.code == 0, again.err
    assert find(server, "Script", "A").attributes[ANNEX] == {"s": {"dial": "#123", "b": "c"}}
    assert "is not restored" not in again.out


def test_a_value_that_cannot_be_put_into_the_journal_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment variable may hold bytes that are no text."""
    server, options = ready(
        tmp_path, queues("A", annex="{s: {a: {secret: true, from: env.GWE_TEST_BYTES}}}")
    )
    monkeypatch.setenv("GWE_TEST_BYTES", "x\udcff")
    done = gwe("apply", *options, cwd=tmp_path)
    assert done.code in (1, 3)
    with opened(server) as other:
        assert other.read("Script", {"tenant_dbid": 101}) == []


_DIES = """\
import os, sys
from reconciler.cli.main import main
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer

CALL, TYPE = sys.argv[1:3]
call = getattr(EmbeddedServer, CALL)


def dies(self, object_type, *more):
    answer = call(self, object_type, *more)
    if object_type == TYPE:
        self.close()
        os._exit(9)
    return answer


setattr(EmbeddedServer, CALL, dies)
main(sys.argv[3:])
"""


def dies_after(call: str, object_type: str, folder: Path, *options: str | Path) -> None:
    """An apply whose process dies when the server has done a call and nobody noted it."""
    done = subprocess.run(
        [sys.executable, "-c", _DIES, call, object_type, "apply", *map(str, options)],
        cwd=folder,
        env={**os.environ, "GWE_STATE_DIR": str(state_folder(folder))},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 9, done.stderr


def recover(server: Path, folder: Path) -> str:
    done = gwe("recover", "--server", f"embedded:{server}", cwd=folder)
    assert done.code == 0, done.err
    return said(done)


def test_undo_after_recover_leaves_what_another_client_changed_in_between(tmp_path: Path) -> None:
    """What the run wrote is known from its plan, not from how the object looks later."""
    server, options = ready(tmp_path, GROUP)
    dies_after("update", "AgentGroup", tmp_path, *options)
    dbid = find(server, "AgentGroup", "Group").dbid
    theirs = KeyValueDelta(added={"theirs": {"x": "1"}})
    with opened(server) as other:
        other.update("AgentGroup", dbid, Delta(key_values={ANNEX: theirs}))
    assert "update of unknown outcome: it was done" in recover(server, tmp_path)
    undone = gwe("undo", "last", "--auto-approve", cwd=tmp_path)
    assert undone.code == 0, undone.err
    assert find(server, "AgentGroup", "Group").attributes[ANNEX] == {
        "s": {"a": "live"},
        "theirs": {"x": "1"},
    }


def test_recover_knows_an_update_by_a_secret_that_stood_in_the_manifest(tmp_path: Path) -> None:
    """The state folder has no copy of it, so it cannot be compared: not done is a lie."""
    server, options = ready(tmp_path, GROUP.replace("s: {a: wanted}", "s: {password: wanted}"))
    dies_after("update", "AgentGroup", tmp_path, *options)
    assert find(server, "AgentGroup", "Group").attributes[ANNEX] == {
        "s": {"a": "live", "password": "wanted"}
    }
    assert "it was not done" not in recover(server, tmp_path)


def test_recover_knows_an_update_that_emptied_a_text(tmp_path: Path) -> None:
    value = (
        f"{HEAD}kind: BusinessAttributeValue\nmetadata: {{name: V, attribute: CaseData}}\n"
        "spec: {displayName: V, description: TEXT}\n"
    )
    server, options = ready(tmp_path, value.replace("TEXT", "old"))
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    (tmp_path / "m.yaml").write_text(value.replace("TEXT", "''"), encoding="utf-8")
    dies_after("update", "EnumeratorValue", tmp_path, *options)
    assert not find(server, "EnumeratorValue", "V").attributes.get("description")
    assert "it was done" in recover(server, tmp_path)


def test_recover_survives_that_the_parent_of_a_new_object_is_gone(tmp_path: Path) -> None:
    """Another client deletes the attribute; the value that was being made goes with it."""
    manifest = (
        f"{HEAD}kind: BusinessAttribute\nmetadata: {{name: Own}}\nspec: {{displayName: Own,"
        f" type: Custom}}\n---\n{HEAD}kind: BusinessAttributeValue\n"
        "metadata: {name: V, attribute: Own}\nspec: {displayName: V}\n"
    )
    server, options = ready(tmp_path, manifest)
    dies_after("create", "EnumeratorValue", tmp_path, *options)
    with opened(server) as other:
        other.delete("Enumerator", find(server, "Enumerator", "Own").dbid)
    assert "it was not done" in recover(server, tmp_path)


def test_recover_of_a_create_with_a_secret_in_clear_does_not_deny_the_object(
    tmp_path: Path,
) -> None:
    server, options = ready(tmp_path, queues("A", annex="{s: {password: wanted}}"))
    dies_after("create", "Script", tmp_path, *options)
    assert find(server, "Script", "A").attributes[ANNEX] == {"s": {"password": "wanted"}}
    assert "it was not done" not in recover(server, tmp_path)


def test_a_second_ctrl_c_right_after_the_delete_of_a_replace_still_gets_its_create(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It comes while the journal waits for the disk, where a run spends most of its time."""
    server, options = ready(tmp_path, GROUP)
    append = SqlJournal.append
    steps: dict[int, str] = {}

    def interrupted(self: SqlJournal, *records: Record) -> None:
        for record in records:
            if isinstance(record, CallBegin):
                steps[record.step] = record.call
            if isinstance(record, CallEnd) and steps[record.step] == "delete":
                raise KeyboardInterrupt
        append(self, *records)

    monkeypatch.setattr(SqlJournal, "append", interrupted)
    done = gwe("apply", *options, "--overwrite", cwd=tmp_path)
    assert done.code == 0  # it was the last action, and it is done
    assert list(steps.values())[:2] == ["delete", "create"]
    assert find(server, "AgentGroup", "Group").attributes[ANNEX]["s"]["a"] in ("live", "wanted")
