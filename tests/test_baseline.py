"""Accepted differences, which ``gwe drift`` writes to a baseline and does not count."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler import Reconciler, RefusedError
from reconciler.kinds.fields import Value
from reconciler.plan.ownership.baseline import Accepted, Baseline
from reconciler.site.discovery import SiteOptions
from reconciler.state.baseline_file import read_baseline, save_baseline
from tests.harness import APP, Result, gwe, plan_arguments, site_server

QUEUES = """\
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Sales}
spec: {annex: {Queue: {size: '3', mode: fast}}}
---
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Care}
spec: {annex: {Queue: {size: '1'}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a server on which both queues are as ``QUEUES`` says."""
    site_server(tmp_path)
    write(tmp_path, QUEUES)
    assert run(tmp_path, "apply", "--auto-approve").code == 0
    return tmp_path


def write(folder: Path, text: str) -> None:
    (folder / "m.yaml").write_text(text, encoding="utf-8")


def run(folder: Path, command: str, *more: str) -> Result:
    (server,) = folder.glob("*.db")
    return gwe(command, *plan_arguments(server, "-f", "m.yaml"), *more, cwd=folder)


def accept(folder: Path, *more: str) -> Result:
    return run(folder, "drift", "--write-baseline", "accepted.yaml", *more)


def drift(folder: Path, *more: str) -> Result:
    return run(folder, "drift", "--baseline", "accepted.yaml", *more)


def test_an_accepted_difference_does_not_count(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow"))
    made = accept(folder, "--reason", "until May")
    assert (made.code, made.out) == (0, "accepted.yaml accepts 1 difference: 1 new, 0 removed.\n")
    text = (folder / "accepted.yaml").read_text(encoding="utf-8")
    assert text.endswith("""
accepted:
  - address: InteractionQueue/Sales
    field: /annex/Queue/mode
    live: fast
    manifest: slow
    reason: until May
""")
    found = drift(folder)
    assert found.code == 0
    assert "s Sales  skipped: its difference is accepted: until May\n" in found.out
    assert "Note: 1 difference is accepted by accepted.yaml and not counted.\n" in found.out
    assert run(folder, "drift").code == 2


def test_another_value_on_either_side_is_drift_again(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow"))
    accept(folder, "--reason", "until May")
    write(folder, QUEUES.replace("fast", "slower"))
    found = drift(folder)
    assert found.code == 2
    assert "annex/Queue/mode: fast -> slower" in found.out
    assert (
        "Warning: accepted.yaml:8:5: InteractionQueue/Sales does not differ as this entry\n"
        "         accepts. Remove the entry, or write the baseline again.\n"
    ) in found.out


def test_the_other_differences_of_the_object_still_count(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow"))
    accept(folder, "--reason", "until May")
    write(folder, QUEUES.replace("fast", "slow").replace("'3'", "'4'"))
    found = drift(folder)
    assert found.code == 2
    assert "annex/Queue/size: 3 -> 4" in found.out
    assert "kept as it is: annex/Queue/mode" in found.out
    assert "slow" not in found.out


def test_an_object_that_is_absent_can_be_accepted(folder: Path) -> None:
    write(folder, QUEUES.replace("Care", "New"))
    assert accept(folder, "--reason", "comes in June").code == 0
    text = (folder / "accepted.yaml").read_text(encoding="utf-8")
    assert 'field: ""\n    live: false\n    manifest: true\n' in text
    assert drift(folder).code == 0


def test_a_baseline_that_is_written_again_keeps_reasons_and_drops_what_is_gone(
    folder: Path,
) -> None:
    write(folder, QUEUES.replace("fast", "slow").replace("'1'", "'2'"))
    accept(folder, "--reason", "first")
    write(folder, QUEUES.replace("fast", "slow").replace("'3'", "'4'"))
    refused = accept(folder)
    assert refused.code == 64
    assert "accepted.yaml does not accept 1 difference yet" in refused.err
    again = accept(folder, "--reason", "second")
    assert again.out == "accepted.yaml accepts 2 differences: 1 new, 1 removed.\n"
    entries = read_baseline(folder / "accepted.yaml").accepted
    assert [(entry.path[-1], entry.reason) for entry in entries] == [
        ("mode", "first"),
        ("size", "second"),
    ]


def test_a_part_of_the_manifests_leaves_the_other_entries_alone(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow").replace("'1'", "'2'"))
    accept(folder, "--reason", "all")
    again = accept(folder, "--target", "InteractionQueue/Care")
    assert again.out == "accepted.yaml accepts 2 differences: 0 new, 0 removed.\n"
    found = drift(folder, "--target", "InteractionQueue/Care")
    assert (found.code, "Warning" in found.out) == (0, False)


def test_a_secret_cannot_be_accepted(folder: Path) -> None:
    write(folder, QUEUES.replace("mode: fast", "password: hunter2"))
    made = accept(folder, "--reason", "x")
    assert "1 difference in secrets cannot be accepted" in made.out
    assert "hunter2" not in (folder / "accepted.yaml").read_text(encoding="utf-8")
    assert drift(folder).code == 2


def test_the_baseline_of_another_site_is_refused(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow"))
    accept(folder, "--reason", "x")
    file = folder / "accepted.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(f"app: {APP}", "app: Other"), "utf-8")
    for refused in (drift(folder), accept(folder)):
        assert refused.code == 3
        assert "accepted.yaml is the baseline of another site: its app is Other" in refused.err


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            ("reason: x", 'reason: ""'),
            "accepted.yaml:12:5: reason of item 1 of accepted must not be blank",
        ),
        (
            ("live: fast", "live: [1]"),
            "accepted.yaml:10:5: live of item 1 of accepted must be null",
        ),
        (
            ("kind: Baseline", "kind: Other"),
            "accepted.yaml:3:1: kind is Other, so this is not the baseline A baseline is made by",
        ),
        (
            ("accepted:", "acepted:"),
            "accepted.yaml:7:1: unknown field acepted; did you mean accepted?",
        ),
        (("- address", "- [address"), "not valid YAML"),
    ],
)
def test_a_damaged_baseline_names_the_place(folder: Path, edit: tuple[str, str], said: str) -> None:
    write(folder, QUEUES.replace("fast", "slow"))
    accept(folder, "--reason", "x")
    file = folder / "accepted.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(*edit), "utf-8")
    refused = drift(folder)
    assert refused.code == 1
    assert said in " ".join(refused.err.split())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            QUEUES.partition("---")[0],
            "accepted.yaml:2:1: kind is InteractionQueue, so this is not the baseline",
        ),
        ("a: 1\n", "accepted.yaml:1:1: kind is missing, so this is not the baseline"),
        ("[1]\n", "accepted.yaml:1:1: this is not the baseline"),
        ("# x\n", "accepted.yaml is empty: there is nothing in it but comments or blanks"),
    ],
)
def test_a_file_that_is_no_baseline_is_one_problem(folder: Path, text: str, problem: str) -> None:
    write(folder, QUEUES)
    (folder / "accepted.yaml").write_text(text, encoding="utf-8")
    advice = "A baseline is made by gwe drift --write-baseline FILE --reason TEXT."
    assert drift(folder).err == f"error: {problem}\n  {advice}\n"


def test_a_baseline_goes_over_nothing_but_a_baseline(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow"))
    refused = run(folder, "drift", "--write-baseline", "m.yaml", "--reason", "x")
    assert refused.code == 1
    assert (folder / "m.yaml").read_text(encoding="utf-8") == QUEUES.replace("fast", "slow")
    missing = drift(folder)
    assert (missing.code, "accepted.yaml" in missing.err) == (1, True)


@pytest.mark.parametrize(
    "options",
    [
        ("--baseline", "a.yaml", "--write-baseline", "b.yaml"),
        ("--reason", "x"),
        ("--write-baseline", "b.yaml", "--reason", "x", "--format", "json"),
        ("--write-baseline", "b.yaml", "--reason", " "),
    ],
)
def test_options_that_do_not_go_together(folder: Path, options: tuple[str, ...]) -> None:
    assert run(folder, "drift", *options).code == 64


def test_what_is_blocked_cannot_be_accepted(folder: Path) -> None:
    write(folder, QUEUES.replace("fast", "slow").replace("Care", "care"))
    made = accept(folder, "--reason", "x")
    assert made.code == 3
    assert "What is blocked or refused cannot be accepted: gwe drift shows it." in made.err
    assert "accepted.yaml accepts 1 difference" in made.out


def test_a_program_gives_a_baseline_of_its_own(folder: Path) -> None:
    (server,) = folder.glob("*.db")
    write(folder, QUEUES.replace("fast", "slow"))
    with Reconciler.connect(
        f"embedded:{server}", SiteOptions(APP), state=folder / "other"
    ) as engine:
        plan = engine.drift(folder / "m.yaml")
        entry = Accepted(
            "InteractionQueue/Sales", ("annex", "Queue", "mode"), "fast", "slow", "known"
        )
        own = Baseline(plan.identity, plan.site.app, plan.site.tenant, (entry,))
        assert not plan.empty
        assert engine.drift(folder / "m.yaml", baseline=own).empty
        save_baseline(own, folder / "own.yaml")
        assert engine.drift(folder / "m.yaml", baseline=folder / "own.yaml").empty
        assert engine.drift(folder / "m.yaml", baseline=str(folder / "own.yaml")).empty
        other = Baseline("embedded:other", plan.site.app, plan.site.tenant, (entry,))
        with pytest.raises(RefusedError, match="baseline of another site"):
            engine.drift(folder / "m.yaml", baseline=other)


def _values() -> st.SearchStrategy[Value | None]:
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    odd = st.sampled_from(["0123", "on", "null", "~", "1_000", " x ", "a\nb\n", "é", "\x85", "#"])
    return st.none() | st.booleans() | st.integers() | st.binary(max_size=4) | texts | odd


@given(_values(), _values(), st.lists(st.text(max_size=5), min_size=1, max_size=3))
def test_a_file_gives_back_every_value(
    tmp_path_factory: pytest.TempPathFactory, live: Value, manifest: Value, path: list[str]
) -> None:
    entry = Accepted("Application/A/B", tuple(path), live, manifest, "why")
    baseline = Baseline("embedded:1", "GWE", "Täst", (entry,))
    file = tmp_path_factory.getbasetemp() / "baseline.yaml"
    save_baseline(baseline, file)
    (read,) = read_baseline(file).accepted
    assert read.key == entry.key
