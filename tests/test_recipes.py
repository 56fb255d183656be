"""The recipes do what they say: their scripts run as they stand, against an embedded server."""

import re
import shutil
import subprocess
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.pages import ROOT
from tests.postgres import Cluster, available
from tests.recipes import (
    KEY,
    READER,
    RECIPES,
    WRITER,
    Checkout,
    as_yaml,
    check_out,
    code_host,
    cron_job,
    have,
    install,
    read,
    shell_steps,
    unit,
)
from tests.warm import WarmProcesses

WRONG = "0" * 32
TOKEN = "glpat-very-secret"  # noqa: S105 - of no one


@pytest.fixture
def checkout(tmp_path: Path, warm_processes: WarmProcesses) -> Checkout:
    return check_out(tmp_path / "job", warm_processes.stand_ins())


@pytest.fixture
def installed(checkout: Checkout, tmp_path: Path, wheel: Path) -> Checkout:
    """A checkout whose ``gwe`` is the one that a user installs."""
    return replace(checkout, programs=install(wheel, tmp_path))


def failures(report: Path) -> int:
    """How many objects a JUnit report says to differ."""
    root = ElementTree.parse(report).getroot()  # noqa: S314 - gwe has just written it
    return int(root.attrib["failures"])


def state_url(request: pytest.FixtureRequest, checkout: Checkout) -> str:
    """A state that outlives the job: in PostgreSQL, where there is a server to start."""
    if not available():
        return str(checkout.folder.parent / "state")
    cluster: Cluster = request.getfixturevalue("cluster")
    return cluster.url(f"s{uuid.uuid4().hex}")


@pytest.mark.skipif(not have("curl", "bash"), reason="curl or bash is not installed")
def test_in_gitlab_a_merge_request_shows_its_plan_and_that_plan_is_applied(
    request: pytest.FixtureRequest, checkout: Checkout
) -> None:
    recipe = as_yaml("gitlab-ci.yml")
    checkout.variables = {**recipe["variables"], "CI": "true", "GITLAB_CI": "true"}

    def job(name: str, **variables: str) -> Any:
        script = "\n".join(recipe[name]["script"])
        given = recipe[name].get("variables", {}) | variables
        return checkout.run(script, "bash", "-e", "-o", "pipefail", **given)

    with code_host() as host:
        review = {
            "CI_API_V4_URL": host.url,
            "CI_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "3",
            "GITLAB_TOKEN": TOKEN,
            **READER,
        }
        for name in ("validate", "plan"):
            done = job(name, **review)
            assert done.code == 0, done.err
            assert TOKEN not in done.out + done.err
            assert KEY not in done.out + done.err
    ((path, headers, form),) = host.requests
    assert path == "/api/v4/projects/7/merge_requests/3/notes"
    assert headers["PRIVATE-TOKEN"] == TOKEN
    (note,) = form["body"]
    assert note.startswith("## Plan: 1 to create, 2 to update, 0 to replace, 0 to delete.\n")
    (plan_id,) = re.findall(r"Plan id: `(\w+)`", note)
    assert note.endswith(f", and run it with the variable PLAN_ID = {plan_id}\n")
    for file in recipe["plan"]["artifacts"]["paths"]:
        assert plan_id in (checkout.folder / file).read_text(encoding="utf-8")

    state = {"GWE_STATE": state_url(request, checkout), **WRITER}
    done = job("apply", **state)
    assert (done.code != 0, done.out) == (True, "")
    assert "start this job with the variable PLAN_ID, the id of the reviewed plan" in done.err
    assert job("apply", PLAN_ID=WRONG, **state).code == 4
    assert checkout.drifts()
    done = job("apply", PLAN_ID=plan_id, **state)
    assert done.code == 0, done.err
    assert "Apply: 3 applied." in done.out

    night = state | READER
    assert job("drift", **night).code == 0
    checkout.change_the_server()
    done = job("drift", **night)
    assert (done.code, done.out) == (2, "")
    assert done.err == "Plan: 0 to create, 1 to update, 0 to replace, 0 to delete. 2 in sync.\n"
    assert failures(checkout.folder / recipe["drift"]["artifacts"]["reports"]["junit"]) == 1


