"""``gwe compare``: is test what production is?"""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, currently_in_test_context, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.compare.mapping import EnvironmentMapping, SameText
from reconciler.compare.model import Comparison
from reconciler.compare.nested import differing_paths
from reconciler.engine.comparing import (
    CompareRequest,
    FolderSource,
    LiveSource,
    Source,
    compare_sources,
)
from reconciler.engine.copying import copy_server
from reconciler.engine.progress import Progress
from reconciler.engine.reconciler import Reconciler
from reconciler.errors import NothingToExportError, SideError, UsageError
from reconciler.export.selection import ExportRequest
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.plan.identity import address_of
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.discovery import SiteOptions
from reconciler.site.find import find_site
from reconciler.testing.contract.site import LEAST_OF_ALL
from tests.conftest import examples
from tests.harness import APP, VENDOR, Result, find, gwe, gwe_process, opened, site_server
from tests.markdown_pages import check_structure, text_outside_code
from tests.test_every_type import attributes
from tests.test_export_to_manifests import SITE
from tests.worlds import World, provisioned

SETTINGS = """\
app = "GWE"
[profiles.test]
server = "embedded:test.db"
[profiles.production]
server = "embedded:production.db"
"""
HEADER = f"""apiVersion: reconciler/v1
kind: Site
extends: {VENDOR}
tenant: Resources
"""


def servers(folder: Path, test: str = "", production: str = "") -> Path:
    """A folder with the servers test.db and production.db, each a provisioned site with more
    objects in it, and a gwe.toml with profiles for both."""
    for name, more in (("test", test), ("production", production)):
        own = folder / f"of-{name}"
        own.mkdir()
        site_server(own, HEADER + more).rename(folder / f"{name}.db")
    (folder / "gwe.toml").write_text(SETTINGS, encoding="utf-8")
    return folder


def compare(folder: Path, *more: str | Path, a: str = "test", b: str = "production") -> Result:
    return gwe("compare", a, b, *more, cwd=folder)


def options(**sections: dict[str, str | None]) -> Delta:
    """The update that sets options of an annex."""
    return Delta(key_values={"userProperties": KeyValueDelta(changed=sections)})


def edit(folder: Path, server: str, object_type: str, name: str, delta: Delta) -> None:
    path = folder / f"{server}.db"
    with opened(path) as session:
        session.update(object_type, find(path, object_type, name).dbid, delta)


def last_line(result: Result) -> str:
    return result.out.splitlines()[-1]


# Two sites


def test_two_sites_that_are_the_same_have_no_difference(tmp_path: Path) -> None:
    result = compare(servers(tmp_path))
    assert (result.code, result.err) == (0, "")
    assert last_line(result) == (
        "Compare: 0 differ, 0 only in test, 0 only in production, 34 equal."
    )


def test_what_differs_is_shown_by_names_with_both_values_and_exit_2(tmp_path: Path) -> None:
    servers(
        tmp_path,
        test="Skill: [{name: French}]\nPerson: [{employeeID: '7001', userName: agent,"
        " isAgent: true, skills: [{skill: French, level: 3}]}]\n",
    )
    bound = options(Orchestration={"application": "script:Webengagement_Missed.Routing"})
    edit(tmp_path, "production", "Script", "Webengagement_Chat", bound)
    result = compare(tmp_path)
    assert result.code == 2
    assert (
        result.out
        == """\
A  test        embedded:test.db, site GWE, tenant Resources
B  production  embedded:production.db, site GWE, tenant Resources

InteractionQueue
  ~ Webengagement_Chat
      annex/Orchestration/application:
        test:       script:Webengagement_Chat.Routing
                                         ^^^^
        production: script:Webengagement_Missed.Routing
                                         ^^^^^^

Skill
  - French  only in test

Person
  ~ 7001
      skills/French/level: 3 -> (absent)

Not compared: Person/7001, password: a password cannot be read (on both sides)

1 value could not be compared.
Compare: 2 differ, 1 only in test, 0 only in production, 32 equal.
"""
    )


def test_neither_side_is_written_to(tmp_path: Path) -> None:
    servers(tmp_path, test="Skill: [{name: French}]\n")
    before = {one: (tmp_path / one).read_bytes() for one in ("test.db", "production.db")}
    assert compare(tmp_path, "--all").code == 2
    assert {one: (tmp_path / one).read_bytes() for one in before} == before


def test_a_field_that_only_one_side_sets_stands_beside_the_default_of_the_other(
    tmp_path: Path,
) -> None:
    servers(tmp_path)
    edit(tmp_path, "production", "Script", "Webengagement_Chat", Delta({"state": 2}))
    assert "  ~ Webengagement_Chat\n      state: Enabled -> Disabled\n" in compare(tmp_path).out


