"""Paths to one element or attribute: ``a/b/c``, ``a/b[2]``, ``a/b[@name='x']/@value``.

The first step is the root element. Names are compared as written, with their prefixes.
``[2]`` is the second of the siblings that the step has selected so far. Pure.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from reconciler.kinds.fields import HIDDEN
from reconciler.kinds.secret_names import USUAL_NAMES
from reconciler.launch.errors import LaunchFormatError
from reconciler.launch.formats.xml_tree import Element

_NAME = r"[^\s/\[\]@='\"<>&]+"
_STEP = re.compile(rf"(?P<name>{_NAME})(?P<tests>(?:\[(?:\d+|@{_NAME}=(?:'[^']*'|\"[^\"]*\"))\])*)")
_TEST = re.compile(rf"\[(?:(?P<index>\d+)|@(?P<name>{_NAME})=(?P<value>'[^']*'|\"[^\"]*\"))\]")
_ATTRIBUTE = re.compile(rf"@({_NAME})")
_LISTED = 10
"""How many elements a message names."""


class XmlStep(Struct, frozen=True):
    """One step: a name and tests, each an index or an attribute with its value."""

    name: str
    tests: tuple[int | tuple[str, str], ...] = ()

    def select(self, siblings: Iterable[Element]) -> list[Element]:
        """The siblings that the step selects."""
        found = [sibling for sibling in siblings if sibling.name == self.name]
        for test in self.tests:
            if isinstance(test, int):
                found = found[test - 1 : test] if test else []
            else:
                found = [each for each in found if each.attributes.get(test[0]) == test[1]]
        return found


class XmlPath(Struct, frozen=True):
    """The steps to an element, and its attribute; empty for the element's text."""

    steps: Sequence[XmlStep]
    attribute: str = ""


def parse(text: str) -> XmlPath:
    """The path in a text. LaunchFormatError if the text is no path."""
    steps: list[XmlStep] = []
    at = 0
    while True:
        attribute = _ATTRIBUTE.fullmatch(text, at)
        if attribute and steps:
            if any(test[0] == attribute[1] for test in steps[-1].tests if isinstance(test, tuple)):
                raise LaunchFormatError(
                    f"{text} selects the element by the same attribute that it is to set",
                    "Select it by another attribute, or by its [number].",
                )
            return XmlPath(steps, attribute[1])
        found = _STEP.match(text, at)
        if not found:
            break
        tests = tuple(
            int(test["index"]) if test["index"] else (test["name"], test["value"][1:-1])
            for test in _TEST.finditer(found["tests"])
        )
        steps.append(XmlStep(found["name"], tests))
        at = found.end()
        if at == len(text):
            return XmlPath(steps)
        if text[at] != "/":
            break
        at += 1
    raise LaunchFormatError(
        f"{text!r} is not a path to an element or attribute: see its character {at + 1}",
        "Write a/b/c, a/b/@attribute, a/b[2] or a/b[@name='x']; the first is the root element.",
    )


def find(root: Element, text: str) -> tuple[Element, str]:
    """The element that a path selects, and the attribute that it names. LaunchFormatError if it
    selects no element or several; the error lists the candidates.
    """
    path = parse(text)
    found = path.steps[0].select([root])
    if not found:
        raise LaunchFormatError(
            f"{text}: the root element is {root.name}", "Begin the path with it."
        )
    for number, step in enumerate(path.steps[1:], 1):
        inside = [match for element in found for match in step.select(element.children)]
        if not inside:
            there = [f"{a.name}{_attributes(a)}" for element in found for a in element.children]
            written = "/".join(each.name for each in path.steps[:number])
            raise LaunchFormatError(
                f"{text}: {written} has no such {step.name}; "
                + (f"it has {_listed(there)}" if there else "it has no elements"),
                "Correct the path; elements are not created.",
            )
        found = inside
    if len(found) > 1:
        there = [f"line {element.line}{_attributes(element)}" for element in found]
        raise LaunchFormatError(
            f"{text} leads to {len(found)} elements: {_listed(there)}",
            "Choose one with [@attribute='value'] or [number].",
        )
    return found[0], path.attribute


def _attributes(element: Element) -> str:
    """Attributes that identify an element, without secrets: without an attribute with a name such
    as ``password``, and without those beside an attribute whose value is such a name."""
    beside = any(_is_secret(value) for value in element.attributes.values())

    def said(name: str, value: str) -> str:
        hidden = _is_secret(name) or (beside and not _is_secret(value))
        return HIDDEN if hidden else repr(value)

    attributes = list(element.attributes.items())[:3]
    return "".join(f" {name}={said(name, value)}" for name, value in attributes)


def _is_secret(name: str) -> bool:
    return USUAL_NAMES.marks((name,))


def _listed(there: Sequence[str]) -> str:
    more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
    return ", ".join(there[:_LISTED]) + more
