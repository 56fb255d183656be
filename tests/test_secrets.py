"""A secret is written to the server and stands nowhere else but in the journal's backups:
in no output, no plan file, no message, no exception."""

import hashlib
import json
from pathlib import Path

import pytest

from reconciler.engine.reconciler import Reconciler
from reconciler.engine.running import RunPlace
from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import SecretText, shown
from reconciler.plan.actions import Subject, Update, changes_of
from reconciler.plan.changes import Change
from reconciler.plan.file.codec import plan_data, plan_of
from reconciler.plan.model import Plan, SiteMark
from reconciler.plan.secrets import secret_digest, with_resolved_secrets
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.embedded import passwords
from reconciler.site.discovery import SiteOptions
from reconciler.state.opening import open_store
from reconciler.state.records import CallBegin, CallEnd
from reconciler.testing.faults import Drop
from reconciler.testing.faulty import FaultyServer
from tests.harness import (
    APP,
    BARE,
    Result,
    everything,
    find,
    gwe,
    opened,
    plan_arguments,
    site_server,
    state_folder,
)
from tests.runs import Nursery, Place, Strike
from tests.test_plan_file import said

HEAD = "apiVersion: reconciler/v1\n"
SITE = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
AgentGroup:
  - {{name: Group, annex: {{db: {{login: live-login, user: live-user}}}}}}
"""
NEW, OLD, OTHER = "n3w-v4lue", "live-login", "0ther-v4lue"
ENV = {"GWE_TEST_LOGIN": NEW}
SECRET = "{secret: true, from: env.GWE_TEST_LOGIN}"  # noqa: S105 - the name of one
GROUP = f"""\
{HEAD}kind: AgentGroup
metadata: {{name: Group}}
spec: {{annex: {{db: {{login: {SECRET}}}}}}}
"""
OPTIONS = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: stat}}
target: {{role: stat-server}}
spec: {{options: {{db: {{login: {SECRET}}}}}}}
"""
SECTIONS = OPTIONS.replace("spec: {options:", "spec: {sections:")


def ready(folder: Path, *manifests: str, site: str = SITE) -> Path:
    server = site_server(folder, site)
    (folder / "m.yaml").write_text("---\n".join(manifests), encoding="utf-8")
    return server


def plan(folder: Path, server: Path, *more: str, env: dict[str, str] | None = None) -> Result:
    options = plan_arguments(server, "-f", "m.yaml", *more)
    return gwe("plan", *options, cwd=folder, env=ENV if env is None else env)


def apply(folder: Path, server: Path, *more: str, env: dict[str, str] | None = None) -> Result:
    options = plan_arguments(server, "-f", "m.yaml", "--auto-approve", *more)
    return gwe("apply", *options, cwd=folder, env=ENV if env is None else env)


def apply_file(folder: Path, *more: str, env: dict[str, str] | None = None) -> Result:
    options = ("plan.json", "--auto-approve", *more)
    return gwe("apply", *options, cwd=folder, env=ENV if env is None else env)


def printed(*results: Result) -> str:
    return "".join(one.out + one.err for one in results)


def kept(folder: Path) -> dict[str, str]:
    """What the state holds beside the calls, with which the backups are."""
    store = open_store(str(state_folder(folder)))
    texts = {}
    for run in store.list_runs():
        texts[f"{run.name}: plan"] = store.read_run(run.name).plan_text
        for number, record in enumerate(store.read_intact(run.name).records, 1):
            if not isinstance(record, CallBegin | CallEnd):
                texts[f"{run.name}: {number}"] = repr(record)
    assert texts
    return texts


def last_run(folder: Path) -> str:
    return open_store(str(state_folder(folder))).find_run("last")


def identity_of(server: Path) -> str:
    with opened(server) as one:
        return one.info().identity


def holds(text: str, *secrets: str) -> list[str]:
    """The secrets that a text holds, in clear or as a digest of theirs."""
    digests = {one: hashlib.sha256(one.encode()).hexdigest()[:16] for one in secrets}
    return [one for one in secrets if one in text or digests[one] in text]


@pytest.mark.parametrize(
    ("manifest", "kind", "name", "attribute"),
    [
        (GROUP, "AgentGroup", "Group", "userProperties"),
        (OPTIONS, "Application", "Stat", "options"),
        (SECTIONS, "Application", "Stat", "options"),
    ],
    ids=["annex", "options", "sections"],
)
@pytest.mark.parametrize("how", ["direct", "file"])
def test_the_value_is_written_to_the_server_and_shown_nowhere(
    how: str, manifest: str, kind: str, name: str, attribute: str, tmp_path: Path
) -> None:
    server = ready(tmp_path, manifest)
    seen = [
        plan(tmp_path, server, *more)
        for more in ((), ("--verbose",), ("--format", "json"), ("--out", "plan.json"))
    ]
    seen += [
        gwe("show", "plan.json", *more, cwd=tmp_path)
        for more in ((), ("--verbose",), ("--format", "json"))
    ]
    assert [one.code for one in seen] == [0] * 7
    assert "(secret)" in seen[0].out
    done = apply_file(tmp_path) if how == "file" else apply(tmp_path, server)
    assert done.code == 0, done.err
    assert find(server, kind, name).attributes[attribute]["db"]["login"] == NEW
    run = last_run(tmp_path)
    seen += [
        done,
        gwe("runs", cwd=tmp_path),
        gwe("runs", "show", run, cwd=tmp_path),
        gwe("runs", "show", run, "--format", "json", cwd=tmp_path),
    ]
    text = printed(*seen)
    assert holds(text, NEW, OLD) == []
    assert holds((tmp_path / "plan.json").read_text(encoding="utf-8"), NEW, OLD) == []
    assert [name for name, text in kept(tmp_path).items() if holds(text, NEW, OLD)] == []


