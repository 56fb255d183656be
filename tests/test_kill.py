"""Writers of one embedded server are killed at random moments, a hundred times; in
`make explore` two hundred times.

Several processes write to one file at once: creates, changes, renames, moves of references
and deletions that cascade. After a random number of answered writes all of them get
SIGKILL; in some rounds one has died before by its own hand, just before or just after the
commit of a write. Then the file opens at once, holds every answered write and of each
unanswered one all or nothing, and its keys and references are those of its objects.

The writers are forked from one process that has imported everything: a round takes
hundredths of a second.
"""

import gc
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import pytest

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import UniquenessViolationError
from tests.conftest import examples
from tests.harness import opened, site_server

ROOT = Path(__file__).parent.parent
SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}]
"""
PARTS, ROUNDS, WRITERS = 4, examples(50, share=2), 3
DEATHS = {1: "before", 3: "after"}
"""Round modulo 5 -> on which side of the commit the first writer dies by itself."""
FILLING = "x" * 6000  # a write takes several pages of the file
WRITTEN = ("Script", "AgentGroup", "Enumerator", "EnumeratorValue")

State = dict[str, list[Any]]
"""What a writer has in the file: ``TYPE NAME`` -> what the object says, and its DBID; 0
where no answer has told it."""


# The process that forks the writers


def nursery() -> None:
    """Reads server files and seeds from its input and starts writers for each; on ``reap`` it
    waits for them to be gone. Writers and it share one output: short lines, never mixed."""
    _write_once()
    gc.collect()
    gc.freeze()  # a collection in a writer would copy every page of this process
    for line in sys.stdin:
        path, seed = json.loads(line)
        pids = []
        for number in range(WRITERS):
            pid = os.fork()
            if pid == 0:
                write_for_ever(Path(path), seed, number)
            pids.append(pid)
        say("started", pids)
        assert sys.stdin.readline() == "reap\n"
        statuses = [os.waitpid(pid, 0)[1] for pid in pids]
        say("ended", statuses)


def _write_once() -> None:
    """So that the writers find made what the first write of a process makes."""
    with TemporaryDirectory() as folder, opened(site_server(Path(folder), SITE)) as server:
        for kind, more in _FIRST.items():
            made = server.create(kind, {"tenantDBID": 101, "name": "A", **more})
            server.update(kind, made.dbid, Delta(values={"state": 2}))
            server.delete(kind, made.dbid)


_FIRST: dict[str, dict[str, Any]] = {
    "Script": {"type": 23},
    "AgentGroup": {},
    "Enumerator": {"displayName": "A", "type": 4},
}


def say(what: str, data: Any, writer: int = -1) -> None:
    line = json.dumps([what, writer, data]).encode() + b"\n"
    assert len(line) <= 4096  # the system writes so much in one piece
    os.write(1, line)


def write_for_ever(path: Path, seed: str, number: int) -> None:
    """A writer. Says what it will have before each write and after each answer."""
    try:
        Writer(path, seed, number).run()
    except BaseException as error:  # noqa: BLE001 - shown by the test
        say("failed", repr(error)[:2000], number)
    os._exit(1)


class Writer:
    """Makes and changes objects of its own, all named after it."""

    def __init__(self, path: Path, seed: str, number: int) -> None:
        self._path = path
        self._prefix = f"{seed}-{number}"
        self._number = number
        self._random = random.Random(self._prefix)  # noqa: S311 - no secret
        self._server = EmbeddedServer(path, timeout=60)
        self._state: State = {}
        self._made = 0
        turn = int(seed.split(".")[1])
        dies = number == 0 and turn % 5 in DEATHS
        self._dies = DEATHS[turn % 5] if dies else ""
        self._writes_left = self._random.randint(1, 8)

    def run(self) -> None:
        while True:
            steps: list[Callable[[], None]] = [self._add, self._add]
            if self._state:
                steps += [self._change, self._rename, self._delete, self._delete]
            self._random.choice(steps)()
            if self._random.random() < 0.1:  # the last to close folds the log into the file
                self._server.close()
                self._server = EmbeddedServer(self._path, timeout=60)

    def _write(self, after: State, key: str, act: Callable[[], int]) -> None:
        say("intends", after, self._number)
        self._writes_left -= 1
        if self._dies == "before" and not self._writes_left:
            self._server.store.connection.set_trace_callback(self._die_at_commit)
        dbid = act()
        if self._dies == "after" and not self._writes_left:
            self._die()
        if key in after:
            after[key][1] = dbid
        say("answered", after, self._number)
        self._state = after

    def _die_at_commit(self, statement: str) -> None:
        if statement == "COMMIT":
            self._die()

    def _die(self) -> None:
        say("died", self._dies, self._number)
        os.kill(os.getpid(), signal.SIGKILL)

    def _copy(self) -> State:
        return {key: list(value) for key, value in self._state.items()}

    def _some(self, *types: str) -> str | None:
        keys = sorted(key for key in self._state if key.split()[0] in types)
        return self._random.choice(keys) if keys else None

    def _add(self) -> None:
        kind = self._random.choice(WRITTEN)
        self._made += 1
        name = f"{self._prefix}-{self._made}"
        attributes: dict[str, Any] = {"tenantDBID": 101, "name": name}
        says = "0"
        if kind == "Script":
            body = {"left": "0", "filling": FILLING, "right": "0"}
            attributes |= {"type": 23, "userProperties": {"body": body}}
        elif kind == "AgentGroup":
            script = self._some("Script")
            says = script.split()[1] if script else "-"
            attributes |= {"capacityRuleDBID": self._state[script][1]} if script else {}
        elif kind == "Enumerator":
            attributes |= {"displayName": name, "type": 4}
        else:
            owner = self._some("Enumerator")
            if owner is None:
                return
            says = owner.split()[1]
            attributes |= {"enumeratorDBID": self._state[owner][1], "displayName": name}
            attributes |= {"isDefault": False}
        after = self._copy()
        after[f"{kind} {name}"] = [says, 0]
        self._write(
            after, f"{kind} {name}", lambda: self._server.create(kind, attributes, None).dbid
        )

    def _change(self) -> None:
        key = self._some("Script")
        if key is None:
            return
        after = self._copy()
        after[key][0] = str(int(after[key][0]) + 1)
        both = {"body": {"left": after[key][0], "right": after[key][0]}}
        self._update(after, key, Delta(key_values={"userProperties": KeyValueDelta(changed=both)}))

    def _rename(self) -> None:
        key = self._some("Script", "AgentGroup")
        if key is None:
            return
        kind, old = key.split()
        self._made += 1
        new = f"{self._prefix}-{self._made}"
        after = self._copy()
        after[f"{kind} {new}"] = after.pop(key)
        if kind == "Script":
            for other, value in after.items():
                if other.startswith("AgentGroup ") and value[0] == old:
                    value[0] = new
        self._update(after, f"{kind} {new}", Delta(values={"name": new}))

    def _update(self, after: State, key: str, delta: Delta) -> None:
        kind, dbid = key.split(maxsplit=1)[0], after[key][1]
        self._write(after, key, lambda: self._server.update(kind, dbid, delta).dbid)

    def _delete(self) -> None:
        key = self._some(*WRITTEN)
        assert key is not None
        kind, name = key.split()
        after = self._copy()
        dbid = after.pop(key)[1]
        for other, value in list(after.items()):
            if value[0] != name:
                continue
            if kind == "Script" and other.startswith("AgentGroup "):
                value[0] = "-"  # the server clears the reference
            elif kind == "Enumerator" and other.startswith("EnumeratorValue "):
                del after[other]  # and deletes what belongs to the attribute

        def delete() -> int:
            self._server.delete(kind, dbid)
            return 0

        self._write(after, key, delete)


# The test


@dataclass
class Heard:
    """What the writers of one round said last."""

    pids: list[int]
    answered: list[State] = field(default_factory=lambda: [{} for _ in range(WRITERS)])
    intended: list[State] = field(default_factory=lambda: [{} for _ in range(WRITERS)])
    answers: int = 0
    died: str = ""
    ended: list[int] | None = None

    def take(self, line: str) -> None:
        what, writer, data = json.loads(line)
        assert what != "failed", data
        if what == "intends":
            self.intended[writer] = data
        elif what == "answered":
            self.answered[writer] = self.intended[writer] = data
            self.answers += 1
        elif what == "died":
            self.died = data
        else:
            self.ended = data


@pytest.fixture(scope="module")
def writers() -> Iterator["subprocess.Popen[str]"]:
    """The process that forks them."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import tests.test_kill as test; test.nursery()"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    try:
        yield process
    finally:
        process.communicate(timeout=60)  # it ends where its input does


