"""Random launch files, made line by line, that know what becomes of them.

``LINES`` has the lines of each format in pieces, ``WRITTEN`` how a value is written in each
of them, both by hand: what a file holds after a change is put together from these, and no
editor is asked.
"""

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from reconciler.launch.formats import Format

PROPERTIES, INI, XML = Format.PROPERTIES, Format.INI, Format.XML
SHELL, BATCH = Format.SHELL, Format.BATCH
KEYS = ("alpha", "beta", "gamma")
ENDS = st.sampled_from(["\n", "\r\n"])


@dataclass(frozen=True)
class Line:
    """One line: what stands before and behind its value. ``style``: how a value is written
    there; ``means``: what it says, None for nothing; ``more``: how a line that is added
    behind it begins; ``gone``: what stays when its key goes, None for no line at all;
    ``spelled``: the key as the line has it."""

    before: str
    value: str = ""
    after: str = ""
    style: str = ""
    means: str | None = None
    more: str = ""
    gone: str | None = None
    key: str = ""
    spelled: str = ""
    end: str = "\n"

    @property
    def text(self) -> str:
        return self.before + self.value + self.after

    def of(self, key: str, spelled: str, number: int) -> "Line":
        """The line for a key, with a number of its own in its value."""

        def filled(text: str) -> str:
            return text.replace("{key}", spelled).replace("{n}", str(number))

        means = None if self.means is None else filled(self.means)
        before, value, after = map(filled, (self.before, self.value, self.after))
        line = replace(self, key=key, spelled=spelled, means=means)
        return replace(line, before=before, value=value, after=after)


# Format -> lines that hold a value, and lines that hold none of the keys

LINES: Mapping[Format, tuple[tuple[Line, ...], tuple[Line, ...]]] = {
    PROPERTIES: (
        (
            Line("{key}=", "{n}", "", "sign", "{n}", "{key}="),
            Line("  {key} : ", "v{n}", "", "sign", "v{n}", "{key} : "),
            Line("{key} ", "{n}", "", "blank", "{n}", "{key}="),
            Line("{key}", "", "", "alone", "", "{key}="),
            Line("{key}=", "a\\u00e4\\t{n} ", "", "sign", "a\xe4\t{n} ", "{key}="),
            Line("{key}=", "\xe4", "", "sign", "\xe4", "{key}="),
        ),
        (
            *(Line(""), Line("# alpha=1"), Line("\t! beta"), Line("   ")),
            *(Line("other=\xff", more="{key}="), Line("x\\=y=1", more="{key}=")),
        ),
    ),
    INI: (
        (
            Line("{key}=", "{n}", "", "raw", "{n}", "{key}="),
            Line("{key} = ", "v {n}", "", "raw", "v {n}", "{key} = "),
            Line("{key}:", "{n}", "", "raw", "{n}", "{key}:"),
            Line("{key} =", "", "", "raw", "", "{key} ="),
            Line("{key} = ", '"x"', "", "raw", '"x"', "{key} = "),
        ),
        (
            *(Line(""), Line("; alpha=1"), Line("# beta")),
            *(Line("other = ", "\xff", more="{key} = "), Line("x y=", "1", more="{key}=")),
        ),
    ),
    SHELL: (
        (
            Line("{key}=", "{n}", "", "bare", "{n}", "{key}="),
            Line("{key}=", "'a b{n}'", "", "single", "a b{n}", "{key}="),
            Line("export {key}=", '"x{n}"', "", "double", "x{n}", "export {key}="),
            Line("{key}=", "", "", "bare", "", "{key}="),
            Line("{key}=", "a\\ b", " # c", "bare", "a b", "{key}=", "# c"),
            Line("{key}=", "$HOME/lib", "", "bare", "(it expands $HOME)", "{key}="),
        ),
        (
            *(Line(""), Line("# alpha=1"), Line("echo alpha=1"), Line("\t[ -z '' ] || true")),
            *(Line(": 'x y'"), Line("other='\xff'", more="{key}=")),
        ),
    ),
    BATCH: (
        (
            Line("set ", "{key}={n}", "", "plain", "{n}", "set "),
            Line("SET ", '"{key}=a b{n}"', "", "quotes", "a b{n}", "set "),
            Line("@set ", "{key}=%%{n}", "", "plain", "%{n}", "@set "),
            Line("  set ", "{key}=a^&b", "", "plain", "a&b", "set "),
            Line("set ", "{key}=%OLD%", "", "plain", "(it expands %OLD%)", "set "),
        ),
        (
            *(Line(""), Line("rem set alpha=1"), Line(":: beta"), Line("@echo off")),
            *(Line("echo (x)"), Line("set other=\xff", more="set ")),
        ),
    ),
    XML: (
        (
            Line("  <{key}>", "v{n}", "</{key}>", "text", "v{n}"),
            Line("<{key}>", "<![CDATA[<v{n}>]]>", "</{key} >", "CDATA", "<v{n}>"),
            Line("<{key}", "/>", "", "empty", ""),
            Line("<{key}", " v='&lt;{n}'", "/>", "single", "<{n}"),
            Line("<{key}\n n='1'", ' v="{n}"', ">t</{key}>", "double", "{n}"),
            Line("<{key}", "", "/>", "absent"),
        ),
        (
            *(Line(""), Line("<!-- <alpha>1</alpha> -->"), Line("<?p <alpha/> ?>")),
            *(Line("<other v='\xff'>  \xff</other>"), Line("text &amp; more")),
        ),
    ),
}

