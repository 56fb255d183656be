"""An apply under any fault tells the truth. What the faults do: tests/testing/test_faults.py."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.report import Outcome, RunReport
from reconciler.engine.planning import Planned, prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import (
    ConfigurationServerError,
    NoPermissionError,
    ReadOnlyModeError,
    ServerError,
    UniquenessViolationError,
)
from reconciler.server.port import ConfObject, Server
from reconciler.site.discovery import SiteOptions
from reconciler.testing.faults import (
    Call,
    Delay,
    Drop,
    Fault,
    Interfere,
    LoseAnswer,
    Refuse,
    Stale,
    When,
)
from reconciler.testing.faulty import FaultyServer
from tests.harness import APP, BARE, content_of, everything, opened, site_server
from tests.runs import QUEUES, SETTINGS, Heard, execute_quietly, once_in_each

SITE = f"""\
apiVersion: reconciler/v1
kind: Site
extends: {BARE}
tenant: Resources
Person:
  - {{employeeID: "7001", userName: anna, isAgent: true}}
AgentGroup:
  - {{name: Bystander, agents: ["7001"], annex: {{own: {{a: "1"}}}}}}
Application:
  - {{name: Chat, type: ChatServer, options: {{settings: {{ours: "0", own: "live"}}}}}}
Script:
  - name: Changed
    type: InteractionQueue
    dbid: 600
    annex: {{Queue: {{ours: "0", own: "live"}}}}
  - {{name: Other, type: BusinessProcess, folder: Composer}}
  - name: Replaced
    type: InteractionQueue
    dbid: 700
    folder: Composer
    annex: {{Queue: {{ours: "0", own: "live"}}}}
"""


# An apply under faults. Its calls, each of which is an injection point:

CALLS = [
    Call("create", "Script"),  # 1 Created.Routing
    Call("read", "Script", 600),  # 2
    Call("update", "Script", 600),  # 3 Changed
    Call("read", "Script", 700),  # 4
    Call("permissions", "Script", 700),  # 5
    Call("delete", "Script", 700),  # 6
    Call("create", "Script"),  # 7 Replaced
    Call("read", "Application", 104),  # 8
    Call("update", "Application", 104),  # 9 Chat
    Call("create", "Script"),  # 10 Created
]
DELETE, CREATE_ANEW, RESTORE = 6, 7, 8
EVERY_CALL = range(1, 11)
_CREATED = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Created}
spec: {annex: {Orchestration: {application: "script:Created.Routing"}}}
---
apiVersion: reconciler/v1
kind: EnhancedRouting
metadata: {name: Created.Routing}
spec: {annex: {Application: {url: "http://a"}}}
"""
MANIFESTS = QUEUES + _CREATED + SETTINGS
ACTIONS = [
    ("create", "EnhancedRouting/Created.Routing"),
    ("update", "InteractionQueue/Changed"),
    ("replace", "InteractionQueue/Replaced"),
    ("update", "Application/Chat"),
    ("create", "InteractionQueue/Created"),
]
# Name -> options or annex, of what the plan is about.
BEFORE: dict[str, Any] = {
    "Changed": {"Queue": {"ours": "0", "own": "live"}},
    "Replaced": {"Queue": {"ours": "0", "own": "live"}},
    "Chat": {"settings": {"ours": "0", "own": "live"}},
}
AFTER: dict[str, Any] = {
    "Created.Routing": {"Application": {"url": "http://a"}},
    "Changed": {"Queue": {"ours": "1", "own": "live"}},
    "Replaced": {"Queue": {"ours": "1"}},
    "Chat": {"settings": {"ours": "1", "own": "live"}},
    "Created": {"Orchestration": {"application": "script:Created.Routing"}},
}
OVERWRITE = PlanOptions(overwrite_only=("InteractionQueue/Replaced",))
GONE = "the old object could not be created again"
CREATED_AGAIN = "the old object was created again, with a new DBID"
Objects = dict[tuple[str, int], ConfObject]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "manifests.yaml").write_text(MANIFESTS, encoding="utf-8")
    return site_server(tmp_path, SITE)


def _plan(site: Path, options: PlanOptions) -> Planned:
    """The plan for the manifests: computed once for what a server holds."""
    with opened(site) as server:
        known = (content_of(server), options)
        if known not in _PLANS:
            loaded = load_manifests([site.parent / "manifests.yaml"])
            _PLANS[known] = prepare(loaded, SiteAccess(server, SiteOptions(APP)), options)
    return _PLANS[known]