def killed_round(
    process: "subprocess.Popen[str]", path: Path, seed: str, dies: str, moments: random.Random
) -> Heard:
    """Starts writers of a file, kills them all, and returns what they said until then. Where one
    ``dies`` by itself, not before it has."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps([str(path), seed]) + "\n")
    early: list[str] = []
    while True:
        line = process.stdout.readline()
        what, _, data = json.loads(line)
        if what == "started":
            break
        early.append(line)
    heard = Heard(data)
    for line in early:
        heard.take(line)
    wanted = moments.randint(0, 30)
    try:
        while heard.answers < wanted or heard.died != dies:
            heard.take(process.stdout.readline())
        time.sleep(moments.uniform(0, 0.004))
    finally:
        for pid in moments.sample(heard.pids, WRITERS):
            os.kill(pid, signal.SIGKILL)
        process.stdin.write("reap\n")
    while heard.ended is None:
        heard.take(process.stdout.readline())
    assert heard.ended == [signal.SIGKILL] * WRITERS
    return heard


def found_in(path: Path) -> State:
    """What the file holds, after making sure that each object is whole."""
    found: State = {}
    with opened(path) as server:
        objects = {kind: server.read(kind) for kind in WRITTEN}
    names = {
        (kind, one.dbid): one.attributes["name"] for kind, all_ in objects.items() for one in all_
    }
    for kind, all_ in objects.items():
        for one in all_:
            match kind:
                case "Script":
                    body = one.attributes["userProperties"]["body"]
                    assert body == {"left": body["right"], "filling": FILLING} | {
                        "right": body["right"]
                    }
                    says = body["left"]
                case "AgentGroup":
                    rule = one.attributes.get("capacityRuleDBID")
                    says = names["Script", rule] if rule else "-"
                case "Enumerator":
                    says = "0"
                case _:
                    says = names["Enumerator", one.attributes["enumeratorDBID"]]
            assert one.path == OBJECT_TYPES[kind].folder
            found[f"{kind} {one.attributes['name']}"] = [says, one.dbid]
    return found


def assert_same(found: State, expected: State) -> None:
    """The same objects; where an answer has told the DBID, with that DBID."""
    assert found.keys() == expected.keys()
    for key, (says, dbid) in expected.items():
        assert found[key] == [says, dbid or found[key][1]], key


class _Body(NamedTuple):
    """What the body of an object's row asks of other tables. ``owner``: of a folder."""

    keys: list[str]
    references: list[tuple[str, str, int]]
    owner: dict[str, int]

    @classmethod
    @cache
    def of(cls, kind: str, body: str) -> "_Body":
        attributes = json.loads(body)
        return cls(
            list(validation.unique_keys(OBJECT_TYPES[kind], attributes)),
            list(validation.references(OBJECT_TYPES[kind], attributes)),
            attributes.get("ownerID", {}),
        )


