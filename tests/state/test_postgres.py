"""The store in PostgreSQL: lost connections, permissions, poolers, what commits wait for."""

import sys
import tempfile
from pathlib import Path

import pytest

from reconciler.errors import JournalError, RunHeldError, StateError
from reconciler.state.opening import open_store
from reconciler.state.records import CallEnd
from reconciler.state.store import StateStore
from tests.postgres import Cluster, available, running_cluster
from tests.state.backends import PLAN, RECORDS, Backend, call, head, make_run
from tests.state.pooler import running_pooler

if not available():
    pytest.skip("no PostgreSQL here: said in the summary", allow_module_level=True)

from reconciler.state.postgres import PostgresEngine
from reconciler.state.sql import SqlStore


def impatient(backend: Backend) -> StateStore:
    return SqlStore(PostgresEngine(backend.where, timeout=0.3), lambda: 0.0)


def end_sessions(backend: Backend) -> None:
    """Ends every other session of the server, as an administrator does, or a network."""
    backend.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'gwe-reconciler'"
    )


# Lost connections


def test_a_lost_connection_breaks_the_journal(postgres: Backend) -> None:
    store = postgres.store()
    with store.create_run(head("one"), PLAN) as journal:
        journal.append(call(1))
        end_sessions(postgres)
        with pytest.raises(JournalError) as caught:
            journal.append(CallEnd(1, "answered"))
        assert caught.value.message.startswith(
            f"the journal of run one cannot be written: the connection to {store.place} was lost: "
        )
        assert not caught.value.message.endswith(".")
        assert caught.value.hint == (
            "Wait until it can be reached again. Then run gwe recover. The run's state is"
            f" {store.place}."
        )
        assert journal.broken
        with pytest.raises(JournalError):
            journal.append(CallEnd(1, "answered"))
    assert store.read_run("one").steps[0].unknown


def test_a_lost_connection_ends_the_hold_and_its_journal_never_writes_again(
    postgres: Backend,
) -> None:
    store = postgres.store()
    with store.create_run(head("one"), PLAN) as journal:
        journal.append(call(1))
        end_sessions(postgres)
        assert not store.is_held("one")
        with store.hold("one") as other:
            other.append(CallEnd(1, "answered"))
            with pytest.raises(JournalError):
                journal.append(CallEnd(1, "refused"))
    assert store.read_run("one").steps[0].answered


def test_a_server_that_stops_loses_nothing_and_is_waited_for_by_nobody(tmp_path: Path) -> None:
    with running_cluster() as cluster:
        store = open_store(cluster.url("stopped"))
        with store.create_run(head("one"), PLAN) as journal:
            journal.append(call(1))
            cluster.stop()
            with pytest.raises(JournalError, match=r"the connection to .* was lost"):
                journal.append(CallEnd(1, "answered"))
        for ask in (store.list_runs, lambda: make_run(store, "two")):
            with pytest.raises(StateError) as caught:
                ask()
            assert caught.value.message.startswith(f"{store.place} cannot be reached: ")
        cluster.start()
        assert store.read_run("one").steps[0].unknown
        with store.hold("one") as journal:
            journal.append(CallEnd(1, "answered"))


# What a commit waits for


def test_a_commit_waits_for_the_disk_whatever_the_server_says(postgres: Backend) -> None:
    def setting(value: str) -> list[tuple[str]]:
        more = f"%20-csynchronous_commit%3D{value}"
        engine = PostgresEngine(postgres.where + more)
        with engine.hold("one") as session:
            return session.rows("SHOW synchronous_commit")

    assert setting("off") == [("on",)]
    assert setting("local") == [("on",)]
    assert setting("remote_apply") == [("remote_apply",)]


def test_a_row_that_another_session_has_locked_is_waited_for(postgres: Backend) -> None:
    store = impatient(postgres)
    make_run(store, "one", call(1))
    blocker = PostgresEngine(postgres.where).connect()
    with blocker.transaction(writing=True):
        blocker.rows("SELECT 1 FROM gwe_run, gwe_state FOR UPDATE")
        assert store.read_run("one").begun  # readers need not wait
        held = "another session has held .* for too long"
        with store.hold("one") as journal, pytest.raises(JournalError, match=held):
            journal.append(call(2))
        with pytest.raises(StateError, match=held):
            make_run(store, "two")
    blocker.close()
    make_run(store, "two", call(1))


