"""A plan reads what the manifests name, and is the same however that is read."""

import tempfile
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from reconciler.engine import planning
from reconciler.engine.site_access import SiteAccess
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.plan.file.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.plan.reading import reads
from reconciler.plan.reading.queries import ReadRequirement
from reconciler.plan.reading.reads import MANY, reads_of
from reconciler.resources import bundled_manifests
from reconciler.server import validation
from reconciler.server.delta import Delta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import WITHOUT_BODIES, ConfObject, Reader, ServerInfo
from reconciler.server.reading import Query, query, read_in_rounds
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.testing.lenient import LenientReader
from tests.conftest import examples
from tests.harness import APP, VENDOR, opened, site_server
from tests.worlds import World, provisioned, worlds

LENIENT: Mapping[str, Callable[[Reader], Reader]] = {
    "finds names whatever their case": partial(LenientReader, any_case=True),
    "ignores names": partial(LenientReader, ignored=("name", "employee_id")),
    "ignores script types": partial(LenientReader, ignored=("script_type",)),
    "ignores tenants": partial(LenientReader, ignored=("tenant_dbid",)),
    "leaves nothing out": partial(
        LenientReader, ignored=("exclude_bytecode", "exclude_longstrings")
    ),
}


class Counting:
    """A reader that counts its reads, the objects in the answers, and the bodies in those."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.reads: list[tuple[str, Mapping[str, Any]]] = []
        self.objects = 0
        self.bodies: list[str] = []

    def info(self) -> ServerInfo:
        return self._reader.info()

    def read(self, object_type: str, filters: Mapping[str, Any] | None = None) -> list[ConfObject]:
        found = self._reader.read(object_type, filters)
        self.reads.append((object_type, dict(filters or {})))
        self.objects += len(found)
        self.bodies += [
            one.attributes["name"]
            for one in found
            if any(
                isinstance(value, bytes)
                for options in (one.attributes.get("userProperties") or {}).values()
                for value in options.values()
            )
        ]
        return found


def planned(
    server: Reader, app: str, manifests: Path, options: PlanOptions | None = None
) -> planning.Planned:
    access = SiteAccess(server, SiteOptions(app))
    return planning.prepare(load_manifests([manifests]), access, options or PlanOptions())


def text_of(plan: Plan) -> str:
    return plan_json(plan)


@contextmanager
def many(threshold: int) -> Iterator[None]:
    """Plans read in bulk above so many objects of a type."""
    with patch.object(reads, "MANY", threshold):
        yield


def read_everything(server: Reader, *_: Any) -> Snapshot:
    everything = {"all_tenants": 1}
    return Snapshot(
        one
        for name in OBJECT_TYPES
        for one in server.read(name, everything if name == "Tenant" else None)
    )


def _check_all_ways(world: World, options: PlanOptions) -> None:
    note(f"{options}\n{world.display()}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifests = world.manifests_in(folder)
        with opened(site_server(folder, world.site)) as server:
            with many(0):
                expected = text_of(planned(server, world.app, manifests, options).plan)
            with many(1_000_000):
                assert text_of(planned(server, world.app, manifests, options).plan) == expected
            with patch.object(planning, "_read", read_everything):
                assert text_of(planned(server, world.app, manifests, options).plan) == expected
            for lenient in LENIENT.values():
                found = planned(lenient(server), world.app, manifests, options).plan
                assert text_of(found) == expected


OVERWRITES = st.booleans().map(lambda overwrite: PlanOptions(overwrite=overwrite, force=overwrite))


@settings(max_examples=examples(15), suppress_health_check=[HealthCheck.too_slow])
@given(worlds(), OVERWRITES)
def test_a_plan_by_key_is_the_plan_in_bulk_on_any_site(world: World, options: PlanOptions) -> None:
    _check_all_ways(world, options)


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.too_slow])
@given(provisioned(), OVERWRITES)
def test_so_is_the_plan_of_the_bundled_manifests(world: World, options: PlanOptions) -> None:
    _check_all_ways(world, options)


SCRIPTS = 3_000
BODY = {"Namespace": {"_BYTECODE_": b"\x00" * 2_000}}


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with many scripts that no manifest names, all with bodies."""
    path = site_server(tmp_path_factory.mktemp("large"), VENDOR)
    kind = OBJECT_TYPES["Script"]
    with opened(path) as server, server.store.writing():
        folder = server.engine.folders().default(kind, ("Tenant", 101))
        for number in range(SCRIPTS):
            attributes = {
                "tenantDBID": 101,
                "name": f"Other {number}",
                "type": (5, 6, 23, 24)[number % 4],
                "userProperties": BODY,
            }
            server.insert(kind, validation.complete(kind, attributes), folder)
    return path


