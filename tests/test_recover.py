"""Whatever breaks during a run: it tells the truth, and recover settles what it left.

The whole run is carried out, with its lock and its journal, on a server with faults; then
its server is well again, ``settle`` looks after what is open, and plan and apply go on.
"""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.recovery.recover import (
    RecoveryOptions,
    plan_of_run,
    recover_run,
    release_orphaned_lock,
    unfinished_runs,
)
from reconciler.apply.report import Recovered, RunReport
from reconciler.apply.session import RunOptions
from reconciler.apply.undo.plan import plan_undo
from reconciler.engine.progress import Progress
from reconciler.errors import ReconcilerError, StateError, StateFolderError
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import (
    NoPermissionError,
    ReadOnlyModeError,
    ServerError,
    UniquenessViolationError,
)
from reconciler.server.port import Server
from reconciler.state.records import CallBegin, CallEnd
from reconciler.state.session import SqlSession
from reconciler.testing.faults import (
    Call,
    Delay,
    Drop,
    Fault,
    Interfere,
    LoseAnswer,
    Refuse,
    Stale,
)
from reconciler.testing.faulty import FaultyServer
from tests.harness import APP, gwe, opened, state_folder
from tests.runs import (
    ACCESS,
    AFTER,
    BEFORE,
    REPLACED,
    Nursery,
    Objects,
    Place,
    Strike,
    access_of,
    agents_of,
    assert_same_but_dbids,
    bystanders,
    carry_out_quietly,
    copy_run,
    make_place_anew,
    named,
    once_in_each,
    someone,
    told,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("places") / "each"


@pytest.fixture
def place(folder: Path, template: Path) -> Place:
    """A place that lies in the same folder in each test."""
    return make_place_anew(folder, template)


ADDRESSES = [
    ("replace", "AgentGroup/Group"),
    ("update", "InteractionQueue/Changed"),
    ("create", "InteractionQueue/Created"),
    ("replace", "InteractionQueue/Replaced"),
    ("update", "Application/Chat"),
]
LOCK = "Transaction"
CALLS = [
    Call("info"),
    Call("read", LOCK),
    Call("read", LOCK),
    Call("create", LOCK),
    Call("read", LOCK),
    Call("read", "Tenant"),
    Call("read", "Application"),
    Call("read", "Host", 101),
    Call("info"),
    Call("read", "AgentGroup", 300),
    Call("read", "AgentGroup"),
    Call("read", "Script", 600),
    Call("read", "Script"),
    Call("read", "Script", 700),
    Call("read", "Script"),
    Call("read", "Person"),
    Call("read", "Person"),
    Call("read", "Person", 401),
    Call("read", "Person", 402),
    Call("read", "Script"),
    Call("read", "Service"),
    Call("read", "Campaign"),
    Call("read", "CampaignGroup"),
    Call("read", "GVPIVRProfile"),
    Call("read", "Host"),
    Call("read", "Person"),
    Call("read", "AccessGroup"),
    Call("read", "AgentGroup"),
    Call("read", "Script"),
    Call("read", "Place"),
    Call("read", "PlaceGroup"),
    Call("read", "DNGroup"),
    Call("read", "VoicePrompt"),
    Call("read", "CallingList"),
    Call("read", "AlarmCondition"),
    Call("read", "AgentGroup", 300),
    Call("permissions", "AgentGroup", 300),
    Call("read", "CampaignGroup", 101),
    Call("update", LOCK, 101),
    Call("read", LOCK, 101),
    Call("read", LOCK, 101),
    Call("delete", "AgentGroup", 300),
    Call("create", "AgentGroup"),
    Call("set_permissions", "AgentGroup", 301),
    Call("read", "CampaignGroup", 101),
    Call("read", "Script", 600),
    Call("update", "Script", 600),
    Call("create", "Script"),
    Call("read", "Script", 700),
    Call("permissions", "Script", 700),
    Call("read", "Campaign", 101),
    Call("read", "CampaignGroup", 101),
    Call("read", LOCK, 101),
    Call("delete", "Script", 700),
    Call("create", "Script"),
    Call("read", "Campaign", 101),
    Call("update", "Campaign", 101),
    Call("read", "Application", 104),
    Call("update", "Application", 104),
    # What the run has created goes into the inventory, by a look and a call.
    Call("read", LOCK),
    Call("create", LOCK),
    Call("read", LOCK, 101),
    Call("delete", LOCK, 101),
]
EVERY_CALL = range(1, len(CALLS) + 1)


def _number(call: Call) -> int:
    """The number of a call that is made once, or of the first such call."""
    return CALLS.index(call) + 1


DELETE_GROUP, DELETE_QUEUE = (
    _number(Call("delete", "AgentGroup", 300)),
    _number(Call("delete", "Script", 700)),
)
DELETES, CREATES_ANEW = (DELETE_GROUP, DELETE_QUEUE), (DELETE_GROUP + 1, DELETE_QUEUE + 1)
UPDATE = _number(Call("update", "Script", 600))
CREATE = _number(Call("create", "Script"))
CREATE_LOCK = _number(Call("create", LOCK))
INVENTORY = (len(CALLS) - 3, len(CALLS) - 2)
SET_PERMISSIONS = DELETE_GROUP + 2


def _run(place: Place, server: Server, plan: Plan, name: str) -> RunReport | ReconcilerError:
    try:
        return carry_out_quietly(plan, server, RunOptions(place.state), someone(name))
    except ReconcilerError as error:
        return error


def _attempt(
    place: Place, faults: list[Fault], name: str = "first"
) -> tuple[RunReport | ReconcilerError, FaultyServer]:
    """One run on a server with faults."""
    plan = place.plan(*REPLACED)
    with opened(place.server) as inner:
        server = FaultyServer(inner, faults, sleep=lambda _: None)
        return _run(place, server, plan, name), server


def _settle(place: Place, *, reverse: bool = False) -> list[Recovered]:
    """What ``gwe recover`` does."""
    found: list[Recovered] = []
    with opened(place.server) as server:
        for entry in unfinished_runs(place.state, server):
            run = place.state.read_run(entry.name)
            plan = plan_of_run(run)
            options = RunOptions(place.state)
            who = someone("recovering")
            how = RecoveryOptions(reverse)
            found += recover_run(run, plan, server, options, who, Progress(), how)
        release_orphaned_lock(place.state, server)
        assert unfinished_runs(place.state, server) == []
    return found


def _access_of_the_group(place: Place) -> list[tuple[str, int, int]]:
    group = named(place.objects(), "AgentGroup", "Group")
    return access_of(place.server).get(("AgentGroup", group.dbid), [])


def _check_accounts(
    place: Place, result: RunReport | ReconcilerError, before: Objects, after: Objects
) -> None:
    """The report names every action, and says what is so."""
    if isinstance(result, ReconcilerError):
        assert after == before
        return
    assert [(o.action.action, o.action.address) for o in result.outcomes] == ADDRESSES
    state = told(after)
    for outcome in result.outcomes:
        title = f"{outcome.action.object_type} {outcome.action.name or 'Chat'}"
        if outcome.status == "done":
            assert state[title] == AFTER[title]
        elif outcome.status in ("skipped", "not-started"):
            assert state.get(title) == BEFORE.get(title)
        assert outcome.status in ("done", "skipped", "not-started") or outcome.message
    statuses = {outcome.status for outcome in result.outcomes}
    if statuses == {"done"}:
        assert result.exit_code == (5 if result.inventory_unsettled else 0)
    elif before != after:
        assert result.exit_code == 5
    assert bystanders(after) == bystanders(before)
    _check_journal(place)


def _check_journal(place: Place) -> None:
    """A begin for every end; and no call began before the one before it had ended."""
    (run,) = place.runs
    order = [
        ("begin" if isinstance(one, CallBegin) else "end", one.step)
        for one in place.records(run.name)
        if isinstance(one, CallBegin | CallEnd)
    ]
    expected = [(name, step.number) for step in run.steps for name in ("begin", "end")]
    assert order == expected


def _check_settled(place: Place, before: Objects) -> None:
    """Nothing is open, locked or lost."""
    assert place.locks() == []
    for run in place.runs:
        assert run.finished
        assert [step for step in run.steps if step.unknown] == []
    objects = place.objects()
    assert {"AgentGroup Group", "Application Chat", "Script Changed", "Script Replaced"} <= {
        *told(objects)
    }
    assert agents_of(objects) == [401, 402]
    assert bystanders(objects) == bystanders(before)
    # Nothing is in the inventory that no run has created, and nothing of it is missing unless
    # the server has refused to write it.
    assert place.inventory() <= {("Script", "Created")}


@once_in_each(lambda place, *_: place.situation())
def _check_reaches_the_end(place: Place, before: Objects) -> None:
    """Plan and apply again: nothing is left to write, nothing else has moved."""
    result, _ = _attempt(place, [], "next")
    assert isinstance(result, RunReport)
    assert result.exit_code == 0
    assert told(place.objects()) == AFTER
    assert place.plan().empty
    assert bystanders(place.objects()) == bystanders(before)
    assert _access_of_the_group(place) == ACCESS
    assert place.locks() == []


@once_in_each(lambda place, _: place.world())
def _check_is_settled(place: Place, before: Objects) -> None:
    """Settles what a run has left, and goes on to the end."""
    _settle(place)
    _check_settled(place, before)
    assert _access_of_the_group(place) == ACCESS
    _check_reaches_the_end(place, before)


def test_a_run_without_faults_makes_exactly_these_calls(place: Place) -> None:
    before = place.objects()
    result, server = _attempt(place, [])
    assert isinstance(result, RunReport)
    assert server.calls == CALLS
    assert (told(before), told(place.objects())) == (BEFORE, AFTER)
    assert result.exit_code == 0
    _check_accounts(place, result, before, place.objects())
    assert _settle(place) == []
    _check_settled(place, before)


class _Comparing(FaultyServer):
    """Notes the numbers of the calls that a stale answer would not answer as they are."""

    def __init__(self, server: Server) -> None:
        super().__init__(server, [Stale(call="", at=len(CALLS) + 1)])
        self.differ: list[int] = []

    def _call(
        self, call: Call, perform: Callable[[], Any], stale: Callable[[], Any] | None = None
    ) -> Any:
        old = stale() if stale else None
        answer = super()._call(call, perform, stale)
        if stale and old != answer:
            self.differ.append(len(self.calls))
        return answer


STALE = [_number(Call("update", LOCK, 101)) + 1, DELETE_GROUP + 3, DELETE_QUEUE + 2]


def test_at_these_calls_of_a_run_a_stale_answer_is_another_one(place: Place) -> None:
    plan = place.plan(*REPLACED)
    with opened(place.server) as inner:
        server = _Comparing(inner)
        _run(place, server, plan, "first")
    assert server.calls == CALLS
    assert server.differ == STALE


FAULTS = [
    Drop(when="before"),
    Drop(when="during"),
    Drop(when="after"),
    LoseAnswer(),
    Refuse(error=NoPermissionError),
    Refuse(error=ReadOnlyModeError),
    Stale(call=""),
]


def _may_strike(fault: Fault, at: int) -> bool:
    """Whether this call meets a fault, and one that it meets with no other. Where the connection
    breaks, a read comes to the same before, during and after its way to the server, and no read
    needs write mode."""
    if isinstance(fault, Stale):
        return at in STALE
    writes = CALLS[at - 1].name not in ("info", "read", "permissions")
    return writes or fault in (Drop(when="before"), LoseAnswer(), Refuse(error=NoPermissionError))


STRIKES = [
    pytest.param(at, fault, id=f"{at}-{type(fault).__name__}-{fault.when}-{n}")
    for n, fault in enumerate(FAULTS)
    for at in EVERY_CALL
    if _may_strike(fault, at)
]


@pytest.mark.long
@pytest.mark.parametrize(("at", "fault"), STRIKES)
def test_a_run_under_one_fault_accounts_for_everything_and_is_settled(
    place: Place, at: int, fault: Fault
) -> None:
    before = place.objects()
    result, server = _attempt(place, [replace(fault, at=at)])
    assert len(server.struck) == 1
    _check_accounts(place, result, before, place.objects())
    refused = isinstance(fault, Refuse) and at == SET_PERMISSIONS
    if refused:
        assert isinstance(result, RunReport)
        message = "its permissions and references to it could not all be set"
        assert message in result.outcomes[0].message
        assert (
            result.outcomes[0].hint
            == "Run gwe recover: it checks what was written and finishes it. The run's state is"
            f" {place.state.place}."
        )
    _check_is_settled(place, before)


@pytest.mark.parametrize("fault", [Drop(when="before"), Drop(when="after"), LoseAnswer()], ids=repr)
@pytest.mark.parametrize("at", INVENTORY)
def test_recover_completes_the_inventory_of_a_run_that_got_no_answer(
    place: Place, at: int, fault: Fault
) -> None:
    result, _ = _attempt(place, [replace(fault, at=at)])
    assert isinstance(result, RunReport)
    assert (result.inventory_unsettled, result.exit_code) == (True, 5)
    _settle(place)
    assert place.inventory() == {("Script", "Created")}
    (run,) = place.runs
    assert run.status == "recovered"


@pytest.mark.parametrize("at", [CREATE_LOCK, *CREATES_ANEW, CREATE])
def test_a_create_that_is_refused_for_its_name_is_settled(place: Place, at: int) -> None:
    before = place.objects()
    result, server = _attempt(place, [Refuse(at=at, error=UniquenessViolationError)])
    assert len(server.struck) == 1
    _check_accounts(place, result, before, place.objects())
    _check_is_settled(place, before)


def test_a_run_whose_calls_are_all_slow_ends_well(place: Place) -> None:
    before = place.objects()
    slept: list[float] = []
    plan = place.plan(*REPLACED)
    with opened(place.server) as inner:
        faults = [Delay(seconds=2.0), Delay(seconds=3.0, when="after")]
        server = FaultyServer(inner, faults, sleep=slept.append)
        result = _run(place, server, plan, "first")
    assert isinstance(result, RunReport)
    assert (result.exit_code, slept) == (0, [2.0, 3.0] * len(CALLS))
    assert told(place.objects()) == AFTER
    _check_settled(place, before)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(25))
