"""The table of policies: what a manifest may say about its object as a whole.

A new policy is one field of ``Policy``. The schema and the reader of manifests follow from it; code
that acts on the policy reads the field. Policies of single fields (``whole``, ``satisfiedBy``) are
read by ``manifest/policy.py``.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import Struct

from reconciler.kinds.manifest_kind import ManifestKind, Overwrite

FORMER_POLICIES = ("existing", "keep")
"""Former policies, replaced by ``initial`` and ``whole``; see ``manifest/former_policy.py``."""

MAX_POINTERS = 50
"""How many pointers a list of a policy may have: each is compared with every field."""


class PolicyField(Struct, frozen=True):
    """How a policy is written in a manifest. ``form``: a choice among ``choices``, true or
    false, or a list of texts. ``applies``: whether a kind of manifest may have the policy."""

    name: str
    form: Literal["choice", "flag", "texts"]
    description: str = ""
    choices: tuple[str, ...] = ()
    applies: Callable[[ManifestKind], bool] = lambda kind: kind.binding == "object"


def _has_parent(kind: ManifestKind) -> bool:
    return bool(kind.parent)


class Policy(Struct, frozen=True):
    """The policy of an object. ``overwrite`` differs by kind and is read on its own."""

    overwrite: Overwrite = "replace"
    preserve: Annotated[
        tuple[str, ...], PolicyField("preserve", "texts", "Fields that a replace carries over.")
    ] = ()
    protect: Annotated[bool, PolicyField("protect", "flag", "Never replaced or deleted.")] = False
    when_parent_missing: Annotated[
        str,
        PolicyField(
            "whenParentMissing",
            "choice",
            "What happens where the Business Attribute is absent.",
            choices=("fail", "skip"),
            applies=_has_parent,
        ),
    ] = "fail"
    unless_sibling: Annotated[
        tuple[str, ...],
        PolicyField(
            "unlessSibling",
            "texts",
            "Globs: the value is not created if the Business Attribute has another value that"
            " matches and that no manifest declares.",
            applies=_has_parent,
        ),
    ] = ()


_USUAL = {"replace": Policy("replace"), "correct": Policy("correct"), "keep": Policy("keep")}


def usual_policy(kind: ManifestKind) -> Policy:
    """The policy of an object whose manifest has none."""
    return _USUAL[kind.overwrite]


POLICY_FIELDS: tuple[tuple[str, PolicyField], ...] = tuple(
    (name, form)
    for name, annotation in Policy.__annotations__.items()
    for form in getattr(annotation, "__metadata__", ())
)
"""Attribute of ``Policy``, and how manifests write it."""
