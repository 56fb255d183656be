"""Launch files are edited in place: what was named changes, and not one byte more."""

import time

import pytest

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import Format, edit, format_of, read
from reconciler.launch.formats import properties as properties_module

PROPERTIES, INI, XML = Format.PROPERTIES, Format.INI, Format.XML
SHELL, BATCH = Format.SHELL, Format.BATCH


def refusal(raw: bytes, form: Format, key: str, value: str | None) -> LaunchFormatError:
    with pytest.raises(LaunchFormatError) as caught:
        edit(raw, form, {key: value})
    return caught.value


# The format of a file


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("server/conf/launcher.properties", PROPERTIES),
        ("a.ini", INI),
        ("a.cfg", INI),
        ("A.CONF", INI),
        ("conf/Launcher.XML", XML),
        ("bin/setenv.sh", SHELL),
        (".env", SHELL),
        ("prod.env", SHELL),
        ("setenv.bat", BATCH),
        ("setenv.CMD", BATCH),
    ],
)
def test_the_name_of_a_file_says_its_format(path: str, form: Format) -> None:
    assert format_of(path) is form


@pytest.mark.parametrize("path", ["start", "a.txt", "x.sh/start", ""])
def test_a_format_that_is_not_known_is_asked_for(path: str) -> None:
    with pytest.raises(LaunchFormatError) as caught:
        format_of(path)
    assert str(caught.value) == f"the format of {path} cannot be told from its suffix"
    assert caught.value.hint == "Set spec.format to one of: properties, ini, xml, shell, batch."


# Edits: (format, before, values, after)

