"""Markdown of plans and runs: what a renderer makes of it, and that it keeps within its size."""

import re
from pathlib import Path

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.diagnostics import Position
from reconciler.manifest.load import PlanInputs
from reconciler.plan.actions import KEPT, Blocked, Create, Delete, Keep, Replace, Update
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan
from reconciler.render.forms import FORMS
from reconciler.render.markdown.code import both_values, code, table
from reconciler.render.markdown.form import plan_markdown
from reconciler.render.output_form import OutputStyle
from reconciler.state.records import ActionOutcome, RunFinish, RunHead
from reconciler.state.store import IntactRecords, StoredRun
from reconciler.text.visible import escaped, pair_text
from tests.conftest import examples
from tests.harness import Result, gwe, opened, plan_arguments, site_server
from tests.markdown_pages import (
    cells,
    check_structure,
    leaves,
    shown_text,
    text_outside_code,
)
from tests.plan_values import HOSTILE, hostile_plans, option, plan_of, subject

# Untrusted text


@given(HOSTILE)
@example("`" * 100 + "|")
@example("\\|`\\")
@example(" ` ")
@example("\ud800")
def test_any_text_in_a_cell_is_code_and_shown_as_it_is(text: str) -> None:
    shown = escaped(text) or '""'
    (cell, after) = cells(table(("A", "B"), [(code(text), "end")]))
    assert {token.type for token in cell} <= {"code_inline", "text"}
    assert shown_text(cell) == shown
    assert set("".join(t.content for t in cell if t.type == "text")) <= set("|`")
    assert shown_text(after) == "end"


@given(HOSTILE, HOSTILE)
@example("a b", "a  b")
@example("x|", "x||")
@example("*a*", "*b*")
def test_of_two_values_what_differs_is_bold_and_nothing_is_lost(one: str, other: str) -> None:
    if one == other:
        return
    before, after = pair_text(one, other)
    shown = both_values(before, after, whole=True)
    for value, cell in zip((before, after), cells(table(("A", "B"), [shown])), strict=True):
        assert shown_text(cell) == value
        assert sum(token.type == "strong_open" for token in cell) <= 1
        assert {t.type for t in leaves(cell)} <= {
            "code_inline",
            "text",
            "strong_open",
            "strong_close",
        }


@given(HOSTILE, HOSTILE)
def test_of_two_long_values_the_difference_is_never_cut(one: str, other: str) -> None:
    head, tail = "a" * 500, "z" * 500
    if one == other:
        return
    before, after = pair_text(f"{head}{one}{tail}", f"{head}{other}{tail}")
    shown = both_values(before, after, whole=False)
    first, second = cells(table(("A", "B"), [shown]))
    assert shown_text(first) != shown_text(second)
    assert shown_text(first).startswith("...")
    assert shown_text(second).endswith("...")
    assert max(map(len, shown)) < 16 * 100 + 300


def test_the_difference_of_two_values_is_what_is_bold() -> None:
    assert both_values("http://host:8080/x", "http://host:9081/x", whole=False) == (
        "`http://host:`**`8080`**`/x`",
        "`http://host:`**`9081`**`/x`",
    )
    assert both_values("ab", "cd", whole=False) == ("`ab`", "`cd`")


# Plans


def markdown(plan: Plan, **style: object) -> str:
    return plan_markdown(plan, OutputStyle(**style))  # type: ignore[arg-type]


def without_ids(text: str) -> str:
    return re.sub(r"\b[0-9a-f]{32}\b", "ID", text)


def test_a_plan_of_no_change_is_one_line_and_its_id() -> None:
    text = without_ids(markdown(plan_of()))
    check_structure(text)
    assert text == (
        "## Nothing to do.\n\n- Site: `GWE`\n- Tenant: `Resources (DBID 101)`\n"
        "- Server: `embedded:gwe.db`\n\nPlan id: `ID`\n"
    )


def test_a_plan_of_one_change_is_a_table_and_how_to_apply_it() -> None:
    change = Change(("annex", "S", "a"), "old", "new", Position("site.yaml", 7))
    text = markdown(plan_of(Update(subject("InteractionQueue", "Q", 5), changes=(change,))))
    check_structure(text)
    assert without_ids(text).partition("gwe.db`\n\n")[2] == (
        "<details>\n<summary><code>InteractionQueue</code>: 1 to update</summary>\n\n"
        "**update** `Q`\n\n"
        "| Field | Live | Planned | Declared in |\n| --- | --- | --- | --- |\n"
        "| `annex/S/a` | `old` | `new` | `site.yaml:7` |\n\n"
        "</details>\n\n"
        "Plan id: `ID`\n\nTo apply exactly this plan:\n\n"
        "- `gwe apply FILE --plan-id ID`, where FILE was saved with gwe plan --out FILE\n"
        "- `gwe apply --expect ID`, with the same options as this plan\n"
    )


