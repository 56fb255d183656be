"""The built wheel works from any folder; the source distribution holds the documentation."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.readme_hook import for_an_index
from tests.harness import plan_arguments, site_server

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """A folder with the unpacked wheel."""
    folder = tmp_path_factory.mktemp("unpacked")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_wheel_plans_from_its_own_manifests_in_any_folder(
    installed: Path, tmp_path: Path
) -> None:
    server = site_server(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    program = (
        "import reconciler.resources as r, reconciler.cli.main as m, sys;"
        f"assert r.bundled_manifests().is_relative_to({str(installed)!r}), r.bundled_manifests();"
        "sys.exit(m.main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "plan", *plan_arguments(server, "--quiet")],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Plan: 31 to create, 3 to update, 0 to replace, 0 to delete.\n"


def test_the_wheel_holds_what_the_program_reads(installed: Path) -> None:
    files = {str(file.relative_to(installed)) for file in installed.rglob("*") if file.is_file()}
    assert {
        "reconciler/bundled/manifests/web-engagement/queues.yaml",
        "reconciler/bundled/manifests/known/web-engagement.json",
        "reconciler/bundled/schemas/manifest.schema.json",
        "reconciler/bundled/schemas/settings.schema.json",
        "reconciler/py.typed",
        "reconciler/cli/drop_in/scripts/webengagement_provisioning.bat",
        "reconciler/cli/drop_in/scripts/webengagement_provisioning.sh",
        "reconciler/render/html/page.css",
        "reconciler/render/html/base.html.jinja",
        "reconciler/render/html/page.html.jinja",
        "reconciler/render/html/run.html.jinja",
        "reconciler/render/html/fields.html.jinja",
        "reconciler/render/html/comparison.html.jinja",
        "reconciler/render/html/page.js",
        "reconciler/server/embedded/sites/sample.yaml",
        "reconciler/server/embedded/sites/predefined.yaml",
    } <= files


def test_the_wheel_has_the_manual_pages_where_man_looks_for_them(installed: Path) -> None:
    (folder,) = installed.glob("*.data/data/share/man/man1")
    assert {page.name for page in folder.iterdir()} == {p.name for p in (ROOT / "man").iterdir()}


def test_the_long_description_leads_to_no_file_that_an_index_does_not_have(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info/METADATA")
    text = metadata.read_text(encoding="utf-8")
    assert "Description-Content-Type: text/markdown" in text
    assert "[your first site]" not in text
    assert "- **Learn**: your first site, a site that exists already," in text
    assert re.findall(r"\]\((?!https?:)", text) == []


def test_links_and_pictures_of_an_index_lead_to_the_address_of_the_repository() -> None:
    readme = "[a](docs/a.md#b), [c](https://c.example/)\n\n![d](docs/d.png)\n\n[e](#here)\n"
    assert for_an_index(readme, "https://git.example/gwe/-/blob/main") == (
        "[a](https://git.example/gwe/-/blob/main/docs/a.md#b), [c](https://c.example/)\n\n"
        "![d](https://git.example/gwe/-/raw/main/docs/d.png)\n\n[e](#here)\n"
    )
    assert for_an_index(readme, "") == "a, [c](https://c.example/)\n\n[e](#here)\n"


def test_the_wheel_has_the_command_that_the_scripts_run(installed: Path) -> None:
    (entries,) = installed.glob("*.dist-info/entry_points.txt")
    assert "webengagement_provisioning = reconciler.cli.drop_in:run" in entries.read_text()


def test_the_source_distribution_holds_every_page_picture_and_manual_page(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (archive,) = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "unpacked")
    (top,) = (tmp_path / "unpacked").iterdir()
    files = {str(file.relative_to(top)) for file in top.rglob("*")}
    pages = {str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")}
    manual = {str(page.relative_to(ROOT)) for page in (ROOT / "man").iterdir()}
    pictures = {str(picture.relative_to(ROOT)) for picture in (ROOT / "docs").rglob("*.png")}
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", *pages, *pictures} <= files
    assert {"mkdocs.yml", "scripts/site/theme/assets/site.css", *manual} <= files
    assert {"man/gwe.1", "man/gwe-runs-show.1"} <= manual
