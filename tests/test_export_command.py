"""``gwe export``: what belongs to a site goes into a folder, and what cannot is said."""

import shlex
from pathlib import Path

import pytest
import yaml

from reconciler.cli.export_folder import RECORD
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.port import AccessEntry
from tests.harness import APP, VENDOR, Result, find, gwe, opened, plan_arguments, site_server

QUEUE = "Webengagement_Chat"
HEADER = f"""apiVersion: reconciler/v1
kind: Site
extends: {VENDOR}
tenant: Resources
"""


@pytest.fixture
def server(tmp_path: Path) -> Path:
    return site_server(tmp_path, VENDOR)


def words(text: str) -> str:
    return " ".join(text.split())


def export(server: Path, *more: str | Path) -> Result:
    return gwe("export", *more, "--server", f"embedded:{server}", "--app", APP, cwd=server.parent)


def with_site(server: Path, text: str) -> Path:
    """The server with further objects in it."""
    server.unlink()
    return site_server(server.parent, HEADER + text)


def test_the_site_is_exported_one_file_a_kind_and_a_plan_is_empty(server: Path) -> None:
    result = export(server, "site")
    assert result.code == 0
    names = sorted(one.name for one in (server.parent / "site").iterdir())
    assert names == [
        RECORD,
        "agent-group.yaml",
        "application-options.yaml",
        "business-attribute-value.yaml",
        "business-attribute.yaml",
        "enhanced-routing.yaml",
        "interaction-queue-view.yaml",
        "interaction-queue.yaml",
        "person.yaml",
    ]
    plan = gwe(
        *("plan", "-f", "site", "--server", f"embedded:{server}", "--app", APP),
        "--detailed-exitcode",
        cwd=server.parent,
    )
    assert (plan.code, plan.err) == (0, "")
    assert "Nothing to do: 34 in sync." in plan.out


def test_a_second_export_changes_no_byte(server: Path) -> None:
    export(server, "site")
    folder = server.parent / "site"
    before = {one.name: one.read_bytes() for one in folder.iterdir()}
    result = export(server, "site")
    assert result.code == 0
    assert "unchanged interaction-queue.yaml" in result.out
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == before


def rebind(server: Path, strategy: str) -> None:
    with opened(server) as session:
        queue = find(server, "Script", QUEUE).dbid
        bound = KeyValueDelta(changed={"Orchestration": {"application": strategy}})
        session.update("Script", queue, Delta(key_values={"userProperties": bound}))


def test_a_file_that_differs_is_refused_and_merged_where_nobody_edited_it(server: Path) -> None:
    export(server, "site")
    queues = server.parent / "site" / "interaction-queue.yaml"
    before = queues.read_text(encoding="utf-8")
    rebind(server, "script:Webengagement_Failed.Routing")
    refused = export(server, "site")
    assert refused.code == 64
    assert "site has a file that differs from the export: interaction-queue.yaml" in refused.err
    assert "--merge" in refused.err
    assert queues.read_text(encoding="utf-8") == before
    merged = export(server, "site", "--merge")
    assert merged.code == 0
    assert "updated   interaction-queue.yaml" in merged.out
    after = before.replace("script:Webengagement_Chat.R", "script:Webengagement_Failed.R")
    assert queues.read_text(encoding="utf-8") == after


def test_a_file_that_somebody_edited_is_kept(server: Path) -> None:
    export(server, "site")
    queues = server.parent / "site" / "interaction-queue.yaml"
    edited = "# Ours.\n" + queues.read_text(encoding="utf-8")
    queues.write_text(edited, encoding="utf-8")
    assert export(server, "site").code == 64
    for _ in range(2):
        merged = export(server, "site", "--merge")
        assert merged.code == 0
        assert "kept      interaction-queue.yaml: edited since it was exported" in merged.out
        assert queues.read_text(encoding="utf-8") == edited
    _, *accept = shlex.split(merged.out.splitlines()[-1])
    assert gwe(*accept, "--auto-approve", cwd=server.parent).code == 0


