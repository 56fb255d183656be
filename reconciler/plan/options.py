"""Plans the applications in which manifests declare options: one action for each. Pure.

In an HA pair, an initial option or section counts as present if either member has it: the other
member then gets that value, never the manifest's.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from reconciler.kinds.addresses import application_address
from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.flatten import flatten
from reconciler.kinds.options import references_of
from reconciler.kinds.roles import CHAT_ROLE
from reconciler.kinds.types.table import OBJECT_TYPES
from reconciler.manifest.desired import DesiredOptions, Initial, ManagedField
from reconciler.plan.actions import Action, Skip, Subject
from reconciler.plan.changes import Change
from reconciler.plan.context import Context
from reconciler.plan.diff import (
    Difference,
    Hides,
    LiveFields,
    change_of,
    compare,
    decide,
    lasting_fields,
    satisfying_options,
    site_owned,
    units_of,
)
from reconciler.site.model import application_name

_APPLICATION = OBJECT_TYPES["Application"]


def plan_options(context: Context) -> tuple[list[Action], list[str]]:
    """One action per application, and notices."""
    planner = _OptionsPlanner(context)
    actions = [planner.action(desired) for desired in context.desired.options]
    for manifest in context.desired.untargeted:
        subject = Subject(
            manifest.address, "ApplicationOptions", name=manifest.name, origin=manifest.origin
        )
        actions.append(Skip(subject, f"the site has no {manifest.role}"))
    return actions, list(dict.fromkeys(planner.notices))


class _OptionsPlanner:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._live = context.live
        self.notices: list[str] = []

    def _options_of(self, dbid: int) -> LiveFields:
        one = self._live.get("Application", dbid)
        options = one.attributes.get("options") if one else None
        return LiveFields(flatten(_APPLICATION, {"options": options or {}}, self._live))

    def action(self, desired: DesiredOptions) -> Action:
        fields = self._with_endpoints(desired)
        subject = Subject(
            desired.address,
            "Application",
            "Application",
            desired.name,
            tenant=self._context.site.tenant_dbid,
            dbid=desired.dbid,
            origin=desired.fields[0].origin if desired.fields else None,
        )
        subject = self._context.with_secrets(subject, fields)
        if not fields:
            return Skip(subject, f"the site has no {CHAT_ROLE}")
        live = self._options_of(desired.dbid)
        copied, own = self._from_partner(desired, fields, live, subject.hides)
        difference = compare(_APPLICATION, own, live, subject.hides)
        blocked = difference.blocked or self._partner_unknown(desired, own, difference.changes)
        return decide(
            subject,
            Difference((*difference.changes, *copied), difference.kept, blocked),
            (*units_of(fields), *(change.unit for change in copied)),
            watched=self._watched(desired, own, live),
        )

    def _with_endpoints(self, desired: DesiredOptions) -> list[ManagedField]:
        """The fields; without a Chat Server, only those that name no endpoint of a Chat Server."""
        if self._context.site.roles.get(CHAT_ROLE):
            return list(desired.fields)
        fields: list[ManagedField] = []
        for field in desired.fields:
            references = references_of("options", field.path[1], field.path[2], field.value)
            if any(one.target == "endpoint" for one in references):
                option = "/".join(field.path[1:])
                self.notices.append(
                    f"{desired.address}: {option} is skipped: the site has no {CHAT_ROLE}."
                )
            else:
                fields.append(field)
        return fields

    def _from_partner(
        self,
        desired: DesiredOptions,
        fields: list[ManagedField],
        live: LiveFields,
        hides: Hides,
    ) -> tuple[list[Change], list[ManagedField]]:
        """The changes that copy values from the other member of the pair, and the fields that get
        the manifest's values."""
        partner = self._live.get("Application", self._context.site.partner(desired.dbid))
        if partner is None:
            return [], fields
        others, name = self._options_of(partner.dbid), application_name(partner)
        lasting = lasting_fields(fields, live)
        known = self._context.known_secrets.of(
            application_address(name), "Application", partner.dbid
        )

        def hidden(path: FieldPath) -> bool:
            return path in known or hides(path)

        copied: dict[tuple[str, ...], Change] = {}
        own: list[ManagedField] = []
        for field in fields:
            initial = site_owned(field, others)
            if initial is None or satisfying_options(field, lasting):
                own.append(field)
                continue
            if not live.has(initial.unit):
                for path, value in self._copied(initial.unit, others, name, desired.address):
                    copied[path] = replace(
                        change_of(replace(field, path=path), None, value, hidden),
                        manifest=f"as in {name}",
                        source=partner.dbid,
                    )
                continue
            own.append(field)
            if live.under(initial.unit) != others.under(initial.unit):
                pair = " and ".join(sorted((desired.name, name)))
                unit = "/".join(initial.unit[1:])
                self.notices.append(
                    f"{pair} are a pair and differ in {unit}; both are left as they are."
                )
        return list(copied.values()), own

    def _watched(
        self, desired: DesiredOptions, own: list[ManagedField], live: LiveFields
    ) -> tuple[tuple[int, FieldPath], ...]:
        """Units that must stay absent in the other member of the pair: if it had one, its
        value would be written here instead of the manifest's."""
        partner = self._live.get("Application", self._context.site.partner(desired.dbid))
        if partner is None:
            return ()
        return tuple(
            (partner.dbid, field.ownership.unit)
            for field in own
            if isinstance(field.ownership, Initial) and not live.has(field.ownership.unit)
        )

    def _copied(
        self, unit: FieldPath, others: LiveFields, name: str, address: str
    ) -> Iterator[tuple[FieldPath, Value]]:
        """What the other member of the pair has in a unit."""
        for path, value in others.under(unit).items():
            if isinstance(value, bytes):
                option = "/".join(path[1:])
                self.notices.append(
                    f"{address}: {option} is not copied from {name}: it holds a binary value."
                )
            else:
                yield path, value

    def _partner_unknown(
        self, desired: DesiredOptions, own: list[ManagedField], changes: tuple[Change, ...]
    ) -> str:
        """Why no initial field can be added: the other member of the pair is unreadable.
        Empty if that is not so."""
        unreadable = self._context.site.unreadable_partners.get(desired.dbid)
        initial = {field.path for field in own if isinstance(field.ownership, Initial)}
        if not unreadable or not any(change.path in initial for change in changes):
            return ""
        return (
            f"its pair, the application with DBID {unreadable}, is not readable by this"
            " account, and may have what is absent here; grant the account Read on it"
        )