EDITS = [
    pytest.param(*case, id=name)
    for name, case in {
        "properties: comments, spacing and line ends stay": (
            PROPERTIES,
            b"# host = no\r\n\r\n  host :  old \nport=1\r\n! end",
            {"host": "new", "port": "2020"},
            b"# host = no\r\n\r\n  host :  new\nport=2020\r\n! end",
        ),
        "properties: bytes of ISO-8859-1 stay, new ones are escapes": (
            PROPERTIES,
            b"# \xe4\xff\nname=\xfc\nother=\xfc\n",
            {"name": "\u20ac \U0001f600"},
            b"# \xe4\xff\nname=\\u20AC \\uD83D\\uDE00\nother=\xfc\n",
        ),
        "properties: a continued value is one line afterwards": (
            PROPERTIES,
            b"list=a,\\\n    b,\\\n    c\nnext=1\n",
            {"list": "x"},
            b"list=x\nnext=1\n",
        ),
        "properties: the last of two counts": (
            PROPERTIES,
            b"a=1\na=2\n",
            {"a": "3"},
            b"a=1\na=3\n",
        ),
        "properties: a key is spelled with escapes": (
            PROPERTIES,
            b"C\\:\\\\dir\\ x = 1\n",
            {"C:\\dir x": "2"},
            b"C\\:\\\\dir\\ x = 2\n",
        ),
        "properties: a path of Windows": (
            PROPERTIES,
            b"dir=\n",
            {"dir": "C:\\GCTI\\Web Engagement"},
            b"dir=C:\\\\GCTI\\\\Web Engagement\n",
        ),
        "properties: a key without a separator": (PROPERTIES, b"a\nb", {"a": "1"}, b"a=1\nb"),
        "properties: a blank separates": (PROPERTIES, b"a 1\n", {"a": "=:"}, b"a \\=:\n"),
        "properties: a new key goes to the end, as the last one is written": (
            PROPERTIES,
            b"a : 1\r\nb : 2\r\n",
            {"c d": " x "},
            b"a : 1\r\nb : 2\r\nc\\ d : \\ x\\ \r\n",
        ),
        "properties: without an end of the last line": (
            PROPERTIES,
            b"a=1\r\nb=2",
            {"c": "3"},
            b"a=1\r\nb=2\r\nc=3",
        ),
        "properties: an empty file": (PROPERTIES, b"", {"a": "1"}, b"a=1\n"),
        "properties: not behind a backslash that ends the file": (
            PROPERTIES,
            b"a=1\nb=2\\\n",
            {"c": "3"},
            b"a=1\nc=3\nb=2\\\n",
        ),
        "properties: a byte order mark is no part of the first key": (
            PROPERTIES,
            b"\xef\xbb\xbfa=\xc3\xbc\n",
            {"a": "2"},
            b"\xef\xbb\xbfa=2\n",
        ),
        "properties: all of a key go": (
            PROPERTIES,
            b"a=1\n# c\na=2\\\n 3\nb=4",
            {"a": None, "b": None},
            b"# c",
        ),
        "properties: the last line goes with the line end before it": (
            PROPERTIES,
            b"a=1\r\nb=2",
            {"b": None},
            b"a=1",
        ),
        "ini: one section of several": (
            INI,
            b"; c\n[one]\nhost = a\n\n[two]\nhost = a\n",
            {"[two] host": "b c"},
            b"; c\n[one]\nhost = a\n\n[two]\nhost = b c\n",
        ),
        "ini: quotes and percent signs are characters": (
            INI,
            b'[s]\na="x" ; y\n',
            {"[s] a": '100% "z" # ; !'},
            b'[s]\na=100% "z" # ; !\n',
        ),
        "ini: a new key goes to the end of its section, as the last one is written": (
            INI,
            b"[a]\r\n  x : 1\r\n; about b\r\n\r\n[b]\r\ny=1\r\n",
            {"[a] n": "2"},
            b"[a]\r\n  x : 1\r\n  n : 2\r\n; about b\r\n\r\n[b]\r\ny=1\r\n",
        ),
        "ini: a new section": (
            INI,
            b"[a]\nx = 1",
            {"[b] y": "2", "[b] z": "3"},
            b"[a]\nx = 1\n[b]\ny = 2\nz = 3",
        ),
        "ini: before the first section": (INI, b"[a]\nx=1\n", {"y": "2"}, b"y=2\n[a]\nx=1\n"),
        "ini: readers disagree which of two counts, so both": (
            INI,
            b"[a]\nx=1\n[b]\n[a]\nx=2\n",
            {"[a] x": "3"},
            b"[a]\nx=3\n[b]\n[a]\nx=3\n",
        ),
        "ini: an empty section goes when it is named": (
            INI,
            b"[a]\nx=1\n[b]\ny=1\n",
            {"[b] y": None, "[b]": None},
            b"[a]\nx=1\n",
        ),
        "ini: bytes that are no UTF-8 stay": (
            INI,
            b"; \xe4\xff\x80\n[a]\nx=\xfc\ny=1\n",
            {"[a] y": "\xfc"},
            b"; \xe4\xff\x80\n[a]\nx=\xfc\ny=\xfc\n",
        ),
        "ini: UTF-16 of Windows": (
            INI,
            b"\xff\xfe" + "[a]\r\nx=1\r\n".encode("utf-16-le"),
            {"[a] x": "\u20ac"},
            b"\xff\xfe" + "[a]\r\nx=\u20ac\r\n".encode("utf-16-le"),
        ),
        "shell: quotes stay as they are where they can": (
            SHELL,
            b"#!/bin/sh\nA=1 # one\nB='x'\nexport C=\"y\"\nD=\n",
            {"A": "2", "B": "it's", "C": '$5 "`\\', "D": "a b"},
            b"#!/bin/sh\nA=2 # one\nB='it'\\''s'\nexport C=\"\\$5 \\\"\\`\\\\\"\nD='a b'\n",
        ),
        "shell: what is not a plain value can be overwritten": (
            SHELL,
            b"A=$HOME/lib\nB=`hostname`\nC=${X:-$(id -u)}\nD=~/x\nE+=more\n",
            {"A": "1", "B": "2", "C": "3", "D": "4", "E": "5"},
            b"A=1\nB=2\nC=3\nD=4\nE=5\n",
        ),
        "shell: a here-document and a comment are none": (
            SHELL,
            b"cat <<-'E' <<F\nA=1\n\tE\nA=2\nF\n# A=3\nA=4\n",
            {"A": "5"},
            b"cat <<-'E' <<F\nA=1\n\tE\nA=2\nF\n# A=3\nA=5\n",
        ),
        "shell: several in a line": (
            SHELL,
            b"export A=1 B='2 3' C=4; D=5",
            {"B": "x", "D": "y"},
            b"export A=1 B='x' C=4; D=y",
        ),
        "shell: a value over two lines": (SHELL, b"A='1\n2'\nB=3\n", {"A": "x"}, b"A='x'\nB=3\n"),
        "shell: a new name is exported as the last one is": (
            SHELL,
            b"A=1\nexport B=2",
            {"C": "x y"},
            b"A=1\nexport B=2\nexport C='x y'",
        ),
        "shell: line ends of Windows stay": (
            SHELL,
            b"A=1\r\nB=2\r\n",
            {"A": "x", "C": "3"},
            b"A=x\r\nB=2\r\nC=3\r\n",
        ),
        "shell: one of several in a line goes": (
            SHELL,
            b"export A=1 B=2\nC=3 D=4\nE=5 # why\n",
            {"A": None, "C": None, "E": None},
            b"export B=2\nD=4\n# why\n",
        ),
        "shell: bytes that are no UTF-8 stay": (
            SHELL,
            b"# \xe4\xff\nA=\xfc\nB=1\n",
            {"B": "2"},
            b"# \xe4\xff\nA=\xfc\nB=2\n",
        ),
        "batch: every form stays as it is where it can": (
            BATCH,
            b'@echo off\r\nset A=1\r\nSET "B=x y" \r\n@set C=%A%\\x\r\n',
            {"A": "2", "b": "50% & more", "C": "z"},
            b'@echo off\r\nset A=2\r\nSET "B=50%% & more" \r\n@set C=z\r\n',
        ),
        "batch: what the plain form cannot hold is put in quotes": (
            BATCH,
            b"set A=1\r\nset B=1\r\n",
            {"A": "x & y", "B": " z"},
            b'set "A=x & y"\r\nset "B= z"\r\n',
        ),
        "batch: a quote in quotes": (
            BATCH,
            b'set "A=1"\n',
            {"A": 'x"y&z'},
            b'set "A=x"y^&z"\n',
        ),
        "batch: comments and echo are none": (
            BATCH,
            b"rem set A=1\n:: set A=2\necho set A=3\nset A=4\n",
            {"A": "5"},
            b"rem set A=1\n:: set A=2\necho set A=3\nset A=5\n",
        ),
        "batch: a name with a blank at its end is another": (
            BATCH,
            b"set A =1\r\n",
            {"A": "2"},
            b'set A =1\r\nset "A=2"\r\n',
        ),
        "batch: an empty file": (BATCH, b"", {"A": "1"}, b'set "A=1"\r\n'),
        "batch: the last of two counts, and both go": (
            BATCH,
            b"set A=1\nset a=2\nset B=3\n",
            {"A": None},
            b"set B=3\n",
        ),
        "xml: texts, attributes and quotes": (
            XML,
            b"<?xml version='1.0'?>\r\n<!-- a -->\r\n<a  x = '1'\r\n y=\"2\"><b>t</b ></a>\r\n",
            {"a/@x": "it's <&\">", "a/@y": '"', "a/b": "<&>\"'"},
            b"<?xml version='1.0'?>\r\n<!-- a -->\r\n<a  x = 'it&apos;s &lt;&amp;\">'\r\n"
            b' y="&quot;"><b>&lt;&amp;&gt;"\'</b ></a>\r\n',
        ),
        "xml: the one among several": (
            XML,
            b"<a><b n='1' v='x'/><b n='2' v='x'/><c><d>1</d><d>2</d></c></a>",
            {"a/b[@n='2']/@v": "y", "a/c/d[2]": "3", 'a/b[@v="x"][1]/@n': "0"},
            b"<a><b n='0' v='x'/><b n='2' v='y'/><c><d>1</d><d>3</d></c></a>",
        ),
        "xml: CDATA stays CDATA": (
            XML,
            b"<a><![CDATA[<x>]]></a>",
            {"a": "]]> & <y>"},
            b"<a><![CDATA[]]]]><![CDATA[> & <y>]]></a>",
        ),
        "xml: an empty element gets a text": (
            XML,
            b"<a><b/><c  d='1' /></a>",
            {"a/b": "1", "a/c": "2"},
            b"<a><b>1</b><c  d='1'>2</c></a>",
        ),
        "xml: an attribute is added behind the others, in their quotes": (
            XML,
            b"<a x='1' /><!-- /a -->",
            {"a/@y": "2"},
            b"<a x='1' y='2' /><!-- /a -->",
        ),
        "xml: an attribute goes with the blanks before it": (
            XML,
            b"<a x='1'\n   y='2'>t</a>",
            {"a/@y": None, "a/@z": None},
            b"<a x='1'>t</a>",
        ),
        "xml: a declared encoding stays, and what it lacks is a reference": (
            XML,
            b"<?xml version='1.0' encoding='ISO-8859-1'?><!-- \xe4 --><a b='\xfc'>\xfc</a>",
            {"a": "\u20ac\xdf", "a/@b": "\U0001f600"},
            b"<?xml version='1.0' encoding='ISO-8859-1'?><!-- \xe4 -->"
            b"<a b='&#128512;'>&#8364;\xdf</a>",
        ),
        "xml: CDATA that the encoding cannot hold becomes a text": (
            XML,
            b"<?xml version='1.0' encoding='us-ascii'?><a><![CDATA[x]]></a>",
            {"a": "\xfc<"},
            b"<?xml version='1.0' encoding='us-ascii'?><a>&#252;&lt;</a>",
        ),
        "xml: UTF-16": (
            XML,
            b"\xff\xfe" + "<?xml version='1.0' encoding='UTF-16'?><a>1</a>".encode("utf-16-le"),
            {"a": "\u20ac"},
            b"\xff\xfe"
            + "<?xml version='1.0' encoding='UTF-16'?><a>\u20ac</a>".encode("utf-16-le"),
        ),
        "xml: names with prefixes, and a public document type": (
            XML,
            b"<!DOCTYPE s:a SYSTEM 'http://example.org/a.dtd'>"
            b"<s:a xmlns:s='urn:s'><s:b x='1'/></s:a>",
            {"s:a/s:b/@x": "2"},
            b"<!DOCTYPE s:a SYSTEM 'http://example.org/a.dtd'>"
            b"<s:a xmlns:s='urn:s'><s:b x='2'/></s:a>",
        ),
    }.items()
]


