"""Times of jobs from sacct and from the Bader engine."""

from aiida_chargeflow.clusters.accounting import JobTime, from_bader_output, from_sacct

# `sacct --parsable` of Slurm 23.11, columns that are not read left out.
SACCT = """AllocCPUS|Elapsed|End|JobID|Start|State|Submit|
4|00:01:30|2026-11-22T10:03:30|17|2026-11-22T10:02:00|COMPLETED|2026-11-22T10:00:20|
4|00:01:30|2026-11-22T10:03:30|17.batch|2026-11-22T10:02:00|COMPLETED|2026-11-22T10:02:00|
"""


def test_sacct():
    assert from_sacct(SACCT) == JobTime(n_cores=4, queue_s=100.0, walltime_s=90.0)


def test_sacct_of_a_job_that_has_not_ended():
    assert from_sacct(SACCT.replace("2026-11-22T10:03:30", "Unknown")) is None
    assert from_sacct("") is None
    assert from_sacct("sacct: error: no accounting") is None


def test_bader_output():
    text = "read density: 1.0 s\nENGINE:               chargeflow-bader 0.1.0\nTHREADS:              2\n"
    assert from_bader_output(text + "partition: 4.9 s\n") == JobTime(n_cores=2, walltime_s=5.9)
    assert from_bader_output("GRID BASED BADER ANALYSIS") is None
