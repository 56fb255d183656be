"""The main job on the sample site, with the commands of the README and its numbers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.engine.planning import prepare
from reconciler.engine.site_access import SiteAccess
from reconciler.manifest.load import load_manifests
from reconciler.plan.context import PlanOptions
from reconciler.plan.model import Plan
from reconciler.resources import bundled_manifests
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.site.discovery import SiteOptions
from tests.harness import everything, find, gwe, opened
from tests.warm import WarmProcesses

APP = "Web_Engagement_Server"
OPTIONS = ("--server", "embedded:gwe.db", "--app", APP)


@pytest.fixture(scope="module")
def provisioned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample site on which everything has been applied."""
    folder = tmp_path_factory.mktemp("sample")
    assert gwe("embedded", "init", "gwe.db", cwd=folder).code == 0
    assert (
        gwe("apply", "-f", "bundled", *OPTIONS, "--auto-approve", "--quiet", cwd=folder).code == 0
    )
    return folder / "gwe.db"


def drift(path: Path) -> Plan:
    with opened(path) as server:
        loaded = load_manifests([bundled_manifests()])
        return prepare(loaded, SiteAccess(server, SiteOptions(APP)), PlanOptions()).plan


def test_the_sample_site_gets_what_the_specification_names_and_no_other_write(
    tmp_path: Path,
) -> None:
    gwe("embedded", "init", "gwe.db", cwd=tmp_path)
    planned = gwe("plan", *OPTIONS, "--detailed-exitcode", "--format", "json", cwd=tmp_path)
    assert planned.code == 2
    plan = planned.json()
    creates = [a["address"] for a in plan["actions"] if a["action"] == "create"]
    playground = [address for address in creates if "/PlayGround-" in address]
    assert len(creates) - len(playground) == 28
    assert len(playground) == 3
    assert [a["address"] for a in plan["actions"] if a["action"] == "update"] == [
        "Application/Stat_Server",
        "Application/Stat_Server_B",
        "Application/Chat_Server_1",
        "Application/Chat_Server_2",
        "Application/Web_Engagement_Server",
    ]
    assert {a["action"] for a in plan["actions"]} == {"create", "update"}
    assert gwe("apply", "-f", "bundled", *OPTIONS, "--auto-approve", cwd=tmp_path).code == 0
    again = gwe("plan", *OPTIONS, "--detailed-exitcode", "--format", "json", cwd=tmp_path)
    assert again.code == 0
    assert again.json()["empty"] is True
    assert gwe("drift", *OPTIONS, cwd=tmp_path).code == 0


def test_for_tenant_101_the_endpoint_and_its_key_carry_101(provisioned: Path) -> None:
    for name in ("Chat_Server_1", "Chat_Server_2"):
        options = find(provisioned, "Application", name).attributes["options"]
        assert options["endpoints:101"] == {
            "default": "Inbound_Chat",
            "sales": "Inbound_Chat",
            "webme": "Webengagement_Chat",
        }
        assert options["endpoints:1"] == {"default": "Environment_Chat"}
    server = find(provisioned, "Application", "Web_Engagement_Server")
    assert server.attributes["options"]["chat"] == {
        "connectionTimeout": "10",
        "refreshPoolSize": 5,
        "queueKey": "101:webme",
    }


def test_drift_finds_every_declared_object_that_is_removed(
    provisioned: Path, tmp_path: Path
) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    gwe("embedded", "init", "gwe.db", cwd=fresh)
    before = everything(fresh / "gwe.db")
    # Folders come with what they are for, and the inventory is no declared object.
    gwes_own = ("Folder", "Transaction")
    made = [key for key in everything(provisioned) if key not in before and key[0] not in gwes_own]
    assert len(made) == 31
    for object_type, dbid in made:
        path = Path(shutil.copy(provisioned, tmp_path / "gwe.db"))
        with opened(path) as server:
            server.delete(object_type, dbid)
        plan = drift(path)
        assert plan.counts()["create"] >= 1, (object_type, dbid)


@pytest.mark.parametrize(
    ("object_type", "name", "delta"),
    [
        (
            "Application",
            "Chat_Server_2",
            Delta(
                key_values={
                    "options": KeyValueDelta(changed={"endpoints:101": {"webme": "Elsewhere"}})
                }
            ),
        ),
        (
            "Application",
            "Web_Engagement_Server",
            Delta(key_values={"options": KeyValueDelta(changed={"chat": {"queueKey": "1:webme"}})}),
        ),
        (
            "EnumeratorValue",
            "WebEngagement.CurrentWebPage",
            Delta(values={"displayName": "Another Page"}),
        ),
        (
            "EnumeratorValue",
            "WebEngagement.EngagementStartPage",
            Delta(values={"displayName": "Another Page"}),
        ),
        (
            "Application",
            "Stat_Server_B",
            Delta(
                key_values={
                    "options": KeyValueDelta(deleted={"Filters": ("Webengagement_filter",)})
                }
            ),
        ),
    ],
)
def test_drift_finds_every_corrected_field_that_is_changed(
    object_type: str, name: str, delta: Delta, provisioned: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(provisioned, tmp_path / "gwe.db"))
    with opened(path) as server:
        server.update(object_type, find(path, object_type, name).dbid, delta)
    assert gwe("drift", *OPTIONS, "--quiet", cwd=tmp_path).code == 2
    assert (
        gwe("apply", "-f", "bundled", *OPTIONS, "--quiet", "--auto-approve", cwd=tmp_path).code == 0
    )
    assert gwe("drift", *OPTIONS, "--quiet", cwd=tmp_path).code == 0


def test_the_demo_ends_with_a_folder_to_go_on_in(tmp_path: Path) -> None:
    done = gwe("demo", "--dir", "place", cwd=tmp_path, env={"GWE_USER": "nobody-we-know"})
    assert done.code == 0
    assert "annex/Orchestration/application: script:Webengagement_Chat.Routing" in done.out
    assert done.out.rstrip().endswith(" init my-site")
    assert (tmp_path / "place" / "gwe.db").is_file()
    again = gwe("demo", "--dir", "place", cwd=tmp_path)
    assert (again.code, again.out) == (64, "")


@pytest.mark.process
@pytest.mark.parametrize("started", ["by name", "by path", "by relative path"])
def test_the_commands_that_the_demo_ends_with_work_as_printed(
    started: str, tmp_path: Path, warm_processes: WarmProcesses
) -> None:
    programs = warm_processes.stand_ins()
    on_path = started == "by name"
    program = programs / "gwe"
    if started == "by relative path":
        program = Path(os.path.relpath(program, tmp_path))
    path = f"{programs}{os.pathsep}/usr/bin:/bin" if on_path else "/usr/bin:/bin"
    env = {"PATH": path, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    demo = subprocess.run(
        [program, "demo"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode == 0, demo.stderr
    lines = demo.stdout.partition("# Continue by hand:")[2].strip().splitlines()
    assert {line.split()[0] for line in lines[1:]} == {"gwe" if on_path else f"{programs}/gwe"}
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Made my-site" in done.stdout
