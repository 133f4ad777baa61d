"""What work chains that run in this process report, one line a step, instead of AiiDA's log on the terminal."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from aiida.common.log import AIIDA_LOGGER, LOG_LEVEL_REPORT

_REPORT = re.compile(r"\[\d+\|\w+\|(\w+)\]: (.*)", re.DOTALL)
_OF_AIIDA = ("run_process", "results", "on_terminated")  # steps of every restart chain, which say nothing new


@contextmanager
def steps_to(tell: Callable[[str], None]) -> Iterator[None]:
    """Hand each report of a work chain to ``tell`` within the block; warnings and errors stay on the terminal."""
    consoles = [handler for handler in AIIDA_LOGGER.handlers if type(handler) is logging.StreamHandler]
    levels = [handler.level for handler in consoles]
    steps = _Steps(tell)
    AIIDA_LOGGER.addHandler(steps)
    for console in consoles:
        console.setLevel(max(logging.WARNING, console.level))
    try:
        yield
    finally:
        AIIDA_LOGGER.removeHandler(steps)
        for console, level in zip(consoles, levels, strict=True):
            console.setLevel(level)


class _Steps(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(LOG_LEVEL_REPORT)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        match = _REPORT.fullmatch(record.getMessage())
        if record.levelno == LOG_LEVEL_REPORT and match and match[1] not in _OF_AIIDA:
            self._tell(match[2])
