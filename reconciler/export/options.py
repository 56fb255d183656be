"""Makes documents of kind ``ApplicationOptions`` for options in applications. Pure.

Applications of one role that have the same options share a document, which targets the role; if
they differ, each has its own document.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from reconciler.export.documents import DocumentMaker, undeclarable_secret
from reconciler.export.model import Document, Omission
from reconciler.export.spec import sections_of
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.model import Attribute, ValueType
from reconciler.server.port import ConfObject
from reconciler.site.model import application_name

_KIND = MANIFEST_KINDS["ApplicationOptions"]
_OPTIONS = "options"
_ATTRIBUTE = Attribute(_OPTIONS, ValueType.KEY_VALUES)


def option_documents(
    maker: DocumentMaker, sections: Mapping[int, Collection[str]]
) -> Iterator[Document]:
    """The documents with sections of applications. ``sections``: DBID of an application -> the
    names of its sections that belong to the export."""
    done: set[int] = set()
    for role, members in maker.context.site.roles.items():
        held = {one.dbid: _options(one, sections.get(one.dbid, ())) for one in members}
        fresh = [one for one in members if held[one.dbid] and one.dbid not in done]
        done |= {one.dbid for one in fresh}
        alike = len(fresh) == len(members) and all(
            held[one.dbid] == held[fresh[0].dbid] for one in fresh
        )
        if fresh and alike:
            yield _document(maker, fresh[0], held[fresh[0].dbid], {"role": role}, role)
            continue
        for one in fresh:
            name = maker.writer.name(application_name(one))
            yield _document(maker, one, held[one.dbid], {"application": name}, name)


def _options(one: ConfObject, sections: Collection[str]) -> dict[FieldPath, Value]:
    live = one.attributes.get(_OPTIONS) or {}
    return {
        (_OPTIONS, section, key): value
        for section in sections
        for key, value in live.get(section, {}).items()
    }


def _document(
    maker: DocumentMaker,
    one: ConfObject,
    held: Mapping[FieldPath, Value],
    target: Mapping[str, str],
    name: str,
) -> Document:
    subject = maker.subject(one)
    address = f"{_KIND.name}/{name}"
    lost = {
        path: reason
        for path, value in held.items()
        if subject.hides(path) and (reason := undeclarable_secret(value, _ATTRIBUTE))
    }
    maker.omissions += [Omission(address, path, reason) for path, reason in lost.items()]
    declared = {path: value for path, value in held.items() if path not in lost}

    def write(path: FieldPath, value: Value) -> Any:
        return maker.value(subject, path, value)

    spec = {_OPTIONS: sections_of(declared, write, maker.writer.section)}
    return Document(_KIND, address, ("", name), {"name": name}, spec, target)