_PLANS: dict[object, Planned] = {}
"""Content of a server file and options -> the plan, whose server may be another test's copy."""


def _apply(
    site: Path, faults: Sequence[Fault], seed: int = 0, in_flight: int = 1
) -> tuple[RunReport, FaultyServer]:
    planned = _plan(site, OVERWRITE)
    heard, total = Heard(), len(ACTIONS)
    with opened(site) as inner:
        server = FaultyServer(inner, faults, seed=seed, sleep=lambda _: None)
        report = execute_quietly(planned.plan, planned.live, server, heard, in_flight=in_flight)
    assert heard.outcomes == [(one, at, total) for at, one in enumerate(report.outcomes, 1)]
    assert len(report.outcomes) == total
    return report, server


def _state(objects: Objects) -> dict[str, Any]:
    """The part of the objects that the plan is about."""
    names = {"Script": "userProperties", "Application": "options"}
    return {
        one.attributes["name"]: one.attributes.get(names[one.type], {})
        for one in objects.values()
        if one.type in names and one.attributes["name"] in AFTER
    }


def _bystanders(objects: Objects) -> Objects:
    """What no action is about, and what no action may touch."""
    return {
        key: one
        for key, one in objects.items()
        if one.type not in ("Script", "Application") or one.attributes["name"] not in AFTER
    }


def _check_accounts(report: RunReport, before: Objects, after: Objects) -> None:
    """Every outcome is there, and says what is so."""
    found = [(o.action.action, o.action.address) for o in report.outcomes]
    assert found == ACTIONS
    state = _state(after)
    for outcome in report.outcomes:
        _check_outcome(outcome, state)
    assert _bystanders(after) == _bystanders(before)
    _check_exit_code(report, changed=before != after)


def _check_outcome(outcome: Outcome, state: dict[str, Any]) -> None:
    name = outcome.action.name or outcome.action.address.partition("/")[2]
    now, old, new = state.get(name), BEFORE.get(name), AFTER[name]
    if outcome.status == "done":
        assert now == new
    elif outcome.status == "unknown":
        assert now in ((old, new, None) if outcome.action.action == "replace" else (old, new))
    elif GONE in outcome.message:
        assert now is None
    else:
        assert now == old
    if outcome.status not in ("done", "skipped", "not-started"):
        assert outcome.message


def _check_exit_code(report: RunReport, *, changed: bool) -> None:
    statuses = {outcome.status for outcome in report.outcomes}
    if statuses == {"done"}:
        assert report.exit_code == 0
    elif changed or "unknown" in statuses:
        assert report.exit_code == 5
    elif any(outcome.stale for outcome in report.outcomes):
        assert report.exit_code == 4
    else:
        assert report.exit_code == 1


def _situation(site: Path, _: Objects, expected: dict[str, Any] | None = None) -> object:
    with opened(site) as server:
        return content_of(server), str(expected)


@once_in_each(_situation)
def _check_settles(site: Path, before: Objects, expected: dict[str, Any] = AFTER) -> None:
    """Plan and apply again without faults: nothing is left to write, nothing else moved."""
    planned = _plan(site, OVERWRITE)
    assert not planned.plan.blocked
    with opened(site) as server:
        report = execute_quietly(planned.plan, planned.live, server)
    assert {outcome.status for outcome in report.outcomes} == {"done"}
    assert report.exit_code == 0
    assert _plan(site, PlanOptions()).plan.empty
    after = everything(site)
    assert _bystanders(after) == _bystanders(before)
    state = _state(after)
    assert {name: _without_others(body) for name, body in state.items()} == expected


def _without_others(body: dict[str, Any]) -> dict[str, Any]:
    """An annex without what other clients of these tests put there."""
    kept = {s: {k: v for k, v in o.items() if k != "theirs"} for s, o in body.items()}
    return {section: options for section, options in kept.items() if options}


def test_an_apply_without_faults_makes_exactly_these_calls(site: Path) -> None:
    before = everything(site)
    report, server = _apply(site, [])
    assert server.calls == CALLS
    assert _state(before) == BEFORE
    assert _state(everything(site)) == AFTER
    _check_accounts(report, before, everything(site))


FAULTS = [
    Drop(when="before"),
    Drop(when="during"),
    Drop(when="after"),
    Delay(when="before"),
    Delay(when="after"),
    Refuse(error=NoPermissionError),
    Refuse(error=UniquenessViolationError),
    Refuse(error=ReadOnlyModeError),
    LoseAnswer(),
    Stale(call=""),
]


