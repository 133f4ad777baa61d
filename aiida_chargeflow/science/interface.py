"""Interface patterns between the core and its first shell: ``abrupt``."""

from __future__ import annotations

from .draft import Draft
from .patterns import interface_pattern


@interface_pattern("abrupt")
def abrupt(draft: Draft) -> None:
    """Let the core and the shell switch suddenly from one material to the other."""