@contextmanager
def changed(large: Path, folder: Path, change: Callable[[EmbeddedServer], None]) -> Iterator[Path]:
    copy = folder / "gwe.db"
    copy.write_bytes(large.read_bytes())
    with opened(copy) as server:
        change(server)
    yield copy


def queue(server: EmbeddedServer, name: str = "Webengagement_Failed") -> ConfObject:
    (found,) = server.read("Script", {"name": name, "tenant_dbid": 101})
    return found


def manifests_of(folder: Path, *names: str, kind: str = "InteractionQueue") -> Path:
    path = folder / "manifests.yaml"
    path.write_text(
        "---\n".join(
            f"apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"
            for name in names
        ),
        encoding="utf-8",
    )
    return path


def test_a_plan_on_a_large_site_reads_what_the_manifests_name(large: Path) -> None:
    with opened(large) as server:
        counting = Counting(server)
        planned(counting, APP, bundled_manifests())
    assert len(counting.reads) <= 32  # one of them is the inventory
    assert counting.objects <= 60
    assert counting.bodies == []


def test_one_absent_name_adds_one_read_of_names(large: Path, tmp_path: Path) -> None:
    def drop(server: EmbeddedServer) -> None:
        server.delete("Script", queue(server).dbid)

    with changed(large, tmp_path, drop) as path, opened(path) as server:
        counting = Counting(server)
        found = planned(counting, APP, bundled_manifests())
    assert [one.address for one in found.plan.actions if one.action == "create"] == [
        "InteractionQueue/Webengagement_Failed"
    ]
    names = {"tenant_dbid": 101, "exclude_bytecode": True, "exclude_longstrings": True}
    assert counting.reads.count(("Script", names)) == 1
    assert len(counting.reads) <= 34
    assert counting.objects <= SCRIPTS + 100
    assert counting.bodies == []
    # What is not alike to the absent name is not kept.
    assert len(found.live.of_type("Script")) <= 30


@pytest.mark.parametrize("mode", LENIENT)
def test_a_twin_among_many_scripts_blocks_on_any_server(
    large: Path, tmp_path: Path, mode: str
) -> None:
    def rename(server: EmbeddedServer) -> None:
        twin = Delta(values={"name": "WEBENGAGEMENT_failed"})
        server.update("Script", queue(server).dbid, twin)

    manifests = manifests_of(tmp_path, "Webengagement_Failed")
    with changed(large, tmp_path, rename) as path, opened(path) as server:
        found = planned(LENIENT[mode](server), APP, manifests).plan
    (blocked,) = found.blocked
    assert blocked.address == "InteractionQueue/Webengagement_Failed"
    assert "'WEBENGAGEMENT_failed' (script of type InteractionQueue, DBID" in blocked.reason
    assert "differs from 'Webengagement_Failed' only in case" in blocked.reason


