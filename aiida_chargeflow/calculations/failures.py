"""What a calcfunction cannot do with its inputs, as an exit code instead of an exception."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from aiida import orm
from aiida.engine import ExitCode

from ..science.errors import InputError

_P = ParamSpec("_P")
_R = TypeVar("_R")
INPUT_ERROR_STATUS = 210


def reason(node: orm.ProcessNode) -> str:
    """Return why a process has no result: its exit message, or that it excepted or was killed."""
    state = node.process_state.value if node.process_state else "unknown"
    return (
        node.exit_message
        or f"{node.process_label}<{node.pk}> was {state}; see `verdi process report {node.pk}`."
    )


def exit_on_input_error(function: Callable[_P, _R]) -> Callable[_P, _R | ExitCode]:
    """Let a calcfunction end with ``INPUT_ERROR_STATUS`` and the message of an ``InputError``.

    An exception would end the work chain that called it without an exit code of its own.
    """

    @wraps(function)
    def guarded(*args: _P.args, **kwargs: _P.kwargs) -> _R | ExitCode:
        try:
            return function(*args, **kwargs)
        except InputError as error:
            return ExitCode(INPUT_ERROR_STATUS, str(error))

    return guarded