# Format -> value -> how it is written in each style


def _xml(text: str, cdata: str, double: str, single: str) -> Mapping[str, str]:
    return {
        "text": text,
        "empty": f">{text}</{{key}}>" if text else "/>",
        "CDATA": f"<![CDATA[{cdata}]]>",
        "double": f' v="{double}"',
        "absent": f' v="{double}"',
        "single": f" v='{single}'",
    }


def _properties(text: str, after_blank: str = "") -> Mapping[str, str]:
    return {"sign": text, "blank": after_blank or text, "alone": f"={text}" if text else ""}


def _batch(plain: str, quotes: str = "") -> Mapping[str, str]:
    quotes = quotes or f'"{{key}}={plain}"'
    return {"plain": quotes if plain.startswith('"') else f"{{key}}={plain}", "quotes": quotes}


def _shell(bare: str, single: str, double: str) -> Mapping[str, str]:
    return {"bare": bare, "single": single, "double": double}


WRITTEN: Mapping[Format, Mapping[str, Mapping[str, str]]] = {
    PROPERTIES: {
        "new": _properties("new"),
        "": _properties(""),
        "=x: y": _properties("=x: y", "\\=x: y"),
        " a b ": _properties("\\ a b\\ "),
        "C:\\Web Eng": _properties("C:\\\\Web Eng"),
        "gr\xfcn \u20ac": _properties("gr\\u00FCn \\u20AC"),
        "a\tb\nc#!": _properties("a\\tb\\nc#!"),
    },
    INI: {
        "new": {"raw": "new"},
        "": {"raw": ""},
        'it\'s "50%" ; # [x]=': {"raw": 'it\'s "50%" ; # [x]='},
        "C:\\Web Eng": {"raw": "C:\\Web Eng"},
        "gr\xfcn": {"raw": "gr\xfcn"},
    },
    SHELL: {
        "new": _shell("new", "'new'", '"new"'),
        "": _shell("", "''", '""'),
        "/opt/We b": _shell("'/opt/We b'", "'/opt/We b'", '"/opt/We b"'),
        "it's $5": _shell("'it'\\''s $5'", "'it'\\''s $5'", '"it\'s \\$5"'),
        '% "x" & `\\': _shell("'% \"x\" & `\\'", "'% \"x\" & `\\'", '"% \\"x\\" & \\`\\\\"'),
        "now!": _shell("'now!'", "'now!'", "'now!'"),
        "gr\xfcn": _shell("'gr\xfcn'", "'gr\xfcn'", '"gr\xfcn"'),
    },
    BATCH: {
        "new": _batch("new"),
        "": _batch(""),
        "C:\\Web Eng": _batch("C:\\Web Eng"),
        "50% & more": _batch('"', '"{key}=50%% & more"'),
        'x"y&z': _batch('"', '"{key}=x"y^&z"'),
        " it's ": _batch('"', '"{key}= it\'s "'),
        "gr\xfcn": _batch("gr\xfcn"),
    },
    XML: {
        "new": _xml("new", "new", "new", "new"),
        "": _xml("", "", "", ""),
        "A & B <c>": _xml(
            "A &amp; B &lt;c&gt;", "A & B <c>", "A &amp; B &lt;c>", "A &amp; B &lt;c>"
        ),
        "]]>": _xml("]]&gt;", "]]]]><![CDATA[>", "]]>", "]]>"),
        'it\'s "x"': _xml(*('it\'s "x"', 'it\'s "x"'), *("it's &quot;x&quot;", 'it&apos;s "x"')),
        " gr\xfcn  ": _xml(" gr\xfcn  ", " gr\xfcn  ", " gr\xfcn  ", " gr\xfcn  "),
    },
}
_IN_ATTRIBUTES = ("double", "single", "absent")