def test_an_embedded_server_sends_no_script_whose_name_is_not_alike_to_an_absent_one(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(server: EmbeddedServer) -> None:
        server.update("Script", queue(server).dbid, Delta(values={"name": "WEBENGAGEMENT_failed"}))

    sent: list[str] = []
    read = EmbeddedServer.read

    def counted(server: EmbeddedServer, *question: Any) -> list[ConfObject]:
        answer = read(server, *question)
        sent.extend(one.attributes["name"] for one in answer if one.type == "Script")
        return answer

    manifests = manifests_of(tmp_path, "Webengagement_Failed")
    with changed(large, tmp_path, rename) as path, opened(path) as server:
        monkeypatch.setattr(EmbeddedServer, "read", counted)
        (blocked,) = planned(server, APP, manifests).plan.blocked
    assert "differs from 'Webengagement_Failed' only in case" in blocked.reason
    assert sent.count("WEBENGAGEMENT_failed") == 1
    assert len(sent) <= 30


def test_a_name_that_a_script_of_another_type_holds_is_found(large: Path, tmp_path: Path) -> None:
    manifests = manifests_of(tmp_path, "Other 0")
    with opened(large) as server:
        counting = Counting(server)
        (blocked,) = planned(counting, APP, manifests).plan.blocked
    assert "the name is taken by 'Other 0' (script of type SimpleRouting" in blocked.reason
    assert counting.bodies == []


@pytest.mark.parametrize(
    ("count", "reads"), [(1, 1), (MANY, MANY), (MANY + 1, 1)], ids=["one", "few", "many"]
)
def test_few_objects_are_read_by_key_and_many_at_once(
    large: Path, tmp_path: Path, count: int, reads: int
) -> None:
    names: Sequence[str] = [f"Other {4 * number + 2}" for number in range(count)]
    manifests = manifests_of(tmp_path, *names)
    with opened(large) as server:
        counting = Counting(server)
        found = planned(counting, APP, manifests)
    assert found.plan.empty
    managed = [one for one in counting.reads if one[1].get("script_type") == 23]
    # The name that a live application refers to is read besides.
    referred = [one for one in counting.reads if one[1].get("name") == "Webengagement_Chat"]
    assert (len(managed), len(referred)) == (reads, 1)


class Threads:
    """A reader that several threads may use, and that notes how many do."""

    in_flight = 8

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.names: set[str] = set()

    def info(self) -> ServerInfo:
        return self._reader.info()

    def read(self, object_type: str, filters: Mapping[str, Any] | None = None) -> list[ConfObject]:
        self.names.add(threading.current_thread().name.partition("_")[0])
        return self._reader.read(object_type, filters)


def test_of_a_named_object_its_folders_are_read_and_of_a_former_name_all_scripts() -> None:
    attributes = {"tenantDBID": 101, "name": "Sales", "type": 23}
    live = Snapshot([ConfObject("Script", 7, attributes)])
    scripts = query("Script", {"tenant_dbid": 101, **dict.fromkeys(WITHOUT_BODIES, True)})

    def read_for(**more: bool) -> Sequence[Query]:
        return reads_of([ReadRequirement("Script", 101, ("Sales",), **more)], ())(live, ())

    assert {one.type for one in read_for()} == {"Script"}
    assert {one.type for one in read_for(folder=True)} == {"Script", "Folder/Script"}
    assert scripts not in read_for()
    assert scripts in read_for(former=True)


def test_reads_in_flight_together_make_the_same_plan(large: Path) -> None:
    with opened(large) as server:
        threads = Threads(server)
        together = planned(threads, APP, bundled_manifests()).plan
        assert text_of(together) == text_of(planned(server, APP, bundled_manifests()).plan)
    assert "gwe-read" in threads.names


def test_a_round_that_finds_no_alike_name_is_the_last(tmp_path: Path) -> None:
    following = reads_of([ReadRequirement("Script", 101, ("Absent",), twins=True)], ())
    rounds: list[int] = []

    def counted(live: Snapshot, asked: Collection[Query]) -> Sequence[Query]:
        rounds.append(len(asked))
        return following(live, asked)

    with opened(site_server(tmp_path, VENDOR)) as server:
        read_in_rounds(server, Snapshot(), counted)
    assert rounds == [0, 1]  # by its key, then all names that are alike