@pytest.mark.parametrize(("form", "before", "values", "after"), EDITS)
def test_an_edit_changes_what_was_named_and_nothing_else(
    form: Format, before: bytes, values: dict[str, str | None], after: bytes
) -> None:
    assert edit(before, form, values) == after
    assert edit(after, form, values) == after
    found = read(after, form, [key for key in values if values[key] is not None])
    assert {key: found.values.get(key) for key in values} == values


# What is read


def test_properties_are_read_as_java_reads_them() -> None:
    raw = b"a = 1 \n\tb:2\nc 3\nd\n = e\n"
    raw += b"\\ f\\==\\u00e4\\\n   #g\n# h=1\ni=C:\\\\x\\y\nj=\xe4\nk==:\n"
    found = read(raw, PROPERTIES)
    assert found.values == {
        "a": "1 ",
        "b": "2",
        "c": "3",
        "d": "",
        "": "e",
        " f=": "\xe4#g",
        "i": "C:\\xy",
        "j": "\xe4",
        "k": "=:",
    }
    assert found.lines == {
        "a": 1,
        "b": 2,
        "c": 3,
        "d": 4,
        "": 5,
        " f=": 6,
        "i": 9,
        "j": 10,
        "k": 11,
    }


def test_half_of_a_surrogate_pair_in_properties_is_no_plain_value() -> None:
    found = read(b"a=\\uD83D\nb=\\uD83D\\uDE00\n", PROPERTIES)
    assert found.values == {"b": "\U0001f600"}
    assert found.opaque == {"a": "it has half of a surrogate pair"}


