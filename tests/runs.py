"""What the tests of runs share: a site, a plan with every action, commands that are struck.

``Nursery`` runs ``gwe`` many times over in real processes (``tests.warm``). A strike is what
happens to such a process at one of its journal's records or at one of its writes to the server:
it kills itself, or signals come.
"""

import hashlib
import os
import resource
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from functools import cache, lru_cache, wraps
from itertools import count, cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from reconciler.apply.calls import Calls
from reconciler.apply.executor import execute
from reconciler.apply.lock.lock import Clock, NoLock
from reconciler.apply.lock.lock_object import find_locks
from reconciler.apply.report import Outcome, RunReport
from reconciler.apply.run import execute_plan
from reconciler.apply.session import RunContext, RunOptions, RunSession
from reconciler.engine import running
from reconciler.engine.machine import machine_id
from reconciler.engine.planning import prepare
from reconciler.engine.progress import Progress
from reconciler.engine.site_access import SiteAccess
from reconciler.kinds.model import Attribute, Attributes, ValueType
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.launch.folder import Folder
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.plan.file.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.server.embedded import engine, passwords
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.embedded.database import Database
from reconciler.server.embedded.passwords import StoredPassword
from reconciler.server.port import ConfObject, Server
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.site.inventory import InventoryOwner, OwnedObject
from reconciler.site.inventory_reads import read_inventory
from reconciler.state.journal_writer import SqlJournal
from reconciler.state.opening import open_store
from reconciler.state.records import Record, RunHead
from reconciler.state.session import SqlSession
from reconciler.state.sql import SqlStore
from reconciler.state.sqlite import SqliteEngine
from reconciler.state.store import RunJournal, StateStore, StoredRun
from tests.harness import (
    APP,
    BARE,
    Result,
    content_of,
    everything,
    gwe,
    opened,
    site_server,
    state_folder,
)
from tests.moments import keep_files
from tests.warm import WarmProcesses

ROOT = Path(__file__).parent.parent
SITE = f"""\
apiVersion: reconciler/v1
kind: Site
extends: {BARE}
tenant: Resources
Person:
  - {{employeeID: "7001", userName: anna, isAgent: true, dbid: 401}}
  - {{employeeID: "7002", userName: otto, isAgent: true, dbid: 402}}
AgentGroup:
  - name: Group
    dbid: 300
    folder: Web
    agents: ["7001", "7002"]
    annex: {{s: {{kept: live, other: live}}}}
    permissions: [{{person: "7001", mask: 3}}, {{person: "7002", mask: 127}}]
  - {{name: Bystander, agents: ["7001"], annex: {{own: {{a: "1"}}}}}}
Application:
  - {{name: Chat, type: ChatServer, options: {{settings: {{ours: "0", own: live}}}}}}
Script:
  - name: Changed
    type: InteractionQueue
    dbid: 600
    annex: {{Queue: {{ours: "0", own: live}}}}
  - {{name: Other, type: BusinessProcess, folder: Composer}}
  - name: Replaced
    type: InteractionQueue
    dbid: 700
    folder: Composer
    annex: {{Queue: {{ours: "0", own: live}}}}
Campaign:
  - {{name: Campaign, script: Replaced}}
CampaignGroup:
  - {{name: Calls, campaign: Campaign, group: Group, interactionQueue: Replaced}}
"""
QUEUES = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Changed}
spec: {annex: {Queue: {ours: "1"}}}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Replaced}
spec: {annex: {Queue: {ours: "1"}}}
---
"""
SETTINGS = """\
---
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: settings}
target: {role: chat-server}
spec: {options: {settings: {ours: "1"}}}
"""
_REST = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Created}
spec: {annex: {Queue: {ours: "1"}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Group}
spec: {annex: {s: {ours: "1"}}}
initial: {annex: {s: {kept: wanted}}}
policy: {preserve: [agents]}
"""
MANIFESTS = QUEUES + _REST + SETTINGS
REPLACED = ("AgentGroup/Group", "InteractionQueue/Replaced")
ACCESS = [("Person", 401, 3), ("Person", 402, 127)]
"""The permissions of the agent group that is replaced."""

Key = tuple[str, int]
Objects = dict[Key, ConfObject]
Access = dict[Key, list[tuple[str, int, int]]]

