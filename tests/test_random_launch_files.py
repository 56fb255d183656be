"""Whatever a launch file looks like: plan, apply, drift and undo change the values that a
manifest names, and not one byte more.

What is expected is put together by ``launch_texts``, without an editor. A failure prints
the files and the manifests: a ready test case.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st

from reconciler.apply.recovery.recover import plan_of_run
from reconciler.apply.run import execute_plan
from reconciler.apply.session import RunOptions
from reconciler.apply.undo.plan import UndoOptions, plan_undo
from reconciler.engine.planning import prepare
from reconciler.engine.progress import Progress
from reconciler.engine.site_access import SiteAccess
from reconciler.launch.files import Installation
from reconciler.launch.formats import Format
from reconciler.manifest.load import load_manifests
from reconciler.plan.actions import changes_of, kept_of
from reconciler.plan.changes import Change
from reconciler.plan.context import PlanOptions
from reconciler.plan.file.codec import plan_json
from reconciler.plan.model import Plan
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import open_store
from tests.conftest import examples
from tests.harness import APP, opened, site_server
from tests.launch_texts import KEYS, WRITTEN, XML, Text, texts
from tests.runs import someone

# Path -> what a file says, and what it is to say.
Changes = dict[tuple[str, ...], tuple[str | None, str | None]]
NAMES = ("setenv", 'conf/My "own" it\'s $HOME', ".hidden", "a/b c/d")
MODES = (0o600, 0o640, 0o644, 0o700, 0o751)


@dataclass(frozen=True)
class Managed:
    """A file of an installation and what a manifest says of it."""

    path: str
    mode: int
    text: Text
    values: Mapping[str, str | None]
    kept: frozenset[str]
    by_hand: tuple[str, str]
    """A key that is managed, and what somebody writes there."""

    @property
    def address(self) -> str:
        return f"LaunchFile/{self.path.replace('/', '%2F')}"

    def manifest(self) -> str:
        enforced = self.values.keys() - self.kept
        form = self.text.form.value
        document = {
            "apiVersion": "reconciler/v1",
            "kind": "LaunchFile",
            "metadata": {"name": self.path},
            "spec": {"file": self.path, "format": form},
        }
        for block, keys in (("spec", enforced), ("initial", self.kept)):
            values = {
                self.text.address(key): self.values[key] for key in self.values if key in keys
            }
            if values:
                document.setdefault(block, {})["values"] = values
        return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)

    @property
    def wanted(self) -> tuple[str, str]:
        """The same key, and what the manifest says."""
        key = self.by_hand[0]
        return key, str(self.values[key])

    def written(self) -> Mapping[str, str | None]:
        """The values that an apply writes: those of spec, then those of initial."""
        return {
            key: value
            for key, value in sorted(self.values.items(), key=lambda each: each[0] in self.kept)
            if self.text.says(key) != value
            and (key not in self.kept or self.text.says(key) is None)
        }

    def changes(self) -> Changes:
        """What a plan shows for the file as it was."""
        return {
            self._path(key): (self.text.says(key), value) for key, value in self.written().items()
        }

    def left(self) -> Changes:
        """What it shows as kept."""
        return {
            self._path(key): (self.text.says(key), self.values[key])
            for key in self.kept
            if self.text.says(key) not in (None, self.values[key])
        }

    def drift(self) -> Changes:
        """What it shows once somebody has changed the value by hand."""
        key, value = self.by_hand
        return {self._path(key): (value, self.values[key])}

    def _path(self, key: str) -> tuple[str, ...]:
        return "values", self.text.form.value, self.text.address(key)


@st.composite
def managed(draw: st.DrawFn, form: Format, number: int) -> Managed:
    text = draw(texts(form, anything=True).filter(lambda one: form is not XML or _keys(one)))
    keys = draw(st.lists(st.sampled_from(_keys(text)), min_size=1, unique=True))
    wanted = st.sampled_from(sorted(WRITTEN[form]))
    values: dict[str, str | None] = {key: draw(wanted) for key in keys}
    first = keys[0]  # it is written, so that somebody can change it afterwards
    kept = {key for key in keys if key != first and draw(st.integers(0, 3)) == 0}
    for key in keys:
        may_go = form is not XML or text.address(key).endswith("/@v")
        if key not in {first, *kept} and may_go and draw(st.integers(0, 2)) == 0:
            values[key] = None
    other = draw(wanted.filter(lambda one: one != values[first]))
    name = f"{draw(st.sampled_from(NAMES))}.{number}"
    mode = draw(st.sampled_from(MODES))
    return Managed(name, mode, text, values, frozenset(kept), (first, other))


def _keys(text: Text) -> list[str]:
    """The keys that a manifest can name: elements of XML are never added."""
    return [key for key in KEYS if text.form is not XML or text.places(key)]


@dataclass
class Story:
    """An installation folder through many runs."""

    server: EmbeddedServer
    folder: Path
    files: list[Managed]
    runs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = self.folder / "Web Engagement"
        self.state = open_store(str(self.folder / "state"))
        for one in self.files:
            path = self.root / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            path.chmod(one.mode)
            theirs = path.with_name(f"{path.name}.theirs")
            theirs.write_bytes(one.text.raw)
            theirs.chmod(0o644)
        self.write([one.text for one in self.files])
        manifests = "---\n".join(one.manifest() for one in self.files)
        (self.folder / "manifests.yaml").write_text(manifests, encoding="utf-8")
        self.installation = Installation.at(self.root)
        self.loaded = load_manifests([self.folder / "manifests.yaml"])

    def write(self, contents: Sequence[Text]) -> None:
        """What somebody does by hand."""
        for one, text in zip(self.files, contents, strict=True):
            (self.root / one.path).write_bytes(text.raw)

    def plan(self) -> Plan:
        access = SiteAccess(self.server, SiteOptions(APP), self.installation)
        return prepare(self.loaded, access, PlanOptions()).plan

    def run(self, plan: Plan) -> None:
        name = f"run-{len(self.runs)}"
        options = RunOptions(self.state, lock=False, installation=self.installation)
        report = execute_plan(
            plan,
            plan_json(plan),
            self.server,
            options,
            someone(name),
            Progress(),
        )
        assert report.exit_code == 0, [one.message for one in report.outcomes]
        self.runs.append(name)

    def undo(self, name: str) -> None:
        run = self.state.read_run(name)
        plan = plan_of_run(run)
        undo = plan_undo(run, plan, self.server, UndoOptions(installation=self.installation))
        assert undo.applyable
        self.run(undo)

    def holds(self, contents: Sequence[Text]) -> None:
        """Asserts every file, with its mode, and that there is no other one."""
        expected = {}
        for one, text in zip(self.files, contents, strict=True):
            expected[one.path] = (text.raw, one.mode)
            expected[f"{one.path}.theirs"] = (one.text.raw, 0o644)
        found = {
            path.relative_to(self.root).as_posix(): (
                path.read_bytes(),
                path.stat().st_mode & 0o7777,
            )
            for path in self.root.rglob("*")
            if path.is_file()
        }
        assert found == expected


def changes(plan: Plan) -> dict[str, Changes]:
    """Address -> what the plan shows that it changes."""
    assert {action.action for action in plan.actions} <= {"update", "in-sync", "keep"}
    return {one.address: _shown(changes_of(one)) for one in plan.actions if changes_of(one)}


def kept(plan: Plan) -> dict[str, Changes]:
    """Address -> what the plan shows that it leaves alone."""
    return {one.address: _shown(kept_of(one)) for one in plan.actions if kept_of(one)}


def _shown(found: Sequence[Change]) -> Changes:
    return {one.path: (one.before, one.after) for one in found}  # type: ignore[misc]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """One server for all examples: no plan here writes to it."""
    with opened(site_server(tmp_path_factory.mktemp("server"))) as found:
        yield found


@pytest.mark.long
@pytest.mark.parametrize("form", list(Format))
@settings(max_examples=examples(60, share=8), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_plan_an_apply_a_drift_and_an_undo_change_the_named_values_alone(
    form: Format, data: st.DataObject, server: EmbeddedServer
) -> None:
    files = [data.draw(managed(form, number)) for number in range(data.draw(st.integers(1, 2)))]
    for one in files:
        note(f"{one.path!r}, mode {one.mode:o}: {one.text.raw!r}\n{one.manifest()}")
    before = [one.text for one in files]
    after = [one.text.edited(one.written()) for one in files]
    by_hand = [text.held(*one.by_hand) for one, text in zip(files, after, strict=True)]
    again = [text.held(*one.wanted) for one, text in zip(files, by_hand, strict=True)]
    missing = {one.address: one.changes() for one in files if one.written()}
    left = {one.address: one.left() for one in files if one.left()}
    event(f"{len(missing)} of {len(files)} files differ")
    with tempfile.TemporaryDirectory() as folder:
        story = Story(server, Path(folder), files)
        first = story.plan()
        assert changes(first) == missing
        assert kept(first) == left
        story.holds(before)
        if missing:
            story.run(first)
        story.holds(after)
        assert story.plan().empty

        story.write(by_hand)
        drift = story.plan()
        assert changes(drift) == {one.address: one.drift() for one in files}
        story.run(drift)
        story.holds(again)
        assert story.plan().empty

        story.undo(story.runs[-1])
        story.holds(by_hand)
        story.undo(story.runs[-1])
        story.holds(again)
        story.write(after)
        if missing:
            story.undo(story.runs[0])
        story.holds(before)
