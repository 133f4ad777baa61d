"""Directives that read their table from the code.

``process`` gives inputs, outputs and exit codes of an AiiDA process, ``objectives`` what can be screened for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pkgutil import resolve_name
from typing import Any

from aiida.engine.processes.ports import PortNamespace
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from aiida_chargeflow.science.valences.descriptors import OBJECTIVES

_HIDDEN = ("metadata",)  # the same for every process: label, description, scheduler options


class ProcessReference(SphinxDirective):
    """``.. process:: package.module:Class``."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the tables."""
        (name,) = self.arguments
        spec = resolve_name(name).spec()
        lines = _table("Input", ("type", "required", "meaning"), _inputs(spec.inputs))
        lines += _table("Output", ("type", "always", "meaning"), _inputs(spec.outputs))
        codes = sorted((code.status, label, code.message) for label, code in spec.exit_codes.items())
        rows = [
            (str(status), f"``{label}``", f"``{message}``")
            for status, label, message in codes
            if status >= 200
        ]
        lines += _table("Exit code", ("label", "message"), rows)
        return _parsed(self, lines, source=name)


class ObjectiveReference(SphinxDirective):
    """``.. objectives::``."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        rows = [
            (
                f"``{name}``",
                o.meaning.replace("|", r"\|"),
                o.unit or "–",
            )  # a bare | would begin a substitution
            for name, o in OBJECTIVES.items()
        ]
        return _parsed(self, _table("objective", ("what", "unit"), rows), source="OBJECTIVES")


def _parsed(directive: SphinxDirective, lines: list[str], source: str) -> list[nodes.Node]:
    found = nodes.Element()
    directive.state.nested_parse(StringList(lines, source=source), directive.content_offset, found)
    return found.children


def _inputs(namespace: PortNamespace, prefix: str = "") -> Iterator[tuple[str, ...]]:
    for name, port in namespace.items():
        if name in _HIDDEN:
            continue
        if isinstance(port, PortNamespace) and len(port):
            yield from _inputs(port, f"{prefix}{name}.")
        else:
            yield (
                f"``{prefix}{name}``",
                _types(port.valid_type),
                "yes" if port.required else "",
                port.help or "",
            )


def _types(valid: Any) -> str:
    types = valid if isinstance(valid, tuple) else (valid,)
    return " or ".join(t.__name__ for t in types if t is not None and t is not type(None))


def _table(first: str, others: tuple[str, ...], rows: Any) -> list[str]:
    """Return a list table in reStructuredText, nothing without rows."""
    lines = [".. list-table::", "   :header-rows: 1", ""]
    found = list(rows)
    for row in [(first, *others), *found]:
        cells = [" ".join(str(cell).split()) for cell in row]
        lines += [f"   {'* -' if n == 0 else '  -'} {cell}".rstrip() for n, cell in enumerate(cells)]
    return [*lines, ""] if found else []


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("process", ProcessReference)
    app.add_directive("objectives", ObjectiveReference)
    return {"parallel_read_safe": True}