def test_a_run_under_many_faults_accounts_for_everything_and_is_settled(
    place: Place, seed: int
) -> None:
    before = place.objects()
    plan = place.plan(*REPLACED)
    faults = [replace(fault, chance=0.015) for fault in FAULTS if not isinstance(fault, Refuse)]
    with opened(place.server) as inner:
        server = FaultyServer(inner, faults, seed=seed, sleep=lambda _: None)
        result = _run(place, server, plan, "first")
    _check_accounts(place, result, before, place.objects())
    _check_is_settled(place, before)


# A replace between its two halves


@pytest.mark.long
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("at", "fault"),
    [
        *((at, Drop(when="during")) for at in (*DELETES, *CREATES_ANEW)),
        *((at, Drop(when="after")) for at in (*DELETES, *CREATES_ANEW)),
        *((at, LoseAnswer()) for at in (*DELETES, *CREATES_ANEW)),
    ],
    ids=repr,
)
def test_a_replace_that_broke_off_is_finished_or_taken_back(
    place: Place, at: int, fault: Fault, *, reverse: bool
) -> None:
    before = place.objects()
    result, server = _attempt(place, [replace(fault, at=at)])
    assert isinstance(result, RunReport)
    assert len(server.struck) == 1
    assert result.exit_code == 5
    object_type, name = (
        ("AgentGroup", "Group")
        if at in (DELETE_GROUP, DELETE_GROUP + 1)
        else ("Script", "Replaced")
    )
    title = f"{object_type} {name}"
    there = told(place.objects()).get(title)
    _settle(place, reverse=reverse)
    now = told(place.objects())[title]
    if there is not None:  # what is there is left as it is
        assert now == there
    else:
        assert now == (BEFORE if reverse else AFTER)[title]
    _check_settled(place, before)
    assert _access_of_the_group(place) == ACCESS
    _check_reaches_the_end(place, before)


