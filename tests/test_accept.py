"""``gwe accept`` takes the server's values into the manifests and touches nothing else there."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.server.delta import Delta, KeyValueDelta
from tests.harness import APP, BARE, Result, find, gwe, opened, site_server

QUEUE = """\
# What the site limits.
apiVersion: reconciler/v1
kind: InteractionQueue
metadata: {name: Sales}
spec:
  annex:
    Queue:   # see the handbook
      mode: fast      # tried in May
      'size': '3'
"""


class Site:
    """A folder with a server, a settings file and one manifest that was applied."""

    def __init__(self, folder: Path, text: str, site: Path | None = None) -> None:
        self.folder = folder
        self.server = site_server(folder, site) if site else site_server(folder)
        self.file = folder / "m.yaml"
        self.file.write_bytes(text.encode())
        assert self.run("apply", "--auto-approve").code == 0

    def run(self, command: str, *more: str, **how: Mapping[str, str]) -> Result:
        where = ["--server", f"embedded:{self.server}", "--app", APP, "-f", "m.yaml"]
        return gwe(command, *where, *more, cwd=self.folder, **how)

    def edit(self, object_type: str, name: str, delta: Delta) -> None:
        """Another client changes an object."""
        dbid = find(self.server, object_type, name).dbid
        with opened(self.server) as server:
            server.update(object_type, dbid, delta)

    def set_annex(self, section: str, **options: str) -> None:
        changed = KeyValueDelta(changed={section: options})
        self.edit("Script", "Sales", Delta(key_values={"userProperties": changed}))

    def text(self) -> str:
        return self.file.read_bytes().decode()


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, QUEUE)


def test_a_changed_value_goes_into_the_manifest_and_nothing_else_changes(site: Site) -> None:
    site.set_annex("Queue", mode="slow", size="04")
    done = site.run("accept", "--auto-approve")
    assert done.out == (
        "--- m.yaml\n+++ m.yaml\n@@ -5,5 +5,5 @@\n spec:\n   annex:\n"
        "     Queue:   # see the handbook\n"
        "-      mode: fast      # tried in May\n-      'size': '3'\n"
        "+      mode: slow      # tried in May\n+      'size': '04'\n"
        "\nWrote m.yaml.\n"
    )
    assert done.code == 0
    assert site.text() == QUEUE.replace("fast", "slow").replace("'3'", "'04'")
    assert site.run("drift").code == 0


def test_only_the_named_objects_are_accepted(tmp_path: Path) -> None:
    other = QUEUE.replace("Sales", "Care")
    site = Site(tmp_path, f"{QUEUE}---\n{other}")
    site.set_annex("Queue", mode="slow")
    changed = KeyValueDelta(changed={"Queue": {"mode": "slow"}})
    site.edit("Script", "Care", Delta(key_values={"userProperties": changed}))
    assert site.run("accept", "InteractionQueue/C*", "--auto-approve").code == 0
    assert site.text() == f"{QUEUE}---\n{other.replace('fast', 'slow')}"
    missing = site.run("accept", "InteractionQueue/X", "--auto-approve")
    assert (missing.code, "InteractionQueue/X selects nothing" in missing.err) == (64, True)


def test_an_option_that_is_gone_becomes_null(site: Site) -> None:
    gone = KeyValueDelta(deleted={"Queue": ("mode",)})
    site.edit("Script", "Sales", Delta(key_values={"userProperties": gone}))
    assert site.run("accept", "--auto-approve").code == 0
    assert site.text() == QUEUE.replace("fast ", "null ")
    assert site.run("drift").code == 0


@pytest.mark.parametrize(
    ("old", "live", "new"),
    [
        ("fast", "a: b", '"a: b"'),
        ("fast", "", '""'),
        ("fast", "null", '"null"'),
        ("fast", "${x}", "$${x}"),
        ("fast", "l1\nl2", "|-\n        l1\n        l2"),
        ("fast", "l1  \n\tl2\r", '"l1  \\n\\tl2\\r"'),
        ("fast", "#1", '"#1"'),
        ("'fast'", "it's", "'it''s'"),
        ('"fast"', "Grüße", '"Grüße"'),
        ('"fast"', "a\x85b", '"a\\Nb"'),
        ("|-\n        fast", "one\ntwo", "|-\n        one\n        two"),
        ("null", "back", "back"),
    ],
)
def test_a_value_is_written_in_the_style_of_the_old_one(
    tmp_path: Path, old: str, live: str, new: str
) -> None:
    text = QUEUE.replace("fast      # tried in May", old)
    site = Site(tmp_path, text)
    buckets = {"added" if old == "null" else "changed": {"Queue": {"mode": live}}}
    site.edit("Script", "Sales", Delta(key_values={"userProperties": KeyValueDelta(**buckets)}))
    assert site.run("accept", "--auto-approve").code == 0
    assert site.text() == QUEUE.replace("fast      # tried in May", new)
    assert site.run("drift").code == 0


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (
            QUEUE.replace("fast ", "${var.mode} ")
            + "---\napiVersion: reconciler/v1\nkind: Variables\nmetadata: {name: v}\n"
            "spec: {mode: {description: m, default: fast}}\n",
            "it is made of ${var.mode}; set what that stands for",
        ),
        (QUEUE.replace("fast ", "&m fast ") + "      copy: *m\n", "it has an anchor (&)"),
        (
            QUEUE.replace("mode: fast ", "first: &m fast\n      mode: *m "),
            "it comes from an anchor (*)",
        ),
    ],
)
def test_what_stands_elsewhere_is_left(tmp_path: Path, manifest: str, said: str) -> None:
    site = Site(tmp_path, manifest)
    site.set_annex("Queue", mode="slow")
    left = site.run("accept", "--auto-approve")
    assert left.code == 2
    assert f"Left: InteractionQueue/Sales /annex/Queue/mode (m.yaml:8): {said}" in (
        left.out.replace("m.yaml:9", "m.yaml:8")
    )
    assert site.text() == manifest


def test_an_absent_object_is_left(site: Site) -> None:
    with opened(site.server) as server:
        server.delete("Script", find(site.server, "Script", "Sales").dbid)
    left = site.run("accept", "--auto-approve")
    assert left.code == 2
    assert "Left: InteractionQueue/Sales (m.yaml:4): it is not on the server" in left.out
    assert site.text() == QUEUE


TWO_CHAT_SERVERS = BARE.parent.parent / "scenarios" / "pair-under-the-default-policy" / "site.yaml"
OPTIONS = """\
apiVersion: reconciler/v1
kind: ApplicationOptions
metadata: {name: chat}
target: {role: chat-server}
spec:
  options:
    limits: {open: "400", closed: "1"}
