"""``initial``: what is written only where it is absent, and what is said about it later."""

from pathlib import Path

import pytest

from reconciler import Reconciler
from reconciler.diagnostics import Diagnostic
from reconciler.errors import ManifestError, UsageError
from reconciler.kinds.fields import FieldPath
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Enforced, Initial, ManagedField
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import Setting, collect
from reconciler.site.discovery import SiteOptions
from reconciler.yaml.strict import load_text
from tests.harness import APP, BARE, VENDOR, find, gwe, plan_arguments, site_server

HEAD = "apiVersion: reconciler/v1\n"
GROUP = f"{HEAD}kind: AgentGroup\nmetadata: {{name: G}}\n"
"""Three lines; what follows begins in line 4."""
OPTIONS = f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: o}}\ntarget: {{role: stat-server}}\n"
"""Four lines; what follows begins in line 5."""
FILE = f"{HEAD}kind: LaunchFile\nmetadata: {{name: f}}\n"


def _fields(text: str) -> dict[FieldPath, ManagedField]:
    """The fields of the only object or file of a text. ManifestError lists its mistakes."""
    problems: list[Diagnostic] = []
    manifests = validate(load_text(text, "m.yaml", problems), problems)
    variables = collect(manifests, (), problems)
    if problems:
        raise ManifestError(problems)
    desired = bind(manifests, variables, {})
    return {field.path: field for one in (*desired.objects, *desired.files) for field in one.fields}


def _problems(text: str) -> list[Diagnostic]:
    with pytest.raises(ManifestError) as caught:
        _fields(text)
    return list(caught.value.diagnostics)


def _units(text: str) -> dict[str, str]:
    """Path -> unit of each initial field, empty for an enforced field."""
    return {
        "/".join(path): "/".join(field.ownership.unit)
        if isinstance(field.ownership, Initial)
        else ""
        for path, field in _fields(text).items()
    }


# What a manifest may say


def test_spec_is_enforced_and_initial_is_owned_by_field_or_list() -> None:
    text = GROUP + (
        "spec: {annex: {s: {a: x}}}\n"
        "initial: {annex: {s: {b: y}}, state: Enabled, agents: [x, y]}\n"
    )
    assert _units(text) == {
        "annex/s/a": "",
        "annex/s/b": "annex/s/b",
        "state": "state",
        "agents/x": "agents",
        "agents/y": "agents",
    }


@pytest.mark.parametrize(
    ("pointer", "units"),
    [
        ("/annex", ["annex", "annex"]),
        ("/annex/s", ["annex/s", "annex/t/b"]),
        ("/annex/*", ["annex/s", "annex/t"]),
        ("/annex/t/b", ["annex/s/a", "annex/t/b"]),
    ],
)
def test_whole_makes_one_unit_of_all_that_stands_below_a_pointer(
    pointer: str, units: list[str]
) -> None:
    text = (
        GROUP
        + f"initial: {{annex: {{s: {{a: x}}, t: {{b: y}}}}}}\npolicy: {{whole: [{pointer}]}}\n"
    )
    assert list(_units(text).values()) == units


def test_whole_finds_names_with_slashes_and_tildes() -> None:
    text = "initial: {annex: {s/1: {a~b: x}, t: {a: y}}}\npolicy: {whole: [/annex/s~11]}\n"
    assert _units(GROUP + text) == {"annex/s/1/a~b": "annex/s/1", "annex/t/a": "annex/t/a"}


def test_a_launch_file_has_initial_values() -> None:
    text = FILE + "spec: {file: a.ini, values: {'[s] a': x}}\ninitial: {values: {'[s] b': y}}\n"
    assert _units(text) == {"values/ini/[s] a": "", "values/ini/[s] b": "values/ini/[s] b"}


@pytest.mark.parametrize("text", ["spec: {displayName: D}\ninitial: {type: Custom}\n"])
def test_required_fields_count_in_either_block(text: str) -> None:
    fields = _fields(GROUP.replace("AgentGroup", "BusinessAttribute") + text)
    assert fields["displayName",].ownership == Enforced()
    assert fields["type",].ownership == Initial(("type",))