def _takes(name: str) -> Callable[[Server], object]:
    theirs = {"tenantDBID": 101, "name": name, "userProperties": {"mine": {"x": "1"}}}
    if name == "Group":
        return lambda other: other.create("AgentGroup", theirs)
    return lambda other: other.create("Script", {**theirs, "type": 23})


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(("at", "name"), [(DELETE_GROUP, "Group"), (DELETE_QUEUE, "Replaced")])
def test_a_name_that_another_client_takes_meanwhile_stays_theirs(
    place: Place, at: int, name: str, *, reverse: bool
) -> None:
    before = place.objects()
    take = Interfere(at=at, when="after", write=_takes(name))
    result, _ = _attempt(place, [take, Drop(at=at + 1, when="before")])
    assert isinstance(result, RunReport)
    assert result.exit_code == 5
    found = _settle(place, reverse=reverse)
    said = [one.message for one in found]
    assert any("another client has created an object with its name" in one for one in said)
    object_type = "AgentGroup" if name == "Group" else "Script"
    theirs = named(place.objects(), object_type, name)
    assert theirs.attributes["userProperties"] == {"mine": {"x": "1"}}
    assert place.locks() == []
    assert bystanders(place.objects()) == bystanders(before)
    assert place.plan(*REPLACED).blocked == ()


