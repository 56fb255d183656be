"""Random sites, and random manifests for them: what the property tests draw."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from reconciler.resources import bundled_manifests
from tests.harness import VENDOR

Site = dict[str, Any]

NAMES = st.text(
    st.characters(categories=("L", "N", "Zs", "Sm"), include_characters="._- /"),
    min_size=1,
    max_size=12,
).filter(lambda name: name == name.strip())
_TEXTS = st.text(st.characters(categories=("L", "N", "P")), max_size=20)
_VALUES = st.one_of(_TEXTS, st.integers(0, 9))
_OPTIONS = st.dictionaries(
    NAMES, st.dictionaries(NAMES, _VALUES, min_size=1, max_size=3), max_size=3
)
_VENDOR: Site = yaml.safe_load(VENDOR.read_text(encoding="utf-8"))

# Few names, so that what is there and what is wanted often meet.
_TRICKY = ["A/b", "Straße", "1 = 2", "x.View", "名前", "~0", "[ab]*"]
_SECTIONS = st.sampled_from(["Queue", "Größe", "a b/c~d"])
_KEYS = st.sampled_from(["eins", "Zwei", "d/r~ei", "password"])
_FEW = st.sampled_from(["", "a", "b", "7", "ä: 'ö'"])
_MOSTLY = st.sampled_from([True, True, True, False])
_LIVE = st.one_of(_FEW, _FEW, st.integers(7, 8), st.just({"binary": "00ff"}))


def _tree(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, dict[str, Any]]]:
    options = st.dictionaries(_KEYS, values, min_size=1, max_size=3)
    return st.dictionaries(_SECTIONS, options, min_size=1, max_size=2)


@st.composite
def sites(draw: st.DrawFn) -> tuple[Site, str]:
    """A site file, and the name of its Web Engagement Server. Names, DBIDs and shape
    vary; any part of what provisioning makes may be there already, with any body."""
    folded = st.lists(NAMES, min_size=12, max_size=12, unique_by=str.casefold)
    gwe, cluster, ixn, stat, stat_b, pool, *chats = draw(folded)
    tenant = draw(NAMES.filter(lambda name: name.casefold() != "environment"))
    dbid = draw(st.integers(101, 5000))
    through_cluster, through_pool = draw(st.booleans()), draw(st.booleans())
    chat_servers = chats[: draw(st.integers(0, 3))]
    behind = [ixn, stat, *([pool] if through_pool else chat_servers)]
    stat_options = draw(st.sampled_from([{}, _vendor_options("Stat")]))
    applications: list[dict[str, Any]] = [
        {
            "name": gwe,
            "type": draw(st.sampled_from(["WebEngagementBackendServer", "GenericServer", "9999"])),
            "server": {"host": "host"},
            "ports": [{"id": "default", "port": "9081"}],
            "connections": [cluster] if through_cluster else behind,
            "options": draw(_OPTIONS),
        },
        {"name": ixn, "type": "InteractionServer"},
        {
            "name": stat,
            "type": "StatServer",
            "server": {"backup": stat_b},
            "options": {**draw(_OPTIONS), **stat_options},
        },
        {"name": stat_b, "type": "StatServer", "options": draw(_OPTIONS)},
        {"name": pool, "type": "ApplicationCluster", "connections": chat_servers},
    ]
    if through_cluster:
        options = draw(st.sampled_from([{}, {"chat": {"queueKey": "1:other"}}]))
        applications.append(
            {
                "name": cluster,
                "type": "ApplicationCluster",
                "connections": behind,
                "options": options,
            }
        )
    for name in chat_servers:
        endpoints = draw(st.sampled_from([{}, {"webme": "Elsewhere"}, {"other": "Elsewhere"}]))
        options = {**draw(_OPTIONS), "endpoints:1": {"default": "x"}}
        if endpoints:
            options[f"endpoints:{dbid}"] = endpoints
        applications.append({"name": name, "type": "ChatServer", "options": options})
    site: Site = {
        "apiVersion": "reconciler/v1",
        "kind": "Site",
        "tenant": tenant,
        "Tenant": [{"name": tenant, "dbid": dbid}],
        "Host": [{"name": "host"}],
        "Application": applications,
        "AgentGroup": draw(_some(_VENDOR["AgentGroup"])),
        "Person": _VENDOR["Person"],
        "Script": [
            *draw(_some(_VENDOR["Script"])),
            {"name": "Elsewhere", "type": "InteractionQueue"},
        ],
    }
    if draw(st.booleans()):
        case_data = {"name": draw(NAMES), "displayName": "Case Data", "type": "Custom"}
        site["Enumerator"] = [case_data]
    return site, gwe


def _vendor_options(name: str) -> dict[str, Any]:
    options: dict[str, Any] = next(a for a in _VENDOR["Application"] if a["name"] == name)[
        "options"
    ]
    return options


def _some(entries: list[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    chosen = st.lists(st.booleans(), min_size=len(entries), max_size=len(entries))
    return chosen.map(lambda wanted: [e for e, keep in zip(entries, wanted, strict=True) if keep])


@dataclass(frozen=True)
class World:
    """A site and what is wanted on it. ``manifests``: a YAML text; empty: the bundled
    ones."""

    site: str
    app: str
    manifests: str = ""

    def manifests_in(self, folder: Path) -> Path:
        """Where its manifests are, written into ``folder`` if they are its own."""
        if not self.manifests:
            return bundled_manifests()
        path = folder / "manifests.yaml"
        path.write_text(self.manifests, encoding="utf-8")
        return path

    def display(self) -> str:
        """The files of a test case, to be copied from a failure."""
        manifests = f"\nmanifests.yaml:\n{self.manifests}" if self.manifests else ""
        return f"--app {self.app!r}\nsite.yaml:\n{self.site}{manifests}"


@st.composite
def provisioned(draw: st.DrawFn) -> World:
    """A random site under the bundled manifests."""
    site, app = draw(sites())
    return World(_dump(site), app)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A random site under random manifests."""
    site, app = draw(sites())
    manifests = draw(_manifests(site))
    return World(_dump(site), app, _dump(*manifests))