@pytest.mark.parametrize(
    ("text", "place", "problem"),
    [
        (
            GROUP + "spec: {annex: {s: {o: x}}}\ninitial: {annex: {s: {o: x}}}\n",
            "m.yaml:5:23",
            "annex/s/o is in both spec and initial, first at m.yaml:4:20",
        ),
        (
            GROUP + "spec: {agents: [a]}\ninitial: {agents: [b, c]}\n",
            "m.yaml:5:11",
            "agents is in both spec and initial, first at m.yaml:4:8",
        ),
        (
            OPTIONS + "spec: {sections: {s: {a: x}}}\ninitial: {sections: {s: {b: y}}}\n",
            "m.yaml:6:26",
            "[s] is in both spec and initial, first at m.yaml:5:23",
        ),
        (
            OPTIONS + "spec: {options: {s: {a: x}}}\ninitial: {options: {s: {a: x}}}\n",
            "m.yaml:6:25",
            "s/a is in both spec and initial, first at m.yaml:5:22",
        ),
        (GROUP + "initial: {annex: {s: {o: null}}}\n", "m.yaml:4:23", "o cannot be null"),
        (GROUP + "initial: {}\n", "m.yaml:4:1", "initial is empty"),
        (GROUP + "initial: {annex: {s: {}}}\n", "m.yaml:4:19", "s is empty"),
        (OPTIONS, "m.yaml:1:1", "the manifest needs spec or initial"),
        (
            FILE + "spec: {file: a.ini}\n",
            "m.yaml:1:1",
            "the manifest needs values in spec or initial",
        ),
        (
            FILE + "spec: {file: a}\ninitial: {format: ini, values: {'[s] a': x}}\n",
            "m.yaml:5:11",
            "format can be in spec only",
        ),
        (
            GROUP + "spec: {annex: {s: {a: x}}}\npolicy: {whole: [/annex]}\n",
            "m.yaml:5:18",
            "initial has no field that /annex matches",
        ),
        (
            GROUP + "initial: {state: Enabled}\npolicy: {satisfiedBy: {/annex/s/a: [x]}}\n",
            "m.yaml:5:24",
            "neither spec nor initial has a field that /annex/s/a matches",
        ),
        (
            GROUP + "initial: {state: Enabled}\npolicy: {whole: [state]}\n",
            "m.yaml:5:18",
            "item 1 of whole cannot be 'state'",
        ),
        (
            OPTIONS + "initial: {options: {s: {o: x}}}\npolicy: {whole: [/options]}\n",
            "m.yaml:6:10",
            "unknown field whole in policy",
        ),
    ],
)
def test_a_mistake_is_explained_at_its_place(text: str, place: str, problem: str) -> None:
    (found,) = _problems(text)
    assert (str(found.position), found.summary) == (place, problem)


# Manifests of the former form


