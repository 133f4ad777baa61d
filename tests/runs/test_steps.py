"""The steps of a run in this process: one clean line each, and AiiDA's log off the terminal."""

from __future__ import annotations

import logging
import sys

import pytest
from aiida.common.log import AIIDA_LOGGER

from aiida_chargeflow.runs.steps import steps_to


@pytest.fixture
def console() -> logging.StreamHandler:  # type: ignore[type-arg]
    """Return a console handler of AiiDA's logger, as a profile has it."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.REPORT)  # type: ignore[attr-defined]
    AIIDA_LOGGER.addHandler(handler)
    yield handler  # type: ignore[misc]
    AIIDA_LOGGER.removeHandler(handler)


def test_reports_come_as_one_line_each_and_warnings_stay(
    console: logging.StreamHandler,  # type: ignore[type-arg]
    capsys: pytest.CaptureFixture[str],
) -> None:
    told: list[str] = []
    console.setStream(sys.stderr)
    logger = AIIDA_LOGGER.getChild("process")
    with steps_to(told.append):
        logger.report("[14|ScfWorkChain|prepare_stage]: stage direct (diagonalisation, 0 K)")
        logger.report("[14|ScfWorkChain|run_process]: launching DotCalculation<20> iteration #1")
        logger.report("[14|ScfWorkChain|results]: work chain completed after 1 iterations")
        logger.report(
            "[14|ScfWorkChain|handle_memory]: out of memory: running again with 1 processes on a node"
        )
        logger.warning("the disk is nearly full")
    assert told == [
        "stage direct (diagonalisation, 0 K)",
        "out of memory: running again with 1 processes on a node",
    ]
    assert capsys.readouterr().err == "the disk is nearly full\n"


def test_afterwards_aiida_reports_on_the_terminal_again(
    console: logging.StreamHandler,  # type: ignore[type-arg]
) -> None:
    level, handlers = console.level, list(AIIDA_LOGGER.handlers)
    with pytest.raises(ZeroDivisionError), steps_to(print):
        raise ZeroDivisionError
    assert (console.level, AIIDA_LOGGER.handlers) == (level, handlers)