def test_a_saved_plan_is_named_by_its_file() -> None:
    text = markdown(plan_of(Create(subject("InteractionQueue", "Q"))), saved="my plan")
    assert "- `gwe apply 'my plan' --plan-id " in text
    assert "FILE" not in text


def test_how_a_plan_is_applied_may_be_said_in_place_of_the_commands() -> None:
    words = "Run the [job](https://ci.example/apply) with PLAN_ID={id}."
    text = markdown(plan_of(Create(subject("InteractionQueue", "Q"))), how_to_apply=words)
    assert without_ids(text).endswith(
        "\n\nPlan id: `ID`\n\nRun the [job](https://ci.example/apply) with PLAN_ID=ID.\n"
    )
    assert "ID" in without_ids(text).splitlines()[-1]
    assert "gwe apply" not in text
    assert "PLAN_ID" not in markdown(plan_of(), how_to_apply=words)


def test_risks_come_first_and_say_what_is_lost() -> None:
    shared = (option("S", "a", "1", "2"), option("S", "b", None, "new"))
    text = markdown(
        plan_of(
            Update(subject("Application", "Stat", 1), changes=shared),
            Update(subject("Application", "Stat_B", 2), changes=shared),
            Replace(subject("AgentGroup", "G", 3), "--overwrite", loses=("its DBID 3",)),
            Delete(subject("InteractionQueue", "Old", 4), loses=("its annex", "its DBID 4")),
            Blocked(subject("InteractionQueue", "Bad"), "its type differs"),
            warnings=("Look out.",),
        )
    )
    check_structure(text)
    before, risks, rest = text.partition("### Risks\n\n")
    risks, _, rest = rest.partition("<details>")
    assert "**The plan cannot be applied while an action is blocked.**" in before
    assert risks == (
        "**blocked** `InteractionQueue/Bad`: `blocked: its type differs`\n\n"
        "**delete** `InteractionQueue/Old`\n\n- loses: `its annex`\n- loses: `its DBID 4`\n\n"
        "**replace** `AgentGroup/G`: `--overwrite`\n\n- loses: `its DBID 3`\n\n"
        "**1 existing value changes** in each of 2 Stat Servers: `Stat`, `Stat_B`\n\n"
        "| Field | Live | Planned | Declared in |\n| --- | --- | --- | --- |\n"
        "| `options/S/a` | `1` | `2` | `site.yaml:1` |\n\n"
        "**Warning**: `Look out.`\n\n"
    )
    assert "gwe apply" not in rest
    assert (
        "**update** 2 Stat Servers, the same change: `Stat`, `Stat_B`\n\n"
        "| Field | New value | Declared in |\n| --- | --- | --- |\n"
        "| `options/S/b` | `new` | `site.yaml:1` |\n\n"
        "1 existing value changes: see Risks.\n\n"
    ) in rest


def test_equal_changes_are_shown_once_where_each_object_declares_its_own() -> None:
    actions = [
        Update(
            subject("InteractionQueue", f"Q{line}", line),
            changes=(option("S", "a", "1", "2", 7), option("S", "b", "1", "2", line)),
        )
        for line in (5, 15, 25)
    ]
    text = markdown(plan_of(*actions))
    check_structure(text)
    assert (
        "**update** 3 objects, the same 2 options: `Q5`, `Q15`, `Q25`\n\n"
        "| Field | Live | Planned | Declared in |\n| --- | --- | --- | --- |\n"
        "| `options/S/a` | `1` | `2` | `site.yaml:7` |\n"
        "| `options/S/b` | `1` | `2` | `site.yaml:5` and 2 more places |\n"
    ) in text


def test_equal_changes_of_many_objects_are_shown_once() -> None:
    changes = tuple(option("S", f"o{n}", None, "x", n) for n in range(47))
    stats = [Update(subject("Application", f"Stat{n}", n), changes=changes) for n in (1, 2, 3)]
    other = Update(subject("Application", "Chat", 9), changes=changes[:2])
    text = markdown(plan_of(*stats, other))
    check_structure(text)
    assert "**update** 3 Stat Servers, the same 47 options: `Stat1`, `Stat2`, `Stat3`\n" in text
    assert "**update** `Chat`\n" in text
    assert text.count("| `options/S/o5` |") == 1


