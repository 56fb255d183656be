"""Manifests read the environment, but not the credentials of gwe itself, nor, where
GWE_ENV_ALLOW says so, any variable that it does not list."""

import re
from pathlib import Path

import pytest

import reconciler
from reconciler.environment import CREDENTIALS, secret_value, variable
from reconciler.errors import ReconcilerError
from tests.harness import Result, everything, gwe, plan_arguments
from tests.test_plan_file import said
from tests.test_secrets import GROUP, SECRET, ready

VALUE = "t0p-s3cret"
CLEAR = GROUP.replace(SECRET, "'${env.%s}'")
HIDDEN = GROUP.replace(SECRET, "{secret: true, from: env.%s}")


def planned(folder: Path, manifest: str, env: dict[str, str], *more: str) -> Result:
    server = folder / "gwe.db"
    if not server.exists():
        server = ready(folder, manifest)
    (folder / "m.yaml").write_text(manifest, encoding="utf-8")
    return gwe("plan", *plan_arguments(server, "-f", "m.yaml", *more), cwd=folder, env=env)


@pytest.mark.parametrize("form", [CLEAR, HIDDEN], ids=["clear", "secret"])
@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_no_manifest_reads_a_credential_of_the_program(
    name: str, form: str, tmp_path: Path
) -> None:
    env = {name: VALUE} if name != "GWE_STATE" else {}
    refused = planned(tmp_path, form % name, env, "--verbose")
    assert refused.code == 1
    assert f"a manifest cannot read {name}" in said(refused)
    assert "error: m.yaml:4:" in refused.err
    assert VALUE not in refused.out + refused.err


def test_a_default_of_a_variable_does_not_read_one_either(tmp_path: Path) -> None:
    variables = (
        "apiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\n"
        "spec: {a: {description: d, default: '${env.GWE_PASSWORD}'}}\n---\n"
    )
    manifest = variables + GROUP.replace(SECRET, "'${var.a}'")
    refused = planned(tmp_path, manifest, {"GWE_PASSWORD": VALUE})
    assert refused.code == 1
    assert "a manifest cannot read GWE_PASSWORD" in said(refused)
    assert VALUE not in refused.out + refused.err


@pytest.mark.parametrize("name", ["gwe_password", "Pgpassword"])
def test_case_does_not_matter_since_windows_ignores_it(name: str) -> None:
    with pytest.raises(ReconcilerError, match=f"cannot read {name}"):
        variable(name, {name: VALUE})


@pytest.mark.parametrize("form", [CLEAR, HIDDEN], ids=["clear", "secret"])
@pytest.mark.parametrize("allowed", ["", "OTHER", "SITE_*, X", "site_key", "AWS_"])
def test_a_variable_that_is_not_listed_is_refused(allowed: str, form: str, tmp_path: Path) -> None:
    env = {"AWS_KEY": VALUE, "GWE_ENV_ALLOW": allowed}
    refused = planned(tmp_path, form % "AWS_KEY", env)
    assert refused.code == 1
    assert (
        "a manifest cannot read the environment variable AWS_KEY: GWE_ENV_ALLOW does not list it"
        in said(refused)
    )
    assert VALUE not in refused.out + refused.err


def test_whether_a_variable_exists_is_not_told_where_it_is_not_listed() -> None:
    messages = set()
    for environment in ({"GWE_ENV_ALLOW": "X"}, {"GWE_ENV_ALLOW": "X", "AWS_KEY": VALUE}):
        with pytest.raises(ReconcilerError) as caught:
            variable("AWS_KEY", environment)
        messages.add(caught.value.message)
    assert len(messages) == 1


@pytest.mark.parametrize("allowed", ["SITE_KEY", "SITE_*", "A,SITE_KEY,B", " A , SITE_? * , S*"])
def test_names_and_globs_are_listed_with_commas(allowed: str) -> None:
    environment = {"SITE_KEY": VALUE, "GWE_ENV_ALLOW": allowed}
    assert variable("SITE_KEY", environment) == VALUE
    assert secret_value("env.SITE_KEY", environment) == VALUE


def test_a_list_does_not_give_away_a_credential_of_the_program() -> None:
    with pytest.raises(ReconcilerError, match="a credential of its own"):
        variable("GWE_PASSWORD", {"GWE_PASSWORD": VALUE, "GWE_ENV_ALLOW": "*"})


def test_a_saved_plan_reads_only_what_is_listed_when_it_is_applied(tmp_path: Path) -> None:
    env = {"SITE_KEY": VALUE}
    assert planned(tmp_path, HIDDEN % "SITE_KEY", env, "--out", "plan.json").code == 0
    before = everything(tmp_path / "gwe.db")
    env["GWE_ENV_ALLOW"] = "OTHER"
    refused = gwe("apply", "plan.json", "--auto-approve", cwd=tmp_path, env=env)
    assert refused.code == 1
    assert "GWE_ENV_ALLOW does not list it" in said(refused)
    assert everything(tmp_path / "gwe.db") == before


def test_every_variable_with_a_credential_is_named_in_one_place() -> None:
    package = Path(reconciler.__file__).parent
    pattern = re.compile(r"""["']((?:GWE|PG)_?[A-Z_]*(?:PASSWORD|PASS|KEY|TOKEN|SECRET))["']""")
    found = {
        (module.name, name)
        for module in package.rglob("*.py")
        for name in pattern.findall(module.read_text(encoding="utf-8"))
    }
    assert {name for _, name in found} <= CREDENTIALS
    assert {module for module, _ in found} == {"environment.py"}
