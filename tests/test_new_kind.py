"""The page on new kinds can be followed: in a copy of the repository, step by step."""

import filecmp
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import NEW_KIND, ROOT, environment, run_page

COPIED = ("reconciler", "manifests", "schemas", "scripts", "tests", "docs")
_ROW = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which the whole page was followed."""
    folder = tmp_path_factory.mktemp("repository")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy2(ROOT / name, folder / name)
    _link_environment(folder / ".venv")
    env = environment(folder.parent / "state") | {"PYTHONPATH": str(folder)}
    run_page(NEW_KIND, folder, env)
    return folder


def _link_environment(venv: Path) -> None:
    """The environment of this test, ready as the Makefile wants it."""
    venv.mkdir()
    for one in Path(sys.prefix).iterdir():
        (venv / one.name).symlink_to(one)
    (venv / ".ready").unlink(missing_ok=True)
    (venv / ".ready").touch()


def _files(root: Path) -> Iterator[Path]:
    for name in COPIED:
        for file in (root / name).rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(root)


def test_the_page_touches_the_files_that_it_lists_and_no_other(followed: Path) -> None:
    listed = _ROW.findall(NEW_KIND.read_text(encoding="utf-8").partition("\n## ")[0])
    folders = [name for name in listed if name.endswith("/")]
    old = set(_files(ROOT))
    touched = [
        str(file)
        for file in _files(followed)
        if file not in old or not filecmp.cmp(ROOT / file, followed / file, shallow=False)
    ]
    as_listed = {next((one for one in folders if file.startswith(one)), file) for file in touched}
    assert as_listed == set(listed)
