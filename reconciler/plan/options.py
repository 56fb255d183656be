"""The action for each application in which manifests declare options. Pure.

In an HA pair, the presence of a kept option or section is judged over the pair: what
one member has, the other gets with that member's value, never the manifest's.
"""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.kinds.fields import Path, Value, flatten
from reconciler.kinds.options import ENDPOINTS, references_of
from reconciler.kinds.roles import CHAT_ROLE
from reconciler.kinds.types import OBJECT_TYPES
from reconciler.manifest.desired import DesiredOptions, ManagedField
from reconciler.plan.context import Context
from reconciler.plan.diff import compare, has_unit, satisfied
from reconciler.plan.model import KEPT, Action, Change
from reconciler.site.model import application_name
from reconciler.site.siblings import endpoint_users

_APPLICATION = OBJECT_TYPES["Application"]


def plan_options(context: Context) -> tuple[list[Action], list[str]]:
    """One action per application, and notices."""
    planner = _OptionsPlanner(context)
    actions = [planner.action(desired) for desired in context.desired.options]
    for untargeted in context.desired.untargeted:
        actions.append(
            Action(
                address=untargeted.address,
                kind="ApplicationOptions",
                action="skip",
                name=untargeted.name,
                reason=f"the site has no {untargeted.role}",
                origin=untargeted.origin,
            )
        )
    return actions, list(dict.fromkeys(planner.notices))


class _OptionsPlanner:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._live = context.live
        self.notices: list[str] = []

    def _options_of(self, dbid: int) -> dict[Path, Value]:
        one = self._live.get("Application", dbid)
        if one is None:
            return {}
        return flatten(_APPLICATION, {"options": one.attributes.get("options") or {}}, self._live)

    def action(self, desired: DesiredOptions) -> Action:
        base = Action(
            address=desired.address,
            kind="Application",
            action="in-sync",
            object_type="Application",
            name=desired.name,
            dbid=desired.dbid,
            tenant=self._context.site.tenant_dbid,
            origin=desired.fields[0].origin if desired.fields else None,
        )
        fields = self._with_endpoints(desired)
        if not fields:
            return replace(base, action="skip", reason=f"the site has no {CHAT_ROLE}")
        live = self._options_of(desired.dbid)
        overwrite = self._context.options.overwrites(desired.address)
        partner = self._context.site.partner(desired.dbid)
        copied, own = self._from_partner(desired, fields, live, partner, overwrite)
        difference = compare(_APPLICATION, own, live, overwrite=overwrite)
        blocked = difference.blocked or self._used_elsewhere(difference.changes)
        if blocked:
            return replace(base, action="blocked", reason=blocked)
        changes = (*difference.changes, *copied)
        base = replace(base, changes=changes, kept=difference.kept)
        if changes:
            return replace(base, action="update")
        if difference.kept:
            return replace(base, action="keep", reason=KEPT)
        return base

    def _with_endpoints(self, desired: DesiredOptions) -> list[ManagedField]:
        """The fields without those that need an endpoint where there is no Chat Server."""
        if self._context.site.roles.get(CHAT_ROLE):
            return list(desired.fields)
        fields: list[ManagedField] = []
        for field in desired.fields:
            references = references_of("options", field.path[1], field.path[2], field.value)
            if any(one.target == "endpoint" for one in references):
                self.notices.append(
                    f"{desired.address}: {'/'.join(field.path[1:])} is skipped:"
                    f" the site has no {CHAT_ROLE}."
                )
            else:
                fields.append(field)
        return fields

    def _from_partner(
        self,
        desired: DesiredOptions,
        fields: list[ManagedField],
        live: Mapping[Path, Value],
        partner: int,
        overwrite: bool,
    ) -> tuple[list[Change], list[ManagedField]]:
        """Changes that copy what only the other member of the pair has, and the fields
        that the manifest's values still decide."""
        others = self._options_of(partner) if partner else {}
        if not others:
            return [], fields
        one = self._live.get("Application", partner)
        name = application_name(one) if one else ""
        copied: dict[Path, Change] = {}
        own: list[ManagedField] = []
        for field in fields:
            keeps = field.keep and not (overwrite and field.overwrite_corrects)
            if not keeps or not has_unit(others, field.unit) or satisfied(field, live):
                own.append(field)
                continue
            theirs = {p: v for p, v in others.items() if p[: len(field.unit)] == field.unit}
            mine = {p: v for p, v in live.items() if p[: len(field.unit)] == field.unit}
            if mine:
                own.append(field)
                if mine != theirs:
                    pair = " and ".join(sorted((desired.name, name)))
                    self.notices.append(
                        f"{pair} are a pair and differ in {'/'.join(field.unit[1:])};"
                        " both are left as they are."
                    )
                continue
            for path, value in theirs.items():
                if isinstance(value, bytes):
                    self.notices.append(
                        f"{desired.address}: {'/'.join(path[1:])} is not copied from {name}:"
                        " it holds a binary value."
                    )
                else:
                    copied[path] = Change(path, None, value, field.origin, f"as in {name}")
        return list(copied.values()), own

    def _used_elsewhere(self, changes: tuple[Change, ...]) -> str:
        """Why a change of an endpoint's value would break another site; empty: it does not."""
        for change in changes:
            _, section, option = change.path
            if change.before is None or not section.startswith(ENDPOINTS):
                continue
            key = f"{section.removeprefix(ENDPOINTS)}:{option}"
            users = endpoint_users(self._live, self._context.site, key)
            if users:
                listed = ", ".join(users)
                return f"{section}/{option} is also the queueKey of {listed}, outside this site"
        return ""
