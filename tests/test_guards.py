"""How much a plan may destroy, and what it may never destroy: refused with the numbers."""

from pathlib import Path

import pytest
import yaml

from reconciler.kinds.predefined import PREDEFINED_ATTRIBUTES, is_predefined
from reconciler.plan.actions import Action, ActionName
from reconciler.plan.changes import Change
from reconciler.plan.guards import Limits, refusals, removed_options
from reconciler.state.opening import open_store
from tests.actions import make_action
from tests.harness import BARE, everything, find, gwe, plan_arguments, site_server
from tests.test_plan_file import said

HEAD = "apiVersion: reconciler/v1\n"
PREDEFINED = Path(__file__).parent.parent / "reconciler/server/embedded/sites/predefined.yaml"


def applications(count: int) -> str:
    """A site with so many Stat Servers, each with one unwanted option."""
    names = [f"Stat{number:02}" for number in range(1, count + 1)]
    listed = "".join(
        f"  - {{name: {name}, type: StatServer, options: {{log: {{old: x, level: low}}}}}}\n"
        for name in names
    )
    return (
        f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nApplication:\n{listed}"
        "  - name: GWE\n    type: WebEngagementBackendServer\n"
        f"    connections: [Ixn, {', '.join(names)}]\n"
    )


def wanting(count: int, stripped: int) -> str:
    """Manifests for so many of them; the first ``stripped`` lose an option."""
    return "---\n".join(
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: o{number}}}\n"
        f"target: {{application: Stat{number:02}}}\n"
        f"spec: {{options: {{log: {{{'old: null' if number <= stripped else 'level: low'}}}}}}}\n"
        for number in range(1, count + 1)
    )


def groups(count: int) -> str:
    listed = "".join(f"  - {{name: G{number}}}\n" for number in range(1, count + 1))
    return f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nAgentGroup:\n{listed}"


def wanted_groups(count: int, more: str = "") -> str:
    return "---\n".join(
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: G{number}}}\n{more}"
        for number in range(1, count + 1)
    )


def ready(folder: Path, site: str, manifest: str, settings: str = "") -> Path:
    (folder / "m.yaml").write_text(manifest, encoding="utf-8")
    if settings:
        (folder / "gwe.toml").write_text(settings, encoding="utf-8")
    return site_server(folder, site)


# The share


def test_a_plan_that_takes_options_from_too_large_a_share_is_refused_with_the_numbers(
    tmp_path: Path,
) -> None:
    server = ready(tmp_path, applications(10), wanting(10, 4))
    options = plan_arguments(server, "-f", "m.yaml")
    planned = gwe("plan", *options, cwd=tmp_path)
    assert planned.code == 3
    assert (
        "Refused: 4 of 10 existing managed objects (40 %) would be replaced, deleted or lose"
        " options; the limit is 30 %. --force overrides this." in said(planned)
    )
    before = everything(server)
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 3
    assert gwe("drift", *options, cwd=tmp_path).code == 3
    assert everything(server) == before


def test_force_lifts_the_limit_and_says_it_as_a_warning(tmp_path: Path) -> None:
    server = ready(tmp_path, applications(10), wanting(10, 4))
    options = plan_arguments(server, "-f", "m.yaml", "--force")
    done = gwe("apply", *options, "--auto-approve", cwd=tmp_path)
    assert done.code == 0
    assert "Warning: 4 of 10 existing managed objects (40 %)" in said(done)
    assert "Refused" not in done.out
    assert find(server, "Application", "Stat01").attributes["options"] == {"log": {"level": "low"}}


@pytest.mark.parametrize(
    ("count", "stripped", "settings", "code"),
    [
        (10, 3, "", 0),
        (10, 4, "", 3),
        (9, 9, "", 0),
        (9, 3, "[guards]\nat_least = 9\n", 3),
        (9, 3, "[guards]\nat_least = 9\npercent = 34\n", 0),
        (10, 4, "[guards]\npercent = 40\n", 0),
        (10, 1, "[guards]\npercent = 0\n", 3),
        (10, 10, "[guards]\npercent = 100\n", 0),
    ],
)
def test_the_share_counts_from_its_limit_and_from_enough_objects_on(
    count: int, stripped: int, settings: str, code: int, tmp_path: Path
) -> None:
    server = ready(tmp_path, applications(count), wanting(count, stripped), settings)
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert planned.code == code, planned.out
    assert ("Refused: " in planned.out) is (code == 3)