def test_on_github_a_pull_request_shows_its_plan_and_that_plan_is_applied(
    checkout: Checkout,
) -> None:
    recipe = as_yaml("github-actions.yml")
    summary = checkout.folder.parent / "summary.md"
    values = {"secrets.GWE_STATE": str(checkout.folder.parent / "state")}

    def log_in_as(account: dict[str, str]) -> None:
        values.update({f"secrets.{name}": value for name, value in account.items()})

    log_in_as(READER)
    checkout.variables = {**recipe["env"], "CI": "true", "GITHUB_STEP_SUMMARY": str(summary)}

    def job(name: str) -> Any:
        def filled_in(text: str) -> str:
            return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values.get(found[1], ""), text)

        environment = {key: filled_in(text) for key, text in recipe["jobs"][name]["env"].items()}
        for step in recipe["jobs"][name]["steps"]:
            if "run" in step:
                assert "${{" not in step["run"], "what a person typed would become a command"
                done = checkout.run(step["run"], **environment)
                if done.code:
                    break
        return done

    done = job("plan")
    assert done.code == 0, done.err
    shown = summary.read_text(encoding="utf-8")
    (plan_id,) = re.findall(r"Plan id: `(\w+)`", shown)
    assert shown.endswith(f", and run it on the default branch with the plan id {plan_id}\n")
    upload = next(one for one in recipe["jobs"]["plan"]["steps"] if "upload" in one.get("uses", ""))
    for file in upload["with"]["path"].split():
        assert plan_id in (checkout.folder / file).read_text(encoding="utf-8")

    log_in_as(WRITER)
    values["inputs.plan-id"] = "$(touch hacked)"
    assert job("apply").code == 64
    assert not (checkout.folder / "hacked").exists()
    values["inputs.plan-id"] = WRONG
    assert job("apply").code == 4
    values["inputs.plan-id"] = plan_id
    assert "Apply: 3 applied." in job("apply").out

    log_in_as(READER)
    summary.write_text("", encoding="utf-8")
    assert job("drift").code == 0
    checkout.change_the_server()
    assert job("drift").code == 2
    assert "`annex/Limits/waiting`" in summary.read_text(encoding="utf-8")


def test_in_jenkins_a_merge_request_shows_its_plan_and_that_plan_is_applied(
    checkout: Checkout, tmp_path: Path
) -> None:
    stages = shell_steps(read("Jenkinsfile"))
    workspace = tmp_path / "workspace@tmp"
    workspace.mkdir()
    (how_to_apply,) = re.findall(r"HOW_TO_APPLY = '(.*)'", read("Jenkinsfile"))
    checkout.variables = {
        "GWE_ENV_ALLOW": "SITE_*",
        "HOME": "/",
        "HOW_TO_APPLY": how_to_apply,
        "WORKSPACE_TMP": str(workspace),
        "CI": "true",
    }
    done = checkout.run(stages["Plan"], **READER)
    assert done.code == 0, done.err
    (plan_id,) = re.findall(r"^Plan id: (\w+)$", done.out, re.MULTILINE)
    page = (checkout.folder / "plan.html").read_text(encoding="utf-8")
    assert f"asks for PLAN_ID: enter {plan_id}</p>" in page

    state = {"GWE_STATE": str(tmp_path / "state"), **WRITER}
    assert checkout.run(stages["Apply"], PLAN_ID=WRONG, **state).code == 4
    assert "Apply: 3 applied." in checkout.run(stages["Apply"], PLAN_ID=plan_id, **state).out
    night = state | READER
    assert checkout.run(stages["Drift"], **night).code == 0
    checkout.change_the_server()
    assert checkout.run(stages["Drift"], **night).code == 2
    assert failures(checkout.folder / "drift.xml") == 1


