"""A recognisable secret goes through everything that gwe prints, saves or keeps beside its
backups, in every life that an option may have, and is found nowhere."""

import base64
import html
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.apply.lock.lock_object import find_locks
from reconciler.engine.planning import Planned
from reconciler.engine.progress import Progress
from reconciler.engine.site_session import SiteSession
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.load import Loaded
from reconciler.plan.context import PlanOptions
from reconciler.plan.secrets import secret_digest
from reconciler.render.forms import FORMS
from reconciler.server.delta import Delta, KeyValueDelta
from tests.harness import (
    BARE,
    Result,
    find,
    gwe,
    opened,
    plan_arguments,
    site_server,
)
from tests.runs import Nursery
from tests.test_secrets import dies_before_the_create, identity_of, kept

HEAD = "apiVersion: reconciler/v1\n"
OLD, OTHER = "0ld-l1ve-v4lue", "s0meone-else"
SECRETS = ["n3w-v4lue", "q\"uo't<e>&\\d", "zwei\nZeilen: [bold]", "ключ-🔑", "%41*?${x}"]
DECLARED = "{secret: true, from: env.HUSH}"


def site(option: str) -> str:
    return (
        f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nAgentGroup:\n"
        f"  - {{name: Group, annex: {{db: {{{option}: {OLD}, user: live-user}}}}}}\n"
    )


def manifest(option: str, value: str, user: str = "ours") -> str:
    return (
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: Group}}\n"
        f"spec: {{annex: {{db: {{{option}: {value}, user: {user}}}}}}}\n"
    )


@contextmanager
def each_plan_once() -> Iterator[None]:
    """Nothing is written meanwhile: what is planned with the same options is planned once, and
    shown in all forms."""
    made: dict[PlanOptions, Planned] = {}
    planned = SiteSession.planned

    def kept(
        session: SiteSession, loaded: Loaded, options: PlanOptions, progress: Progress | None
    ) -> Planned:
        if options not in made:
            made[options] = planned(session, loaded, options, progress)
        return made[options]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SiteSession, "planned", kept)
        yield


class Story:
    """Runs commands in one folder, and keeps all that they leave to read. ``nursery``: for a
    process that dies."""

    def __init__(
        self, folder: Path, option: str, secret: str, nursery: Nursery | None = None
    ) -> None:
        self.folder, self.option, self.secret, self.nursery = folder, option, secret, nursery
        self.texts: dict[str, str] = {}
        self.server = site_server(folder, site(option))
        (folder / "gwe.toml").write_text('[secrets]\nwords = ["door-code"]\n', encoding="utf-8")

    def declare(self, value: str, user: str = "ours") -> None:
        text = manifest(self.option, value, user)
        (self.folder / "m.yaml").write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> Result:
        result = gwe(*arguments, cwd=self.folder, env={"HUSH": self.secret})
        self.texts[f"{len(self.texts)}: gwe {' '.join(arguments)}"] = result.out + result.err
        return result

    def on_site(self, *arguments: str) -> Result:
        command, *more = arguments
        return self.run(command, *plan_arguments(self.server, "-f", "m.yaml", *more))

    def look(self) -> None:
        """Everything that looks and writes nothing. JSON is the same with ``--verbose``."""
        self.run("validate", "-f", "m.yaml")
        with each_plan_once():
            for name, more in (("update.plan", ()), ("replace.plan", ("--overwrite",))):
                self.on_site("plan", "--out", name, *more)
                self.on_site("plan", "--verbose", *more)
                self.on_site("plan", "--format", "json", *more)
                for form in FORMS.keys() - {"text", "json"}:
                    self.on_site("plan", "--format", form, *more)
                    self.on_site("plan", "--format", form, "--verbose", *more)
                if (self.folder / name).exists():
                    self.keep_file(name)
                    for form in FORMS:
                        self.run("show", name, "--format", form, "--verbose")
            for form in FORMS:
                self.on_site("drift", "--format", form)

    def keep_file(self, name: str) -> None:
        self.texts[f"{len(self.texts)}: {name}"] = (self.folder / name).read_text("utf-8")

    def history(self) -> None:
        """Everything that tells of runs, and what the state and the lock hold of them."""
        for form in FORMS:
            self.run("runs", "--format", form)
            self.run("runs", "show", "last", "--format", form)
        self.run("lock", "show", "--server", f"embedded:{self.server}")
        self.texts |= kept(self.folder)
        with opened(self.server) as server:
            self.texts["lock"] = repr(find_locks(server))

    def changed_by_another(self) -> None:
        change = KeyValueDelta(changed={"db": {self.option: OTHER}})
        dbid = find(self.server, "AgentGroup", "Group").dbid
        with opened(self.server) as server:
            server.update("AgentGroup", dbid, Delta(key_values={"userProperties": change}))


def spellings(secret: str) -> Iterator[str]:
    """The forms in which an output may have a text."""
    yield from secret.splitlines() if len(secret.splitlines()) > 1 else [secret]
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    yield quote(secret)
    yield base64.b64encode(secret.encode()).decode()


