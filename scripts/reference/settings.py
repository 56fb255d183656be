"""The page of settings: every key of ``gwe.toml``, from its schema."""

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.cli.init_files import starting_files
from reconciler.settings.schema import settings_schema
from reconciler.settings.search import FILE_NAME
from scripts.reference.command_line import all_commands
from scripts.reference.markdown import code, prose, table

_INTRODUCTION = """\
# Settings: gwe.toml

Every key of `gwe.toml`. [What a plan is made from](../plan.md#what-a-plan-is-made-from) says where
the file is looked for, and what wins over it: options, then environment variables, then this file.
Paths are relative to the file. `gwe schema settings` prints the JSON Schema, with which editors
complete and check it. Passwords have no place in the file.

`gwe init` writes this file to start from:

```text
{start}```
"""

_VARS = """\
## [vars]

Values for the variables that the manifests declare: each key is the name of a variable, each value
a string. `--vars FILE` and `--var NAME=VALUE` win over them.
"""

_PROFILES = """\
## [profiles.NAME]

Another environment, which `--profile NAME` or `GWE_PROFILE` chooses. A profile may have every key
above; what it sets wins over the rest of the file, key by key. If it sets `state` or `state_dir`,
both of these keys at the top of the file are ignored.

```toml
server = "confservs://cs.example.com"
app = "Web_Engagement_Server"
file = ["manifests"]

[profiles.test]
server = "embedded:test.db"

[profiles.test.vars]
clean_condition = "_age_in_queue() > 60"
```
"""


def page() -> str:
    """Markdown."""
    keys = settings_schema()["properties"]
    tables = {key: one for key, one in keys.items() if one.get("properties")}
    plain = {key: one for key, one in keys.items() if key not in (*tables, *_OPEN)}
    parts = [_INTRODUCTION.format(start=starting_files()[FILE_NAME])]
    parts += ["## At the top\n", _keys(plain), _VARS]
    for key, one in tables.items():
        parts += [f"## [{key}]\n\n{prose(one['description'])}\n", _keys(one["properties"])]
    return "\n".join([*parts, _PROFILES])


_OPEN = ("vars", "profiles")
"""Tables whose keys are the reader's own."""


def _keys(properties: Mapping[str, Any]) -> str:
    return table(("key", "what it is", "meaning", "option"), _rows(properties))


def _rows(properties: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    options = _options()
    for key, one in properties.items():
        option = options.get(key.replace("-", "_"), "")
        yield code(key), one["$comment"], prose(one["description"]), option


def _options() -> dict[str, str]:
    """The key of an option of ``gwe apply`` -> how it is written, with its variable."""
    (apply,) = (one for one in all_commands() if one.path == "gwe apply")
    return {
        option.key: ", ".join(code(name) for name in (option.name, option.variable) if name)
        for _, options in apply.options
        for option in options
    }
