"""The URL of a store in PostgreSQL: what of it is shown, and when it must be verified."""

import pytest

from reconciler.errors import RefusedError, StateError, UsageError
from reconciler.state.opening import open_store

pytest.importorskip("psycopg", reason="the extra postgres is not installed")

from reconciler.state.postgres_url import PostgresUrl

SECRET = "hunter2"  # noqa: S105 - not one


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE", "PGPASSWORD", "PGSSLMODE", "PGPORT"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("postgresql://anna:hunter2@db.example:5433/gwe", "postgresql://db.example:5433/gwe"),
        ("postgres://anna@db.example/gwe?password=hunter2", "postgresql://db.example/gwe"),
        ("postgresql://db.example/gwe?sslpassword=hunter2", "postgresql://db.example/gwe"),
        ("postgresql://a:hunter2@one,two:5433/gwe", "postgresql://one,two:5433/gwe"),
        ("postgresql://a:hunter2@[::1]:5433/gwe", "postgresql://[::1]:5433/gwe"),
        ("postgresql://a:hunter2@/gwe?host=/run/pg", "postgresql://%2Frun%2Fpg/gwe"),
        ("postgresql://a:hun?hunter2@db.example/gwe", "postgresql://db.example/gwe"),
        ("postgresql://a:hun:hunter2@db.example/g%40e", "postgresql://db.example/g@e"),
        ("postgresql://a:hunter2@/gwe", "postgresql:///gwe"),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, public: str) -> None:
    store = open_store(url)
    assert store.place == public
    assert SECRET not in repr(PostgresUrl.parse(url))


def test_a_place_names_the_port_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "5433")
    assert open_store("postgresql://db.example.com/gwe").place == (
        "postgresql://db.example.com:5433/gwe"
    )


def test_a_place_names_the_host_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")
    assert open_store("postgresql:///gwe").place == "postgresql://db.example/gwe"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://anna:hunter2@db.example:port/gwe",
        "postgresql://anna:hunter2@db.example/gwe?pasword=hunter2",
        "postgresql://anna:hunter2@db.example/%zz",
        "postgresql://anna:hunter2@[::1/gwe",
        "postgresql://anna:hunter2@db.example",
        "postgresql://anna:hun@hunter2@db.example/gwe",
        "postgresql://anna:hun/hunter2@db.example/gwe",
        "postgresql://anna:hunter2/x@db.example/gwe",
        "postgresql://",
    ],
)
def test_a_url_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_store(url)
    assert SECRET not in caught.value.message + caught.value.hint
    assert "postgresql://[USER@]HOST[:PORT]/DATABASE" in caught.value.hint
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("password", ["URL", "environment"])
def test_a_password_is_in_no_message(password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = "" if password == "environment" else ":hunter2"  # noqa: S105
    monkeypatch.setenv("PGPASSWORD", "" if given else SECRET)
    # A message of libpq has the name of the socket.
    store = open_store(f"postgresql://anna{given}@/gwe?host=/hunter2")
    with pytest.raises(StateError) as caught:
        store.list_runs()
    said = caught.value.message.removeprefix(store.place)
    assert said.startswith(" cannot be reached: ")
    assert "***" in said
    assert SECRET not in said + caught.value.hint
    assert "\n" not in said


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("postgresql:///gwe", True),
        ("postgresql://localhost/gwe", True),
        ("postgresql://127.0.0.1/gwe", True),
        ("postgresql://127.8.8.8/gwe", True),
        ("postgresql://[::1]/gwe", True),
        ("postgresql:///gwe?host=/run/postgresql", True),
        ("postgresql:///gwe?host=@abstract", True),
        ("postgresql://localhost,127.0.0.1/gwe", True),
        ("postgresql://db.example/gwe?hostaddr=127.0.0.1", True),
        ("postgresql://db.example/gwe", False),
        ("postgresql://10.0.0.1/gwe", False),
        ("postgresql://localhost.example/gwe", False),
        ("postgresql://0.0.0.0/gwe", False),
        ("postgresql://localhost,db.example/gwe", False),
        ("postgresql://localhost/gwe?hostaddr=10.0.0.1", False),
        ("postgresql://localhost/gwe?service=team", False),
    ],
)
def test_off_this_host_the_server_is_verified(url: str, local: bool) -> None:
    parameters = PostgresUrl.parse(url).parameters(10)
    assert parameters.get("sslmode") == (None if local else "verify-full")
    assert parameters.get("gssencmode") == (None if local else "disable")
    mark = "&" if "?" in url else "?"
    for weaker in ("disable", "allow", "prefer", "require", "verify-ca"):
        if local:
            assert PostgresUrl.parse(f"{url}{mark}sslmode={weaker}").given["sslmode"] == weaker
            continue
        with pytest.raises(RefusedError, match=f"sslmode={weaker} does not verify it") as caught:
            PostgresUrl.parse(f"{url}{mark}sslmode={weaker}")
        assert "verify-full" in caught.value.diagnostics[0].hint
    PostgresUrl.parse(f"{url}{mark}sslmode=verify-full&sslrootcert=system")


@pytest.mark.parametrize("name", ["PGHOST", "PGHOSTADDR", "PGSERVICE"])
def test_what_the_environment_names_counts_as_well(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "10.0.0.1")
    monkeypatch.setenv("PGSSLMODE", "disable")
    assert PostgresUrl.parse("postgresql:///gwe").parameters(10)["sslmode"] == "verify-full"


def test_a_connection_that_is_not_answered_is_given_up() -> None:
    parameters = PostgresUrl.parse("postgresql://db.example/gwe").parameters(10)
    assert parameters["connect_timeout"] == 10
    assert parameters["tcp_user_timeout"] == 30_000
    url = "postgresql://db.example/gwe?connect_timeout=60&application_name=team"
    given = PostgresUrl.parse(url).parameters(10)
    assert (given["connect_timeout"], given["application_name"]) == ("60", "team")
