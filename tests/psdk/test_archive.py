"""The archive of classes that the doctor prepares, with which Java starts faster."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness import APP, BARE, gwe_process, site_server
from tests.psdk.support import LIB, listening

ACCOUNT = {"GWE_PSDK": LIB, "GWE_USER": "default", "GWE_PASSWORD": "password"}
OPTIONS_OF_JAVA = """
import os, sys
from pathlib import Path
from reconciler.server.psdk import jars, jvm
sdk = jvm.start(jars.find_jars(Path(os.environ["GWE_PSDK"])).class_path)
bean = sdk.java("java.lang.management.ManagementFactory").getRuntimeMXBean()
print("\\n".join(str(one) for one in bean.getInputArguments()))
sys.stdout.flush()
os._exit(0)
"""


def files_in(folder: Path) -> list[Path]:
    """The archives: the cache of manifests is a folder beside them."""
    return [path for path in folder.iterdir() if path.is_file()]


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder is named by XDG_CACHE_HOME")
def test_the_doctor_makes_an_archive_and_later_commands_use_it(tmp_path: Path) -> None:
    cache = {**ACCOUNT, "XDG_CACHE_HOME": str(tmp_path / "cache")}

    def options_of_java() -> list[str]:
        command = [sys.executable, "-c", OPTIONS_OF_JAVA]
        environment = {**os.environ, **cache}
        return subprocess.check_output(command, env=environment, text=True).splitlines()

    assert not any("SharedArchiveFile" in one for one in options_of_java())
    with listening(site_server(tmp_path, BARE)) as port:
        site = ["--server", f"confserv://127.0.0.1:{port}", "--app", APP]
        before = gwe_process("plan", *site, cwd=tmp_path, env=cache)
        doctor = gwe_process("doctor", *site, cwd=tmp_path, env={**cache, "COLUMNS": "300"})
        (archive,) = files_in(tmp_path / "cache" / "gwe-reconciler")
        assert f"ok      start         Java's classes are prepared in {archive}" in doctor.out
        assert f"-XX:SharedArchiveFile={archive}" in options_of_java()
        after = gwe_process("plan", *site, cwd=tmp_path, env=cache)
        assert (before.code, after) == (0, before)
        with archive.open("r+b") as file:
            file.truncate(archive.stat().st_size // 2)  # Java would end the process
        assert gwe_process("plan", *site, cwd=tmp_path, env=cache) == before
        assert not any("SharedArchiveFile" in one for one in options_of_java())
        again = gwe_process("doctor", *site, cwd=tmp_path, env={**cache, "COLUMNS": "300"})
        (made,) = files_in(archive.parent)
        assert f"ok      start         Java's classes are prepared in {made}" in again.out
        assert f"-XX:SharedArchiveFile={made}" in options_of_java()
        assert gwe_process("plan", *site, cwd=tmp_path, env=cache) == before
        # Of the right size and yet none: Java does not take it, and goes on without.
        made.write_bytes(b"no archive".ljust(made.stat().st_size))
        assert gwe_process("plan", *site, cwd=tmp_path, env=cache) == before