def test_a_value_of_an_ini_file_that_goes_on_below_is_not_plain() -> None:
    found = read(b"[a]\nx=1\n  y=2\nz=3\n", INI)
    assert found.values == {"[a] z": "3"}
    assert found.opaque == {
        "[a] x": "its value continues in the lines below, which are indented further"
    }


def test_a_key_of_an_ini_file_with_two_values_is_not_plain() -> None:
    found = read(b"[a]\nx=1\nx=2\ny=1\ny=1\n", INI)
    assert found.values == {"[a] y": "1"}
    assert found.opaque == {"[a] x": "it has different values in lines 2 and 3"}


def test_options_of_an_ini_file_are_what_has_a_key_in_any_section() -> None:
    raw = b"top=0\n[a b]\nx y = 1\nno option\n# z=1\n =2\n[x=1\n[c] ; d\nlast:\n"
    assert read(raw, INI).values == {"top": "0", "[a b] x y": "1", "[c] last": ""}
    assert read(raw, INI).lines == {"top": 1, "[a b] x y": 3, "[c] last": 9}


def test_a_shell_file_says_which_values_are_plain_and_why_the_others_are_not() -> None:
    raw = b"""A=1
B="a b"'$c'\\ d
C=$HOME D="${E}" F=`id` G=$(id) H=~/x I=a:~b J=$'x' K=(1 2)
L+=x
export M=*.jar N='*.jar'
if true; then O=1; fi
[ -z "$P" ] && P=1
(Q=1)
R=1 | cat
S=1 & wait
f() { T=1; }
U=1 >out
V=1
unset V
W=$ X=a$/b
Y=1 env
read Z </dev/null
for AA in 1 2; do BB=1; done
getopts ab CC
"""
    found = read(raw, SHELL)
    assert found.values == {
        "A": "1",
        "B": "a b$c d",
        "N": "*.jar",
        "W": "$",
        "X": "a$/b",
    }
    expands, output = "it expands ", "it holds the output of a command"
    sometimes = "it is set under a condition, in a function or in a subshell"
    elsewhere = "it is set in a pipeline or in the background"
    assert found.opaque == {
        "C": expands + "$HOME",
        "D": expands + "$",
        "F": output,
        "G": output,
        "H": expands + "~",
        "I": expands + "~",
        "K": "it is an array",
        "J": "the meaning of $' depends on the shell",
        "L": "it is appended to the previous value",
        "M": "it contains * outside quotes",
        "O": sometimes,
        "P": sometimes,
        "Q": sometimes,
        "R": elsewhere,
        "S": elsewhere,
        "T": sometimes,
        "U": "the command has redirections",
        "V": "the script unsets it",
        "Z": "the script reads it while it runs",
        "AA": "a loop sets it",
        "BB": sometimes,
        "CC": "it holds an option of the script",
    }
    assert found.lines["M"] == 5


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("let A=5", "it is computed while the script runs"),
        ("let 'B = 1' A+=1", "it is computed while the script runs"),
        ("((A=6))", "it is computed while the script runs"),
        ("(( B = 1, A++ ))", "it is computed while the script runs"),
        ("if ((++A > 1)); then :; fi", "it is computed while the script runs"),
        ("echo $((A <<= 2))", "it is computed while the script runs"),
        ("printf -v A '%s' x", "a command sets it while the script runs"),
        ("mapfile -t A <x", "the script reads it while it runs"),
        ("readarray A < <(x)", "the script reads it while it runs"),
        ("IFS=: read -r B A <x", "the script reads it while it runs"),
        ("command read A", "the script reads it while it runs"),
        ("A=2 unset A", "the script unsets it"),
        ("builtin let A=1", "it is computed while the script runs"),
    ],
)
def test_what_a_shell_file_sets_at_run_time_has_no_value_and_is_not_changed(
    line: str, reason: str
) -> None:
    raw = f"A=0\n{line}\n".encode()
    found = read(raw, SHELL, ["A"])
    assert ("A" in found.values, found.opaque["A"]) == (False, reason)
    with pytest.raises(LaunchFormatError, match=f"A in line 2 cannot be changed: {reason}"):
        edit(raw, SHELL, {"A": "1"})