def test_the_plan_file_says_where_the_value_comes_from(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert plan(tmp_path, server, "--out", "plan.json").code == 0
    (action,) = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))["actions"]
    (change,) = action["changes"]
    assert change["before"] == {"secret": True}
    digest = secret_digest(NEW, identity_of(server), "AgentGroup/Group", ("annex", "db", "login"))
    assert change["after"] == {"secret": "env.GWE_TEST_LOGIN", "digest": digest}
    assert action["secrets"] == ["/annex/db/login"]


def test_the_digest_of_a_value_is_another_one_at_another_place() -> None:
    path = ("annex", "db", "login")
    digests = {
        secret_digest(NEW, "server", "AgentGroup/Group", path),
        secret_digest(OTHER, "server", "AgentGroup/Group", path),
        secret_digest(NEW, "other", "AgentGroup/Group", path),
        secret_digest(NEW, "server", "AgentGroup/Other", path),
        secret_digest(NEW, "server", "AgentGroup/Group", ("annex", "db", "user")),
    }
    assert len(digests) == 5
    assert secret_digest(NEW, "server", "AgentGroup/Group", path) in digests


def test_apply_of_the_file_refuses_another_value_than_the_plan_was_made_with(
    tmp_path: Path,
) -> None:
    server = ready(tmp_path, GROUP)
    assert plan(tmp_path, server, "--out", "plan.json").code == 0
    before = everything(server)
    refused = apply_file(tmp_path, env={"GWE_TEST_LOGIN": OTHER})
    assert refused.code == 4
    assert (
        "the environment variable GWE_TEST_LOGIN has another value than when the plan was made"
        in said(refused)
    )
    assert holds(printed(refused), NEW, OTHER, OLD) == []
    assert everything(server) == before
    assert not state_folder(tmp_path).exists()
    assert apply_file(tmp_path).code == 0
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex == {"db": {"login": NEW, "user": "live-user"}}


@pytest.mark.parametrize("value", ["", " ", "\n\t"])
@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_an_empty_variable_is_refused_and_nothing_is_blanked(
    command: str, value: str, tmp_path: Path
) -> None:
    server = ready(tmp_path, GROUP)
    before = everything(server)
    env = {"GWE_TEST_LOGIN": value}
    more = ("--auto-approve",) if command == "apply" else ()
    refused = gwe(command, *plan_arguments(server, "-f", "m.yaml", *more), cwd=tmp_path, env=env)
    assert refused.code == 1
    assert "m.yaml:4:" in refused.err
    assert "the environment variable GWE_TEST_LOGIN is empty" in said(refused)
    assert everything(server) == before


def test_an_empty_variable_is_refused_when_the_file_is_applied(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert plan(tmp_path, server, "--out", "plan.json").code == 0
    before = everything(server)
    refused = apply_file(tmp_path, env={"GWE_TEST_LOGIN": ""})
    assert refused.code == 1
    assert "the plan needs a secret: the environment variable GWE_TEST_LOGIN is empty" in said(
        refused
    )
    assert everything(server) == before


@pytest.mark.parametrize("command", ["plan", "drift", "apply"])
def test_a_variable_that_is_not_set_is_named_with_its_place(command: str, tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    before = everything(server)
    more = ("--auto-approve",) if command == "apply" else ()
    refused = gwe(command, *plan_arguments(server, "-f", "m.yaml", *more), cwd=tmp_path)
    assert refused.code == 1
    assert "m.yaml:4:" in refused.err
    assert (
        "the environment variable GWE_TEST_LOGIN is not set Set it in the environment of this"
        " command." in said(refused)
    )
    assert everything(server) == before


def test_a_variable_that_is_not_set_when_the_file_is_applied_is_named(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert plan(tmp_path, server, "--out", "plan.json").code == 0
    before = everything(server)
    refused = apply_file(tmp_path, env={})
    assert refused.code == 1
    assert "the plan needs a secret: the environment variable GWE_TEST_LOGIN is not set" in said(
        refused
    )
    assert everything(server) == before
    assert not state_folder(tmp_path).exists()


def test_show_needs_no_variable(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    planned = plan(tmp_path, server)
    assert plan(tmp_path, server, "--out", "plan.json", "--quiet").code == 0
    shown = gwe("show", "plan.json", cwd=tmp_path)
    assert (shown.code, shown.out.partition("Plan id: ")[0]) == (0, planned.out)


@pytest.mark.parametrize(
    ("form", "place", "told"),
    [
        ("{secret: false, from: env.X}", "m.yaml:4:", "true"),
        ("{secret: true}", "m.yaml:4:", "from"),
        ("{secret: true, from: file.txt}", "m.yaml:4:", "env.NAME"),
        ("{secret: true, from: env.}", "m.yaml:4:", "env.NAME"),
        ("{secret: true, from: env.HOME, more: 1}", "m.yaml:4:", "more"),
        ("{from: env.HOME}", "m.yaml:4:", "a text"),
        ("{hidden: true, from: env.HOME}", "m.yaml:4:", "a text"),
    ],
)
def test_a_wrong_form_of_a_secret_is_refused_with_its_place(
    form: str, place: str, told: str, tmp_path: Path
) -> None:
    manifest = GROUP.replace(SECRET, form)
    server = ready(tmp_path, manifest)
    refused = plan(tmp_path, server)
    assert refused.code == 1
    line = next(one for one in refused.err.splitlines() if one.startswith("error: "))
    assert line.startswith(f"error: {place}")
    assert line.removeprefix(f"error: {place}").split(":")[0].isdigit()
    assert told in said(refused)


@pytest.mark.parametrize(
    "manifest",
    [
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: {SECRET}}}\n",
        f"{HEAD}kind: BusinessAttribute\nmetadata: {{name: A}}\nspec: {{displayName: {SECRET}}}\n",
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: G}}\nspec: {{agents: [{SECRET}]}}\n",
        f"{HEAD}kind: Variables\nmetadata: {{name: v}}\n"
        f"spec: {{a: {{description: d, default: {SECRET}}}}}\n",
        f"{HEAD}kind: AgentGroup\nmetadata: {{name: G}}\nspec: {{annex: {SECRET}}}\n",
    ],
    ids=["name", "displayName", "agents", "variable", "annex"],
)
def test_a_secret_has_no_place_but_as_an_option(manifest: str, tmp_path: Path) -> None:
    server = ready(tmp_path, manifest)
    refused = plan(tmp_path, server)
    assert refused.code == 1
    assert "error: m.yaml:" in refused.err
    assert NEW not in printed(refused)


