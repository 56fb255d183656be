"""The page of a run: what needs attention, what became of each object, and no text of others
that is anything but text."""

from pathlib import Path

from reconciler.render.html.run_page import damaged_run_page, run_page
from reconciler.state.opening import open_store
from reconciler.state.records import ActionOutcome, CallEnd, Record, RunFinish
from reconciler.state.store import IntactRecords, StoredRun
from tests.harness import Result, gwe
from tests.state.backends import call, make_run
from tests.test_html import Elements

HOSTILE = '</code><script>alert(1)</script><img src=x onerror="x"> & \u202e\x1b[2J'
FINISH = RunFinish("partly applied", unsettled=False, ended="later", exit=5)


def made(folder: Path, name: str, *records: Record) -> StoredRun:
    store = open_store(str(folder / "state"))
    make_run(store, name, *records)
    return store.read_run(name)


def runs(folder: Path, *arguments: str) -> Result:
    return gwe("runs", *arguments, "--state-dir", folder / "state", cwd=folder)


def test_what_went_wrong_stands_before_what_went_well(tmp_path: Path) -> None:
    run = made(
        tmp_path,
        "first",
        ActionOutcome("Skill/Good", "done"),
        ActionOutcome("Skill/Later", "not-started", "the run had ended"),
        ActionOutcome("Skill/Bad", "failed", "the name is taken"),
        FINISH,
    )
    page = run_page(run, "state")
    assert (page.title, page.summary) == ("Run first", "partly applied.")
    assert [(one.status, one.rows) for one in page.sections] == [
        ("failed", [("Skill/Bad", "the name is taken")]),
        ("done", [("Skill/Good", "")]),
        ("not-started", [("Skill/Later", "")]),
    ]


def test_a_call_without_an_answer_needs_attention(tmp_path: Path) -> None:
    run = made(tmp_path, "cut-off", call(1))
    (problem,) = run_page(run, "state").problems
    assert problem.endswith("without an answer; gwe recover settles it")


def test_of_a_hostile_run_every_text_stays_text(tmp_path: Path) -> None:
    made(tmp_path, "first", ActionOutcome(f"Skill/{HOSTILE}", "failed", HOSTILE), FINISH)
    done = runs(tmp_path, "show", "first", "--format", "html")
    elements = Elements(done.out)
    assert [tag for tag, _ in elements.found if tag in ("script", "img")] == []
    shown = HOSTILE.replace("\u202e", "\\u202e").replace("\x1b", "\\x1b")
    assert elements.text.count(shown) == 2
    assert "script-src 'none'" in done.out


def test_the_list_is_a_table(tmp_path: Path) -> None:
    assert "No runs yet." in runs(tmp_path, "--format", "html").out
    made(tmp_path, "first", call(1), CallEnd(1, "answered"), FINISH)
    text = Elements(runs(tmp_path, "--format", "html").out).text
    assert "1 run, newest last." in text
    assert "RunStatusDoneApplicationUndoes" in text
    assert "firstpartly applied0/2GWE" in text


def test_a_page_is_written_to_a_file_over_a_page_only(tmp_path: Path) -> None:
    made(tmp_path, "first", call(1), CallEnd(1, "answered"), FINISH)
    for _ in range(2):
        done = runs(tmp_path, "show", "first", "--format", "html", "--out", "run.html")
        assert (done.code, done.err) == (0, "")
        assert done.out == (
            "Run first: partly applied.\nWrote the page run.html: open it in a browser.\n"
        )
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    done = runs(tmp_path, "show", "first", "--format", "html", "--out", "mine.txt")
    assert (done.code, (tmp_path / "mine.txt").read_text(encoding="utf-8")) == (64, "mine")
    done = runs(tmp_path, "--out", "run.html")
    assert done.code == 64
    assert "--out is for --format html" in done.err


def test_of_a_damaged_run_what_can_be_read_is_shown() -> None:
    found = IntactRecords((ActionOutcome("Skill/Good", "done"),), ("record 3 is missing",))
    page = damaged_run_page("first", found, "state")
    assert (page.summary, page.problems) == ("damaged.", ("record 3 is missing",))
    assert [one.rows for one in page.sections] == [[("Skill/Good", "")]]
