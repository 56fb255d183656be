"""Output as HTML: a plan as one page that needs nothing else and asks no server for anything.

The page states its own content policy: one style sheet and one script, each known by its hash,
and nothing else is loaded, sent or run. Text of others is escaped twice: what is invisible by
``escaped``, as in every form, and HTML by Jinja2's autoescape. The template cannot forget either.
"""

import base64
import hashlib
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from reconciler.plan.codec import plan_id
from reconciler.plan.model import Plan
from reconciler.render.console import print_data, say
from reconciler.render.forms import OutputStyle
from reconciler.render.graphs.svg import picture
from reconciler.render.graphs.svg import style as style_of_pictures
from reconciler.render.graphs.tree import faults_text, tree_lines
from reconciler.render.html.page import page_of
from reconciler.render.plan_summary import summary
from reconciler.state.replace_file import replace_file
from reconciler.visible_text import escaped

_FOLDER = Path(__file__).parent
_BEGINNING = b"<!DOCTYPE html>\n<!-- A plan of gwe."
"""What a page begins with: only such a file is replaced by another page."""
_ADVICE = "Name a new file with --out, or - for standard output."


class HtmlForm:
    """Plans as a page, on standard output or in the file ``style.page``."""

    def __init__(self, style: OutputStyle) -> None:
        self._style = style

    def plan(self, plan: Plan) -> None:
        text = plan_html(plan, self._style)
        if not self._style.page:
            print_data(text)
            return
        replace_file(Path(self._style.page), text.encode(), _is_page, "page of gwe", _ADVICE)
        say(summary(plan))
        say(f"Wrote the page {self._style.page}: open it in a browser.")


def plan_html(plan: Plan, style: OutputStyle) -> str:
    """A plan as an HTML page."""
    page = page_of(plan, plan_id(plan), style.saved, verbose=style.verbose, quiet=style.quiet)
    css, script = _asset("page.css") + style_of_pictures(), _asset("page.js")
    return _template().render(
        page=page,
        graph=style.graph,
        picture=Markup(picture(style.graph)) if style.graph else "",  # noqa: S704 - our own text
        faults=faults_text(style.graph) if style.graph else "",
        tree=[line.plain for line in tree_lines(style.graph)] if style.graph else (),
        css=Markup(css),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        policy=Markup(_policy(css, script)),  # noqa: S704 - our own text
    )


def _policy(css: str, script: str) -> str:
    """The content policy of a page. Where a server sends a policy too, both hold."""
    return (
        f"default-src 'none'; style-src '{_hash(css)}'; script-src '{_hash(script)}';"
        " base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _is_page(beginning: bytes) -> bool:
    return beginning.startswith(_BEGINNING)


@cache
def _asset(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


@cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")


def _visible(value: object) -> object:
    """What the template shows of a value."""
    return escaped(value) if isinstance(value, str) and not isinstance(value, Markup) else value
