"""Laws of the launch file editors, and what the formats' own readers say of the result."""

import configparser
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import Format, edit, read
from tests.conftest import examples
from tests.launch_texts import BATCH, ENDS, INI, KEYS, PROPERTIES, SHELL, XML, texts

_NASTY = st.sampled_from("\"' \\%$#;!=:^&|<>()[]{}~*?`,/@-+")
_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp"))
VALUES = st.text(st.one_of(_NASTY, _CHARACTERS), max_size=12)
LINES = st.text(st.one_of(_NASTY, _CHARACTERS, st.sampled_from("\n\r\t")), max_size=12)


# Latin characters whose bytes could not be taken for UTF-8, for all others.
class _NoPairs(dict[int, str]):
    def __missing__(self, code: int) -> str:
        return chr(code) if code < 128 or 0xE0 <= code < 0x100 else "\xff"


_NO_PAIRS = _NoPairs()


def fitted(form: Format, raw: bytes, value: str) -> str:
    """A value that the format and the file's encoding can hold."""
    if form is INI:
        value = value.strip()
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return value if form is PROPERTIES else value.translate(_NO_PAIRS)
    return value


ASSIGNMENTS = pytest.mark.parametrize("form", [PROPERTIES, INI, SHELL, BATCH])


@ASSIGNMENTS
@given(st.data())
def test_a_value_reads_back_and_all_other_lines_and_values_stay(
    form: Format, data: st.DataObject
) -> None:
    text = data.draw(texts(form))
    raw = text.raw
    key = data.draw(st.sampled_from(KEYS))
    address = text.address(key)
    value = fitted(form, raw, data.draw(VALUES))
    after = edit(raw, form, {address: value})
    before_values, after_values = dict(read(raw, form).values), dict(read(after, form).values)
    assert after_values.pop(address) == value
    before_values.pop(address, None)
    assert after_values == before_values
    old, new = raw.split(b"\n"), after.split(b"\n")
    if text.places(key):
        differing = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert len(differing) <= 1
        for a, b in differing:
            assert key.encode() in a
            assert key.encode() in b
            assert a.endswith(b"\r") == b.endswith(b"\r")
    else:
        old, new = ([line.rstrip(b"\r") for line in lines] for lines in (old, new))
        added = [number for number, line in enumerate(new) if line not in old]
        assert len(added) == 1
        assert key.encode() in new[added[0]]
        assert [*new[: added[0]], *new[added[0] + 1 :]] == old


@ASSIGNMENTS
@given(st.data())
def test_an_edit_to_what_is_there_changes_no_byte(form: Format, data: st.DataObject) -> None:
    raw = data.draw(texts(form)).raw
    assert edit(raw, form, dict(read(raw, form).values)) == raw


@ASSIGNMENTS
@given(st.data())
def test_adding_and_then_removing_restores_every_byte(form: Format, data: st.DataObject) -> None:
    text = data.draw(texts(form))
    raw = text.raw
    keys = [text.address(key) for key in KEYS if not text.places(key)]
    if form is INI and data.draw(st.booleans()):
        keys.append("[new] x")
    added = edit(raw, form, {key: fitted(form, raw, data.draw(VALUES)) for key in keys})
    assert (added == raw) == (not keys)
    gone: dict[str, str | None] = dict.fromkeys(data.draw(st.permutations(keys)))
    if "[new] x" in gone:
        gone["[new]"] = None
    assert edit(added, form, gone) == raw


@ASSIGNMENTS
@given(st.data())
def test_editing_there_and_back_reads_as_before(form: Format, data: st.DataObject) -> None:
    raw = data.draw(texts(form)).raw
    before = read(raw, form).values
    there = edit(raw, form, {key: fitted(form, raw, data.draw(VALUES)) for key in before})
    assert read(edit(there, form, dict(before)), form).values == before


