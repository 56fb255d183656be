"""Proves an export before anybody sees it: its manifests are loaded, bound and planned against
the very objects that they were made from, and nothing may be left to write.

What a manifest may not say, such as a name with a blank at its end, is refused there in the same
words as everywhere; it is left out, and listed with that reason. So no rule stands here again.
Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError
from reconciler.export.model import Document, Omission
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.options import references_of
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired, ManagedField
from reconciler.manifest.documents import Manifest
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import collect
from reconciler.plan.actions import Action, Blocked, Write, changes_of
from reconciler.plan.context import Context
from reconciler.plan.planner import make_plan
from reconciler.plan.references import reference_problem
from reconciler.server.port import ServerInfo
from reconciler.strict_yaml import load_text
from reconciler.yaml_construction import YamlDocument
from reconciler.yaml_text import yaml_text

Refusal = tuple[str, FieldPath, str]
"""What is refused: the name of the document, the path of the value below ``spec`` (empty: the
whole document), and why."""


def proven(
    documents: Iterable[Document],
    variables: Mapping[str, Any] | None,
    context: Context,
    info: ServerInfo,
    secrets: Mapping[str, str],
) -> tuple[list[Document], list[Omission]]:
    """The documents without what a plan would refuse or change, and what that was.

    ``variables``: the document with the variables of the others; ``context``: the live objects
    and the site; ``secrets``: environment variable -> value.
    """
    proof = _Proof(context, info, secrets, variables)
    for one in documents:
        proof.add(one)
    while refused := proof.refusals():
        for refusal in dict.fromkeys(refused):
            proof.leave_out(*refusal)
    return list(proof.documents.values()), proof.omissions


@dataclass
class _Proof:
    """The documents that are left, by the names under which they are loaded."""

    context: Context
    info: ServerInfo
    secrets: Mapping[str, str]
    variables: Mapping[str, Any] | None
    documents: dict[str, Document] = field(default_factory=dict)
    omissions: list[Omission] = field(default_factory=list)
    _manifests: dict[str, Manifest] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        name, number = document.address, 2
        while name in self.documents:
            name, number = f"{document.address} ({number})", number + 1
        self.documents[name] = document

    def leave_out(self, name: str, path: FieldPath, reason: str) -> None:
        """Leaves out a value, or the document where it cannot do without it."""
        one = self.documents.get(name)
        if one is None:
            return
        self._manifests.pop(name, None)
        less = one.without(path) if path else one
        needed = {*one.kind.required} - {*less.spec} or (one.target and not less.spec)
        if not path or needed:
            del self.documents[name]
            path = path if len(path) > 1 else ()
        else:
            self.documents[name] = less
        self.omissions.append(Omission(one.address, path, reason))

    def refusals(self) -> list[Refusal]:
        """What is wrong with the documents; none where a plan is empty."""
        problems: list[Diagnostic] = []
        self._load(problems)
        if problems:
            return list(self._of_problems(problems))
        try:
            desired = self._bound(problems)
        except ManifestError as error:
            return list(self._of_problems(error.diagnostics))
        context = replace(self.context, desired=desired)
        return list(self._of_actions(context, make_plan(context, self.info).actions))

    def _load(self, problems: list[Diagnostic]) -> None:
        """Loads what has changed."""
        loaded: list[YamlDocument] = []
        for name, one in self.documents.items():
            if name not in self._manifests:
                loaded += load_text(yaml_text(one.data), name, problems)
        found = validate(loaded, problems)
        self._manifests |= {manifest.document.name: manifest for manifest in found}

    def _bound(self, problems: list[Diagnostic]) -> Desired:
        manifests = list(self._manifests.values())
        declaring: list[Manifest] = []
        if self.variables:
            declaring = validate(load_text(yaml_text(self.variables), "", problems), problems)
        variables = collect(declaring, [], problems)
        return bind(manifests, variables, self.secrets, self.context.site, self.context.live)

    def _of_problems(self, problems: Sequence[Diagnostic]) -> Iterator[Refusal]:
        for problem in problems:
            yield self._at(problem.position, problem.summary)

    def _at(self, position: Position | None, reason: str) -> Refusal:
        """What stands at a position. ValueError for a position in no document."""
        if position is None or position.file not in self.documents:
            raise ValueError(reason)
        return position.file, self._path(position), reason

    def _path(self, position: Position) -> FieldPath:
        """The path below ``spec`` of the value at a position; empty where it is another part."""
        manifest = self._manifests.get(position.file)
        if manifest is None:
            problems: list[Diagnostic] = []
            text = yaml_text(self.documents[position.file].data)
            (document,) = load_text(text, position.file, problems) or (None,)
        else:
            document = manifest.document
        if document is None:
            return ()
        found = [path for path in _paths(document.data) if document.at(path) == position]
        path = found[-1] if found else ()
        return path[1:] if path[:1] == ("spec",) else ()

    def _of_actions(self, context: Context, actions: Iterable[Action]) -> Iterator[Refusal]:
        for action in actions:
            if isinstance(action, Blocked):
                yield from self._of_blocked(context, action)
            elif isinstance(action, Write):
                for change in changes_of(action):
                    yield self._at(change.origin, "a manifest cannot say what is there")

    def _of_blocked(self, context: Context, action: Blocked) -> Iterator[Refusal]:
        fields: Sequence[ManagedField] = getattr(
            context.desired.addresses.get(action.address), "fields", ()
        )
        dangling = []
        for one in fields:
            path, value = one.path, one.value
            for reference in references_of(*path, value) if len(path) == 3 else ():
                problem = reference_problem(reference, action.tenant, context, context.live)
                if problem:
                    dangling.append(self._at(one.origin, f"it refers to {problem}"))
        if dangling:
            yield from dangling
            return
        origins = [action.subject.origin, *(one.origin for one in fields)]
        for name in dict.fromkeys(at.file for at in origins if at is not None):
            yield name, (), action.reason


def _paths(data: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    """The paths of all values, the outer before the inner."""
    yield path
    items = data.items() if isinstance(data, Mapping) else ()
    if isinstance(data, list):
        items = ((str(index), item) for index, item in enumerate(data))
    for part, value in items:
        yield from _paths(value, (*path, part))