@pytest.mark.long
@pytest.mark.parametrize("at", [1, 3, 9, 10])  # beside the replace, where several are in flight
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_an_apply_with_eight_in_flight_under_one_fault_accounts_for_every_action(
    site: Path, at: int, fault: Fault
) -> None:
    before = everything(site)
    report, server = _apply(site, [replace(fault, at=at)], in_flight=8)
    if not isinstance(fault, Stale):
        assert server.struck
    _check_accounts(report, before, everything(site))
    if isinstance(fault, Delay | Stale):
        assert report.exit_code == 0
    _check_settles(site, before)


@pytest.mark.long
@pytest.mark.parametrize("at", EVERY_CALL)
@pytest.mark.parametrize("fault", FAULTS, ids=repr)
def test_an_apply_under_one_fault_accounts_for_every_action_and_settles_later(
    site: Path, at: int, fault: Fault
) -> None:
    before = everything(site)
    report, server = _apply(site, [replace(fault, at=at)])
    stale_write = isinstance(fault, Stale) and CALLS[at - 1].name != "read"
    assert bool(server.struck) is not stale_write
    _check_accounts(report, before, everything(site))
    if isinstance(fault, Delay | Stale):
        assert report.exit_code == 0
    _check_settles(site, before)


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("first", [NoPermissionError, UniquenessViolationError])
def test_a_fault_while_the_old_object_is_created_again_is_told(
    site: Path, first: type[ConfigurationServerError], fault: Fault
) -> None:
    before = everything(site)
    faults = [Refuse(at=CREATE_ANEW, error=first), replace(fault, at=RESTORE)]
    report, _ = _apply(site, faults)
    _check_accounts(report, before, everything(site))
    assert [outcome.status for outcome in report.outcomes][3:] == ["not-started"] * 2
    assert report.exit_code == 5
    _check_settles(site, before)


def test_a_replace_whose_create_fails_leaves_the_old_object_in_its_folder(site: Path) -> None:
    before = everything(site)
    report, _ = _apply(site, [Refuse(at=CREATE_ANEW, error=NoPermissionError)])
    assert [outcome.status for outcome in report.outcomes] == [
        *("done", "done", "failed", "not-started", "not-started")
    ]
    assert CREATED_AGAIN in report.outcomes[2].message
    (restored,) = [o for o in everything(site).values() if o.attributes.get("name") == "Replaced"]
    old = before["Script", 700]
    assert restored.dbid != 700
    assert (restored.attributes, restored.folder, restored.path) == (
        *(old.attributes, old.folder, old.path),
    )


def test_a_replace_whose_old_object_cannot_be_created_again_says_that_it_is_gone(
    site: Path,
) -> None:
    fault = Refuse(error=NoPermissionError)
    report, _ = _apply(site, [replace(fault, at=CREATE_ANEW), replace(fault, at=RESTORE)])
    outcome = report.outcomes[2]
    assert (outcome.status, outcome.wrote, report.exit_code) == ("failed", True, 5)
    assert GONE in outcome.message
    assert outcome.hint == "Run gwe recover: it checks what was written and finishes it."
    assert outcome.needs_recovery


@pytest.mark.parametrize("when", ["during", "after"])
def test_a_replace_whose_delete_got_no_answer_says_that_the_object_may_be_gone(
    site: Path, when: When
) -> None:
    report, server = _apply(site, [Drop(at=DELETE, when=when)])
    outcome = report.outcomes[2]
    assert len(server.calls) == DELETE
    assert (outcome.status, report.exit_code) == ("unknown", 5)
    assert "it may or may not have been deleted" in outcome.message
    assert outcome.hint == "Run gwe recover: it checks what was written and finishes it."


@pytest.mark.parametrize(
    "at", [n for n in EVERY_CALL if CALLS[n - 1].name not in ("read", "permissions")]
)
def test_a_server_in_read_only_mode_gets_no_further_write(site: Path, at: int) -> None:
    """The loss of the write mode stops the run (design.md 7.5)."""
    report, server = _apply(site, [Refuse(at=at, error=ReadOnlyModeError)])
    failed = next(n for n, o in enumerate(report.outcomes) if o.status == "failed")
    rest = [outcome.status for outcome in report.outcomes[failed + 1 :]]
    assert rest == ["not-started"] * len(rest)
    expected = RESTORE if at == CREATE_ANEW else at
    assert len(server.calls) == expected


