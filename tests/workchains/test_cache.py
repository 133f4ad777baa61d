"""Which jobs may serve for an equal one: results, and failures that would come again; never an accident."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.engine import ProcessState

from aiida_chargeflow.calculations.cp2k import DotCalculation

EXIT = DotCalculation.exit_codes


@pytest.mark.parametrize(
    ("exit_status", "serves"),
    [
        (0, True),
        (EXIT.ERROR_SCF_NOT_CONVERGED.status, True),
        (EXIT.ERROR_OUT_OF_WALLTIME.status, True),
        (EXIT.ERROR_OUTPUT_INCOMPLETE.status, False),
        (EXIT.ERROR_OUTPUT_MISSING.status, False),
        (EXIT.ERROR_OUTPUT_CONTAINS_ABORT.status, False),
        (EXIT.ERROR_SCHEDULER_NODE_FAILURE.status, False),
        (EXIT.ERROR_SCHEDULER_OUT_OF_MEMORY.status, False),
    ],
)
@pytest.mark.usefixtures("aiida_profile")
def test_a_crash_is_never_taken_from_the_cache(
    aiida_localhost: orm.Computer, exit_status: int, serves: bool
) -> None:
    job = orm.CalcJobNode(computer=aiida_localhost, process_type=DotCalculation.build_process_type())
    job.set_process_state(ProcessState.FINISHED)
    job.set_exit_status(exit_status)
    job.store().seal()
    assert job.base.caching.is_valid_cache is serves