def test_kinds_and_names_choose_what_is_compared(tmp_path: Path) -> None:
    servers(tmp_path, test="Skill: [{name: French}, {name: English}]\nPlace: [{name: Desk}]\n")
    result = compare(tmp_path, "--kind", "Skill", "--name", "F*")
    assert "  - French  only in test\n" in result.out
    assert last_line(result) == (
        "Compare: 0 differ, 1 only in test, 0 only in production, 0 equal."
    )
    everything = compare(tmp_path, "--all")
    assert all(f"  - {name}  only in test\n" in everything.out for name in ("French", "Desk"))


def test_an_object_that_only_belongs_to_one_site_is_looked_for_in_the_other(
    tmp_path: Path,
) -> None:
    routing = "Script: [{name: Own.Routing, type: EnhancedRouting}]\n"
    servers(tmp_path, test=routing, production=routing)
    bound = options(Orchestration={"application": "script:Own.Routing"})
    edit(tmp_path, "test", "Script", "Webengagement_Chat", bound)
    result = compare(tmp_path)
    assert "Own.Routing  only in" not in result.out
    assert "Own.Routing  only in" not in compare(tmp_path, a="production", b="test").out
    assert last_line(result) == (
        "Compare: 1 differs, 0 only in test, 0 only in production, 34 equal."
    )


def test_every_change_of_an_option_is_seen_whatever_its_name_and_type(tmp_path: Path) -> None:
    annex = "Skill: [{name: S, annex: {__s: {__o: '1', n: 5, same: 'x'}}}]\n"
    servers(tmp_path, test=annex, production=annex)
    edit(tmp_path, "production", "Skill", "S", options(__s={"__o": "2", "n": "5"}))
    result = compare(tmp_path, "--kind", "Skill")
    assert '      annex/__s/__o: 1 -> 2\n      annex/__s/n: 5 -> "5"\n' in result.out
    assert "annex/__s/same" not in result.out


def test_values_of_several_applications_of_a_role_are_compared_with_each_of_them(
    tmp_path: Path,
) -> None:
    servers(
        tmp_path,
        production="Application:\n"
        "  - {name: Chat_2, type: ChatServer, options: {'endpoints:101': {webme: Other}}}\n"
        "  - {name: GWE, type: WebEngagementBackendServer, "
        "connections: [Ixn, Stat, Chat, Chat_2], options: {chat: {queueKey: '101:webme',"
        " webengagementChatQueue: Webengagement_Chat}}}\n"
        "Script: [{name: Other, type: InteractionQueue}]\n",
    )
    result = compare(tmp_path)
    assert "  ~ Chat_2  in test the same for every chat-server\n" in result.out
    assert "options/endpoints:${site.tenant.dbid}/webme:" in result.out
    assert last_line(result) == (
        "Compare: 1 differs, 0 only in test, 1 only in production, 34 equal."
    )


def test_of_objects_with_little_in_common_only_what_differs_is_named() -> None:
    one: dict[FieldPath, Value] = {("annex", "s", f"{number}"): number for number in range(20)}
    other: dict[FieldPath, Value] = {("annex", "s", "7"): 7, ("annex", "t", "x"): "long\ntext"}
    assert differing_paths(one, other) == {*one, *other} - {("annex", "s", "7")}
    assert differing_paths(one, {}) == {*one}


# Exports and copies


def test_a_site_is_what_its_export_says_until_somebody_changes_it(tmp_path: Path) -> None:
    servers(tmp_path)
    gwe("export", "site", "--profile", "test", cwd=tmp_path)
    result = compare(tmp_path, a="site", b="test")
    assert (result.code, "A  site  manifests\n" in result.out) == (0, True)
    edit(tmp_path, "test", "Script", "Webengagement_Chat", options(Queue={"vendor": "ours"}))
    result = compare(tmp_path, a="site", b="test")
    assert result.code == 2
    assert "      annex/Queue/vendor: Chat -> ours\n" in result.out


def test_two_exports_are_compared_without_a_server(tmp_path: Path) -> None:
    servers(tmp_path)
    for name in ("test", "production"):
        gwe("export", f"{name}-site", "--profile", name, cwd=tmp_path)
        (tmp_path / f"{name}.db").unlink()
    assert compare(tmp_path, a="test-site", b="production-site").code == 0


def test_an_export_with_variables_is_compared_with_what_they_stand_for(tmp_path: Path) -> None:
    annex = "Skill: [{name: S, annex: {s: {url: 'http://host.example.com/x'}}}]\n"
    servers(tmp_path, test=annex, production=annex)
    chosen = ("--kind", "Skill")
    gwe("export", "site", "--profile", "test", "--parameterise", "host", *chosen, cwd=tmp_path)
    assert compare(tmp_path, *chosen, a="site").code == 0
    edit(tmp_path, "production", "Skill", "S", options(s={"url": "http://elsewhere/x"}))
    result = compare(tmp_path, *chosen, a="site")
    assert "        site:       http://${site.server.host}/x\n" in result.out
    assert "        production: http://elsewhere/x\n" in result.out