def test_a_damaged_record_of_exports_is_told_where_a_file_differs(server: Path) -> None:
    export(server, "site")
    record = server.parent / "site" / ".gwe-export.json"
    record.write_text("{broken", encoding="utf-8")
    assert export(server, "site", "--merge").code == 0
    queues = server.parent / "site" / "interaction-queue.yaml"
    queues.write_text("# Ours.\n", encoding="utf-8")
    for damage, problem in (
        ("{broken", "it is not as an export writes it"),
        ("[]", "it is not as an export writes it"),
        ('{"format": "gwe-export/9"}', "its format is not gwe-export/1"),
    ):
        record.write_text(damage, encoding="utf-8")
        refused = export(server, "site", "--merge")
        assert (refused.code, queues.read_text(encoding="utf-8")) == (1, "# Ours.\n")
        assert f"error: site/.gwe-export.json is damaged: {problem}\n" in refused.err
    record.unlink()
    kept = "kept      interaction-queue.yaml: it differs, and no export is known to have written it"
    assert kept in export(server, "site", "--merge").out


def test_the_folder_above_or_this_folder_is_named_in_full(server: Path) -> None:
    inside = server.parent / "inside"
    inside.mkdir()
    for name, folder in ((".", inside), ("..", server.parent)):
        done = gwe("export", name, *plan_arguments(server), cwd=inside)
        assert done.out.startswith(f"Exported 34 manifests to {folder.resolve()}.\n")


def test_what_a_kept_file_lacks_is_not_called_exported(server: Path) -> None:
    (server.parent / "site").mkdir()
    queues = server.parent / "site" / "interaction-queue.yaml"
    queues.write_text("# Ours.\n", encoding="utf-8")
    merged = export(server, "site", "--kind", "InteractionQueue", "--merge")
    first = merged.out.splitlines()[0]
    assert first == "Exported 8 manifests to site, but for what is in 1 file that it kept."
    assert "plan is empty" not in merged.out
    _, *arguments = shlex.split(merged.out.splitlines()[-1])
    assert arguments[:3] == ["accept", "-f", "site"]
    quiet = export(server, "site", "--kind", "InteractionQueue", "--merge", "--quiet")
    assert "What is in kept files was not exported." in quiet.out


def test_a_file_that_an_export_has_nothing_for_is_named(server: Path) -> None:
    export(server, "site")
    result = export(server, "site", "--kind", "Person")
    assert "stale     agent-group.yaml: nothing is exported to it any more" in result.out
    assert (server.parent / "site" / "agent-group.yaml").exists()


def test_a_folder_that_is_a_file_is_refused(server: Path) -> None:
    (server.parent / "site").write_text("mine", encoding="utf-8")
    result = export(server, "site")
    assert (result.code, "site is a file, not a folder" in result.err) == (64, True)


def test_standard_output_has_the_manifests_and_standard_error_the_rest(server: Path) -> None:
    result = export(server, "-", "--kind", "Person")
    (person,) = yaml.safe_load_all(result.out)
    assert person["metadata"] == {"employeeID": "7001"}
    assert person["spec"] == {"userName": "agent", "isAgent": True}
    assert "Person/7001, password: a password cannot be read" in result.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--kind", "InteractionQueu"), "did you mean InteractionQueue?"),
        (("--kind", "ApplicationOptions"), "no kind ApplicationOptions can be chosen"),
        (("--kind", "Skill"), "there is nothing to export"),
        (("--name", "NoSuchThing*"), "there is nothing to export"),
        (("--parameterise", "color"), "color is no value of a site"),
        (("--parameterise", "cluster"), "the site has no cluster.name"),
    ],
)
def test_a_wrong_choice_is_refused(server: Path, arguments: tuple[str, str], says: str) -> None:
    result = export(server, "site", *arguments)
    assert (result.code, result.out) == (64, "")
    assert says in result.err
    assert not (server.parent / "site").exists()


# What is exported