@pytest.mark.parametrize("at", DELETES)
def test_a_name_that_another_client_takes_before_the_create_is_told(place: Place, at: int) -> None:
    name = "Group" if at == DELETE_GROUP else "Replaced"
    result, _ = _attempt(place, [Interfere(at=at, when="after", write=_takes(name))])
    assert isinstance(result, RunReport)
    outcome = next(o for o in result.outcomes if o.action.name == name)
    assert (outcome.status, result.exit_code) == ("failed", 5)
    assert "the old object could not be created again" in outcome.message
    (run,) = place.runs
    assert not run.finished
    (held,) = place.locks()
    assert held.attributes["userProperties"]["lock"]["run"] == "first"
    told_ = [one.message for one in _settle(place)]
    assert any("that object is left as it is" in one for one in told_)


def test_an_update_is_known_to_have_been_done_though_others_have_changed_a_part_since(
    place: Place,
) -> None:
    result, _ = _attempt(place, [Drop(at=UPDATE, when="after")])
    assert isinstance(result, RunReport)
    assert result.exit_code == 5
    found = _settle(place)
    assert [(one.address, one.message) for one in found] == [
        ("InteractionQueue/Changed", "update of unknown outcome: it was done")
    ]
    (run,) = place.runs
    assert [(s.call, s.result) for s in run.steps][-1] == ("update", "answered")


