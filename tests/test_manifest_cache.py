"""What is kept of manifests between commands: the same as reading them, and never in the way."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from msgspec import Raw

from reconciler.errors import ManifestError
from reconciler.manifest import cache, load
from reconciler.manifest.bind import bind
from reconciler.manifest.cache import ManifestCache, manifest_cache
from reconciler.manifest.desired import Desired, DesiredObject, ManagedField
from reconciler.manifest.documents import Manifest, ReadingOptions
from reconciler.manifest.load import Loaded, load_manifests
from reconciler.resources import bundled_manifests
from reconciler.site.discovery import SiteOptions
from reconciler.site.find import find_site
from tests.harness import APP, VENDOR, gwe, opened, plan_arguments, site_server
from tests.test_start import imported

GROUP = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata:
  name: {name}
spec:
  annex:
    Chat: {{priority: 5, on: true, none: null, text: "0123 \\u00e9 \\U0001F600"}}
  agents: [E1, E2]
"""


class Folder:
    """A folder with manifests, and a cache for them."""

    def __init__(self, path: Path) -> None:
        self.manifests, self.cache = path / "m", path / "cache"
        self.manifests.mkdir()
        self.write("a", "Chat")

    def write(self, file: str, name: str) -> None:
        text = GROUP.format(name=name)
        (self.manifests / f"{file}.yaml").write_text(text, encoding="utf-8")

    def opened(self) -> ManifestCache:
        environment = {"XDG_CACHE_HOME": str(self.cache)}
        return manifest_cache([self.manifests], environment)

    def load(self) -> Loaded:
        return load_manifests([self.manifests], reading=ReadingOptions(cache=self.opened()))

    def names(self) -> list[str]:
        return [one.data["metadata"]["name"] for one in self.load().manifests]

    def from_cache(self) -> list[bool]:
        """For each manifest, whether it was known."""
        return [_was_kept(one) for one in self.load().manifests]

    def kept(self) -> Path:
        (file,) = (self.cache / "gwe-reconciler" / "manifests").iterdir()
        return file


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def _paths(data: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield path
    entries = data.items() if isinstance(data, dict) else []
    entries = enumerate(data) if isinstance(data, list) else entries
    for key, value in entries:
        yield from _paths(value, (*path, str(key)))


def _was_kept(manifest: Manifest) -> bool:
    """Whether the manifest comes from the cache: what is read has been decoded already."""
    return isinstance(manifest.document.content, Raw)


def _everything(loaded: Loaded) -> object:
    return [
        (one.kind.name, one.data, one.document.path, [str(one.at(p)) for p in _paths(one.data)])
        for one in loaded.manifests
    ]


@pytest.mark.parametrize("bundled", [True, False])
def test_what_is_known_has_the_values_and_positions_of_what_is_read(
    folder: Folder, bundled: bool
) -> None:
    paths: Sequence[Path] = [bundled_manifests()] if bundled else [folder.manifests]
    environment = {"XDG_CACHE_HOME": str(folder.cache)}
    first, again = (
        load_manifests(paths, reading=ReadingOptions(cache=manifest_cache(paths, environment)))
        for _ in range(2)
    )
    assert all(_was_kept(one) == bundled for one in first.manifests)
    assert all(map(_was_kept, again.manifests))
    assert _everything(again) == _everything(first) == _everything(load_manifests(paths))
    assert again.digest == first.digest


def test_of_files_of_which_one_has_changed_only_that_is_read(folder: Folder) -> None:
    folder.write("b", "Voice")
    assert folder.from_cache() == [False, False]
    folder.write("a", "Sales")
    assert folder.from_cache() == [False, True]
    assert folder.names() == ["Sales", "Voice"]
    assert folder.from_cache() == [True, True]


def test_the_digest_of_known_manifests_is_the_one_that_reading_them_gives(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def check() -> None:
        monkeypatch.setattr(load, "_digest", digest)
        expected = load_manifests([folder.manifests]).digest
        assert folder.load().digest == expected
        monkeypatch.setattr(load, "_digest", lambda _: "computed")
        assert folder.load().digest == expected

    digest = load._digest
    folder.write("c", "Third")
    check()
    folder.write("b", "Second")  # between what is known
    check()
    for name, other in (("a", "b"), ("b", "a")):  # the same files in another order
        (folder.manifests / f"{name}.yaml").rename(folder.manifests / f"{other}.x")
    for file in folder.manifests.glob("*.x"):
        file.rename(file.with_suffix(".yaml"))
    assert folder.load().digest == "computed"
    (folder.manifests / "c.yaml").unlink()
    assert folder.load().digest == "computed"


def test_a_file_with_its_former_content_and_date_is_still_read_for_what_it_holds(
    folder: Folder,
) -> None:
    folder.load()
    file = folder.manifests / "a.yaml"
    status = file.stat()
    folder.write("a", "Tach")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert folder.names() == ["Tach"]


def test_manifests_with_a_mistake_are_not_kept_and_the_mistake_is_reported_again(
    folder: Folder,
) -> None:
    (folder.manifests / "b.yaml").write_text(GROUP.format(name="B").replace("agents", "agent"))
    told = []
    for _ in range(2):
        with pytest.raises(ManifestError) as raised:
            folder.load()
        told.append([str(one) for one in raised.value.diagnostics])
    assert told[0] == told[1]
    assert "unknown field agent in spec" in told[0][0]
    assert not folder.cache.exists()


def test_a_variable_that_is_missing_is_missed_again(folder: Folder) -> None:
    folder.write("a", "${var.team}")
    head = "apiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\nspec:\n"
    (folder.manifests / "v.yaml").write_text(f"{head}  team: {{description: d, default: Chat}}\n")
    folder.load()
    assert folder.from_cache() == [True, True]
    (folder.manifests / "v.yaml").unlink()
    assert folder.from_cache() == [True]
    environment = {"XDG_CACHE_HOME": str(folder.cache)}
    result = gwe("validate", "-f", "m", cwd=folder.manifests.parent, env=environment)
    assert "undefined variable ${var.team}" in result.err


def test_only_the_user_can_read_what_is_kept(folder: Folder) -> None:
    folder.load()
    assert folder.kept().stat().st_mode & 0o777 == 0o600
    assert folder.kept().parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_text(""),
        lambda file: file.write_bytes(b"\xff\xfe"),
        lambda file: file.write_text(file.read_text().replace("Chat", "Evil")),
        lambda file: file.write_text(file.read_text()[:-9]),
        lambda file: file.chmod(0o644),
        lambda file: file.parent.chmod(0o777),
        lambda file: (file.rename(file.with_name("x")), file.symlink_to("x")),
        lambda file: (file.unlink(), file.mkdir()),
    ],
    ids=["empty", "no text", "changed", "cut", "open file", "open folder", "link", "folder"],
)
@pytest.mark.skipif(sys.platform == "win32", reason="files have no mode there")
def test_what_is_damaged_or_open_to_others_is_not_used(folder: Folder, damage: Any) -> None:
    folder.load()
    damage(folder.kept())
    assert folder.from_cache() == [False]
    assert folder.names() == ["Chat"]


