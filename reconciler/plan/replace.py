"""The fields of the object that a replace creates. Pure."""

from collections.abc import Mapping

from reconciler.kinds.fields import FieldPath, Value
from reconciler.manifest.desired import DesiredObject
from reconciler.plan.diff import LiveFields, in_the_type_of, lasting_fields, satisfying_options


def replaced_fields(
    desired: DesiredObject, base: Mapping[FieldPath, Value], live: LiveFields
) -> dict[FieldPath, Value]:
    """The fields of the new object. Later ones win: ``base`` (identity and defaults), fields
    carried over from the live object (``preserve``, and units that a policy keeps), and the
    other fields that the manifest declares."""
    result = dict(base)
    for path, value in live:
        if path[0] in desired.policy.preserve:
            result[path] = value
    declared = []
    lasting = lasting_fields(desired.fields, live)
    for field in desired.fields:
        instead = satisfying_options(field, lasting)
        if instead:
            for path in instead:
                result.update(live.under(path[:2]))
        elif field.keep and live.has(field.unit):
            result.update(live.under(field.unit))
        else:
            declared.append(field)
    for field in declared:
        result.pop(field.path, None)
        if field.value is not None:
            result[field.path] = in_the_type_of(live.get(field.path), field.value)
    return result
