"""The path of a chat from the Web Engagement Server to a strategy, in one snapshot, and what is
broken on it. Pure.

    server or cluster -> (queueKey) -> Chat Server -> endpoint -> queue
    queue -> view, routing script -> strategy
    Stat Server -> statistic, filter

The graph has the queues that the site reaches or that manifests declare, and what manifests declare
of the Stat Servers and agent groups. Sources: see ``kinds/options.py``.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args

from reconciler.kinds import enums
from reconciler.kinds.options import ENDPOINTS, references_of, value_problem
from reconciler.kinds.roles import CHAT_ROLE, CLUSTER_ROLE, SERVER_ROLE, STAT_ROLE
from reconciler.manifest.desired import Desired
from reconciler.plan.chat.agent_groups import is_virtual
from reconciler.plan.model import Plan
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import application_name

NodeKind = Literal[
    "server", "cluster", "chat-server", "endpoint", "queue", "view", "routing", "strategy",
    "stat-server", "statistic", "filter", "agent-group",
]  # fmt: skip
NODE_KINDS: tuple[NodeKind, ...] = get_args(NodeKind)

NodeKey = tuple[NodeKind, str, str]
"""What a node is, the application that it is a part of (else empty), and its name."""


class ChatPath:
    """The graph of one snapshot. ``found``: node -> whether it is there; ``edges``: (source,
    target, label), in order. A secret value is neither shown nor followed."""

    def __init__(self, plan: Plan, desired: Desired, live: Snapshot) -> None:
        self.found: dict[NodeKey, bool] = {}
        self.faults: dict[NodeKey, list[str]] = {}
        self.edges: dict[tuple[NodeKey, NodeKey, str], None] = {}
        self._site = plan.site
        self._live = live
        self._subjects = {(one.object_type, one.name): one.subject for one in plan.actions}
        self._views = self._views_by_queue()
        self._entrances()
        self._declared(desired)
        self._statistics(desired)

    def look_at(self, kind: NodeKind, name: str) -> None:
        """Adds a queue or a routing script with what it refers to, unless it is in the graph
        already."""
        if kind == "queue":
            self._queue(name)
        elif kind == "routing":
            self._routing(name)

    def _members(self, role: str) -> list[ConfObject]:
        found = (self._live.get("Application", dbid) for dbid in self._site.roles.get(role, ()))
        return [one for one in found if one is not None]

    def _add(self, key: NodeKey, *faults: str, there: bool = True) -> NodeKey:
        self.found[key] = there
        known = self.faults.setdefault(key, [])
        known += [fault for fault in faults if fault not in known]
        return key

    def _join(self, source: NodeKey, target: NodeKey, label: str = "") -> None:
        self.edges[source, target, label] = None

    def _entrances(self) -> None:
        """The server and the cluster, and where their options lead."""
        servers = self._members(SERVER_ROLE)
        keyed = False
        roles: tuple[tuple[NodeKind, list[ConfObject]], ...] = (
            ("server", servers),
            ("cluster", self._members(CLUSTER_ROLE)),
        )
        for kind, members in roles:
            for member in members:
                keyed |= self._entrance(self._add((kind, "", application_name(member))), member)
        if servers and not keyed:
            name = application_name(servers[0])
            self.faults["server", "", name].append("no chat/queueKey: it can start no chat")

    def _entrance(self, holder: NodeKey, member: ConfObject) -> bool:
        keyed = False
        for section, option, value in self._options(member):
            if problem := value_problem(("options", section, option), value) if value else "":
                self.faults[holder].append(problem)
            for reference in references_of("options", section, option, value):
                tenant = reference.tenant_dbid or self._site.tenant_dbid
                if reference.target == "endpoint":
                    keyed = True
                    self._chat_servers(holder, f"{ENDPOINTS}{tenant}", reference.name, value)
                elif not section.startswith(ENDPOINTS):
                    self._join(holder, self._queue(reference.name), option)
        return keyed

    def _chat_servers(self, holder: NodeKey, section: str, name: str, value: str) -> None:
        members = self._members(CHAT_ROLE)
        if not members:
            self.faults[holder].append("no connection to Chat Server: its queueKey leads nowhere")
        for member in members:
            label = application_name(member)
            chat = self._add(("chat-server", "", label))
            self._join(holder, chat, f"queueKey {value}")
            queue = (member.attributes.get("options") or {}).get(section, {}).get(name)
            endpoint: NodeKey = ("endpoint", label, f"{section}/{name}")
            self._join(chat, endpoint)
            if queue:
                self._add(endpoint)
                self._join(endpoint, self._queue(str(queue)))
            else:
                self._add(endpoint, f"{label} lacks this endpoint", there=False)

    def _script(self, kind: NodeKind, name: str, script_type: str) -> tuple[NodeKey, Any]:
        """The node of a script, and the script if it exists, is of that type and was not in the
        graph."""
        key: NodeKey = (kind, "", name)
        if key in self.found:
            return key, None
        found = self._live.find("Script", self._site.tenant_dbid, name)
        if found is None:
            return self._add(key, f"no {script_type} has this name", there=False), None
        actual = enums.mnemonic(enums.SCRIPT_TYPE, int(found.attributes["type"]))
        if actual != script_type:
            return self._add(key, f"it is of type {actual}, not {script_type}", there=False), None
        return self._add(key), found

    def _queue(self, name: str) -> NodeKey:
        key, script = self._script("queue", name, "InteractionQueue")
        if script is None:
            return key
        views = self._views.get(name, ())
        for view in views:
            self._join(key, self._add(("view", "", view)))
        if not views:
            self.faults[key].append("no view has this queue: no interaction leaves it")
        bound = False
        for section, option, value in self._options(script):
            if section.lower() == "orchestration" and option.startswith("application") and value:
                bound = True
                label = "" if option == "application" else option
                self._join(key, self._bound_to(value), label)
        if not bound:
            self.faults[key].append("no Orchestration/application: no strategy is bound to it")
        return key

    def _bound_to(self, value: str) -> NodeKey:
        """The script or the strategy that a queue is bound to."""
        if not value.startswith("script:"):
            return self._add(("strategy", "", value))
        return self._routing(value.removeprefix("script:"))

    def _routing(self, name: str) -> NodeKey:
        key, script = self._script("routing", name, "EnhancedRouting")
        if script is None:
            return key
        texts = {(section, option): value for section, option, value in self._options(script)}
        if url := texts.get(("Application", "url")):
            self._join(key, self._add(("strategy", "", url)))
        else:
            self.faults[key].append("no Application/url: Orchestration finds no strategy")
        return key

    def _declared(self, desired: Desired) -> None:
        """The objects that manifests declare and that nothing has led to yet."""
        own = [one for one in desired.objects if not one.other_tenant]
        for one in own:
            if one.kind.name == "InteractionQueue":
                self._queue(one.name)
        for one in own:
            if one.kind.name == "EnhancedRouting":
                self._routing(one.name)
            elif one.kind.name == "InteractionQueueView":
                key, _ = self._script("view", one.name, "InteractionQueueView")
                if self.found[key] and not any(target == key for _, target, _ in self.edges):
                    self.faults[key].append("its View/Queue names no queue of this path")
            elif one.kind.name == "AgentGroup":
                self._group(one.name)

    def _group(self, name: str) -> None:
        key: NodeKey = ("agent-group", "", name)
        group = self._live.find("AgentGroup", self._site.tenant_dbid, name)
        self._add(key, *(() if group else ("no such agent group",)), there=group is not None)
        if group and not group.attributes.get("agentDBIDs") and not is_virtual(group):
            self.faults[key].append("no agents: its interactions reach nobody")

    def _statistics(self, desired: Desired) -> None:
        """The declared statistics, which are sections, and filters of each Stat Server."""
        declared = {one.dbid: one for one in desired.options}
        for member in self._members(STAT_ROLE):
            name = application_name(member)
            server = self._add(("stat-server", "", name))
            options = member.attributes.get("options") or {}
            for field in declared[member.dbid].fields if member.dbid in declared else ():
                _, section, option = field.path
                if field.value is None:
                    continue
                is_filter = section == "Filters"
                part: NodeKey = (
                    ("filter", name, option) if is_filter else ("statistic", name, section)
                )
                there = option in options.get(section, {}) if is_filter else section in options
                if part not in self.found:
                    faults = () if there else (f"{name} lacks it",)
                    self._join(server, self._add(part, *faults, there=there))

    def _options(self, one: ConfObject) -> Iterator[tuple[str, str, str]]:
        """(section, option, value) of the options of an application, or of another object's annex,
        whose values are texts and not secret."""
        where, attribute = ("annex", "userProperties")
        if one.type == "Application":
            where, attribute = ("options", "options")
        subject = self._subjects.get((one.type, str(one.attributes["name"])))
        sections: Mapping[str, Mapping[str, Any]] = one.attributes.get(attribute) or {}
        for section, options in sections.items():
            for option, value in options.items():
                hidden = subject is not None and subject.hides((where, section, option))
                if isinstance(value, str) and not hidden:
                    yield section, option, value

    def _views_by_queue(self) -> Mapping[str, list[str]]:
        """Queue -> the names of its views."""
        number = enums.number_of(enums.SCRIPT_TYPE, "InteractionQueueView")
        found: dict[str, list[str]] = {}
        for one in self._live.of_type("Script", self._site.tenant_dbid):
            if one.attributes.get("type") == number:
                for section, option, value in self._options(one):
                    if (section, option) == ("View", "Queue"):
                        found.setdefault(value, []).append(str(one.attributes["name"]))
        return found