def test_a_copy_is_what_it_was_copied_from(tmp_path: Path) -> None:
    servers(tmp_path)
    gwe("snapshot", "copy.db", "--profile", "test", cwd=tmp_path)
    result = compare(tmp_path, "--all", a="test", b="copy.db")
    assert result.code == 0
    assert "a password cannot be read (on both sides)" in result.out


def test_a_default_that_a_manifest_says_is_no_difference(tmp_path: Path) -> None:
    servers(tmp_path, "Skill: [{name: S}]\n")
    (tmp_path / "s.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Skill\nmetadata: {name: S}\nspec: {state: Enabled}\n"
    )
    assert compare(tmp_path, "--kind", "Skill", a="s.yaml", b="test").code == 0


def test_what_no_manifest_can_say_is_a_difference_where_the_export_says_something_else(
    tmp_path: Path,
) -> None:
    """A strategy that is gone could not be exported; that the queue had another one is known."""
    bound = options(Orchestration={"application": "script:No.Such"})
    servers(tmp_path)
    gwe("export", "before", "--profile", "test", cwd=tmp_path)
    edit(tmp_path, "test", "Script", "Webengagement_Chat", bound)
    result = compare(tmp_path, a="before", b="test")
    assert result.code == 2
    assert "        script:Webengagement_Chat.Routing -> script:No.Such\n" in result.out
    gwe("export", "after", "--profile", "test", cwd=tmp_path)
    result = compare(tmp_path, a="after", b="test")
    assert result.code == 0
    assert (
        "Not compared: InteractionQueue/Webengagement_Chat,\n"
        "      annex/Orchestration/application: it refers to EnhancedRouting 'No.Such',\n"
        "      which neither exists nor is to be created (on test)\n"
    ) in result.out
    skills = "Skill: [{name: 'blank '}]\n"
    (tmp_path / "more").mkdir()
    servers(tmp_path / "more", skills)
    (tmp_path / "more" / "s.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Skill\nmetadata: {name: blank}\n"
    )
    result = compare(tmp_path / "more", "--kind", "Skill", a="s.yaml", b="test")
    assert "  - blank  only in s.yaml\n  + blank%20  only in test\n" in result.out
    assert "Not compared" not in result.out  # a manifest can say the name, with metadata.exact


# Known differences

MAPPING = """\
apiVersion: reconciler/v1
kind: CompareMapping
"""


def with_mapping(folder: Path, text: str) -> tuple[str, str]:
    (folder / "known.yaml").write_text(MAPPING + text, encoding="utf-8")
    return "--mapping", "known.yaml"


def skill(value: str, name: str = "S") -> str:
    return f"Skill: [{{name: {name}, annex: {{s: {{url: '{value}'}}}}}}]\n"


def test_texts_of_a_mapping_stand_for_each_other(tmp_path: Path) -> None:
    servers(tmp_path, skill("http://cs.test:8080/a"), skill("http://cs.example.com:9090/a"))
    only_hosts = with_mapping(tmp_path, "same:\n  - {a: cs.test, b: cs.example.com}\n")
    result = compare(tmp_path, "--kind", "Skill", *only_hosts)
    assert (result.code, "Note:" in result.out) == (2, False)
    both = with_mapping(
        tmp_path,
        "same:\n  - {a: cs.test, b: cs.example.com}\n"
        "  - {a: '8080', b: '9090', in: [Skill/*/url]}\n",
    )
    assert compare(tmp_path, "--kind", "Skill", *both).code == 0


def test_a_test_site_that_leads_to_the_host_of_production_differs(tmp_path: Path) -> None:
    servers(tmp_path, skill("http://cs.example.com/"), skill("http://cs.example.com/"))
    mapping = with_mapping(tmp_path, "same:\n  - {a: cs.test, b: cs.example.com}\n")
    result = compare(tmp_path, "--kind", "Skill", *mapping)
    assert result.code == 2
    assert (
        "  ~ S\n      annex/s/url: http://cs.example.com/\n"
        "        both sides have this text, where the mapping expects each to have its\n"
        "        own\n"
    ) in result.out
    assert (
        "Note: known.yaml:4:5: 'cs.test', the text for side A of this entry, does not"
        " occur in test: the entry has no effect. Correct or remove it."
    ) in " ".join(result.out.split())


def test_objects_are_found_under_the_names_that_a_mapping_gives_them(tmp_path: Path) -> None:
    servers(tmp_path, skill("1", "Test French"), skill("2", "French"))
    mapping = with_mapping(tmp_path, "same:\n  - {a: Test French, b: French}\n")
    result = compare(tmp_path, "--kind", "Skill", *mapping)
    assert "  ~ Test French  production calls it Skill/French\n      annex/s/url: 1 -> 2\n" in (
        result.out
    )


