"""The objects of an embedded server as a tree: tenants, folders, objects, options."""

from collections.abc import Iterable, Mapping

from rich.text import Text
from rich.tree import Tree

from reconciler.kinds.fields import Value, shown
from reconciler.kinds.flatten import flatten
from reconciler.kinds.model import ObjectType
from reconciler.kinds.secret_names import USUAL_NAMES
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.render.console import Console, as_text, emit_tree, styled
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

_HIDDEN = frozenset({"tenant", "name", "employeeID"})

_OWNED: dict[str, list[ObjectType]] = {}
"""The type of an owner other than a tenant -> the types of what it owns, shown below it."""
for _kind in OBJECT_TYPES.values():
    if _kind.owner_type != "Tenant":
        _OWNED.setdefault(_kind.owner_type, []).append(_kind)


def print_tree(console: Console, objects: Iterable[ConfObject], *, verbose: bool) -> None:
    """Prints the objects by tenant, type and folder. ``verbose`` shows every field."""
    live = Snapshot(objects)
    for tenant in live.of_type("Tenant"):
        root = Tree(_text(f"{_name(tenant)} (tenant, DBID {tenant.dbid})", style="bold"))
        for name in OBJECT_TYPES:
            if name in ("Tenant", "Folder") or OBJECT_TYPES[name].owner_type != "Tenant":
                continue
            members = [
                one
                for one in live.of_type(name)
                if one.tenant == tenant.dbid or (not one.tenant and tenant.dbid == ENVIRONMENT)
            ]
            if members:
                _add_type(root, name, members, live, verbose)
        emit_tree(console, root)


def _add_type(
    root: Tree, name: str, members: list[ConfObject], live: Snapshot, verbose: bool
) -> None:
    branch = root.add(_text(f"{name} ({len(members)})", style="cyan"))
    _add_objects(branch, sorted(members, key=lambda o: (o.path, str(_name(o)))), live, verbose)


def _add_objects(branch: Tree, members: list[ConfObject], live: Snapshot, verbose: bool) -> None:
    folders: dict[str, Tree] = {}
    for one in members:
        _, _, below = one.path.partition("/")
        if below and below not in folders:
            folders[below] = branch.add(_text(f"{below}/", style="cyan"))
        node = folders.get(below, branch).add(_label(one, live))
        if verbose:
            _add_fields(node, one, live)
        for owned in _OWNED.get(one.type, ()):
            inside = [o for o in live.of_type(owned.name) if o.attributes[owned.owner] == one.dbid]
            if inside and len(_OWNED[one.type]) > 1:
                _add_type(node, owned.name, inside, live, verbose)
            elif inside:
                _add_objects(node, inside, live, verbose)


def _text(*parts: str | tuple[str, str], style: str = "") -> Text:
    return as_text(styled(*parts, style=style))


def _name(one: ConfObject) -> str:
    return str(one.attributes.get(OBJECT_TYPES[one.type].name_attribute, ""))


def _label(one: ConfObject, live: Snapshot) -> Text:
    fields = flatten(OBJECT_TYPES[one.type], one.attributes, live)
    details = [f"DBID {one.dbid}"]
    if ("type",) in fields:
        details.insert(0, str(fields["type",]))
    if fields.get(("state",)) == "Disabled":
        details.append("disabled")
    return _text(_name(one), (f"  {', '.join(details)}", "dim"))


def _add_fields(node: Tree, one: ConfObject, live: Snapshot) -> None:
    kind = OBJECT_TYPES[one.type]
    fields: Mapping[tuple[str, ...], Value] = flatten(kind, one.attributes, live)
    owner = kind.attribute(kind.owner)
    hidden = _HIDDEN | {owner.word if owner else ""}
    for path, value in fields.items():
        if path[0] not in hidden:
            said = shown(value, secret=USUAL_NAMES.marks(path))
            node.add(_text(f"{'/'.join(path)}: {said}", style="dim"))