def _interrupt(_: Server) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("at", "in_flight"), [*((at, 1) for at in EVERY_CALL), *((at, 8) for at in (1, 3, 9, 10))]
)
def test_an_interrupt_at_any_call_is_told_as_what_it_left(
    site: Path, at: int, when: When, in_flight: int
) -> None:
    before = everything(site)
    report, server = _apply(
        site, [Interfere(at=at, when=when, write=_interrupt)], in_flight=in_flight
    )
    assert len(server.struck) == 1
    _check_accounts(report, before, everything(site))
    assert report.exit_code == 5
    _check_settles(site, before)


@pytest.mark.parametrize("fault", [Drop(), Refuse(error=NoPermissionError)], ids=repr)
def test_a_replace_that_is_interrupted_in_its_delete_and_cannot_look_is_unknown(
    site: Path, fault: Fault
) -> None:
    """A dead network is a reason for Ctrl-C, and then no read tells whether the object is gone."""
    before = everything(site)
    interrupt = Interfere(at=DELETE, when="after", write=_interrupt)
    report, server = _apply(site, [interrupt, replace(fault, at=DELETE + 1)])
    _check_accounts(report, before, everything(site))
    outcome = report.outcomes[2]
    assert len(server.calls) == DELETE + 1
    assert (outcome.status, report.needs_recovery, report.exit_code) == ("unknown", True, 5)
    assert outcome.message.startswith(
        "interrupted; it may or may not have been deleted, and its replacement was not created: "
    )
    assert outcome.hint == "Run gwe recover: it checks what was written and finishes it."


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupt_while_the_old_object_is_created_again_is_told(site: Path, when: When) -> None:
    before = everything(site)
    interrupt = Interfere(at=RESTORE, when=when, write=_interrupt)
    report, _ = _apply(site, [Refuse(at=CREATE_ANEW, error=NoPermissionError), interrupt])
    _check_accounts(report, before, everything(site))
    assert report.exit_code == 5
    _check_settles(site, before)


@pytest.mark.parametrize("fault", [Drop(), Drop(when="after"), Refuse(), LoseAnswer()], ids=repr)
def test_a_plan_is_never_made_of_a_part_of_the_reads(site: Path, fault: Fault) -> None:
    loaded = load_manifests([site.parent / "manifests.yaml"])
    with opened(site) as inner:
        whole = FaultyServer(inner)
        prepare(loaded, SiteAccess(whole, SiteOptions(APP)), OVERWRITE)
        assert {call.name for call in whole.calls} == {"read", "info"}
        for at in range(1, len(whole.calls) + 1):
            server = FaultyServer(inner, [replace(fault, at=at)])
            with pytest.raises(ServerError):
                prepare(loaded, SiteAccess(server, SiteOptions(APP)), OVERWRITE)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_an_apply_under_many_faults_accounts_for_every_action_and_settles_later(
    site: Path, seed: int
) -> None:
    before = everything(site)
    faults = [replace(fault, chance=0.06) for fault in FAULTS]
    report, _ = _apply(site, faults, seed, in_flight=8 if seed % 2 else 1)
    _check_accounts(report, before, everything(site))
    _check_settles(site, before)


# Another client writes in between.


def _add_option(other: Server, object_type: str, dbid: int, attribute: str, section: str) -> None:
    if other.read(object_type, {"dbid": dbid}):
        added = KeyValueDelta(added={section: {"theirs": "1"}})
        other.update(object_type, dbid, Delta(key_values={attribute: added}))


def _writes_beside(other: Server) -> None:
    _add_option(other, "Script", 600, "userProperties", "Queue")
    _add_option(other, "Application", 104, "options", "settings")


def _edits_what_is_replaced(other: Server) -> None:
    _add_option(other, "Script", 700, "userProperties", "Queue")


def _takes_the_names(other: Server) -> None:
    taken = [one.attributes["name"] for one in other.read("Script")]
    for name, number in (("Created.Routing", 6), ("Created", 23), ("Replaced", 23)):
        if name not in taken:
            body = {"Queue": {"theirs": "1"}}
            attributes = {"name": name, "type": number, "tenantDBID": 101, "userProperties": body}
            other.create("Script", attributes)


def _deletes(other: Server) -> None:
    for dbid in (600, 700):
        if other.read("Script", {"dbid": dbid}):
            other.delete("Script", dbid)


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", EVERY_CALL)
def test_what_another_client_writes_beside_the_changes_survives(
    site: Path, at: int, when: When
) -> None:
    before = everything(site)
    report, _ = _apply(site, [Interfere(at=at, when=when, write=_writes_beside)])
    assert {outcome.status for outcome in report.outcomes} == {"done"}
    _check_settles(site, before)
    state = _state(everything(site))
    assert state["Changed"] == {"Queue": {"ours": "1", "own": "live", "theirs": "1"}}
    assert state["Chat"] == {"settings": {"ours": "1", "own": "live", "theirs": "1"}}