def test_kind_and_name_choose_among_all_objects_of_the_tenant(server: Path) -> None:
    server = with_site(
        server,
        "Skill: [{name: English}, {name: French}]\n"
        "Transaction:\n"
        "  - {name: gwe-reconciler.lock, type: List, alias: gwe-reconciler.lock}\n"
        "  - {name: Hours, type: List, alias: Hours}\n",
    )
    assert "name: English" in export(server, "-", "--kind", "Skill", "--name", "E*").out
    assert "French" not in export(server, "-", "--kind", "Skill", "--name", "E*").out
    lists = export(server, "-", "--kind", "Transaction").out
    assert "name: Hours" in lists
    assert "gwe-reconciler" not in lists
    assert "gwe-reconciler" not in export(server, "-", "--all").out


def test_what_refers_to_the_site_and_what_it_refers_to_belongs_to_it(server: Path) -> None:
    server = with_site(
        server,
        "Skill: [{name: English}, {name: French}]\n"
        "Script: [{name: Own.Routing, type: EnhancedRouting}, {name: Other, type: EnhancedRouting},"
        " {name: Loose, type: InteractionQueue}]\n"
        "Person: [{employeeID: '7001', userName: agent, isAgent: true,"
        " skills: [{skill: English, level: 3}]}, {employeeID: '7009', userName: nobody}]\n"
        "Campaign: [{name: Calling, script: Webengagement_Chat}, {name: Else, script: Loose}]\n",
    )
    rebind(server, "script:Own.Routing")
    found = export(server, "-")
    heads = [one["metadata"] for one in yaml.safe_load_all(found.out)]
    names = [head.get("name") or head["employeeID"] for head in heads]
    assert {"English", "7001", "Own.Routing", "Calling"} <= {*names}
    assert not {"French", "7009", "Other", "Loose", "Else"} & {*names}


def test_variables_of_gwe_toml_say_what_belongs_to_the_site(server: Path) -> None:
    server = with_site(
        server,
        "Enumerator: [{name: Mine, displayName: Own Data, type: Custom}]\n"
        "EnumeratorValue: [{attribute: Mine, name: WebEngagement.CurrentWebPage,"
        " displayName: Page, isDefault: false}]\n",
    )
    settings = "[vars]\ncase_data_attribute = 'Own Data'\nof_other_manifests = 'x'\n"
    (server.parent / "gwe.toml").write_text(settings, encoding="utf-8")
    text = export(server, "-").out
    assert "attribute: Mine" in text
    assert "CaseData" not in text


def test_only_the_sections_that_web_engagement_uses_are_exported(server: Path) -> None:
    text = export(server, "-").out
    assert "Webengagement_rule_MyRule" in text
    (stat,) = [
        one for one in yaml.safe_load_all(text) if one["metadata"].get("name") == "stat-server"
    ]
    assert stat["target"] == {"role": "stat-server"}
    assert len(stat["spec"]["options"]) == 10


def test_no_dbid_is_in_an_export_and_the_tenant_is_named_by_the_site(server: Path) -> None:
    text = export(server, "-").out
    assert "101" not in text
    assert 'queueKey: "${site.tenant.dbid}:webme"' in text
    assert "endpoints:${site.tenant.dbid}:" in text


def test_applications_of_a_role_that_differ_have_a_manifest_each(server: Path) -> None:
    server = with_site(
        server,
        "Application:\n"
        "  - {name: Chat_2, type: ChatServer, options: {'endpoints:101': {webme: Other}}}\n"
        "  - {name: GWE, type: WebEngagementBackendServer, "
        "connections: [Ixn, Stat, Chat, Chat_2]}\n"
        "Script: [{name: Other, type: InteractionQueue}]\n",
    )
    documents = list(yaml.safe_load_all(export(server, "-").out))
    targets = [one["target"] for one in documents if one["kind"] == "ApplicationOptions"]
    assert {"application": "Chat_2"} in targets
    assert {"application": "Chat"} in targets
    assert {"role": "stat-server"} in targets