@pytest.mark.parametrize(
    ("text", "new"),
    [
        (
            GROUP + "spec: {annex: {s: {a: x}}}\npolicy: {existing: keep}\n",
            "initial:\n  annex:\n    s: {a: x}\npolicy: {overwrite: keep}\n",
        ),
        (
            GROUP + "spec: {annex: {s: {a: '01'}}}\n"
            "policy: {existing: keep, overwrite: correct, preserve: [annex]}\n",
            "initial:\n  annex:\n    s: {a: '01'}\npolicy:\n  overwrite: correct\n"
            "  preserve: [annex]\n",
        ),
        (
            GROUP + "spec: {annex: {s: {a: x, b: null, c: z}}}\n"
            "policy: {keep: [/annex/s/a, /annex/s/b]}\n",
            "spec:\n  annex:\n    s: {c: z}\ninitial:\n  annex:\n    s: {a: x}\n",
        ),
        (
            GROUP + "spec: {annex: {s: {a: x}}, agents: [p]}\npolicy: {keep: [/annex, /agents]}\n",
            "initial:\n  annex:\n    s: {a: x}\n  agents: [p]\npolicy:\n  whole: [/annex]\n",
        ),
        (
            OPTIONS + "spec: {sections: {s: {a: x}}}\n"
            "policy: {existing: keep, overwrite: correct}\n",
            "initial:\n  sections:\n    s: {a: x}\n",
        ),
        (
            OPTIONS + "spec: {options: {s: {a: x, b: y}}}\npolicy: {keep: [/options/*/a]}\n",
            "spec:\n  options:\n    s: {b: y}\ninitial:\n  options:\n    s: {a: x}\n",
        ),
        (
            OPTIONS + "spec: {sections: {s: {a: x, b: y}}}\npolicy: {keep: [/sections/s/a]}\n",
            "spec:\n  options:\n    s: {b: y}\ninitial:\n  options:\n    s: {a: x}\n",
        ),
        (
            FILE + "spec: {file: a.ini, values: {'[s] a': x}}\npolicy: {existing: keep}\n",
            "spec: {file: a.ini}\ninitial:\n  values: {'[s] a': x}\npolicy: {overwrite: keep}\n",
        ),
    ],
)
def test_a_manifest_of_the_former_form_is_told_its_new_form(text: str, new: str) -> None:
    (found,) = _problems(text)
    assert "no longer known: fields that the site may change belong in initial" in found.summary
    assert found.hint.endswith("write this instead:")
    assert found.example == new
    head = text[: text.index("spec:")]
    if "file" not in new:
        assert validate(load_text(head + new, "m.yaml", problems := []), problems)
        assert problems == []


def test_the_new_form_repeats_no_secret() -> None:
    values = "{password: hush, login: {secret: true, from: hush}, user: u}"
    text = GROUP + f"spec: {{annex: {{s: {values}}}}}\npolicy: {{existing: keep}}\n"
    found = [one for one in _problems(text) if one.example]
    assert [one.example for one in found] == [
        "initial:\n  annex:\n    s: {password: (as before), login: (as before), user: u}\n"
        "policy: {overwrite: keep}\n"
    ]


def test_existing_correct_is_simply_removed() -> None:
    (found,) = _problems(GROUP + "spec: {state: Enabled}\npolicy: {existing: correct}\n")
    assert str(found.position) == "m.yaml:5:10"
    assert found.hint == "Remove policy.existing: all that is in spec is corrected."
    assert found.example == ""


def test_a_manifest_of_the_former_form_with_other_mistakes_is_explained_too() -> None:
    found = _problems(GROUP + "spec: [x]\npolicy: {keep: 5}\n")
    assert [one.summary for one in found] == [
        "spec cannot be a list",
        "policy.keep is no longer known: fields that the site may change belong in initial",
    ]


def test_the_new_form_is_printed_with_its_lines(tmp_path: Path) -> None:
    text = GROUP + "spec: {annex: {s: {a: x}}}\npolicy: {existing: keep}\n"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    found = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert found.code == 1
    assert found.err + found.out == (
        "error: m.yaml:5:10: policy.existing is no longer known: fields that the site may change"
        " belong in initial\n"
        "  Below kind and metadata, write this instead:\n"
        "    initial:\n"
        "      annex:\n"
        "        s: {a: x}\n"
        "    policy: {overwrite: keep}\n"
    )


# What is said about a value that differs

ROUTING = f"""\
{HEAD}kind: EnhancedRouting
metadata: {{name: R}}
initial: {{annex: {{Application: {{url: "http://wanted"}}}}}}
"""
SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Script:
  - {{name: R, type: EnhancedRouting, annex: {{Application: {{url: "http://live"}}}}}}