def test_what_a_mapping_ignores_is_counted_and_does_not_count(tmp_path: Path) -> None:
    servers(tmp_path, skill("1") + "Place: [{name: Desk}]\n", skill("2"))
    mapping = with_mapping(tmp_path, "ignore: [Skill/*/annex/s/url, 'Object/Field/*', Place/*]\n")
    result = compare(tmp_path, "--all", *mapping)
    assert result.code == 0
    assert "2 differences are ignored, as the mapping says.\n" in result.out
    assert "Note: known.yaml: Object/Field/* is to be ignored, and matches nothing.\n" in result.out
    nothing_else = compare(tmp_path, "--kind", "Place", *mapping)
    assert "1 difference is ignored, as the mapping says.\n" in nothing_else.out
    fields_only = with_mapping(tmp_path, "ignore: ['Place/*/*']\n")
    result = compare(tmp_path, "--kind", "Place", *fields_only, "-v")
    assert (result.code, "as the mapping says" in result.out) == (2, False)


def test_a_text_of_a_mapping_is_found_as_a_whole_word_only() -> None:
    from reconciler.compare.mapping import SideMapping  # noqa: PLC0415

    mapping = EnvironmentMapping((SameText("cs", "ps"), SameText("cs.test", "ps.test")))
    side = SideMapping(mapping, "a")
    assert side.compared("http://cs/ acs cs-1 cs.test cs.", "") == (
        "http://\0<0>/ acs cs-1 \0<1> \0<0>."
    )
    assert side.compared("\0<0>", "") == "\0\0<0>"
    assert side.used == {0, 1}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sane: []\n", "known.yaml:3:1: unknown field sane; did you mean same?\n"),
        ("same: [{a: x}]\n", "known.yaml:3:8: b of item 1 of same is missing\n"),
        ("same: [{a: x, b: ' '}]\n", "known.yaml:3:15: b of item 1 of same must not be blank\n"),
        ("same: [{a: x, b: y}, {a: x, b: z}]\n", "known.yaml:3:23: 'x' is mapped twice\n"),
    ],
)
def test_a_mapping_with_a_mistake_is_refused_with_its_place(
    tmp_path: Path, text: str, says: str
) -> None:
    result = compare(servers(tmp_path), *with_mapping(tmp_path, text))
    assert (result.code, result.out) == (1, "")
    assert says in result.err


def test_all_mistakes_of_a_mapping_are_told_at_once_in_the_order_of_their_lines(
    tmp_path: Path,
) -> None:
    text = (
        "ignore: Skill/*\n"
        "same:\n"
        "  - {a: x, b: y, within: [Skill/*]}\n"
        "  - {a: x}\n"
        "  - text\n"
        "  - {a: 1, b: y, in: [Skill/*, ' ']}\n"
        "sane: []\n"
    )
    result = compare(servers(tmp_path), *with_mapping(tmp_path, text))
    assert (result.code, result.out) == (1, "")
    told = [line for line in result.err.splitlines() if not line.startswith("  ")]
    assert told == [
        "error: known.yaml:3:1: ignore must be a list",
        "error: known.yaml:5:18: unknown field within in item 1 of same",
        "error: known.yaml:6:5: b of item 2 of same is missing",
        "error: known.yaml:6:6: 'x' is mapped twice",
        "error: known.yaml:7:5: item 3 of same must be a mapping",
        "error: known.yaml:8:6: a of item 4 of same must be a text",
        "error: known.yaml:8:32: item 2 of in of item 4 of same must not be blank",
        "error: known.yaml:9:1: unknown field sane; did you mean same?",
        "8 problems.",
    ]
    assert "  Known here: a, b, in.\n" in result.err


def test_what_sites_have_of_their_own_counts_as_equal_where_asked(tmp_path: Path) -> None:
    servers(
        tmp_path,
        skill("http://host.example.com/"),
        skill("http://prod.example.com/")
        + "Host: [{name: prod.example.com, ipAddress: 10.0.0.1}]\n"
        "Application: [{name: GWE, type: WebEngagementBackendServer,"
        " server: {host: prod.example.com}, connections: [Ixn, Stat, Chat]}]\n",
    )
    assert compare(tmp_path, "--kind", "Skill").code == 2
    assert compare(tmp_path, "--kind", "Skill", "--site-values", "host,tenant").code == 0


# What cannot be compared


