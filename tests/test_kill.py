"""Writers of one embedded server are killed at random moments, a hundred times; in
`make explore` two hundred times.

Several processes write to one file at once: creates, changes, renames, moves of references
and deletions that cascade. After a random number of answered writes all of them get
SIGKILL; in some rounds one has died before by its own hand, just before or just after the
commit of a write. Then the file opens at once, holds every answered write and of each
unanswered one all or nothing, and its keys and references are those of its objects. The writers
are in ``tests/killed_writers.py``.
"""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.server import validation
from reconciler.server.errors import UniquenessViolationError
from tests.conftest import examples
from tests.harness import opened, site_server
from tests.killed_writers import DEATHS, FILLING, SITE, WRITERS, WRITTEN, State

ROOT = Path(__file__).parent.parent
PARTS, ROUNDS = 4, examples(50, share=2)


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
        [sys.executable, "-c", "import tests.killed_writers as writers; writers.nursery()"],
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