@pytest.mark.parametrize("form", list(Format))
@given(st.binary(max_size=60), VALUES)
def test_bytes_that_are_no_such_file_are_refused_or_left_alone(
    form: Format, raw: bytes, value: str
) -> None:
    key = {INI: "[s] k", XML: "a/@k"}.get(form, "k")
    try:
        present = dict(read(raw, form).values)
        assert edit(raw, form, present) == raw
        after = edit(raw, form, {key: value})
    except LaunchFormatError:
        return
    assert read(after, form, [key]).values[key] == value


# The shell says the same


def shell_values(script: bytes, names: list[str], shell: str = "/bin/sh") -> list[bytes]:
    """What the variables hold when the script ends, however it ends; unset is nothing."""
    shown = " ".join(f'"${{{name}-}}"' for name in names)
    if not names:
        return []
    trap = f"trap 'printf \"%s\\0\" {shown}' EXIT\n".encode()
    ran = subprocess.run(
        [shell],
        input=trap + script,
        capture_output=True,
        check=False,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
    )
    return ran.stdout.split(b"\0")[:-1]


SHELLS = pytest.mark.parametrize(
    "shell",
    [
        pytest.param(one, marks=pytest.mark.skipif(not Path(one).exists(), reason=f"no {one}"))
        for one in ("/bin/sh", "/bin/bash")
    ],
)
_WRITTEN = ("", "old", "'old one'", '"old"', "$OLD", "`echo x`", "a\\ b")


@SHELLS
@given(st.lists(st.tuples(st.sampled_from(_WRITTEN), LINES), min_size=1, max_size=40))
@settings(max_examples=examples(160, share=8))
def test_a_shell_that_runs_the_edited_file_has_exactly_the_values(
    shell: str, pairs: list[tuple[str, str]]
) -> None:
    names = [f"V{number}" for number in range(len(pairs))]
    script = "".join(
        f"{'export ' * (number % 2)}{name}={written}\n"
        for number, (name, (written, _)) in enumerate(zip(names, pairs, strict=True))
    )
    wanted = {**{name: value for name, (_, value) in zip(names, pairs, strict=True)}, "NEW": "x y"}
    edited = edit(script.encode(), SHELL, wanted)
    assert shell_values(edited, list(wanted), shell) == [one.encode() for one in wanted.values()]


_WORD_PARTS = st.one_of(
    st.text(st.sampled_from("ab1~:=*?[]{},!%#^@+-./"), max_size=3),
    st.sampled_from(["\\ ", "\\a", "\\\\", "\\'", '\\"', "\\$", "\\`", "$", "$A", "${A}", "\\\n"]),
    st.text(st.sampled_from('ab $\\"`;#&|()\n'), max_size=4).map(lambda text: f"'{text}'"),
    st.text(st.sampled_from("ab ';#&|()\n!"), max_size=4).map(lambda text: f'"{text}"'),
    st.sampled_from(['"\\$a"', '"\\\\"', '"\\""', '"\\`"', '"\\a"', '"$"', '"a\\\nb"', '"$A"']),
)


@SHELLS
@given(st.lists(st.lists(_WORD_PARTS, max_size=4).map("".join), min_size=1, max_size=30))
@settings(max_examples=examples(160, share=8))
def test_what_is_read_as_plain_is_what_a_shell_makes_of_the_word(
    shell: str, words: list[str]
) -> None:
    script = "".join(
        f"{'export ' * (number % 2)}V{number}={word}\n" for number, word in enumerate(words)
    ).encode()
    try:
        found = read(script, SHELL).values
    except LaunchFormatError:
        assert "${" in script.decode()  # which never ends
        return
    names = list(found)
    assert shell_values(script, names, shell) == [found[name].encode() for name in names]


