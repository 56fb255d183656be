"""What general kinds do not manage: the lock, and scripts with a kind of their own. Pure."""

from reconciler.kinds import enums
from reconciler.kinds.manifests import MANIFEST_KINDS
from reconciler.kinds.predefined import OWN_OBJECTS
from reconciler.manifest.desired import DesiredObject

_SCRIPT_KINDS = {
    enums.mnemonic(enums.SCRIPT_TYPE, kind.script_type): kind.name
    for kind in MANIFEST_KINDS.values()
    if kind.script_type is not None
}
"""Script type -> the manifest kind for scripts of that type alone."""


def reserved(desired: DesiredObject) -> str:
    """Why no manifest may manage this object; empty: it may."""
    names = (desired.name, *(former.name for former in desired.formerly))
    if desired.kind.type == "Transaction" and any(one.startswith(OWN_OBJECTS) for one in names):
        return f"Lists whose names begin with {OWN_OBJECTS} are gwe's own"
    if desired.kind.type == "Script" and desired.kind.script_type is None:
        script_type = str(desired.declared_fields().get(("type",), ""))
        if script_type in _SCRIPT_KINDS:
            return (
                f"a script of type {script_type} has a kind of its own;"
                f" declare it as kind {_SCRIPT_KINDS[script_type]}"
            )
    return ""
