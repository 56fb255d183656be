"""Finds the live object of a desired object, or says why it cannot be found. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.kinds import enums
from reconciler.kinds.names import alike_key, likeness
from reconciler.kinds.types.table import ALL_TYPES
from reconciler.manifest.desired import DesiredObject
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.text.visible import quoted_pair


class Match(Struct, frozen=True):
    """The live object, or None; ``blocked`` says why it cannot be used or created."""

    live: ConfObject | None = None
    blocked: str = ""


def describe(one: ConfObject, shown: str = "") -> str:
    """An object as messages name it: name, type, DBID and folder. ``shown``: the name in quotes,
    where it could be confused with another name."""
    name = shown or repr(one.attributes.get(ALL_TYPES[one.type].name_attribute, ""))
    kind = one.type
    if one.type == "Script":
        kind = f"script of type {enums.mnemonic(enums.SCRIPT_TYPE, one.attributes['type'])}"
    where = f" in folder {one.path}" if one.path else ""
    return f"{name} ({kind}, DBID {one.dbid}){where}"


class LiveAttributes:
    """The live Business Attributes, found by name or display name."""

    def __init__(self, live: Snapshot) -> None:
        self._live = live
        self._displayed: dict[tuple[int, object], list[ConfObject]] = {}
        self._alike: dict[tuple[int, str], list[ConfObject]] = {}
        for one in live.of_type("Enumerator"):
            label = one.attributes.get("displayName")
            self._displayed.setdefault((one.tenant, label), []).append(one)
            self._alike.setdefault((one.tenant, alike_key(_label(one))), []).append(one)

    def is_ambiguous(self, one: ConfObject) -> bool:
        """Whether the name of a live attribute is, or looks like, the display name of another
        attribute."""
        name = str(one.attributes["name"])
        alike = self._alike.get((one.tenant, alike_key(name)), ())
        return any(other is not one for other in alike)

    def match(self, tenant: int, name: str, *, exact: bool = False) -> Match:
        """The Business Attribute with that name, else with that display name. ``exact``: the
        attribute with that name."""
        by_name = self._live.find("Enumerator", tenant, name)
        if exact:
            return Match(by_name)
        displayed = self._displayed.get((tenant, name), ())
        candidates = [one for one in displayed if one is not by_name]
        if by_name is not None:
            candidates.insert(0, by_name)
        if len(candidates) > 1:
            listed = " and ".join(describe(one) for one in candidates)
            return Match(
                blocked=f"{name!r} is the name or the display name of {listed};"
                " give the name that you mean"
            )
        if candidates:
            return Match(candidates[0])
        for alike in self._alike.get((tenant, alike_key(name)), ()):
            label = _label(alike)
            its, ours = quoted_pair(label, name)
            who = f"{describe(alike)} has the display name {its}, which"
            return Match(blocked=_differs(who, ours, likeness(label, name)))
        return _twin(self._live, "Enumerator", (tenant, name))


def _label(attribute: ConfObject) -> str:
    return str(attribute.attributes.get("displayName", ""))


def match(desired: DesiredObject, live: Snapshot, attributes: LiveAttributes, tenant: int) -> Match:
    """The live object of ``desired``, whose key is in canonical form. ``attributes``: the
    Business Attributes of ``live``."""
    kind = desired.kind
    if kind.by_display_name:
        return attributes.match(tenant, desired.name, exact=desired.exact)
    key = live.key_of(kind.type, desired.key, tenant)
    if key is None:  # what it belongs to is not created yet
        return Match()
    found = live.with_key(kind.type, key)
    if found is None:
        return Match() if desired.exact else _twin(live, kind.type, key)
    if kind.script_type is not None and found.attributes["type"] != kind.script_type:
        return Match(blocked=f"the name is taken by {describe(found)}")
    return Match(found)


def _twin(live: Snapshot, object_type: str, key: Sequence[object]) -> Match:
    """Blocks an object whose name looks like that of a live object: nobody could tell the two
    objects apart."""
    twin = live.twin(object_type, key)
    if twin is None:
        return Match()
    name = str(key[-1])
    live_name = str(twin.attributes.get(ALL_TYPES[object_type].name_attribute, ""))
    its, ours = quoted_pair(live_name, name)
    return Match(blocked=_differs(describe(twin, its), ours, likeness(live_name, name)))


def _differs(twin: str, name: str, how: str) -> str:
    return (
        f"{twin} differs from {name} only in {how};"
        " write the name in the manifest exactly as it is there, or rename that object"
    )
