"""The SDK in a folder laid out like a product's: nested, and with another version beside it."""

from pathlib import Path

from tests.harness import gwe_process, site_server
from tests.psdk.support import LIB, listening


def installation(folder: Path) -> Path:
    """A product with the whole SDK deep inside, and one part of it in two other places."""
    libraries = folder / "server" / "webapps" / "backend" / "WEB-INF" / "lib"
    for place in (libraries, folder / "apps" / "agent" / "lib", folder / "tools" / "provisioning"):
        place.mkdir(parents=True)
    (folder / "tools" / "provisioning" / "readme.txt").write_text("no jar", encoding="utf-8")
    for jar in Path(LIB).rglob("*.jar"):
        (libraries / jar.name).symlink_to(jar.resolve())
        if "protocol" in jar.name:
            (folder / "apps" / "agent" / "lib" / jar.name).symlink_to(jar.resolve())
    return folder


def test_an_installation_folder_serves_as_well_as_the_jars_own(tmp_path: Path) -> None:
    product = installation(tmp_path / "product with spaces")
    account = {"GWE_USER": "default", "GWE_PASSWORD": "password"}
    with listening(site_server(tmp_path)) as port:
        url = f"confserv://127.0.0.1:{port}"
        result = gwe_process(
            *("doctor", "--server", url, "--app", "GWE", "--install-dir", product),
            cwd=tmp_path,
            env={**account, "COLUMNS": "300"},
        )
    assert result.code == 0, result.out
    (line,) = [one for one in result.out.splitlines() if "Platform SDK" in one]
    assert line.startswith("ok")
    assert f"jars in {product / 'server/webapps/backend/WEB-INF/lib'}" in line