def test_a_secret_is_asked_for_and_its_value_is_nowhere(server: Path) -> None:
    server = with_site(
        server, "Skill: [{name: 2nd line, annex: {db: {password: hush-hush, user: me}}}]\n"
    )
    result = export(server, "site", "--kind", "Skill")
    assert "SECRET_2ND_LINE_DB_PASSWORD: annex/db/password of Skill/2nd line" in result.out
    text = (server.parent / "site" / "skill.yaml").read_text(encoding="utf-8")
    assert "secret: true\n        from: env.SECRET_2ND_LINE_DB_PASSWORD" in text
    assert "hush-hush" not in text + result.out + result.err
    *_, step, command = result.out.splitlines()
    assert step.endswith("With the variables set, their plan is empty:")
    _, *arguments = shlex.split(command)
    unset = gwe(*arguments, cwd=server.parent)
    assert "SECRET_2ND_LINE_DB_PASSWORD is not set" in unset.err
    env = {"SECRET_2ND_LINE_DB_PASSWORD": "hush-hush"}
    assert "Nothing to do: 1 in sync." in gwe(*arguments, cwd=server.parent, env=env).out


def test_the_last_line_is_a_plan_for_the_same_server_and_it_is_empty(server: Path) -> None:
    result = export(server, "my site", "--no-addp", "--in-flight", "4", "--log-level", "error")
    *_, step, command = result.out.splitlines()
    assert step == "Next: review the files and commit them. Their plan is empty:"
    assert command == (
        f"  gwe plan -f 'my site' --app {APP} --server embedded:{server} --no-addp --in-flight 4"
    )
    _, *arguments = shlex.split(command)
    plan = gwe(*arguments, "--detailed-exitcode", cwd=server.parent)
    assert (plan.code, plan.err) == (0, "")


def test_a_secret_that_no_manifest_can_declare_is_left_out_and_said(server: Path) -> None:
    server = with_site(
        server,
        "Skill: [{name: S, annex: {db: {password: {binary: 00ff}, token: '  ', user: me}}}]\n"
        "AgentLogin: [{code: '7001', switch: SIP, password: hush-hush}]\n"
        "Switch: [{name: SIP, physicalSwitch: Office}]\n"
        "PhysicalSwitch: [{name: Office, type: SIPSwitch}]\n",
    )
    result = export(server, "-", "--kind", "Skill", "--kind", "AgentLogin")
    assert "db:\n      user: me" in result.out
    assert "Skill/S, annex/db/password: a secret that is binary cannot be" in result.err
    assert "Skill/S, annex/db/token: a secret that is blank cannot be declared" in result.err
    assert "from: env.SECRET_7001_PASSWORD" in result.out
    assert "hush-hush" not in result.out + result.err


def test_values_of_every_type_are_exported_as_such(server: Path) -> None:
    server = with_site(
        server,
        "Skill:\n"
        "  - name: S\n"
        "    annex:\n"
        "      a:\n"
        "        binary: {binary: 00ff}\n"
        "        empty: ''\n"
        "        integer: 7\n"
        '        lines: "one\\n  two\\n"\n'
        "        placeholder: '${var.x} $${y}'\n"
        "        text: '0123'\n",
    )
    result = export(server, "site", "--kind", "Skill")
    assert result.code == 0
    text = (server.parent / "site" / "skill.yaml").read_text(encoding="utf-8")
    assert text.endswith(
        """spec:
  annex:
    a:
      binary:
        binary: AP8=
      empty: ""
      integer:
        integer: 7
      lines: |
        one
          two
      placeholder: "$${var.x} $$${y}"
      text: "0123"
"""
    )
    arguments = ("plan", "-f", "site", "--server", f"embedded:{server}", "--app", APP)
    assert "Nothing to do: 1 in sync." in gwe(*arguments, cwd=server.parent).out


