"""Checks an export before it is written: its manifests are loaded, bound and planned against the
objects that they were made from, and nothing may be left to write.

What a manifest may not declare, such as an option that names a script that does not exist, is
refused by these steps with the usual message; it is left out, and listed with that reason. So no
rule is repeated here. A refused name is tried again with ``exact``. Pure.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.diagnostics import Diagnostic, Position
from reconciler.errors import ManifestError
from reconciler.export.model import Document, Omission
from reconciler.files.reading import MAX_BYTES
from reconciler.kinds.fields import FieldPath
from reconciler.kinds.options import references_of
from reconciler.manifest.bind import bind
from reconciler.manifest.desired import Desired, ManagedField
from reconciler.manifest.documents import Manifest
from reconciler.manifest.validate import validate
from reconciler.manifest.variables import collect
from reconciler.plan.actions import Action, Blocked, Write, changes_of
from reconciler.plan.context import Context
from reconciler.plan.ordering.references import reference_problem
from reconciler.plan.planner import make_plan
from reconciler.server.port import ServerInfo
from reconciler.text.yaml import yaml_text
from reconciler.yaml.documents import YamlDocument
from reconciler.yaml.strict import load_text

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
        proof.leave_out(refused)
    proof.drop_needless_exactness()
    return list(proof.documents.values()), proof.omissions


class _Proof(Struct):
    """The remaining documents, by the names under which they are loaded."""

    context: Context
    info: ServerInfo
    secrets: Mapping[str, str]
    variables: Mapping[str, Any] | None
    documents: dict[str, Document] = field(default_factory=dict)
    omissions: list[Omission] = field(default_factory=list)
    _manifests: dict[str, Manifest] = field(default_factory=dict)
    _plain: dict[str, tuple[Document, Mapping[FieldPath, str]]] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        name, number = document.address, 2
        while name in self.documents:
            name, number = f"{document.address} ({number})", number + 1
        self.documents[name] = document

    def leave_out(self, refused: Iterable[Refusal]) -> None:
        """Leaves out values, and documents that are invalid without them."""
        by_name: dict[str, dict[FieldPath, str]] = {}
        for name, path, reason in refused:
            by_name.setdefault(name, {}).setdefault(path, reason)
        for name, reasons in by_name.items():
            if self._may_be_exact(name):
                plain = self.documents[name]
                self._plain[name] = (plain, reasons)
                self._put(name, plain.exactly())
                continue
            one = less = self._better_form(name, reasons)
            outermost = [path for path in reasons if not _is_below(path, reasons)]
            for path in sorted(outermost, key=_place, reverse=True):  # the last of a list first
                less = less.without(path)
                self.omissions.append(Omission(one.address, path, reasons[path]))
            missing = [word for word in one.kind.required if word not in less.spec]
            if missing:
                reason = f"it cannot be declared without {' and '.join(missing)}"
                self.omissions.append(Omission(one.address, (), reason))
            elif less.spec != one.spec and (less.spec or not one.target):
                self._put(name, less)

    def drop_needless_exactness(self) -> None:
        """Removes ``exact`` from the documents that are accepted without it, since what made it
        necessary has been left out."""
        exact = {name: self.documents[name] for name in self._plain if name in self.documents}
        exact = {name: one for name, one in exact.items() if one.is_exact}
        for name, one in exact.items():
            self._put(name, one.inexactly())
        while exact and (refused := {name for name, _, _ in self.refusals()}):
            for name in refused & exact.keys() or set(exact):
                self._put(name, exact.pop(name))

    def _put(self, name: str, document: Document) -> None:
        self.documents[name] = document
        self._manifests.pop(name, None)

    def _may_be_exact(self, name: str) -> bool:
        """Whether ``exact``, not tried yet, may let a document declare more."""
        one = self.documents[name]
        return name not in self._plain and not one.is_exact and one.kind.binding != "file"

    def _better_form(self, name: str, reasons: Mapping[FieldPath, str]) -> Document:
        """Removes a document and returns it; without ``exact`` if that has changed nothing, since
        the same values are still refused."""
        one = self.documents.pop(name)
        self._manifests.pop(name, None)
        plain, before = self._plain.get(name, (one, {}))
        self._plain[name] = (one, {})
        return plain if before and before.items() <= reasons.items() else one

    def refusals(self) -> list[Refusal]:
        """What is wrong with the documents; none if a plan is empty."""
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
            if name in self._manifests:
                continue
            if len(one.text.encode()) > MAX_BYTES:
                problems.append(Diagnostic("it is larger than a manifest may be", Position(name)))
            else:
                loaded += load_text(one.text, name, problems)
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
        """The value at a position. ValueError for a position in no document."""
        if position is None or position.file not in self.documents:
            raise ValueError(reason)
        return position.file, self._path(position), reason

    def _path(self, position: Position) -> FieldPath:
        """The path below ``spec`` of the value at a position; empty if it is another part."""
        manifest = self._manifests.get(position.file)
        if manifest is None:
            problems: list[Diagnostic] = []
            text = self.documents[position.file].text
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
                    what = "nothing that is there (secret)" if one.secret else problem
                    dangling.append(self._at(one.origin, f"it refers to {what}"))
        if dangling:
            yield from dangling
            return
        origins = [action.subject.origin, *(one.origin for one in fields)]
        for name in dict.fromkeys(at.file for at in origins if at is not None):
            yield name, (), action.reason


def _paths(data: Any, path: FieldPath = ()) -> Iterator[FieldPath]:
    """The paths of all values, the outer before the inner."""
    yield path
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _paths(value, (*path, key))
    elif isinstance(data, list):
        for index, item in enumerate(data):
            yield from _paths(item, (*path, str(index)))


def _is_below(path: FieldPath, others: Collection[FieldPath]) -> bool:
    """Whether a path is below any of the others."""
    return any(path[:length] in others for length in range(len(path)))


def _place(path: FieldPath) -> tuple[tuple[int, str], ...]:
    """The sort key of a path, in the order of a document: list items by their number."""
    return tuple((int(part), "") if part.isdecimal() else (0, part) for part in path)
