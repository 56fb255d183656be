"""XML files: the text of an element, or an attribute, by a path (see ``xml_path``).

Only the bytes of that text or value change. A missing attribute is added at the end of its
tag; adding and then removing it restores the text. Elements are neither added nor removed,
and a text that contains elements or comments is left alone. ``<a/>`` becomes
``<a>text</a>``, and ``<a></a>`` if that text is made empty again.
"""

import re
from collections.abc import Iterable, Mapping

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import xml_path, xml_tree
from reconciler.launch.formats.model import Reading
from reconciler.launch.formats.xml_tree import Element

# Characters that XML 1.0 excludes, even as character references.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CDATA = (b"<![CDATA[", b"]]>")


def read(text: str, paths: Iterable[str] = ()) -> Reading:
    """Every text and attribute, by a path that counts elements; those at ``paths`` by these paths
    too. LaunchFormatError for a path that selects no element or several.
    """
    root = xml_tree.parse(text)
    values: dict[str, str] = {}
    opaque: dict[str, str] = {}
    lines: dict[str, int] = {}
    for path, element in xml_tree.walk(root):
        lines[path] = element.line
        if not element.mixed:
            values[path] = element.text
        elif not element.children:
            opaque[path] = element.mixed
        for name, value in element.attributes.items():
            values[f"{path}/@{name}"] = value
            lines[f"{path}/@{name}"] = element.line
    for path in paths:
        element, attribute = xml_path.find(root, path)
        lines[path] = element.line
        if attribute in element.attributes:
            values[path] = element.attributes[attribute]
        elif not attribute and element.mixed:
            opaque[path] = element.mixed
        elif not attribute:
            values[path] = element.text
    return Reading(values, opaque, lines)


def edit(text: str, values: Mapping[str, str | None], codec: str = "utf-8") -> str:
    """The text with these values. Characters that ``codec`` lacks become references."""
    for path, value in values.items():
        element, attribute = xml_path.find(xml_tree.parse(text), path)
        raw = text.encode()
        if value is not None:
            bad = _FORBIDDEN.search(value)
            if bad:
                raise LaunchFormatError(
                    f"the value of {path} contains the character U+{ord(bad.group()):04X}, "
                    "which XML cannot hold",
                    "Use a value without it.",
                )
        if attribute:
            raw = _edit_attribute(raw, element, attribute, value, codec)
        else:
            raw = _edit_text(raw, element, path, value, codec)
        text = raw.decode()
    return text


def by_position(text: str, paths: Iterable[str]) -> set[str]:
    """The given paths as the paths that ``read`` returns, which count elements."""
    root = xml_tree.parse(text)
    positions = {id(element): path for path, element in xml_tree.walk(root)}
    found = [xml_path.find(root, path) for path in paths]
    return {
        positions[id(element)] + (f"/@{attribute}" if attribute else "")
        for element, attribute in found
    }


def _edit_attribute(
    raw: bytes, element: Element, name: str, value: str | None, codec: str
) -> bytes:
    there = element.spans.get(name)
    if value is None:
        return raw[: there[0]] + raw[there[1] :] if there else raw
    if there:
        if element.attributes[name] == value:
            return raw
        start, end = there
        quote = raw[end - 1 : end].decode()
        start += raw[start:end].index(quote.encode())
        return raw[:start] + _attribute(value, quote, codec) + raw[end:]
    end = max((span[1] for span in element.spans.values()), default=element.tag_name_end)
    quote = raw[end - 1 : end].decode() if element.spans else '"'
    return raw[:end] + f" {name}=".encode() + _attribute(value, quote, codec) + raw[end:]


def _edit_text(raw: bytes, element: Element, path: str, value: str | None, codec: str) -> bytes:
    if value is None:
        raise LaunchFormatError(
            f"{path} is an element, which gwe cannot remove",
            "Set its text, or name an attribute.",
        )
    if element.mixed:
        raise LaunchFormatError(
            f"the text of {path} in line {element.line} cannot be changed: {element.mixed}",
            "Edit the file by hand.",
        )
    if element.text == value:
        return raw
    if element.content is None:
        slash = raw[: element.tag_end - 2].rstrip()
        tag = element.name.encode()
        return slash + b">" + _text(value, codec) + b"</" + tag + b">" + raw[element.tag_end :]
    start, end = element.content
    written = raw[start:end]
    if written.startswith(_CDATA[0]) and written.endswith(_CDATA[1]) and _fits_cdata(value, codec):
        inside = value.replace("]]>", "]]]]><![CDATA[>").encode()
        return raw[:start] + _CDATA[0] + inside + _CDATA[1] + raw[end:]
    return raw[:start] + _text(value, codec) + raw[end:]


def _fits_cdata(value: str, codec: str) -> bool:
    try:
        value.encode(codec)
    except UnicodeEncodeError:
        return False
    return "\r" not in value


def _text(value: str, codec: str) -> bytes:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _in_codec(value.replace("\r", "&#13;"), codec)


def _attribute(value: str, quote: str, codec: str) -> bytes:
    value = value.replace("&", "&amp;").replace("<", "&lt;")
    value = value.replace('"', "&quot;") if quote == '"' else value.replace("'", "&apos;")
    value = value.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")
    return quote.encode() + _in_codec(value, codec) + quote.encode()


def _in_codec(value: str, codec: str) -> bytes:
    """The text in UTF-8, with references for the characters that ``codec`` lacks."""
    return value.encode(codec, "xmlcharrefreplace").decode(codec).encode()
