"""Embedded servers for tests: from which site file, and for how long."""

import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.errors import ManifestError
from reconciler.server.connect import connect
from reconciler.server.connection import Credentials
from reconciler.testing.plugin import MakeSite, embedded_site
from reconciler.testing.sites import create_server_file
from reconciler.testing.sites import embedded_site as open_site
from tests.harness import APP, BARE, everything, opened

__all__ = ["embedded_site"]

SITE = "apiVersion: reconciler/v1\nkind: Site\nTenant: [{name: Bank, dbid: 107}]\n"


@pytest.mark.parametrize(
    ("site", "application"), [((), "Web_Engagement_Server"), ((BARE,), APP)], ids=["sample", "file"]
)
def test_the_fixture_makes_a_server_of_the_sample_site_or_of_a_file(
    embedded_site: MakeSite, site: tuple[Path, ...], application: str
) -> None:
    made = embedded_site(*site)
    (found,) = made.server.read("Application", {"name": application})
    other = connect(made.url, Credentials("default", "password"))
    assert other.read("Application", {"name": application}) == [found]
    other.close()


def test_servers_of_one_test_are_independent(embedded_site: MakeSite) -> None:
    one, other = embedded_site(SITE), embedded_site(SITE)
    one.server.create("Skill", {"tenantDBID": 107, "name": "Chat"})
    assert other.server.read("Skill") == []
    assert one.server.info().identity != other.server.info().identity


def test_a_server_that_is_a_copy_of_one_of_the_same_site_is_another_server(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    found = []
    for folder in folders:
        folder.mkdir()
        path = create_server_file(folder, BARE)
        with opened(path) as server:
            found.append((server.info().identity, everything(path), path.stat().st_mode))
    assert found[0][0] != found[1][0]
    assert found[0][1:] == found[1][1:]
    assert [one.name for folder in folders for one in folder.iterdir()] == ["gwe.db"] * 2


def test_a_server_is_made_anew_when_a_file_that_its_site_extends_has_changed(
    tmp_path: Path,
) -> None:
    head = "apiVersion: reconciler/v1\nkind: Site\n"
    (tmp_path / "site.yaml").write_text(f"{head}extends: base.yaml\n", encoding="utf-8")
    for name in ("One", "Two"):
        text = f"{head}Tenant: [{{name: {name}, dbid: 101}}]\n"
        (tmp_path / "base.yaml").write_text(text, encoding="utf-8")
        path = create_server_file(tmp_path, tmp_path / "site.yaml")
        assert everything(path)["Tenant", 101].attributes["name"] == name
        path.unlink()


def test_a_session_ends_with_its_block(tmp_path: Path) -> None:
    with open_site(tmp_path, SITE) as site:
        assert [one.attributes["name"] for one in site.server.read("Tenant")] == ["Bank"]
    with pytest.raises(Exception, match="closed"):
        site.server.read("Tenant")


def test_a_wrong_site_file_names_its_mistake(embedded_site: MakeSite) -> None:
    with pytest.raises(ManifestError, match=r"site\.yaml:4.*Tennant is not an object type"):
        embedded_site(SITE + "Tennant: []\n")


def test_faults_and_sites_need_no_pytest() -> None:
    script = (
        "import sys, reconciler.testing.faulty, reconciler.testing.sites\n"
        "print(*{'pytest', 'hypothesis'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stdout.strip() == ""
