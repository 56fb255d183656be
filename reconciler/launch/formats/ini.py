"""INI files: ``[section]`` and ``key = value``, as Python's configparser reads them.

A key is addressed as ``[section] key``, before the first section as ``key``; ``[section]``
alone, with None, removes a section that is empty. ``;`` and ``#`` begin comments at the
start of a line only; quotes and ``%`` are characters like any other. Readers of this
family disagree in places, so there nothing is guessed: a key that stands twice is
edited everywhere, a value that goes on in deeper indented lines is left alone, a key
that differs from one that is there in case only is refused.

Adding and then removing a key restores the text; of a new section the header stays
until ``[section]`` is removed as well.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import assignments
from reconciler.launch.formats.assignments import refuse_characters
from reconciler.launch.formats.ini_lines import Section, sections_of
from reconciler.launch.formats.lines import insert_line, remove_lines
from reconciler.launch.formats.model import Assignment, Reading

_KEY = re.compile(r"\[(?P<section>.+)\](?: (?P<name>.*))?", re.DOTALL)
_CONTROL = "".join(map(chr, (*range(9), *range(10, 32), 127))) + "\x85\u2028\u2029"
_SECTION = "it is a section"
_CONTINUED = "its value goes on in the lines below, which are indented further"


def read(text: str) -> Reading:
    """Every key of the text, as ``[section] key``."""
    found = assignments.read(text, _Ini())
    opaque = {key: why for key, why in found.opaque.items() if why != _SECTION}
    lines = {key: line for key, line in found.lines.items() if line}
    return Reading(found.values, opaque, lines)


def edit(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these values."""
    return assignments.edit(text, values, _Ini())


def missing_sections(text: str, keys: Iterable[str]) -> list[str]:
    """The sections that an addition of these keys would add, as keys of their own."""
    there = {section.name for section in sections_of(text)}
    wanted = dict.fromkeys(_split(key)[0] for key in keys)
    return [f"[{section}]" for section in wanted if section not in there]


def _address(section: str, key: str) -> str:
    return f"[{section}] {key}" if section else key


def _split(address: str) -> tuple[str, str]:
    """The section and the key; the key is empty for a section as a whole."""
    found = _KEY.fullmatch(address)
    section, key = (found["section"], found["name"] or "") if found else ("", address)
    clean = key == key.strip() and not re.search(r"[=:]", key) and key[:1] not in ("#", ";", "[")
    if not clean or not (section or key) or any(c in _CONTROL for c in address):
        raise LaunchFormatError(
            f"{address!r} names no option",
            "Write [section] key; a key has no = or : and does not begin with #, ; or [.",
        )
    return section, key


class _Ini:
    every = True

    def fold(self, key: str) -> str:
        return key

    def check(self, key: str, value: str) -> None:
        _, name = _split(key)
        if not name:
            raise LaunchFormatError(f"{key} is a section and has no value", f"Write {key} NAME.")
        refuse_characters(key, value, _CONTROL, "an INI file")
        if value != value.strip():
            raise LaunchFormatError(
                f"the value of {key} begins or ends with a blank, which an INI file cannot hold",
                "Use a value without it.",
            )

    def parse(self, text: str) -> list[Assignment]:
        found: list[Assignment] = []
        for section in sections_of(text):
            if section.name:
                header = (f"[{section.name}]", 0, section.start, section.end)
                full = "the section is not empty" if section.options else ""
                found.append(Assignment(*header, None, _SECTION, full))
            for one in section.options:
                if one.key:
                    value = None if one.continued else one.value
                    reason = _CONTINUED if one.continued else ""
                    end = one.at + len(one.value)
                    key = _address(section.name, one.key)
                    found.append(Assignment(key, one.line, one.at, end, value, reason, reason))
        return found

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        return text[: old.start] + value + text[old.end :]

    def added(self, text: str, key: str, value: str) -> str:
        section_name, name = _split(key)
        sections = sections_of(text)
        _refuse_twin(sections, section_name, name)
        same = [one for one in sections if one.name == section_name]
        if not same:
            if "]" in section_name:
                raise LaunchFormatError(f"a section cannot be named {section_name!r}")
            text = insert_line(text, len(text), f"[{section_name}]", "\n")
            return self.added(text, key, value)
        section = same[-1]
        pattern = next((one for one in reversed(section.options) if one.key), None)
        anywhere = pattern or next(
            (one for each in reversed(sections) for one in reversed(each.options) if one.key), None
        )
        indent = text[pattern.start : pattern.start + pattern.indent] if pattern else ""
        separator = anywhere.separator if anywhere else "="
        if not anywhere or not anywhere.value:
            separator = "=" if "=" in separator else ":"
        line = f"{indent}{name}{separator}{value}"
        return insert_line(text, section.behind, line, "\n")

    def removed(self, text: str, old: Assignment) -> str:
        return remove_lines(text, old.start, old.end)


def _refuse_twin(sections: Sequence[Section], section: str, key: str) -> None:
    wanted = _address(section, key)
    for one in sections:
        if one.name.casefold() == section.casefold() and one.name != section:
            raise LaunchFormatError(
                f"there is no section [{section}], but [{one.name}]: "
                "most readers take them for the same",
                f"Write [{one.name}].",
            )
        for option in one.options:
            there = _address(one.name, option.key)
            if option.key and there.casefold() == wanted.casefold():
                raise LaunchFormatError(
                    f"{wanted} is not there, but {there} is: most readers take them for the same",
                    f"Write {there}.",
                )