def test_a_secret_that_is_there_already_is_in_sync(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    env = {"GWE_TEST_LOGIN": OLD}
    planned = plan(tmp_path, server, "--detailed-exitcode", "--format", "json", env=env)
    assert planned.code == 0
    assert planned.json()["actions"][0]["action"] == "in-sync"
    assert holds(planned.out, OLD) == []


def test_a_secret_that_is_there_already_is_no_kept_difference(tmp_path: Path) -> None:
    """Beside another field that does differ, which makes the two be compared one by one."""
    manifest = GROUP.replace("spec:", "initial:") + "spec: {annex: {db: {user: new-user}}}\n"
    server = ready(tmp_path, manifest)
    env = {"GWE_TEST_LOGIN": OLD}
    planned = plan(tmp_path, server, "--format", "json", env=env)
    (action,) = planned.json()["actions"]
    assert [one["path"] for one in action["changes"]] == ["/annex/db/user"]
    assert action["kept"] == []


def test_drift_finds_a_secret_that_differs_and_shows_neither_value(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    found = gwe("drift", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path, env=ENV)
    assert found.code == 2
    assert "annex/db/login: (secret) -> (another secret)" in found.out
    assert holds(printed(found), NEW, OLD) == []


PLAIN = GROUP.replace(f"login: {SECRET}", f"password: {NEW}")


def test_a_secret_in_clear_is_planned_hidden_and_cannot_be_saved(tmp_path: Path) -> None:
    server = ready(tmp_path, PLAIN)
    refused = plan(tmp_path, server, "--out", "plan.json")
    assert refused.code == 3
    assert "a plan file cannot hold a secret: AgentGroup/Group: /annex/db/password" in said(refused)
    assert "Declare the value as {secret: true, from: env.NAME}." in said(refused)
    assert '[secrets] except = ["password"]' in said(refused)
    assert not (tmp_path / "plan.json").exists()
    assert holds(printed(refused), NEW) == []


def test_a_secret_in_clear_is_applied_and_kept_out_of_the_state_folder(tmp_path: Path) -> None:
    server = ready(tmp_path, PLAIN)
    done = apply(tmp_path, server)
    assert done.code == 0
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex["db"]["password"] == NEW
    assert holds(printed(done), NEW) == []
    assert [name for name, text in kept(tmp_path).items() if holds(text, NEW)] == []


def test_the_journal_holds_the_values_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert apply(tmp_path, server).code == 0
    records = open_store(str(state_folder(tmp_path))).read_intact(last_run(tmp_path)).records
    assert OLD in repr([one for one in records if isinstance(one, CallBegin)])
    for file in state_folder(tmp_path).glob("state.db*"):
        assert file.stat().st_mode & 0o777 == 0o600
    assert state_folder(tmp_path).stat().st_mode & 0o777 == 0o700
    told = [one for one in records if not isinstance(one, CallBegin | CallEnd)]
    assert [type(one).__name__ for one in told] == ["RunHead", "ActionOutcome", "RunFinish"]
    assert holds(repr(told), NEW, OLD) == []


# Words of the site's own

WORDS = '[secrets]\nwords = ["apikey", "pin"]\n'
KEYS = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
AgentGroup:
  - {{name: Group, annex: {{db: {{apikey: l1ve-key, queueKey: "101:webme", user: live-user}}}}}}
"""
USER = GROUP.replace(f"login: {SECRET}", "user: new-user")


def with_words(folder: Path, *manifests: str, site: str = KEYS) -> Path:
    (folder / "gwe.toml").write_text(WORDS, encoding="utf-8")
    return ready(folder, *manifests, site=site)


def test_a_word_of_the_settings_hides_a_value_that_a_replace_loses(tmp_path: Path) -> None:
    server = with_words(tmp_path, USER)
    planned = plan(tmp_path, server, "--overwrite", "--out", "plan.json")
    assert "- annex/db/apikey: (secret)" in planned.out
    assert "- annex/db/queueKey: 101:webme" in planned.out
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert holds(printed(planned) + text, "l1ve-key") == []


def test_a_word_of_the_settings_hides_a_managed_value(tmp_path: Path) -> None:
    server = with_words(tmp_path, USER.replace("user: new-user", f"apikey: {NEW}"))
    planned = plan(tmp_path, server, "--format", "json")
    (change,) = planned.json()["actions"][0]["changes"]
    assert (change["before"], change["after"]) == ({"secret": True}, {"secret": True})
    assert holds(printed(planned), "l1ve-key", NEW) == []
    assert plan(tmp_path, server, "--out", "plan.json").code == 3


def test_a_word_of_the_settings_hides_what_has_moved_in_an_unmanaged_option(
    tmp_path: Path,
) -> None:
    server = with_words(tmp_path, USER)
    assert plan(tmp_path, server, "--overwrite", "--out", "plan.json").code == 0
    change = KeyValueDelta(changed={"db": {"apikey": OTHER}})
    dbid = find(server, "AgentGroup", "Group").dbid
    with opened(server) as other:
        other.update("AgentGroup", dbid, Delta(key_values={"userProperties": change}))
    refused = apply_file(tmp_path)
    assert refused.code == 4
    assert "/annex/db/apikey" in said(refused)
    assert holds(printed(refused), OTHER, "l1ve-key") == []


def digest_in_clear(one: str, dbid: int, kind: str = "AgentGroup") -> str:
    """What a fingerprint says of a text that is no secret."""
    text = json.dumps([kind, dbid, "text", one])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint_of(folder: Path) -> dict[str, str]:
    (action,) = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["actions"]
    found = action["fingerprint"]["fields"]
    assert isinstance(found, dict)
    return found


def test_a_fingerprint_says_a_text_in_a_plain_digest_and_a_secret_in_a_slow_one(
    tmp_path: Path,
) -> None:
    site = SITE.replace("user: live-user", "user: live-user, password: l1ve-pw")
    server = ready(tmp_path, GROUP, site=site)
    assert plan(tmp_path, server, "--overwrite", "--out", "plan.json").code == 0
    found = fingerprint_of(tmp_path)
    assert found["/annex/db/user"] == digest_in_clear("live-user", 101)
    assert found["/annex/db/login"] not in ("", digest_in_clear(OLD, 101))
    assert found["/annex/db/password"] not in ("", digest_in_clear("l1ve-pw", 101))


def test_whoever_guesses_a_secret_spends_memory_on_each_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scrypt takes 128 * n * r bytes: 16 MiB for the digest in a plan file, 4 MiB for that in a
    fingerprint and for a stored password."""
    taken: list[tuple[str, int]] = []

    def noted(text: bytes, *, salt: bytes, n: int, r: int, p: int, dklen: int) -> bytes:
        taken.append((text.decode(), 128 * n * r * p))
        return salt[:1] * dklen

    for module in (hashlib, passwords.hashlib):
        monkeypatch.setattr(module, "scrypt", noted)
    assert passwords.matches("w0rd", passwords.hashed("w0rd"))
    server = ready(tmp_path, GROUP)
    assert plan(tmp_path, server, "--overwrite", "--out", "plan.json").code == 0
    mebibyte = 1024**2
    assert {found for found in taken if found[0] == "w0rd"} == {("w0rd", 4 * mebibyte)}
    assert (NEW, 16 * mebibyte) in taken
    assert (json.dumps(["AgentGroup", 101, "text", OLD]), 4 * mebibyte) in taken


def test_a_fingerprint_says_a_value_with_a_word_of_the_settings_in_a_slow_digest(
    tmp_path: Path,
) -> None:
    server = with_words(tmp_path, USER)
    assert plan(tmp_path, server, "--overwrite", "--out", "plan.json").code == 0
    found = fingerprint_of(tmp_path)
    assert found["/annex/db/user"] == digest_in_clear("live-user", 101)
    assert found["/annex/db/apikey"] not in ("", digest_in_clear("l1ve-key", 101))


# Messages


@pytest.mark.parametrize(
    ("option", "declared"),
    [
        ("password", "w0rd"),
        ("pin", "w0rd"),
        ("login", SECRET),
    ],
    ids=["by its name", "by a word of the settings", "by its declaration"],
)
def test_a_secret_integer_that_blocks_is_not_shown(
    option: str, declared: str, tmp_path: Path
) -> None:
    manifest = OPTIONS.replace(f"login: {SECRET}", f"{option}: {declared}")
    site = (
        f"{HEAD}kind: Site\nextends: {BARE}\ntenant: Resources\nApplication:\n"
        f"  - {{name: Stat, type: StatServer, options: {{db: {{{option}: 271828}}}}}}\n"
    )
    server = with_words(tmp_path, manifest, site=site)
    planned = plan(tmp_path, server)
    assert planned.code == 3, planned.out
    assert f"/options/db/{option} holds" in said(planned)
    assert holds(printed(planned), "271828", "w0rd", NEW) == []


def test_a_secret_text_shows_itself_neither_as_text_nor_as_error() -> None:
    secret = SecretText(NEW, "env.X")
    assert repr(secret) == "(secret)"
    assert repr([secret]) == "[(secret)]"
    assert shown(secret, secret=False) == "(secret)"
    assert repr(ReconcilerError(f"{secret!r} is wrong")) == "ReconcilerError('(secret) is wrong')"


def test_a_secret_that_is_empty_or_not_known_is_shown_as_a_secret() -> None:
    assert shown(SecretText("", "env.X"), secret=False) == "(secret)"


# Copied, carried over, taken back, recovered

PAIR = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
Application:
  - name: Stat
    type: StatServer
    server: {{backup: Stat_B}}
    options: {{db: {{login: {OLD}, zone: z}}}}
  - {{name: Stat_B, type: StatServer}}
"""
PAIRED = f"""\
{HEAD}kind: ApplicationOptions
metadata: {{name: stat}}
target: {{role: stat-server}}
initial: {{sections: {{db: {{login: {SECRET}, zone: ours}}}}}}
"""


@pytest.mark.parametrize("more", [(), ("--format", "json"), ("--verbose",)])
def test_a_secret_that_is_copied_from_the_other_member_of_a_pair_is_not_shown(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    server = ready(tmp_path, PAIRED, site=PAIR)
    planned = plan(tmp_path, server, *more)
    assert planned.code == 0
    assert "Stat_B" in planned.out
    assert "login" in planned.out
    assert holds(printed(planned), NEW, OLD) == []


def test_a_secret_that_is_copied_within_a_pair_is_not_in_the_state_folder(tmp_path: Path) -> None:
    server = ready(tmp_path, PAIRED, site=PAIR)
    assert apply(tmp_path, server).code == 0
    assert find(server, "Application", "Stat_B").attributes["options"] == {
        "db": {"login": OLD, "zone": "z"}
    }
    assert [name for name, text in kept(tmp_path).items() if holds(text, NEW, OLD)] == []


CARRIED = f"""\
{HEAD}kind: Site
extends: {BARE}
tenant: Resources
AgentGroup:
  - {{name: Group, annex: {{db: {{password: {OLD}, user: live-user}}}}}}
"""
CARRYING = USER + "initial: {annex: {db: {password: x}}}\n"


def test_a_secret_that_a_replace_carries_over_is_in_no_file_and_still_there(
    tmp_path: Path,
) -> None:
    server = ready(tmp_path, CARRYING, site=CARRIED)
    planned = plan(tmp_path, server, "--overwrite", "--out", "plan.json")
    assert planned.code == 0, planned.err
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert json.loads(text)["actions"][0]["fields"]["/annex/db/password"] == {"secret": "carried"}
    assert holds(text + printed(planned), OLD) == []
    assert apply_file(tmp_path).code == 0
    group = find(server, "AgentGroup", "Group")
    assert (group.dbid, group.attributes["userProperties"]) == (
        102,
        {"db": {"password": OLD, "user": "new-user"}},
    )
    assert [name for name, text in kept(tmp_path).items() if holds(text, OLD)] == []


def dies_before_the_create(
    nursery: Nursery, folder: Path, *arguments: str | Path, env: dict[str, str] | None = None
) -> None:
    """An apply whose process dies between the delete and the create of a replace: before it
    writes to the server for the fourth time, after its lock, its mark on that, and the delete."""
    done = nursery.gwe(
        *("apply", *arguments, "--auto-approve"),
        place=Place(folder),
        strike=Strike("write", "before", 4),
        **(ENV if env is None else env),
    )
    assert done.code == -9, done.err


@pytest.mark.parametrize("how", ["direct", "file"])
def test_recover_brings_back_a_secret_that_the_replace_was_to_carry_over(
    how: str, tmp_path: Path, nursery: Nursery
) -> None:
    server = ready(tmp_path, CARRYING, site=CARRIED)
    assert plan(tmp_path, server, "--overwrite", "--out", "plan.json").code == 0
    arguments = plan_arguments(server, "-f", "m.yaml", "--overwrite")
    dies_before_the_create(nursery, tmp_path, *(["plan.json"] if how == "file" else arguments))
    assert not [key for key in everything(server) if key[0] == "AgentGroup"]
    recovered = gwe("recover", "--server", f"embedded:{server}", cwd=tmp_path, env=ENV)
    assert recovered.code == 0, recovered.err
    group = find(server, "AgentGroup", "Group")
    assert group.attributes["userProperties"] == {"db": {"password": OLD, "user": "new-user"}}


def test_recover_writes_no_empty_text_for_a_secret_that_stood_in_the_manifest(
    tmp_path: Path, nursery: Nursery
) -> None:
    """The state folder has no copy of it: recover writes it, or says why it does not."""
    server = ready(tmp_path, PLAIN, site=CARRIED)
    arguments = plan_arguments(server, "-f", "m.yaml", "--overwrite")
    dies_before_the_create(nursery, tmp_path, *arguments)
    gwe("recover", "--server", f"embedded:{server}", cwd=tmp_path, env=ENV)
    left = [one for (kind, _), one in everything(server).items() if kind == "AgentGroup"]
    passwords = [one.attributes["userProperties"]["db"].get("password") for one in left]
    assert passwords in ([NEW], [OLD], [])


@pytest.mark.parametrize("env", [{}, {"GWE_TEST_LOGIN": ""}, {"GWE_TEST_LOGIN": OTHER}, ENV])
def test_recover_writes_the_secret_of_its_run_whatever_the_environment_has_now(
    env: dict[str, str], tmp_path: Path, nursery: Nursery
) -> None:
    server = ready(tmp_path, GROUP)
    arguments = plan_arguments(server, "-f", "m.yaml", "--overwrite")
    dies_before_the_create(nursery, tmp_path, *arguments)
    recovered = gwe("recover", "--server", f"embedded:{server}", cwd=tmp_path, env=env)
    assert recovered.code == 0, recovered.err
    assert holds(printed(recovered), NEW, OLD, OTHER) == []
    group = find(server, "AgentGroup", "Group")
    assert group.attributes["userProperties"] == {"db": {"login": NEW}}


def undo(folder: Path, *more: str, env: dict[str, str] | None = None) -> Result:
    return gwe("undo", "last", *more, cwd=folder, env=env)


def test_undo_shows_no_secret_and_puts_the_old_value_back(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert apply(tmp_path, server).code == 0
    undone = undo(tmp_path, "--auto-approve", "--verbose")
    assert undone.code == 0, undone.err
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex == {"db": {"login": OLD, "user": "live-user"}}
    assert "annex/db/login" in undone.out
    assert holds(printed(undone), NEW, OLD) == []
    assert [name for name, text in kept(tmp_path).items() if holds(text, NEW, OLD)] == []


def test_undo_of_a_replace_shows_no_secret(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert apply(tmp_path, server, "--overwrite").code == 0
    undone = undo(tmp_path, "--auto-approve", "--verbose")
    assert undone.code == 0, undone.err
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex == {"db": {"login": OLD, "user": "live-user"}}
    assert holds(printed(undone), NEW, OLD) == []


def test_undo_of_an_undo_creates_the_object_with_its_secret_and_does_not_show_it(
    tmp_path: Path,
) -> None:
    server = ready(tmp_path, GROUP.replace("name: Group", "name: Made"))
    assert apply(tmp_path, server).code == 0
    assert undo(tmp_path, "--auto-approve").code == 0
    again = undo(tmp_path, "--auto-approve", "--verbose")
    assert again.code == 0, again.err
    made = find(server, "AgentGroup", "Made")
    assert made.attributes["userProperties"] == {"db": {"login": NEW}}
    assert holds(printed(again), NEW) == []
    assert [name for name, text in kept(tmp_path).items() if holds(text, NEW)] == []


def test_undo_hides_values_by_the_words_of_the_settings(tmp_path: Path) -> None:
    server = with_words(tmp_path, USER.replace("user: new-user", f"apikey: {NEW}"))
    assert apply(tmp_path, server).code == 0
    undone = undo(tmp_path, "--auto-approve", "--verbose")
    assert undone.code == 0
    assert "annex/db/apikey" in undone.out
    assert holds(printed(undone), NEW, "l1ve-key") == []


def test_an_undo_that_takes_a_secret_back_can_not_be_saved_in_clear(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    assert apply(tmp_path, server).code == 0
    saved = undo(tmp_path, "--out", "undo.json")
    if saved.code == 0:
        text = (tmp_path / "undo.json").read_text(encoding="utf-8")
        assert holds(text, NEW, OLD) == []
    else:
        assert saved.code == 3
        assert "a plan file cannot hold a secret" in said(saved)
    assert holds(printed(saved), NEW, OLD) == []


def test_a_plan_read_without_the_environment_holds_no_secret() -> None:
    path = ("annex", "db", "login")
    digest = secret_digest(NEW, "i", "AgentGroup/G", path)
    change = Change(path, SecretText(OLD), SecretText(NEW, "env.X", digest), secret=True)
    subject = Subject("AgentGroup/G", "AgentGroup", "AgentGroup", "G")
    site = SiteMark("GWE", "T", 101)
    plan = Plan("s", "i", site, (Update(subject, changes=(change,)),))
    read = plan_of(plan_data(plan))
    (action,) = read.writes
    (found,) = changes_of(action)
    assert (found.before, found.after, found.secret) == ("", "", True)
    assert (found.display(found.before), found.display(found.after)) == ("(secret)", "(secret)")
    asked: list[str] = []

    def resolve(source: str) -> str:
        asked.append(source)
        return NEW

    (written,) = with_resolved_secrets(read, resolve).writes
    assert (changes_of(written)[0].after, asked) == (NEW, ["env.X"])


def test_a_declared_secret_that_is_copied_within_a_pair_can_be_saved(tmp_path: Path) -> None:
    """It is declared as it should be, and its value can be had from the other member."""
    server = ready(tmp_path, PAIRED, site=PAIR)
    saved = plan(tmp_path, server, "--out", "plan.json")
    assert saved.code == 0, saved.err
    assert apply_file(tmp_path).code == 0
    assert find(server, "Application", "Stat_B").attributes["options"] == {
        "db": {"login": OLD, "zone": "z"}
    }
    assert holds((tmp_path / "plan.json").read_text(encoding="utf-8"), OLD, NEW) == []


def test_a_secret_that_is_a_reference_to_nothing_is_not_shown(tmp_path: Path) -> None:
    manifest = (
        f"{HEAD}kind: InteractionQueue\nmetadata: {{name: Q}}\n"
        f"spec: {{annex: {{Orchestration: {{application: {SECRET}}}}}}}\n"
    )
    server = ready(tmp_path, manifest)
    planned = plan(tmp_path, server, env={"GWE_TEST_LOGIN": f"script:{NEW}"})
    assert planned.code == 3
    assert "annex/Orchestration/application at m.yaml:4:32 refers to" in said(planned)
    assert holds(printed(planned), NEW) == []


# What a run has written as a secret stays a secret

GONE = GROUP.replace(SECRET, "null")
CLEAR = GROUP.replace(SECRET, "new-l0gin")
ABSENT = GROUP.replace(SECRET, "{secret: true, absent: true}")


def written(folder: Path, *manifests: str) -> Path:
    """A server on which a run has written a secret; then other manifests."""
    server = ready(folder, GROUP)
    assert apply(folder, server).code == 0
    (folder / "m.yaml").write_text("---\n".join(manifests), encoding="utf-8")
    return server


@pytest.mark.parametrize("manifest", [GONE, ABSENT], ids=["null", "absent"])
def test_a_secret_that_goes_is_hidden_saved_and_taken_away(manifest: str, tmp_path: Path) -> None:
    server = written(tmp_path, manifest)
    seen = [plan(tmp_path, server, *more) for more in ((), ("--verbose",), ("--format", "json"))]
    seen.append(gwe("drift", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path))
    seen.append(plan(tmp_path, server, "--out", "plan.json"))
    seen.append(gwe("show", "plan.json", "--verbose", cwd=tmp_path))
    assert [one.code for one in seen] == [0, 0, 0, 2, 0, 0]
    assert "annex/db/login: (secret) -> (absent)" in seen[0].out
    done = apply_file(tmp_path, env={})
    assert done.code == 0, done.err
    undone = undo(tmp_path, "--auto-approve", "--verbose")
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    outputs = [*(one.out + one.err for one in (*seen, done, undone)), text]
    assert [one for one in outputs if holds(one, NEW)] == []
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex == {"db": {"login": NEW, "user": "live-user"}}


def test_a_secret_declared_absent_is_hidden_though_no_run_knows_it(tmp_path: Path) -> None:
    server = ready(tmp_path, ABSENT)
    planned = plan(tmp_path, server, "--out", "plan.json")
    assert "annex/db/login: (secret) -> (absent)" in planned.out
    done = apply_file(tmp_path, env={})
    assert done.code == 0
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert holds(printed(planned, done) + text, OLD) == []
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex == {"db": {"user": "live-user"}}
    again = plan(tmp_path, server, "--detailed-exitcode")
    assert again.code == 0


def test_a_clear_value_over_a_secret_is_hidden_applied_and_cannot_be_saved(tmp_path: Path) -> None:
    server = written(tmp_path, CLEAR)
    planned = plan(tmp_path, server, "--verbose")
    assert "annex/db/login: (secret) -> (another secret)" in planned.out
    refused = plan(tmp_path, server, "--out", "plan.json")
    assert refused.code == 3
    assert "a plan file cannot hold a secret: AgentGroup/Group: /annex/db/login" in said(refused)
    assert "What a run has written as a secret stays a secret." in said(refused)
    assert "except" not in said(refused)
    done = apply(tmp_path, server)
    assert done.code == 0
    assert holds(printed(planned, refused, done), NEW, "new-l0gin") == []
    annex = find(server, "AgentGroup", "Group").attributes["userProperties"]
    assert annex["db"]["login"] == "new-l0gin"


def test_a_replace_that_loses_a_secret_does_not_say_which(tmp_path: Path) -> None:
    server = written(tmp_path, USER)
    planned = plan(tmp_path, server, "--overwrite", "--out", "plan.json")
    assert "- annex/db/login: (secret)" in planned.out
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert holds(printed(planned) + text, NEW) == []
    change = KeyValueDelta(changed={"db": {"login": OTHER}})
    dbid = find(server, "AgentGroup", "Group").dbid
    with opened(server) as other:
        other.update("AgentGroup", dbid, Delta(key_values={"userProperties": change}))
    refused = apply_file(tmp_path)
    assert refused.code == 4
    assert "/annex/db/login is another secret now" in said(refused)
    assert holds(printed(refused), OTHER, NEW) == []


def test_a_secret_in_sync_that_a_replace_wrote_is_known_too(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP)
    env = {"GWE_TEST_LOGIN": OLD}
    assert apply(tmp_path, server, "--overwrite", env=env).code == 0
    (tmp_path / "m.yaml").write_text(GONE, encoding="utf-8")
    planned = plan(tmp_path, server, "--verbose")
    assert "annex/db/login: (secret) -> (absent)" in planned.out
    assert holds(printed(planned), OLD) == []


def rename(server: Path, kind: str, old: str, new: str) -> None:
    dbid = find(server, kind, old).dbid
    with opened(server) as other:
        other.update(kind, dbid, Delta(values={"name": new}))


NAMED_ANEW = GONE.replace("Group}", "Renamed}")
GROUP_MADE = GROUP.replace("Group}", "Made}")


@pytest.mark.parametrize(
    ("first", "kind", "old", "then"),
    [
        (GROUP, "AgentGroup", "Group", NAMED_ANEW),
        (GROUP_MADE, "AgentGroup", "Made", NAMED_ANEW),
        (OPTIONS, "Application", "Stat", OPTIONS.replace(SECRET, "null")),
    ],
    ids=["changed", "created", "options"],
)
@pytest.mark.parametrize("more", [(), ("--overwrite",)], ids=["applied", "replaced"])
def test_a_secret_is_known_after_its_object_was_renamed(
    first: str, kind: str, old: str, then: str, more: tuple[str, ...], tmp_path: Path
) -> None:
    server = ready(tmp_path, first)
    assert apply(tmp_path, server, *more).code == 0
    rename(server, kind, old, "Renamed")
    (tmp_path / "m.yaml").write_text(then, encoding="utf-8")
    seen = [plan(tmp_path, server, "--verbose", *how) for how in ((), ("--format", "json"))]
    seen.append(gwe("drift", *plan_arguments(server, "-f", "m.yaml"), cwd=tmp_path))
    assert [one.code for one in seen] == [0, 0, 2]
    assert "db/login: (secret) -> (absent)" in seen[0].out
    assert plan(tmp_path, server, "--out", "plan.json").code == 0
    done = apply_file(tmp_path, env={})
    assert done.code == 0
    undone = undo(tmp_path, "--auto-approve", "--verbose")
    text = (tmp_path / "plan.json").read_text(encoding="utf-8")
    assert holds(printed(*seen, done, undone) + text, NEW) == []


def test_a_secret_of_a_create_that_recover_found_is_known_after_a_rename(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP_MADE)
    with opened(server) as inner, pytest.MonkeyPatch.context() as patched:
        patched.setenv("GWE_TEST_LOGIN", NEW)
        lost = FaultyServer(inner, [Drop("create", 1, "after", object_type="AgentGroup")])
        place = RunPlace(open_store(str(state_folder(tmp_path))))
        engine = Reconciler(lost, SiteOptions(APP), place)
        report = engine.apply(engine.plan([tmp_path / "m.yaml"]))
    assert report.exit_code == 5
    recovered = gwe("recover", "--server", f"embedded:{server}", cwd=tmp_path, env=ENV)
    assert recovered.code == 0
    rename(server, "AgentGroup", "Made", "Renamed")
    (tmp_path / "m.yaml").write_text(NAMED_ANEW, encoding="utf-8")
    planned = plan(tmp_path, server, "--verbose")
    assert "annex/db/login: (secret) -> (absent)" in planned.out
    assert holds(printed(planned), NEW) == []


def test_a_secret_is_known_by_its_server_and_not_on_another(tmp_path: Path) -> None:
    written(tmp_path, GONE)
    other = tmp_path / "other"
    other.mkdir()
    server = ready(other, GONE)
    planned = gwe("plan", *plan_arguments(server, "-f", "m.yaml", "--verbose"), cwd=tmp_path)
    assert f"annex/db/login: {OLD} -> (absent)" in planned.out


def test_a_name_that_only_looks_like_a_secret_is_not_remembered_as_one(tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP.replace(f"login: {SECRET}", "token-timeout: '30'"))
    assert apply(tmp_path, server).code == 0
    (tmp_path / "gwe.toml").write_text('[secrets]\nexcept = ["Token-Timeout"]\n', encoding="utf-8")
    (tmp_path / "m.yaml").write_text(
        GROUP.replace(f"login: {SECRET}", "token-timeout: '60'"), encoding="utf-8"
    )
    planned = plan(tmp_path, server, "--out", "plan.json")
    assert planned.code == 0, planned.err
    assert "annex/db/token-timeout: 30 -> 60" in planned.out
    assert plan(tmp_path, server).out in gwe("show", "plan.json", cwd=tmp_path).out
    assert apply_file(tmp_path).code == 0


def test_no_plan_is_made_where_the_state_cannot_say_what_is_secret(tmp_path: Path) -> None:
    server = written(tmp_path, GONE)
    (state_folder(tmp_path) / "state.db").write_bytes(b"no database at all" * 400)
    refused = plan(tmp_path, server)
    assert refused.code == 1
    assert "no plan is made" in said(refused)
    assert holds(printed(refused), NEW) == []


def test_two_manifests_must_agree_that_a_value_is_a_secret(tmp_path: Path) -> None:
    clear = OPTIONS.replace("name: stat", "name: other").replace(SECRET, NEW)
    server = ready(tmp_path, clear, OPTIONS)
    refused = plan(tmp_path, server)
    assert refused.code == 1
    assert "conflicting declarations of db/login in Stat" in said(refused)
    assert holds(printed(refused), NEW) == []


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("{secret: true, absent: false}", "true"),
        ("{secret: true, absent: true, from: env.HOME}", "unknown field from"),
        ("{absent: true}", "cannot be a mapping"),
    ],
)
def test_a_wrong_form_of_an_absent_secret_is_refused(form: str, told: str, tmp_path: Path) -> None:
    server = ready(tmp_path, GROUP.replace(SECRET, form))
    refused = plan(tmp_path, server)
    assert refused.code == 1
    assert "error: m.yaml:4:" in refused.err
    assert told in said(refused)


def test_a_whole_section_cannot_hold_an_absent_secret(tmp_path: Path) -> None:
    server = ready(tmp_path, SECTIONS.replace(SECRET, "{secret: true, absent: true}"))
    refused = plan(tmp_path, server)
    assert refused.code == 1
    assert "unknown field absent in login" in said(refused)


# What may be a secret itself


@pytest.mark.parametrize(
    "form",
    [
        "{secret: true, from: hunter2}",
        "{secret: hunter2, from: env.HOME}",
        "{secret: true, from: env.hunter2 and more}",
        "{secret: true, from: [hunter2]}",
        "{secret: true, from: '${var.v}'}",
        "{secret: true, from: 'env.${var.v} x'}",
        "{secret: true, absent: hunter2}",
        "{secret: true, from: *hunter2}",
        "{secret: true, from: !hunter2 x}",
    ],
)
def test_what_stands_in_place_of_a_source_is_not_repeated(form: str, tmp_path: Path) -> None:
    variables = (
        f"{HEAD}kind: Variables\nmetadata: {{name: v}}\n"
        "spec: {v: {description: d, default: hunter2}}\n"
    )
    server = ready(tmp_path, variables, GROUP.replace(SECRET, form))
    for more in ((), ("--format", "json"), ("--verbose",)):
        refused = plan(tmp_path, server, *more)
        assert refused.code == 1
        assert "error: m.yaml:" in refused.err
        assert "hunter2" not in printed(refused)
    assert "hunter2" not in printed(gwe("validate", "-f", "m.yaml", cwd=tmp_path))


@pytest.mark.parametrize("environment", [{}, {"GWE_TEST_LOGIN": ""}])
def test_a_check_of_the_files_needs_no_secret(environment: dict[str, str], tmp_path: Path) -> None:
    ready(tmp_path, GROUP)
    checked = gwe("validate", "-f", "m.yaml", cwd=tmp_path, env=environment)
    assert (checked.code, checked.out) == (0, "1 manifest, no problem found.\n")


@pytest.mark.parametrize("allowed", [{}, {"GWE_ENV_ALLOW": "SITE_*"}])
def test_a_check_of_the_files_finds_where_no_secret_may_come_from(
    allowed: dict[str, str], tmp_path: Path
) -> None:
    name = "GWE_TEST_LOGIN" if allowed else "GWE_PASSWORD"
    ready(tmp_path, GROUP.replace("GWE_TEST_LOGIN", name))
    checked = gwe("validate", "-f", "m.yaml", cwd=tmp_path, env=allowed)
    assert checked.code == 1
    assert f"a manifest cannot read {'the environment variable ' * bool(allowed)}{name}" in said(
        checked
    )