def _dump(*documents: Any) -> str:
    text: str = yaml.safe_dump_all(documents, allow_unicode=True, sort_keys=False)
    return text


@st.composite
def _manifests(draw: st.DrawFn, site: Site) -> list[dict[str, Any]]:
    """Manifests of every kind of object, with any policy; what they declare may be in
    the site, with any body, in any folder, with permissions and with referrers."""
    names = draw(st.permutations(_TRICKY))
    site.setdefault("Enumerator", []).append(
        {"name": "Colours", "displayName": "Colours", "type": "Custom"}
    )
    site["AccessGroup"] = [{"name": "Some"}]
    site["Person"] = [*site["Person"], {"employeeID": "7002", "userName": "b", "isAgent": True}]
    kinds = ["InteractionQueue", "EnhancedRouting", "InteractionQueueView", "AgentGroup"]
    found = [
        *(draw(_object(site, draw(st.sampled_from(kinds)), name)) for name in names[:3]),
        *(draw(_object(site, "BusinessAttributeValue", name)) for name in names[3:5]),
        draw(_object(site, "BusinessAttribute", names[5])),
        *(draw(_application_options(site, role)) for role in _ROLES),
    ]
    chosen = draw(st.lists(st.sampled_from(found), min_size=1, unique_by=id))
    _refer_to_some(draw, site)
    return chosen


_TYPES = {"AgentGroup": "AgentGroup", "BusinessAttribute": "Enumerator"}
_TYPES["BusinessAttributeValue"] = "EnumeratorValue"
_PRESERVED = {"AgentGroup": ["agents", "annex"], "BusinessAttributeValue": ["description", "annex"]}


@st.composite
def _object(draw: st.DrawFn, site: Site, kind: str, name: str) -> dict[str, Any]:
    """A manifest of an object; the object may go into the site as well."""
    metadata, spec = {"name": name}, draw(_bodies(kind, _one_of_null))
    if kind == "BusinessAttributeValue":
        metadata["attribute"] = "Colours"
        spec.setdefault("displayName", name)
    if kind == "BusinessAttribute":
        spec = {"displayName": name, "type": "Custom", **spec}
    if draw(_MOSTLY):
        live = {"name": name, **draw(_bodies(kind, _LIVE))}
        if kind == "BusinessAttributeValue":
            live = {"displayName": name, **live, "attribute": "Colours", "isDefault": False}
        elif kind == "BusinessAttribute":
            live = {**live, "displayName": name, "type": "Custom"}
        elif kind != "AgentGroup":
            live["type"] = kind
        live |= draw(st.sampled_from([{}, {"folder": "Deep/Deeper"}]))
        access = [{"group": "Some", "mask": 3}, {"person": "7001", "mask": 127}]
        live |= {"permissions": access} if draw(_MOSTLY) else {}
        site.setdefault(_TYPES.get(kind, "Script"), []).append(live)
    manifest = {"apiVersion": "reconciler/v1", "kind": kind, "metadata": metadata}
    if not draw(_MOSTLY):
        return {**manifest, "ensure": "absent"}
    blocks = draw(_blocks(spec))
    manifest |= blocks
    policy = draw(_policies(kind, blocks))
    return {**manifest, "policy": policy} if policy else manifest


