"""Whatever manifests say, whatever breaks and whatever others do: prune, destroy and undo never
take away what no run has created and nobody has adopted.

A failure prints the steps: a ready test case.
"""

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from reconciler.engine.reconciler import Reconciler
from reconciler.engine.run_place import RunPlace
from reconciler.errors import ReconcilerError
from reconciler.plan.model import Plan
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import NoPermissionError
from reconciler.server.port import Server
from reconciler.site.discovery import SiteOptions
from reconciler.site.inventory import OwnedObject
from reconciler.site.inventory_lists import entries_of, is_inventory
from reconciler.state.opening import open_store
from reconciler.testing.faults import Drop, Fault, LoseAnswer, Refuse
from reconciler.testing.faulty import FaultyServer
from tests.conftest import examples
from tests.harness import APP, everything, opened
from tests.runs import SITE, Objects, make_place, make_template
from tests.test_prune import HEAD, queue

POOL = [
    queue("A"),
    queue("B"),
    queue("Changed"),  # there before, and the site's
    f"{HEAD}kind: BusinessAttribute\nmetadata: {{name: Sizes}}\n"
    "spec: {displayName: Sizes, type: Custom}\n",
    f"{HEAD}kind: BusinessAttributeValue\nmetadata: {{attribute: Sizes, name: big}}\n"
    "spec: {displayName: Big}\npolicy: {whenParentMissing: skip}\n",
    f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: one}}\ntarget: {{role: chat-server}}\n"
    'spec: {options: {settings: {ours: "1", added: "2"}}}\n',
    f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: two}}\ntarget: {{role: chat-server}}\n"
    'initial: {options: {settings: {own: "4", first: "3"}}}\n',
]
DECLARED = st.sets(st.sampled_from(range(len(POOL)))).map(sorted)
FAULTS: st.SearchStrategy[list[Fault]] = st.lists(
    st.one_of(
        st.builds(Drop, at=st.integers(1, 60), when=st.sampled_from(["before", "after"])),
        st.builds(LoseAnswer, at=st.integers(1, 60)),
        st.builds(Refuse, at=st.integers(1, 60), error=st.just(NoPermissionError)),
    ),
    max_size=1,
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["apply", "prune", "prune", "destroy", "undo", "adopt", "forget", "others", "others"]
        ),
        DECLARED,
        FAULTS,
    ),
    min_size=2,
    max_size=6,
)
Held = dict[tuple[int, str, str], Any]
"""Application, section, option -> value."""


@cache
def _template() -> Path:
    return make_template(Path(tempfile.mkdtemp(prefix="gwe-")) / "template", SITE)


def _options(objects: Objects) -> Held:
    return {
        (one.dbid, section, option): value
        for one in objects.values()
        if one.type == "Application"
        for section, options in (one.attributes.get("options") or {}).items()
        for option, value in options.items()
    }


@dataclass
class _World:
    """A server, and what runs have created or adopted on it."""

    server: Path
    folder: Path
    objects: set[tuple[str, int]] = field(default_factory=set)
    options: set[tuple[int, str, str]] = field(default_factory=set)

    def step(self, name: str, declared: list[int], faults: list[Fault]) -> None:
        before = everything(self.server)
        if name == "others":
            with opened(self.server) as server:
                _others(server)
        else:
            self._run(name, declared, faults)
            self._recover()
        after = everything(self.server)
        self._check(before, after)
        if name == "forget":
            assert {k: o for k, o in after.items() if k[0] != "Transaction"} == {
                k: o for k, o in before.items() if k[0] != "Transaction"
            }
        if name != "others":
            self.objects |= after.keys() - before.keys()
            self.options |= _options(after).keys() - _options(before).keys()
        self._check_inventory(after)

    def _run(self, name: str, declared: list[int], faults: list[Fault]) -> None:
        manifests = self.folder / "manifests.yaml"
        manifests.write_text("---\n".join(POOL[number] for number in declared) or "---\n")
        with opened(self.server) as inner, suppress(ReconcilerError):
            engine = self._engine(FaultyServer(inner, faults, sleep=lambda _: None))
            plan = self._plan(engine, name, manifests)
            event(f"{name}: {'not ' * (not plan.applyable)}applied")
            if plan.applyable:
                if name == "adopt":
                    self.objects.add(("Script", 600))
                engine.apply(plan)

    def _plan(self, engine: Reconciler, name: str, manifests: Path) -> Plan:
        match name:
            case "undo":
                return engine.undo("last", force=True)
            case "destroy":
                return engine.destroy(manifests)
            case "adopt":
                return engine.adopt(["InteractionQueue/Changed"], manifests)
            case "forget":
                return engine.adopt([], manifests, forget_missing=True)
        return engine.plan(manifests, prune=name == "prune")

    def _recover(self) -> None:
        with opened(self.server) as server:
            self._engine(server).recover()

    def _engine(self, server: Server) -> Reconciler:
        return Reconciler(
            server, SiteOptions(APP), RunPlace(open_store(str(self.folder / "state")))
        )

    def _check(self, before: Objects, after: Objects) -> None:
        gone = {key for key in before.keys() - after.keys() if key[0] != "Transaction"}
        assert gone <= self.objects, "an object of others is gone"
        assert _options(before).keys() - _options(after).keys() <= self.options, "an option is gone"

    def _check_inventory(self, after: Objects) -> None:
        """Nothing is in it that no run has created and nobody has adopted."""
        lists = [one for one in after.values() if is_inventory(one)]
        assert all("run" not in one.attributes["userProperties"]["inventory"] for one in lists)
        for entry in (entry for one in lists for entry in entries_of(one)):
            if isinstance(entry, OwnedObject):
                assert entry.key in self.objects
            else:
                assert entry.key in self.options


def _others(server: Server) -> None:
    """Another client renames a queue and deletes one, adds a value to an attribute, and sets
    options."""
    for one in server.read("Script", {"tenant_dbid": 101}):
        if one.attributes["name"] == "A":
            server.delete("Script", one.dbid)
        if one.attributes["name"] == "B":
            server.update("Script", one.dbid, Delta(values={"name": f"Theirs {one.dbid}"}))
    for one in server.read("Enumerator", {"tenant_dbid": 101}):
        with suppress(ReconcilerError):
            if one.attributes["name"] == "Sizes":
                server.create(
                    "EnumeratorValue",
                    {"tenantDBID": 101, "enumeratorDBID": one.dbid, "name": "theirs",
                     "displayName": "Theirs"},
                )  # fmt: skip
    for one in server.read("Application", {"tenant_dbid": 101}):
        held = (one.attributes.get("options") or {}).get("settings", {})
        if "first" in held:
            theirs = KeyValueDelta(changed={"settings": {"first": "theirs"}})
            server.update("Application", one.dbid, Delta(key_values={"options": theirs}))
        elif held:
            added = KeyValueDelta(added={"settings": {"first": "theirs"}})
            server.update("Application", one.dbid, Delta(key_values={"options": added}))


@given(STEPS)
@settings(
    max_examples=examples(25),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_nothing_goes_that_no_run_has_created_and_nobody_has_adopted(
    steps: list[tuple[str, list[int], list[Fault]]],
) -> None:
    note(repr(steps))
    with tempfile.TemporaryDirectory() as folder:
        place = make_place(Path(folder) / "place", _template())
        world = _World(place.server, Path(folder))
        for name, declared, faults in steps:
            world.step(name, declared, faults)
