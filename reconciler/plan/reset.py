"""``--reset-initial``: treats what manifests declare under ``initial`` as enforced. Pure.

Options in applications, which others own, are never reset.
"""

from typing import TypeVar

from msgspec.structs import replace

from reconciler.manifest.desired import (
    Desired,
    DesiredFile,
    DesiredObject,
    Enforced,
    Initial,
    ManagedField,
)
from reconciler.plan.context import PlanOptions

_T = TypeVar("_T", DesiredObject, DesiredFile)


def with_reset(desired: Desired, options: PlanOptions) -> Desired:
    """The desired objects; initial fields become enforced where ``--reset-initial`` and
    ``--overwrite`` apply and the policy allows it."""
    return replace(
        desired,
        objects=tuple(_reset(one, options) for one in desired.objects),
        files=tuple(_reset(one, options) for one in desired.files),
    )


def _reset(one: _T, options: PlanOptions) -> _T:
    if not options.resets(one.address) or one.policy.overwrite == "keep":
        return one
    return replace(one, fields=tuple(_enforced(field) for field in one.fields))


def _enforced(field: ManagedField) -> ManagedField:
    reset = isinstance(field.ownership, Initial)
    ownership = Enforced(reset=True) if reset else field.ownership
    return replace(field, ownership=ownership, satisfied_by=())
