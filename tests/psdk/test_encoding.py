"""A server that is not multilingual: names travel in its code page, both ways."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.server.connection import ConnectionOptions
from reconciler.server.errors import ValueOutOfRangeError
from reconciler.testing.contract.site import annex, get, script
from tests.harness import opened
from tests.psdk.relay import Relay
from tests.psdk.support import session

Listen = Callable[..., int]
CYRILLIC = "windows-1251"


def speaking(encoding: str) -> ConnectionOptions:
    return ConnectionOptions(client="confserv", client_type="21", encoding=encoding, addp=False)


@pytest.mark.parametrize(
    ("encoding", "name", "sent"),
    [
        (CYRILLIC, "Ключ", b"\xca\xeb\xfe\xf7"),
        ("Shift_JIS", "鍵", b"\x8c\xae"),
        ("ISO-8859-15", "Größe €", b"Gr\xf6\xdfe \xa4"),
    ],
)
def test_names_and_values_travel_in_the_code_page(
    listen: Listen, path: Path, encoding: str, name: str, sent: bytes
) -> None:
    relay = Relay(listen(encoding=encoding))
    server = session(relay.port, options=speaking(encoding))
    relay.heard.clear()
    made = server.create("Script", script(name, userProperties={"s": {"k": name}}))
    assert relay.heard.count(sent) == 2
    assert name.encode() not in relay.heard
    with opened(path) as direct:
        for found in (made, get(server, "Script", made.dbid), get(direct, "Script", made.dbid)):
            assert found.attributes["name"] == name
            assert found.attributes["userProperties"] == {"s": {"k": name}}
    assert [one.dbid for one in server.read("Script", {"name": name})] == [made.dbid]
    server.close()
    relay.close()


def test_a_character_that_the_code_page_lacks_is_refused_and_not_sent(
    listen: Listen, path: Path
) -> None:
    server = session(listen(encoding=CYRILLIC), options=speaking(CYRILLIC))
    for text in ("Größe", "鍵€"):
        with pytest.raises(ValueOutOfRangeError, match="windows-1251 has no") as caught:
            server.create("Script", script(text))
        assert caught.value.prop == "name"
    with pytest.raises(ValueOutOfRangeError, match="windows-1251 has no öß"):
        server.update("Script", 101, annex("s", {"k": "Größe"}))
    server.close()
    with opened(path) as direct:
        assert len(direct.read("Script")) == 3


def test_a_multilingual_server_has_the_last_word(listen: Listen) -> None:
    server = session(listen(), options=speaking(CYRILLIC))
    assert server.create("Script", script("Größe 鍵")).attributes["name"] == "Größe 鍵"
    server.close()


@pytest.mark.parametrize("encoding", ["nonsense-1", "not a name"])
def test_an_encoding_that_java_does_not_know_is_wrong_usage(listen: Listen, encoding: str) -> None:
    with pytest.raises(UsageError, match="Java knows no encoding"):
        session(listen(), options=speaking(encoding))


def test_control_characters_arrive_as_they_are_or_are_refused_and_not_sent(
    listen: Listen, path: Path
) -> None:
    server = session(listen())
    value = "".join(map(chr, (*range(1, 0x17), *range(0x19, 0x20), 0x7F)))
    made = server.create("Script", script("Kept", userProperties={"s": {"k": value, "z": "1"}}))
    with opened(path) as direct:
        found = get(direct, "Script", made.dbid).attributes["userProperties"]
    assert found == {"s": {"k": value, "z": "1"}}
    for refused in ({"s": {"k": "a\x18b"}}, {"s": {"k": "\x17"}}, {"s\x1d": {"k": "a"}}):
        with pytest.raises(ValueOutOfRangeError, match="ends a text"):
            server.create("Script", script("Refused", userProperties=refused))
    assert server.read("Script", {"name": "Refused"}) == []
    server.close()
