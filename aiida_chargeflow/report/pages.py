"""Templates and data → the text of a page; everything that comes from data is escaped."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from .. import __version__

GENERATOR = f"aiida-chargeflow {__version__}"


def render(template: str, **data: Any) -> str:
    """Return the page of a template.

    :raises jinja2.UndefinedError: the template asks for data that is not given.
    """
    return _environment().get_template(template).render(**data)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    script = _file("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    environment.globals |= {
        "generator": GENERATOR,
        "css": Markup(_file("report.css")),  # our own files, not data
        "script": Markup(script),
        "script_hash": f"sha256-{digest}",
    }
    environment.filters["subscripts"] = _subscripts
    return environment


def _subscripts(formula: str) -> Markup:
    """Return a formula with its numbers as subscripts."""
    return Markup(re.sub(r"(?<=[A-Za-z])(\d+)", r"<sub>\1</sub>", str(escape(formula))))


def _file(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")
