"""``gwe graph``: the chat path of a site, what the plan makes of it, and what is broken."""

import json
import re
import shutil
import subprocess
from collections import Counter
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.plan.chat.path import NODE_KINDS
from reconciler.plan.chat.site_graph import NODE_STATES, Edge, Node, SiteGraph
from reconciler.render.console import make_console
from reconciler.render.graphs import GRAPH_FORMS
from reconciler.render.graphs.drawing import drawing_of
from reconciler.render.graphs.json_text import GRAPH
from reconciler.render.graphs.tree import print_graph
from reconciler.text.visible import escaped
from tests.harness import Result, gwe, opened, plan_arguments, site_server
from tests.plan_values import HOSTILE

SITE = """\
apiVersion: reconciler/v1
kind: Site
extends: {bare}
tenant: Resources
Script:
  - {{name: Old, type: InteractionQueue, annex: {{Orchestration: {{application: "script:R"}}}}}}
  - {{name: R, type: EnhancedRouting, annex: {{Application: {{url: "http://old/r"}}}}}}
  - {{name: Old.View, type: InteractionQueueView, annex: {{View: {{Queue: Old}}}}}}
"""
BARE = Path(__file__).parent / "sites" / "bare.yaml"
ENDPOINT = """\
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: endpoint}
target: {role: chat-server}
spec: {options: {"endpoints:101": {web: Old}}}
---
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: key}
target: {role: web-engagement-server}
spec: {options: {chat: {queueKey: "101:web"}}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Path:
    return site_server(tmp_path, SITE.format(bare=BARE))


def graph(server: Path, manifests: str, *more: str) -> Result:
    folder = server.parent
    (folder / "m.yaml").write_text(manifests, encoding="utf-8")
    arguments = plan_arguments(server, "-f", "m.yaml", *more)
    return gwe("graph", *arguments, cwd=folder, env={"COLUMNS": "80"})


def test_what_the_plan_creates_is_marked_on_the_way_of_a_chat(server: Path) -> None:
    shown = graph(server, ENDPOINT)
    assert (shown.code, shown.err) == (0, "")
    assert shown.out == (
        "Chat path of GWE\n"
        "  Web Engagement Server GWE\n"
        "+   queueKey 101:web: Chat Server Chat\n"
        "+     endpoint endpoints:101/web\n"
        "+       queue Old\n"
        "          view Old.View\n"
        "          routing script R\n"
        "            strategy http://old/r\n"
        "  Stat Server Stat\n"
        "\n"
        "Nothing is broken after the plan.\n"
    )


def test_what_is_there_already_has_no_mark(server: Path, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ENDPOINT, encoding="utf-8")
    arguments = plan_arguments(server, "-f", "m.yaml", "--auto-approve", "--quiet")
    assert gwe("apply", *arguments, cwd=tmp_path).code == 0
    lines = graph(server, ENDPOINT).out.splitlines()
    assert {line[0] for line in lines[1:-2]} == {" "}


def test_where_the_queue_key_leads_now_is_marked_as_removed(server: Path, tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(ENDPOINT, encoding="utf-8")
    arguments = plan_arguments(server, "-f", "m.yaml", "--auto-approve", "--quiet")
    assert gwe("apply", *arguments, cwd=tmp_path).code == 0
    shown = graph(server, ENDPOINT.replace("web: Old", "new: Old").replace(":web", ":new")).out
    assert (
        "+   queueKey 101:new: Chat Server Chat\n"
        "+     endpoint endpoints:101/new\n"
        "+       queue Old\n"
    ) in shown
    assert "-   queueKey 101:web: Chat Server Chat  (see above)\n" in shown


def test_a_fault_that_server_and_cluster_lead_to_is_told_once(tmp_path: Path) -> None:
    server = tmp_path / "gwe.db"
    assert gwe("embedded", "init", server, cwd=tmp_path).code == 0  # a site with a cluster
    site = ("--app", "Web_Engagement_Server")
    key = ENDPOINT.partition("---")[2]
    cluster = key.replace("web-engagement-server", "web-engagement-cluster")
    queue = "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Old}\n"
    text = f"{ENDPOINT}---{cluster.replace('name: key', 'name: other')}---\n{queue}"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    arguments = plan_arguments(server, "-f", "m.yaml", *site, "--auto-approve", "--quiet")
    assert gwe("apply", *arguments, cwd=tmp_path).code == 0
    removed = ENDPOINT.partition("---")[0].replace("web: Old", "web: null")
    nodes = json.loads(graph(server, removed, *site, "--format", "json").out)["nodes"]
    assert [one["faults"] for one in nodes if one["kind"] == "endpoint"] == [
        ["Chat_Server_1 lacks this endpoint"],
        ["Chat_Server_2 lacks this endpoint"],
    ]


@pytest.mark.parametrize(
    ("manifest", "faults"),
    [
        ("{kind: InteractionQueue, metadata: {name: Q}}", ["view", "Orchestration/application"]),
        ("{kind: EnhancedRouting, metadata: {name: E}}", ["Application/url"]),
        ("{kind: AgentGroup, metadata: {name: G}}", ["agents"]),
        ("{kind: InteractionQueueView, metadata: {name: V}}", ["View/Queue"]),
    ],
)
def test_what_is_incomplete_is_a_fault(server: Path, manifest: str, faults: list[str]) -> None:
    text = manifest.replace("{kind", "{apiVersion: reconciler/v1, kind", 1)
    data = json.loads(graph(server, text, "--format", "json").out)
    jsonschema.validate(data, GRAPH.schema())
    (node,) = [one for one in data["nodes"] if one["faults"] and one["kind"] != "server"]
    assert len(node["faults"]) == len(faults)
    for fault, words in zip(node["faults"], faults, strict=True):
        assert words in fault
    assert node["state"] == "planned"
    (start,) = [one for one in data["nodes"] if one["kind"] == "server"]
    assert start["faults"] == ["no chat/queueKey: it can start no chat"]


def test_what_the_plan_creates_and_is_broken_has_both_marks(server: Path) -> None:
    queue = "{apiVersion: reconciler/v1, kind: InteractionQueue, metadata: {name: Q}}"
    assert "\n+! queue Q\n     no view has this queue" in graph(server, queue).out
    picture = graph(server, queue, "--format", "svg").out
    assert [box[:2] for box in texts_of(picture) if "Q" in box] == [["+! queue", "Q"]]
    mermaid = graph(server, queue, "--format", "mermaid").out
    assert "  class n1 planned\n" in mermaid
    assert "  class n0,n1 broken\n" in mermaid
    looks = 'style="dashed", color="#b8201a", penwidth=2];'
    assert looks in graph(server, queue, "--format", "dot").out


def test_declared_statistics_and_filters_stand_below_each_stat_server(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    arguments = plan_arguments(server, "-f", "bundled", "--format", "json")
    nodes = json.loads(gwe("graph", *arguments, cwd=tmp_path).out)["nodes"]
    found = Counter(
        (one["kind"], one["application"], one["state"]) for one in nodes if one["application"]
    )
    assert found == {
        ("endpoint", "Chat", "planned"): 1,
        ("statistic", "Stat", "planned"): 9,
        ("filter", "Stat", "planned"): 3,
    }


def test_a_live_reference_that_leads_nowhere_is_missing(server: Path, tmp_path: Path) -> None:
    with opened(server) as one:
        (script,) = one.read("Script", {"name": "R"})
        one.delete("Script", script.dbid)
    shown = graph(server, ENDPOINT).out
    assert ("!         routing script R\n            no EnhancedRouting has this name\n") in shown
    assert shown.endswith("\n1 fault after the plan, marked with !.\n")


def test_a_secret_is_neither_shown_nor_followed(server: Path, tmp_path: Path) -> None:
    manifest = (
        "{apiVersion: reconciler/v1, kind: EnhancedRouting, metadata: {name: R},"
        " spec: {annex: {Application: {url: {secret: true, from: env.URL}}}}}"
    )
    (tmp_path / "m.yaml").write_text(manifest, encoding="utf-8")
    for form in ("text", *GRAPH_FORMS):
        arguments = plan_arguments(server, "-f", "m.yaml", "--format", form)
        shown = gwe("graph", *arguments, cwd=tmp_path, env={"URL": "http://hidden/"})
        assert shown.code == 0
        assert "hidden" not in shown.out


# The forms


def drawn(name: str, label: str) -> SiteGraph:
    nodes = (Node("queue", "", name, "live", (label,)), Node("routing", "", "R", "planned"))
    return SiteGraph(name, nodes, (Edge(nodes[0].key, nodes[1].key, label, "planned"),))


_LABEL = r"(?:[^\W_]|[ _./:,()-]|<br>|#\d+;)*"
_MERMAID = re.compile(
    "flowchart LR\n"
    f'  n0\\["{_LABEL}"\\]\n  n1\\["{_LABEL}"\\]\n'
    f'  n0 -\\.->(?:\\|"{_LABEL}"\\|)? n1\n'
    "(?:  classDef \\w+ [\\w:#,.\\- ]+\n  class [n\\d,]+ \\w+\n)*"
)


@given(HOSTILE, HOSTILE)
def test_no_name_leaves_its_label_in_mermaid(name: str, label: str) -> None:
    text = GRAPH_FORMS["mermaid"](drawn(name, label))
    assert _MERMAID.fullmatch(text), text
    (shown,) = re.findall(r'n0\["queue<br>(.*?)<br>', text)
    decoded = re.sub(r"#(\d+);", lambda found: chr(int(found[1])), shown)
    assert decoded == escaped(name)


_QUOTED = r'"(?:[^"\\]|\\.)*"'
_DOT = re.compile(
    r"digraph \{\n  rankdir=LR;\n  node [^\n]*\n  edge [^\n]*\n"
    rf"  n0 \[label={_QUOTED}, [^\n\"]*\"#b8201a\"[^\n\"]*\];\n"
    rf"  n1 \[label={_QUOTED}[^\n]*\];\n  n0 -> n1 \[label={_QUOTED}[^\n]*\];\n\}}\n"
)


@given(HOSTILE, HOSTILE)
def test_no_name_leaves_its_label_in_dot(name: str, label: str) -> None:
    text = GRAPH_FORMS["dot"](drawn(name, label))
    assert _DOT.fullmatch(text), text


@pytest.mark.process
@pytest.mark.skipif(not shutil.which("dot"), reason="this machine has no Graphviz")
def test_graphviz_reads_hostile_names_as_they_are() -> None:
    names = ['"', "\\", "a\\", '\\"', "&amp;", "<b>", "\\N\\l", "]; x [", "名é", "'", "-->", "//"]
    nodes = tuple(Node("strategy", "", name, "live") for name in names)
    text = GRAPH_FORMS["dot"](SiteGraph("GWE", nodes, ()))
    done = subprocess.run(
        ["dot", "-Tjson"], input=text, capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr == ""
    drawings = [one["_ldraw_"] for one in json.loads(done.stdout)["objects"]]
    shown = [[op["text"] for op in one if op["op"] == "T"] for one in drawings]
    assert shown == [["strategy", name] for name in names]


def texts_of(svg: str) -> list[list[str]]:
    """The lines of text in each box and at each arrow of a picture."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own text
    return [
        [text.text or "" for text in group.iterfind("{*}text")] for group in root.iterfind("{*}g")
    ]