"""


def _chat_servers(site: Site) -> Iterator[str]:
    plan = site.run("plan", "--format", "json", "--verbose").json()
    return (action["name"] for action in plan["actions"])


def test_one_manifest_for_several_applications(tmp_path: Path) -> None:
    """Where all have one value it is accepted; where they differ, it is left."""
    site = Site(tmp_path, OPTIONS, TWO_CHAT_SERVERS)
    names = list(_chat_servers(site))
    assert len(names) > 1
    for name in names:
        options = {"closed": "2"} if name != names[0] else {"closed": "2", "open": "500"}
        changed = KeyValueDelta(changed={"limits": options})
        site.edit("Application", name, Delta(key_values={"options": changed}))
    left = site.run("accept", "--auto-approve")
    assert left.code == 2
    assert (
        f"Left: Application/{names[0]} /options/limits/open (m.yaml:7): the manifest is for other"
        f" objects too, and Application/{names[1]} has 400 at /options/limits/open."
    ) in left.out
    assert site.text() == OPTIONS.replace('"1"', '"2"')
    chosen = site.run("accept", f"Application/{names[0]}", "--auto-approve")
    assert (chosen.code, site.text()) == (2, OPTIONS.replace('"1"', '"2"'))


def test_a_secret_in_clear_beside_the_edit_is_not_shown(tmp_path: Path) -> None:
    text = QUEUE + "      password: hunter2\n"
    site = Site(tmp_path, text)
    site.set_annex("Queue", size="4")
    done = site.run("accept", "--auto-approve")
    assert (done.code, "hunter2" in done.out) == (0, False)
    assert "       password: (secret)\n" in done.out
    assert site.text() == text.replace("'3'", "'4'")


def test_without_a_yes_nothing_is_written(site: Site) -> None:
    site.set_annex("Queue", mode="slow")
    refused = site.run("accept")
    assert (refused.code, "there is no terminal to ask on" in refused.err) == (64, True)
    assert site.text() == QUEUE


def test_nothing_differs(site: Site) -> None:
    done = site.run("accept", "--auto-approve")
    assert (done.code, done.out) == (0, "Nothing differs.\n")


@pytest.mark.parametrize("text", [QUEUE.replace("\n", "\r\n"), f"\ufeff{QUEUE}", QUEUE[:-1]])
def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path, text: str) -> None:
    site = Site(tmp_path, text)
    site.file.chmod(0o640)
    site.set_annex("Queue", mode="slow", size="30")
    assert site.run("accept", "--auto-approve").code == 0
    assert site.text() == text.replace("fast", "slow").replace("'3'", "'30'")
    assert site.file.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(site: Site) -> None:
    real = site.folder / "real.yaml"
    site.file.rename(real)
    site.file.symlink_to(real)
    site.set_annex("Queue", mode="slow")
    assert site.run("accept", "--auto-approve").code == 0
    assert site.file.is_symlink()
    assert real.read_text(encoding="utf-8") == QUEUE.replace("fast", "slow")


def test_a_bundled_manifest_is_left(site: Site) -> None:
    left = site.run("accept", "-f", "bundled", "AgentGroup/*", "--auto-approve")
    assert left.code == 2
    assert "No value can be taken over." in left.out


@pytest.mark.parametrize("named", [(), ("-f", "bundled"), ("-f", "-")])
def test_without_a_file_that_can_be_edited_the_server_is_not_even_read(
    named: tuple[str, ...], tmp_path: Path
) -> None:
    where = ["--server", "embedded:gone.db", "--app", APP, *named, "--auto-approve"]
    refused = gwe("accept", *where, cwd=tmp_path, stdin=QUEUE)
    assert (refused.code, refused.out) == (64, "")
    assert "no manifest was named that could be edited" in refused.err
    assert "gwe init DIR copies those that come with gwe." in " ".join(refused.err.split())
