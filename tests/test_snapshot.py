"""``gwe snapshot`` copies a live server into a file: the copy plans as the server does."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakSet

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from reconciler.cli.connection import connect_options
from reconciler.engine.copying import copy_server
from reconciler.engine.permissions import read_permissions
from reconciler.engine.progress import Progress
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server.connection import ConnectionOptions
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.sites.file import SAMPLE_SITE
from reconciler.server.errors import NoPermissionError
from reconciler.server.port import (
    AccessEntry,
    ConfObject,
    Filter,
    PastChange,
    read_in_parts,
    read_only,
)
from tests.conftest import examples
from tests.harness import APP, BARE, everything, gwe, opened, site_server
from tests.worlds import World, worlds

PERMISSIONS = [AccessEntry("AccessGroup", 97, 1)]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A server that has permissions, accounts with passwords, and folders."""
    return site_server(tmp_path, SAMPLE_SITE)


def permissions(path: Path) -> dict[tuple[str, int], list[AccessEntry]]:
    with opened(path) as server:
        return {
            (one.type, one.dbid): entries
            for one in everything(path).values()
            if (entries := server.permissions(one.type, one.dbid))
        }


def test_a_copy_has_every_object_with_its_dbid_folder_and_permissions(source: Path) -> None:
    with opened(source) as server:
        script = server.read("Script")[0]
        server.set_permissions("Script", script.dbid, PERMISSIONS)
    done = gwe("snapshot", "copy.db", "--server", f"embedded:{source}", cwd=source.parent)
    copy = source.parent / "copy.db"
    count = sum(one.type != "Folder" for one in everything(source).values())
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        f"Copied {count} objects into copy.db, without passwords.\n"
        "Rehearse on it with:\n  gwe plan --server embedded:copy.db --app NAME\n"
    )
    assert everything(copy) == everything(source)
    assert permissions(copy) == permissions(source)
    assert permissions(copy)["Script", script.dbid] == PERMISSIONS
    with opened(source) as one, opened(copy) as other:
        assert one.info().identity != other.info().identity
    assert not list(source.parent.glob("*.partial*"))


def test_the_command_to_rehearse_needs_no_app_that_the_environment_names(source: Path) -> None:
    arguments = ("snapshot", "copy.db", "--server", f"embedded:{source}")
    done = gwe(*arguments, cwd=source.parent, env={"GWE_APP": APP})
    assert done.out.endswith("\n  gwe plan --server embedded:copy.db\n")


def test_the_command_to_rehearse_uses_no_account_since_the_copy_has_no_passwords(
    source: Path,
) -> None:
    env = {"GWE_APP": APP, "GWE_USER": "default", "GWE_PASSWORD": "password"}
    done = gwe("snapshot", "copy.db", "--server", f"embedded:{source}", cwd=source.parent, env=env)
    assert done.out.endswith("\n  gwe plan --server embedded:copy.db --user ''\n")
    opened_copy = ("lock", "show", "--server", "embedded:copy.db")
    assert "login of default was refused" in gwe(*opened_copy, cwd=source.parent, env=env).err
    assert gwe(*opened_copy, "--user", "", cwd=source.parent, env=env).code == 0