def test_what_another_user_owns_is_not_used(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.load()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert folder.from_cache() == [False]


@pytest.mark.parametrize("name", ["__version__", "_FORMAT"])
def test_another_version_keeps_its_own(
    folder: Folder, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.load()
    monkeypatch.setattr(cache if name == "_FORMAT" else cache.reconciler, name, "other")
    assert folder.from_cache() == [False]


@pytest.mark.parametrize(
    "environment",
    [{"GWE_CACHE": "off"}, {"XDG_CACHE_HOME": "relative"}, {"HOME": ""}],
    ids=["turned off", "no folder", "no home"],
)
def test_without_a_cache_nothing_is_kept(
    folder: Folder, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.manifests.parent)
    for _ in range(2):
        reading = ReadingOptions(cache=manifest_cache([folder.manifests], environment))
        manifests = load_manifests([folder.manifests], reading=reading).manifests
        assert [_was_kept(one) for one in manifests] == [False]
    assert [one.name for one in folder.manifests.parent.iterdir()] == ["m"]


def test_where_the_cache_cannot_be_written_manifests_are_read(folder: Folder) -> None:
    folder.cache.write_text("a file stands in its place")
    assert folder.from_cache() == [False]
    assert folder.from_cache() == [False]


def test_what_comes_from_a_pipe_is_not_kept(folder: Folder) -> None:
    text, environment = GROUP.format(name="Chat"), {"XDG_CACHE_HOME": str(folder.cache)}
    result = gwe("validate", "-f", "-", cwd=folder.manifests, env=environment, stdin=text)
    assert result.code == 0
    assert not folder.cache.exists()


def test_the_oldest_goes_where_the_cache_is_full(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.load()
    first = folder.kept()
    os.utime(first, (1, 1))
    monkeypatch.setattr(cache, "MAX_BYTES", first.stat().st_size + 100)
    other = manifest_cache([folder.manifests / "a.yaml"], {"XDG_CACHE_HOME": str(folder.cache)})
    load_manifests([folder.manifests / "a.yaml"], reading=ReadingOptions(cache=other))
    assert folder.kept() != first


def test_a_set_that_is_larger_than_the_cache_is_not_kept(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "MAX_BYTES", 100)
    folder.load()
    assert not folder.cache.exists()


READERS = {"yaml", "jsonschema_rs", "reconciler.yaml.strict"}


def test_a_second_plan_needs_neither_yaml_nor_schemas(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    copytree(bundled_manifests(), tmp_path / "m")
    arguments = ("plan", *plan_arguments(server, "-f", "m"))
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    first, second = (imported(*arguments, cwd=tmp_path, env=environment) for _ in range(2))
    assert first & READERS == READERS
    assert not second & READERS


def test_a_first_plan_of_the_manifests_that_come_with_gwe_needs_neither(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    arguments = ("plan", *plan_arguments(server, "-f", "bundled"))
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert not imported(*arguments, cwd=tmp_path, env=environment) & READERS
    assert not (tmp_path / "cache").exists()


def test_what_comes_with_gwe_is_known_by_its_content_alone(tmp_path: Path) -> None:
    known = ManifestCache(tmp_path, [bundled_manifests()])
    elsewhere = ManifestCache(tmp_path, [tmp_path])
    for file in bundled_manifests().rglob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert known.find(text) is not None
        assert known.find(f"{text}#") is None
        assert elsewhere.find(text) is None


PLAIN = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Plain, folder: A/B}
spec:
  annex: {Chat: {priority: 5, text: "\\u00e9", gone: null, none: ''}}
  agents: [E1, E2]
initial: {annex: {Voice: {priority: '7'}}}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Elsewhere, tenant: Other}
ensure: absent
---
apiVersion: reconciler/v1
kind: BusinessAttributeValue
metadata: {attribute: Reason, name: Sales}
spec: {displayName: Sales, isDefault: true}
"""
UNUSUAL = """\
apiVersion: reconciler/v1
kind: Variables
metadata: {name: v}
spec: {word: {description: A word., default: text}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: "Variable ${var.word}"}
spec: {annex: {Chat: {site: "${site.tenant.name}", mark: "$${x}"}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Secret}
spec: {annex: {Chat: {word: {secret: true, from: env.CACHE_TEST}}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Typed}
spec: {annex: {Chat: {bytes: {binary: AAE=}, number: {integer: 5}}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Satisfied}
policy: {satisfiedBy: {/annex/Chat/word: [other*]}}
spec: {annex: {Chat: {word: text}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Policies}
policy: {overwrite: correct, protect: true}
spec: {annex: {Chat: {word: text}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Renamed, formerly: [Old]}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: " Exact ", exact: true}
"""


def test_what_manifests_declare_is_the_same_whether_they_are_known(
    folder: Folder, tmp_path: Path
) -> None:
    for name, text in (("plain", PLAIN), ("unusual", UNUSUAL)):
        (folder.manifests / f"{name}.yaml").write_text(text, encoding="utf-8")
    environment = {"CACHE_TEST": "geheim"}
    with opened(site_server(tmp_path, VENDOR)) as server:
        found, site = find_site(server, SiteOptions(APP), None)

        def declared(loaded: Loaded) -> Sequence[Desired]:
            return [
                bind(loaded.manifests, loaded.variables, environment, *where)
                for where in ((), (site, found))
            ]

        first = load_manifests([folder.manifests])
        assert not any(one.plain for one in first.manifests)
        learned, known = folder.load(), folder.load()
        assert declared(first) == declared(learned) == declared(known)
    plain = {one.plain.key[-1] for one in known.manifests if one.plain}
    assert plain == {"Chat", "Plain", "Elsewhere", "Sales"}
    assert {one.plain.key[-1] for one in learned.manifests if one.plain} == plain
    assert b"geheim" not in folder.kept().read_bytes()


def test_every_part_of_an_object_is_kept_or_follows_from_what_is_kept() -> None:
    kept = {"key", "tenant", "folder", "absent", "origin", "fields"}
    follows = {"kind", "other_tenant"}
    makes_it_unusual = {"policy", "formerly", "exact"}
    assert {*DesiredObject.__struct_fields__} == kept | follows | makes_it_unusual
    kept, follows = {"path", "value", "origin", "ownership"}, {"manifest"}
    makes_it_unusual = {"secret", "whole_section", "satisfied_by"}
    assert {*ManagedField.__struct_fields__} == kept | follows | makes_it_unusual


def test_a_known_manifest_is_reported_under_the_name_that_its_file_has_now(
    folder: Folder,
) -> None:
    folder.load()
    (folder.manifests / "a.yaml").rename(folder.manifests / "b.yaml")
    loaded = folder.load()
    (one,) = bind(loaded.manifests, loaded.variables, {}).objects
    assert {Path(each.file).name for each in (one.origin, *(f.origin for f in one.fields))} == {
        "b.yaml"
    }


def test_an_object_that_a_known_manifest_declares_too_is_declared_twice(folder: Folder) -> None:
    folder.write("b", "Sales")
    folder.load()
    folder.write("c", "Chat")
    loaded = folder.load()
    assert [bool(one.plain) for one in loaded.manifests] == [True, True, True]
    with pytest.raises(ManifestError, match="AgentGroup/Chat is declared twice"):
        bind(loaded.manifests, loaded.variables, {})
