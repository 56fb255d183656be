"""Writers of one embedded server that are killed: see ``tests/test_kill.py``.

They are forked from one process that has imported what they need and nothing else: a round takes
hundredths of a second.
"""

import gc
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.testing.sites import embedded_site

SITE = """
apiVersion: reconciler/v1
kind: Site
tenant: Resources
Tenant: [{name: Resources, dbid: 101}]
"""
WRITERS = 3
DEATHS = {1: "before", 3: "after"}
"""Round modulo 5 -> on which side of the commit the first writer dies by itself."""
FILLING = "x" * 6000  # a write takes several pages of the file
WRITTEN = ("Script", "AgentGroup", "Enumerator", "EnumeratorValue")

State = dict[str, list[Any]]
"""What a writer has in the file: ``TYPE NAME`` -> what the object says, and its DBID; 0
where no answer has told it."""


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
    with TemporaryDirectory() as folder, embedded_site(Path(folder), SITE) as site:
        for kind, more in _FIRST.items():
            made = site.server.create(kind, {"tenantDBID": 101, "name": "A", **more})
            site.server.update(kind, made.dbid, Delta(values={"state": 2}))
            site.server.delete(kind, made.dbid)


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
        self._server = self._open()
        self._state: State = {}
        self._made = 0
        turn = int(seed.split(".")[1])
        dies = number == 0 and turn % 5 in DEATHS
        self._dies = DEATHS[turn % 5] if dies else ""
        self._writes_left = self._random.randint(1, 8)

    def _open(self) -> EmbeddedServer:
        server = EmbeddedServer(self._path, timeout=60)
        server.store.connection.execute("PRAGMA synchronous = OFF")  # no test cuts the power
        return server

    def run(self) -> None:
        while True:
            steps: list[Callable[[], None]] = [self._add, self._add]
            if self._state:
                steps += [self._change, self._rename, self._delete, self._delete]
            self._random.choice(steps)()
            if self._random.random() < 0.1:  # the last to close folds the log into the file
                self._server.close()
                self._server = self._open()

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
