"""Makes an export of live objects: the only path from what was read to the text of files. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.errors import UsageError
from reconciler.export.documents import DocumentMaker
from reconciler.export.files import files_of, in_order, variables_document
from reconciler.export.model import Document, Export, Omission
from reconciler.export.options import option_documents
from reconciler.export.proof import proven
from reconciler.export.values import PARAMETERS, ValueWriter
from reconciler.plan.context import Context
from reconciler.server.port import ConfObject, ServerInfo
from reconciler.site.model import Site


class Draft(Struct, frozen=True):
    """The documents of an export in their order, before the proof. ``variables``: the document
    with the variables that they use; None: they use none. ``maker``: the maker of the documents,
    with their secrets and what they leave out."""

    documents: Sequence[Document]
    variables: Mapping[str, Any] | None
    maker: DocumentMaker

    def proven(self, info: ServerInfo) -> "tuple[Draft, list[Omission]]":
        """The draft without what a plan would refuse or change, and what that was."""
        context, secrets = self.maker.context, self.maker.secrets.values
        documents, refused = proven(self.documents, self.variables, context, info, secrets)
        return Draft(documents, self.variables, self.maker), refused


def make_draft(
    objects: Iterable[ConfObject],
    sections: Mapping[int, Collection[str]],
    context: Context,
    parameters: Iterable[str] = (),
) -> Draft:
    """The documents of ``objects``, and of ``sections`` of applications: DBID -> names.

    ``context``: everything that was read, and the site; ``parameters``: what becomes a variable,
    of ``PARAMETERS``. UsageError for a parameter that the site has no value for.
    """
    variables = _variables(parameters, context.site)
    maker = DocumentMaker(context, ValueWriter(context.site.tenant_dbid, variables))
    made = [document for one in objects if (document := maker.document(one)) is not None]
    made += option_documents(maker, sections)
    used = {name: text for name, text in variables.items() if _is_used(name, made)}
    declaring = variables_document(used, PARAMETERS) if used else None
    return Draft(in_order(made), declaring, maker)


def make_export(draft: Draft, info: ServerInfo) -> Export:
    """The text of files for a draft, without what a plan would refuse or change."""
    proof, refused = draft.proven(info)
    documents, secrets = proof.documents, draft.maker.secrets
    files = files_of(documents, draft.variables if documents else None)
    needed = set(re.findall(r"\benv\.(\w+)", "".join(files.values())))
    return Export(
        files,
        objects=len(documents),
        omissions=tuple(sorted({*draft.maker.omissions, *refused})),
        secrets=tuple(one for one in secrets.variables if one.name in needed),
    )


def _is_used(variable: str, documents: Iterable[Document]) -> bool:
    return any(f"${{var.{variable}}}" in one.text for one in documents)


def _variables(parameters: Iterable[str], site: Site) -> dict[str, str]:
    """Variable -> the text that it stands for; longer texts first, since they may contain
    others."""
    found = {}
    for parameter in parameters:
        if parameter not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            raise UsageError(f"{parameter} is no value of a site", f"Known: {known}.")
        value = site.values.get(PARAMETERS[parameter], "")
        if not value:
            raise UsageError(
                f"the site has no {PARAMETERS[parameter]}, so it cannot become a variable",
                f"Leave {parameter} out of --parameterise.",
            )
        found[parameter] = value
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))