_STATEMENTS = st.sampled_from(
    [
        *("A={n}", "B='{n} x'", "export C={n}", "A={n} B=$A", "readonly D{n}={n}", "E={n}; F={n}"),
        *("if true; then A={n}; fi", "if false; then B={n}; else C={n}; fi"),
        *("false && A={n}", "true || B={n}", "true && C={n}", "! true && A={n}"),
        *("(A={n})", "{{ B={n}; }}", "A={n} | cat", "C={n} &", "A={n} true"),
        *("f() {{ A={n}; }}", "f() {{\n  B={n}\n}}\nf", "for A in x y; do B={n}; done"),
        "case x in\n  y) A={n} ;;\n  (x|z) B={n};;\nesac",
        "case y in x) C={n};; esac",
        "while false; do\n  A={n}\ndone",
        "cat >/dev/null <<EOT\nA={n}\n$(B={n})\nEOT",
        "cat >/dev/null <<-'EOT'\n\tA={n}\n\tEOT",
        "# A={n}",
        ": 'A={n}\n' \"B={n}\n\"",
        "unset A",
        *("echo {n} | while read A; do :; done", "read A B </dev/null", "getopts ab A"),
        "A={n} >/dev/null",
        "exec 3>&1",
        "exit 0",
        "X=`A={n}; echo \\`B={n}\\``",
        "Y=$(A={n}; case x in (x) echo 1;; esac)",
        "A={n} \\\n  B={n}",
        ": \\\n A={n}",
        "true &&\nA={n}",
        "echo $((1<<2)) ${{A:-'}}'}} >/dev/null",
        "A=\\\n{n}",
    ]
)
_NAMES = list("ABCEF")


@SHELLS
@given(st.lists(_STATEMENTS, max_size=8))
@settings(max_examples=examples(240, share=8))
def test_what_a_script_is_said_to_set_it_sets_and_so_after_an_edit(
    shell: str, statements: list[str]
) -> None:
    script = "".join(
        one.replace("{n}", str(number)).replace("{{", "{").replace("}}", "}") + "\n"
        for number, one in enumerate(statements)
    ).encode()
    found = read(script, SHELL)
    names = [name for name in found.values if name in _NAMES]
    assert shell_values(script, names, shell) == [found.values[name].encode() for name in names]
    wanted: dict[str, str] = {}
    for name in _NAMES:
        try:
            edit(script, SHELL, {name: f"new {name}"})
            wanted[name] = f"new {name}"
        except LaunchFormatError:
            continue
    edited = edit(script, SHELL, wanted)
    assert shell_values(edited, list(wanted), shell) == [one.encode() for one in wanted.values()]


# Java says the same


def java_load(raw: bytes) -> dict[str, str] | None:
    """java.util.Properties.load, told anew: None where Java throws."""
    text = raw.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
    logical: list[str] = []
    lines = text.split("\n")
    while lines:
        line = lines.pop(0).lstrip(" \t\f")
        if not line or line[0] in "#!":
            continue
        comment = False
        while (len(line) - len(line.rstrip("\\"))) % 2 == 1 and lines and not comment:
            line = line[:-1] + lines.pop(0).lstrip(" \t\f")
            comment = comment or line[:1] in ("#", "!")
        if line and not comment:
            logical.append(line)
    result: dict[str, str] = {}
    for line in logical:
        end, escaped = 0, False
        while end < len(line) and (escaped or line[end] not in "=: \t\f"):
            escaped = line[end] == "\\" and not escaped
            end += 1
        rest = line[end:].lstrip(" \t\f")
        if rest[:1] in ("=", ":"):
            rest = rest[1:].lstrip(" \t\f")
        try:
            result[_java_text(line[:end])] = _java_text(rest)
        except ValueError:
            return None
    return result


def _java_text(escaped: str) -> str:
    units = b""
    position = 0
    while position < len(escaped):
        if escaped[position] != "\\":
            units += escaped[position].encode("utf-16-be")
            position += 1
        elif escaped[position + 1 : position + 2] == "u":
            digits = escaped[position + 2 : position + 6]
            if len(digits) < 4 or set(digits) - set("0123456789abcdefABCDEF"):
                raise ValueError(digits)
            units += bytes.fromhex(digits)
            position += 6
        else:
            after = escaped[position + 1 : position + 2]
            known = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
            units += known.get(after, after).encode("utf-16-be")
            position += 2
    return units.decode("utf-16-be", "surrogatepass")