def test_secrets_are_compared_and_never_shown(tmp_path: Path) -> None:
    annex = "Skill: [{{name: S, annex: {{db: {{password: {}}}}}}}]\n"
    servers(tmp_path, annex.format("hush-one"), annex.format("hush-two"))
    for form in ("text", "json", "markdown"):
        result = compare(tmp_path, "--all", "-v", "--format", form)
        assert result.code == 2
        assert "annex/db/password" in result.out
        assert "hush" not in result.out + result.err
    edit(tmp_path, "production", "Skill", "S", options(db={"password": "hush-one"}))
    assert compare(tmp_path, "--kind", "Skill").code == 0


def test_a_secret_in_manifests_is_said_to_be_unknown(tmp_path: Path) -> None:
    servers(tmp_path, "Skill: [{name: S, annex: {db: {password: hush, user: me}}}]\n")
    gwe("export", "site", "--profile", "test", "--kind", "Skill", cwd=tmp_path)
    result = compare(tmp_path, "--kind", "Skill", a="site", b="test")
    assert result.code == 0
    assert (
        "Not compared: Skill/S, annex/db/password: manifests hold no values of secrets\n"
        "      (on site)\n"
    ) in result.out
    assert "1 value could not be compared.\n" in result.out


def test_what_one_side_calls_a_secret_is_hidden_on_both(tmp_path: Path) -> None:
    annex = "Skill: [{{name: S, annex: {{door: {{code: '{}'}}}}}}]\n"
    servers(tmp_path, annex.format("hush-one"), annex.format("hush-two"))
    with (tmp_path / "gwe.toml").open("a") as file:
        file.write('[profiles.production.secrets]\nwords = ["code"]\n')
    for form in ("text", "json", "markdown"):
        result = compare(tmp_path, "--kind", "Skill", "--format", form)
        assert (result.code, "hush" in result.out + result.err) == (2, False)