@pytest.mark.parametrize(
    "line",
    [
        "let B=A+1",
        "((A == 6))",
        "((B = A * 2))",
        "(( A <= 6 && A != 5 && A >= 1 ))",
        "echo $((A + 1)) A=5",
        "printf '%s' A",
        "printf -v B A",
        "mapfile -t A B <x",
        "A=1 java",
        "echo 'A=5 ${A:=5} $((A=5))'",
        ": ${A:=5} ${A:-5}",
        "command java A=5",
        "diff <(java A=5) >(A=6)",
    ],
)
def test_what_only_looks_as_if_a_shell_file_set_it_keeps_its_value(line: str) -> None:
    raw = f"A=0\n{line}\n".encode()
    assert read(raw, SHELL, ["A"]).values["A"] == "0"
    assert edit(raw, SHELL, {"A": "1"}) == f"A=1\n{line}\n".encode()


def test_a_default_that_takes_effect_is_known_only_at_run_time() -> None:
    raw = b'B=\n: ${A:=5} "${B:=6}" ${C=7}\nC=8\n'
    found = read(raw, SHELL)
    reason = "an expansion sets it where it is empty"
    assert (found.values, found.opaque) == ({"C": "8"}, {"A": reason, "B": reason})


def test_the_carriage_return_of_a_windows_line_end_is_no_part_of_a_shell_value() -> None:
    found = read(b"A=1\r\nB='2'\r\n", SHELL)
    assert found.values == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("set A=1", "1"),
        ("  SET\tA=1 ", "1 "),
        ('set "A=1" ', "1"),
        ('set "A=b"c"', 'b"c'),
        ('set "A=1', "1"),
        ('set A="b c"', '"b c"'),
        ("set A=", ""),
        ("set A=50%%", "50%"),
        ("set A=a^&b^^", "a&b^"),
        ('set "A=a^&b"', "a^&b"),
        ("@ set A=(x)", "(x)"),
        ("set A=b=c", "b=c"),
    ],
)
def test_a_batch_file_is_read_as_cmd_reads_it(line: str, value: str) -> None:
    assert read(f"{line}\r\n".encode(), BATCH).values == {"A": value}


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("set A=%B%", "it expands %B%"),
        ("set A=%~dp0x", "it expands %~dp0x"),
        (
            "setlocal EnableDelayedExpansion\nset A=x!B!",
            "it contains ! while delayed expansion is on",
        ),
        ("set A=1& echo x", "other commands or redirections follow it"),
        ("set A=1^\n2", "its line continues in the next"),
        ("if exist x (\n  set A=1\n)", "it is inside a block"),
        ("if not exist x goto end\nset A=1\n:end", "line 1 may jump over it"),
        ("goto :eof\n:sub\nset A=1", "the script ends before it, in line 1"),
        ("echo x& set A=1", "it is computed, or set under a condition or after other commands"),
        (
            'if "%A%"=="" set A=1',
            "it is computed, or set under a condition or after other commands",
        ),
        ("set /a A=1+2", "it is computed, or set under a condition or after other commands"),
        ("set B=1& set A=1", "it is set after other commands"),
    ],
)
def test_a_batch_file_says_why_a_value_is_not_plain(script: str, reason: str) -> None:
    found = read(script.encode(), BATCH)
    assert "A" not in found.values
    assert found.opaque["A"] == reason


@pytest.mark.parametrize(
    "line",
    [
        "echo done & exit /b 0",
        "echo done&&exit /b",
        "start foo & goto :eof",
        '"a & b.exe" & @exit/b',
        "(echo done & exit /b 0)",
        "(\n  echo done\n  exit /b 0\n)",
        "echo a || echo b & exit",
        "if x (\n  echo x\n) & exit",
        "other.bat",
        '"%~dp0\\set env.CMD" -x',
        "echo done & @other.bat /q > log",
    ],
)
def test_what_follows_the_end_of_a_batch_file_has_no_value_and_is_not_added(line: str) -> None:
    raw = f"{line}\nset A=5\n".encode()
    number = 1 + next(n for n, one in enumerate(line.split("\n")) if _leaves(one))
    assert read(raw, BATCH).opaque == {"A": f"the script ends before it, in line {number}"}
    with pytest.raises(LaunchFormatError, match="B cannot be added at the end of the script"):
        edit(raw, BATCH, {"B": "1"})


def _leaves(line: str) -> bool:
    return any(word in line for word in ("exit", "goto", "other", ".CMD"))


