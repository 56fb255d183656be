"""The id by which a machine is known."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from reconciler.engine import machine
from reconciler.engine.machine import machine_id


def call_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(machine, "socket", SimpleNamespace(gethostname=lambda: name))


def id_in(monkeypatch: pytest.MonkeyPatch, files: list[Path]) -> str:
    """The id of a machine whose system keeps it in one of these files."""
    monkeypatch.setattr(machine, "FILES", files)
    return machine_id()


def test_a_machine_keeps_its_id_under_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "machine-id"
    file.write_text("0123456789abcdef0123456789abcdef\n")
    before = id_in(monkeypatch, [file])
    call_it(monkeypatch, "renamed")
    assert id_in(monkeypatch, [tmp_path / "missing", file]) == before
    assert len(before) == 32
    assert "0123456789abcdef" not in before  # the id of the system is not to be published


@pytest.mark.parametrize("text", ["", "\n", "uninitialized\n"])
def test_a_machine_without_an_id_is_known_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = tmp_path / "machine-id"
    file.write_text(text)
    call_it(monkeypatch, "Container-1")
    found = id_in(monkeypatch, [file, tmp_path / "missing"])
    call_it(monkeypatch, "container-1")
    assert id_in(monkeypatch, [tmp_path / "missing"]) == found
    call_it(monkeypatch, "container-2")
    assert id_in(monkeypatch, [file]) != found


def test_two_machines_have_two_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        (tmp_path / name).write_text(name * 32)
    assert id_in(monkeypatch, [tmp_path / "a"]) != id_in(monkeypatch, [tmp_path / "b"])