class Blind:
    """A server whose account cannot read the persons."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.info = server.info
        self.permissions = server.permissions
        self.history = server.history
        self.close = server.close
        self._read = server.read

    def read(self, object_type: str, filters: Any = None) -> list[ConfObject]:
        return [] if object_type == "Person" else self._read(object_type, filters)


@contextmanager
def live(path: Path, app: str = APP) -> Iterator[LiveSource]:
    with Reconciler.connect(
        f"embedded:{path}", SiteOptions(app), state=path.parent / "state"
    ) as engine:
        yield LiveSource(path.stem, engine)


def test_what_an_account_cannot_read_is_told_and_is_no_difference(tmp_path: Path) -> None:
    servers(tmp_path)
    with live(tmp_path / "test.db") as one, live(tmp_path / "production.db") as other:
        server: Any = other.session._server
        other.session._server = Blind(server)  # type: ignore[assignment]
        found = compare_sources(one, other, CompareRequest())
    agent = find(tmp_path / "test.db", "Person", "7001").dbid
    assert [(one.address, one.found) for one in found.differences] == [("Person/7001", "only-in-a")]
    (hidden,) = found.uncompared
    assert (hidden.side, hidden.address, hidden.path) == (
        "production",
        "AgentGroup/Web Engagement Chat",
        ("agents", f"#{agent}"),
    )
    assert hidden.reason == "it refers to an object that this account cannot read"


def test_different_releases_are_told(tmp_path: Path) -> None:
    servers(tmp_path)
    with live(tmp_path / "test.db") as one, live(tmp_path / "production.db") as other:
        server: Any = other.session._server
        older = Blind(server)
        older.info = lambda: replace(server.info(), version="8.1.300.10")
        other.session._server = older  # type: ignore[assignment]
        found = compare_sources(one, other, CompareRequest())
    assert found.notices == (
        "test is Configuration Server embedded 0.1.0 and production is 8.1.300.10: what only one"
        " of the releases knows differs for that reason.",
    )


# Other forms


def test_a_report_for_machines_has_every_field_and_both_values(tmp_path: Path) -> None:
    servers(tmp_path, skill("1"), skill("2") + "Place: [{name: Desk}]\n")
    report = compare(tmp_path, "--all", "--format", "json").json()
    assert (report["format"], report["same"]) == ("gwe-compare/1", False)
    assert (report["differ"], report["onlyInA"], report["onlyInB"]) == (1, 0, 1)
    assert report["a"]["source"] == "embedded:test.db"
    assert report["differences"] == [
        {
            "address": "Skill/S",
            "addressB": None,
            "kind": "Skill",
            "found": "differs",
            "remark": None,
            "fields": [{"path": "/annex/s/url", "a": "1", "b": "2", "remark": None}],
        },
        {
            "address": "Place/Desk",
            "addressB": None,
            "kind": "Place",
            "found": "only-in-b",
            "remark": None,
            "fields": report["differences"][1]["fields"],
        },
    ]


def test_markdown_groups_equal_differences_and_keeps_text_of_others_as_code(
    tmp_path: Path,
) -> None:
    hostile = "'</summary> | `x` [a](http://b) @all'"
    servers(
        tmp_path,
        "Skill: [{name: A, annex: {s: {o: '1'}}}, {name: B, annex: {s: {o: '1'}}}]\n",
        f"Skill: [{{name: A, annex: {{s: {{o: {hostile}}}}}}},"
        f" {{name: B, annex: {{s: {{o: {hostile}}}}}}}]\nPlace: [{{name: {hostile}}}]\n",
    )
    result = compare(tmp_path, "--all", "--format", "markdown")
    check_structure(result.out)
    outside = text_outside_code(result.out)
    assert "[a]" not in outside
    assert "@all" not in outside
    assert "**differs** 2 objects: `A`, `B`\n" in result.out
    assert result.out.startswith("## Compare: 2 differ, 0 only in A, 1 only in B, ")


def test_a_page_shows_both_values_and_text_of_others_as_text(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    servers(
        tmp_path,
        "Skill: [{name: A, annex: {s: {o: 'limit of 100 calls'}}}, {name: Only}]\n",
        f"Skill: [{{name: A, annex: {{s: {{o: 'limit of 400 calls', p: {hostile}}}}}}}]\n",
    )
    result = compare(tmp_path, "--all", "--format", "html", "--out", "page.html")
    assert result.code == 2
    assert result.out.endswith("Wrote the page page.html: open it in a browser.\n")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert hostile not in page
    assert "<code>&lt;script&gt;alert(1)&lt;/script&gt;</code>" in page
    assert '<td class="side-a"><code>limit of <mark>1</mark>00 calls</code></td>' in page
    assert '<td class="side-b"><code>limit of <mark>4</mark>00 calls</code></td>' in page
    assert '<th scope="col">test</th><th scope="col">production</th>' in page
    assert (
        '<div class="row delete"><span class="label">only A</span> <code class="name">Only</code>'
        in page
    )
    assert "Compare: 1 differs, 1 only in test, 0 only in production, " in page
    assert "default-src 'none'" in page


def test_a_quiet_page_has_the_counts_alone_and_a_verbose_page_every_field(tmp_path: Path) -> None:
    servers(tmp_path, "Skill: [{name: Only, annex: {s: {o: rare}}}]\n")
    usual, quiet, verbose = (
        compare(tmp_path, "--all", "--format", "html", *more).out
        for more in ((), ("--quiet",), ("--verbose",))
    )
    assert ("Only" in usual, "rare" in usual) == (True, False)
    assert ("Only" in quiet, "0 differ, 1 only in test" in quiet) == (False, True)
    assert "rare" in verbose


# From Python


def test_a_program_compares_two_sessions_and_a_session_with_an_export(tmp_path: Path) -> None:
    servers(tmp_path, "Skill: [{name: S, annex: {s: {o: '1'}}}]\n", "Skill: [{name: S}]\n")
    (tmp_path / "known.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: CompareMapping\nignore: [Skill/*]\n", encoding="utf-8"
    )
    with live(tmp_path / "test.db") as one, live(tmp_path / "production.db") as other:
        a, b = one.session, other.session
        found = a.compare(b, kinds=["Skill"])
        assert (found.a.name, found.b.name) == (
            f"embedded:{tmp_path}/test.db",
            f"embedded:{tmp_path}/production.db",
        )
        (difference,) = found.differences
        assert (difference.address, difference.found) == ("Skill/S", "differs")
        assert [(c.path, c.before, c.after) for c in difference.changes] == [
            (("annex", "s", "o"), "1", None)
        ]
        ignored = a.compare(b, kinds=["Skill"], mapping=tmp_path / "known.yaml")
        assert (ignored.same, ignored.ignored) == (True, 1)
        (text,) = a.export(kinds=["Skill"]).files.values()
        (tmp_path / "skills.yaml").write_text(text, encoding="utf-8")
        assert a.compare(tmp_path / "skills.yaml", kinds=["Skill"]).same
        assert not b.compare(str(tmp_path / "skills.yaml"), kinds=["Skill"]).same
        with pytest.raises(SideError, match="no such file or folder"):
            a.compare(tmp_path / "absent")
        with pytest.raises(UsageError, match="are the same"):
            a.compare(a)


# Wrong use


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        ("test", "test", "test and test are the same: "),
        ("test", "./test.db", "test and ./test.db are the same: "),
        ("tst", "production", "tst is not a profile of gwe.toml, a file or a folder; did you"),
        ("", "production", "an empty name is not a profile of gwe.toml, a file or a folder"),
        ("test", "no.yaml", "no.yaml is not a profile of gwe.toml, a file or a folder"),
        ("embedded:no.db", "test", "embedded:no.db: the embedded server no.db does not exist"),
        ("test", "http://x", "http: is not a known scheme of server URLs"),
        ("profile:no", "test", "has no profile no"),
        ("empty", "test", "error: empty: the folder contains no manifests"),
        ("test", "launch.yaml", "launch.yaml:2:1: launch files are not part of what is compared"),
        ("test", "own.yaml", "own.yaml:4:1: initial says what should become of an object"),
        ("test", "own.yaml", "own.yaml:9:1: ensure says what should become of an object"),
    ],
)
def test_a_side_that_cannot_be_read_is_named_with_the_reason(
    tmp_path: Path, a: str, b: str, says: str
) -> None:
    servers(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "launch.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: LaunchFile\nmetadata: {name: x}\n"
        "spec: {file: a.properties, values: {a: b}}\n"
    )
    (tmp_path / "own.yaml").write_text(
        "apiVersion: reconciler/v1\nkind: Skill\nmetadata: {name: x}\ninitial: {state: Enabled}\n"
        "---\napiVersion: reconciler/v1\nkind: Skill\nmetadata: {name: y}\nensure: absent\n"
    )
    result = compare(tmp_path, a=a, b=b)
    assert (result.code in (1, 64), result.out) == (True, "")
    assert says in result.err


def test_a_name_that_is_a_profile_and_a_file_needs_a_prefix(tmp_path: Path) -> None:
    servers(tmp_path)
    shutil.copy(tmp_path / "production.db", tmp_path / "test")
    result = compare(tmp_path)
    assert (result.code, result.out) == (64, "")
    assert result.err == (
        "error: test is a profile of gwe.toml and a file here\n"
        "  Write profile:test for the profile, or ./test.\n"
    )
    assert "A  test        embedded:test.db, " in compare(tmp_path, a="profile:test").out
    assert "A  ./test      embedded:test, " in compare(tmp_path, a="./test").out


def test_a_file_without_an_application_takes_that_of_the_other_side(tmp_path: Path) -> None:
    servers(tmp_path)
    (tmp_path / "gwe.toml").write_text(
        '[profiles.production]\nserver = "embedded:production.db"\napp = "GWE"\n'
    )
    assert compare(tmp_path, a="test.db").code == 0
    result = compare(tmp_path, a="test.db", b="./production.db")
    assert result.code == 64
    assert "error: test.db: which Web Engagement Server?" in result.err


def test_a_profile_wins_over_the_environment(tmp_path: Path) -> None:
    servers(tmp_path)
    (tmp_path / "gwe.toml").write_text(
        '[profiles.test]\nserver = "embedded:test.db"\napp = "GWE"\n'
        '[profiles.production]\nserver = "embedded:production.db"\napp = "GWE"\n'
    )
    env = {"GWE_APP": "Other", "GWE_SERVER": "embedded:no.db", "GWE_PROFILE": "no"}
    assert gwe("compare", "test", "production", cwd=tmp_path, env=env).code == 0


@pytest.mark.parametrize(
    ("options", "env", "hint"),
    [
        (
            ("--user-b", "reader", "--password-file-b", "password"),
            {},
            "  The user is reader (--user-b). The password is that in password"
            " (--password-file-b).\n",
        ),
        (
            ("--user-b", "reader"),
            {"GWE_PASSWORD": "wrong"},
            "  The user is reader (--user-b). The password is that in GWE_PASSWORD;"
            " --password-file-b names a file with another.\n",
        ),
        (
            ("--password-file-b", "password"),
            {"GWE_USER": "default", "GWE_PASSWORD": "password"},
            "  The user is default (--user or GWE_USER; --user-b names another for B). The"
            " password is that in password (--password-file-b).\n",
        ),
    ],
)
def test_b_may_have_an_account_of_its_own(
    tmp_path: Path, options: tuple[str, ...], env: dict[str, str], hint: str
) -> None:
    """A refused log-in says which option names it."""
    servers(tmp_path)
    (tmp_path / "password").write_text("wrong")
    result = gwe("compare", "test", "production", *options, cwd=tmp_path, env=env)
    assert result.code == 1
    assert result.err.startswith("error: production: ")
    assert result.err.endswith(hint)


def test_a_parameter_that_an_export_does_not_have_is_refused(tmp_path: Path) -> None:
    servers(tmp_path)
    gwe("export", "site", "--profile", "test", cwd=tmp_path)
    result = compare(tmp_path, "--site-values", "host", a="site")
    assert result.code == 64
    assert "error: site: the export has no variable for the host" in result.err


def test_a_shell_completes_the_profiles_and_asks_for_files(tmp_path: Path) -> None:
    servers(tmp_path)
    env = {"_GWE_COMPLETE": "bash_complete", "COMP_WORDS": "gwe compare t", "COMP_CWORD": "2"}
    assert gwe_process(cwd=tmp_path, env=env).out == "plain,test\nfile,t\n"


def test_nothing_to_compare_is_said(tmp_path: Path) -> None:
    result = compare(servers(tmp_path), "--kind", "Skill")
    assert (result.code, result.out) == (64, "")
    assert "there is nothing to compare: neither side has" in result.err


# Any site

ALL = CompareRequest(ExportRequest(everything=True))
THE_SITE = CompareRequest()


def compared(one: Source, other: Source, request: CompareRequest) -> Comparison:
    found = compare_sources(one, other, request)
    event = [(each.address, each.found, each.changes) for each in found.differences]
    if not found.same and currently_in_test_context():
        note(json.dumps(event, default=str, indent=1))
    return found


@pytest.mark.long
@settings(max_examples=examples(12), suppress_health_check=[HealthCheck.too_slow])
@given(provisioned(), st.booleans())
def test_any_site_is_the_same_as_itself_its_copy_and_its_export(
    world: World, everything: bool
) -> None:
    note(world.display())
    request = ALL if everything else THE_SITE
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = site_server(folder, world.site)
        shutil.copy(path, folder / "same.db")
        with (
            live(path, world.app) as site,
            live(folder / "same.db", world.app) as same,
            suppress(NothingToExportError),
        ):
            made = site.session.export(everything=everything)
            copy_server(site.session.reader, folder / "copy.db", Progress())
            (folder / "out").mkdir()
            for file, text in made.files.items():
                (folder / "out" / file).write_text(text, encoding="utf-8", newline="")
            assert compared(site, same, request).same
            with live(folder / "copy.db", world.app) as copy:
                assert compared(site, copy, request).same
            if made.files:
                assert compared(site, FolderSource("out", folder / "out"), request).same


CHANGEABLE = ("Script", "AgentGroup", "EnumeratorValue", "Enumerator", "Person", "Skill", "Host")


@pytest.mark.long
@settings(max_examples=examples(16), suppress_health_check=[HealthCheck.too_slow])
@given(provisioned(), st.data())
def test_a_single_change_of_any_site_is_found_and_named(world: World, data: st.DataObject) -> None:
    note(world.display())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = site_server(folder, world.site)
        shutil.copy(path, folder / "changed.db")
        with opened(folder / "changed.db") as server:
            address, field = change(server, world.app, data)
        with live(path, world.app) as site, live(folder / "changed.db", world.app) as changed:
            found = compared(site, changed, ALL)
    assert not found.same
    (one,) = found.differences
    assert (one.address, [each.path for each in one.changes]) == (address, [field])


def change(server: EmbeddedServer, app: str, data: st.DataObject) -> tuple[str, FieldPath]:
    """Changes one field of one object of the site's tenant; its address and path."""
    live_objects = Snapshot(
        one
        for name in OBJECT_TYPES
        for one in server.read(name, {"all_tenants": 1} if name == "Tenant" else None)
    )
    _, site = find_site(server, SiteOptions(app), None)
    tenant = site.tenant_dbid
    mine = [
        one
        for name in CHANGEABLE
        for one in live_objects.of_type(name)
        if one.tenant in (0, tenant)
    ]
    one = data.draw(st.sampled_from(mine))
    held = one.attributes.get("userProperties") or {}
    known = [(section, key) for section, values in held.items() for key in values]
    address = address_of(one, live_objects, tenant)[1]
    if data.draw(st.booleans()) and "state" in one.attributes:
        server.update(one.type, one.dbid, Delta({"state": 3 - one.attributes["state"]}))
        return address, ("state",)
    if known and data.draw(st.booleans()):
        section, key = data.draw(st.sampled_from(known))
        gone = KeyValueDelta(deleted={section: (key,)})
        server.update(one.type, one.dbid, Delta(key_values={"userProperties": gone}))
        return address, ("annex", section, key)
    added = KeyValueDelta(added={"new section": {"__new": "value"}})
    server.update(one.type, one.dbid, Delta(key_values={"userProperties": added}))
    return address, ("annex", "new section", "__new")


@pytest.mark.long
@settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    max_examples=examples(9),
)
@given(st.fixed_dictionaries({name: attributes(OBJECT_TYPES[name]) for name in LEAST_OF_ALL}))
def test_objects_of_every_type_are_the_same_in_a_copy_and_in_an_export(
    objects: dict[str, dict[str, Any]],
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = site_server(folder, SITE)
        with opened(path) as server:
            for kind, given_ in objects.items():
                with suppress(ConfigurationServerError):  # what a rule forbids stays away
                    server.create(kind, given_)
        shutil.copy(path, folder / "copy.db")
        with live(path) as site, live(folder / "copy.db") as copy:
            assert compared(site, copy, ALL).same
            (folder / "out").mkdir()
            for file, text in site.session.export(everything=True).files.items():
                (folder / "out" / file).write_text(text, encoding="utf-8", newline="")
            assert compared(FolderSource("out", folder / "out"), site, ALL).same