@pytest.mark.parametrize("what", ["ours", "own"])
def test_what_another_client_changed_before_recover_is_not_taken_back(
    place: Place, what: str
) -> None:
    """The run has written ours; what the other client has made of it since stays its own."""
    result, _ = _attempt(place, [Drop(at=UPDATE, when="after")])
    assert isinstance(result, RunReport)
    changed = named(place.objects(), "Script", "Changed")
    assert changed.attributes["userProperties"] == {"Queue": {"ours": "1", "own": "live"}}
    with opened(place.server) as server:
        theirs = KeyValueDelta(changed={"Queue": {what: "theirs"}})
        server.update("Script", changed.dbid, Delta(key_values={"userProperties": theirs}))
        _settle(place)
        (run,) = place.runs
        undo = plan_undo(run, plan_of_run(run), server)
    found = {
        one.path: (one.before, one.after)
        for action in undo.actions
        if action.address == "InteractionQueue/Changed"
        for one in action.changes
    }
    assert found == ({("annex", "Queue", "ours"): ("1", "0")} if what == "own" else {})


def test_a_create_that_was_not_done_and_whose_name_is_another_ones_now_is_not_ours(
    place: Place,
) -> None:
    _attempt(place, [Drop(at=CREATE, when="during")])
    with opened(place.server) as server:
        _takes("Created")(server)
    found = _settle(place)
    assert [(one.address, one.message) for one in found] == [
        ("InteractionQueue/Created", "create of unknown outcome: it was not done")
    ]
    theirs = named(place.objects(), "Script", "Created")
    assert theirs.attributes["userProperties"] == {"mine": {"x": "1"}}