def test_a_copy_asks_for_no_keep_alive_whose_polls_would_wait_behind_the_answers(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[bool] = set()

    def noted(*arguments: Any) -> ConnectionOptions:
        options = connect_options(*arguments)
        asked.add(options.addp)
        return options

    monkeypatch.setattr("reconciler.cli.session.connect_options", noted)
    (source.parent / "gwe.toml").write_text("[connection]\naddp = true\n", encoding="utf-8")
    url = f"embedded:{source}"
    assert gwe("snapshot", "copy.db", "--from", url, "--addp", cwd=source.parent).code == 0
    assert asked == {False}


def test_a_new_object_of_the_copy_gets_a_dbid_that_the_source_never_had(source: Path) -> None:
    gwe("snapshot", "copy.db", "--server", f"embedded:{source}", cwd=source.parent)
    highest = max(dbid for name, dbid in everything(source) if name == "Skill")
    with opened(source.parent / "copy.db") as copy:
        made = copy.create("Skill", {"name": "new", "tenantDBID": 101})
    assert made.dbid == highest + 1


def test_what_is_rehearsed_on_the_copy_leaves_the_source_alone(source: Path) -> None:
    before = everything(source)
    gwe("snapshot", "copy.db", "--from", f"embedded:{source}", cwd=source.parent)
    app = ("--app", "Web_Engagement_Server", "-f", "bundled")
    on_source = gwe("plan", "--server", f"embedded:{source}", *app, cwd=source.parent)
    on_copy = gwe("plan", "--server", "embedded:copy.db", *app, cwd=source.parent)
    assert on_copy.out.replace("copy.db", str(source)) == on_source.out
    applied = gwe(
        "apply", "--auto-approve", "--server", "embedded:copy.db", *app, cwd=source.parent
    )
    assert applied.code == 0
    assert everything(source) == before


def test_the_lock_and_the_inventory_are_left_out(source: Path) -> None:
    with opened(source) as server:
        for name in ("gwe-reconciler.lock", "mine"):
            server.create(
                "Transaction", {"name": name, "alias": name, "type": 16, "tenantDBID": 101}
            )
    gwe("snapshot", "copy.db", "--server", f"embedded:{source}", cwd=source.parent)
    names = {
        one.attributes["name"]
        for (name, _), one in everything(source.parent / "copy.db").items()
        if name == "Transaction"
    }
    assert "mine" in names
    assert "gwe-reconciler.lock" not in names


def test_what_the_copy_lacks_is_said(source: Path) -> None:
    """To this account the persons do not exist, nor do permissions of what they may read."""
    with opened(source) as server:
        reader = server.create(
            "Person", {"userName": "r", "employeeID": "r", "tenantDBID": 101, "password": "r"}
        )
        person = server.read("Person", {"user_name": "default"})[0]
        server.set_permissions("Person", person.dbid, [AccessEntry("Person", reader.dbid, 0)])
        server.set_permissions("Tenant", 1, [AccessEntry("Person", reader.dbid, 1)])
    done = gwe(
        "snapshot",
        "a copy.db",
        "--server",
        f"embedded:{source}",
        "--verbose",
        cwd=source.parent,
        env={"GWE_USER": "r", "GWE_PASSWORD": "r"},
    )
    assert done.code == 0, done
    assert "This account cannot read the permissions of" in done.out
    assert "References to what this account cannot read: " in done.out
    assert "Objects that break a rule of the embedded server: " in done.out
    assert done.out.endswith("  gwe plan --server 'embedded:a copy.db' --user '' --app NAME\n")


class StoppedError(Exception):
    """Ctrl-C, at a moment of the test's choice."""


class Source:
    """A reader that is interrupted at a type, counts reads, and may refuse permissions."""

    def __init__(self, server: EmbeddedServer, until: str = "", *, refuse: bool = False) -> None:
        self._server, self._until, self._refuse = server, until, refuse
        self.read_types: list[str] = []

    def info(self) -> object:
        return self._server.info()

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        if object_type == self._until:
            raise StoppedError
        self.read_types.append(object_type)
        return self._server.read(object_type, filters)

    def permissions(self, object_type: str, dbid: int) -> Sequence[AccessEntry]:
        if self._refuse:
            raise NoPermissionError("not yours", object_type)
        return self._server.permissions(object_type, dbid)

    def history(self, object_type: str, dbid: int) -> list[PastChange]:
        return self._server.history(object_type, dbid)


def test_an_interrupted_copy_goes_on_where_it_ended(source: Path) -> None:
    copy = source.parent / "copy.db"
    with opened(source) as server:
        with pytest.raises(StoppedError):
            copy_server(Source(server, "Script"), copy, Progress())
        assert not copy.exists()
        again = Source(server)
        copy_server(again, copy, Progress())
    assert again.read_types[0] == "Script"
    assert len(again.read_types) < len(OBJECT_TYPES)
    assert everything(copy) == everything(source)


def test_an_unfinished_copy_of_another_server_is_refused(source: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = site_server(tmp_path / "other", BARE)
    copy = source.parent / "copy.db"
    with opened(source) as server, pytest.raises(StoppedError):
        copy_server(Source(server, "Script"), copy, Progress())
    refused = gwe("snapshot", "copy.db", "--server", f"embedded:{other}", cwd=source.parent)
    assert refused.code == 1
    assert "copy.db.partial is an unfinished copy of another server" in refused.err


def test_an_existing_file_is_not_written_over(source: Path) -> None:
    (source.parent / "copy.db").write_text("mine")
    refused = gwe("snapshot", "copy.db", "--server", f"embedded:{source}", cwd=source.parent)
    assert (refused.code, "copy.db exists already" in refused.err) == (1, True)
    assert (source.parent / "copy.db").read_text() == "mine"
    # Nothing is connected to before that is seen.
    refused = gwe("snapshot", "copy.db", "--server", "embedded:none.db", cwd=source.parent)
    assert "copy.db exists already" in refused.err
    missing = gwe("snapshot", "no/copy.db", "--server", f"embedded:{source}", cwd=source.parent)
    assert (missing.code, "no/copy.db" in missing.err) == (1, True)


def test_permissions_that_the_account_cannot_read_are_counted(source: Path) -> None:
    with opened(source) as server:
        report = copy_server(Source(server, refuse=True), source.parent / "c.db", Progress())
    assert report.unread == len(everything(source))


class Moving(Source):
    """A server on which an access group gets a new member while it is copied: the person was
    created after all persons had been read."""

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        found = super().read(object_type, filters)
        if object_type == "Person" and not filters:
            return [one for one in found if one.attributes["userName"] != "late"]
        return found


def test_what_moved_during_the_copy_is_read_again(source: Path) -> None:
    with opened(source) as server:
        late = {"userName": "late", "employeeID": "late", "isAgent": False, "tenantDBID": 101}
        person = server.create("Person", late)
        group = {"name": "G", "tenantDBID": 101, "managerDBIDs": [person.dbid]}
        server.create("AgentGroup", group)
        report = copy_server(Moving(server), source.parent / "c.db", Progress())
    assert report.dangling == ()
    assert everything(source.parent / "c.db") == everything(source)


class Narrow(Source):
    """A server that shows its account no persons."""

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        return [] if object_type == "Person" else super().read(object_type, filters)


def test_references_to_what_the_account_cannot_read_are_listed(source: Path) -> None:
    with opened(source) as server:
        report = copy_server(Narrow(server), source.parent / "c.db", Progress())
    assert report.dangling
    assert all("refers to Person" in line for line in report.dangling)
    assert any("no Person has DBID" in line for line in report.findings)


class Strange(Source):
    """A server with objects that an embedded one would refuse."""

    def read(self, object_type: str, filters: Filter | None = None) -> list[ConfObject]:
        found = super().read(object_type, filters)
        if object_type != "Skill" or not found:
            return found
        twin = replace(found[0], dbid=found[0].dbid + 1000)
        return [*found, twin]


def test_rows_are_taken_as_they_are(source: Path) -> None:
    """Two skills of one name: no embedded server would make the second, and both are copied."""
    with opened(source) as server:
        copy_server(Strange(server), source.parent / "c.db", Progress())
    names = [
        one.attributes["name"]
        for (name, _), one in everything(source.parent / "c.db").items()
        if name == "Skill"
    ]
    assert len(names) == len(set(names)) + 1


@pytest.mark.long
@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_any_site_is_copied_whole(tmp_path_factory: pytest.TempPathFactory, world: World) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = site_server(folder, world.site)
    with opened(path) as server:
        report = copy_server(read_only(server), folder / "copy.db", Progress())
    assert (report.dangling, report.findings, report.unread) == ((), (), 0)
    assert everything(folder / "copy.db") == everything(path)


class Name(str):
    """A name that tells whether anybody still has it."""


class Counting(Source):
    """A server of many objects, which counts how many of them are alive when it makes more."""

    most = 0

    def __init__(self, server: EmbeddedServer) -> None:
        super().__init__(server)
        self._names = WeakSet[Name]()

    def read_in_parts(
        self, object_type: str, filters: Filter | None = None
    ) -> Iterator[list[ConfObject]]:
        if object_type != "Skill":
            yield self.read(object_type, filters)
            return
        for first in range(1000, 1000 + OBJECTS, PART):
            yield [
                ConfObject("Skill", dbid, {"name": self._name(dbid), "tenantDBID": 101}, 0)
                for dbid in range(first, first + PART)
            ]
            self._count()

    def permissions(self, object_type: str, dbid: int) -> Sequence[AccessEntry]:
        if object_type == "Skill" and dbid % PART == 0:
            self._count()
        return []

    def _name(self, dbid: int) -> Name:
        name = Name(f"S{dbid}")
        self._names.add(name)
        return name

    def _count(self) -> None:
        self.most = max(self.most, len(self._names))


OBJECTS, PART = 5000, 100


def test_a_copy_holds_no_more_than_two_parts_of_an_answer(source: Path) -> None:
    with opened(source) as server:
        counting = Counting(server)
        report = copy_server(counting, source.parent / "c.db", Progress())
    assert report.objects > OBJECTS
    assert PART <= counting.most <= 2 * PART


class Parallel(Source):
    """A server that several threads may ask, which counts how far ahead it was asked."""

    in_flight = 4
    asked = 0

    def permissions(self, object_type: str, dbid: int) -> Sequence[AccessEntry]:  # noqa: ARG002
        self.asked += 1
        return []


def test_permissions_are_asked_for_only_a_little_ahead(source: Path) -> None:
    with opened(source) as server:
        parallel = Parallel(server)
        taken = read_permissions(parallel, (("Skill", dbid) for dbid in range(1000)))
        for number in range(1, 1001):
            next(taken)
            assert parallel.asked <= number + 3 * parallel.in_flight
    assert parallel.asked == 1000


def test_an_embedded_server_answers_in_parts_what_it_answers_whole(source: Path) -> None:
    with opened(source) as server:
        for dbid in range(1, 2500):
            server.create("Skill", {"name": f"S{dbid}", "tenantDBID": 101})
        parts = list(read_in_parts(read_only(server), "Skill", {"tenant_dbid": 101}))
        assert [one for part in parts for one in part] == server.read("Skill", {"tenant_dbid": 101})
    assert len(parts) == 3