# Type and name -> where it is and what it says, of what the plan is about and of what
# refers to that.
Told = dict[str, Any]
BEFORE: Told = {
    "AgentGroup Group": ("Agent Groups/Web", {"s": {"kept": "live", "other": "live"}}),
    "Application Chat": ("Applications", {"settings": {"ours": "0", "own": "live"}}),
    "Script Changed": ("Scripts", {"Queue": {"ours": "0", "own": "live"}}),
    "Script Replaced": ("Scripts/Composer", {"Queue": {"ours": "0", "own": "live"}}),
    "Campaign Campaign": ("Campaigns", "Replaced"),
    "CampaignGroup Calls": ("Campaign Groups", "Replaced"),
}
AFTER: Told = {
    "AgentGroup Group": ("Agent Groups/Web", {"s": {"kept": "live", "ours": "1"}}),
    "Application Chat": ("Applications", {"settings": {"ours": "1", "own": "live"}}),
    "Script Changed": ("Scripts", {"Queue": {"ours": "1", "own": "live"}}),
    "Script Created": ("Scripts", {"Queue": {"ours": "1"}}),
    "Script Replaced": ("Scripts/Composer", {"Queue": {"ours": "1"}}),
    "Campaign Campaign": ("Campaigns", "Replaced"),
}


@dataclass(frozen=True)
class Place:
    """A server file of the site above, with the manifests beside it. ``database``: the URL of
    the state in PostgreSQL; empty: there is a state folder beside it."""

    folder: Path
    database: str = ""

    @property
    def server(self) -> Path:
        return self.folder / "gwe.db"

    @property
    def state_dir(self) -> Path:
        return state_folder(self.folder)

    @property
    def state(self) -> StateStore:
        return _store(self.database or str(self.state_dir))

    @property
    def environment(self) -> dict[str, str]:
        """The variables that name the state to a command."""
        folder = "" if self.database else str(self.state_dir)
        return {"GWE_STATE": self.database, "GWE_STATE_DIR": folder}

    def wait_for_the_dead(self) -> None:
        """Waits until no run is held: PostgreSQL takes a moment to notice that a process is
        dead."""
        runs = self.run_names if self.database else []
        while any(map(self.state.is_held, runs)):
            time.sleep(0.02)

    @property
    def run_names(self) -> list[str]:
        return [run.name for run in self.state.list_runs()]

    @property
    def runs(self) -> list[StoredRun]:
        return [self.state.read_run(run.name) for run in self.state.list_runs()]

    def objects(self) -> Objects:
        """Everything on the server but the lock."""
        found = everything(self.server)
        return {key: one for key, one in found.items() if one.type != "Transaction"}

    def inventory(self, manifest_set: str = "", app: str = APP) -> set[tuple[str, ...]]:
        """What is ours: the type and name of objects, the section and name of options."""
        with opened(self.server) as server:
            stored = read_inventory(server, InventoryOwner(manifest_set, app), 101)
        return {
            (one.type, one.name) if isinstance(one, OwnedObject) else (one.section, one.option)
            for one in stored.inventory.entries.values()
        }

    def locks(self) -> list[ConfObject]:
        with opened(self.server) as server:
            return find_locks(server)

    def situation(self) -> tuple[object, ...]:
        """What a command that looks at the site and is not told of a run finds here: the
        engine of the state, its manifests, everything on the server, and in which order runs
        ended how."""
        with opened(self.server) as server:
            content = content_of(server)
        runs = tuple((run.finished, run.status) for run in self.state.list_runs())
        return bool(self.database), (self.folder / "manifests.yaml").read_bytes(), content, runs

    def world(self) -> tuple[object, ...]:
        """All that a command finds here that is told of every run: everything on the server,
        the DBIDs that it gives next, the lock among its objects, and the records of each run,
        with whether a process holds it. Two places in the same folder with one world are the
        same to whoever goes on from there."""
        with opened(self.server) as server:
            content = content_of(server)
            counters = server.store.connection.execute("SELECT * FROM counter").fetchall()
        runs = tuple(
            (name, self.state.read_intact(name), self.state.is_held(name))
            for name in self.run_names
        )
        return content, repr((counters, runs))

    def records(self, run: str) -> list[Record]:
        """What the journal of a run holds."""
        found = self.state.read_intact(run)
        assert found.problems == ()
        return list(found.records)

    def plan(self, *overwrite: str) -> Plan:
        """The plan for the manifests, with these objects replaced."""
        with opened(self.server) as server:
            return known_plan(server, self.folder, PlanOptions(overwrite_only=overwrite))


def store_at(where: str, clock: Callable[[], float]) -> StateStore:
    """The store at ``where`` with another ``clock``: seconds since 1970."""
    store = open_store(where)
    assert isinstance(store, SqlStore)
    store._clock = clock
    return store