@pytest.mark.parametrize(
    "line",
    [
        "call other.bat",
        "start other.bat & echo x",
        'call "%~dp0\\setenv.bat"',
        'java -Da="x & exit" B',
        "echo exit & echo goto x",
        "echo a ^& exit",
        "echo a & rem b & exit",
        "cmd /c exit",
        "java || exit /b 1",
        "java || (echo failed & exit /b 1)",
        "java || (\n  echo failed\n  exit /b 1\n)",
        "if errorlevel 1 exit /b 1",
        "if errorlevel 1 (echo failed & exit /b 1)",
        "if errorlevel 1 echo failed & exit /b 1",
        "if not exist x (\n  other.bat\n) else (\n  exit\n)",
        "for %%i in (*.jar) do call add.bat %%i",
        "echo exit | more",
        "exit_code_of.exe",
        "set other.bat=1",
    ],
)
def test_what_follows_a_command_that_goes_on_or_ends_only_for_a_mistake_has_its_value(
    line: str,
) -> None:
    raw = f"{line}\nset A=5\n".encode()
    assert read(raw, BATCH, ["A"]).values["A"] == "5"
    assert edit(raw, BATCH, {"B": "1"}) == raw + b'set "B=1"\n'


def test_a_block_behind_another_command_is_a_block() -> None:
    raw = b"java && (\n  set A=1\n)\njava & (set B=1)\nset C=1\n"
    found = read(raw, BATCH)
    assert (found.values, found.opaque["A"]) == ({"C": "1"}, "it is inside a block")
    assert "B" in found.opaque


def test_what_a_batch_file_jumps_to_always_runs() -> None:
    raw = b"goto main\nset A=1\n:sub\nset B=1\ngoto :eof\n:main\nset C=1\n"
    assert read(raw, BATCH).values == {"C": "1"}
    assert sorted(read(raw, BATCH).opaque) == ["A", "B"]


def test_a_jump_to_a_path_of_its_own_leaves_the_way_that_does_not_jump() -> None:
    raw = b"""if "%1"=="" goto usage
set A=1
if errorlevel 1 goto usage
java -Da=%A%
goto :eof

rem help
:usage
set B=1
"""
    found = read(raw, BATCH)
    assert found.values == {"A": "1"}
    assert found.opaque == {"B": "the script ends before it, in line 5"}


def test_a_batch_file_answers_to_names_in_any_case() -> None:
    found = read(b"set Host=a\n", BATCH, ["HOST", "host", "port"])
    assert found.values == {"Host": "a", "HOST": "a", "host": "a"}


def test_xml_is_read_by_positions_and_by_the_paths_that_are_asked_for() -> None:
    raw = b"<a x='1'>\n <b n='p'>t&amp;<![CDATA[<u>]]></b>\n <b>v</b><c><!-- d -->w</c><e/></a>"
    found = read(raw, XML, ["a/b[@n='p']", "a/b[@n='p']/@none", "a"])
    assert found.values == {
        "a/@x": "1",
        "a/b[1]": "t&<u>",
        "a/b[1]/@n": "p",
        "a/b[2]": "v",
        "a/e": "",
        "a/b[@n='p']": "t&<u>",
    }
    assert found.opaque == {"a": "it contains elements", "a/c": "it contains a comment"}
    assert (found.lines["a/b[1]"], found.lines["a/b[2]"]) == (2, 3)


# Refusals: what, where, and what to do