@pytest.mark.parametrize(
    ("at", "when"), [(n, when) for n in (1, 2, 3) for when in ("before", "after")] + [(4, "before")]
)
def test_an_object_that_another_client_edits_before_the_read_is_not_replaced(
    site: Path, at: int, when: When
) -> None:
    before = everything(site)
    report, _ = _apply(site, [Interfere(at=at, when=when, write=_edits_what_is_replaced)])
    statuses = [outcome.status for outcome in report.outcomes]
    assert statuses == ["done", "done", "failed", "done", "done"]
    assert report.outcomes[2].stale
    assert report.exit_code == 5
    edited = everything(site)["Script", 700].attributes["userProperties"]
    assert edited == {"Queue": {"ours": "0", "own": "live", "theirs": "1"}}
    _check_settles(site, before)


@pytest.mark.long
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", EVERY_CALL)
@pytest.mark.parametrize("write", [_takes_the_names, _deletes, _edits_what_is_replaced])
def test_no_object_goes_missing_untold_while_another_client_creates_and_deletes(
    site: Path, at: int, when: When, write: Callable[[Server], None]
) -> None:
    before = everything(site)
    report, _ = _apply(site, [Interfere(at=at, when=when, write=write)])
    found = [(o.action.action, o.action.address) for o in report.outcomes]
    assert found == ACTIONS
    after = everything(site)
    assert _bystanders(after) == _bystanders(before)
    if write is not _deletes:
        told = {o.action.name for o in report.outcomes if GONE in o.message}
        assert BEFORE.keys() <= _state(after).keys() | told
    for outcome in report.outcomes:
        if outcome.status == "done" and write is not _deletes:
            name = outcome.action.name or "Chat"
            assert _without_others(_state(after)[name]) == AFTER[name]
    _check_exit_code_with_others(report)
    anew = {**AFTER, "Changed": {"Queue": {"ours": "1"}}}
    _check_settles(site, before, anew if write is _deletes else AFTER)


def _check_exit_code_with_others(report: RunReport) -> None:
    statuses = {outcome.status for outcome in report.outcomes}
    wrote = {o.status == "done" or GONE in o.message for o in report.outcomes}
    if statuses == {"done"}:
        assert report.exit_code == 0
    elif True in wrote:
        assert report.exit_code == 5
    else:
        stale = any(o.stale for o in report.outcomes)
        assert report.exit_code == (4 if stale else 1)


@pytest.mark.parametrize(("at", "when"), [(1, "before"), (1, "after"), (2, "before")])
def test_a_value_that_another_client_changes_before_the_read_is_not_overwritten(
    site: Path, at: int, when: When
) -> None:
    before = everything(site)
    two = Delta(key_values={"userProperties": KeyValueDelta(changed={"Queue": {"ours": "2"}})})
    change = Interfere(at=at, when=when, write=lambda other: other.update("Script", 600, two))
    report, _ = _apply(site, [change])
    statuses = [outcome.status for outcome in report.outcomes]
    assert statuses == ["done", "failed", "skipped", "done", "done"]
    assert (report.outcomes[1].stale, report.exit_code) == (True, 5)
    assert _state(everything(site))["Changed"] == {"Queue": {"ours": "2", "own": "live"}}
    _check_settles(site, before)


def test_a_name_that_another_client_takes_during_a_replace_is_told(site: Path) -> None:
    interfere = Interfere(at=DELETE, when="after", write=_takes_the_names)
    report, _ = _apply(site, [interfere])
    outcome = report.outcomes[2]
    assert (outcome.status, report.exit_code) == ("failed", 5)
    assert GONE in outcome.message
    assert "'Replaced' exists already" in outcome.message


def test_a_stale_read_that_hides_a_deletion_ends_in_a_refused_write(site: Path) -> None:
    before = everything(site)
    faults = [Interfere(at=4, write=lambda other: other.delete("Script", 700)), Stale(at=2)]
    report, _ = _apply(site, faults)
    assert [outcome.status for outcome in report.outcomes] == [
        *("done", "done", "failed", "done", "done")
    ]
    assert "no Script has DBID 700" in report.outcomes[2].message
    assert report.exit_code == 5
    _check_settles(site, before)