def assert_sound(path: Path) -> None:
    """SQLite finds nothing wrong, and the file's tables agree with its objects."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT type, dbid, folder, body FROM object").fetchall()
        keys = connection.execute("SELECT type, key, dbid FROM unique_key").fetchall()
        references = connection.execute(
            "SELECT type, dbid, attribute, target_type, target FROM reference"
        ).fetchall()
        following = dict(connection.execute("SELECT type, next FROM counter").fetchall())
    finally:
        connection.close()
    objects = {(kind, dbid): _Body.of(kind, body) for kind, dbid, _, body in rows}
    assert set(keys) == {
        (kind, key, dbid) for (kind, dbid), body in objects.items() for key in body.keys
    }
    assert set(references) == {
        (kind, dbid, *reference)
        for (kind, dbid), body in objects.items()
        for reference in body.references
    }
    assert {(kind, dbid) for *_, kind, dbid in references} <= objects.keys()
    assert {("Folder", folder) for _, _, folder, _ in rows if folder} <= objects.keys()
    numbers = {kind.number: name for name, kind in OBJECT_TYPES.items()}
    owners = [one.owner for (kind, _), one in objects.items() if kind == "Folder"]
    assert {(numbers[owner["type"]], owner["DBID"]) for owner in owners} <= objects.keys()
    assert all(dbid < following[kind] for kind, dbid in objects)


@pytest.mark.parametrize("part", range(PARTS))
def test_writers_killed_together_lose_no_answered_write(
    part: int, tmp_path: Path, writers: "subprocess.Popen[str]"
) -> None:
    moments = random.Random(f"kill {part}")  # noqa: S311 - no secret
    path = site_server(tmp_path, SITE)
    expected = found_in(path)
    highest = dict.fromkeys(WRITTEN, 0)
    answers = lost = kept = 0
    for turn in range(ROUNDS):
        heard = killed_round(writers, path, f"{part}.{turn}", DEATHS.get(turn % 5, ""), moments)
        found = found_in(path)
        for number in range(WRITERS):
            own = {k: v for k, v in found.items() if f" {part}.{turn}-{number}-" in k}
            before, after = heard.answered[number], heard.intended[number]
            if own.keys() == after.keys() and all(own[k][0] == after[k][0] for k in own):
                kept += before != after
                assert_same(own, after)
            else:
                assert_same(own, before)
                lost += before != after
            # A DBID is never used twice, not even that of a deleted object.
            new = [(key.split()[0], dbid) for key, (_, dbid) in own.items()]
            assert all(dbid > highest[kind] for kind, dbid in new)
            expected |= own
        answers += heard.answers
        assert_same(found, expected)
        for key, (_, dbid) in found.items():
            highest[key.split()[0]] = max(highest[key.split()[0]], dbid)
        assert_sound(path)
    # The kills struck on both sides of a commit: wherever one was to, at the least.
    assert answers > 5 * ROUNDS
    assert kept >= ROUNDS // 5
    assert lost >= ROUNDS // 5
    assert_names_are_taken_as_they_should(path, expected)


def assert_names_are_taken_as_they_should(path: Path, expected: State) -> None:
    """Every name that is left is taken; one that never was or has gone is free."""
    scripts = [key.split()[1] for key in expected if key.startswith("Script ")]
    numbers = {name.rsplit("-", 1)[0]: 0 for name in scripts}
    with opened(path) as server:
        for name in scripts:
            with pytest.raises(UniquenessViolationError):
                server.create("Script", {"tenantDBID": 101, "name": name, "type": 23})
        for prefix in numbers:
            for number in range(1, 5):
                if f"{prefix}-{number}" not in scripts:
                    attributes = {"tenantDBID": 101, "name": f"{prefix}-{number}", "type": 23}
                    assert server.create("Script", attributes).dbid
