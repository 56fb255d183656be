"""The objects of an embedded server as a tree: tenants, folders, objects, options."""

from collections.abc import Iterable, Mapping

from rich.text import Text
from rich.tree import Tree

from reconciler.kinds.fields import Value, flatten, shown
from reconciler.kinds.secret_names import USUAL_NAMES
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.render.console import Console, as_text, emit_tree, styled
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import ENVIRONMENT, Snapshot

_HIDDEN = frozenset({"tenant", "name", "attribute", "employeeID"})


def print_tree(console: Console, objects: Iterable[ConfObject], *, verbose: bool) -> None:
    """Prints the objects by tenant, type and folder. ``verbose`` shows every field."""
    live = Snapshot(objects)
    for tenant in live.of_type("Tenant"):
        root = Tree(_text(f"{_name(tenant)} (tenant, DBID {tenant.dbid})", style="bold"))
        for name in OBJECT_TYPES:
            if name in ("Tenant", "Folder", "EnumeratorValue"):
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
    folders: dict[str, Tree] = {}
    for one in sorted(members, key=lambda o: (o.path, str(_name(o)))):
        _, _, below = one.path.partition("/")
        if below and below not in folders:
            folders[below] = branch.add(_text(f"{below}/", style="cyan"))
        node = folders.get(below, branch).add(_label(one, live))
        if verbose:
            _add_fields(node, one, live)
        if name == "Enumerator":
            for value in live.of_type("EnumeratorValue", one.tenant):
                if value.attributes["enumeratorDBID"] == one.dbid:
                    inner = node.add(_label(value, live))
                    if verbose:
                        _add_fields(inner, value, live)


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
    fields: Mapping[tuple[str, ...], Value] = flatten(OBJECT_TYPES[one.type], one.attributes, live)
    for path, value in fields.items():
        if path[0] not in _HIDDEN:
            said = shown(value, secret=USUAL_NAMES.marks(path))
            node.add(_text(f"{'/'.join(path)}: {said}", style="dim"))
