"""What the user is told to do about a file that cannot be read or written."""

import errno
from pathlib import Path

import pytest

from reconciler.files.errors import reading_advice, writing_advice
from tests.harness import APP, gwe, site_server


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOENT, "Check the name: there is no /folder/file."),
        (errno.EISDIR, "Name a file."),
        (errno.EACCES, "Name a file that this user may read, or give the user the permission."),
        (errno.ELOOP, ""),
    ],
)
def test_a_file_that_cannot_be_read_has_a_next_step(number: int, advice: str) -> None:
    assert reading_advice(OSError(number, ""), Path("/folder/file")) == advice


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOENT, "Make the folder /folder first, or name another."),
        (errno.ENOTDIR, "Name another path: a part of this one is a file, not a folder."),
        (errno.EISDIR, "Name a file."),
        (errno.EROFS, "Name a folder that this user may write to; /folder is none."),
        (errno.ENOSPC, ""),
    ],
)
def test_a_file_that_cannot_be_written_has_a_next_step(number: int, advice: str) -> None:
    assert writing_advice(OSError(number, ""), Path("/folder/file")) == advice


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "-f", "bundled", "--server", "embedded:gwe.db", "--app", APP, "--out", "no/x"),
        ("plan", "--log-file", "no/x"),
        ("embedded", "export", "gwe.db", "--out", "no/x"),
    ],
    ids=lambda arguments: arguments[-2],
)
def test_a_file_in_a_folder_that_is_not_there_is_told_with_the_folder(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    site_server(tmp_path)
    result = gwe(*arguments, cwd=tmp_path)
    assert result.code == 1
    assert "no/x cannot be written: No such file or directory\n" in result.err
    assert f"  Make the folder {tmp_path}/no first, or name another.\n" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("init", "new.db", "--site", "gone.yaml"),
            "error: gone.yaml: cannot be read: No such file or directory\n"
            "  Check the name: there is no {here}/gone.yaml.\n",
        ),
        (
            ("init", "gone/new.db"),
            "error: gone/new.db cannot be created: No such file or directory\n"
            "  Make the folder {here}/gone first, or name another.\n",
        ),
        (
            ("init", "folder"),
            "error: folder is a folder\n  Name a file, such as folder/gwe.db.\n",
        ),
        (
            ("inspect", "folder"),
            "error: the embedded server folder is a folder\n"
            "  Name a file that `gwe embedded init` made.\n",
        ),
        (
            ("serve", "gone.db"),
            "error: the embedded server gone.db does not exist\n"
            "  gwe embedded init gone.db creates one.\n",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_gwe_embedded_says_what_to_do_about_a_file_it_cannot_use(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    result = gwe("embedded", *arguments, cwd=tmp_path)
    assert (result.code, result.err) == (1, said.format(here=tmp_path))
