"""The page of a plan: what it says, that untrusted text stays text, and where it is written."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from reconciler.plan.actions import Create, Delete, Replace, Update
from reconciler.plan.model import Plan
from reconciler.render.html.form import plan_html
from reconciler.render.html.rendering import with_whole_options
from reconciler.render.output_form import OutputStyle
from tests.conftest import examples
from tests.harness import gwe, plan_arguments, site_server
from tests.plan_values import hostile_plans, option, plan_of, subject
from tests.terminals import InTerminal

MANIFEST = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: New}\n"


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text outside script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._raw = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        self._raw = tag in ("script", "style")

    def handle_endtag(self, _tag: str) -> None:
        self._raw = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._raw else data


def page(plan: Plan, **style: object) -> str:
    return plan_html(plan, OutputStyle(**style))  # type: ignore[arg-type]


def _template_names() -> Iterator[str]:
    """The elements that the template has."""
    folder = Path(__file__).parent.parent / "reconciler" / "render" / "html"
    for template in folder.glob("*.jinja"):
        yield from re.findall(r"<([a-z0-9]+)", template.read_text("utf-8"))


def test_the_policy_knows_the_style_and_the_script_and_nothing_else() -> None:
    text = page(plan_of())
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    parts = {}
    for name in ("style", "script"):
        (content,) = re.findall(f"<{name}>(.*?)</{name}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        parts[name] = f"{name}-src 'sha256-{digest}'"
    assert policy.split("; ") == [
        "default-src 'none'",
        parts["style"],
        parts["script"],
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_a_page_names_no_other_file_and_has_no_inline_handler() -> None:
    elements = Elements(page(plan_of(Create(subject("AgentGroup", "G"))))).found
    for tag, attributes in elements:
        assert not {"src", "style", "srcset", "action"} & attributes.keys(), tag
        assert not [name for name in attributes if name.startswith("on")], tag
        assert (attributes.get("href") or "#").startswith("#"), tag


@settings(phases=[Phase.explicit, Phase.generate], max_examples=examples(60))
@given(hostile_plans(), st.booleans())
def test_of_a_hostile_site_every_text_stays_text(plan: Plan, verbose: bool) -> None:
    text = page(plan, verbose=verbose)
    found = Elements(text)
    assert {tag for tag, _ in found.found} <= {*_template_names()}
    assert sum(tag == "script" for tag, _ in found.found) == 1
    for _, attributes in found.found:
        assert (attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    without_lines = text.replace("\n", "")
    assert without_lines.isprintable()


def test_a_hostile_name_is_shown_as_that_name() -> None:
    name = "</code><script>alert(1)</script>&amp;"
    found = Elements(page(plan_of(Create(subject("AgentGroup", name)))))
    assert name in found.text


def test_of_a_change_the_difference_is_marked_on_both_sides() -> None:
    change = option("S", "url", "http://host:8080/x", "http://host:9081/x", 7)
    text = page(plan_of(Update(subject("Application", "A", 1), changes=(change,))))
    assert (
        '<tr><th scope="row">options/S/url</th>'
        '<td class="live"><code>http://host:<mark>8080</mark>/x</code></td>'
        '<td class="planned"><code>http://host:<mark>9081</mark>/x</code></td>'
        '<td class="origin">site.yaml:7</td></tr>'
    ) in text
    assert "1 existing value changes</span> in" in text


def test_losses_stand_under_risks_and_with_their_object() -> None:
    text = page(
        plan_of(
            Replace(subject("AgentGroup", "G", 3), "--overwrite", loses=("its DBID 3",)),
            Delete(subject("InteractionQueue", "Old", 4), loses=("its annex", "its DBID 4")),
        )
    )
    risks = text[text.index('<h2 id="risks">') : text.index('id="toolbar"')]
    assert risks.index("InteractionQueue/Old") < risks.index("AgentGroup/G")
    assert re.findall(r"loses [\w ]+", risks) == [
        "loses its annex",
        "loses its DBID 4",
        "loses its DBID 3",
    ]
    rest = text[text.index('id="objects"') :]
    assert '<span class="lost">loses its DBID 3</span>' in rest
    assert '<span class="lost">loses 2 things</span>' in rest


def test_of_many_risks_the_first_are_shown_and_the_others_counted() -> None:
    groups = [Delete(subject("AgentGroup", f"G{n}", n)) for n in range(1, 26)]
    text = page(plan_of(*groups))
    risks = text[text.index('<h2 id="risks">') : text.index('id="toolbar"')]
    assert "<summary>5 more</summary>" in risks
    assert risks.count("AgentGroup/G") == 25


def test_equal_changes_of_many_objects_are_shown_once() -> None:
    changes = tuple(option("S", f"o{n}", None, "x", n) for n in range(47))
    stats = [Update(subject("Application", f"Stat{n}", n), changes=changes) for n in (1, 2, 3)]
    text = page(plan_of(*stats))
    assert text.count(">o5</th>") == 1
    assert text.count('The same 47 fields as <a href="#a1"><code>Stat1</code></a>') == 2


def test_a_plan_of_no_change_is_a_page_without_a_toolbar() -> None:
    text = page(plan_of())
    assert "Nothing to do." in text
    assert "toolbar" not in Elements(text).text
    assert 'id="toolbar"' not in text


def test_quiet_leaves_the_summary_the_risks_and_the_id() -> None:
    text = page(plan_of(Delete(subject("AgentGroup", "G", 3))), quiet=True)
    assert "Risks" in text
    assert 'href="#a1"' not in text
    assert 'class="kind"' not in text


# The commands


@pytest.fixture
def server(tmp_path: Path) -> Path:
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    return site_server(tmp_path)


def test_plan_drift_and_show_write_the_same_page(server: Path, tmp_path: Path) -> None:
    options = plan_arguments(server, "-f", "m.yaml")
    as_page = ("--format", "html", "--out")
    planned = gwe("plan", *options, *as_page, "plan.html", cwd=tmp_path)
    assert (planned.code, planned.err) == (0, "")
    assert planned.out == (
        "Plan: 1 to create, 0 to update, 0 to replace, 0 to delete.\n"
        "Wrote the page plan.html: open it in a browser.\n"
    )
    drifted = gwe("drift", *options, *as_page, "drift.html", cwd=tmp_path)
    assert drifted.code == 2
    gwe("plan", *options, "--out", "new.plan", "--quiet", cwd=tmp_path)
    shown = gwe("show", "new.plan", *as_page, "-", cwd=tmp_path)
    plan, drift = (
        (tmp_path / f"{name}.html").read_text(encoding="utf-8") for name in ("plan", "drift")
    )
    assert plan == drift
    # The plan file does not hold what the chat path is drawn from.
    path = re.compile('<details class="path".*?</svg>.*?</details>\n</details>\n', re.DOTALL)
    assert path.search(plan)
    plan = path.sub("", plan)
    assert shown.out.replace("apply new.plan", "apply FILE") == plan.replace(
        ', where FILE was saved with gwe plan <span class="option">--out</span> FILE', ""
    )
    assert 'gwe apply new.plan <span class="option">--plan-id</span> ' in shown.out


def test_how_a_plan_is_applied_is_said_as_text(server: Path, tmp_path: Path) -> None:
    options = plan_arguments(server, "-f", "m.yaml", "--format", "html", "--how-to-apply")
    shown = gwe("plan", *options, "<b>Start</b> the job with {id}.", cwd=tmp_path)
    assert re.search(r"<p>&lt;b&gt;Start&lt;/b&gt; the job with [0-9a-f]{32}\.</p>", shown.out)
    assert "gwe apply" not in shown.out
    refused = gwe("plan", *options, "x" * 2001, cwd=tmp_path)
    assert (refused.code, refused.err) == (
        64,
        "error: --how-to-apply has more than 2,000 bytes\n  Name a page there that says more.\n",
    )


def test_a_page_is_written_over_a_page_and_over_nothing_else(server: Path, tmp_path: Path) -> None:
    arguments = ("drift", *plan_arguments(server, "-f", "m.yaml"), "--format", "html", "--out")
    assert gwe(*arguments, "drift.html", cwd=tmp_path).code == 2
    assert gwe(*arguments, "drift.html", cwd=tmp_path).code == 2
    refused = gwe(*arguments, "m.yaml", cwd=tmp_path)
    assert (refused.code, refused.out) == (64, "")
    assert refused.err == (
        "error: m.yaml exists and is not a page of gwe\n"
        "  Name another file, or remove this one first.\n"
    )
    assert (tmp_path / "m.yaml").read_text(encoding="utf-8") == MANIFEST


def test_out_is_refused_for_a_form_that_goes_to_standard_output(
    server: Path, tmp_path: Path
) -> None:
    refused = gwe("drift", *plan_arguments(server), "--out", "drift.txt", cwd=tmp_path)
    assert refused.code == 64
    assert refused.err == (
        "error: --out is for --format html; text goes to standard output\n"
        "  Give --format html too, or write > drift.txt in place of --out.\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add --reset-initial.", 'add <span class="option">--reset-initial</span>.'),
        ("a--b <--x> -- --", 'a--b &lt;<span class="option">--x</span>&gt; -- --'),
        ("--Up --a_b --a- \x1b", "--Up --a_b --a- \\x1b"),
    ],
)
def test_options_in_a_text_are_kept_whole_and_all_else_is_escaped(text: str, expected: str) -> None:
    assert with_whole_options(text) == expected


def test_a_page_goes_into_a_pipe_but_not_to_a_terminal(
    server: Path, tmp_path: Path, in_terminal: InTerminal
) -> None:
    arguments = ("plan", *plan_arguments(server, "-f", "m.yaml"), "--format", "html")
    assert gwe(*arguments, cwd=tmp_path).out.startswith("<!DOCTYPE html>\n")
    code, shown = in_terminal(*arguments, cwd=tmp_path)
    assert code == 64
    assert "an HTML page cannot be shown in a terminal\n" in shown
    assert "Name its file with --out FILE" in shown