def test_a_settle_that_breaks_off_is_done_again(place: Place) -> None:
    before = place.objects()
    _attempt(place, [Drop(at=DELETE_GROUP, when="after")])
    broke = 0
    with opened(place.server) as inner:
        (entry,) = unfinished_runs(place.state, inner)
        run = place.state.read_run(entry.name)
        plan = plan_of_run(run)
        options, who = RunOptions(place.state), someone("recovering")
        for at in range(1, 60):
            server = FaultyServer(inner, [Drop(at=at)])
            try:
                recover_run(run, plan, server, options, who, Progress(), RecoveryOptions())
            except ServerError:
                broke += 1
                continue
            break
    assert broke > 10
    _check_is_settled(place, before)


# The journal cannot be written


class _FailingJournal:
    """Lets so many records be written, the first of the run among them, and then says that
    the disk is full: at the commit, or before anything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, whole: int, *, at_commit: bool) -> None:
        self.left = whole
        self.at_commit = at_commit
        self._change = SqlSession.change

        def change(session: SqlSession, statement: str, *parameters: Any) -> int:
            self.check(statement)
            return self._change(session, statement, *parameters)

        monkeypatch.setattr(SqlSession, "change", change)

    def check(self, statement: str) -> None:
        appending = statement.startswith("UPDATE gwe_run SET last_number")
        self.left -= appending
        if self.left < 0 and (statement == "COMMIT" if self.at_commit else appending):
            raise StateFolderError("No space left on device")


# The first record that is not written -> how many of the run's calls went out:
# what follows a delete does, where it has been answered, and nothing else.
FULL_AT = {
    1: 0,
    2: 0,  # begin of the delete of the group
    3: 2,  # its end: the create goes out all the same
    4: 2,  # begin of the create
    5: 2,
    6: 2,  # begin of the permissions
    7: 3,
    8: 3,
    9: 3,  # begin of the update
    10: 4,
    11: 4,
    12: 4,  # begin of the create of another one
    13: 5,
    14: 5,
    15: 5,  # begin of the second delete
    16: 7,
    17: 7,
    18: 7,
    19: 7,  # begin of the update of what refers to the replaced object
    20: 8,
    21: 8,
    22: 8,  # begin of the last update
    23: 9,
    24: 9,
    25: 9,
}
_OURS = ("create", "update", "delete", "set_permissions")


@pytest.mark.long
@pytest.mark.parametrize("at_commit", [False, True])
@pytest.mark.parametrize("number", FULL_AT)
def test_nothing_is_sent_without_a_begin_record_but_what_a_delete_needs(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: int, *, at_commit: bool
) -> None:
    before = place.objects()
    with monkeypatch.context() as full:
        _FailingJournal(full, number - 1, at_commit=at_commit)
        result, server = _attempt(place, [])
    sent = [c for c in server.calls if c.name in _OURS and c.object_type != LOCK]
    assert len(sent) == FULL_AT[number]
    after = place.objects()
    if number == 1:
        assert isinstance(result, StateError)
        assert after == before
    else:
        assert isinstance(result, RunReport)
        assert [(o.action.action, o.action.address) for o in result.outcomes] == ADDRESSES
        all_done = all(outcome.status == "done" for outcome in result.outcomes)
        assert all_done is (number >= 23)
        # All done, and no undo of it all or a run without an end: that is a part as well.
        assert result.exit_code == (1 if not sent else 5)
        state = told(after)
        for outcome in result.outcomes:
            title = f"{outcome.action.object_type} {outcome.action.name or 'Chat'}"
            if outcome.status == "done":
                assert state[title] == AFTER[title]
    _check_is_settled(place, before)


@pytest.mark.parametrize("number", [3, 4, 5, 16, 17, 18])
def test_a_run_whose_journal_lacks_a_create_can_be_undone_after_recover(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before, access = place.objects(), access_of(place.server)
    with monkeypatch.context() as full:
        _FailingJournal(full, number - 1, at_commit=True)
        _attempt(place, [])
    _settle(place)
    done = gwe("undo", "first", "--auto-approve", cwd=place.folder)
    assert (done.code, done.err) == (0, "")
    assert_same_but_dbids(place.server, before, access)


def _gwe(
    *arguments: str | Path,
    place: Place,
    before: str = "",
    state: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """A real process, in which the statements ``before`` are run first."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
    environment |= {"COLUMNS": "80", "GWE_STATE_DIR": str(state or state_folder(place.folder))}
    return subprocess.run(
        [
            *(sys.executable, "-c"),
            f"{before}\nimport sys\nfrom reconciler.cli.main import main\nsys.exit(main())",
            *map(str, arguments),
        ],
        cwd=place.folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _apply_arguments(place: Place) -> list[str]:
    overwrite = [part for one in REPLACED for part in ("--overwrite-only", one)]
    server = ["--server", f"embedded:{place.server}", "--app", APP]
    return ["apply", *server, "-f", "manifests.yaml", "--auto-approve", *overwrite]


# The record that the disk has no room for, and the exit code.
@pytest.mark.parametrize(
    ("number", "code"), [(2, 1), (3, 5), (4, 5), (12, 5), (13, 5), (16, 5), (21, 5)]
)
def test_a_process_whose_disk_is_full_leaves_what_recover_settles_and_says_so(
    nursery: Nursery, place: Place, number: int, code: int
) -> None:
    """Only its journal finds it full. One in flight: then each record is written by itself."""
    before = place.objects()
    done = nursery.apply(place, Strike("disk", "before", number))
    (run,) = place.runs
    assert len(place.records(run.name)) == number - 1
    assert "it may be full, limited or failing" in " ".join(done.out.split())
    assert (done.code, place.objects() != before) == (code, number > 2)
    refused = gwe(*_apply_arguments(place), cwd=place.folder)
    assert refused.code == 4
    assert "gwe recover" in refused.err
    assert gwe("recover", "--server", f"embedded:{place.server}", cwd=place.folder).code == 0
    assert _access_of_the_group(place) == ACCESS
    _check_settled(place, before)
    _check_reaches_the_end(place, before)


def test_a_state_folder_that_is_a_file_refuses_before_anything_is_sent(place: Place) -> None:
    before = place.objects()
    state = place.folder / "state"
    state.write_text("", encoding="utf-8")
    done = _gwe(*_apply_arguments(place), place=place, state=state)
    assert done.returncode == 1
    assert f"the state folder {state} cannot be used" in done.stderr.replace("\n  ", " ")
    assert place.objects() == before
    assert place.locks() == []


DENIED = """
import os
made = os.mkdir
def mkdir(path, *arguments, **named):
    if "state" in str(path):
        raise PermissionError(13, "Permission denied", str(path))
    return made(path, *arguments, **named)
os.mkdir = mkdir
"""
"""A folder that may not be written to: the system lets root do everything."""


def test_a_state_folder_that_may_not_be_written_refuses_before_anything_is_sent(
    place: Place,
) -> None:
    before = place.objects()
    state = place.folder / "state"
    done = _gwe(*_apply_arguments(place), place=place, state=state, before=DENIED)
    assert done.returncode == 1
    assert "cannot be used: Permission denied" in " ".join(done.stderr.split())
    assert "Nothing was written." in done.stderr
    assert place.objects() == before
    assert place.locks() == []


def test_a_state_folder_on_a_full_disk_refuses_before_anything_is_sent(place: Place) -> None:
    before = place.objects()
    done = _gwe(*_apply_arguments(place), place=place, before=FULL)
    assert done.returncode == 1
    assert "it may be full, limited or failing" in " ".join(done.stderr.split())
    assert "Nothing was written." in " ".join(done.stderr.split())
    assert place.objects() == before
    assert place.locks() == []


FULL = """
import resource, signal, sys
from reconciler.state.sqlite import SqliteEngine
sys.dont_write_bytecode = True  # it would be cut off as well
connect = SqliteEngine.connect
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def limited(*arguments):
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    try:
        return connect(*arguments)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
SqliteEngine.connect = limited
"""


# A damaged run is refused, other runs are not


def _damage(place: Place, run: str, kind: str) -> None:
    """Flips a bit of the first record of that kind."""
    number = next(
        number
        for number, record in enumerate(place.records(run), 1)
        if type(record).__name__ == kind
    )
    (row,) = [entry.number for entry in place.state.list_runs() if entry.name == run]
    with closing(sqlite3.connect(place.state_dir / "state.db")) as database, database:
        where = "WHERE run = ? AND number = ?"
        query = f"SELECT data FROM gwe_record {where}"  # noqa: S608 - our own names
        ((data,),) = database.execute(query, (row, number)).fetchall()
        garbled = bytes([data[0] ^ 1]) + data[1:]
        update = f"UPDATE gwe_record SET data = ? {where}"  # noqa: S608 - our own names
        assert database.execute(update, (garbled, row, number)).rowcount == 1


KINDS = ("RunHead", "CallBegin", "CallEnd", "ActionOutcome", "RunFinish")


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_run_is_neither_reverted_nor_shown_as_whole(place: Place, kind: str) -> None:
    _attempt(place, [])
    after = place.objects()
    _damage(place, "first", kind)
    undone = gwe("undo", "first", "--auto-approve", cwd=place.folder)
    assert undone.code == 1
    assert "the run first cannot be read: record " in undone.err
    assert "gwe lock release --abandon first" in " ".join(undone.err.split())
    assert place.objects() == after
    shown = gwe("runs", "show", "first", cwd=place.folder)
    assert shown.code == 1
    assert shown.out.startswith("Run first: damaged\n")
    assert gwe("runs", cwd=place.folder).code == 0
    _check_reaches_the_end(place, place.objects())


def test_a_damaged_run_that_did_not_finish_blocks_until_it_is_abandoned(place: Place) -> None:
    _attempt(place, [Drop(at=DELETE_GROUP, when="after")])
    _damage(place, "first", "CallBegin")
    server = ("--server", f"embedded:{place.server}")
    before = place.objects()
    refused = gwe(*_apply_arguments(place), cwd=place.folder)
    assert refused.code == 4
    recovered = gwe("recover", *server, cwd=place.folder)
    assert recovered.code == 1
    assert "the run first cannot be read: record 2" in recovered.err
    for answer in (refused, recovered):
        assert "gwe lock release --abandon first" in " ".join(answer.err.split())
    assert place.objects() == before
    abandoned = gwe("lock", "release", "--abandon", "first", *server, cwd=place.folder)
    assert abandoned.code == 0
    assert place.locks() == []
    (listed,) = place.state.list_runs()
    assert (listed.status, listed.finished) == ("damaged, abandoned", True)
    assert gwe(*_apply_arguments(place), cwd=place.folder).code == 0
    assert gwe("undo", "last", "--auto-approve", cwd=place.folder).code == 0


def test_a_damaged_run_keeps_no_other_run_from_being_recovered(place: Place) -> None:
    _attempt(place, [Drop(at=DELETE_GROUP, when="after")])
    copy_run(place.state, place.state, "first", run="damaged")
    _damage(place, "damaged", "CallBegin")
    recovered = gwe("recover", "--server", f"embedded:{place.server}", cwd=place.folder)
    assert recovered.code == 1
    assert "Recovered. The next plan shows what is left to do." in recovered.out
    assert "the run damaged cannot be read: record 2" in recovered.err
    assert [(run.name, run.finished) for run in place.state.list_runs()] == [
        ("first", True),
        ("damaged", False),
    ]


def test_recover_with_another_state_says_whose_run_holds_the_lock_and_where_its_state_is(
    place: Place,
) -> None:
    _attempt(place, [Drop(at=DELETE_GROUP, when="after")])
    answer = gwe(
        *("recover", "--server", f"embedded:{place.server}"),
        *("--state", str(place.folder / "other")),
        cwd=place.folder,
        env={"GWE_STATE_DIR": ""},
    )
    assert answer.code == 4
    said = "".join(answer.err.split())
    assert "therunfirst(testeronheresincehour0)iswritingordidnotfinish" in said
    assert f"usegwerecover--state{place.state.place}onhere," in said