def test_a_jenkinsfile_has_an_end_for_every_beginning_and_a_line_for_every_statement() -> None:
    text = re.sub(r"//[^\n]*|'''.*?'''|'[^'\n]*'", "", read("Jenkinsfile"), flags=re.DOTALL)
    assert ";" not in text
    open_ones: list[str] = []
    for character in re.findall(r"[][(){}]", text):
        if character in "([{":
            open_ones.append(character)
        else:
            assert open_ones.pop() + character in ("()", "[]", "{}")
    assert open_ones == []


def password_file(folder: Path) -> Path:
    """A file with the password of the account that only reads."""
    file = folder / "password"
    file.write_text(READER["GWE_PASSWORD"] + "\n", encoding="utf-8")
    return file


def applied(checkout: Checkout) -> None:
    done = checkout.run("gwe apply --auto-approve --quiet --state-dir ../state")
    assert done.code == 0, done.err


def test_cron_prints_something_only_where_the_server_differs(checkout: Checkout) -> None:
    variables, fields, user, command = cron_job(read("gwe-drift.cron"))
    assert (len(fields), user) == (5, "gwe")
    assert set(variables) == {"MAILTO", "PATH", "SITE", "GWE_USER", "GWE_PASSWORD_FILE"}
    applied(checkout)
    password = password_file(checkout.folder.parent)

    def night() -> str:
        there = {"SITE": str(checkout.folder), "GWE_PASSWORD_FILE": str(password)}
        done = checkout.run(command, "/bin/sh", GWE_USER=variables["GWE_USER"], **there)
        return done.out + done.err

    assert night() == ""
    checkout.change_the_server()
    assert "annex/Limits/waiting: 50 -> 30" in night()
    (checkout.folder / "gwe.toml").unlink()
    assert "which server?" in night()


def test_the_unit_of_systemd_fails_where_the_server_differs(checkout: Checkout) -> None:
    service = unit(read("gwe-drift.service"))
    applied(checkout)
    secrets = password_file(checkout.folder.parent).parent
    home = str(checkout.folder.parent / "home")
    places = {"%d": str(secrets), "%S/gwe": home, "/opt/gwe/bin": str(checkout.programs)}

    def there(text: str) -> str:
        for place, path in places.items():
            text = text.replace(place, path)
        return text

    variables = dict(there(one).split("=", 1) for one in service["Environment"])
    (start,) = service["ExecStart"]
    assert checkout.run(there(start), **variables).code == 0
    checkout.change_the_server()
    assert checkout.run(there(start), **variables).code == 2


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_in_the_units(tmp_path: Path) -> None:
    for name in ("gwe-drift.service", "gwe-drift.timer"):
        text = read(name).replace("/opt/gwe/bin/gwe", "/bin/true").replace("User=gwe\n", "")
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *tmp_path.glob("gwe-drift.*")],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "gwe-drift" in line]
    assert complaints == []


def test_the_cron_job_of_kubernetes_fails_where_the_server_differs(checkout: Checkout) -> None:
    job = yaml.safe_load(read("kubernetes-drift.yaml"))
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["restartPolicy"] == "Never"
    mounted = {one["name"] for one in container["volumeMounts"]}
    assert mounted == {one["name"] for one in pod["volumes"]}
    given = {
        "GWE_STATE": str(checkout.folder.parent / "state"),
        "GWE_PASSWORD_FILE": str(password_file(checkout.folder.parent)),
        "HOME": str(checkout.folder.parent / "home"),
    }
    variables = {one["name"]: one.get("value", "") for one in container["env"]} | given
    script = " ".join(container["command"])
    applied(checkout)
    assert checkout.run(script, **variables).code == 0
    checkout.change_the_server()
    assert checkout.run(script, **variables).code == 2


