"""What an apply does when the server, another client or the user gets in between."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.apply.report import RunReport
from reconciler.engine.planning import Planned, prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.errors import ExitCode
from reconciler.kinds.model import Attributes
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import OutcomeUnknownError
from reconciler.server.port import ConfObject
from reconciler.site.discovery import SiteOptions
from tests.harness import APP, everything, find, opened, site_server
from tests.runs import Heard, execute_quietly

HEAD = "apiVersion: reconciler/v1\n"
SITE = """\
apiVersion: reconciler/v1
kind: Site
extends: {bare}
tenant: Resources
Person:
  - {{employeeID: "7001", userName: anna, isAgent: true}}
AgentGroup:
  - {{name: Group, agents: ["7001"], annex: {{s: {{kept: live, other: live}}}}}}
Script:
  - {{name: Queue, type: InteractionQueue, annex: {{Tags: {{a: live}}}}}}
"""
BARE = Path(__file__).parent / "sites" / "bare.yaml"
GROUP = f"""\
{HEAD}kind: AgentGroup
metadata: {{name: Group}}
initial: {{annex: {{s: {{kept: wanted}}}}}}
policy: {{preserve: [agents]}}
"""


def planned(folder: Path, manifest: str, **options: bool) -> tuple[Path, Planned]:
    """A server of the site above, and the plan for one manifest."""
    path = folder / "gwe.db"
    if not path.exists():
        site_server(folder, SITE.format(bare=BARE))
    (folder / "m.yaml").write_text(manifest, encoding="utf-8")
    with opened(path) as server:
        loaded = load_manifests([folder / "m.yaml"])
        site = SiteOptions(APP)
        return path, prepare(loaded, SiteAccess(server, site), PlanOptions(**options))


def run(path: Path, plan: Planned, server: EmbeddedServer | None = None) -> RunReport:
    if server is not None:
        return execute_quietly(plan.plan, plan.live, server)
    with opened(path) as own:
        return execute_quietly(plan.plan, plan.live, own)


def change(path: Path, object_type: str, name: str, delta: Delta) -> None:
    """What another client does behind our back."""
    one = find(path, object_type, name)
    with opened(path) as server:
        server.update(object_type, one.dbid, delta)


class CreateFails(EmbeddedServer):
    """Answers the first create with what ``fail`` raises; see ``after``."""

    def __init__(self, path: Path, fail: Callable[[], BaseException], *, after: bool) -> None:
        super().__init__(path)
        self._fail = fail
        self._after = after
        self._left = 1

    def create(
        self, object_type: str, attributes: Attributes, folder: int | None = None
    ) -> ConfObject:
        if self._left:
            self._left = 0
            if self._after:
                super().create(object_type, attributes, folder)
            raise self._fail()
        return super().create(object_type, attributes, folder)


class Forgets(EmbeddedServer):
    """Answers every update as if it were done, and does not do what ``lose`` takes out."""

    def __init__(self, path: Path, lose: Callable[[KeyValueDelta], KeyValueDelta]) -> None:
        super().__init__(path)
        self._lose = lose

    def update(self, object_type: str, dbid: int, delta: Delta) -> ConfObject:
        kept = {name: self._lose(one) for name, one in delta.key_values.items()}
        return super().update(object_type, dbid, Delta(delta.values, kept, delta.lists))


BOTH = f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\nspec: {{annex: {{s: ANNEX}}}}\n"


@pytest.mark.parametrize(
    ("annex", "lose", "left"),
    [
        (
            "{kept: wanted, other: null}",
            lambda delta: KeyValueDelta(delta.added, delta.changed, {}),
            "/annex/s/other is live",
        ),
        (
            "{kept: wanted, new: wanted}",
            lambda delta: KeyValueDelta(delta.added, {}, delta.deleted),
            "/annex/s/kept is live",
        ),
    ],
)
def test_a_change_that_the_server_did_not_make_is_no_success(
    tmp_path: Path, annex: str, lose: Callable[[KeyValueDelta], KeyValueDelta], left: str
) -> None:
    path, plan = planned(tmp_path, BOTH.replace("ANNEX", annex))
    server = Forgets(path, lose)
    (outcome,) = run(path, plan, server).outcomes
    server.close()
    assert (outcome.status, outcome.wrote) == ("failed", True)
    assert left in outcome.message


def test_a_section_that_appears_after_the_plan_is_not_written_into(tmp_path: Path) -> None:
    path, plan = planned(
        tmp_path,
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: o}}\ntarget: {{role: stat-server}}\n"
        "initial: {sections: {S: {Category: TotalNumber}}}\n",
    )
    theirs = KeyValueDelta(added={"S": {"Java": "vendor"}})
    change(path, "Application", "Stat", Delta(key_values={"options": theirs}))
    report = run(path, plan)
    assert report.exit_code == ExitCode.STALE
    assert "/options/S/Java has appeared: vendor" in report.outcomes[0].message
    assert find(path, "Application", "Stat").attributes["options"] == {"S": {"Java": "vendor"}}


def test_an_option_that_stands_for_ours_and_appears_after_the_plan_is_respected(
    tmp_path: Path,
) -> None:
    path, plan = planned(
        tmp_path,
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Queue}}\n"
        "spec: {annex: {Orchestration: {application: 'http://x'}}}\n"
        'policy: {satisfiedBy: {/annex/Orchestration/application: ["application@*"]}}\n',
    )
    theirs = KeyValueDelta(added={"Orchestration": {"application@C": "http://y"}})
    change(path, "Script", "Queue", Delta(key_values={"userProperties": theirs}))
    assert run(path, plan).exit_code == ExitCode.STALE
    assert find(path, "Script", "Queue").attributes["userProperties"] == {
        "Tags": {"a": "live"},
        "Orchestration": {"application@C": "http://y"},
    }


def test_what_others_change_elsewhere_in_the_object_stays(tmp_path: Path) -> None:
    path, plan = planned(
        tmp_path,
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Queue}}\n"
        "spec: {annex: {Tags: {b: x}}}\n",
    )
    theirs = KeyValueDelta(changed={"Tags": {"a": "edited"}})
    change(path, "Script", "Queue", Delta(key_values={"userProperties": theirs}))
    assert run(path, plan).exit_code == ExitCode.DONE
    assert find(path, "Script", "Queue").attributes["userProperties"] == {
        "Tags": {"a": "edited", "b": "x"}
    }


def test_an_object_that_changed_since_the_plan_is_not_replaced(tmp_path: Path) -> None:
    path, plan = planned(tmp_path, GROUP, overwrite=True)
    theirs = KeyValueDelta(added={"s": {"new": "theirs"}})
    change(path, "AgentGroup", "Group", Delta(key_values={"userProperties": theirs}))
    before = everything(path)
    assert run(path, plan).exit_code == ExitCode.STALE
    assert everything(path) == before


@pytest.mark.parametrize("fail", [KeyboardInterrupt, RuntimeError])
def test_a_replace_that_is_interrupted_after_its_delete_brings_the_old_object_back(
    fail: type[BaseException], tmp_path: Path
) -> None:
    path, plan = planned(tmp_path, GROUP, overwrite=True)
    old = find(path, "AgentGroup", "Group")
    server = CreateFails(path, fail, after=False)
    report = run(path, plan, server)
    server.close()
    assert report.exit_code == ExitCode.PARTIAL
    assert "the old object was created again, with a new DBID" in report.outcomes[0].message
    restored = find(path, "AgentGroup", "Group")
    assert (restored.attributes, restored.folder) == (old.attributes, old.folder)
    assert restored.dbid != old.dbid


def test_a_create_whose_answer_is_lost_is_not_sent_again(tmp_path: Path) -> None:
    path, plan = planned(tmp_path, GROUP, overwrite=True)

    def lost() -> BaseException:
        return OutcomeUnknownError("the connection broke")

    server = CreateFails(path, lost, after=True)
    report = run(path, plan, server)
    server.close()
    assert report.exit_code == ExitCode.PARTIAL
    assert report.outcomes[0].status == "unknown"
    assert "it is not known whether its replacement was created" in report.outcomes[0].message
    assert find(path, "AgentGroup", "Group").attributes["userProperties"] == {"s": {"kept": "live"}}


def test_a_replace_carries_over_what_is_kept_and_preserved_and_nothing_else(
    tmp_path: Path,
) -> None:
    path, plan = planned(tmp_path, GROUP, overwrite=True)
    assert [action.loses for action in plan.plan.actions] == [
        ("its DBID 101", "annex/s/other: live")
    ]
    assert run(path, plan).exit_code == ExitCode.DONE
    new = find(path, "AgentGroup", "Group")
    assert new.attributes["userProperties"] == {"s": {"kept": "live"}}
    assert new.attributes["agentDBIDs"] == [find(path, "Person", "7001").dbid]


def test_after_a_failure_no_replace_starts_and_every_action_is_accounted_for(
    tmp_path: Path,
) -> None:
    path, plan = planned(
        tmp_path,
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: New}}\n---\n" + GROUP,
        overwrite=True,
    )
    with opened(path) as server:
        server.create("Script", {"tenantDBID": 101, "name": "New", "type": 22})
    report = run(path, plan)
    assert {o.action.address: o.status for o in report.outcomes} == {
        "AgentGroup/Group": "done",
        "InteractionQueue/New": "failed",
    }
    assert report.exit_code == ExitCode.PARTIAL
    assert report.outcomes[-1].message == "somebody has created it since the plan"


def test_a_run_that_is_asked_to_stop_finishes_the_object_in_hand(tmp_path: Path) -> None:
    names = ("A", "B", "C")
    path, plan = planned(
        tmp_path,
        "---\n".join(f"{HEAD}kind: InteractionQueue\nmetadata: {{name: {n}}}\n" for n in names),
    )
    asked = iter([False, False, True])
    with opened(path) as server:
        report = execute_quietly(plan.plan, plan.live, server, Heard(lambda: next(asked)))
    assert [outcome.status for outcome in report.outcomes] == ["done", "done", "not-started"]
    assert report.exit_code == ExitCode.PARTIAL
