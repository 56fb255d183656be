"""The contract of the store. Every test runs on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from msgspec.structs import replace

from reconciler.errors import (
    DamagedRunError,
    JournalError,
    JournalFormatError,
    RunHeldError,
    StateError,
    UsageError,
)
from reconciler.server.port import ConfObject
from reconciler.state import journal_writer, migrations
from reconciler.state.codec import decode_record, encode_record
from reconciler.state.facts import add_facts
from reconciler.state.migrations import MIGRATIONS, migrate, version_of
from reconciler.state.records import (
    AbandonedRun,
    ActionOutcome,
    CallBegin,
    CallEnd,
    ExecutedPlan,
    RunFinish,
    RunHead,
    RunSummary,
    SecretPath,
)
from reconciler.state.session import SqlSession
from reconciler.state.sql import SqlStore
from reconciler.state.store import DamagedRun, NullJournal, RunStep, StateStore
from tests.state.backends import PLAN, QUEUE, RECORDS, REPLACE, Backend, call, head, make_run

APPLIED = RunFinish("applied", unsettled=False, ended="later")


def names(store: StateStore, identity: str = "") -> list[str]:
    return [entry.name for entry in store.list_runs(identity)]


# Writing and reading


def test_a_store_that_was_never_written_to_is_empty(store: StateStore) -> None:
    assert store.list_runs() == ()
    assert store.run_of_plan("digest", "site") == ""
    assert store.secret_paths("site") == frozenset()
    assert store.prune(timedelta(0)) == ()
    assert not store.is_held("one")
    for ask in (store.read_run, store.read_intact, store.find_run):
        with pytest.raises(UsageError, match="there is no run one"):
            ask("one")
    with pytest.raises(UsageError, match="there is no run yet"):
        store.find_run("last")
    with pytest.raises(UsageError, match="there is no run one"), store.hold("one"):
        pass
    with pytest.raises(UsageError, match="there is no run one"):
        store.abandon("one", "now")
    with pytest.raises(UsageError, match="no saved launch file has the digest"):
        store.backup("00")


def test_a_run_is_read_as_it_was_written(store: StateStore) -> None:
    make_run(store, "one", *RECORDS)
    run = store.read_run("one")
    assert (run.number, run.name, run.head, run.plan_text) == (1, "one", head("one"), PLAN)
    assert run.steps == (
        RunStep(
            *(1, "InteractionQueue/Queue", "update", "update", QUEUE),
            result="answered",
            after=QUEUE,
        ),
        RunStep(
            *(2, "AgentGroup/Group", "replace", "delete", QUEUE),
            permissions=REPLACE.permissions,
            referrers=(QUEUE, QUEUE),
            makes={"name": "Group", "annex": {"s": {"k": b"\x01"}}},
            secrets=REPLACE.secrets,
            result="refused",
        ),
    )
    assert run.outcomes == {
        "InteractionQueue/Queue": ActionOutcome("InteractionQueue/Queue", "done"),
        "AgentGroup/Group": ActionOutcome("AgentGroup/Group", "failed", "there is no such object"),
    }
    assert (run.done, run.ending, run.begun, run.finished) == (1, RECORDS[-1], True, True)
    assert run.status == "partly applied"
    assert store.read_intact("one").records == (head("one"), *RECORDS)
    assert store.read_intact("one").problems == ()


def test_another_store_of_the_same_place_reads_what_was_written(backend: Backend) -> None:
    make_run(backend.store(), "one", *RECORDS)
    assert backend.store().read_run("one") == backend.store().read_run("one")
    assert backend.store().read_run("one").ending == RECORDS[-1]


def test_records_are_there_while_the_run_goes_on(backend: Backend) -> None:
    store = backend.store()
    with store.create_run(head("one"), PLAN) as journal:
        assert store.read_run("one").steps == ()
        journal.append(call(1), call(2))
        assert [step.result for step in store.read_run("one").steps] == ["", ""]
        journal.append(CallEnd(2, "unknown"))
        assert [step.unknown for step in backend.store().read_run("one").steps] == [True, True]


def test_records_that_are_appended_together_are_written_together_or_not_at_all(
    store: StateStore,
) -> None:
    with store.create_run(head("one"), PLAN) as journal:
        journal.append(call(1), call(2), CallEnd(1, "answered"))
        assert [step.result for step in store.read_run("one").steps] == ["answered", ""]
        with pytest.raises(ValueError, match="first record"):
            journal.append(call(3), head("one"))
        assert not journal.broken
        journal.append(call(3))
        assert [step.number for step in store.read_run("one").steps] == [1, 2, 3]


def test_the_last_end_of_a_call_counts(store: StateStore) -> None:
    make_run(store, "one", call(1), CallEnd(1, "unknown"))
    with store.hold("one") as journal:
        journal.append(CallEnd(1, "answered", QUEUE))
    (step,) = store.read_run("one").steps
    assert (step.result, step.after, step.unknown) == ("answered", QUEUE, False)


def test_threads_append_to_one_journal(store: StateStore) -> None:
    with store.create_run(head("one"), PLAN) as journal, ThreadPoolExecutor(8) as pool:
        for done in [
            pool.submit(journal.append, call(n), CallEnd(n, "answered")) for n in range(40)
        ]:
            done.result()
    steps = store.read_run("one").steps
    assert [step.number for step in steps] == list(range(40))
    assert all(step.answered for step in steps)


def test_large_objects_come_back_whole(store: StateStore) -> None:
    large = ConfObject("Script", 1, {"bytecode": bytes(range(256)) * 8000, "name": "x" * 100_000})
    make_run(store, "one", replace(call(1), before=large))
    assert store.read_run("one").steps[0].before == large


def test_a_run_keeps_its_number_and_name(store: StateStore) -> None:
    for name in ("b", "a", "c"):
        make_run(store, name)
    assert [(entry.number, entry.name) for entry in store.list_runs()] == [
        *((1, "b"), (2, "a"), (3, "c"))
    ]
    with pytest.raises(StateError, match="there is a run a already"):
        make_run(store, "a")
    assert names(store) == ["b", "a", "c"]


@pytest.mark.parametrize("name", ["", "last", "a\nb", "a\0", "\ud800"])
def test_a_run_has_a_name_that_can_be_printed(store: StateStore, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        make_run(store, name)


# Status and lists


@pytest.mark.parametrize(
    ("records", "status", "finished"),
    [
        ((), "nothing written", True),
        ((RunFinish("nothing written", unsettled=False, ended=""),), "nothing written", True),
        ((call(1),), "unfinished", False),
        ((call(1), CallEnd(1, "answered")), "unfinished", False),
        ((call(1), RunFinish("partly applied", unsettled=True, ended="")), "unfinished", False),
        ((call(1), CallEnd(1, "answered"), APPLIED), "applied", True),
        (
            (
                *(call(1), RunFinish("partly applied", unsettled=True, ended="")),
                RunFinish("recovered", unsettled=False, ended=""),
            ),
            "recovered",
            True,
        ),
    ],
)
def test_a_list_tells_the_status_that_the_records_tell(
    store: StateStore, records: tuple[RunFinish, ...], status: str, finished: bool
) -> None:
    make_run(store, "one", *records)
    (entry,) = store.list_runs()
    assert (entry.status, entry.finished) == (status, finished)
    run = store.read_run("one")
    assert (run.status, run.finished) == (status, finished)


def test_a_list_is_of_one_server_where_it_is_named(store: StateStore) -> None:
    make_run(store, "one", identity="here")
    make_run(store, "two", identity="there")
    assert names(store, "there") == ["two"]
    assert names(store) == ["one", "two"]


def test_a_list_tells_how_many_actions_were_done(store: StateStore) -> None:
    make_run(store, "one", *RECORDS)
    (entry,) = store.list_runs()
    assert isinstance(entry, RunSummary)
    assert (entry.done, entry.head, entry.ending) == (1, head("one"), RECORDS[-1])


REFUSED = (call(1), CallEnd(1, "refused"), RunFinish("nothing written", False, "later"))


def test_a_run_is_found_by_name_beginning_and_as_the_last(store: StateStore) -> None:
    for name in ("2026-a", "2026-ab", "2027"):
        records = {"2026-ab": (call(1), CallEnd(1, "answered"), APPLIED), "2027": REFUSED}
        make_run(store, name, *records.get(name, ()))
    assert store.find_run("2026-a") == "2026-a"
    assert store.find_run("2026-ab") == "2026-ab"
    assert store.find_run("2027") == "2027"
    assert store.find_run("202" + "7") == "2027"
    assert store.find_run("last") == "2027"
    assert store.find_run("last", wrote=True) == "2026-ab"
    with pytest.raises(UsageError, match="2 runs begin with 2026: 2026-ab, 2026-a"):
        store.find_run("2026")
    for text in ("3", "2026-abc", "%", "_026-a"):
        with pytest.raises(UsageError, match=f"there is no run {text}"):
            store.find_run(text)
    with pytest.raises(UsageError, match="the name of the run is empty"):
        store.find_run("")


def test_the_last_run_that_has_written_is_asked_for_where_none_has(store: StateStore) -> None:
    make_run(store, "one", *REFUSED)
    with pytest.raises(UsageError, match="no run has written anything yet"):
        store.find_run("last", wrote=True)


def test_a_run_that_did_not_finish_may_have_written_something(store: StateStore) -> None:
    make_run(store, "one", call(1))
    assert store.find_run("last", wrote=True) == "one"


# Holding a run


def test_only_one_holds_a_run(backend: Backend) -> None:
    store = backend.store()
    with store.create_run(head("one"), PLAN):
        for other in (store, backend.store()):
            assert other.is_held("one")
            held = pytest.raises(RunHeldError, match="the run one is still going on")
            with held, other.hold("one"):
                pass
            with pytest.raises(RunHeldError):
                other.abandon("one", "now")
    assert not store.is_held("one")
    with backend.store().hold("one") as journal:
        journal.append(call(1))
        assert store.is_held("one")
        assert not store.is_held("two")


def test_of_many_that_want_to_hold_a_run_one_does(backend: Backend) -> None:
    make_run(backend.store(), "one", call(1))
    ready, leave = threading.Barrier(6), threading.Event()
    results = []

    def take(number: int) -> None:
        ready.wait()
        try:
            with backend.store().hold("one") as journal:
                journal.append(CallEnd(1, "answered", error=str(number)))
                results.append("held")
                leave.wait(20)
        except RunHeldError:
            results.append("refused")
        if results.count("refused") == 5:
            leave.set()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(take, range(6)))
    assert sorted(results) == ["held", *["refused"] * 5]
    backend.store().read_run("one")


def test_writers_at_once_get_different_numbers_in_the_order_of_their_runs(
    backend: Backend,
) -> None:
    ready = threading.Barrier(6)

    def write(number: int) -> None:
        ready.wait()
        for turn in range(4):
            make_run(backend.store(), f"{number}-{turn}", call(1), APPLIED)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write, range(6)))
    entries = backend.store().list_runs()
    assert [entry.number for entry in entries] == list(range(1, 25))
    for number in range(6):
        own = [entry.name for entry in entries if entry.name.startswith(f"{number}-")]
        assert own == [f"{number}-{turn}" for turn in range(4)]
    for entry in entries:
        assert backend.store().read_run(entry.name).ending == APPLIED


def test_a_journal_whose_run_was_written_by_somebody_else_is_broken(backend: Backend) -> None:
    with backend.store().create_run(head("one"), PLAN) as journal:
        journal.append(call(1))
        backend.execute("UPDATE gwe_run SET last_digest = ?", b"other")
        with pytest.raises(JournalError, match="the journal of run one cannot be written: the run"):
            journal.append(CallEnd(1, "answered"))
        assert journal.broken
        with pytest.raises(JournalError, match="an earlier record could not be written"):
            journal.append(CallEnd(1, "answered"))
        with pytest.raises(JournalError):
            journal.save_backup("file", b"content")


def test_an_interrupt_while_a_record_is_written_leaves_a_journal_that_goes_on(
    store: StateStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = SqlSession.change

    def interrupted_at(side: str) -> Callable[..., int]:
        def interrupted(session: SqlSession, statement: str, *parameters: object) -> int:
            if (statement, side) == ("COMMIT", "before"):
                raise KeyboardInterrupt
            found = change(session, statement, *parameters)
            if (statement, side) == ("COMMIT", "after"):
                raise KeyboardInterrupt
            return found

        return interrupted

    with store.create_run(head("one"), PLAN) as journal:
        for step, side in enumerate(("before", "after"), 1):
            monkeypatch.setattr(SqlSession, "change", interrupted_at(side))
            with pytest.raises(KeyboardInterrupt):
                journal.append(call(step))
            monkeypatch.undo()
            assert not journal.broken
            journal.append(CallEnd(step, "unknown"))
    assert [step.number for step in store.read_run("one").steps] == [2]


# What outlives the runs


def test_a_plan_that_has_sent_a_call_is_remembered_with_its_server(store: StateStore) -> None:
    make_run(store, "idle", plan="a")
    make_run(store, "one", call(1), plan="a")
    make_run(store, "two", call(1), plan="b", identity="other")
    assert store.run_of_plan("a", "site") == "one"
    assert store.run_of_plan("b", "other") == "two"
    assert store.run_of_plan("b", "site") == ""


def test_the_paths_of_secrets_are_remembered_with_their_server(store: StateStore) -> None:
    make_run(store, "one", REPLACE)
    make_run(store, "two", REPLACE, call(3, secrets=("/annex/s/pin",)), identity="other")
    assert store.secret_paths("site") == {
        SecretPath("site", "AgentGroup/Group", "/annex/s/password", "AgentGroup", 600),
        SecretPath("site", "AgentGroup/Group", "/annex/s/pin", "AgentGroup", 600),
    }
    pin = SecretPath("other", "InteractionQueue/Queue", "/annex/s/pin", "Script", 600)
    assert pin in store.secret_paths("other")


def test_the_secrets_of_a_new_object_are_remembered_with_its_dbid(store: StateStore) -> None:
    pin = ("/annex/s/pin",)
    create = CallBegin(1, "InteractionQueue/Queue", "create", "create", "Script", secrets=pin)
    make_run(store, "one", create, CallEnd(1, "answered", QUEUE, secrets=pin))
    assert store.secret_paths("site") == {
        SecretPath("site", "InteractionQueue/Queue", "/annex/s/pin", "Script"),
        SecretPath("site", "", "/annex/s/pin", "Script", 600),
    }


def test_runs_that_remember_the_same_things_at_once_do_not_wait_for_each_other(
    backend: Backend,
) -> None:
    make_run(backend.store(), "first")
    ready = threading.Barrier(4)

    def write(number: int) -> None:
        secrets = tuple(f"/annex/s/{key}" for key in range(20))
        with backend.store().create_run(head(f"run {number}"), PLAN) as journal:
            ready.wait()
            journal.append(call(1, secrets=secrets if number % 2 else secrets[::-1]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert len(backend.store().secret_paths("site")) == 20


@pytest.mark.parametrize("damage", ["DELETE FROM gwe_fact", "UPDATE gwe_fact SET data = digest"])
def test_something_remembered_that_is_lost_or_changed_is_noticed(
    backend: Backend, damage: str
) -> None:
    store = backend.store()
    make_run(store, "one", REPLACE)
    (digest,) = backend.execute("SELECT digest FROM gwe_fact LIMIT 1")
    backend.execute(f"{damage} WHERE digest = ?", *digest)
    for ask in (store.secret_paths, lambda site: store.run_of_plan("digest", site)):
        with pytest.raises(
            StateError, match="executed plans and of secrets in the state are damaged"
        ):
            ask("site")
    assert store.read_run("one").status == "unfinished"


# Backups of launch files


def test_a_backup_of_a_launch_file_is_had_by_its_digest(store: StateStore) -> None:
    content = b"\x00\xff\r\nkey=value\n"
    with store.create_run(head("one"), PLAN) as journal:
        digest = journal.save_backup("conf/gwe.properties", content)
        assert journal.save_backup("conf/gwe.properties", content) == digest
        other = journal.save_backup("conf/other.properties", content)
    with store.create_run(head("two"), PLAN) as journal:
        assert journal.save_backup("conf/gwe.properties", content) == digest
    assert store.backup(digest) == content
    found = store.read_run("one").backups
    assert [(one.path, one.digest) for one in found] == [
        ("conf/gwe.properties", digest),
        ("conf/other.properties", other),
    ]
    for text in ("", "no digest", other[:-2], "00" * 32):
        with pytest.raises(UsageError, match=f"no saved launch file has the digest {text}"):
            store.backup(text)


@pytest.mark.parametrize(
    "damage", ["UPDATE gwe_backup SET path = ?", "UPDATE gwe_backup SET content = ?"]
)
def test_a_damaged_backup_is_refused(backend: Backend, damage: str) -> None:
    store = backend.store()
    with store.create_run(head("one"), PLAN) as journal:
        digest = journal.save_backup("conf/gwe.properties", b"content")
    backend.execute(damage, b"Content")
    with pytest.raises(
        DamagedRunError, match=f"the saved launch file with the digest {digest} is damaged"
    ):
        store.backup(digest)


# Abandoning and pruning


def test_a_run_that_was_abandoned_is_finished(store: StateStore) -> None:
    make_run(store, "one", call(1))
    store.abandon("one", "later")
    run = store.read_run("one")
    assert (run.finished, run.ending) == (
        True,
        RunFinish("abandoned", unsettled=False, ended="later"),
    )


def test_a_damaged_run_that_was_abandoned_blocks_nothing_and_stays_damaged(
    backend: Backend,
) -> None:
    store = backend.store()
    make_run(store, "one", call(1))
    make_run(store, "two", call(1))
    backend.execute("DELETE FROM gwe_record WHERE run = 1 AND number = 1")
    assert [entry.finished for entry in store.list_runs()] == [False, False]
    store.abandon("one", "later")
    entry, other = store.list_runs()
    assert isinstance(entry, DamagedRun)
    assert (entry.status, entry.finished, other.status) == (
        *("damaged, abandoned", True),
        "unfinished",
    )
    with pytest.raises(DamagedRunError):
        store.read_run("one")


WROTE = (call(1), CallEnd(1, "answered"), APPLIED)


def test_pruning_keeps_what_is_still_needed(backend: Backend) -> None:
    now = 1_000_000_000.0
    store = SqlStore(backend.store()._engine, lambda: now)
    make_run(store, "old", REPLACE, *WROTE, plan="a")
    with store.hold("old") as journal:
        digest = journal.save_backup("file", b"content")
    make_run(store, "unfinished", call(1))
    make_run(store, "last elsewhere", *WROTE, identity="other")
    make_run(store, "idle elsewhere", identity="other")
    make_run(store, "damaged", *WROTE)
    make_run(store, "damaged, left", *WROTE)
    make_run(store, "last that wrote", *WROTE)
    held = ExitStack()
    held.enter_context(store.create_run(head("held"), PLAN))
    now += 86_400
    make_run(store, "young")
    make_run(store, "youngest")
    backend.execute("DELETE FROM gwe_record WHERE run IN (5, 6) AND number = 4")
    store.abandon("damaged, left", "later")

    assert store.prune(timedelta(days=2)) == ()
    assert store.prune(timedelta(hours=12)) == ("old", "idle elsewhere", "damaged, left")
    kept = ["unfinished", "last elsewhere", "damaged", "last that wrote", "held"]
    assert names(store) == [*kept, "young", "youngest"]
    assert store.run_of_plan("a", "site") == "old"
    assert len(store.secret_paths("site")) == 2
    with pytest.raises(UsageError):
        store.read_run("old")
    with pytest.raises(UsageError):
        store.backup(digest)
    held.close()
    assert store.prune(timedelta(hours=12)) == ("held",)
    assert store.prune(timedelta(hours=-1)) == ("young",)
    make_run(store, "next")
    assert store.list_runs()[-1].number == 11  # a number is never used again


# Versions


def test_tables_of_a_newer_version_are_refused(backend: Backend) -> None:
    store = backend.store()
    make_run(store, "one")
    backend.execute("UPDATE gwe_state SET version = ?", len(MIGRATIONS) + 1)
    for ask in (store.list_runs, lambda: store.read_run("one"), lambda: make_run(store, "two")):
        with pytest.raises(JournalFormatError, match=f"version {len(MIGRATIONS) + 1}; this gwe"):
            ask()


def test_a_state_of_the_first_version_is_read(backend: Backend) -> None:
    """It names an object with a secret by its address alone."""
    store = backend.store()
    assert isinstance(store, SqlStore)
    make_run(store, "one", call(1))
    with store._engine.hold("one") as session, session.transaction(writing=True):
        add_facts(session, [SecretPath("site", "AgentGroup/Group", "/annex/s/pin")])
    backend.execute("UPDATE gwe_state SET version = 1")
    found = SecretPath("site", "AgentGroup/Group", "/annex/s/pin", "", 0)
    assert backend.store().secret_paths("site") == {found}
    assert backend.execute("SELECT version FROM gwe_state") == [(2,)]


def test_tables_are_migrated_forward_in_one_transaction(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = backend.store()
    assert isinstance(store, SqlStore)
    make_run(store, "one", call(1))
    broken = (*MIGRATIONS, ("CREATE TABLE gwe_new (a {integer})", "CREATE TABLE gwe_run (a TEXT)"))
    whole = (*MIGRATIONS, ("CREATE TABLE gwe_new (a {integer})", "INSERT INTO gwe_new VALUES (7)"))
    with store._engine.hold("migration") as session:
        monkeypatch.setattr(migrations, "MIGRATIONS", broken)
        with pytest.raises(StateError):
            migrate(session, "here")
        assert version_of(session, "here") == len(MIGRATIONS)
        assert not session.has_table("gwe_new")
        monkeypatch.setattr(migrations, "MIGRATIONS", whole)
        migrate(session, "here")
        migrate(session, "here")
        assert session.rows("SELECT a FROM gwe_new") == [(7,)]
        assert version_of(session, "here") == len(MIGRATIONS) + 1
    monkeypatch.setattr(migrations, "MIGRATIONS", MIGRATIONS)
    with pytest.raises(JournalFormatError):
        store.list_runs()


@pytest.mark.parametrize(
    "damage", ["UPDATE gwe_state SET version = -1", "DELETE FROM gwe_state", "DROP TABLE gwe_state"]
)
def test_tables_without_a_version_are_refused(backend: Backend, damage: str) -> None:
    store = backend.store()
    make_run(store, "one")
    backend.execute(damage)
    for ask in (store.list_runs, lambda: make_run(store, "two")):
        with pytest.raises(StateError):
            ask()


# Records


@pytest.mark.parametrize(
    "record",
    [
        head("one"),
        *RECORDS,
        RunSummary(number=3, head=head("one"), begun=True, answered=True, done=2, ending=APPLIED),
        RunSummary(number=3, head=head("one")),
        ExecutedPlan("site", "digest", "one"),
        SecretPath("site", "A/b", "/c"),
        AbandonedRun("one", 1),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_is_the_same_after_it_was_kept(record: object) -> None:
    data = encode_record(record)  # type: ignore[arg-type]
    assert decode_record(data) == record
    assert encode_record(decode_record(data)) == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"[" * 100_000,
        b"{}",
        b'{"record": "future"}',
        b'{"record": ["run"]}',
        b'{"record": "end", "step": 1}',
        b'{"record": "end", "step": "1", "result": "answered"}',
        b'{"record": "end", "step": true, "result": "answered"}',
        b'{"record": "end", "step": 1, "result": "perhaps"}',
        b'{"record": "end", "step": 1, "result": "answered", "more": 1}',
        b'{"record": "end", "step": 1, "result": "answered", "after": 1}',
        b'{"record": "end", "step": 1, "result": "answered", "after": {"type": "Script"}}',
    ],
)
def test_a_record_of_an_unknown_form_is_refused(data: bytes) -> None:
    with pytest.raises(JournalFormatError, match="a form that this version of gwe does not know"):
        decode_record(data)


def test_a_run_with_a_record_of_a_newer_form_is_refused(
    backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = backend.store()
    with store.create_run(head("one"), PLAN) as journal:
        encode = journal_writer.encode_record
        newer = lambda record: encode(record).replace(b'"end"', b'"END"')  # noqa: E731
        monkeypatch.setattr(journal_writer, "encode_record", newer)
        journal.append(call(1), CallEnd(1, "answered"))
        monkeypatch.undo()
    with pytest.raises(JournalFormatError):
        store.read_run("one")
    found = store.read_intact("one")
    assert found.records == (head("one"), call(1))
    assert found.problems == ("record 3 cannot be read",)


def test_a_journal_that_keeps_nothing_takes_everything() -> None:
    journal = NullJournal()
    journal.append(head("one"), *RECORDS)
    assert (journal.save_backup("file", b"x"), journal.broken) == ("", False)
    assert isinstance(head("one"), RunHead)