def _holding(form: Format, line: Line, value: str) -> Line:
    """The line with another value in its place, in the style that it then has."""
    written = WRITTEN[form][value][line.style].replace("{key}", line.spelled)
    line = replace(line, value=written, means=value)
    match line.style:
        case "alone" if written:
            return replace(line, before=f"{line.before}=", value=written[1:], style="sign")
        case "empty" if value:
            behind = f"</{line.spelled}>"
            inside = written.removeprefix(">").removesuffix(behind)
            before = f"{line.before}>"
            return replace(line, before=before, value=inside, after=behind, style="text")
        case "absent":
            return replace(line, style="double")
        case "plain" if written[0] == '"':
            return replace(line, style="quotes")
        case "bare" | "double" if written[:1] == "'":
            return replace(line, style="single")
    return line


@dataclass(frozen=True, repr=False)
class Text:
    """A launch file. Where a key stands twice, the last line counts; in INI files both."""

    form: Format
    lines: tuple[Line, ...]
    codec: str = "utf-8"
    mark: bytes = b""

    def __repr__(self) -> str:
        return repr(self.raw)

    @property
    def raw(self) -> bytes:
        text = "".join(line.text + line.end for line in self.lines)
        return self.mark + text.encode(self.codec)

    def places(self, key: str) -> list[int]:
        return [at for at, line in enumerate(self.lines) if line.key == key]

    def address(self, key: str) -> str:
        """How a manifest names the key."""
        if self.form is INI:
            return f"[s] {key}"
        if self.form is not XML:
            return key
        places = self.places(key)
        chosen = f"[{len(places)}]" if len(places) > 1 else ""
        in_attribute = self.lines[places[-1]].style in _IN_ATTRIBUTES
        return f"server/{key}{chosen}" + ("/@v" if in_attribute else "")

    def says(self, key: str) -> str | None:
        """What the file says of the key; what is no plain value in brackets."""
        found = self.places(key)
        if self.form is INI and len({self.lines[at].means for at in found}) > 1:
            return f"(it has different values in lines {' and '.join(str(at + 1) for at in found)})"
        return self.lines[found[-1]].means if found else None

    def held(self, key: str, value: str) -> "Text":
        """With another value of a key that it has."""
        lines = list(self.lines)
        for at in self.places(key) if self.form is INI else self.places(key)[-1:]:
            if lines[at].means != value:
                lines[at] = _holding(self.form, lines[at], value)
        return replace(self, lines=tuple(lines))

    def gone(self, key: str) -> "Text":
        """Without the key."""
        lines = list(self.lines)
        for at in reversed(self.places(key)):
            line = lines[at]
            if self.form is XML:
                if at == self.places(key)[-1]:
                    lines[at] = replace(line, value="", style="absent", means=None)
            elif line.gone is not None:
                lines[at] = Line(line.gone, end=line.end)
            else:
                del lines[at]
                if not line.end and at:
                    lines[at - 1] = replace(lines[at - 1], end="")
        while lines and not lines[-1].text + lines[-1].end:
            lines.pop()
        return replace(self, lines=tuple(lines))

    def added(self, key: str, value: str) -> "Text":
        """With a line for a key that it does not have."""
        lines = list(self.lines)
        at = _end_of_section(lines) if self.form is INI else len(lines)
        like = [line for line in lines[:at] if line.more]
        if self.form is INI and not any(line.more for line in lines[_section(lines) : at]):
            like = [line for line in lines if line.more]
        more = {BATCH: "set "}.get(self.form, "{key}=")
        if like:
            more = like[-1].more
            if self.form is INI and not like[-1].value:
                more = more.replace(" ", "")
        style = {PROPERTIES: "sign", INI: "raw", SHELL: "bare", BATCH: "quotes"}[self.form]
        line = Line(more.replace("{key}", key), "", "", style, None, more, key=key, spelled=key)
        ends = [one.end for one in lines[:at] if one.end] or [one.end for one in lines if one.end][
            :1
        ]
        end = ends[-1] if ends else "\r\n" if self.form is BATCH else "\n"
        behind_all = at > 0 and not lines[at - 1].end
        if behind_all:
            lines[at - 1] = replace(lines[at - 1], end=end)
        line = replace(_holding(self.form, line, value), end="" if behind_all else end)
        return replace(self, lines=(*lines[:at], line, *lines[at:]))

    def edited(self, values: Mapping[str, str | None]) -> "Text":
        """With these values; what is not there is added behind the rest, in their order."""
        text = self
        for key, value in values.items():
            if value is None:
                text = text.gone(key)
            elif text.places(key):
                text = text.held(key, value)
        for key, value in values.items():
            if value is not None and not text.places(key):
                text = text.added(key, value)
        return text


