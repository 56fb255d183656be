"""The page of manifest kinds: what each may declare, and which policies it may have."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds.manifest_kind import OBJECT, ManifestKind
from reconciler.kinds.manifests import FOLDER_KINDS, MANIFEST_KINDS, OBJECT_KINDS
from reconciler.kinds.schema.manifests import kind_schema
from reconciler.kinds.schema.policy import policy_schema
from reconciler.kinds.types.folders import FOLDER
from scripts.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Kinds of manifests

What a manifest of each kind may declare. [Manifests](../manifests.md) explains the blocks `spec`
and `initial`, references, variables and policies; `gwe schema` prints all of this as a JSON Schema.
Unless a kind says otherwise, a field may stand in `spec` or in `initial`, and a required field in
either of them. In the names of fields, a dot leads into a structure, and `[]` into each entry of a
list. A text needs quotes only where YAML takes it for something else; a number is a text too. The
[object types](object-types.md) say what a field without a meaning here holds.
"""

_OBJECTS = """\
## Object

An object of any other type. `metadata.type` names the type. Beside it, `metadata` contains the
natural key by which the object is found, as the table says. Its fields are the words of its type in
[Object types](object-types.md), without those that the server sets itself.

"""

_FOLDERS = """\
## Folder

A folder below the default folder of a type, or a configuration unit, which is a folder of folders.
`metadata.type` names the type of what the folder is for, and `metadata.path` says where it is, as
[Folders](../manifests.md#folders) explains. `--overwrite` corrects a folder and never replaces it.
A create also sends `state: Enabled`.

"""

_POLICY = """\
## Policy

What `policy` may say, by kind. [Policy](../manifests.md#policy) explains it.

"""


def page() -> str:
    """Markdown."""
    contents = table(
        ("kind", "what it describes"),
        [
            *((f"[{code(k.name)}](#{k.name.lower()})", k.description) for k in _kinds()),
            (f"[{code(OBJECT)}](#{OBJECT.lower()})", "An object of any other type."),
            (f"[{code(FOLDER)}](#{FOLDER.lower()})", "A folder."),
        ],
    )
    parts = [_INTRODUCTION, contents, *("\n".join(_kind(kind)) for kind in _kinds())]
    return "\n".join([*parts, _OBJECTS + _object_types(), _FOLDERS + _folders(), _policies()])


def _kinds() -> list[ManifestKind]:
    return list(MANIFEST_KINDS.values())


def _kind(kind: ManifestKind) -> Iterator[str]:
    schema = kind_schema(kind)["properties"]
    yield f"## {kind.name}\n\n{kind.description}\n"
    yield from _facts(kind)
    metadata = _rows(schema["metadata"]["properties"], "metadata.", tuple(kind.key))
    yield table(("field", "what it is", "meaning"), [*metadata, *_body(kind, schema)])


def _facts(kind: ManifestKind) -> Iterator[str]:
    if kind.binding != "object":
        return
    link = f"[{kind.type}](object-types.md#{kind.type.lower()})"
    facts = [f"Object type {link}" + "".join(f", {k} {v}" for k, v in kind.fixed.items())]
    sent = ", ".join(code(f"{k}: {_yaml(v)}") for k, v in kind.defaults.items())
    facts += [f"a create also sends {sent}"] if sent else []
    facts += [f"`--overwrite`: {code(kind.overwrite)}"]
    yield f"{'; '.join(facts)}.\n"


def _yaml(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else value


def _body(kind: ManifestKind, schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    if kind.binding == "variables":
        inner = schema["spec"]["additionalProperties"]
        yield from _rows(inner["properties"], "spec.NAME.", tuple(inner["required"]))
        return
    if "ensure" in schema:
        yield from _rows({"ensure": schema["ensure"]}, "", ())
    if "target" in schema:
        yield from _rows(schema["target"]["properties"], "target.", ())
    for name, one in schema["spec"]["properties"].items():
        prefix = "spec." if name in kind.spec_only else ""
        yield from _rows({name: one}, prefix, kind.required)


def _rows(
    properties: Mapping[str, Any], prefix: str, required: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """A row for each property, then those of the structure or list that it is."""
    for name, one in properties.items():
        needed = "required; " if name in required else ""
        path = f"{prefix}{name}"
        yield code(path), needed + _form(one), prose(one.get("description", ""))
        items = one.get("items", {})
        inner = items.get("then", items if "properties" in items else one)
        if inner is not one:
            path += "[]"
        words = inner.get("properties", {})
        yield from _rows(words, f"{path}.", tuple(inner.get("required", ())))


def _form(schema: Mapping[str, Any]) -> str:
    """What the value is, in the words of our own messages."""
    plain = schema.get("else", schema)
    return str(plain.get("$comment") or code(str(schema.get("const", ""))))


def _object_types() -> str:
    rows = [
        (
            f"[{code(name)}](object-types.md#{name.lower()})",
            ", ".join(code(word) for word in kind.key),
            ", ".join(code(word) for word in kind.required) or "none",
            code(kind.overwrite),
        )
        for name, kind in OBJECT_KINDS.items()
    ]
    return table(
        ("`metadata.type`", "key, in `metadata`", "required fields", "`--overwrite`"), rows
    )


def _folders() -> str:
    belongs: dict[tuple[str, ...], list[str]] = {}
    for name, kind in FOLDER_KINDS.items():
        words = (*kind.key, *(("tenant",) if kind.tenanted else ()))
        belongs.setdefault(words, []).append(name)
    keys = [
        (", ".join(map(code, names)), ", ".join(code(f"metadata.{word}") for word in words))
        for words, names in belongs.items()
    ]
    kind = FOLDER_KINDS["Script"]
    fields = _body(kind, kind_schema(kind)["properties"])
    return "\n".join(
        [
            table(("`metadata.type`", "beside it in `metadata`"), keys),
            table(("field", "what it is", "meaning"), list(fields)),
        ]
    )


def _policies() -> str:
    found: dict[str, dict[str, Any]] = {}
    where: dict[str, list[str]] = {}
    kinds = [kind for kind in _kinds() if kind.binding != "variables"]
    for kind in kinds:
        for name, schema in policy_schema(kind)["properties"].items():
            found.setdefault(name, schema)
            where.setdefault(name, []).append(kind.name)
    objects = [kind.name for kind in kinds if kind.binding == "object"]
    rows = [
        (
            code(name),
            _form(schema),
            prose(schema.get("description", "")),
            _where(where[name], objects),
        )
        for name, schema in found.items()
    ]
    return _POLICY + table(("field", "what it is", "meaning", "kinds"), rows)


def _where(names: list[str], objects: list[str]) -> str:
    if set(objects) < set(names):
        return "all but `Variables`"
    return "all objects" if set(objects) == set(names) else ", ".join(code(name) for name in names)