def test_the_guards_of_a_profile_stand_over_those_of_the_file(tmp_path: Path) -> None:
    settings = "[guards]\npercent = 100\ncount = 9\n[profiles.strict.guards]\ncount = 1\n"
    server = ready(tmp_path, applications(3), wanting(3, 2), settings)
    options = plan_arguments(server, "-f", "m.yaml")
    assert gwe("plan", *options, cwd=tmp_path).code == 0
    refused = gwe("plan", *options, "--profile", "strict", cwd=tmp_path)
    assert refused.code == 3
    assert "2 existing managed objects would be replaced" in said(refused)
    assert "the limit is 1." in said(refused)


def test_overwrite_is_the_consent_to_its_replaces_and_they_count_for_no_share(
    tmp_path: Path,
) -> None:
    server = ready(tmp_path, groups(12), wanted_groups(12))
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--overwrite"), cwd=tmp_path)
    assert planned.code == 0
    assert "Plan: 0 to create, 0 to update, 12 to replace, 0 to delete." in planned.out


def test_overwrite_is_no_consent_to_take_options_out_of_applications(tmp_path: Path) -> None:
    server = ready(tmp_path, applications(10), wanting(10, 4))
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--overwrite"), cwd=tmp_path)
    assert planned.code == 3
    assert "4 of 10 existing managed objects (40 %)" in said(planned)


# The number


def test_replaces_count_for_the_number_whoever_consented(tmp_path: Path) -> None:
    server = ready(tmp_path, groups(3), wanted_groups(3), "[guards]\ncount = 2\n")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite")
    planned = gwe("plan", *options, cwd=tmp_path)
    assert planned.code == 3
    assert (
        "Refused: 3 existing managed objects would be replaced, deleted or lose options; the"
        " limit is 2. --force overrides this." in said(planned)
    )
    before = everything(server)
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 3
    assert everything(server) == before
    forced = gwe("apply", *options, "--auto-approve", "--force", cwd=tmp_path)
    assert forced.code == 0
    assert "3 applied" in forced.out


def test_both_limits_are_told_where_both_are_exceeded(tmp_path: Path) -> None:
    settings = "[guards]\ncount = 3\n"
    server = ready(tmp_path, applications(10), wanting(10, 5), settings)
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert planned.code == 3
    assert planned.out.count("Refused: ") == 2


def action(kind: ActionName, dbid: int = 5, *changes: Change, of: str = "AgentGroup") -> Action:
    more = {"changes": changes} if changes else {}
    made: Action = make_action(kind, "a", of, object_type=of, dbid=dbid, **more)
    return made


GONE = Change(("options", "s", "a"), "x", None)
SET = Change(("options", "s", "a"), "x", "y")


def test_only_a_removed_option_of_an_application_counts_as_taken() -> None:
    assert removed_options(action("update", 5, GONE, of="Application")) is True
    assert removed_options(action("update", 5, SET, GONE, of="Application")) is True
    assert removed_options(action("update", 5, SET, of="Application")) is False
    assert removed_options(action("update", 5, GONE)) is False
    kept = make_action("keep", "a", "Application", object_type="Application", kept=(GONE,))
    assert removed_options(kept) is False


def test_deletes_and_replaces_that_nobody_asked_for_by_name_count_for_the_share() -> None:
    planned = [*[action("delete")] * 2, *[action("replace")] * 2, *[action("in-sync")] * 6]
    told = "4 of 10 existing managed objects (40 %) would be replaced, deleted or lose options"
    assert refusals(planned, Limits(), consented=False) == (f"{told}; the limit is 30 %",)
    assert refusals(planned, Limits(), consented=True) == ()


def test_what_does_not_exist_yet_or_is_blocked_counts_for_nothing() -> None:
    planned = [*[action("create", 0)] * 20, *[action("blocked")] * 20, *[action("replace")] * 9]
    assert refusals(planned, Limits(), consented=False) == ()
    assert refusals([], Limits(count=0, at_least=0), consented=False) == ()


def test_the_share_that_is_told_is_never_the_limit_that_it_exceeds() -> None:
    planned = [*[action("replace")] * 10, *[action("in-sync")] * 23]
    (told,) = refusals(planned, Limits(), consented=False)
    assert "10 of 33" in told
    assert "(30 %)" not in told  # it would read as if 30 % were more than 30 %