def _section(lines: Sequence[Line]) -> int:
    """Where the section [s] of an INI file begins."""
    return next(at for at, line in enumerate(lines) if line.text == "[s]")


def _end_of_section(lines: Sequence[Line]) -> int:
    """Behind the last line of [s] that is neither blank nor a comment."""
    end = begin = _section(lines) + 1
    for at, line in enumerate(lines[begin:], begin):
        if line.text.startswith("["):
            break
        if line.text and line.text[0] not in ";#":
            end = at + 1
    return end


# Encodings: what a file may begin with, its codec, and the line that says it

_MARKS: Mapping[Format, tuple[tuple[bytes, str, str], ...]] = {
    PROPERTIES: ((b"", "latin-1", ""), (codecs.BOM_UTF8, "utf-8", "")),
    INI: (
        *((b"", "utf-8", ""), (b"", "latin-1", "")),
        *((codecs.BOM_UTF8, "utf-8", ""), (codecs.BOM_UTF16_LE, "utf-16-le", "")),
    ),
    SHELL: ((b"", "utf-8", ""), (b"", "latin-1", ""), (codecs.BOM_UTF8, "utf-8", "# mark")),
    BATCH: ((b"", "utf-8", ""), (b"", "latin-1", ""), (codecs.BOM_UTF8, "utf-8", "@echo off")),
    XML: (
        *((b"", "utf-8", ""), (codecs.BOM_UTF8, "utf-8", "<?xml version='1.0'?>")),
        (b"", "latin-1", "<?xml version='1.0' encoding='ISO-8859-1'?>"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "<?xml version='1.0' encoding='UTF-16'?>"),
    ),
}


@st.composite
def texts(draw: st.DrawFn, form: Format, *, anything: bool = False) -> Text:
    """A file in which each key stands once or never. ``anything``: or twice, in other
    letters, with a byte order mark, in every encoding that the format has."""
    assigned, others = LINES[form]
    keys = list(KEYS) * (2 if anything else 1)
    lines: list[Line] = []
    for number in range(draw(st.integers(0, 7))):
        if keys and draw(st.booleans()):
            key = keys.pop(draw(st.integers(0, len(keys) - 1)))
            upper = anything and form is BATCH and draw(st.booleans())
            spelled = key.upper() if upper else key
            line = draw(st.sampled_from(assigned)).of(key, spelled, number)
        else:
            line = draw(st.sampled_from(others))
        lines.append(replace(line, end=draw(ENDS)))
    if lines and lines[-1].text and draw(st.booleans()):
        lines[-1] = replace(lines[-1], end="")
    mark, codec, first = draw(st.sampled_from(_MARKS[form])) if anything else (b"", "", "")
    if not anything:
        codec = "latin-1" if form is PROPERTIES else draw(st.sampled_from(["utf-8", "latin-1"]))
    if form is INI:
        lines = [*_FIRST_SECTION, *lines, *(_LAST_SECTION if draw(st.booleans()) else ())]
        if lines[-1].text == "beta=0" and not lines[-4].end:
            lines[-4] = replace(lines[-4], end="\n")
    if form is XML:
        lines = [Line("<server>"), *lines, Line("</server>")]
        lines = [replace(one, end=one.end or "\n") for one in lines]
    if first:
        lines = [Line(first, end=draw(ENDS)), *lines]
    ascii_only = all(line.text.isascii() for line in lines)
    if codec == "latin-1" and ascii_only and form not in (PROPERTIES, XML):
        codec = "utf-8"  # it could be either, and is taken for this one
    return Text(form, tuple(lines), codec, mark)


_FIRST_SECTION = (
    *(Line("[first]", end="\r\n"), Line("alpha = ", "0", more="{key} = "), Line(""), Line("[s]")),
)
_LAST_SECTION = (Line(""), Line("[t]"), Line("beta=", "0", more="{key}=", end=""))
