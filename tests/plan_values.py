"""Plans as values, for tests of forms of output: plain plans, and hostile ones."""

from collections.abc import Mapping

from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.diagnostics import Position
from reconciler.manifest.load import PlanInputs
from reconciler.plan.actions import (
    Action,
    Blocked,
    Create,
    Delete,
    Keep,
    Replace,
    Skip,
    Subject,
    Update,
)
from reconciler.plan.changes import Change
from reconciler.plan.model import Plan, SiteMark

_FRAGMENTS = (
    *("|", "||", "\\|", "`", "``", "```", "`" * 90, "\\", "~~", "**", "_", "*", "<", ">", "&", "'"),
    *("</details>", "<script>", "<!--", "-->", "<img src=x onerror=y>", "<a@b.example>", "&#124;"),
    *("[x](http://e.example)", "![x](http://e.example)", "http://e.example", "www.e.example"),
    *("@all", "#123", "!45", "GH-1", "$x$", "$$", ":smile:", "[ ] ", "[^1]", "a@b.example"),
    *("\n", "\r\n", "\n\n", "\n# ", "    ", "\t", "\u202e", "\u2066", "\x1b[2J", "\x00"),
    *(" ", "  ", "é", "e\u0301", "\u0301", "名", "---", "| --- |", "1. ", "- ", "> ", "a", "bc"),
)
HOSTILE = st.lists(st.sampled_from(_FRAGMENTS), max_size=8).map("".join)
VALUES = st.one_of(st.none(), HOSTILE, HOSTILE, st.integers(0, 9), st.just(b"\x00"))


def subject(kind: str, name: str, dbid: int = 0) -> Subject:
    type_of = {"Application": "Application", "InteractionQueue": "Script"}
    return Subject(f"{kind}/{name}", kind, type_of.get(kind, kind), name, 101, dbid)


def option(section: str, name: str, before: str | None, after: str | None, line: int = 1) -> Change:
    return Change(("options", section, name), before, after, Position("site.yaml", line))


def plan_of(*actions: Action, **more: object) -> Plan:
    site = SiteMark("GWE", "Resources", 101, roles={"stat-server": (1, 2, 3)})
    return replace(Plan("embedded:gwe.db", "id", site, actions), **more)  # type: ignore[arg-type]


@st.composite
def hostile_plans(draw: st.DrawFn) -> Plan:
    """A plan of which every text is hostile."""

    def one(cls: type[Action]) -> Action:
        about = Subject(
            draw(HOSTILE), draw(HOSTILE), draw(st.sampled_from(["Application", "Script"])),
            draw(HOSTILE), 101, draw(st.integers(0, 3)),
        )  # fmt: skip
        more: Mapping[str, object] = {}
        changes = draw(st.lists(_changes(), max_size=3).map(tuple))
        loses = draw(st.lists(HOSTILE, max_size=2).map(tuple))
        if cls is Create:
            more = {"changes": changes, "folder": 1, "folder_path": draw(HOSTILE)}
        elif cls in (Update, Replace):
            more = {"changes": changes, "loses": loses, "kept": changes[:1]}
        elif cls is Keep:
            more = {"kept": changes}
        elif cls is Delete:
            more = {"loses": loses}
        return cls(about, draw(HOSTILE), **more)  # type: ignore[arg-type]

    classes = st.sampled_from([Create, Update, Replace, Delete, Keep, Skip, Blocked])
    actions = [one(cls) for cls in draw(st.lists(classes, max_size=4))]
    texts = draw(st.lists(HOSTILE, min_size=9, max_size=9))
    return Plan(
        texts[0],
        texts[1],
        SiteMark(texts[2], texts[3], 101, texts[4], {"stat-server": (1, 2)}),
        tuple(actions),
        notices=(texts[5],),
        warnings=(texts[6],),
        refusals=(texts[7],),
        undoes=draw(st.sampled_from(["", texts[8]])),
        inputs=PlanInputs((texts[0], texts[1]), settings=texts[2], profile=texts[3]),
    )


@st.composite
def _changes(draw: st.DrawFn) -> Change:
    path = tuple(draw(st.lists(HOSTILE, min_size=1, max_size=3)))
    before, after = draw(VALUES), draw(VALUES)
    origin = draw(st.one_of(st.none(), st.builds(Position, HOSTILE, st.integers(0, 9))))
    return Change(
        path, before, after if after != before else None, origin, draw(HOSTILE),
        hint=draw(HOSTILE), secret=draw(st.booleans()),
    )  # fmt: skip
