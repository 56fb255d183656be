"""Attributes that a newer server holds and the table of this version lacks: never lost unseen."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.server.embedded.adapter import EmbeddedServer
from reconciler.server.port import ConfObject, Filter
from tests.harness import VENDOR, everything, gwe, plan_arguments, site_server
from tests.test_plan_file import said

QUEUE = (
    "apiVersion: reconciler/v1\nkind: InteractionQueue\nmetadata: {name: Webengagement_Qualified}\n"
)
NEWER = "loadLevel"


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers whose queue has a value that the table has no attribute for."""
    read: Callable[..., list[ConfObject]] = EmbeddedServer.read
    in_parts: Callable[..., Iterator[Sequence[ConfObject]]] = EmbeddedServer.read_in_parts

    def newer_of(found: Iterable[ConfObject]) -> list[ConfObject]:
        return [
            replace(one, unknown=(NEWER,))
            if one.attributes.get("name") == "Webengagement_Qualified"
            else one
            for one in found
        ]

    def read_newer(
        self: EmbeddedServer, object_type: str, filters: Filter | None = None
    ) -> list[ConfObject]:
        return newer_of(read(self, object_type, filters))

    def newer_in_parts(
        self: EmbeddedServer, object_type: str, filters: Filter | None = None
    ) -> Iterator[Sequence[ConfObject]]:
        return map(newer_of, in_parts(self, object_type, filters))

    monkeypatch.setattr(EmbeddedServer, "read", read_newer)
    monkeypatch.setattr(EmbeddedServer, "read_in_parts", newer_in_parts)


@pytest.fixture
def server(tmp_path: Path) -> Path:
    return site_server(tmp_path, VENDOR)


@pytest.mark.usefixtures("newer")
def test_a_replace_that_would_lose_one_is_blocked_and_names_it(
    tmp_path: Path, server: Path
) -> None:
    (tmp_path / "m.yaml").write_text(QUEUE, encoding="utf-8")
    before = everything(server)
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--force")
    planned = gwe("plan", *options, cwd=tmp_path)
    assert planned.code == 3
    assert (
        "blocked: it would lose loadLevel, which this version of gwe does not know; leave it out"
        " of --overwrite, or declare policy.overwrite: correct" in said(planned)
    )
    assert gwe("apply", *options, "--auto-approve", cwd=tmp_path).code == 3
    assert everything(server) == before


def test_a_replace_is_not_begun_when_the_server_has_one_by_then(
    tmp_path: Path, server: Path, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "m.yaml").write_text(QUEUE, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--force")
    planned = gwe("plan", *options, "--out", "plan.json", cwd=tmp_path)
    assert planned.code == 0
    request.getfixturevalue("newer")
    before = everything(server)
    applied = gwe(
        "apply", "plan.json", "--server", f"embedded:{server}", "--auto-approve", cwd=tmp_path
    )
    assert applied.code == 3
    assert "it would lose loadLevel" in said(applied)
    assert everything(server) == before


@pytest.mark.usefixtures("newer")
def test_it_stays_where_the_object_is_corrected_in_place(tmp_path: Path, server: Path) -> None:
    policy = "policy: {overwrite: correct}\nspec: {annex: {New: {key: value}}}\n"
    (tmp_path / "m.yaml").write_text(QUEUE + policy, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", "--overwrite", "--force")
    planned = gwe("plan", *options, "--format", "json", cwd=tmp_path).json()
    assert [one["action"] for one in planned["actions"]] == ["update"]


@pytest.mark.usefixtures("newer")
def test_a_delete_says_that_no_undo_restores_it(tmp_path: Path, server: Path) -> None:
    (tmp_path / "m.yaml").write_text(QUEUE + "ensure: absent\n", encoding="utf-8")
    planned = gwe(
        "plan", *plan_arguments(server, "-f", "m.yaml", "--force"), "--format", "json", cwd=tmp_path
    )
    (action,) = planned.json()["actions"]
    assert "its loadLevel: gwe does not know it, and no undo restores it" in action["loses"]


@pytest.mark.usefixtures("newer")
def test_an_export_and_a_copy_list_what_they_leave_out(tmp_path: Path, server: Path) -> None:
    url = f"embedded:{server}"
    exported = gwe(
        "export", "out", "--server", url, "--app", "GWE", "--kind", "InteractionQueue", cwd=tmp_path
    )
    assert "loadLevel: this version of gwe does not know it" in said(exported)
    copied = gwe("snapshot", "copy.db", "--server", url, cwd=tmp_path)
    assert copied.code == 0
    assert "Values that this version of gwe does not know, and has not copied: 1" in said(copied)
    assert ": loadLevel" in copied.out
