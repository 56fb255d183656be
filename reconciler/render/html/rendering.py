"""Writes pages: self-contained HTML files that load nothing.

A page has its own content security policy: it allows one style sheet and at most one script, each
by its hash, and nothing else is loaded, sent or run. Untrusted text is escaped twice: what is
invisible by ``escaped``, as in every form, and HTML by Jinja2's autoescape. No template can forget
either.
"""

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from reconciler.files.writing import replace_file
from reconciler.render.console import print_data, say
from reconciler.text.visible import escaped

_OPTION = re.compile(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*(?![\w-])")
_FOLDER = Path(__file__).parent
_BEGINNING = b"<!DOCTYPE html>\n<!-- A page of gwe."
"""The beginning of a page: only a file that begins so may be replaced by another page."""
_ADVICE = "Name a new file with --out, or - for standard output."


def rendered(template: str, more_css: str = "", script: str = "", **values: object) -> str:
    """A page as HTML. ``script``: the name of its script; ``values``: what the template shows."""
    css = _asset("page.css") + more_css
    code = _asset(script) if script else ""
    return (
        _templates()
        .get_template(template)
        .render(
            values,
            css=Markup(css),  # noqa: S704 - our own file
            script=Markup(code),  # noqa: S704 - our own file
            policy=Markup(_policy(css, code)),  # noqa: S704 - our own text
        )
    )


def write_page(text: str, file: str, summary: str) -> None:
    """Writes a page to a file and says so, or to standard output if ``file`` is empty."""
    if not file:
        print_data(text)
        return
    replace_file(Path(file), text.encode(), _is_page, "page of gwe", _ADVICE)
    say(summary)
    say(f"Wrote the page {file}: open it in a browser.")


def _policy(css: str, script: str) -> str:
    """The content security policy of a page. If a web server sends a policy too, both apply."""
    scripts = f"'{_hash(script)}'" if script else "'none'"
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src {scripts};"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _is_page(beginning: bytes) -> bool:
    return beginning.startswith(_BEGINNING)


@cache
def _asset(name: str) -> str:
    """The text of a file that belongs to pages."""
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["options"] = with_whole_options
    return made


def with_whole_options(text: str) -> Markup:
    """A text that is never broken inside an option such as ``--reset-initial``."""
    safe = str(Markup.escape(escaped(text)))
    return Markup(_OPTION.sub(r'<span class="option">\g<0></span>', safe))  # noqa: S704 - escaped


def _visible(value: object) -> object:
    """What the template shows of a value."""
    return escaped(value) if isinstance(value, str) and not isinstance(value, Markup) else value