def test_what_no_manifest_can_say_is_listed_with_the_reason(server: Path) -> None:
    server = with_site(
        server,
        "Skill:\n"
        "  - {name: English}\n"
        "  - {name: 'english '}\n"
        '  - {name: Tabs, annex: {a: {"x\\t": y, fine: z}}}\n'
        "AgentGroup: [{name: Web Engagement Chat, capacityRule: Rule}]\n"
        "Script: [{name: Rule, type: CapacityRule}]\n"
        "Enumerator:\n"
        "  - {name: Colours, displayName: Shades, type: Custom}\n"
        "  - {name: Other, displayName: Colours, type: Custom}\n",
    )
    kinds = ("--kind", "Skill", "--kind", "BusinessAttribute", "--kind", "AgentGroup")
    result = export(server, "site", *kinds)
    assert result.code == 0
    assert (
        "AgentGroup/Web Engagement Chat, capacityRule: no manifest of this kind declares it"
        in result.out
    )
    text = (server.parent / "site" / "skill.yaml").read_text(encoding="utf-8")
    assert 'metadata:\n  name: "english "\n  exact: true\n' in text
    tabs = 'name: Tabs\n  exact: true\nspec:\n  annex:\n    a:\n      fine: z\n      "x\\t": "y"\n'
    assert tabs in text
    attributes = (server.parent / "site" / "business-attribute.yaml").read_text(encoding="utf-8")
    assert "name: Colours\n  exact: true\n" in attributes
    assert "name: Other\nspec" in attributes
    arguments = ("plan", "-f", "site", "--server", f"embedded:{server}", "--app", APP)
    assert gwe(*arguments, "--detailed-exitcode", cwd=server.parent).code == 0


def test_a_host_becomes_a_variable_where_that_is_asked_for(server: Path) -> None:
    server = with_site(
        server,
        "Skill:\n"
        "  - name: S\n"
        "    annex: {a: {url: 'http://host.example.com:80/x', other: myhost.example.com}}\n",
    )
    result = export(server, "site", "--kind", "Skill", "--parameterise", "host,tenant")
    assert result.code == 0
    text = (server.parent / "site" / "skill.yaml").read_text(encoding="utf-8")
    assert "url: http://${var.host}:80/x" in text
    assert "other: myhost.example.com" in text
    declared = (server.parent / "site" / "variables.yaml").read_text(encoding="utf-8")
    assert 'default: "${site.server.host}"' in declared
    assert "tenant" not in declared  # nothing that was exported has its name in it
    arguments = ("plan", "-f", "site", "--server", f"embedded:{server}", "--app", APP)
    assert "Nothing to do: 1 in sync." in gwe(*arguments, cwd=server.parent).out


def test_a_site_of_which_nothing_is_there_yet_is_no_empty_folder(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    result = export(server, "site")
    assert result.code == 64
    assert "there is nothing to export: the site has nothing" in result.err
    assert not (tmp_path / "site").exists()


def test_permissions_that_are_set_on_an_object_are_told_and_in_no_manifest(server: Path) -> None:
    server = with_site(server, "Skill: [{name: Open}, {name: Closed}]\n")
    with opened(server) as session:
        (closed,) = session.read("Skill", {"name": "Closed"})
        session.set_permissions("Skill", closed.dbid, [AccessEntry("AccessGroup", 97, 1)])
    result = export(server, "site", "--kind", "Skill")
    assert (
        "Skill/Closed, permissions: no manifest declares permissions: where the object is created,"
        " it inherits those of its folder"
    ) in words(result.out)
    assert "Skill/Open" not in result.out
    assert "ermission" not in (server.parent / "site" / "skill.yaml").read_text(encoding="utf-8")


def test_launch_files_are_told_where_the_installation_is_named(
    server: Path, tmp_path: Path
) -> None:
    (tmp_path / "installed").mkdir()
    without, named = (
        words(export(server, folder, *more).out)
        for folder, more in (("one", ()), ("two", ("--install-dir", tmp_path / "installed")))
    )
    told = (
        "LaunchFile/launch-linux: launch files are on a host and on no server: gwe init copies the"
        " manifest that declares them"
    )
    assert (told in without, told in named) == (False, True)


def test_a_queue_that_an_exported_section_names_is_exported_too(server: Path) -> None:
    """Without it, the endpoint would lead nowhere on another server."""
    server = with_site(server, "Script: [{name: Elsewhere, type: InteractionQueue}]\n")
    with opened(server) as session:
        (chat,) = session.read("Application", {"name": "Chat"})
        added = KeyValueDelta(added={"endpoints:101": {"own": "Elsewhere"}})
        session.update("Application", chat.dbid, Delta(key_values={"options": added}))
    export(server, "site")
    queues = (server.parent / "site" / "interaction-queue.yaml").read_text(encoding="utf-8")
    assert "name: Elsewhere\n" in queues