@pytest.mark.parametrize(
    ("form", "before", "key", "value", "message"),
    [
        (PROPERTIES, b"", "", "x", "the key is empty"),
        (
            PROPERTIES,
            b"a=1\ndir=C:\\users\n",
            "a",
            "2",
            "in line 2, four hexadecimal digits must follow \\u",
        ),
        (
            PROPERTIES,
            b"\xef\xbb\xbfa=\xff",
            "a",
            "x",
            "the file claims to be utf-8, but is not: 'utf-8' codec can't decode byte 0xff "
            "in position 2: invalid start byte",
        ),
        (PROPERTIES, b"", "a", "\ud800", "'a' or its value contains half of a surrogate pair"),
        (
            INI,
            b"[a]\n",
            "[a] x",
            "1\n2",
            "the value of [a] x contains the character U+000A, which an INI file cannot hold",
        ),
        (
            INI,
            b"[a]\n",
            "[a] x",
            " 1",
            "the value of [a] x begins or ends with a blank, which an INI file cannot keep",
        ),
        (INI, b"", "x=y", "1", "'x=y' is not the address of an option"),
        (INI, b"", "[s]x", "1", "'[s]x' is not the address of an option"),
        (INI, b"", "#x", "1", "'#x' is not the address of an option"),
        (INI, b"", "", "1", "'' is not the address of an option"),
        (INI, b"", "[s]", "1", "[s] is a section, so it cannot be given a value"),
        (INI, b"", "[a]b] x", "1", "a section cannot be named 'a]b'"),
        (
            INI,
            b"[a]\nHost=1\n",
            "[a] host",
            "2",
            "there is no '[a] host', but there is '[a] Host', which differs only in case",
        ),
        (
            INI,
            b"[Chat]\nx=1\n",
            "[chat] y",
            "2",
            "there is no section 'chat', but there is 'Chat', which differs only in case",
        ),
        (
            INI,
            "[a]\ncaf\u00e9=1\n".encode(),
            "[a] cafe\u0301",
            "2",
            r"""there is no "[a] cafe\u0301", but there is "[a] caf\xe9", which differs only in """
            "the Unicode form of characters",
        ),
        (
            INI,
            b"[my chat]\nx=1\n",
            "[my  chat] y",
            "2",
            "there is no section 'my  chat', but there is 'my chat', which differs only in blanks "
            "or invisible characters",
        ),
        (
            INI,
            b"[a]\nx=1\n  2\n",
            "[a] x",
            "2",
            "[a] x in line 2 cannot be changed: its value continues in the lines below, "
            "which are indented further",
        ),
        (
            INI,
            b"[a]\nx=1\n  [b]\n",
            "[a] x",
            "2",
            "line 3 is a section header that is indented further than the line before it: "
            "programs disagree whether it is a header",
        ),
        (INI, b"[a]\nx=1\n", "[a]", None, "[a] cannot be changed: the section is not empty"),
        (
            INI,
            b"; \xff\n[a]\n",
            "[a] x",
            "\u20ac",
            "the file is in latin-1, which cannot hold the character U+20AC",
        ),
        (
            SHELL,
            b"A='\xff'\n",
            "A",
            "\xc3\xa4",
            "the file is latin-1, but with these values it would look like UTF-8",
        ),
        (SHELL, b"", "a-b", "1", "'a-b' is not a valid name of a shell variable"),
        (SHELL, b"", "\xe4", "1", "'\xe4' is not a valid name of a shell variable"),
        (
            SHELL,
            b"",
            "A",
            "\0",
            "the value of A contains the character U+0000, which a shell file cannot hold",
        ),
        (
            SHELL,
            b"if x; then\n  A=1\nfi\n",
            "A",
            "2",
            "A in line 2 cannot be changed: it is set under a condition, in a function or in a "
            "subshell",
        ),
        (
            SHELL,
            b"exec java -jar x\nA=1\n",
            "A",
            "2",
            "A in line 2 cannot be changed: the script ends before it, in line 1",
        ),
        (
            SHELL,
            b"A=1\nexec java\n",
            "B",
            "2",
            "B cannot be added at the end of the script: the script ends in line 2",
        ),
        (
            SHELL,
            b"if true\n",
            "B",
            "2",
            "B cannot be added at the end of the script: fi is missing at its end",
        ),
        (
            SHELL,
            b"cat <<E\n",
            "B",
            "2",
            "B cannot be added at the end of the script: a here-document is not closed",
        ),
        (
            SHELL,
            b"a \\\n",
            "B",
            "2",
            "B cannot be added at the end of the script: its last line is continued",
        ),
        (
            SHELL,
            b"a &&\n\n",
            "B",
            "2",
            "B cannot be added at the end of the script: its last line is continued",
        ),
        (SHELL, b'# "\nA="x\n', "A", "2", "'\"' in line 2 is not closed"),
        (
            SHELL,
            b"A=1; echo x\n",
            "A",
            None,
            "A in line 1 cannot be removed: its line contains other commands",
        ),
        (SHELL, b"A=" + b"$(" * 3000, "A", "1", "expansions are nested too deeply"),
        (SHELL, b"\xff\xfeA\0", "A", "1", "the file is utf-16-le, which a shell file cannot be"),
        (BATCH, b"", "A=B", "1", "'A=B' cannot be set in a batch file"),
        (BATCH, b"", "/A", "1", "'/A' cannot be set in a batch file"),
        (BATCH, b"", " A", "1", "' A' cannot be set in a batch file"),
        (
            BATCH,
            b"",
            "A",
            "1\r\n2",
            "the value of A contains the character U+000D, which a batch file cannot hold",
        ),
        (
            BATCH,
            b"setlocal enabledelayedexpansion\n",
            "A",
            "x!",
            "the value of A contains !, which the script's delayed expansion would remove",
        ),
        (
            BATCH,
            b"exit /b 0\n",
            "A",
            "x",
            "A cannot be added at the end of the script: the script ends before it, in line 1",
        ),
        (
            BATCH,
            b"if x (\n",
            "A",
            "x",
            "A cannot be added at the end of the script: a block is still open at its end",
        ),
        (
            BATCH,
            b"echo x ^\r\n",
            "A",
            "x",
            "A cannot be added at the end of the script: its last line is continued",
        ),
        (
            XML,
            b"<a><b n='1'/><b n='2'/></a>",
            "a/b/@x",
            "1",
            "a/b/@x leads to 2 elements: line 1 n='1', line 1 n='2'",
        ),
        (XML, b"<a><b n='1'/><c/></a>", "a/d", "1", "a/d: a has no such d; it has b n='1', c"),
        (XML, b"<a><b/></a>", "a/b[2]", "1", "a/b[2]: a has no such b; it has b"),
        (XML, b"<a><b/></a>", "a/b[0]", "1", "a/b[0]: a has no such b; it has b"),
        (XML, b"<a><b/></a>", "a/b/c", "1", "a/b/c: a/b has no such c; it has no elements"),
        (XML, b"<a/>", "b", "1", "b: the root element is a"),
        (
            XML,
            b"<a/>",
            "a//b",
            "1",
            "'a//b' is not a path to an element or attribute: see its character 3",
        ),
        (
            XML,
            b"<a/>",
            "@b",
            "1",
            "'@b' is not a path to an element or attribute: see its character 1",
        ),
        (
            XML,
            b"<a b='1'/>",
            "a[@b='1']/@b",
            "2",
            "a[@b='1']/@b selects the element by the same attribute that it is to set",
        ),
        (
            XML,
            b"<a>\n<b>1<!-- c --></b></a>",
            "a/b",
            "2",
            "the text of a/b in line 2 cannot be changed: it contains a comment",
        ),
        (
            XML,
            b"<a>1<b/></a>",
            "a",
            "2",
            "the text of a in line 1 cannot be changed: it contains elements",
        ),
        (
            XML,
            b"<a>1<?p q?></a>",
            "a",
            "2",
            "the text of a in line 1 cannot be changed: it contains a processing instruction p",
        ),
        (XML, b"<a>1</a>", "a", None, "a is an element, which gwe cannot remove"),
        (
            XML,
            b"<a>1</a>",
            "a",
            "\x01",
            "the value of a contains the character U+0001, which XML cannot hold",
        ),
        (XML, b"<a>1</b>", "a", "2", "line 1 is not well-formed XML: mismatched tag"),
        (XML, b"", "a", "2", "line 1 is not well-formed XML: no element found"),
        (
            XML,
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
            "a",
            "2",
            "line 1: the document type has internal declarations, which can change the meaning "
            "of the text",
        ),
        (
            XML,
            b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a>&b;</a>",
            "a",
            "2",
            "line 1: &b; is declared in another file",
        ),
        (
            XML,
            b"<?xml version='1.0' encoding='utf-7'?><a/>",
            "a",
            "2",
            "the XML declaration says encoding utf-7, which is not supported",
        ),
        (
            XML,
            b"<?xml version='1.0' encoding='UTF-16'?><a/>",
            "a",
            "2",
            "the XML declaration says encoding UTF-16, which is not supported",
        ),
        (
            XML,
            b"<a>" * 201 + b"</a>" * 201,
            "a",
            "2",
            "elements are nested deeper than 200 levels",
        ),
    ],
)
def test_what_cannot_be_held_or_changed_is_refused_with_its_place(
    form: Format, before: bytes, key: str, value: str | None, message: str
) -> None:
    error = refusal(before, form, key, value)
    assert error.message == message