_JAVA = """
import java.io.*;
import java.util.*;

class Load {
    public static void main(String[] args) throws IOException {
        DataInputStream in = new DataInputStream(System.in);
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out));
        while (true) {
            byte[] raw;
            try { raw = new byte[in.readInt()]; } catch (EOFException end) { return; }
            in.readFully(raw);
            Properties properties = new Properties();
            try {
                properties.load(new ByteArrayInputStream(raw));
                out.writeInt(properties.size());
                for (String key : properties.stringPropertyNames()) {
                    for (String text : List.of(key, properties.getProperty(key))) {
                        byte[] bytes = text.getBytes("UTF-16BE");
                        out.writeInt(bytes.length);
                        out.write(bytes);
                    }
                }
            } catch (IllegalArgumentException refused) {
                out.writeInt(-1);
            }
            out.flush();
        }
    }
}
"""


class Java:
    """A running Java that loads properties."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        assert process.stdin
        assert process.stdout
        self._in, self._out = process.stdin, process.stdout

    def load(self, raw: bytes) -> dict[str, str] | None:
        self._in.write(len(raw).to_bytes(4, "big") + raw)
        self._in.flush()
        size = self._number()
        return None if size < 0 else {self._text(): self._text() for _ in range(size)}

    def _number(self) -> int:
        return int.from_bytes(self._out.read(4), "big", signed=True)

    def _text(self) -> str:
        return self._out.read(self._number()).decode("utf-16-be", "surrogatepass")


@pytest.fixture(scope="module")
def java(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Java]:
    program = shutil.which("java")
    if not program:
        pytest.skip("no java")
    source = tmp_path_factory.mktemp("java") / "Load.java"
    source.write_text(_JAVA, encoding="utf-8")
    with subprocess.Popen(
        [program, "-Xshare:auto", "-XX:TieredStopAtLevel=1", str(source)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        yield Java(process)
        assert process.stdin
        process.stdin.close()


# Versions of Java differ on a backslash that is all of the last logical line.
_LAST_BACKSLASH = re.compile(
    rb"(?:\A|[\r\n])(?:[ \t\f]*\\(?:\r\n?|\n))*[ \t\f]*\\(?:\r\n?|\n)?[ \t\f]*\Z"
)
_PROPERTIES = (
    st.text(st.sampled_from(" \t\f\n\r\\=:#!abu004e1\xe4\xff"), max_size=40)
    .map(lambda text: text.encode("latin-1"))
    .filter(lambda raw: not _LAST_BACKSLASH.search(raw))
)


def ours(raw: bytes) -> dict[str, str] | None:
    try:
        found = read(raw, PROPERTIES)
    except LaunchFormatError:
        return None
    return {**found.values, **dict.fromkeys(found.opaque, "(half a pair)")}


@given(_PROPERTIES)
@settings(max_examples=examples(800, share=8))
def test_any_properties_are_read_as_they_are_documented(raw: bytes) -> None:
    assert ours(raw) == java_load(raw)


@given(raw=_PROPERTIES)
@settings(max_examples=examples(800, share=8))
def test_any_properties_are_read_as_java_reads_them(java: Java, raw: bytes) -> None:
    assert ours(raw) == java.load(raw)


@given(raw=_PROPERTIES, edits=st.dictionaries(LINES.filter(bool), LINES, max_size=4))
@settings(max_examples=examples(800, share=8))
def test_java_reads_the_edited_properties_with_exactly_the_values(
    java: Java, raw: bytes, edits: dict[str, str]
) -> None:
    before = java.load(raw)
    if before is None:
        return
    edited = edit(raw, PROPERTIES, edits)
    assert java.load(edited) == {**before, **edits}
    assert java_load(edited) == {**before, **edits}


# configparser says the same

_INI_ROWS = st.lists(
    st.one_of(
        st.sampled_from(["[a]", "[b]", "[c d] x", "; x=1", "# y", "", "  ", "  more", "\tz=1"]),
        st.builds(
            "{}{}{}{}".format,
            st.sampled_from(["", "  ", "    "]),
            st.sampled_from(["x", "y", "z w", "X%"]),
            st.sampled_from(["=", " = ", ":", " :"]),
            VALUES,
        ),
    ),
    max_size=10,
)


def configparser_values(text: str) -> dict[str, str] | None:
    parser = configparser.RawConfigParser(strict=False, default_section="\0")
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_file(text.splitlines(keepends=True) if "\x85" not in text else [text])
    except configparser.Error:
        return None
    return {
        f"[{name}] {key}": parser[name][key] for name in parser.sections() for key in parser[name]
    }


@given(_INI_ROWS, ENDS)
def test_an_ini_file_is_read_as_configparser_reads_it(rows: list[str], end: str) -> None:
    text = "[a]" + end + "".join(row + end for row in rows)
    theirs = configparser_values(text)
    try:
        found = read(text.encode(), INI)
    except LaunchFormatError:
        assert any(row[:1].isspace() and row.strip()[:1] == "[" for row in rows)
        return
    if theirs is not None:
        assert {**theirs, **found.values} == theirs
        assert set(found.opaque) | set(found.values) == set(theirs)


@given(_INI_ROWS, ENDS, st.sampled_from(["[a] x", "[b] y", "[b] n", "[new] n"]), VALUES)
def test_configparser_reads_the_edited_ini_file_with_exactly_the_value(
    rows: list[str], end: str, key: str, value: str
) -> None:
    text = "[a]" + end + "".join(row + end for row in rows)
    before = configparser_values(text)
    if before is None:
        return
    try:
        edited = edit(text.encode(), INI, {key: value.strip()}).decode()
    except LaunchFormatError:
        assert any(row[:1].isspace() and row.strip() for row in rows)  # a value that goes on
        return
    assert configparser_values(edited) == {**before, key: value.strip()}


# cmd says the same: there is none here, so its phases are told anew, from its documentation


def cmd_set(line: str) -> tuple[str, str]:
    """The variable and the value that one ``set`` line gives it, in a batch file."""
    line = line.replace("%%", "\0")
    assert "%" not in line, "an expansion"
    line = line.replace("\0", "%")
    words, quoted, position = "", False, 0
    while position < len(line):
        if line[position] == "^" and not quoted:
            position += 1
        elif line[position] == '"':
            quoted = not quoted
        else:
            assert quoted or line[position] not in "&|<>", "another command"
        words += line[position : position + 1]
        position += 1
    command, _, rest = words.lstrip("@ ").partition(" ")
    assert command.lower() == "set"
    if rest.startswith('"'):
        rest = rest[1:]
        rest = rest[: rest.rindex('"')] if '"' in rest else rest
    name, _, value = rest.partition("=")
    return name, value


@given(
    st.sampled_from(["", "set A=1", 'set "A=1"', "@set A=x^&y", 'SET "A=%OLD%"', 'set A="x"']),
    VALUES,
)
def test_cmd_gives_the_variable_of_an_edited_batch_file_exactly_the_value(
    line: str, value: str
) -> None:
    edited = edit(line.encode(), BATCH, {"A": value}).decode()
    assert cmd_set(edited.removesuffix("\r\n")) == ("A", value)


# ElementTree says the same


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> str:
    """An element as people write them: blanks, both quotes, CDATA, comments, references."""
    name = draw(st.sampled_from(["a", "b", "n:c"])) if depth else "root"
    attributes = draw(st.lists(st.sampled_from(["x", "y", "n:z"]), unique=True, max_size=2))
    written = ["xmlns:n='urn:n'"] * (not depth)
    for attribute in attributes:
        quote = draw(st.sampled_from("\"'"))
        inside = draw(st.sampled_from(["", "1", "a  b", "&lt;&#65;", "\xfc>"]))
        equals = draw(st.sampled_from(["=", " = ", "=\n"]))
        written.append(f"{attribute}{equals}{quote}{inside}{quote}")
    blanks = draw(st.sampled_from([" ", "  ", "\r\n   "]))
    tag = name + "".join(blanks + one for one in written)
    kind = draw(st.sampled_from(["empty", "text", "children"] if depth < 2 else ["empty", "text"]))
    if kind == "empty":
        return f"<{tag}{draw(st.sampled_from(['', ' ']))}/>"
    if kind == "text":
        text = draw(
            st.sampled_from(
                ["", "t", " t\r\n u ", "&amp;&#x20AC;", "<![CDATA[<&]]>", "a<![CDATA[b]]>c"]
            )
        )
        return f"<{tag}>{text}</{name} >"
    inner = draw(st.lists(elements(depth + 1), min_size=1, max_size=3))
    between = draw(st.sampled_from(["", "\r\n  ", "<!-- <a x='1'/> -->", "<?p <a/> ?>"]))
    return f"<{tag}>{between}{between.join(inner)}{between}</{name}>"


DOCUMENTS = st.builds(
    lambda declaration, root, end: declaration + root + end,
    st.sampled_from(["", "<?xml version='1.0'?>\r\n<!-- \xfc -->", "<!DOCTYPE root>\n"]),
    elements(),
    st.sampled_from(["", "\n", "\r\n<!-- end -->"]),
)


def element_tree(raw: bytes) -> list[tuple[str, dict[str, str], str]]:
    """Every element: its name, attributes and text, as ElementTree has them."""
    return [(one.tag, dict(one.attrib), one.text or "") for one in ET.fromstring(raw).iter()]  # noqa: S314


_XML_VALUES = LINES.filter(lambda text: not set(text) & {"\ufffe", "\uffff"})


@given(DOCUMENTS, st.data())
def test_element_tree_reads_the_edited_xml_with_exactly_the_value(
    document: str, data: st.DataObject
) -> None:
    raw = document.encode()
    found = read(raw, XML).values
    if set(found) <= {"root/@xmlns:n"}:
        return
    path = data.draw(st.sampled_from(sorted(path for path in found if "xmlns" not in path)))
    value = data.draw(_XML_VALUES)
    edited = edit(raw, XML, {path: value})
    assert read(edited, XML).values == {**found, path: value}
    before, after = element_tree(raw), element_tree(edited)
    differing = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(differing) == (found[path] != value)
    for a, b in differing:
        element, _, attribute = path.rpartition("@")
        if element:
            (changed,) = [name for name in b[1] if a[1][name] != b[1][name]]
            assert changed.endswith(attribute.rpartition(":")[2])
            assert (b[1][changed], a[2]) == (value, b[2])
        else:
            assert (b[2], a[1]) == (value, b[1])
    assert edit(raw, XML, dict(found)) == raw


@given(DOCUMENTS, st.data())
def test_of_xml_only_the_bytes_of_the_value_change(document: str, data: st.DataObject) -> None:
    raw = document.encode()
    found = read(raw, XML).values
    if set(found) <= {"root/@xmlns:n"}:
        return
    path = data.draw(st.sampled_from(sorted(path for path in found if "xmlns" not in path)))
    one, two = (edit(raw, XML, {path: value}) for value in ("1111", "22"))
    if found[path] in ("1111", "22"):
        return
    begin = next(i for i in range(len(one)) if one[i] != two[i : i + 1][0])
    assert one[:begin] + b"22" + one[begin + 4 :] == two
    assert raw.startswith(one[:begin].rstrip(b">").removesuffix(b"<![CDATA["))


@given(DOCUMENTS, VALUES, st.sampled_from(["new", "n:new"]))
def test_adding_and_then_removing_an_attribute_restores_every_byte(
    document: str, value: str, name: str
) -> None:
    raw = document.encode()
    value = "".join(character for character in value if character not in "\ufffe\uffff")
    elements_there = [path for path in read(raw, XML).lines if "@" not in path]
    for path in elements_there:
        key = f"{path}/@{name}"
        added = edit(raw, XML, {key: value})
        assert read(added, XML).values[key] == value
        assert edit(added, XML, {key: None}) == raw