@given(HOSTILE, HOSTILE)
def test_no_name_leaves_its_line_in_a_picture(name: str, label: str) -> None:
    arrow, box, _ = texts_of(GRAPH_FORMS["svg"](drawn(name, label)))
    assert box[0] == "! queue"
    assert "".join(box[1:]) == escaped(name) + escaped(label)
    assert arrow == ([] if not label else [arrow[0]])
    assert escaped(label).startswith("".join(arrow).removesuffix("..."))


NODES = st.builds(
    Node,
    st.sampled_from(NODE_KINDS),
    st.just(""),
    st.text("ab/ ", max_size=60),
    st.sampled_from(NODE_STATES),
    st.lists(st.text("ab ", max_size=40), max_size=2).map(tuple),
)


@given(st.lists(NODES, max_size=25, unique_by=lambda node: node.key), st.data())
def test_no_box_of_a_picture_covers_another_and_each_is_in_it(
    nodes: list[Node], data: st.DataObject
) -> None:
    keys = [node.key for node in nodes]
    ends = st.tuples(st.sampled_from(keys or [("queue", "", "")]), st.sampled_from(keys or [None]))
    pairs = data.draw(st.lists(ends, max_size=30)) if keys else []
    edges = tuple(Edge(source, target, "x", "live") for source, target in pairs)
    drawing = drawing_of(SiteGraph("GWE", tuple(nodes), edges))
    for box in drawing.boxes:
        assert box.x >= 0
        assert box.y >= 0
        assert box.x + box.width <= drawing.width
        assert box.y + box.height <= drawing.height
    for one, other in combinations(drawing.boxes, 2):
        beside = one.x != other.x
        assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y
    assert {id(end) for arrow in drawing.arrows for end in (arrow.source, arrow.target)} <= {
        id(box) for box in drawing.boxes
    }