def test_a_full_disk_of_the_server_is_told(postgres: Backend) -> None:
    store = postgres.store()
    make_run(store, "one")
    postgres.execute(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
    )
    postgres.execute(
        "CREATE TRIGGER full_disk BEFORE INSERT ON gwe_record EXECUTE FUNCTION full_disk()"
    )
    with store.hold("one") as journal:
        with pytest.raises(JournalError) as caught:
            journal.append(call(1))
        said = f"the disk of {store.place} is full: could not extend file"
        assert caught.value.message.startswith(f"the journal of run one cannot be written: {said}")
        assert caught.value.hint == (
            f"Make room on it. Then run gwe recover. The run's state is {store.place}."
        )


# Accounts


@pytest.fixture
def stranger(postgres: Backend) -> StateStore:
    """A store whose account may do nothing."""
    postgres.execute("DROP ROLE IF EXISTS stranger")
    postgres.execute("CREATE ROLE stranger LOGIN")
    return open_store(postgres.where.replace("gwe@", "stranger@"))


def test_an_account_that_may_not_make_the_tables_is_told(
    stranger: StateStore, postgres: Backend
) -> None:
    assert stranger.list_runs() == ()
    postgres.execute(f"GRANT USAGE ON SCHEMA {postgres.schema} TO stranger")
    with pytest.raises(StateError, match=r"the account may not do this in .*permission") as caught:
        make_run(stranger, "one")
    assert "allowed to create tables" in caught.value.hint
    postgres.execute("DROP OWNED BY stranger")
    postgres.execute("DROP ROLE stranger")


def test_a_server_that_takes_no_writes_is_told(postgres: Backend) -> None:
    make_run(postgres.store(), "one", *RECORDS)
    standby = open_store(postgres.where + "%20-cdefault_transaction_read_only%3Don")
    assert standby.read_run("one").status == "partly applied"
    with pytest.raises(StateError, match=r"takes no writes: .*read-only") as caught:
        make_run(standby, "two")
    assert caught.value.hint == "Name the primary server."


# Holding a run


def test_runs_of_one_database_are_held_from_every_host(postgres: Backend) -> None:
    with postgres.store().create_run(head("one"), PLAN):
        assert postgres.store().is_held("one")
        with pytest.raises(RunHeldError), postgres.store().hold("one"):
            pass
        make_run(postgres.store(), "two", *RECORDS)


def test_a_pooler_that_exchanges_sessions_is_refused(postgres: Backend, cluster: Cluster) -> None:
    make_run(postgres.store(), "one", call(1))
    with tempfile.TemporaryDirectory() as folder, running_pooler(cluster.folder, Path(folder)):
        pooled = open_store(postgres.where.replace(_quoted(cluster.folder), _quoted(Path(folder))))
        assert pooled.read_run("one").begun  # a transaction is a transaction
        for act in (lambda: pooled.abandon("one", "now"), lambda: make_run(pooled, "two")):
            with pytest.raises(StateError) as caught:
                act()
            assert caught.value.message == (
                f"{pooled.place} is a connection pooler that exchanges sessions between"
                " transactions: a run cannot be held there"
            )
            assert "session pooling" in caught.value.hint
    assert not postgres.store().is_held("one")


def _quoted(folder: Path) -> str:
    return str(folder).replace("/", "%2F")


def test_a_record_that_would_go_through_another_session_is_not_written(
    postgres: Backend,
) -> None:
    """A pooler that was not noticed, since its sessions were in use."""
    store = postgres.store()
    make_run(store, "one", call(1))
    with store.hold("one") as journal:
        other = PostgresEngine(postgres.where).connect()
        session = journal._session  # type: ignore[attr-defined]
        session.connection, own = other.connection, session.connection
        with pytest.raises(JournalError, match="no longer held by this process"):
            journal.append(CallEnd(1, "answered"))
        session.connection = own
        other.close()
    assert store.read_run("one").steps[0].unknown


# Without the driver


def test_without_psycopg_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "reconciler.state.postgres")
    monkeypatch.delitem(sys.modules, "reconciler.state.postgres_url")
    with pytest.raises(StateError, match="needs psycopg") as caught:
        open_store("postgresql://db/gwe")
    assert caught.value.hint == "pip install 'gwe-reconciler[postgres]' installs it."