@lru_cache(maxsize=100)
def _store(where: str) -> StateStore:
    return open_store(where)


def known_plan(server: EmbeddedServer, folder: Path, options: PlanOptions) -> Plan:
    """The plan for the manifests of a place. Hundreds of tests begin with the same: it is
    computed once for what a server holds. Only the file that its values come from may then be
    another test's copy of the manifests."""
    info = server.info()
    manifests = (folder / "manifests.yaml").read_bytes()
    known = (info.identity, content_of(server), manifests, options)
    if known not in _PLANS:
        _PLANS[known] = plan_on(server, folder, options)
    return replace(_PLANS[known], server=info.url)


_PLANS: dict[object, Plan] = {}
"""Identity and content of a server, manifests and options -> the plan."""


def once_in_each(
    situation: Callable[..., object],
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Lets a check that goes on from what a test has brought about be made once in each
    ``situation``, which is computed from its arguments: from there the same commands come to
    the same end, and hundreds of strikes lead to a dozen situations. Where it fails, it fails
    in each test that leads there."""
    passed: set[object] = set()

    def once(go_on: Callable[..., None]) -> Callable[..., None]:
        @wraps(go_on)
        def checked(*given: Any) -> None:
            found = situation(*given)
            if found not in passed:
                go_on(*given)
                passed.add(found)

        return checked

    return once


def plan_on(server: Server, folder: Path, options: PlanOptions) -> Plan:
    loaded = load_manifests([folder / "manifests.yaml"])
    return prepare(loaded, SiteAccess(server, SiteOptions(APP)), options).plan


def make_place(
    folder: Path, template: Path, manifests: str = MANIFESTS, database: str = ""
) -> Place:
    """A place of its own in ``folder``, with a copy of a server file."""
    folder.mkdir(exist_ok=True)
    (folder / "manifests.yaml").write_text(manifests, encoding="utf-8")
    shutil.copy(template, folder / "gwe.db")
    return Place(folder, database)


def make_place_anew(folder: Path, template: Path) -> Place:
    """A place in a folder, whatever was there: what two tests leave there, whose runs have one
    name and time, is the same where it says the same."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir()
    return make_place(folder / "place", template)


def make_template(folder: Path, site: str = SITE) -> Path:
    """A server file to copy: copies are made faster than servers."""
    folder.mkdir(parents=True, exist_ok=True)
    return site_server(folder, site)


def told(objects: Objects) -> Told:
    """What ``BEFORE`` and ``AFTER`` say, of what is there."""
    names = {(one.type, one.dbid): str(one.attributes.get("name")) for one in objects.values()}
    found: Told = {}
    for one in objects.values():
        title = f"{one.type} {one.attributes.get('name')}"
        if title not in {*BEFORE, *AFTER}:
            continue
        assert title not in found
        says: Any = one.attributes.get(
            "options" if one.type == "Application" else "userProperties", {}
        )
        if one.type in ("Campaign", "CampaignGroup"):
            word = "scriptDBID" if one.type == "Campaign" else "interactionQueueDBID"
            says = names.get(("Script", one.attributes.get(word) or 0))
        found[title] = (one.path, says)
    return found


def bystanders(objects: Objects) -> Objects:
    """What no plan here is about and no replace takes anything from."""
    titles = {*BEFORE, *AFTER}
    return {
        key: one
        for key, one in objects.items()
        if f"{one.type} {one.attributes.get('name')}" not in titles
    }


def agents_of(objects: Objects) -> list[int]:
    """The DBIDs of the agents in the group that is replaced."""
    return list(named(objects, "AgentGroup", "Group").attributes["agentDBIDs"])


def named(objects: Objects, object_type: str, name: str) -> ConfObject:
    """The one object of that type and name."""
    (found,) = [
        one
        for one in objects.values()
        if one.type == object_type and one.attributes.get("name") == name
    ]
    return found


# Whole servers, compared but for the DBIDs of objects that were made anew


def access_of(path: Path) -> Access:
    """The permissions of every object that has some of its own."""
    found: Access = {}
    with opened(path) as server, server.store.reading():
        for name, dbid, account_type, account, mask in server.store.permissions():
            found.setdefault((name, dbid), []).append((account_type, account, mask))
    return found


def _said(one: ConfObject) -> ConfObject:
    """The object without empty texts and lists and references to nothing, which are the
    server's ways to say nothing; lists of references and of structures in order, since they
    have none."""
    kind = OBJECT_TYPES[one.type]
    kept = {}
    for name, value in one.attributes.items():
        attribute = kind.attribute(name)
        refers = attribute is not None and attribute.type is ValueType.REFERENCE
        if value in ("", [], {}) or (refers and not value):
            continue
        in_any_order = attribute is not None and attribute.type in (
            ValueType.REFERENCES,
            ValueType.STRUCTURES,
        )
        kept[name] = sorted(value, key=str) if in_any_order else value
    return replace(one, attributes=kept)


def new_dbids(before: Objects, after: Objects) -> dict[Key, int]:
    """Type and old DBID -> new DBID, of objects that were made anew under their names."""
    gone = {_natural(one): key for key, one in before.items() if key not in after}
    made = {_natural(one): key for key, one in after.items() if key not in before}
    assert gone.keys() == made.keys(), (gone, made)
    return {key: made[name][1] for name, key in gone.items()}


def _natural(one: ConfObject) -> tuple[Any, ...]:
    name = one.attributes.get(OBJECT_TYPES[one.type].name_attribute)
    kind = one.attributes["type"] if one.type == "Folder" else 0
    return one.type, one.path, kind, name


def _owned(attributes: Attributes, numbers: Mapping[Key, int]) -> Attributes:
    """The attributes of a folder whose owner has got another DBID."""
    types = {kind.number: kind.name for kind in OBJECT_TYPES.values()}
    changed = dict(attributes)
    for name in ("ownerID", "parentID"):
        owner = attributes.get(name)
        if owner is not None:
            dbid = numbers.get((types[owner["type"]], owner["DBID"]), owner["DBID"])
            changed[name] = {**owner, "DBID": dbid}
    return changed


def with_new_dbids(objects: Objects, numbers: Mapping[Key, int]) -> Objects:
    """The objects as they are when some have other DBIDs: also where they are referred to."""
    return {
        (name, numbers.get((name, dbid), dbid)): replace(
            one,
            dbid=numbers.get((name, dbid), dbid),
            folder=numbers.get(("Folder", one.folder), one.folder),
            attributes={
                key: _renumbered(OBJECT_TYPES[name].attribute(key), value, one.attributes, numbers)
                for key, value in (
                    _owned(one.attributes, numbers) if name == "Folder" else one.attributes
                ).items()
            },
        )
        for (name, dbid), one in objects.items()
    }


def _renumbered(
    attribute: Attribute | None, value: Any, beside: Attributes, numbers: Mapping[Key, int]
) -> Any:
    if attribute is None:
        return value
    if attribute.type is ValueType.REFERENCE and value:
        return numbers.get((attribute.target(beside), value), value)
    if attribute.type is ValueType.REFERENCES:
        return [numbers.get((attribute.refers_to, one), one) for one in value]
    if attribute.type is ValueType.STRUCTURE:
        fields = {one.name: one for one in attribute.fields}
        return {k: _renumbered(fields.get(k), one, value, numbers) for k, one in value.items()}
    if attribute.type is ValueType.STRUCTURES:
        entry = replace(attribute, type=ValueType.STRUCTURE)
        return [_renumbered(entry, one, one, numbers) for one in value]
    return value


def assert_same_but_dbids(path: Path, before: Objects, access: Access) -> None:
    """The server is as it was, but that objects which were made anew have other DBIDs."""
    after = {key: one for key, one in everything(path).items() if one.type != "Transaction"}
    numbers = new_dbids(before, after)
    expected = with_new_dbids(before, numbers) if numbers else before
    assert after.keys() == expected.keys(), after.keys() ^ expected.keys()
    others = [(expected[key], one) for key, one in after.items() if expected[key] != one]
    pairs = [(_said(wanted), _said(one)) for wanted, one in others]
    different = [pair for pair in pairs if pair[0] != pair[1]]
    assert different == [], different
    assert access_of(path) == {
        (name, numbers.get((name, dbid), dbid)): entries for (name, dbid), entries in access.items()
    }


# Runs in this process


def someone(
    name: str, host: str = "here", clock: Clock | None = None, machine: str = ""
) -> RunContext:
    """Who runs, for ``execute_plan``: on this machine, if no other is named. Without a clock
    time stands still."""
    still = Clock(lambda: 0.0, lambda _: None, lambda later: f"hour {later:g}")
    return RunContext(name, "tester", host, 1, "hour 0", clock or still, machine or machine_id())


class Heard(Progress):
    """Keeps what a run tells, and stops it where ``stop`` says so."""

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self.outcomes: list[tuple[Outcome, int, int]] = []
        self.warnings: list[str] = []
        self.stopping = stop

    def outcome(self, outcome: Outcome, number: int, total: int) -> None:
        self.outcomes.append((outcome, number, total))

    def warning(self, message: str) -> None:
        self.warnings.append(message)


def carry_out_quietly(
    plan: Plan, server: Server, options: RunOptions, who: RunContext
) -> RunReport:
    """Carries a plan out to its end, with nobody who listens."""
    return execute_plan(
        plan,
        plan_json(plan),
        server,
        options,
        who,
        Progress(),
    )


def execute_quietly(
    plan: Plan,
    live: Snapshot,
    server: Server,
    progress: Progress | None = None,
    *,
    calls: Calls | None = None,
    in_flight: int = 1,
) -> RunReport:
    """Executes the actions of a plan alone: no run, and neither journal nor lock but those of
    ``calls``. ``live``: the objects that the plan depends on."""
    session = RunSession(server, NoLock(), calls or Calls(server), live, plan.site)
    return execute(plan, session, progress or Progress(), (), in_flight)


def copy_run(
    source: StateStore, target: StateStore, name: str, other_plan: str = "", **head: str
) -> None:
    """Writes a run into another store, with another plan or other fields in its head."""
    found = source.read_run(name)
    first, *rest = source.read_intact(name).records
    assert first == found.head
    with target.create_run(replace(found.head, **head), other_plan or found.plan_text) as journal:
        journal.append(*rest)
        for backup in found.backups:
            journal.save_backup(backup.path, source.backup(backup.digest))


# Commands in processes that are struck


@dataclass(frozen=True)
class Strike:
    """What happens to a process, and where. ``at``: a ``record`` of its journal, a
    ``write`` to the server, the lock's among them, or the ``backup``, ``file`` or ``rename``
    of a launch file that is written; the ``number``-th one, from 1. At a ``disk`` it is the
    disk that is full when the record with this number is written. ``side``: before it,
    after it, or half (a record or a backup that is not committed, half a file on disk).
    ``signals``: names of those that come; without any the process kills itself. ``keeps``: a
    folder; then nothing comes, and the files of the process are kept there as they are at
    each such moment (``tests.moments``)."""

    at: str
    side: str
    number: int
    signals: tuple[str, ...] = ()
    keeps: str = ""

    def __str__(self) -> str:
        return f"{self.at}-{self.number}-{self.side}"


class Nursery:
    """Runs ``gwe`` in warm processes that can be struck."""

    def __init__(self, processes: WarmProcesses) -> None:
        self._processes = processes

    def gwe(
        self, *arguments: str | Path, place: Place, strike: Strike | None = None, **extra: str
    ) -> Result:
        """Runs one command; the code is negative where a signal has killed it. One that is
        not struck runs in this process, which takes a quarter less."""
        environment = {**place.environment, "COLUMNS": "80", **extra}
        if strike is None:
            return gwe(*arguments, cwd=place.folder, env=environment)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("GWE_")}
        code, out, err = self._processes.run(
            arguments, place.folder, inherited | environment, strike=asdict(strike)
        )
        if code < 0:
            place.wait_for_the_dead()
        return Result(code, out, err)

    def apply(self, place: Place, strike: Strike | None = None, *more: str) -> Result:
        """Applies the manifests with both replaces, one action after another unless ``more``
        says otherwise."""
        overwrite = [part for one in REPLACED for part in ("--overwrite-only", one)]
        return self.gwe(
            *("apply", "--server", f"embedded:{place.server}", "--app", APP),
            *("-f", "manifests.yaml", "--auto-approve", *overwrite, "--in-flight", "1", *more),
            place=place,
            strike=strike,
        )

    def undo(self, place: Place, run: str, strike: Strike | None = None) -> Result:
        one_by_one = ("--in-flight", "1")
        return self.gwe("undo", run, "--auto-approve", *one_by_one, place=place, strike=strike)

    def recover(self, place: Place, *more: str, strike: Strike | None = None) -> Result:
        server = ("--server", f"embedded:{place.server}")
        return self.gwe("recover", *server, *more, place=place, strike=strike)