# What is never taken away


def test_a_predefined_value_is_not_replaced_under_any_option(tmp_path: Path) -> None:
    site = f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\n"
    manifest = (
        f"{HEAD}kind: BusinessAttributeValue\n"
        "metadata: {name: chat, attribute: MediaType, tenant: Environment}\n"
        "spec: {displayName: chat}\n"
    )
    server = ready(tmp_path, site, manifest)
    before = everything(server)
    for more in ((), ("--force",)):
        options = plan_arguments(server, "-f", "m.yaml", "--overwrite", *more)
        planned = gwe("plan", *options, cwd=tmp_path)
        assert planned.code == 3
        assert "blocked: it is one of the server's own objects, which are never replaced" in said(
            planned
        )
        assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 3
    assert everything(server) == before


def test_the_predefined_values_of_every_tenant_are_known_by_name(tmp_path: Path) -> None:
    """A real server makes them for each tenant, under DBIDs of its own."""
    site = (
        f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nEnumerator:\n"
        "  - {name: MediaType, displayName: Media Type, type: InteractionOperationalAttribute}\n"
        "EnumeratorValue:\n"
        "  - {attribute: MediaType, name: chat, displayName: chat, isDefault: false}\n"
        "  - {attribute: MediaType, name: ours, displayName: ours, isDefault: false}\n"
    )
    manifest = "---\n".join(
        f"{HEAD}kind: BusinessAttributeValue\nmetadata: {{name: {name}, attribute: MediaType}}\n"
        f"spec: {{displayName: {name}}}\n"
        for name in ("chat", "ours")
    )
    server = ready(tmp_path, site, manifest)
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--force", "--format", "json")
    planned = gwe("plan", *options, cwd=tmp_path)
    assert planned.code == 3
    found = {one["name"]: (one["action"], one["dbid"]) for one in planned.json()["actions"]}
    assert found == {"chat": ("blocked", 101), "ours": ("replace", 102)}


def test_an_object_with_a_dbid_of_the_servers_own_is_not_replaced(tmp_path: Path) -> None:
    site = (
        f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nAgentGroup:\n"
        "  - {name: G1, dbid: 100}\n  - {name: G2, dbid: 101}\n"
    )
    server = ready(tmp_path, site, wanted_groups(2))
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--format", "json")
    planned = gwe("plan", *options, cwd=tmp_path)
    assert {one["name"]: one["action"] for one in planned.json()["actions"]} == {
        "G1": "blocked",
        "G2": "replace",
    }


def test_a_predefined_object_may_be_corrected(tmp_path: Path) -> None:
    site = f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\n"
    manifest = (
        f"{HEAD}kind: BusinessAttributeValue\n"
        "metadata: {name: chat, attribute: MediaType, tenant: Environment}\n"
        "spec: {displayName: chat, annex: {s: {a: b}}}\n"
    )
    server = ready(tmp_path, site, manifest)
    done = gwe("apply", *plan_arguments(server, "-f", "m.yaml", "--auto-approve"), cwd=tmp_path)
    assert done.code == 0
    assert find(server, "EnumeratorValue", "chat").attributes["userProperties"] == {"s": {"a": "b"}}


@pytest.mark.parametrize(
    ("given", "own"),
    [
        (("AgentGroup", 100, "G"), True),
        (("AgentGroup", 101, "G"), False),
        (("Tenant", 101, "Resources"), True),
        (("Tenant", 102, "Other"), False),
        (("Application", 101, "A"), False),
        (("Enumerator", 500, "MediaType"), True),
        (("Enumerator", 500, "Case ID"), True),
        (("Enumerator", 500, "Custom"), False),
        (("EnumeratorValue", 500, "chat", "MediaType"), True),
        (("EnumeratorValue", 500, "chat", "Custom"), False),
        (("EnumeratorValue", 500, "chat"), False),
        (("EnumeratorValue", 500, "MediaType", "MediaType"), False),
        (("Script", 500, "MediaType"), False),
    ],
)
def test_what_is_the_servers_own_is_known_by_number_and_by_name(
    given: tuple[str, int, str], own: bool
) -> None:
    assert is_predefined(*given) is own