@st.composite
def _blocks(draw: st.DrawFn, fields: dict[str, Any]) -> dict[str, Any]:
    """The fields in two blocks: enforced, or initial. ``null`` can be enforced only."""
    spec: dict[str, Any] = {}
    initial: dict[str, Any] = {}
    for word, value in fields.items():
        if word != "annex":
            draw(st.sampled_from([spec, initial]))[word] = value
            continue
        for section, options in value.items():
            for key, text in options.items():
                block = spec if text is None else draw(st.sampled_from([spec, initial]))
                block.setdefault(word, {}).setdefault(section, {})[key] = text
    return {name: block for name, block in (("spec", spec), ("initial", initial)) if block}


_one_of_null = st.one_of(_FEW, _FEW, _FEW, st.none())


@st.composite
def _bodies(draw: st.DrawFn, kind: str, values: st.SearchStrategy[Any]) -> dict[str, Any]:
    """The words of a spec, or of an object of a site."""
    found: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {"annex": _tree(values)}, optional={"state": st.sampled_from(["Enabled", "Disabled"])}
        )
    )
    if kind == "AgentGroup":
        found |= draw(st.sampled_from([{}, {"agents": ["7001"]}, {"agents": ["7002", "7001"]}]))
    if kind == "BusinessAttributeValue":
        found |= draw(st.sampled_from([{}, {"description": "one"}, {"displayName": "Colour"}]))
    return found


@st.composite
def _policies(draw: st.DrawFn, kind: str, blocks: dict[str, Any]) -> dict[str, Any]:
    """Any policy that the kind allows. Pointers lead to what the blocks declare."""
    annexes = [block["annex"] for block in blocks.values() if "annex" in block]
    optional: dict[str, st.SearchStrategy[Any]] = {
        "satisfiedBy": st.just({_pointers(draw(st.sampled_from(annexes)))[0]: ["Z*"]}),
        "overwrite": st.sampled_from(["correct", "keep"]),
        "protect": st.booleans(),
    }
    if kind != "BusinessAttribute":
        optional["overwrite"] = st.sampled_from(["replace", "correct", "keep"])
        words = _PRESERVED.get(kind, ["annex"])
        optional["preserve"] = st.lists(st.sampled_from(words), min_size=1, unique=True)
    if "annex" in blocks.get("initial", {}):
        pointers = _pointers(blocks["initial"]["annex"])
        optional["whole"] = st.sampled_from(pointers).map(lambda one: [one])
    found: dict[str, Any] = draw(st.fixed_dictionaries({}, optional=optional))
    return found


def _pointers(annex: dict[str, Any]) -> list[str]:
    """Pointers to the first option of an annex, and to what it is in."""
    section, options = next(iter(annex.items()))
    key = next(iter(options))
    return [_pointer("annex", section, key), _pointer("annex", section), "/annex", "/annex/*/*"]


def _pointer(*path: str) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path)


_ROLES = ("chat-server", "stat-server", "web-engagement-server", "interaction-server")


@st.composite
def _application_options(draw: st.DrawFn, site: Site, role: str) -> dict[str, Any]:
    """A manifest for the applications of a role; they may have some of it already."""
    for one in site["Application"]:
        if draw(st.booleans()):
            one["options"] = {**one.get("options", {}), **draw(_tree(_LIVE))}
    word, values = draw(st.sampled_from([("options", _one_of_null), ("sections", _FEW)]))
    block = draw(st.sampled_from(["spec", "initial"]))
    if block == "initial":
        values = _FEW
    return {
        "apiVersion": "reconciler/v1",
        "kind": "ApplicationOptions",
        "metadata": {"name": role},
        "target": {"role": role},
        block: {word: draw(_tree(values))},
    }


def _refer_to_some(draw: st.DrawFn, site: Site) -> None:
    """Objects that refer to what is in the site: their references end with a replace."""
    scripts = [one["name"] for one in site["Script"] if one["type"] == "InteractionQueue"]
    groups = [one["name"] for one in site["AgentGroup"]]
    site["Campaign"] = [{"name": "Calling", "script": draw(st.sampled_from(scripts))}]
    if groups:
        site["CampaignGroup"] = [
            {
                "name": "Calls",
                "campaign": "Calling",
                "group": draw(st.sampled_from(groups)),
                "interactionQueue": draw(st.sampled_from(scripts)),
            }
        ]
