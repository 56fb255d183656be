"""Recovered the Platform SDK: without Java and without any jar of the vendor's."""

import sys
import zipfile
from pathlib import Path

import pytest
from msgspec.structs import fields

from reconciler.errors import UsageError
from reconciler.server.connect import connect
from reconciler.server.connection import ConnectionOptions, Credentials, options_from
from reconciler.server.errors import ServerUnavailableError
from reconciler.server.psdk import jars, jvm
from reconciler.server.psdk.address import Address, parse_url
from reconciler.server.psdk.archive import archive_for, find_whole
from reconciler.server.psdk.archive_maker import make_archive
from reconciler.server.psdk.jars import COMPANIONS, MAIN_CLASS, PARTS, find_jars, folder_of
from reconciler.settings.schema import settings_schema
from tests.harness import gwe


def jar(path: Path, *classes: str) -> Path:
    """A jar that holds classes of these names, and nothing in them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name in classes:
            file.writestr(name.replace(".", "/") + ".class", b"")
    return path


def whole(folder: Path) -> Path:
    """A folder with everything that is needed."""
    jar(folder / "protocol.jar", MAIN_CLASS, *PARTS)
    jar(folder / "companions.jar", *COMPANIONS)
    return folder


@pytest.fixture(autouse=True)
def _no_jars_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jars, "SYSTEM_FOLDERS", ())


def test_the_whole_folder_of_the_sdk_goes_on_the_class_path(tmp_path: Path) -> None:
    home = whole(tmp_path / "product" / "deep" / "lib")
    extra = jar(home / "a-logger.jar", "org.example.Logger")
    jar(tmp_path / "product" / "other" / "unrelated.jar", "org.example.Other")
    found = find_jars(tmp_path / "product").check()
    assert found.folder == home
    assert found.class_path == (extra, home / "companions.jar", home / "protocol.jar")


def test_a_part_that_stands_elsewhere_below_the_folder_is_added(tmp_path: Path) -> None:
    jar(tmp_path / "lib" / "protocol.jar", MAIN_CLASS, *list(PARTS)[1:])
    other = jar(tmp_path / "more" / "endpoint.jar", next(iter(PARTS)))
    companions = jar(tmp_path / "more" / "companions.jar", *COMPANIONS)
    assert find_jars(tmp_path).check().class_path[1:] == (other, companions)


def test_of_several_versions_the_most_complete_one_is_taken_and_none_is_mixed_in(
    tmp_path: Path,
) -> None:
    jar(tmp_path / "a-client" / "lib" / "protocol.jar", MAIN_CLASS)
    jar(tmp_path / "b-server" / "lib" / "protocol.jar", MAIN_CLASS, *list(PARTS)[:3])
    home = whole(tmp_path / "c-server" / "lib")
    whole(tmp_path / "d-server" / "lib")
    found = find_jars(tmp_path).check()
    assert found.folder == home
    assert found.class_path == (home / "companions.jar", home / "protocol.jar")


def test_companions_are_found_where_the_system_keeps_its_java(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "SYSTEM_FOLDERS", (tmp_path / "system",))
    jar(tmp_path / "lib" / "protocol.jar", MAIN_CLASS, *PARTS)
    expected = tuple(
        jar(tmp_path / "system" / f"{name}-1.0.jar", one) for one, name in COMPANIONS.items()
    )
    found = find_jars(tmp_path / "lib").check()
    assert found.class_path == (tmp_path / "lib" / "protocol.jar", *expected)


def test_everything_that_is_missing_is_named(tmp_path: Path) -> None:
    jar(tmp_path / "protocol.jar", MAIN_CLASS, *list(PARTS)[:-1])
    with pytest.raises(ServerUnavailableError) as caught:
        find_jars(tmp_path).check()
    for name in ("jaxb-runtime", *COMPANIONS.values()):
        assert name in caught.value.message
    assert "netty" not in caught.value.message


def test_a_folder_without_the_sdk_is_said(tmp_path: Path) -> None:
    jar(tmp_path / "other.jar", "org.example.Other")
    (tmp_path / "broken.jar").write_bytes(b"no zip file")
    with pytest.raises(ServerUnavailableError, match="jars searched: 2"):
        find_jars(tmp_path)
    for wrong in (tmp_path / "none", tmp_path / "other.jar"):
        with pytest.raises(ServerUnavailableError, match="cannot be read"):
            find_jars(wrong)


def test_the_folder_is_named_by_option_variable_or_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GWE_PSDK", "c")
    assert folder_of("a", "b") == Path("a")
    assert folder_of("", "b") == Path("c")
    monkeypatch.delenv("GWE_PSDK")
    assert folder_of("", "b") == Path("b")
    with pytest.raises(
        ServerUnavailableError, match="no folder with the Platform SDK was named"
    ) as caught:
        folder_of("", "")
    assert "--psdk" in caught.value.hint


def test_another_java_or_another_jar_has_another_archive_of_classes(tmp_path: Path) -> None:
    java, one = tmp_path / "libjvm.so", jar(tmp_path / "protocol.jar", MAIN_CLASS)
    java.write_bytes(b"java")
    first = archive_for(str(java), [one])
    assert first is not None
    assert archive_for(str(java), [one]) == first
    jar(one, MAIN_CLASS, *PARTS)
    second = archive_for(str(java), [one])
    java.write_bytes(b"another java")
    third = archive_for(str(java), [one])
    assert len({first, second, third}) == 3
    assert archive_for(str(java), [one, tmp_path / "none.jar"]) is None


@pytest.mark.process
def test_an_archive_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    archive = tmp_path / "cache" / "java-0.jsa"
    assert not make_archive(archive, [jar(tmp_path / "protocol.jar", MAIN_CLASS)])
    assert list(archive.parent.iterdir()) == []


@pytest.mark.process
def test_a_file_in_the_working_directory_is_not_run_when_an_archive_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, ran = tmp_path / "here", tmp_path / "ran"
    here.mkdir()
    for name in ("tempfile", "subprocess", "jpype"):
        (here / f"{name}.py").write_text(f"open({str(ran)!r}, 'w')", encoding="utf-8")
    monkeypatch.chdir(here)
    make_archive(tmp_path / "cache" / "java-0.jsa", [jar(tmp_path / "protocol.jar", MAIN_CLASS)])
    assert not ran.exists()


@pytest.mark.process
@pytest.mark.parametrize(
    ("text", "code", "kept"),
    [("classes", 0, ["java-0-7.jsa"]), ("clas", 1, []), ("", 0, [])],
)
def test_what_java_wrote_is_kept_where_it_came_to_a_good_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, code: int, kept: list[str]
) -> None:
    child = tmp_path / "child"
    child.write_text(f'#!/bin/sh\nprintf "{text}" > "$4"\nexit {code}\n', encoding="utf-8")
    child.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(child))
    archive = tmp_path / "cache" / "java-0.jsa"
    made = make_archive(archive, [])
    assert [one.name for one in archive.parent.iterdir()] == kept
    assert find_whole(archive) == made == (archive.parent / kept[0] if kept else None)


@pytest.mark.parametrize("held", ["", "class", "classes and more"])
def test_an_archive_that_is_not_of_its_size_is_none(tmp_path: Path, held: str) -> None:
    (tmp_path / "java-0-7.jsa").write_text(held, encoding="utf-8")
    assert find_whole(tmp_path / "java-0.jsa") is None


def test_without_jpype_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jpype", None)
    with pytest.raises(ServerUnavailableError, match="JPype1 is not installed") as caught:
        jvm.load_jpype()
    assert "gwe-reconciler[psdk]" in caught.value.hint


def test_without_java_it_is_said_what_to_install() -> None:
    class NoJava:
        @staticmethod
        def getDefaultJVMPath() -> str:  # noqa: N802 - JPype's name
            raise ValueError("none")

    with pytest.raises(ServerUnavailableError, match="no Java is installed") as caught:
        jvm.java_library(NoJava)
    assert "JAVA_HOME" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "tls", "hosts"),
    [
        ("confserv://cs", False, [Address("cs", 2020)]),
        ("confserv://cs:2021/", False, [Address("cs", 2021)]),
        ("confservs://a,b:2030", True, [Address("a", 2020), Address("b", 2030)]),
        ("confserv://[::1]:7,192.0.2.1", False, [Address("::1", 7), Address("192.0.2.1", 2020)]),
    ],
)
def test_a_url_names_the_hosts_and_whether_tls_is_asked_for(
    text: str, tls: bool, hosts: list[Address]
) -> None:
    url = parse_url(text)
    assert (url.tls, list(url.hosts)) == (tls, hosts)


@pytest.mark.parametrize(
    "text",
    [
        "confserv://",
        "confserv:cs",
        "confserv://cs:0",
        "confserv://cs:65536",
        "confserv://cs:port",
        "confserv://a,,b",
        "confserv://user@cs",
        "confserv://cs/path",
        "http://cs",
    ],
)
def test_what_is_no_url_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError):
        parse_url(text)


def test_a_wrong_url_or_client_type_is_found_before_java_starts() -> None:
    for url, options in (
        ("confserv://cs:0", ConnectionOptions()),
        ("confserv://cs", ConnectionOptions(client_type="Phone")),
    ):
        with pytest.raises(UsageError):
            connect(url, Credentials(), options)


def test_the_first_place_that_names_an_option_wins() -> None:
    found = options_from(
        {"client": "gwe", "addp": None, "in_flight": None},
        {"client": "other", "addp": False, "in_flight": 2},
    )
    assert (found.client, found.addp, found.in_flight) == ("gwe", False, 2)
    assert found.client_type == "SCE"
    secret = "hush"  # noqa: S105
    assert secret not in repr(ConnectionOptions(trust_store_password=secret))


def test_the_connection_table_of_gwe_toml_is_checked(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text(
        'server = "confserv://cs"\n[connection]\npsdk = 1\naddp = "no"\nin-flight = "x"\nport = 2\n'
    )
    result = gwe("plan", "--app", "GWE", cwd=tmp_path)
    assert result.code == 1
    for said in (
        "connection.psdk must be a string",
        "connection.addp must be true or false",
        "connection.in-flight must be an integer from 1 to 256",
        "unknown setting connection.port",
    ):
        assert said in " ".join(result.err.split())


def test_the_connection_table_says_where_the_jars_are(tmp_path: Path) -> None:
    (tmp_path / "gwe.toml").write_text(
        'server = "confserv://cs"\n[connection]\npsdk = "nowhere"\n[profiles.x.connection]\n'
        'psdk = "elsewhere"\n'
    )
    for more, folder in (((), "nowhere"), (("--profile", "x"), "elsewhere")):
        result = gwe("plan", "--app", "GWE", *more, cwd=tmp_path)
        assert result.code == 1
        assert folder in result.err


def test_every_option_of_a_connection_but_password_and_timeout_can_stand_in_gwe_toml() -> None:
    """The installation folder outside ``[connection]``: launch files are found with it too. How
    long a call may take is for --timeout alone to say."""
    names = {one.name.replace("_", "-") for one in fields(ConnectionOptions)}
    properties = settings_schema()["properties"]
    connection = {*properties["connection"]["properties"]}
    assert connection == names - {"trust-store-password", "install-dir", "timeout"}
    assert "install_dir" in properties
