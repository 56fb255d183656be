"""INI files: ``[section]`` and ``key = value``, as Python's configparser reads them.

A key is addressed as ``[section] key``, or ``key`` before the first section. ``[section]``
with the value None removes an empty section. ``;`` and ``#`` begin a comment only at the
start of a line; quotes and ``%`` have no special meaning. Where programs that read INI files
disagree, nothing is guessed: if a key occurs twice, both assignments are edited; a value that
continues in further indented lines is left alone; a new key whose name looks like an existing key
(``kinds.names.alike_key``) is refused.

Adding and then removing a key restores the text, except for the header of a new section,
which stays until ``[section]`` is removed as well.
"""

import re
from collections.abc import Mapping, Sequence

from reconciler.kinds.names import alike_key, likeness
from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats import assignments
from reconciler.launch.formats.assignments import refuse_characters
from reconciler.launch.formats.ini_lines import Section, sections_of
from reconciler.launch.formats.lines import insert_line, remove_lines
from reconciler.launch.formats.model import Assignment, Reading
from reconciler.text.visible import quoted_pair

_KEY = re.compile(r"\[(?P<section>.+)\](?: (?P<name>.*))?", re.DOTALL)
_CONTROL = "".join(map(chr, (*range(9), *range(10, 32), 127))) + "\x85\u2028\u2029"
_SECTION = "it is a section"
_CONTINUED = "its value continues in the lines below, which are indented further"


def read(text: str) -> Reading:
    """Every key of the text, as ``[section] key``."""
    found = assignments.read(text, _Ini())
    opaque = {key: why for key, why in found.opaque.items() if why != _SECTION}
    lines = {key: line for key, line in found.lines.items() if line}
    return Reading(found.values, opaque, lines)


def edit(text: str, values: Mapping[str, str | None]) -> str:
    """The text with these values."""
    return assignments.edit(text, values, _Ini())


def _address(section: str, key: str) -> str:
    return f"[{section}] {key}" if section else key


def _split(address: str) -> tuple[str, str]:
    """The section and the key; the key is empty if the address is a section."""
    found = _KEY.fullmatch(address)
    section, key = (found["section"], found["name"] or "") if found else ("", address)
    clean = key == key.strip() and not re.search(r"[=:]", key) and key[:1] not in ("#", ";", "[")
    if not clean or not (section or key) or any(c in _CONTROL for c in address):
        raise LaunchFormatError(
            f"{address!r} is not the address of an option",
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
            raise LaunchFormatError(
                f"{key} is a section, so it cannot be given a value", f"Write {key} NAME."
            )
        refuse_characters(key, value, _CONTROL, "an INI file")
        if value != value.strip():
            raise LaunchFormatError(
                f"the value of {key} begins or ends with a blank, which an INI file cannot keep",
                "Use a value without it.",
            )

    def parse(self, text: str) -> list[Assignment]:
        found: list[Assignment] = []
        for section in sections_of(text):
            if section.name:
                header = (f"[{section.name}]", 0, section.start, section.end)
                full = "the section is not empty" if section.options else ""
                found.append(Assignment(*header, None, _SECTION, full))
            for option in section.options:
                if option.key:
                    value = None if option.continued else option.value
                    reason = _CONTINUED if option.continued else ""
                    start, end = option.at, option.at + len(option.value)
                    key = _address(section.name, option.key)
                    found.append(Assignment(key, option.line, start, end, value, reason, reason))
        return found

    def replaced(self, text: str, old: Assignment, value: str) -> str:
        return text[: old.start] + value + text[old.end :]

    def added(self, text: str, key: str, value: str) -> str:
        section_name, name = _split(key)
        sections = sections_of(text)
        _refuse_twin(sections, section_name, name)
        same = [each for each in sections if each.name == section_name]
        if not same:
            if "]" in section_name:
                raise LaunchFormatError(f"a section cannot be named {section_name!r}")
            text = insert_line(text, len(text), f"[{section_name}]", "\n")
            return self.added(text, key, value)
        section = same[-1]
        pattern = next((option for option in reversed(section.options) if option.key), None)
        options = [option for each in sections for option in each.options if option.key]
        anywhere = pattern or (options[-1] if options else None)
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
    for each in sections:
        if alike_key(each.name) == alike_key(section) and each.name != section:
            ours, there = quoted_pair(section, each.name)
            how = likeness(each.name, section)
            raise LaunchFormatError(
                f"there is no section {ours}, but there is {there}, which differs only in {how}",
                "Write the name as it is there.",
            )
        for option in each.options:
            existing = _address(each.name, option.key)
            if option.key and alike_key(existing) == alike_key(wanted):
                ours, there = quoted_pair(wanted, existing)
                how = likeness(existing, wanted)
                raise LaunchFormatError(
                    f"there is no {ours}, but there is {there}, which differs only in {how}",
                    "Write the name as it is there.",
                )