def test_a_manifest_of_a_merge_request_reads_no_variable_of_the_job(checkout: Checkout) -> None:
    recipe = as_yaml("gitlab-ci.yml")
    text = (checkout.folder / "manifests" / "site.yaml").read_text(encoding="utf-8")
    thief = text.replace('"30"', '"${env.GITLAB_TOKEN}"')
    (checkout.folder / "manifests" / "site.yaml").write_text(thief, encoding="utf-8")
    for script in recipe["validate"]["script"][1:] + recipe["plan"]["script"][:1]:
        done = checkout.run(script, GITLAB_TOKEN=TOKEN, **recipe["variables"])
        assert done.code == 1
        assert "a manifest cannot read the environment variable GITLAB_TOKEN" in done.err
        assert TOKEN not in done.out + done.err
    assert not (checkout.folder / "site.plan").exists()


def test_a_job_of_a_merge_request_has_no_state_and_no_key_and_is_for_no_fork() -> None:
    gitlab, github = as_yaml("gitlab-ci.yml"), as_yaml("github-actions.yml")
    jenkins = read("Jenkinsfile").partition("stage('Plan')")[2].partition("stage('Apply')")[0]
    (rule,) = gitlab["plan"]["rules"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_PROJECT_ID" in rule["if"]
    assert "head.repo.full_name == github.repository" in github["jobs"]["plan"]["if"]
    assert "!env.CHANGE_FORK" in jenkins
    assert set(github["jobs"]["plan"]["env"]) == {"GWE_USER", "GWE_PASSWORD", "HOW_TO_APPLY"}
    assert re.findall(r"variable: '(\w+)'", jenkins) == []
    assert "GWE_PLAN_KEY" not in "".join(one.read_text("utf-8") for one in RECIPES.iterdir())


def test_what_a_job_keeps_expires() -> None:
    jobs = as_yaml("gitlab-ci.yml")
    kept = [
        job["artifacts"]
        for job in jobs.values()
        if isinstance(job, dict) and "script" in job and "artifacts" in job
    ]
    assert [one["expire_in"] for one in kept] == ["1 week"] * 3
    assert [one["access"] for one in kept] == ["developer"] * 3
    steps = [
        step for job in as_yaml("github-actions.yml")["jobs"].values() for step in job["steps"]
    ]
    uploads = [one["with"] for one in steps if "upload-artifact" in one.get("uses", "")]
    assert [one["retention-days"] for one in uploads] == ["7"]
    assert "artifactDaysToKeepStr: '7'" in read("Jenkinsfile")


def test_the_hooks_of_pre_commit_format_and_check_the_manifests(installed: Checkout) -> None:
    text = (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    hooks = {hook["id"]: hook for hook in yaml.safe_load(text)}
    assert set(hooks) == {"gwe-fmt", "gwe-validate"}
    manifest = installed.folder / "manifests" / "site.yaml"
    tidy = manifest.read_text(encoding="utf-8")
    manifest.write_text(tidy.replace("name: Sales", "name:   Sales"), encoding="utf-8")
    for hook in hooks.values():
        assert (hook["language"], hook["pass_filenames"]) == ("python", False)
        assert re.search(hook["files"], "manifests/site.yaml")
        assert re.search(hook["files"], "gwe.toml")
        assert not re.search(hook["files"], "README.md")
        assert installed.run(hook["entry"]).code == 0
    assert manifest.read_text(encoding="utf-8") == tidy
    manifest.write_text(tidy.replace("waiting", "wai\nting"), encoding="utf-8")
    assert [installed.run(hook["entry"]).code for hook in hooks.values()] == [1, 1]


def test_every_recipe_has_a_page_that_links_to_it() -> None:
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    for recipe in RECIPES.iterdir():
        assert f"(../recipes/{recipe.name})" in pages, recipe.name
        named = re.findall(r"\bdocs/[\w-]+\.md", recipe.read_text(encoding="utf-8"))
        assert [one for one in named if not (ROOT / one).exists()] == []
