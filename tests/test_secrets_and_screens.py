"""What a name or a value holds can neither give a secret away nor rewrite the screen."""

from pathlib import Path

import pytest

from reconciler.render.forms import FORMS
from reconciler.text.visible import escaped
from tests.harness import gwe, plan_arguments, site_server

SITE = """\
apiVersion: reconciler/v1
kind: Site
extends: {bare}
tenant: Resources
AgentGroup:
  - {{name: Group, annex: {{db: {{password: live-secret, user: live-user}}}}}}
  - {{name: "Trick\\e[2J\\u202E"}}
"""
BARE = Path(__file__).parent / "sites" / "bare.yaml"
MANIFEST = """\
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Group}
spec: {annex: {db: {password: new-secret}}}
---
apiVersion: reconciler/v1
kind: AgentGroup
metadata: {name: Trick}
spec: {annex: {db: {api-token: a-token, note: "\\e[1;1HNothing to do"}}}
"""


@pytest.mark.parametrize(
    "more", [["--verbose"], ["--overwrite"], *(["--format", form] for form in FORMS)]
)
def test_no_output_holds_a_secret_or_an_escape(more: list[str], tmp_path: Path) -> None:
    server = site_server(tmp_path, SITE.format(bare=BARE))
    (tmp_path / "m.yaml").write_text(MANIFEST, encoding="utf-8")
    options = plan_arguments(server, "-f", "m.yaml", *more)
    planned = gwe("plan", *options, cwd=tmp_path)
    assert planned.code == 0
    for secret in ("live-secret", "new-secret", "a-token"):
        assert secret not in planned.out + planned.err
    assert "\x1b" not in planned.out
    inspected = gwe("embedded", "inspect", server, "--verbose", cwd=tmp_path).out
    assert "live-secret" not in inspected
    assert "\x1b" not in inspected
    assert "db/user: live-user" in inspected


def test_what_could_move_the_cursor_is_escaped_and_everything_else_stays() -> None:
    assert escaped("a\x1b[2Jb\u202ec\x85d\ne") == r"a\x1b[2Jb\u202ec\x85d\ne"
    assert escaped("\u200b\ufeff\u2066\u2800\ufe0f\U000e0041") == (
        r"\u200b\ufeff\u2066\u2800\ufe0f\U000e0041"
    )
    assert escaped("Grüße 東京 📞 C:\\temp") == "Grüße 東京 📞 C:\\temp"