"""


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_a_value_that_differs_is_reported_with_its_place_and_what_enforces_it(
    command: str, tmp_path: Path
) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(ROUTING, encoding="utf-8")
    found = gwe(command, *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path)
    assert found.code == 0
    said = " ".join(found.out.split())
    for text in ("http://live", "http://wanted", "m.yaml:4", "To enforce it, move it to spec."):
        assert text in said
    assert "1 initial value differs: it is the site's own." in said


def test_drift_counts_initial_values_apart_also_where_it_is_quiet(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    group = GROUP + "initial: {annex: {s: {a: x, b: y}}}\npolicy: {whole: [/annex]}\n"
    (tmp_path / "m.yaml").write_text(f"{ROUTING}---\n{group}", encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml")
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 0
    moved = group.replace("a: x", "a: z")
    (tmp_path / "m.yaml").write_text(f"{ROUTING}---\n{moved}", encoding="utf-8")
    found = gwe("drift", *options, "--quiet", cwd=tmp_path)
    assert found.code == 0
    assert (
        found.out == "Nothing to do: 2 kept.\n2 initial values differ: they are the site's own.\n"
    )
    summary = gwe("drift", *options, "--format", "json", cwd=tmp_path).json()["summary"]
    assert (summary["keep"], summary["initialValuesDiffer"]) == (2, 2)


def test_the_hint_for_bundled_manifests_names_the_variable_or_says_how_to_copy_them(
    tmp_path: Path,
) -> None:
    server = site_server(tmp_path, VENDOR)
    found = gwe("plan", *plan_arguments(server, "--format", "json"), cwd=tmp_path).json()
    kept = {a["address"]: {c["hint"] for c in a["kept"]} for a in found["actions"] if a["kept"]}
    assert kept["EnhancedRouting/Webengagement_Chat.Routing"] == {
        "To enforce it, set the variable: --var chat_routing_strategy_url=VALUE."
    }
    assert kept["InteractionQueueView/Webengagement_Missed.Clean"] == {
        "To enforce it, copy the manifests with gwe init DIR and move it to spec, and take"
        " /annex out of policy.whole."
    }
    assert kept["Application/Stat"] == {
        "To enforce it, copy the manifests with gwe init DIR and move the whole section to spec.",
        "To enforce it, copy the manifests with gwe init DIR and move it to spec.",
    }


def test_a_variable_of_the_site_that_is_not_enforced_is_named(tmp_path: Path) -> None:
    server = site_server(tmp_path, VENDOR)
    arguments = plan_arguments(server, "--var", "chat_media_type=own", "--format", "json")
    plan = gwe("plan", *arguments, cwd=tmp_path).json()
    assert plan["empty"] is True
    (stat,) = [one for one in plan["actions"] if one["address"] == "Application/Stat"]
    hints = {change["path"]: change["hint"] for change in stat["kept"]}
    assert hints["/options/Filters/Webengagement_chat_filter"] == (
        "Setting the variable chat_media_type does not change what is there. To enforce it,"
        " copy the manifests with gwe init DIR and move it to spec."
    )


# --reset-initial


def test_reset_initial_alone_is_wrong_usage(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    found = gwe("plan", *plan_arguments(server, "--reset-initial"), cwd=tmp_path)
    assert found.code == 64
    assert found.err == (
        "error: --reset-initial resets only what is overwritten\n"
        "  Give --overwrite, or --overwrite-only ADDRESS, too.\n"
    )
    with (
        Reconciler.connect(
            f"embedded:{server}", SiteOptions(APP), state=tmp_path / "state"
        ) as engine,
        pytest.raises(UsageError, match="resets only what is overwritten"),
    ):
        engine.plan(reset_initial=True)


def test_overwrite_leaves_initial_values_and_reset_initial_lists_each_that_is_lost(
    tmp_path: Path,
) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(ROUTING + "policy: {overwrite: correct}\n", encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite")
    assert "Nothing to do: 1 kept." in gwe("plan", *options, cwd=tmp_path).out
    found = gwe("plan", *options, "--reset-initial", cwd=tmp_path)
    said = " ".join(found.out.split())
    assert "loses: - annex/Application/url: http://live becomes http://wanted" in said
    done = gwe("apply", *options, "--reset-initial", "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.err
    annex = find(server, "Script", "R").attributes["userProperties"]
    assert annex == {"Application": {"url": "http://wanted"}}


def test_a_saved_plan_resets_what_it_has_shown(tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE)
    (tmp_path / "m.yaml").write_text(ROUTING, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--reset-initial")
    assert gwe("plan", *options, "--out", "plan.json", cwd=tmp_path).code == 0
    shown = gwe("show", "plan.json", cwd=tmp_path)
    assert "- annex/Application/url: http://live becomes http://wanted" in shown.out
    done = gwe("apply", "plan.json", "--auto-approve", cwd=tmp_path)
    assert done.code == 0, done.err
    annex = find(server, "Script", "R").attributes["userProperties"]
    assert annex == {"Application": {"url": "http://wanted"}}
    assert gwe("drift", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path).code == 0


def test_a_secret_that_is_reset_is_not_shown_among_what_is_lost(tmp_path: Path) -> None:
    site = SITE.replace("url:", "password:")
    server = site_server(tmp_path, site)
    manifest = ROUTING.replace('url: "http://wanted"', "password: {secret: true, from: env.P}")
    (tmp_path / "m.yaml").write_text(manifest, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--reset-initial")
    found = gwe("plan", *options, cwd=tmp_path, env={"P": "n3w"})
    assert "- annex/Application/password: (secret)" in found.out
    assert "http://live" not in found.out
    assert "n3w" not in found.out


def test_initial_values_of_a_launch_file_are_added_kept_and_reset(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a.ini").write_text("[s]\na=live\n", encoding="utf-8")
    values = "initial: {values: {'[s] a': wanted, '[s] b': added}}\n"
    (tmp_path / "m.yaml").write_text(FILE + "spec: {file: a.ini}\n" + values, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--install-dir", "here", "--auto-approve")
    assert gwe("apply", *options, cwd=tmp_path).code == 0
    text = (tmp_path / "here" / "a.ini").read_text(encoding="utf-8")
    assert text.split() == ["[s]", "a=live", "b=added"]
    assert gwe("apply", *options, "--overwrite", "--reset-initial", cwd=tmp_path).code == 0
    text = (tmp_path / "here" / "a.ini").read_text(encoding="utf-8")
    assert text.split() == ["[s]", "a=wanted", "b=added"]


def test_a_bundled_queue_is_reset_with_its_binding_to_a_cluster(tmp_path: Path) -> None:
    """As on a real site: the queue is bound to one Orchestration cluster."""
    server = site_server(
        tmp_path,
        SITE.replace(
            "name: R, type: EnhancedRouting", "name: Webengagement_Chat, type: InteractionQueue"
        )
        .replace("Application: {url", "Orchestration: {application@C")
        .replace("http://live", "script:Webengagement_Chat.Routing"),
    )
    address = "InteractionQueue/Webengagement_Chat"
    only = ["--target", address, "--format", "json", "--overwrite"]
    for more, lost in (([], False), (["--reset-initial"], True)):
        plan = gwe("plan", *plan_arguments(server, *only, *more), cwd=tmp_path).json()
        (queue,) = [one for one in plan["actions"] if one["address"] == address]
        assert queue["action"] == "replace"
        assert any("application@C" in text for text in queue["loses"]) is lost


def test_two_manifests_of_one_application_agree_though_their_hints_differ() -> None:
    declared = "spec: {v: {description: d, default: x}}\n"
    variable = f"{HEAD}kind: Variables\nmetadata: {{name: v}}\n{declared}"
    one = OPTIONS + "initial: {options: {s: {o: x}}}\n"
    other = OPTIONS.replace("name: o", "name: p") + "initial: {options: {s: {o: '${var.v}'}}}\n"
    problems: list[Diagnostic] = []
    text = "---\n".join([variable, one, other])
    manifests = validate(load_text(text, "m.yaml", problems), problems)
    bind(manifests, collect(manifests, [Setting("v", "x")], problems), {})
    assert problems == []
