"""Translates the words of a site object into the server's attributes. Pure.

Collects every mistake, with the position of the word.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic, did_you_mean
from reconciler.kinds.enums import number_of
from reconciler.kinds.fields import FieldValueError, UnknownReferenceError, canonical, to_attribute
from reconciler.kinds.model import Attribute, ObjectType, ValueType
from reconciler.server import validation
from reconciler.server.embedded.logon_accounts import LogonAccount
from reconciler.server.embedded.passwords import StoredPassword
from reconciler.server.embedded.sites.file import MAX_DBID, SiteObject
from reconciler.server.embedded.sites.names import SiteNames
from reconciler.server.errors import ConfigurationServerError
from reconciler.server.port import Permission
from reconciler.server.snapshot import ENVIRONMENT
from reconciler.yaml.documents import as_text

Access = list[tuple[str, int, int]]
"""The permissions of an object, as the store keeps them: account type, account DBID, mask."""

ACCOUNTS = {"person": "Person", "group": "AccessGroup"}
LOG_ON_AS = "logOnAs"
"""The word with the account that a server application runs under."""
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_ALL = 2 * Permission.NO_PROPAGATION - 1


class Words:
    """Translates the words of an object, and adds its mistakes to ``problems``. If ``whole`` is
    false, a file is missing, so unknown names are no mistakes."""

    def __init__(
        self, item: SiteObject, names: SiteNames, problems: list[Diagnostic], *, whole: bool = True
    ) -> None:
        self._item = item
        self._names = names
        self._problems = problems
        self._whole = whole
        self._tenant = names.tenant(item.tenant) if item.tenant else ENVIRONMENT
        self.failed = False

    def report(self, summary: str, *path: str, hint: str = "") -> None:
        """Adds a mistake, at a word."""
        self.failed = True
        what = f"{self._item.label}: {summary}"
        self._problems.append(Diagnostic(what, self._item.at(*path), hint))

    def report_unknown(self, summary: str, word: str, known: Iterable[str], *path: str) -> None:
        """Adds a mistake about a word that is not ``known``, and suggests the closest known
        word."""
        words = tuple(known)
        closest = did_you_mean(word, words, self._problems)
        self.report(f"{summary}{closest}", *path, hint=f"Known: {', '.join(words)}.")

    def attributes(self) -> dict[str, Any]:
        """The attributes of all words. Reports mandatory words that are missing."""
        besides = {"permissions", LOG_ON_AS if self._item.type.name == "Application" else ""}
        words = {word: value for word, value in self._item.words.items() if word not in besides}
        result = self.translate(words, self._item.type)
        for attribute in self._item.type.attributes:
            missing = attribute.mandatory and attribute.default is None
            if missing and attribute.word not in words:
                self.report(f"{attribute.word} is missing")
        return result

    def translate(self, words: Mapping[str, Any], kind: ObjectType) -> dict[str, Any]:
        """The attributes of some words of a type. A word with null counts as not written."""
        result: dict[str, Any] = {}
        for word, value in words.items():
            attribute = kind.by_word(word)
            if attribute is None:
                known = [a.word for a in kind.attributes if not a.read_only]
                self.report_unknown(f"{kind.name} has no {word}", word, known, word)
            elif value is not None:
                attribute = self._resolved(attribute, kind.attributes, words)
                result[attribute.name] = self._checked(attribute, value)
            elif attribute.mandatory:
                self.report(f"{word} cannot be null", word)
        return result

    def _resolved(
        self, item: Attribute, declared: tuple[Attribute, ...], words: Mapping[str, Any]
    ) -> Attribute:
        """A reference to several types, narrowed to the type that the words beside it name."""
        if not item.type_from:
            return item
        kind = next(other for other in declared if other.name == item.type_from)
        number = number_of(kind.enumeration, as_text(words.get(kind.word) or ""))
        return replace(item, refers_to=item.targets.get(number or 0, item.refers_to))

    def _checked(self, attribute: Attribute, value: Any) -> Any:
        before, self.failed = self.failed, False
        found = self._value(attribute, value, (attribute.word,))
        if not self.failed and not isinstance(found, StoredPassword):
            try:
                validation.check_value(self._item.type, attribute, found)
            except ConfigurationServerError as error:
                self.report(error.detail, attribute.word)
        self.failed |= before
        return found

    def reference(self, object_type: str, value: Any, *path: str) -> int | None:
        """The DBID of the object that a word names; None, and a mistake, if there is no such
        object."""
        attribute = Attribute(path[-1], ValueType.REFERENCE, refers_to=object_type)
        found: int | None = self._leaf(attribute, value, path)
        return found

    def access(self) -> Access:
        """The entries of ``permissions``: ``{person or group: NAME, mask: NUMBER}``."""
        found: Access = []
        entries = self._item.words.get("permissions", [])
        if not isinstance(entries, list):
            self.report("permissions must be a list", "permissions")
            return found
        for index, entry in enumerate(entries):
            path = ("permissions", str(index))
            account = next(iter({*entry} & {*ACCOUNTS}), "") if isinstance(entry, Mapping) else ""
            if not account or {*entry} != {account, "mask"}:
                self.report("an entry must have person or group, and mask", *path)
                continue
            mask = entry["mask"]
            if type(mask) is not int or not 0 <= mask <= _ALL:
                self.report(f"mask must be a whole number from 0 to {_ALL}", *path, "mask")
                continue
            dbid = self.reference(ACCOUNTS[account], entry[account], *path, account)
            if (ACCOUNTS[account], dbid) in [item[:2] for item in found]:
                self.report(f"the {account} is listed twice", *path)
            elif dbid is not None:
                found.append((ACCOUNTS[account], dbid, mask))
        return found

    def log_on_account(self) -> LogonAccount | None:
        """The account of ``logOnAs``: ``{person or group: NAME}``."""
        entry = self._item.words.get(LOG_ON_AS)
        if entry is None or self._item.type.name != "Application":
            return None
        if not isinstance(entry, Mapping) or len(entry) != 1 or not {*entry} <= {*ACCOUNTS}:
            self.report(f"{LOG_ON_AS} must be a mapping with person or group", LOG_ON_AS)
            return None
        ((account, name),) = entry.items()
        dbid = self.reference(ACCOUNTS[account], name, LOG_ON_AS, account)
        return None if dbid is None else (ACCOUNTS[account], dbid)

    def _value(self, attribute: Attribute, value: Any, path: tuple[str, ...]) -> Any:
        match attribute.type:
            case ValueType.KEY_VALUES:
                return self._key_values(value, path)
            case ValueType.REFERENCES:
                return self._each(value, path, lambda item, at: self._leaf(attribute, item, at))
            case ValueType.STRUCTURE:
                return self._structure(attribute, value, path)
            case ValueType.STRUCTURES:
                return self._each(
                    value, path, lambda item, at: self._structure(attribute, item, at)
                )
        return self._leaf(attribute, value, path)

    def _each(self, value: Any, path: tuple[str, ...], step: Callable[..., Any]) -> list[Any]:
        if not isinstance(value, list):
            self.report(f"{path[-1]} must be a list, not {value!r}", *path)
            return []
        return [step(item, (*path, str(index))) for index, item in enumerate(value)]

    def _leaf(self, attribute: Attribute, value: Any, path: tuple[str, ...]) -> Any:
        try:
            return _scalar(attribute, value, self._names, self._tenant)
        except UnknownReferenceError as error:
            # With an unknown tenant, the other names cannot be resolved.
            known = self._tenant or attribute.refers_to == "Tenant"
            self.failed = True
            if self._whole and known:
                self.report(str(error), *path)
        except FieldValueError as error:
            if error.members:
                self.report_unknown(str(error), str(value), error.members, *path)
            else:
                self.report(str(error), *path)
        return None

    def _structure(self, attribute: Attribute, value: Any, path: tuple[str, ...]) -> dict[str, Any]:
        if attribute.key and not isinstance(value, Mapping):
            value = {attribute.field(attribute.key[-1]).word: value}
        if not isinstance(value, Mapping):
            self.report(f"{attribute.word} must be a mapping", *path)
            return {}
        by_word = {field.word: field for field in attribute.fields}
        result: dict[str, Any] = {}
        for word, item in value.items():
            if word not in by_word:
                summary = f"{attribute.word} has no {word}"
                self.report_unknown(summary, word, by_word, *path, word)
            elif item is not None:
                field = self._resolved(by_word[word], attribute.fields, value)
                result[field.name] = self._value(field, item, (*path, word))
        for field in attribute.fields:
            if field.mandatory and field.default is None and field.name not in result:
                self.report(f"{attribute.word}: {field.word} is missing", *path)
        return result

    def _key_values(self, value: Any, path: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        if not isinstance(value, Mapping):
            self.report(f"{path[-1]} must have sections", *path)
            return {}
        result: dict[str, dict[str, Any]] = {}
        for section, options in value.items():
            if not isinstance(options, Mapping):
                self.report(f"[{section}] must have options", *path, section)
                continue
            result[section] = {}
            for key, item in options.items():
                try:
                    result[section][key] = _option(item)
                except FieldValueError as error:
                    self.report(f"{section}/{key} {error}", *path, section, key)
        return result


def _scalar(attribute: Attribute, value: Any, names: SiteNames, tenant: int) -> Any:
    if attribute.type in (ValueType.REFERENCE, ValueType.REFERENCES):
        if isinstance(value, Mapping) and {*value} == {"dbid"}:
            dbid = value["dbid"]
            if type(dbid) is int and 0 <= dbid <= MAX_DBID:
                return dbid
        if isinstance(value, Mapping | list) or value is None:
            raise FieldValueError(f"{attribute.word} must be a name or {{dbid: NUMBER}}")
        return to_attribute(attribute, as_text(value), names, tenant)
    if attribute.secret and isinstance(value, Mapping) and {*value} == {"hash"}:
        try:
            return StoredPassword(as_text(value["hash"]))
        except ValueError as error:
            raise FieldValueError(f"{attribute.word}: {error}") from error
    if attribute.type is ValueType.TEXT:
        if isinstance(value, Mapping | list) or value is None:
            raise FieldValueError(f"{attribute.word} must be a string")
        return canonical(attribute, as_text(value))
    if attribute.type is ValueType.INTEGER and isinstance(value, Mapping):
        try:
            return _integer(value)
        except FieldValueError as error:
            raise FieldValueError(f"{attribute.word} {error}") from error
    return to_attribute(attribute, value, names, tenant)


def _option(value: Any) -> str | int | bytes:
    """A text, an integer (written without quotes), ``{integer: TEXT}`` or
    ``{binary: HEX}``."""
    if isinstance(value, Mapping) and {*value} == {"binary"}:
        try:
            return bytes.fromhex(as_text(value["binary"]))
        except ValueError as error:
            raise FieldValueError("must be binary, written in hex") from error
    if isinstance(value, Mapping) and {*value} == {"integer"}:
        return _integer(value)
    if isinstance(value, bool):
        return as_text(value)
    if isinstance(value, str | int):
        return value
    raise FieldValueError("must be a string, an integer or {binary: HEX}")


def _integer(value: Mapping[str, Any]) -> int:
    """The value of ``{integer: TEXT}``: an integer of up to 19 digits, which ``yaml.strict`` would
    refuse."""
    text = as_text(value.get("integer", ""))
    if {*value} != {"integer"} or not _INTEGER.fullmatch(text):
        raise FieldValueError("must be a whole number")
    return int(text)