def no_wait_for_the_disk(replace_with: Callable[[Any, str, Any], None]) -> None:
    """Files and databases are flushed at once: neither a killed process nor a test that ends
    loses what the system's cache holds. ``replace_with``: ``setattr``, or what does it for a
    while."""
    replace_with(os, "fsync", lambda descriptor: os.fstat(descriptor) and None)
    for owner, name in ((SqliteEngine, "_open"), (Database, "_connect")):
        replace_with(owner, name, _not_flushing(getattr(owner, name)))


def no_secret_digested_slowly() -> None:
    """scrypt is slow so that nobody guesses: 50 ms for each secret, which no test can see. Here
    it costs a thousandth, and the digests are others. Hashes of stored passwords stay as they
    are, since cold processes check them; of each password there are three, which take turns."""
    scrypt = hashlib.scrypt
    passwords.hashlib = SimpleNamespace(scrypt=cache(scrypt))

    @cache
    def quick(password: bytes, *, salt: bytes, n: int, r: int, p: int, dklen: int) -> bytes:
        return scrypt(password, salt=b"%d:%s" % (n * r * p, salt), n=2, r=1, p=1, dklen=dklen)

    hashlib.scrypt = quick
    hashed, known = engine.hashed, dict[str, Iterator[str]]()

    def kept(password: str) -> str:
        if isinstance(password, StoredPassword):
            return hashed(password)
        if password not in known:
            known[password] = cycle(hashed(password) for _ in range(3))
        return next(known[password])

    engine.hashed = kept