def found(story: Story) -> list[str]:
    return [
        f"{where}: {form}"
        for where, text in story.texts.items()
        for secret in (story.secret, OLD, OTHER)
        for form in spellings(secret)
        if form in text
    ]


def written_and_changed(story: Story) -> None:
    story.declare(DECLARED)
    story.look()
    story.on_site("apply", "--auto-approve", "--verbose")
    story.history()
    story.changed_by_another()
    story.look()
    story.run("undo", "last", "--verbose")
    story.run("undo", "last", "--auto-approve", "--force")


def taken_away(story: Story) -> None:
    story.declare(DECLARED)
    story.on_site("apply", "--auto-approve")
    for value in ("null", "{secret: true, absent: true}"):
        story.declare(value)
        story.look()
    story.run("apply", "update.plan", "--auto-approve", "--verbose")
    story.history()
    story.run("undo", "last", "--auto-approve", "--verbose")


def replaced(story: Story) -> None:
    story.declare(DECLARED)
    story.on_site("apply", "--auto-approve", "--overwrite", "--verbose")
    story.history()
    text = manifest(story.option, "x").replace(f"{story.option}: x, ", "")
    (story.folder / "m.yaml").write_text(text, encoding="utf-8")
    story.look()
    story.on_site("apply", "--auto-approve", "--overwrite", "--verbose")
    story.run("undo", "last", "--auto-approve", "--verbose")


def stale(story: Story) -> None:
    story.declare(DECLARED)
    story.look()
    story.changed_by_another()
    for plan in ("update.plan", "replace.plan"):
        assert story.run("apply", plan, "--auto-approve", "--verbose").code == 4
        story.run("apply", plan, "--auto-approve", "--verbose", "--skip-stale")


def recovered(story: Story) -> None:
    story.declare(DECLARED)
    arguments = plan_arguments(story.server, "-f", "m.yaml", "--overwrite")
    assert story.nursery
    dies_before_the_create(story.nursery, story.folder, *arguments, env={"HUSH": story.secret})
    story.history()
    assert story.on_site("apply", "--auto-approve").code != 0
    assert story.run("recover", "--server", f"embedded:{story.server}").code == 0
    story.history()


def refused(story: Story) -> None:
    """The secret itself stands where something else belongs."""
    text = json.dumps(story.secret)
    for form in (
        f"{{secret: true, from: {text}}}",
        f"{{secret: {text}, from: env.HUSH}}",
        f"{{secret: true, absent: {text}}}",
    ):
        story.declare(form)
        assert story.on_site("plan", "--verbose").code == 1
        assert story.run("validate", "-f", "m.yaml").code == 1


def in_clear(story: Story) -> None:
    """After a run that wrote it as a secret, the manifest has it in clear."""
    story.declare(DECLARED)
    story.on_site("apply", "--auto-approve")
    story.changed_by_another()
    story.declare(json.dumps(story.secret))
    story.look()
    story.on_site("apply", "--auto-approve", "--verbose")
    story.history()


STORIES = (written_and_changed, taken_away, replaced, stale, refused, in_clear, recovered)


@pytest.mark.long
@pytest.mark.parametrize(
    "tell",
    [*STORIES[:-1], pytest.param(recovered, marks=pytest.mark.process)],
    ids=lambda tell: tell.__name__,
)
@pytest.mark.parametrize("option", ["login", "dbPassword", "doorCode"])
def test_a_secret_is_in_no_output_file_or_record(
    option: str,
    tell: Callable[[Story], None],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = SECRETS[STORIES.index(tell) % len(SECRETS)]
    nursery = request.getfixturevalue("nursery") if tell is recovered else None
    story = Story(tmp_path, option, secret, nursery)
    tell(story)
    story.texts["log"] = caplog.text
    assert len(story.texts) > 5
    assert "(secret)" in "".join(story.texts.values()) or tell is refused
    assert found(story) == []


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_of_any_characters_is_written_as_it_is_and_shown_nowhere(
    secret: str, tmp_path: Path
) -> None:
    story = Story(tmp_path, "login", secret)
    story.declare(DECLARED)
    story.look()
    done = story.run("apply", "update.plan", "--auto-approve", "--verbose")
    assert done.code == 0, done.err
    story.history()
    annex = find(story.server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex["db"]["login"] == secret
    assert found(story) == []
    path: FieldPath = ("annex", "db", "login")
    digest = secret_digest(secret, identity_of(story.server), "AgentGroup/Group", path)
    assert digest in (tmp_path / "update.plan").read_text("utf-8")


def test_the_search_finds_a_secret_however_it_is_spelt(tmp_path: Path) -> None:
    for number, secret in enumerate(SECRETS):
        folder = tmp_path / str(number)
        folder.mkdir()
        story = Story(folder, "login", secret)
        for text in (secret, json.dumps({"a": secret}), repr([secret]), html.escape(secret)):
            story.texts = {"output": f"before {text} after"}
            assert found(story), text