def test_what_differs_in_its_name_only_shares_a_box() -> None:
    server = Node("stat-server", "", "Stat", "live")
    many = [Node("statistic", "Stat", f"s{n}", "live") for n in range(6)]
    broken = Node("statistic", "Stat", "bad", "missing", ("Stat lacks it",))
    edges = tuple(Edge(server.key, one.key, "", "live") for one in (*many, broken))
    texts = texts_of(GRAPH_FORMS["svg"](SiteGraph("GWE", (server, *many, broken), edges)))
    assert texts == [
        [],
        [],
        ["Stat Server", "Stat"],
        ["6 statistics", "s0", "s1", "s2", "s3", "and 2 more"],
        ["! statistic", "bad", "Stat lacks it"],
    ]


def test_a_box_stands_beside_what_leads_to_it() -> None:
    queues = [Node("queue", "", name, "live") for name in "ab"]
    scripts = [Node("routing", "", name, "live") for name in "dc"]
    edges = (
        Edge(queues[0].key, scripts[1].key, "", "live"),
        Edge(queues[1].key, scripts[0].key, "", "live"),
    )
    drawing = drawing_of(SiteGraph("GWE", (*queues, *scripts), edges))
    places = {box.lines[0]: box for box in drawing.boxes}
    assert places["a"].middle == places["c"].middle
    assert places["b"].middle == places["d"].middle
    assert places["a"].x + places["a"].width < places["c"].x


def test_a_circle_of_references_is_shown_once(capsys: pytest.CaptureFixture[str]) -> None:
    one, other = Node("queue", "", "a", "live"), Node("routing", "", "b", "live")
    edges = (Edge(one.key, other.key, "", "live"), Edge(other.key, one.key, "", "live"))
    print_graph(make_console(), SiteGraph("GWE", (one, other), edges))
    assert capsys.readouterr().out.splitlines()[1:4] == [
        "  queue a",
        "    routing script b",
        "      queue a  (see above)",
    ]
