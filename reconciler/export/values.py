"""Values of fields as a manifest writes them. Pure.

``${`` in a text is escaped, so that it is not interpolated. What differs between sites becomes a
placeholder: always the DBID of the site's tenant, other texts if that was asked for.
"""

import re
from base64 import b64encode
from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.kinds.fields import FieldPath, Value
from reconciler.kinds.options import ENDPOINTS, references_of
from reconciler.kinds.roles import SITE_VALUES
from reconciler.manifest.interpolate import literal

PARAMETERS: Mapping[str, str] = {
    "tenant": "tenant.name",
    "host": "server.host",
    "app": "server.name",
    "cluster": "cluster.name",
}
"""What differs between sites and can become a variable -> the name of the site's value."""

assert set(PARAMETERS.values()) <= set(SITE_VALUES)  # noqa: S101 - a mistake in the table itself

_TENANT_DBID = "${site.tenant.dbid}"


class ValueWriter(Struct, frozen=True):
    """Writes texts and options. ``tenant``: the DBID of the site's tenant. ``variables``:
    variable -> the text that it stands for."""

    tenant: int
    variables: Mapping[str, str] = field(default_factory=dict)

    def name(self, text: str) -> str:
        """A name, which never gets a variable."""
        return literal(text)

    def section(self, word: str, section: str) -> str:
        """The name of a section of options or of an annex."""
        if word == "options" and section == f"{ENDPOINTS}{self.tenant}":
            return f"{ENDPOINTS}{_TENANT_DBID}"
        return self.name(section)

    def text(self, text: str) -> str:
        """A text, with variables in place of the texts that they replace."""
        written = self.name(text)
        for variable, value in self.variables.items():
            whole = rf"(?<![\w.-]){re.escape(self.name(value))}(?![\w-]|\.\w)"
            written = re.sub(whole, f"${{var.{variable}}}", written)
        return written

    def option(self, path: FieldPath, value: Value) -> object:
        """The value of an option. ``path``: word, section, option."""
        if isinstance(value, bytes):
            return {"binary": b64encode(value).decode()}
        if not isinstance(value, str):
            return {"integer": value}
        word, section, key = path
        for reference in references_of(word, section, key, value):
            if reference.target == "endpoint" and reference.tenant_dbid == self.tenant:
                return f"{_TENANT_DBID}:{self.name(reference.name)}"
        return self.text(value)


def foreign_dbid(path: FieldPath, value: Value, tenant: int) -> int:
    """The DBID of another known tenant that an option holds as a text; 0: there is none. ``path``:
    word, section, option."""
    word, section, key = path
    for reference in references_of(word, section, key, value):
        if reference.tenant_dbid not in (0, tenant):
            return reference.tenant_dbid
    return 0
