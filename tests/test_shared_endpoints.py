"""An undo leaves an endpoint alone that another site has begun to use since the run.

That a plan never changes such an endpoint, whichever manifest asks for it, is told by the scenarios
``endpoint-of-another-site-*``.
"""

from pathlib import Path

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from tests.harness import APP, Result, find, gwe, opened, site_server
from tests.test_plan_file import ENDPOINT_SITE

HEAD = "apiVersion: reconciler/v1\n"


@pytest.fixture
def server(tmp_path: Path) -> Path:
    return site_server(tmp_path, ENDPOINT_SITE)


def run(server: Path, *arguments: str) -> Result:
    state = ("--state-dir", "state")
    return gwe(*arguments, "--server", f"embedded:{server}", *state, cwd=server.parent)


def apply(server: Path, options: str) -> None:
    manifest = (
        f"{HEAD}kind: ApplicationOptions\nmetadata: {{name: chat}}\ntarget: {{role: chat-server}}\n"
        f"spec: {{options: {options}}}\n"
    )
    (server.parent / "m.yaml").write_text(manifest, encoding="utf-8")
    done = run(server, "apply", "--app", APP, "-f", "m.yaml", "--auto-approve")
    assert done.code == 0, done.err


def use_elsewhere(server: Path, key: str) -> None:
    """Somebody gives the application Other this queueKey."""
    changes = KeyValueDelta(changed={"chat": {"queueKey": key}})
    other = find(server, "Application", "Other")
    with opened(server) as session:
        session.update("Application", other.dbid, Delta(key_values={"options": changes}))


def options_of_chat(server: Path) -> object:
    return find(server, "Application", "Chat").attributes["options"]


def words(text: str) -> str:
    return " ".join(text.split())


NOTICE = (
    "Application/Chat: endpoints:101/webme is also the queueKey of Other, outside this site: it"
    " stays."
)


def test_the_endpoint_stays_and_all_else_is_restored(server: Path) -> None:
    apply(server, '{"endpoints:101": {webme: Service}, settings: {a: "1"}}')
    use_elsewhere(server, "101:webme")
    done = run(server, "undo", "last", "--auto-approve")
    assert (done.code, NOTICE in words(done.out)) == (0, True), done.out
    assert options_of_chat(server) == {"endpoints:101": {"webme": "Service"}}


def test_an_undo_of_nothing_else_says_why_it_writes_nothing(server: Path) -> None:
    apply(server, '{"endpoints:101": {webme: Service}}')
    use_elsewhere(server, "101:webme")
    done = run(server, "undo", "last", "--auto-approve")
    assert "skipped: another site uses what would change" in words(done.out)
    assert options_of_chat(server) == {"endpoints:101": {"webme": "Service"}}


def test_what_the_other_site_used_before_the_run_is_restored(server: Path) -> None:
    use_elsewhere(server, "101:new")
    apply(server, '{"endpoints:101": {new: Service}}')
    assert run(server, "undo", "last", "--auto-approve").code == 0
    assert options_of_chat(server) == {"endpoints:101": {"webme": "Sales"}}