def test_a_kept_value_is_shown_beside_the_one_of_the_manifest() -> None:
    kept = replace(option("S", "a", "theirs", "ours"), hint="Move it to spec.")
    text = markdown(plan_of(Keep(subject("Application", "Stat", 1), KEPT, kept=(kept,))))
    check_structure(text)
    assert (
        f"**keep** `Stat`: `{KEPT}`\n\n"
        "| Field | Live, kept | In the manifest | Declared in |\n| --- | --- | --- | --- |\n"
        "| `options/S/a` | `theirs` | `ours` | `site.yaml:1` |\n\n"
        "`Move it to spec.`\n\n"
    ) in text


def many(number: int, value: str = "x") -> Plan:
    return plan_of(
        *(
            Update(
                subject("InteractionQueue", f"Queue {n}", n),
                changes=(Change(("annex", "S", "a"), f"old{n}", f"{value}{n}"),),
            )
            for n in range(number)
        ),
        notices=("One note.", "Another note."),
    )


def shown_queues(text: str) -> int:
    return len(re.findall(r"^\*\*update\*\* `Queue", text, re.MULTILINE))


def test_ten_thousand_changes_fit_and_what_is_left_out_is_counted() -> None:
    text = markdown(many(10_000), saved="queues.plan")
    check_structure(text)
    assert len(text.encode()) <= 65_000
    shown = shown_queues(text)
    assert shown > 300
    left_out = f"{10_000 - shown:,} objects"
    assert f"\n{left_out} left out here.\n\n</details>\n" in text
    assert (
        f"**Left out to stay within 65,000 bytes: {left_out}, 2 notes.** The whole plan is in"
        " `queues.plan`: `gwe show` prints it.\n"
    ) in text
    assert text.index("## Plan: 0 to create, 10000 to update") == 0
    assert "--plan-id" in text


@settings(max_examples=examples(60))
@given(
    st.lists(st.integers(0, 9_000), max_size=6),
    st.integers(16_000, 40_000),
    st.sampled_from(["x", "é", "|", "`", "\u202e", "名"]),
)
def test_no_plan_is_longer_than_it_may_be(lengths: list[int], limit: int, letter: str) -> None:
    updates = [
        Update(
            subject("InteractionQueue", f"Queue {n}{letter * length}", n),
            changes=(Change(("annex", "S", f"{n}"), letter * length, "y" * length + letter),),
            loses=(letter * length,),
        )
        for n, length in enumerate(lengths)
    ]
    plan = plan_of(*updates, *updates[:1] and [Delete(subject("AgentGroup", letter * 9_000))])
    site = replace(plan.site, app=letter * 9_000, cluster=letter * 9_000, tenant=letter * 9_000)
    plan = replace(
        plan,
        site=site,
        server=letter * 9_000,
        refusals=(letter * 9_000,) * 5,
        warnings=(letter * 9_000,) * 5,
        inputs=PlanInputs((letter * 9_000,), settings=letter * 9_000, profile=letter),
    )
    for verbose in (False, True):
        text = markdown(plan, max_bytes=limit, verbose=verbose, saved=letter * 200)
        assert len(text.encode()) <= limit
        shown = shown_queues(text)
        missing = re.search(r"bytes: (?:[\d,]+ risks?, )?([\d,]+) object", text)
        assert shown + int(missing[1].replace(",", "") if missing else "0") >= len(lengths)


def test_quiet_leaves_the_summary_the_risks_and_the_id() -> None:
    text = markdown(plan_of(Delete(subject("AgentGroup", "G", 3))), quiet=True)
    assert "### Risks" in text
    assert "<details>" not in text
    assert "Plan id" in text


# A hostile site


OURS = re.compile(r"[A-Za-z0-9 ,.:()|`'-]*")
"""The characters of our own text outside code; pipes and backticks are those between spans."""


@settings(phases=[Phase.explicit, Phase.generate], max_examples=examples(100))
@given(hostile_plans(), st.booleans())
def test_of_a_hostile_site_nothing_is_anything_but_code(plan: Plan, verbose: bool) -> None:
    text = markdown(plan, verbose=verbose)
    check_structure(text)
    assert OURS.fullmatch(text_outside_code(text)), text_outside_code(text)
    assert len({len(row.split("|")) for row in re.findall(r"^\|.*\|$", text, re.M)}) <= 3


