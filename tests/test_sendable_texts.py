"""Texts that the protocol of Configuration Server would cut off are refused before a write."""

from pathlib import Path

import pytest

from reconciler.kinds.names import text_problem
from reconciler.server.delta import Delta, KeyValueDelta
from reconciler.server.errors import ValueOutOfRangeError
from tests.harness import gwe, opened, site_server

HEAD = "apiVersion: reconciler/v1\nkind: InteractionQueue\n"
ENDS = "the text holds the control character U+{}, at which the protocol of Configuration Server"
ADVICE = "Write it without that character."


@pytest.mark.parametrize(
    "character", [*map(chr, range(0x17)), *map(chr, range(0x19, 0x20)), "\x7f"]
)
def test_a_value_may_have_any_other_control_character(character: str) -> None:
    assert text_problem(f"a{character}b") == ""


@pytest.mark.parametrize("character", ["\x17", "\x18", "\x19", "\x1b", "\x1f"])
def test_the_name_of_an_option_may_not_have_what_ends_a_name(character: str) -> None:
    code = f"{ord(character):04X}"
    assert text_problem(f"a{character}b", name=True).startswith(ENDS.format(code))


@pytest.mark.parametrize(
    ("manifest", "place", "code"),
    [
        (HEAD + 'metadata: {name: A}\nspec: {annex: {s: {o: "a\\x18b"}}}\n', "4:20", "0018"),
        (HEAD + 'metadata: {name: A}\nspec: {annex: {s: {o: "\\x17"}}}\n', "4:20", "0017"),
        (
            HEAD + 'metadata: {name: A, exact: true}\nspec: {annex: {s: {"o\\x1d": a}}}\n',
            "4:20",
            "001D",
        ),
        (
            HEAD + 'metadata: {name: A, exact: true}\nspec: {annex: {"s\\x1b": {o: a}}}\n',
            "4:16",
            "001B",
        ),
        (HEAD + 'metadata: {name: "A\\x18", exact: true}\n', "3:12", "0018"),
    ],
)
def test_a_manifest_with_such_a_text_is_refused(
    tmp_path: Path, manifest: str, place: str, code: str
) -> None:
    (tmp_path / "m.yaml").write_text(manifest, encoding="utf-8")
    done = gwe("validate", "-f", "m.yaml", cwd=tmp_path)
    assert done.code == 1
    assert done.err.startswith(f"error: m.yaml:{place}: {ENDS.format(code)}")
    assert ADVICE in done.err


def test_a_secret_with_such_a_character_is_refused_and_not_shown(tmp_path: Path) -> None:
    server = site_server(tmp_path)
    option = "{o: {secret: true, from: env.LOGIN}}"
    text = f"{HEAD}metadata: {{name: A}}\nspec: {{annex: {{s: {option}}}}}\n"
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    where = ("-f", "m.yaml", "--server", f"embedded:{server}", "--app", "GWE")
    done = gwe("plan", *where, cwd=tmp_path, env={"LOGIN": "hunter\x182"})
    assert done.code == 1
    assert ENDS.format("0018") in " ".join(done.err.split())
    assert "hunter" not in done.out + done.err


@pytest.mark.parametrize(
    "added", [{"s": {"o": "a\x18b"}}, {"s": {"o\x1c": "a"}}, {"s\x1e": {"o": "a"}}]
)
def test_the_embedded_server_refuses_such_a_text(
    tmp_path: Path, added: dict[str, dict[str, str]]
) -> None:
    with opened(site_server(tmp_path)) as server:
        (app,) = server.read("Application", {"name": "GWE"})
        delta = Delta(key_values={"options": KeyValueDelta(added=added)})
        with pytest.raises(ValueOutOfRangeError, match="at which the protocol"):
            server.update("Application", app.dbid, delta)


def test_tab_and_line_ends_are_kept(tmp_path: Path) -> None:
    kept = "a\tb\r\nc\nd\x1b[1m"
    with opened(site_server(tmp_path)) as server:
        (app,) = server.read("Application", {"name": "GWE"})
        added = KeyValueDelta(added={"s": {"o": kept}})
        changed = server.update("Application", app.dbid, Delta(key_values={"options": added}))
    assert changed.attributes["options"]["s"]["o"] == kept
