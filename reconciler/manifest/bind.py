"""Binds manifests to a site: fills in variables, and assigns options to every application of their
role.

The result is checked again, since names and values may come from variables, and all
problems are reported together. Without a site (``gwe validate``), only what needs no site is
checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from reconciler.diagnostics import Diagnostic, assign_rule
from reconciler.errors import ManifestError
from reconciler.kinds.fields import FieldValueError, canonical
from reconciler.kinds.manifest_kind import ABSENT, BLOCKS
from reconciler.kinds.model import Attribute, ValueType
from reconciler.kinds.types.folders import (
    FOLDER,
    PATH,
    UNIT,
    folder_around,
    names_in_path,
    plain_path,
)
from reconciler.launch.errors import LaunchError
from reconciler.launch.formats import Format, format_of
from reconciler.manifest.desired import (
    Desired,
    DesiredFile,
    DesiredObject,
    DesiredOptions,
    FormerName,
    Untargeted,
)
from reconciler.manifest.documents import Manifest
from reconciler.manifest.expand import Expanded, expand
from reconciler.manifest.fields import FieldReader
from reconciler.manifest.interpolate import Allowance, Interpolation, Scope
from reconciler.manifest.merge import (
    merge_options,
    report_former_names,
    report_same_files,
    report_same_objects,
)
from reconciler.manifest.names import report_names
from reconciler.manifest.plain import PlainObject, bound_object, plain_object
from reconciler.manifest.targets import target_applications, target_role
from reconciler.manifest.variables import Variables
from reconciler.server.port import ConfObject
from reconciler.server.snapshot import Snapshot
from reconciler.site.model import Site, application_name
from reconciler.yaml.documents import as_text

MAX_NAME = 255
"""Characters in a name (Configuration Server's limit)."""


def bind(
    manifests: Sequence[Manifest],
    variables: Variables,
    environment: Mapping[str, str],
    site: Site | None = None,
    live: Snapshot | None = None,
) -> Desired:
    """The desired objects. ManifestError lists every problem."""
    binder = _Binder(variables, environment, site, live)
    for manifest in manifests:
        binder.add(manifest)
    return binder.finish()


def with_plain_objects(manifests: Sequence[Manifest], variables: Variables) -> list[Manifest]:
    """The manifests; plain manifests get the object that they declare, which is the same for every
    site and can be cached."""
    binder = _Binder(variables, {}, None, None)
    return [
        one if one.plain else Manifest(one.kind, one.document, _plain(one, binder))
        for one in manifests
    ]


def _plain(manifest: Manifest, binder: "_Binder") -> PlainObject | None:
    """What a plain manifest declares; None if it has a mistake or is not plain. Bundled manifests
    are not plain, since their hints differ."""
    if manifest.kind.binding != "object" or manifest.bundled or manifest.has_variables:
        return None
    found = binder.declared(manifest)
    return plain_object(found) if found else None


class _Binder:
    def __init__(
        self,
        variables: Variables,
        environment: Mapping[str, str],
        site: Site | None,
        live: Snapshot | None,
    ) -> None:
        self._variables = variables
        self._environment = environment
        self._site = site
        self._live = live
        self._problems: list[Diagnostic] = []
        self._allowance = Allowance()
        self._objects: list[DesiredObject] = []
        self._options: list[DesiredOptions] = []
        self._untargeted: list[Untargeted] = []
        self._files: list[DesiredFile] = []

    def add(self, manifest: Manifest) -> None:
        match manifest.kind.binding:
            case "object":
                self._add_object(manifest)
            case "options":
                self._add_options(manifest)
            case "file":
                self._add_file(manifest)
            case "variables":
                self._check_defaults(manifest)

    def declared(self, manifest: Manifest) -> DesiredObject | None:
        """The object of a manifest that was not cached; None if the manifest has a mistake."""
        self._add_object(manifest)
        found = None if self._problems else self._objects[0]
        self._problems.clear()
        self._objects.clear()
        return found

    def finish(self) -> Desired:
        report_same_objects(self._objects, self._problems)
        report_former_names(self._objects, self._problems)
        report_same_files(self._files, self._problems)
        options = merge_options(self._options, self._problems)
        if self._problems:
            assign_rule(self._problems, "manifest-values")
            raise ManifestError(list(dict.fromkeys(self._problems)))
        return Desired(
            tuple(self._objects), tuple(options), tuple(self._untargeted), tuple(self._files)
        )

    def _interpolation(self, target: str | None = None, *, fan_out: bool = False) -> Interpolation:
        site = self._site.values if self._site else None
        scope = Scope(self._variables, site, self._environment, target, fan_out)
        return Interpolation(scope, self._problems, self._allowance)

    def _expand(self, manifest: Manifest, *parts: str) -> Expanded:
        expanded = expand(manifest, parts, self._interpolation())
        report_names(expanded)
        return expanded

    def _reader(self, expanded: Expanded, name: str) -> FieldReader:
        address = f"{expanded.kind.name}/{name}"
        known = self._site is not None
        return FieldReader(expanded, address, self._variables, self._environment, for_site=known)

    def _check_defaults(self, manifest: Manifest) -> None:
        """Reports mistakes in defaults, including those that no manifest uses."""
        for name, declaration in manifest.data["spec"].items():
            default = declaration.get("default")
            if isinstance(default, str) and not self._variables.set_by_site(name):
                position = manifest.at(("spec", name, "default"))
                self._interpolation().text(default, position, in_default=True)

    def _add_object(self, manifest: Manifest) -> None:
        site_tenant = self._site.tenant_name if self._site else ""
        if manifest.plain is not None:
            file = manifest.document.name
            self._objects.append(bound_object(manifest.plain, manifest.kind, file, site_tenant))
            return
        expanded = self._expand(manifest, "metadata", *BLOCKS, "policy")
        kind = manifest.kind
        key = tuple(_key_part(expanded, word, part) for word, part in kind.key.items())
        tenant = _name(expanded, "tenant") or site_tenant if kind.tenanted else ""
        reader = self._reader(expanded, key[-1])
        absent = manifest.data.get("ensure") == ABSENT
        self._objects.append(
            DesiredObject(
                kind=kind,
                key=key,
                tenant=tenant,
                fields=reader.object_fields(),
                policy=reader.policy.for_object(),
                origin=manifest.at(("ensure",) if absent else ("metadata", [*kind.key][-1])),
                folder=_folder(expanded, key),
                other_tenant=kind.tenanted and tenant != site_tenant,
                absent=absent,
                formerly=tuple(_former_names(expanded)),
                exact=manifest.exact,
            )
        )

    def _add_file(self, manifest: Manifest) -> None:
        expanded = self._expand(manifest, "metadata", *BLOCKS, "policy")
        name, spec = _name(expanded, "name"), expanded.data["spec"]
        path = as_text(spec["file"])
        reader = self._reader(expanded, name)
        try:
            form = as_text(spec["format"]) if "format" in spec else format_of(path)
            Format(form)
        except (LaunchError, ValueError) as error:
            hint = error.hint if isinstance(error, LaunchError) else ""
            word = "format" if "format" in spec else "file"
            expanded.report(("spec", word), getattr(error, "message", str(error)), hint)
            return
        origin = manifest.at(("spec", "file"))
        fields, policy = reader.file_fields(form), reader.policy.for_object()
        self._files.append(DesiredFile(name, path, form, fields, policy, origin))

    def _add_options(self, manifest: Manifest) -> None:
        head = self._expand(manifest, "metadata", "target")
        name = _name(head, "name")
        if self._site is None or self._live is None:
            target_role(head)
            merge_options([self._options_for(manifest, name, None)], self._problems)
            return
        holds = partial(self._holds, manifest)
        applications = target_applications(head, self._site, self._live, holds)
        if applications is None:
            return
        if not applications:
            role = as_text(head.data["target"]["role"])
            fields = self._options_for(manifest, name, None).fields
            self._untargeted.append(Untargeted(name, role, manifest.at(("target",)), fields))
        for application in applications:
            self._options.append(self._options_for(manifest, name, application))

    def _holds(self, manifest: Manifest, application: ConfObject) -> bool:
        held = application.attributes.get("options") or {}
        fields = self._options_for(manifest, "", application).fields
        return any(field.path[2] in held.get(field.path[1], {}) for field in fields)

    def _options_for(
        self, manifest: Manifest, name: str, application: ConfObject | None
    ) -> DesiredOptions:
        target = application_name(application) if application else None
        interpolation = self._interpolation(target, fan_out=True)
        expanded = expand(manifest, (*BLOCKS, "policy"), interpolation)
        report_names(expanded)
        fields = self._reader(expanded, name).option_fields()
        return DesiredOptions(application.dbid if application else 0, target or "", fields)


def _key_part(expanded: Expanded, word: str, part: Attribute) -> str:
    """A part of the natural key, from ``metadata``, in the form used to compare keys."""
    if part.name == PATH:
        return _path(expanded, word)
    text = _name(expanded, word)
    if part.type is ValueType.TEXT or "${" in text:
        return text
    try:
        return str(canonical(part, text))
    except FieldValueError as error:
        expanded.report(("metadata", word), f"metadata.{error}")
        return text


def _folder(expanded: Expanded, key: tuple[str, ...]) -> str:
    """The path of the folder that the object is created in; empty: the default folder. A folder is
    created in its outer folder."""
    if expanded.kind.heading == FOLDER:
        return folder_around(key[-1])
    return _path(expanded, "folder") if "folder" in expanded.metadata else ""


def _path(expanded: Expanded, word: str) -> str:
    """The path of a folder from ``metadata``, in the form used to compare paths."""
    path = plain_path(_name(expanded, word))
    kind = expanded.kind.object_type
    if names_in_path(path)[0] and (kind.name == UNIT or kind.owner_type != "Tenant"):
        what = "unit" if kind.name == UNIT else f"folder of a {kind.owner_type}"
        expanded.report(
            ("metadata", word),
            f"metadata.{word} names a folder in a configuration unit, with // after the unit;"
            f" no {what} is in such a folder",
            "Write one slash between the names.",
        )
    return path


def _former_names(expanded: Expanded) -> Iterator[FormerName]:
    """The names in ``metadata.formerly``. Any name that a server can hold is accepted: renaming is
    a way to get rid of a bad name."""
    for index, value in enumerate(expanded.metadata.get("formerly", ())):
        yield FormerName(as_text(value), expanded.at(("metadata", "formerly", str(index))))


def _name(expanded: Expanded, word: str) -> str:
    """A name from ``metadata``; empty if it is absent."""
    if word not in expanded.metadata:
        return ""
    value = as_text(expanded.metadata[word])
    if not value.strip() and not (value and expanded.manifest.exact):
        expanded.report(("metadata", word), f"metadata.{word} is empty")
    if len(value) > MAX_NAME and word not in ("folder", PATH):
        summary = f"metadata.{word} is longer than {MAX_NAME} characters"
        expanded.report(("metadata", word), summary)
    return value