@given(st.lists(HOSTILE, min_size=9, max_size=9))
def test_of_a_hostile_run_nothing_is_anything_but_code(texts: list[str]) -> None:
    head = RunHead(
        texts[0], texts[1], "", texts[2], "", texts[3], texts[4], texts[5], texts[6], 1,
        "2026-11-26", 2, texts[7], texts[8],
    )  # fmt: skip
    outcomes = {
        str(n): ActionOutcome(text, status, text)
        for n, (text, status) in enumerate(zip(texts, ("done", "failed", *texts), strict=False))
    }
    run = StoredRun(
        number=1, head=head, ending=RunFinish(texts[2], False, texts[3]), outcomes=outcomes
    )
    damaged = IntactRecords((head, *outcomes.values()), tuple(texts))
    form = FORMS["markdown"](OutputStyle())
    printed: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciler.render.markdown.form.print_data", printed.append)
        form.run(run, texts[4])
        form.damaged_run(texts[5], damaged, texts[6])
        form.runs([run])
    for text in printed:
        check_structure(text)
        assert OURS.fullmatch(text_outside_code(text)), text_outside_code(text)


def test_a_cell_of_a_hostile_name_is_rendered_as_that_name() -> None:
    name = "a|b`c`</details>@all #1 <b>"
    text = markdown(
        plan_of(Create(subject("AgentGroup", name), changes=(option("S", "a", None, name),)))
    )
    check_structure(text)
    assert shown_text(cells(text)[1]) == name
    assert f"**create** {code(name)}\n" in text


# The commands

MANIFEST = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Group}
spec: {annex: {s: {password: {secret: true, from: env.PIN}, open: "2"}}}
policy: {overwrite: replace}
"""


@pytest.fixture
def server(tmp_path: Path) -> Path:
    path = site_server(tmp_path)
    held = {"s": {"password": "hunter2", "open": "1"}}
    with opened(path) as one:
        one.create("AgentGroup", {"tenantDBID": 101, "name": "Group", "userProperties": held})
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    return path


def run(command: str, server: Path, folder: Path, *more: str) -> Result:
    options = plan_arguments(server, "-f", "m.yaml", "--format", "markdown", *more)
    return gwe(command, *options, cwd=folder, env={"PIN": "correct horse"})


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_secrets_are_hidden_in_markdown(command: str, server: Path, tmp_path: Path) -> None:
    done = run(command, server, tmp_path, "--verbose")
    check_structure(done.out)
    assert "hunter2" not in done.out
    assert "correct horse" not in done.out
    assert "| `annex/s/password` | `(secret)` | `(another secret)` |" in done.out


def test_a_replace_is_a_risk_with_its_losses(server: Path, tmp_path: Path) -> None:
    done = run("plan", server, tmp_path, "--overwrite")
    check_structure(done.out)
    risks = done.out.partition("### Risks")[2].partition("<details>")[0]
    assert "**replace** `AgentGroup/Group`: `--overwrite`\n\n- loses: `its DBID " in risks


def test_a_saved_plan_is_shown_with_the_command_that_applies_it(
    server: Path, tmp_path: Path
) -> None:
    made = run("plan", server, tmp_path, "--out", "p.plan")
    shown = gwe("show", "p.plan", "--format", "markdown", cwd=tmp_path)
    assert shown.out == made.out
    command = re.findall(r"^- `gwe (apply p.plan --plan-id \w+)`$", shown.out, re.MULTILINE)
    assert len(command) == 1
    options = ("--auto-approve", *plan_arguments(server)[:2])
    done = gwe(*command[0].split(), *options, cwd=tmp_path, env={"PIN": "correct horse"})
    assert done.code == 0, done.err
    last = gwe("runs", "show", "last", "--format", "markdown", cwd=tmp_path)
    check_structure(last.out)
    assert last.out.startswith("## Run `")
    assert "<summary><code>done</code>: 1</summary>\n\n- `AgentGroup/Group`\n" in last.out


def test_a_limit_that_is_too_small_is_refused(server: Path, tmp_path: Path) -> None:
    done = run("plan", server, tmp_path, "--max-bytes", "500")
    assert done.code == 64
    assert "--max-bytes" in done.err
