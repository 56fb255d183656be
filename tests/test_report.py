"""How an apply ends on the screen: the cause last, whatever depends on it counted."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.apply.report import Outcome, RunReport
from reconciler.plan.actions import Create, Subject
from reconciler.render.console import make_console
from reconciler.render.messages import print_report
from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.errors import NoPermissionError
from tests.harness import Result, gwe, plan_arguments, site_server

REFUSED = "refused for the test"


@contextmanager
def refusing(monkeypatch: pytest.MonkeyPatch, object_type: str) -> Iterator[None]:
    """Creates of a type are refused, as to an account without the permission."""
    create = EmbeddedServer.create

    def create_or_refuse(self: EmbeddedServer, kind: str, *more: object, **names: object) -> object:
        if kind == object_type:
            raise NoPermissionError(REFUSED)
        return create(self, kind, *more, **names)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(EmbeddedServer, "create", create_or_refuse)
        yield


def apply_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch, *more: str, object_type: str = "Script"
) -> Result:
    server = site_server(folder)
    with refusing(monkeypatch, object_type):
        return gwe(
            "apply",
            *plan_arguments(server, "--file", "bundled", "--auto-approve", *more),
            cwd=folder,
        )


def test_the_cause_is_printed_last_and_what_depends_on_it_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = apply_refused(tmp_path, monkeypatch)
    assert done.code == 5
    lines = done.out.rstrip("\n").split("\n")
    end = next(i for i, line in enumerate(lines) if line.startswith("Apply: "))
    counts = re.fullmatch(r"Apply: (\d+) applied, (\d+) failed, (\d+) skipped\.", lines[end])
    assert counts, lines[end]
    assert sum(map(int, counts.groups())) == 34
    assert not [line for line in lines if line.endswith("  skipped")]
    assert re.fullmatch(r"gwe runs show \S+ lists every action\.", lines[end + 1])
    causes = [line for line in lines if line.startswith("error: ")]
    assert lines.index(causes[0]) > end
    assert REFUSED in causes[0]
    assert REFUSED not in "\n".join(lines[:end])
    assert "lists them." in lines[-1] or lines[-1].startswith(("error: ", "  "))


def test_with_verbose_every_action_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = apply_refused(tmp_path, monkeypatch, "--verbose")
    lines = done.out.split("\n")
    assert len([line for line in lines if re.match(r"\[ ?\d+/34\] ", line)]) == 34
    assert [line for line in lines if line.endswith("  skipped")]
    failed = [line for line in lines if line.endswith("  failed")]
    assert len([line for line in lines if line.startswith("error: ")]) == len(failed) == 8
    assert "lists every action" not in done.out


def test_quiet_names_what_failed_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = apply_refused(
        tmp_path, monkeypatch, "--quiet", "--target", "AgentGroup/*", object_type="AgentGroup"
    )
    lines = done.out.rstrip("\n").split("\n")
    assert lines[1:] == [
        "[1/1] + AgentGroup/Web Engagement Chat  failed",
        "Apply: 1 failed.",
        "The next plan shows what is left to do.",
        f"error: AgentGroup/Web Engagement Chat: {REFUSED} (NoPermission, error 9: the account"
        " lacks a permission on the object or its folder)",
        "  Grant the account the permission, or use another account.",
    ]


@pytest.mark.parametrize(
    ("lasting", "advice"),
    [
        (True, "gwe recover finishes it."),
        (False, "gwe recover finishes it, on this machine only and as long as it lasts."),
    ],
)
def test_what_may_be_half_done_is_recovered_where_the_state_is(
    lasting: bool, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = [Outcome(Create(Subject("AgentGroup/G", "AgentGroup")), "unknown", "lost")]
    print_report(make_console(), RunReport(lost, run="R"), lasting=lasting)
    lines = " ".join(capsys.readouterr().out.split())
    assert f"Apply: 1 of unknown outcome. Something may be half done: {advice} error:" in lines


def test_no_run_is_referred_to_that_ends_with_this_machine(
    capsys: pytest.CaptureFixture[str],
) -> None:
    skipped = Outcome(
        Create(Subject("AgentGroup/H", "AgentGroup")), "skipped", "needs AgentGroup/G0"
    )
    failed = [
        Outcome(Create(Subject(f"AgentGroup/G{number}", "AgentGroup")), "failed", "no")
        for number in range(3)
    ]
    print_report(make_console(), RunReport([*failed, skipped], run="R"), lasting=False)
    assert capsys.readouterr().out.rstrip("\n").split("\n") == [
        "Apply: 3 failed, 1 skipped.",
        "gwe apply --verbose lists every action.",
        "The next plan shows what is left to do.",
        "error: AgentGroup/G0: no",
        "  2 more actions failed for the same reason: gwe apply --verbose lists them.",
    ]


@pytest.mark.parametrize("verbose", [False, True])
def test_many_causes_are_counted_unless_verbose(
    verbose: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = [
        Outcome(Create(Subject(f"AgentGroup/G{i}", "AgentGroup")), "failed", f"no {i}")
        for i in range(12)
    ]
    print_report(make_console(), RunReport(failed, run="R"), verbose=verbose)
    lines = capsys.readouterr().out.rstrip("\n").split("\n")
    causes = [line for line in lines if line.startswith("error: ")]
    assert len(causes) == (12 if verbose else 10)
    assert (lines[-1] == "2 more actions failed: gwe runs show R lists them.") is not verbose


def test_actions_that_failed_for_the_same_reason_are_counted_below_the_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    failed = [
        Outcome(Create(Subject(f"AgentGroup/{name}", "AgentGroup")), status, why, "Ask.")
        for name, status, why in (
            ("A", "failed", "no"),
            ("B", "failed", "full"),
            ("C", "failed", "no"),
            ("D", "failed", "no"),
            ("E", "unknown", "lost"),
            ("F", "unknown", "lost"),
        )
    ]
    print_report(make_console(), RunReport(failed, run="R"))
    lines = capsys.readouterr().out.rstrip("\n").split("\n")
    assert lines[2:] == [
        "error: AgentGroup/A: no",
        "  Ask.",
        "  2 more actions failed for the same reason: gwe runs show R lists them.",
        "error: AgentGroup/B: full",
        "  Ask.",
        "error: AgentGroup/E: lost",
        "  Ask.",
        "  1 more action ended with an unknown outcome for the same reason: gwe runs show R lists"
        " them.",
    ]