def test_a_refusal_says_what_to_do_next() -> None:
    error = refusal(b"A=1\nexec java\n", SHELL, "B", "2")
    assert error.hint == "Assign B where it should take effect; gwe then edits its value."


@pytest.mark.long
@pytest.mark.parametrize(
    ("form", "raw", "key"),
    [
        (INI, b"[s]\nx" + b" " * 200_000 + b"y\n", "[s] k"),
        (INI, b"[s]\n" + b" " * 200_000 + b"=\n", "[s] k"),
        (PROPERTIES, b"\\" * 200_000 + b"\n", "k"),
        (PROPERTIES, b"a\\\n" * 50_000, "k"),
        (SHELL, b": " + b"\\\\" * 100_000 + b"\n", "k"),
        (SHELL, b": " + b"'x'$(y)" * 20_000 + b"\n", "k"),
        (BATCH, b"x " + b"set " * 50_000, "k"),
        (BATCH, b"if x goto a\r\n" * 10_000 + b":a\r\n", "k"),
        (XML, b"<a" + b" " * 200_000 + b"><b>" + b"x &amp;" * 50_000 + b"</b></a>", "a/@k"),
    ],
)
def test_a_hostile_file_takes_no_more_time_than_its_size_asks_for(
    form: Format, raw: bytes, key: str
) -> None:
    started = time.process_time()
    assert read(edit(raw, form, {key: "1"}), form).values[key] == "1"
    assert time.process_time() - started < 20  # what is quadratic takes minutes


def test_what_an_entity_stands_for_is_never_read() -> None:
    laughs = b"<!DOCTYPE a [<!ENTITY l '%s'>]><a>&l;</a>" % (b"l" * 1000)
    with pytest.raises(LaunchFormatError, match="internal declarations"):
        read(laughs, XML)


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert edit(b"a=1\r\n", PROPERTIES, {"b": None}) == b"a=1\r\n"
    assert edit(b"[a]\r\n", INI, {"[b] c": None, "[b]": None}) == b"[a]\r\n"
    assert edit(b"A=1\n", SHELL, {"B": None}) == b"A=1\n"
    assert edit(b"set A=1\n", BATCH, {"B": None}) == b"set A=1\n"


def test_an_edit_that_would_not_read_back_is_not_given_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(properties_module, "edit", lambda text, _values: text + "b=9\n")
    error = refusal(b"a=1\nb=2\n", PROPERTIES, "a", "5")
    assert error.message == (
        "self-check failed: after the edit, these keys would have wrong values: a, b"
    )
    assert error.hint == "The file is unchanged. Please report this together with the file."