def _not_flushing(connect: Callable[..., sqlite3.Connection]) -> Callable[..., sqlite3.Connection]:
    def connected(*given: Any) -> sqlite3.Connection:
        connection = connect(*given)
        connection.execute("PRAGMA synchronous = OFF")
        return connection

    return connected


@contextmanager
def struck_here(strike: Strike) -> Iterator[None]:
    """Lets signals come in this process, as in one of their own, and with a clock that stands
    still: what runs leave in one folder after the same strike is the same."""

    with pytest.MonkeyPatch.context() as patched:
        install(strike, patched.setattr)
        patched.setattr(running, "run_context", lambda _: someone("run"))
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)


def install(strike: Strike, replace_with: Callable[[Any, str, Any], None] = setattr) -> None:
    """Lets the strike come in this process. ``replace_with``: what may take it back."""
    if strike.at == "disk":
        _fill_disk(strike.number)
        return

    def come(number: int, side: str) -> None:
        if strike.keeps:
            keep_files(Path(strike.keeps) / f"{number}-{side}")
        elif (number, side) == (strike.number, strike.side):
            for name in strike.signals or ("SIGKILL",):
                signal.raise_signal(signal.Signals[name])

    counter = count(1)
    uncommitted: list[int] = []
    change = SqlSession.change

    def changed(session: SqlSession, statement: str, *parameters: Any) -> int:
        if statement == "COMMIT" and uncommitted:
            come(uncommitted.pop(), "half")
        return change(session, statement, *parameters)

    replace_with(SqlSession, "change", changed)

    def struck(act: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*arguments: Any, **named: Any) -> Any:
            if strike.at == "rename" and "src_dir_fd" not in named:
                return act(*arguments, **named)  # no launch file
            number = next(counter)
            come(number, "before")
            if strike.at in ("record", "backup"):
                uncommitted[:] = [number]
            elif (number, "half") == (strike.number, strike.side):
                folder, name, content, *rest = arguments
                act(folder, name, content[: len(content) // 2], *rest)
                come(number, "half")
            result = act(*arguments, **named)
            come(number, "after")
            return result

        return acted

    for owner, name in _STRUCK[strike.at]:
        replace_with(owner, name, struck(getattr(owner, name)))
    if strike.at == "record":
        create = SqlStore.create_run

        @contextmanager
        def created(store: SqlStore, head: RunHead, plan: str) -> Iterator[RunJournal]:
            with ExitStack() as stack:
                yield struck(stack.enter_context)(create(store, head, plan))

        replace_with(SqlStore, "create_run", created)


def _fill_disk(record: int) -> None:
    """Lets the journal alone find the disk full, at this record and not at later ones."""
    write, counter = SqlJournal._write, count(2)  # the first record is written with its run
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def limited(journal: SqlJournal, change: Any) -> None:
        limit = 100 if next(counter) == record else resource.RLIM_INFINITY
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            write(journal, change)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    SqlJournal._write = limited


_STRUCK: Mapping[str, Sequence[tuple[Any, str]]] = {
    "record": [(SqlJournal, "append")],  # the first record is written with its run
    "backup": [(SqlJournal, "save_backup")],
    "write": [(EmbeddedServer, name) for name in ("create", "update", "delete", "set_permissions")],
    "file": [(Folder, "create")],
    "rename": [(os, "replace")],
}