def test_the_known_names_are_those_of_the_embedded_server() -> None:
    site = yaml.safe_load(PREDEFINED.read_text(encoding="utf-8"))
    found: dict[str, tuple[str, ...]] = {one["name"]: () for one in site["Enumerator"]}
    for one in site["EnumeratorValue"]:
        found[one["attribute"]] += (one["name"],)
    assert found == dict(PREDEFINED_ATTRIBUTES)
    assert (len(found), sum(map(len, found.values()))) == (14, 31)


def test_a_protected_object_is_corrected_in_place_also_under_force(tmp_path: Path) -> None:
    more = "spec: {annex: {s: {a: b}}}\npolicy: {protect: true}\n"
    server = ready(tmp_path, groups(1), wanted_groups(1, more))
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--force")
    planned = gwe("plan", *options, cwd=tmp_path)
    assert "protected: corrected in place instead of replaced" in said(planned)
    dbid = find(server, "AgentGroup", "G1").dbid
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 0
    group = find(server, "AgentGroup", "G1")
    assert (group.dbid, group.attributes["userProperties"]) == (dbid, {"s": {"a": "b"}})


def test_a_protected_object_that_a_run_has_made_is_not_deleted_by_its_undo(tmp_path: Path) -> None:
    server = ready(tmp_path, groups(0).replace("AgentGroup:\n", ""), "")
    (tmp_path / "m.yaml").write_text(
        wanted_groups(1, "policy: {protect: true}\n"), encoding="utf-8"
    )
    options = plan_arguments(server, "-f", "m.yaml", "--auto-approve")
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    undone = gwe("undo", "last", "--auto-approve", "--force", cwd=tmp_path)
    assert undone.code == 3, undone.out
    assert find(server, "AgentGroup", "G1").attributes["name"] == "G1"


# gwe.toml


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("guards = 5", "guards must be a table"),
        ("[guards]\npercent = 'x'", "guards.percent must be an integer from 0 to 100"),
        ("[guards]\npercent = -1", "guards.percent must be an integer from 0 to 100"),
        ("[guards]\ncount = 1.5", "guards.count must be an integer, 0 or more"),
        ("[guards]\nat_least = true", "guards.at_least must be an integer, 0 or more"),
        ("[guards]\nlimit = 1", "unknown setting guards.limit"),
        (
            "[profiles.a.guards]\ncount = 'x'",
            "profiles.a.guards.count must be an integer, 0 or more",
        ),
        ("secrets = ['a']", "secrets must be a table"),
        ("[secrets]\nwords = 'pin'", "secrets.words must be a list of words"),
        ("[secrets]\nwords = [1]", "item 1 of secrets.words must be a string that is not blank"),
        ("[secrets]\nword = ['pin']", "unknown setting secrets.word; did you mean words?"),
        ("state_dir = 5", "state_dir must be a string"),
        ("[profiles.a]\nstate_dir = 5", "profiles.a.state_dir must be a string"),
        ("[secrets]\nwords = [' ']", "item 1 of secrets.words must be a string that is not blank"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_planned(
    text: str, told: str, tmp_path: Path
) -> None:
    server = ready(tmp_path, groups(1), wanted_groups(1), text)
    refused = gwe("plan", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert (refused.code, refused.out) == (1, "")
    assert f"error: gwe.toml: {told}" in said(refused)


def test_the_state_folder_of_the_settings_stands_beside_the_file(tmp_path: Path) -> None:
    server = ready(tmp_path, groups(1), wanted_groups(1), 'state_dir = "kept"\n')
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--auto-approve")
    assert gwe("apply", *options, cwd=tmp_path, env={"GWE_STATE_DIR": ""}).code == 0
    assert len(open_store(str(tmp_path / "kept")).list_runs()) == 1


def test_the_limits_of_the_settings_hold_for_an_undo_too(tmp_path: Path) -> None:
    """An undo is a plan like any other: three deletes are more than a limit of two."""
    server = ready(tmp_path, groups(1), wanted_groups(4), "[guards]\ncount = 2\n")
    options = plan_arguments(server, "-f", "m.yaml", "--auto-approve")
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    before = everything(server)
    refused = gwe("undo", "last", "--auto-approve", cwd=tmp_path)
    assert refused.code == 3, refused.out
    assert "the limit is 2" in said(refused)
    assert everything(server) == before
