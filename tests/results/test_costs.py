"""What a job is charged with: the cores that it held times the hours."""

from __future__ import annotations

import pytest
from aiida import orm
from aiida.common.links import LinkType
from aiida.engine import ProcessState

from aiida_chargeflow.results.costs import cost, total

pytestmark = pytest.mark.usefixtures("aiida_profile_clean")


def test_a_job_of_ranks_with_threads_costs_all_its_cores(aiida_localhost: orm.Computer) -> None:
    """Two ranks of three threads for 600 s are one core-hour."""
    run = orm.WorkChainNode().store()
    job = orm.CalcJobNode(computer=aiida_localhost, process_type="aiida.calculations:chargeflow.cp2k")
    job.base.links.add_incoming(run, LinkType.CALL_CALC, "cold")
    job.set_process_state(ProcessState.FINISHED)
    job.store()
    told = orm.Dict({"walltime_s": 600.0, "n_mpi_ranks": 2, "n_threads": 3})
    told.base.links.add_incoming(job, LinkType.CREATE, "output_parameters")
    told.store()
    (row,) = cost(run)
    assert row["n_cores"] == 6
    assert row["core_hours"] == pytest.approx(1.0)
    assert total([row, row])["core_hours"] == pytest.approx(2.0)
