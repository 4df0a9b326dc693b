"""From a template and values to one HTML file: the only place that knows jinja2."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastpass.common.names import shown_text
from fastpass.common.outputs import mark_of
from fastpass.errors import MissingBackend

_SHARED = Path(__file__).parent


def render_page(template: Path, kind: str, **values: Any) -> str:
    """The text of a page; every value is escaped, except charts, which are marked as markup.
    What cannot be written as UTF-8 or shown stands there as ``\\xNN``.

    ``kind`` ("report") becomes the mark by which a later run knows the file as its own.
    ``template`` extends ``page.html.j2`` and may import ``parts.html.j2``, both of this folder.
    Raises MissingBackend without jinja2.
    """
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise MissingBackend("pages need jinja2: pip install 'fastpass[curate]'") from error
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([template.parent, _SHARED]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(template.name).render(values, generator=mark_of(kind))
    return shown_text(page)
